//! Segments that were left: who frees them, and what somebody finds who comes late, when they are in use again.
//!
//! A segment that is used while it is free, or freed twice, or never, shows itself by loom's tracking of it.

use loom::thread;
use raddle::{PushError, mpmc, mpsc, spmc};

use crate::{Checked, Model, counted, models};

models![
    a_late_claim_meets_another_life,
    a_late_claim_meets_another_life_beside_the_only_producer,
    a_late_claim_meets_a_chunk,
    a_producer_comes_back_to_a_segment_that_is_done,
    a_producer_comes_back_to_a_segment_that_the_only_consumer_left,
    a_producer_comes_back_to_the_first_slot_of_two,
    a_batch_comes_back_to_a_segment_that_is_done,
    two_producers_come_back_to_a_segment,
    a_consumer_comes_back_to_a_segment_that_is_done,
    a_consumer_comes_back_to_the_first_slot_of_two,
    three_consumers_leave_two_segments,
    a_producer_gives_back_what_others_wait_for,
    segments_that_wait_go_with_the_queue,
    a_spare_goes_to_a_producer,
    more_segments_than_are_kept,
];

/// A consumer looks, is away until its segment has come round, and finds its end where it was: a claim on a slot that no
/// producer has claimed.
macro_rules! claims_late {
    ($door:ident, $push:expr) => {{
        #[allow(unused_mut, reason = "where there are many handles, they act through `&self`")]
        let (mut tx, rx) = $door::unbounded_in_segments_of(2);
        (1..=2).for_each(|i| tx.push(i).unwrap());
        assert_eq!(rx.pop(), Ok(1));
        tx.push(3).unwrap();
        let late = rx.clone();
        let consumer = thread::spawn(move || late.pop().ok());
        // Both in threads of their own, so that neither needs a preemption to begin.
        let both = thread::spawn(move || {
            let mut mine = Vec::new();
            let _ = rx.pop_into(&mut mine, 9);
            assert_eq!($push(&mut tx, &[4, 5]), Ok(2));
            let _ = rx.pop_into(&mut mine, 9);
            (mine, tx, rx)
        });
        let theirs = consumer.join().unwrap();
        #[allow(unused_mut, reason = "where there are many handles, they act through `&self`")]
        let (mut mine, mut tx, rx) = both.join().unwrap();
        tx.push(6).unwrap();
        mine.extend(rx.drain().chain(theirs));
        mine.sort_unstable();
        assert_eq!(mine, [2, 3, 4, 5, 6]);
        theirs
    }};
}

fn a_late_claim_meets_another_life(model: Model) -> Checked {
    let popped = [None, Some(2), Some(3), Some(4), Some(5)];
    let body = || claims_late!(mpmc, mpmc::unbounded::Producer::push_slice);
    model.preemptions(1).at_least(4000).check_outcomes(body, popped)
}

fn a_late_claim_meets_another_life_beside_the_only_producer(model: Model) -> Checked {
    let popped = [None, Some(2), Some(3), Some(4), Some(5)];
    let body = || claims_late!(spmc, spmc::unbounded::Producer::push_slice);
    model.preemptions(1).at_least(1200).check_outcomes(body, popped)
}

/// (That items move up where a slot of the chunk is passed over takes a preemption more, and minutes: see the unit test in
/// `raw/segments/push`.)
fn a_late_claim_meets_a_chunk(model: Model) -> Checked {
    fn push(
        tx: &mut spmc::unbounded::Producer<i32>,
        items: &[i32],
    ) -> Result<usize, PushError<()>> {
        let mut chunk = tx.reserve(items.len())?;
        let n = chunk.fill(items.iter().copied());
        chunk.commit_all();
        Ok(n)
    }
    let popped = [None, Some(2), Some(3), Some(4), Some(5)];
    model.preemptions(1).at_least(1200).check_outcomes(|| claims_late!(spmc, push), popped)
}

/// Its slot was passed over, and everybody else has left: its segment waits.
fn a_producer_comes_back_to_a_segment_that_is_done(model: Model) -> Checked {
    model.at_least(303).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            let (other, theirs) = (tx.clone(), item.clone());
            let producer = thread::spawn(move || assert!(other.push(theirs()).is_ok()));
            let claimed = tx.len();
            assert!(tx.push(item()).is_ok());
            assert!(rx.pop().is_ok());
            let early = rx.pop().is_ok();
            producer.join().unwrap();
            assert_eq!(rx.drain().count(), usize::from(!early));
            assert_eq!(drops.get(), 2);
            (claimed, early)
        },
        [(0, false), (0, true), (1, false), (1, true)],
    )
}

fn a_producer_comes_back_to_a_segment_that_the_only_consumer_left(model: Model) -> Checked {
    model.at_least(120).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(1);
            let (other, theirs) = (tx.clone(), item.clone());
            let producer = thread::spawn(move || assert!(other.push(theirs()).is_ok()));
            let claimed = tx.len();
            assert!(tx.push(item()).is_ok());
            assert!(rx.pop().is_ok());
            let early = rx.pop().is_ok();
            producer.join().unwrap();
            assert_eq!(rx.drain().count(), usize::from(!early));
            assert_eq!(drops.get(), 2);
            (claimed, early)
        },
        [(0, false), (0, true), (1, false), (1, true)],
    )
}

fn a_producer_comes_back_to_the_first_slot_of_two(model: Model) -> Checked {
    model.at_least(160).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).unwrap());
            let claimed = tx.len();
            (2..=3).for_each(|i| tx.push(i).unwrap());
            let mut all = Vec::from_iter([rx.pop(), rx.pop()].into_iter().flatten());
            producer.join().unwrap();
            let first = all[0];
            all.extend(rx.drain());
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3]);
            (claimed, first)
        },
        [(0, 1), (0, 2), (1, 1), (1, 2)],
    )
}

/// Its slots were spoilt, each by a consumer that has left it and the segment; those lie in a segment that waits.
fn a_batch_comes_back_to_a_segment_that_is_done(model: Model) -> Checked {
    model.at_least(5000).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(3);
            tx.push(0).unwrap();
            assert_eq!(rx.pop(), Ok(0));
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2]));
            let claimed = tx.len();
            tx.push(3).unwrap();
            let popped = rx.pop().expect("one is in");
            tx.push(4).unwrap();
            assert_eq!(producer.join().unwrap(), Ok(2));
            let mut all = Vec::from_iter([popped].into_iter().chain(rx.drain()));
            assert!(all.iter().filter(|&&item| item < 3).is_sorted());
            assert!(all.iter().filter(|&&item| item > 2).is_sorted());
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3, 4]);
            (claimed, popped)
        },
        [(0, 1), (0, 3), (2, 1), (2, 3)],
    )
}

fn two_producers_come_back_to_a_segment(model: Model) -> Checked {
    model.at_least(3237).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(2);
            let (first, second) = (tx.clone(), tx.clone());
            let first = thread::spawn(move || first.push(1).unwrap());
            let second = thread::spawn(move || second.push(2).unwrap());
            let claimed = tx.len();
            tx.push(3).unwrap();
            let popped = rx.pop().expect("one is in");
            first.join().unwrap();
            second.join().unwrap();
            let mut all = Vec::from_iter(rx.drain());
            all.push(popped);
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3]);
            (claimed, popped)
        },
        [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 1), (2, 2)],
    )
}

/// It is never told Empty, not even if the producer is back in the segment where the consumer saw its end: an item is in.
fn a_consumer_comes_back_to_a_segment_that_is_done(model: Model) -> Checked {
    model.preemptions(1).at_least(640).check_outcomes(
        || {
            let (drops, item) = counted();
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            (0..3).for_each(|_| assert!(tx.push(item()).is_ok()));
            let other = rx.clone();
            let consumer = thread::spawn(move || assert!(other.pop().is_ok()));
            (0..2).for_each(|_| assert!(rx.pop().is_ok()));
            let early = drops.get();
            assert!(tx.push(item()).is_ok());
            consumer.join().unwrap();
            drop((tx, rx));
            assert_eq!(drops.get(), 4);
            early
        },
        [2, 3],
    )
}

fn a_consumer_comes_back_to_the_first_slot_of_two(model: Model) -> Checked {
    model.preemptions(1).at_least(900).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(2);
            (1..=3).for_each(|i| tx.push(i).unwrap());
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mut all = Vec::from_iter([rx.pop(), rx.pop()].into_iter().flatten());
            (4..=5).for_each(|i| tx.push(i).unwrap());
            let theirs = consumer.join().unwrap();
            all.extend(theirs.into_iter().chain(rx.drain()));
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3, 4, 5]);
            theirs
        },
        [Some(1), Some(2), Some(3)],
    )
}

fn a_spare_goes_to_a_producer(model: Model) -> Checked {
    model.at_least(149).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(1);
            (1..=2).for_each(|i| tx.push(i).unwrap());
            let producer = thread::spawn(move || {
                tx.push(3).unwrap();
                tx
            });
            let mut all: Vec<_> = (0..3).filter_map(|_| rx.pop().ok()).collect();
            let seen = all.len();
            let _tx = producer.join().unwrap();
            all.extend(rx.drain());
            assert_eq!(all, [1, 2, 3]);
            seen
        },
        [2, 3],
    )
}

/// Those that find no place among the spares are freed; loom misses them otherwise.
fn more_segments_than_are_kept(model: Model) -> Checked {
    model.at_least(1).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            (0..6).for_each(|_| assert!(tx.push(item()).is_ok()));
            assert_eq!(rx.drain().count(), 6);
            assert_eq!(drops.get(), 6);
            // And those that did are used again.
            (0..2).for_each(|_| assert!(tx.push(item()).is_ok()));
        },
        [()],
    )
}

/// Of three consumers one has a slot in hand, one leaves its segment to whoever comes next, and that is the third.
fn three_consumers_leave_two_segments(model: Model) -> Checked {
    model.preemptions(1).at_least(5000).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            (1..=3).for_each(|i| tx.push(i).unwrap());
            let (first, second) = (rx.clone(), rx.clone());
            let first = thread::spawn(move || first.pop().ok());
            let second = thread::spawn(move || second.pop().ok());
            let mine = rx.pop().unwrap();
            let mut all = [mine, first.join().unwrap().unwrap(), second.join().unwrap().unwrap()];
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3]);
            mine
        },
        1..=2,
    )
}

/// A producer whose slot was passed over is back before its segment is looked at again, by somebody who leaves another.
fn a_producer_gives_back_what_others_wait_for(model: Model) -> Checked {
    model.at_least(60_000).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).unwrap());
            // In a thread of its own, so that neither needs a preemption to begin.
            let both = thread::spawn(move || {
                tx.push(2).unwrap();
                let first = rx.pop().unwrap();
                tx.push(3).unwrap();
                (first, rx.pop().unwrap(), rx)
            });
            producer.join().unwrap();
            let (first, second, rx) = both.join().unwrap();
            let mut all: Vec<i32> = rx.drain().chain([first, second]).collect();
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3]);
            (first, second)
        },
        [(1, 2), (2, 1), (2, 3)],
    )
}

/// loom misses them otherwise.
fn segments_that_wait_go_with_the_queue(model: Model) -> Checked {
    model.at_least(100).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            (1..=2).for_each(|i| tx.push(i).unwrap());
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mine = rx.pop().ok();
            drop((tx, rx));
            (mine, consumer.join().unwrap())
        },
        [(Some(1), Some(2)), (Some(2), Some(1))],
    )
}
