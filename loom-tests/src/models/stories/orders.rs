//! A row for each memory ordering: the smallest program that needs it.
//!
//! `Relaxed`: tickets. `Release` and `Acquire`: a message. `AcqRel`: the second sees the first. `SeqCst`: two flags, each
//! raised before the other is looked at; with fences, since the checker runs `SeqCst` accesses as `AcqRel`.

use loom::sync::Arc;
use loom::thread;
use raddle::sync::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use raddle::sync::{AtomicUsize, Ordering, fence};

use crate::{Checked, Model, models};

models![
    tickets_differ,
    a_message_arrives_whole,
    of_two_the_second_sees_the_first,
    of_two_raised_flags_one_is_seen,
    a_stop_flag_that_guards_nothing,
];

/// Each thread draws a number. No ordering is needed: nothing else hangs on it.
pub fn tickets() -> (usize, usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let other = thread::spawn({
        let next = Arc::clone(&next);
        move || next.fetch_add(1, Relaxed)
    });
    let mine = next.fetch_add(1, Relaxed);
    (mine, other.join().unwrap())
}

fn tickets_differ(model: Model) -> Checked {
    model.at_least(4).check_outcomes(tickets, [(0, 1), (1, 0)])
}

/// A value, and a flag that says that it is there. What did the reader see: (flag, value)?
pub fn message(publish: Ordering, observe: Ordering) -> (usize, usize) {
    let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let writer = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            let (value, ready) = &*shared;
            value.store(1, Relaxed);
            ready.store(1, publish);
        }
    });
    let (value, ready) = &*shared;
    let flag = ready.load(observe);
    let seen = (flag, value.load(Relaxed));
    writer.join().unwrap();
    seen
}

fn a_message_arrives_whole(model: Model) -> Checked {
    model.at_least(15).check_outcomes(|| message(Release, Acquire), [(0, 0), (0, 1), (1, 1)])
}

/// Each thread writes its part and says so; who comes second finds the other's part. What did it find?
pub fn second(order: Ordering) -> usize {
    let shared = Arc::new((AtomicUsize::new(0), [AtomicUsize::new(0), AtomicUsize::new(0)]));
    let finish = move |me: usize, shared: &(AtomicUsize, [AtomicUsize; 2])| {
        let (done, parts) = shared;
        parts[me].store(1, Relaxed);
        let before = done.fetch_add(1, order);
        (before == 1).then(|| parts[1 - me].load(Relaxed))
    };
    let other = thread::spawn({
        let shared = Arc::clone(&shared);
        move || finish(1, &shared)
    });
    let mine = finish(0, &shared);
    let theirs = other.join().unwrap();
    mine.or(theirs).expect("one of them is second")
}

fn of_two_the_second_sees_the_first(model: Model) -> Checked {
    model.at_least(4).check_outcomes(|| second(AcqRel), [1])
}

/// Each thread raises its flag and then looks at the other's. What did they see?
pub fn two_flags(between: Ordering) -> (usize, usize) {
    let flags = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let raise_and_look = move |me: usize, flags: &[AtomicUsize; 2]| {
        flags[me].store(1, Relaxed);
        fence(between);
        flags[1 - me].load(Relaxed)
    };
    let other = thread::spawn({
        let flags = Arc::clone(&flags);
        move || raise_and_look(1, &flags)
    });
    let mine = raise_and_look(0, &flags);
    (mine, other.join().unwrap())
}

fn of_two_raised_flags_one_is_seen(model: Model) -> Checked {
    model.at_least(11).check_outcomes(|| two_flags(SeqCst), [(0, 1), (1, 0), (1, 1)])
}

/// Until somebody says stop. The flag guards no other data, so no ordering is needed: it is seen in the end.
pub fn stop() -> usize {
    let stop = Arc::new(AtomicUsize::new(0));
    let worker = thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            while stop.load(Relaxed) == 0 {
                thread::yield_now();
            }
        }
    });
    stop.store(1, Relaxed);
    worker.join().unwrap();
    stop.load(Relaxed)
}

fn a_stop_flag_that_guards_nothing(model: Model) -> Checked {
    model.at_least(5).check_outcomes(stop, [1])
}
