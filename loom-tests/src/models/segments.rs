//! Linked segments of slots: every `unbounded` queue, in segments of one or two slots, so that an operation or two cross
//! the end of one. See `reuse` for what happens to segments that were left.

use loom::thread;
use raddle::{mpmc, mpsc, spmc};

use crate::{Checked, Model, counted, models};

models![
    a_push_meets_a_pop_of_the_only_consumer,
    a_push_of_the_only_producer_meets_a_pop,
    a_push_meets_a_pop,
    items_cross_the_end_to_the_only_consumer,
    items_cross_the_end_to_many_consumers,
    items_cross_the_end,
    two_producers_link_the_next_segment,
    two_consumers_leave_a_segment,
    two_consumers_of_the_only_producer_leave_a_segment,
    three_meet_at_the_end_of_a_segment,
    the_only_consumer_passes_over_a_producer,
    a_consumer_passes_over_a_producer,
    a_batch_crosses_the_end,
    a_batch_goes_into_a_segment_that_another_linked,
    a_batch_keeps_its_order_when_it_is_passed_over,
    a_batch_is_found_by_two_consumers,
    a_batch_is_found_from_its_middle,
    a_batch_lies_behind_a_slot_in_flight,
    a_batch_of_the_only_producer_crosses_the_end,
    a_batch_comes_out_across_the_end,
    leftovers_in_several_segments_are_dropped,
    a_queue_is_not_empty_while_an_end_is_on_its_way,
    a_queue_that_holds_an_item_all_the_time_is_never_empty,
];

fn sorted(items: impl IntoIterator<Item = i32>) -> Vec<i32> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_unstable();
    items
}

/// A queue that is at its second slot: where a segment has to be linked, the first item of a batch goes in by itself.
fn used(slots: usize) -> (mpmc::unbounded::Producer<i32>, mpmc::unbounded::Consumer<i32>) {
    let (tx, rx) = mpmc::unbounded_in_segments_of(slots);
    tx.push(0).unwrap();
    assert_eq!(rx.pop(), Ok(0));
    (tx, rx)
}

fn a_push_meets_a_pop_of_the_only_consumer(model: Model) -> Checked {
    model.at_least(48).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(1);
            let producer = thread::spawn(move || (tx.push(7), tx));
            let popped = rx.pop();
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(()));
            assert_eq!(rx.drain().count(), usize::from(popped.is_err()));
            popped.ok()
        },
        [Some(7), None],
    )
}

fn a_push_of_the_only_producer_meets_a_pop(model: Model) -> Checked {
    model.at_least(20).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            let producer = thread::spawn(move || (tx.push(7), tx));
            let popped = rx.pop();
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(()));
            assert_eq!(rx.drain().count(), usize::from(popped.is_err()));
            popped.ok()
        },
        [Some(7), None],
    )
}

fn a_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(34).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            let producer = thread::spawn(move || (tx.push(7), tx));
            let popped = rx.pop();
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(()));
            assert_eq!(rx.drain().count(), usize::from(popped.is_err()));
            popped.ok()
        },
        [Some(7), None],
    )
}

fn items_cross_the_end_to_the_only_consumer(model: Model) -> Checked {
    model.at_least(1373).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(1);
            let producer = thread::spawn(move || {
                (1..=2).for_each(|i| tx.push(i).unwrap());
                tx
            });
            let mut seen: Vec<_> = (0..2).filter_map(|_| rx.pop().ok()).collect();
            let n = seen.len();
            let _tx = producer.join().unwrap();
            seen.extend(rx.drain());
            assert_eq!(seen, [1, 2]);
            n
        },
        0..=2,
    )
}

fn items_cross_the_end_to_many_consumers(model: Model) -> Checked {
    model.at_least(121).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            let producer = thread::spawn(move || {
                (1..=2).for_each(|i| tx.push(i).unwrap());
                tx
            });
            let mut seen: Vec<_> = (0..2).filter_map(|_| rx.pop().ok()).collect();
            let n = seen.len();
            let _tx = producer.join().unwrap();
            seen.extend(rx.drain());
            assert_eq!(seen, [1, 2]);
            n
        },
        0..=2,
    )
}

fn items_cross_the_end(model: Model) -> Checked {
    model.at_least(935).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            let producer = thread::spawn(move || {
                (1..=2).for_each(|i| tx.push(i).unwrap());
                tx
            });
            let mut seen: Vec<_> = (0..2).filter_map(|_| rx.pop().ok()).collect();
            let n = seen.len();
            let _tx = producer.join().unwrap();
            seen.extend(rx.drain());
            assert_eq!(seen, [1, 2]);
            n
        },
        0..=2,
    )
}

/// One of them links; the other's segment is kept for the next time.
fn two_producers_link_the_next_segment(model: Model) -> Checked {
    model.at_least(988).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(1);
            tx.push(0).unwrap();
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).unwrap());
            tx.push(2).unwrap();
            producer.join().unwrap();
            rx.drain().collect::<Vec<_>>()
        },
        [vec![0, 1, 2], vec![0, 2, 1]],
    )
}

fn two_consumers_leave_a_segment(model: Model) -> Checked {
    model.at_least(250).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            (1..=2).for_each(|i| tx.push(i).unwrap());
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            (rx.pop().ok(), consumer.join().unwrap())
        },
        [(Some(1), Some(2)), (Some(2), Some(1))],
    )
}

fn two_consumers_of_the_only_producer_leave_a_segment(model: Model) -> Checked {
    model.at_least(371).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            (1..=2).for_each(|i| tx.push(i).unwrap());
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            (rx.pop().ok(), consumer.join().unwrap())
        },
        [(Some(1), Some(2)), (Some(2), Some(1))],
    )
}

/// A consumer leaves the segment while two producers link the next.
fn three_meet_at_the_end_of_a_segment(model: Model) -> Checked {
    model.preemptions(1).at_least(664).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            tx.push(0).unwrap();
            let (first, second) = (tx.clone(), tx);
            let first = thread::spawn(move || first.push(1).unwrap());
            let second = thread::spawn(move || second.push(2).unwrap());
            let mut seen: Vec<_> = (0..2).filter_map(|_| rx.pop().ok()).collect();
            assert_eq!(seen[0], 0);
            first.join().unwrap();
            second.join().unwrap();
            seen.extend(rx.drain());
            seen
        },
        [vec![0, 1, 2], vec![0, 2, 1]],
    )
}

/// `(1, 2)`: the other had claimed the slot before ours, and yet ours comes out first.
fn the_only_consumer_passes_over_a_producer(model: Model) -> Checked {
    model.at_least(89).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).unwrap());
            let claimed = tx.len();
            tx.push(2).unwrap();
            let popped = rx.pop().expect("one is in");
            producer.join().unwrap();
            assert_eq!(sorted(rx.drain().chain([popped])), [1, 2]);
            assert_eq!(rx.len(), 0);
            (claimed, popped)
        },
        [(0, 1), (0, 2), (1, 1), (1, 2)],
    )
}

fn a_consumer_passes_over_a_producer(model: Model) -> Checked {
    model.at_least(111).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).unwrap());
            let claimed = tx.len();
            tx.push(2).unwrap();
            let popped = rx.pop().expect("one is in");
            producer.join().unwrap();
            assert_eq!(sorted(rx.drain().chain([popped])), [1, 2]);
            assert_eq!(rx.len(), 0);
            (claimed, popped)
        },
        [(0, 1), (0, 2), (1, 1), (1, 2)],
    )
}

fn a_batch_crosses_the_end(model: Model) -> Checked {
    model.at_least(277).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2, 3]));
            assert_eq!(tx.push(9), Ok(()));
            assert_eq!(producer.join().unwrap(), Ok(3));
            let all: Vec<_> = rx.drain().collect();
            assert_eq!(sorted(all.clone()), [1, 2, 3, 9]);
            assert!(all.iter().filter(|&&item| item != 9).is_sorted());
            all.iter().position(|&item| item == 9)
        },
        [Some(0), Some(1), Some(2), Some(3)],
    )
}

/// The slot that is passed over is left out, so nothing overtakes.
fn a_batch_keeps_its_order_when_it_is_passed_over(model: Model) -> Checked {
    model.at_least(53).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2]));
            let claimed = tx.len();
            let first = rx.pop().ok();
            assert_eq!(producer.join().unwrap(), Ok(2));
            let all: Vec<_> = first.into_iter().chain(rx.drain()).collect();
            assert_eq!(all, [1, 2]);
            (claimed, first)
        },
        [(0, None), (0, Some(1)), (1, None), (1, Some(1)), (2, Some(1))],
    )
}

/// Each claims a slot of it, and neither knows how far the producer is: it comes out whole or goes in again whole.
fn a_batch_is_found_by_two_consumers(model: Model) -> Checked {
    model.at_least(29_000).check_outcomes(
        || {
            let (tx, rx) = used(3);
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let producer = thread::spawn(move || (tx.push_slice(&[1, 2]), tx));
            let mine = rx.pop().ok();
            let theirs = consumer.join().unwrap();
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(2));
            let all: Vec<_> = mine.into_iter().chain(theirs).chain(rx.drain()).collect();
            assert_eq!(sorted(all), [1, 2]);
            (mine, theirs)
        },
        [(None, None), (None, Some(1)), (Some(1), None), (Some(1), Some(2)), (Some(2), Some(1))],
    )
}

/// A consumer that left the first slot claims the second of the same batch, or one of a batch that went in beside it.
fn a_batch_is_found_from_its_middle(model: Model) -> Checked {
    model.at_least(456).check_outcomes(
        || {
            let (tx, rx) = used(5);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2]));
            assert_eq!(tx.push_slice(&[8, 9]), Ok(2));
            let mut all: Vec<_> = (0..2).filter_map(|_| rx.pop().ok()).collect();
            assert_eq!(producer.join().unwrap(), Ok(2));
            let seen = all.clone();
            all.extend(rx.drain());
            assert_eq!(sorted(all.clone()), [1, 2, 8, 9]);
            for batch in [[1, 2], [8, 9]] {
                assert!(all.iter().filter(|item| batch.contains(item)).is_sorted());
            }
            seen
        },
        [vec![1, 2], vec![8, 9]],
    )
}

/// A consumer that spoils the slot in flight, or waits for it in vain, doesn't spoil what was filled behind it.
fn a_batch_lies_behind_a_slot_in_flight(model: Model) -> Checked {
    model.preemptions(3).at_least(1600).check_outcomes(
        || {
            let (tx, rx) = used(4);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).unwrap());
            assert_eq!(tx.push_slice(&[7, 8]), Ok(2));
            let mut items = Vec::with_capacity(2);
            let _ = rx.pop_into(&mut items, 2);
            producer.join().unwrap();
            let seen = items.clone();
            items.extend(rx.drain());
            assert!(items.iter().filter(|&&item| item != 1).is_sorted());
            assert_eq!(sorted(items), [1, 7, 8]);
            seen
        },
        [vec![7, 8], vec![1, 7]],
    )
}

fn a_batch_of_the_only_producer_crosses_the_end(model: Model) -> Checked {
    model.at_least(84).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(2);
            let producer = thread::spawn(move || (tx.push_slice(&[1, 2, 3]), tx));
            let mut items = Vec::new();
            let _ = rx.pop_into(&mut items, 9);
            let seen = items.len();
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(3));
            items.extend(rx.drain());
            assert_eq!(items, [1, 2, 3]);
            seen
        },
        [0, 1, 3],
    )
}

fn a_batch_comes_out_across_the_end(model: Model) -> Checked {
    model.at_least(3124).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(2);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mut items = Vec::new();
            let _ = rx.pop_into(&mut items, 9);
            let theirs = consumer.join().unwrap();
            assert!(items.is_sorted());
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(sorted(items.iter().copied().chain(theirs).chain(rest)), [1, 2, 3]);
            (items, theirs)
        },
        [
            (vec![1], Some(2)),
            (vec![1, 2], Some(3)),
            (vec![2], Some(1)),
            (vec![1, 2, 3], None),
            (vec![2, 3], Some(1)),
        ],
    )
}

/// With the queue, and not before its last user has gone.
fn leftovers_in_several_segments_are_dropped(model: Model) -> Checked {
    model.at_least(2756).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            (0..2).for_each(|_| assert!(tx.push(item()).is_ok()));
            let producer = thread::spawn(move || tx.push(item()).is_ok());
            drop(rx);
            let early = drops.get();
            let pushed = producer.join().unwrap();
            assert_eq!(drops.get(), 3);
            (early, pushed)
        },
        [(2, false), (2, true), (3, false), (3, true)],
    )
}

fn a_batch_goes_into_a_segment_that_another_linked(model: Model) -> Checked {
    model.at_least(1995).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(3);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(4).unwrap());
            assert_eq!(tx.push_slice(&[8, 9]), Ok(2));
            producer.join().unwrap();
            rx.drain().skip(3).collect::<Vec<_>>()
        },
        [vec![4, 8, 9], vec![8, 4, 9], vec![8, 9, 4]],
    )
}

fn a_queue_is_not_empty_while_an_end_is_on_its_way(model: Model) -> Checked {
    model.at_least(1000).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            let other = tx.clone();
            let producer = thread::spawn(move || assert_eq!(other.push(1), Ok(())));
            assert_eq!(tx.push(2), Ok(()));
            // Nobody pops.
            assert!(!tx.is_empty() && !rx.is_empty());
            let len = tx.len();
            producer.join().unwrap();
            assert_eq!((tx.len(), rx.len()), (2, 2));
            len
        },
        [1, 2],
    )
}

/// There is always an item, as the first thread sees it: it pushes one before it pops one. So the other must not be told
/// Empty, though it sees the two ends at different times, and nothing but the queue connects the two.
fn a_queue_that_holds_an_item_all_the_time_is_never_empty(model: Model) -> Checked {
    model.at_least(500).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(3);
            tx.push(1).unwrap();
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().expect("there is always an item"));
            tx.push(2).unwrap();
            let mine = rx.pop().expect("there is always an item");
            let theirs = consumer.join().unwrap();
            (mine, theirs)
        },
        [(1, 2), (2, 1)],
    )
}
