//! Several threads at each end that may have them: each item once, each pair in order, closed once for all.

use core::fmt::Debug;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use raddle::{Backoff, PopError, PushError};

use super::{SPEC, consumer, make, producer};
use crate::affinity::on_cores;
use crate::items::Ledger;
use crate::race::{RACES, race};
use crate::rng::Rng;

/// What an item says of itself: who pushed it, and as which of that producer's.
trait Item: Send + 'static {
    fn new(producer: usize, number: u64) -> Self;
    fn read(&self) -> (usize, u64);
}

impl Item for u64 {
    fn new(producer: usize, number: u64) -> Self {
        (producer as u64) << 32 | number
    }
    fn read(&self) -> (usize, u64) {
        ((*self >> 32) as usize, *self & 0xffff_ffff)
    }
}

impl Item for Box<u64> {
    fn new(producer: usize, number: u64) -> Self {
        Box::new(Item::new(producer, number))
    }
    fn read(&self) -> (usize, u64) {
        (**self).read()
    }
}

/// So large that others meet a slot while it is in hand, and pass over it.
impl Item for [u64; 2048] {
    fn new(producer: usize, number: u64) -> Self {
        [Item::new(producer, number); 2048]
    }
    fn read(&self) -> (usize, u64) {
        assert!(self.iter().all(|word| *word == self[0]), "a torn item");
        self[0].read()
    }
}

/// Spins or yields now and then, for no reason that others could know.
fn stall(rng: &mut Rng) {
    match rng.below(16) {
        0 => thread::yield_now(),
        1 => (0..rng.below(2_000)).for_each(|_| spin_loop()),
        _ => {}
    }
}

/// Two to eight threads push and pop `n` items in all, and check what they get.
fn crowd<T: Item + Debug>(capacity: usize, at_each_end: usize, n: u64, stalls: bool) {
    let producers = SPEC.producers.at_most(at_each_end);
    let consumers = SPEC.consumers.at_most(at_each_end);
    let each = n / producers as u64;
    let (tx, rx) = make::<T>(capacity);
    let counts: Vec<Vec<u64>> = thread::scope(|scope| {
        for (thread, mut tx) in producer::handles(tx, producers).into_iter().enumerate() {
            scope.spawn(move || {
                let (backoff, mut rng) = (Backoff::new(), Rng::new(thread as u64));
                for i in 0..each {
                    let mut item = T::new(thread, i);
                    while let Err(PushError::Full(back)) = tx.push(item) {
                        item = back;
                        backoff.snooze();
                    }
                    backoff.reset();
                    if stalls {
                        stall(&mut rng);
                    }
                }
            });
        }
        let threads: Vec<_> = consumer::handles(rx, consumers)
            .into_iter()
            .enumerate()
            .map(|(thread, mut rx)| {
                scope.spawn(move || {
                    let (backoff, mut rng) = (Backoff::new(), Rng::new(!(thread as u64)));
                    let (mut next, mut count) = (vec![0; producers], vec![0; producers]);
                    let mut items = Vec::new();
                    loop {
                        let popped = match rng.below(4) {
                            0 => rx.pop_into(&mut items, 5).map(drop),
                            _ => rx.pop().map(|item| items.push(item)),
                        };
                        for (producer, i) in items.drain(..).map(|item| item.read()) {
                            assert!(i >= next[producer], "{i} of {producer} after {next:?}");
                            next[producer] = i + 1;
                            count[producer] += 1;
                        }
                        match popped {
                            Ok(()) => backoff.reset(),
                            Err(PopError::Empty) => backoff.snooze(),
                            Err(PopError::Closed) => break count,
                        }
                        if stalls {
                            stall(&mut rng);
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    // Each consumer got each at most once, as its numbers went up; so if the counts are right, each was got once.
    for producer in 0..producers {
        let count: u64 = counts.iter().map(|counts| counts[producer]).sum();
        assert_eq!(count, each, "items of producer {producer}");
    }
}

const ITEMS: u64 = if cfg!(miri) { 60 } else { 4_000 };

#[test]
fn each_pair_keeps_its_order_and_each_item_comes_once() {
    for capacity in [1, 2, 7, 64] {
        crowd::<u64>(capacity, 3, ITEMS, false);
    }
}

#[test]
fn eight_threads_that_stall_anywhere() {
    on_cores(2, || {
        for capacity in [1, 3, 100] {
            crowd::<u64>(capacity, 4, ITEMS, true);
            crowd::<Box<u64>>(capacity, 4, ITEMS, true);
        }
    });
}

#[test]
fn eight_threads_on_one_core() {
    on_cores(1, || {
        for capacity in [1, 2, 65] {
            crowd::<u64>(capacity, 4, ITEMS, true);
        }
    });
}

#[test]
fn large_items_which_are_in_hand_for_long() {
    let items = if cfg!(miri) { 20 } else { 600 };
    for capacity in [1, 2, 3, 8] {
        crowd::<[u64; 2048]>(capacity, 4, items, false);
    }
}

/// A queue's handles, two at each end that may have them.
fn two_at_each_end<T>(capacity: usize) -> (Vec<producer::End<T>>, Vec<consumer::End<T>>) {
    let (tx, rx) = make(capacity);
    (
        producer::handles(tx, SPEC.producers.at_most(2)),
        consumer::handles(rx, SPEC.consumers.at_most(2)),
    )
}

#[test]
fn after_one_consumer_is_told_closed_none_gets_an_item() {
    let closed: Vec<_> = (0..RACES).map(|_| AtomicBool::new(false)).collect();
    let pushed: Vec<_> = (0..RACES).map(|_| AtomicUsize::new(0)).collect();
    let popped: Vec<_> = (0..RACES).map(|_| AtomicUsize::new(0)).collect();
    race(
        (0..RACES).map(|_| two_at_each_end(8)),
        |i, thread, mut tx| {
            for item in 0..(i / (thread + 1)) % 4 {
                tx.push(item).expect("room for eight");
                pushed[i].fetch_add(1, Ordering::SeqCst);
            }
        },
        |i, thread, mut rx| {
            let (mut rng, mut items) = (Rng::new((i + thread) as u64), Vec::new());
            loop {
                let was_closed = closed[i].load(Ordering::SeqCst);
                let before = items.len();
                let got = consumer::pop_some(&mut rx, &mut rng, &mut items, 3);
                assert!(!was_closed || items.len() == before, "closed, and then an item");
                match got {
                    Ok(()) => {}
                    Err(PopError::Empty) => spin_loop(),
                    Err(PopError::Closed) => break,
                }
            }
            closed[i].store(true, Ordering::SeqCst);
            popped[i].fetch_add(items.len(), Ordering::SeqCst);
        },
    );
    for (i, (pushed, popped)) in pushed.into_iter().zip(popped).enumerate() {
        assert_eq!(pushed.into_inner(), popped.into_inner(), "in race {i}");
    }
}

#[test]
fn leftovers_and_stragglers_are_dropped_once_when_all_handles_go_at_once() {
    let ledger = Ledger::new();
    race(
        (0..RACES).map(|_| two_at_each_end(3)),
        |i, _, mut tx| {
            for item in ledger.items(i % 5) {
                // Full and Closed give it back, and it is dropped here.
                let _ = tx.push(item);
            }
        },
        |i, thread, mut rx| rx.drain().take((i + thread) % 3).for_each(drop),
    );
    ledger.assert_each_dropped_once();
}

#[test]
fn handles_of_both_ends_may_all_go_at_once() {
    let ledger = Ledger::new();
    race(
        (0..RACES).map(|i| {
            let (mut tx, rx) = make(4);
            tx.push_from(&mut ledger.items(1 + i % 4).collect()).expect("room for four");
            (
                producer::handles(tx, SPEC.producers.at_most(2)),
                consumer::handles(rx, SPEC.consumers.at_most(2)),
            )
        }),
        |_, _, tx| drop(tx),
        |_, _, rx| drop(rx),
    );
    ledger.assert_each_dropped_once();
}

#[test]
fn a_push_that_says_ok_is_popped_or_dropped_by_the_queue() {
    let ledger = Ledger::new();
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let popped = AtomicUsize::new(0);
    race(
        (0..RACES).map(|_| two_at_each_end(4)),
        |_, _, mut tx| {
            for item in ledger.items(6) {
                match tx.push(item) {
                    Ok(()) => accepted.fetch_add(1, Ordering::Relaxed),
                    Err(error) => {
                        let item = error.into_inner();
                        assert_eq!(ledger.drops()[item.id], 0);
                        refused.fetch_add(1, Ordering::Relaxed)
                    }
                };
            }
        },
        |i, _, mut rx| {
            for _ in 0..i % 4 {
                if let Ok(item) = rx.pop() {
                    assert_eq!(ledger.drops()[item.id], 0);
                    popped.fetch_add(1, Ordering::Relaxed);
                }
            }
        },
    );
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    assert_eq!(accepted + refused, ledger.drops().len());
    assert!(popped.into_inner() <= accepted);
    ledger.assert_each_dropped_once();
}
