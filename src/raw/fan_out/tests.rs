//! What no test can reach through handles: the end of the numbers, and a consumer that stays away.

use alloc::collections::VecDeque;
use std::vec::Vec;

use super::*;
use crate::raw::tests::in_time;
use crate::raw::{RawQueue, pop, push};

impl<T> FanOut<T> {
    /// Empty, and as if it had gone round until `laps` before the last.
    fn late(slots: usize, capacity: usize, laps: usize) -> Self {
        let queue = Self::with_lines_of(slots, capacity);
        let first = View::new(&queue, queue.grid.slots).go_round(laps);
        queue.head.store(first, Ordering::Relaxed);
        queue.tail.store(first, Ordering::Relaxed);
        queue
    }
}

const SHAPES: [(usize, usize); 7] = [(1, 1), (1, 2), (1, 5), (2, 1), (2, 4), (3, 7), (6, 20)];

/// Against a deque, over the end.
#[test]
fn indices_come_round() {
    for (slots, asked) in SHAPES {
        let queue = FanOut::<usize>::late(slots, asked, 2);
        let (capacity, mut model) = (queue.capacity(), VecDeque::new());
        for i in 0..40 * capacity {
            // Full, half full and empty by turns.
            for _ in 0..i % (capacity + 2) {
                // SAFETY: one thread acts for all handles.
                let pushed = unsafe { push(&queue, &mut (), i) };
                assert!(pushed.is_ok() || model.len() >= asked, "{i}, {model:?}");
                assert!(pushed.is_err() || model.len() < capacity, "{i}, {model:?}");
                model.extend(pushed.is_ok().then_some(i));
                assert_eq!(
                    (queue.len_to_producer(&()), queue.is_full_to_producer(&())),
                    (
                        model.len(),
                        pushed.is_err() || {
                            queue.is_full_to_producer(&()) && model.len() >= asked
                        }
                    )
                );
            }
            for _ in 0..i % (capacity + 1) {
                // SAFETY: likewise.
                assert_eq!(unsafe { pop(&queue, &mut ()) }, model.pop_front());
                assert_eq!(queue.len_to_producer(&()), model.len());
            }
        }
    }
}

/// A consumer has an item in hand until the push of `back`; the others go on, and round. Says how many found room beside it.
fn stays_away(slots: usize, asked: usize, back: usize) -> usize {
    let queue = FanOut::<usize>::late(slots, asked, 2);
    // SAFETY: one thread acts for all handles.
    let put = |i| unsafe { push(&queue, &mut (), i) };
    // SAFETY: likewise.
    let next = || unsafe { pop(&queue, &mut ()) };
    assert_eq!(put(99), Ok(()));
    // SAFETY: likewise; the slot below.
    let mut away = unsafe { queue.front(&mut ()) };
    let (mut i, mut room) = (0, usize::MAX);
    while i < back + 4 * asked {
        if i >= back {
            if let Some(claim) = away.take() {
                // SAFETY: filled, and this consumer's.
                assert_eq!(unsafe { claim.item.read() }, 99);
                // SAFETY: the item has moved.
                unsafe { queue.take(&mut (), claim) };
            }
        }
        let pushed: Vec<_> = (i..).take_while(|&i| put(i).is_ok()).collect();
        assert!(!pushed.is_empty(), "{slots}, {asked}, {back}: full of {i}");
        let popped: Vec<_> = core::iter::from_fn(next).collect();
        assert_eq!(pushed, popped, "{slots}, {asked}, {back}");
        i += pushed.len();
        room = room.min(pushed.len());
    }
    room
}

#[test]
fn a_consumer_that_stays_away_is_passed_by_with_its_line() {
    in_time(|| {
        for (slots, asked) in [(1, 2), (1, 5), (2, 4), (3, 7), (6, 20)] {
            for back in 0..4 * asked {
                // In the lap that it stands in, others of its line may be in use.
                assert!(stays_away(slots, asked, back) + slots >= asked, "{slots}, {asked}");
            }
        }
    });
}

/// A walk passes a line by, and comes to nothing; the consumer is back; consumers step over the line, and so must the producer.
#[test]
fn what_a_walk_has_passed_by_stays_so() {
    for (slots, asked) in [(1, 2), (2, 4), (3, 7)] {
        in_time(move || {
            let queue = FanOut::<usize>::late(slots, asked, 2);
            // SAFETY: one thread acts for all handles.
            let put = |i| unsafe { push(&queue, &mut (), i) };
            // SAFETY: likewise.
            let next = || unsafe { pop(&queue, &mut ()) };
            assert_eq!(put(99), Ok(()));
            // SAFETY: likewise; the slot below.
            let away = unsafe { queue.front(&mut ()) }.expect("an item");
            // To the last line, with one slot of it filled.
            let capacity = queue.capacity();
            for i in 1..=capacity - slots {
                assert_eq!((put(i), next()), (Ok(()), Some(i)));
            }
            let mut place = queue.producer_place(&());
            let mut walked = 0;
            loop {
                // SAFETY: likewise; nothing is published.
                let run = unsafe { queue.vacant_from(&mut place, usize::MAX) };
                walked += run.len;
                if run.len == 0 {
                    break;
                }
            }
            assert!(walked < capacity, "{walked} of {capacity}: the first line is not over");
            // SAFETY: filled, and this consumer's.
            assert_eq!(unsafe { away.item.read() }, 99);
            // SAFETY: the item has moved.
            unsafe { queue.take(&mut (), away) };
            for i in 0..5 * capacity {
                assert_eq!(put(i), Ok(()), "{slots}, {asked}");
                assert_eq!((next(), next()), (Some(i), None), "{slots}, {asked}");
            }
        });
    }
}

/// The same with all lines in somebody's hands: the walk goes round, and passes them by once more.
#[test]
fn what_a_walk_has_passed_by_twice_stays_so() {
    for (slots, asked) in [(1, 2), (2, 4), (3, 7)] {
        in_time(move || {
            let queue = FanOut::<usize>::late(slots, asked, 3);
            // SAFETY: one thread acts for all handles.
            let put = |i| unsafe { push(&queue, &mut (), i) };
            // SAFETY: likewise.
            let next = || unsafe { pop(&queue, &mut ()) };
            let full = (0..).take_while(|&i| put(i).is_ok()).count();
            // SAFETY: likewise; the slots below.
            let front = || unsafe { queue.front(&mut ()) };
            let away: Vec<_> = core::iter::from_fn(front).collect();
            assert_eq!(away.len(), full);
            for _ in 0..2 {
                // SAFETY: likewise.
                let run = unsafe { queue.vacant_from(&mut queue.producer_place(&()), 1) };
                // The consumers step over what it has passed by, and so there is room for more of it.
                assert_eq!((run.len, next()), (0, None));
            }
            for claim in away {
                // SAFETY: filled, this consumer's, and of numbers, which need no move.
                unsafe { queue.take(&mut (), claim) };
            }
            for i in 0..5 * queue.capacity() {
                assert_eq!(put(i), Ok(()), "{slots}, {asked}");
                assert_eq!((next(), next()), (Some(i), None), "{slots}, {asked}");
            }
        });
    }
}
