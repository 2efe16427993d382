//! Races: the handles of one queue after another, handed to all threads at once.

use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::thread;

/// Queues that threads race for, one after another.
pub(crate) const RACES: usize = if cfg!(miri) { 20 } else { 1_000 };

/// Hands queue after queue to its threads, a producer or a consumer to each. A race that panics doesn't keep the others
/// waiting.
pub(crate) fn race<P: Send, C: Send>(
    queues: impl Iterator<Item = (Vec<P>, Vec<C>)>,
    produce: impl Fn(usize, usize, P) + Sync,
    consume: impl Fn(usize, usize, C) + Sync,
) {
    let (producers, consumers): (Vec<_>, Vec<_>) = queues.unzip();
    let (producers, consumers) = (by_thread(producers), by_thread(consumers));
    let start = Barrier::new(producers.len() + consumers.len());
    let (start, produce, consume) = (&start, &produce, &consume);
    thread::scope(|scope| {
        for (thread, ends) in producers.into_iter().enumerate() {
            scope.spawn(move || each(ends, start, |i, end| produce(i, thread, end)));
        }
        for (thread, ends) in consumers.into_iter().enumerate() {
            scope.spawn(move || each(ends, start, |i, end| consume(i, thread, end)));
        }
    });
}

/// The handles by the thread that gets them: `by_queue[i][thread]` becomes `[thread][i]`.
fn by_thread<E>(by_queue: Vec<Vec<E>>) -> Vec<Vec<E>> {
    let mut threads: Vec<Vec<E>> = by_queue[0].iter().map(|_| Vec::new()).collect();
    for ends in by_queue {
        assert_eq!(ends.len(), threads.len());
        threads.iter_mut().zip(ends).for_each(|(thread, end)| thread.push(end));
    }
    threads
}

fn each<E>(ends: Vec<E>, start: &Barrier, act: impl Fn(usize, E)) {
    let mut panics = Vec::new();
    for (i, end) in ends.into_iter().enumerate() {
        start.wait();
        panics.extend(catch_unwind(AssertUnwindSafe(|| act(i, end))).err());
    }
    if let Some(panic) = panics.pop() {
        resume_unwind(panic);
    }
}
