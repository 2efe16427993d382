//! Segments that were left: who frees them, and what somebody finds who comes late, when they are in use again.
//!
//! A segment that is used while it is free, or freed twice, or never, shows itself by loom's tracking of it.

use loom::thread;
use raddle::{mpmc, mpsc, spmc, spsc};

use crate::{Checked, Model, counted, models};

models![a_late_claim_meets_another_life, a_late_claim_meets_another_life_beside_the_only_producer,];

/// A consumer looks, is away until its segment has come round, and finds its end where it was: a claim on a slot that no
/// producer has claimed.
fn a_late_claim_meets_another_life(model: Model) -> Checked {
    model.preemptions(1).at_least(4014).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(2);
            (1..=3).for_each(|i| tx.push(i).unwrap());
            assert_eq!(rx.pop(), Ok(1));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mut mine = Vec::from_iter([rx.pop(), rx.pop()].into_iter().flatten());
            for i in 4..=5 {
                tx.push(i).unwrap();
                mine.extend(rx.pop());
            }
            let theirs = consumer.join().unwrap();
            tx.push(6).unwrap();
            mine.extend(rx.drain());
            mine.extend(theirs);
            mine.sort_unstable();
            assert_eq!(mine, [2, 3, 4, 5, 6]);
            theirs
        },
        [None, Some(2), Some(3), Some(4), Some(5)],
    )
}

fn a_late_claim_meets_another_life_beside_the_only_producer(model: Model) -> Checked {
    model.preemptions(1).at_least(1200).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(2);
            (1..=3).for_each(|i| tx.push(i).unwrap());
            assert_eq!(rx.pop(), Ok(1));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mut mine = Vec::from_iter([rx.pop(), rx.pop()].into_iter().flatten());
            for i in 4..=5 {
                tx.push(i).unwrap();
                mine.extend(rx.pop());
            }
            mine.extend(rx.pop());
            let theirs = consumer.join().unwrap();
            tx.push(6).unwrap();
            mine.extend(rx.drain());
            mine.extend(theirs);
            mine.sort_unstable();
            assert_eq!(mine, [2, 3, 4, 5, 6]);
            theirs
        },
        [None, Some(2), Some(3), Some(4), Some(5)],
    )
}
