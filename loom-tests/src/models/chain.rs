//! `spsc::unbounded`: lines in a chain of segments. What happens within a segment is in `spsc`.

use std::collections::VecDeque;

use loom::sync::Arc;
use loom::thread;
use raddle::PopError;
use raddle::spsc::unbounded::{Consumer, Producer};
use raddle::spsc::unbounded_in_segments_of;

use crate::{Checked, Model, counted, models};

models![
    a_push_meets_a_pop,
    items_cross_the_end_of_a_segment,
    a_chunk_crosses_the_end,
    a_spare_segment_is_as_new,
    batches_cross_segments,
    a_deque_crosses_segments,
    what_len_counts_can_be_popped,
    two_count_at_once,
    a_segment_is_kept_for_a_producer_that_only_reserved,
    a_reserved_segment_is_counted_when_it_holds_an_item,
    closed_means_empty_for_ever,
    leftovers_are_dropped_once_whoever_goes_first,
];

/// Runs `produce` in a thread of its own beside `consume`, and returns what both did, and the rest.
fn beside<A: Send + 'static, B>(
    (mut tx, mut rx): (Producer<usize>, Consumer<usize>),
    produce: impl FnOnce(&mut Producer<usize>) -> A + Send + 'static,
    consume: impl FnOnce(&mut Consumer<usize>) -> B,
) -> (A, B, Vec<usize>) {
    let producer = thread::spawn(move || (produce(&mut tx), tx));
    let consumed = consume(&mut rx);
    let (produced, _tx) = producer.join().unwrap();
    (produced, consumed, rx.drain().collect())
}

fn a_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(10).check_outcomes(
        || {
            let (mut tx, mut rx) = unbounded_in_segments_of(1);
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

fn items_cross_the_end_of_a_segment(model: Model) -> Checked {
    model.at_least(215).check_outcomes(
        || {
            let (mut tx, mut rx) = unbounded_in_segments_of(1);
            let producer = thread::spawn(move || {
                (1..=3).for_each(|i| tx.push(i).unwrap());
                tx
            });
            let mut seen: Vec<_> = (0..3).filter_map(|_| rx.pop().ok()).collect();
            let n = seen.len();
            let _tx = producer.join().unwrap();
            seen.extend(rx.drain());
            assert_eq!(seen, [1, 2, 3]);
            n
        },
        0..=3,
    )
}

fn a_chunk_crosses_the_end(model: Model) -> Checked {
    model.at_least(18).check_outcomes(
        || {
            let (mut tx, mut rx) = unbounded_in_segments_of(2);
            let producer = thread::spawn(move || {
                let mut chunk = tx.reserve(4).unwrap();
                assert_eq!(chunk.fill(1..), 4);
                chunk.commit(3);
                tx
            });
            let seen = rx.read(9).map_or(0, |chunk| {
                let items: Vec<_> = chunk.runs().flatten().copied().collect();
                assert_eq!(items, [1, 2, 3][..items.len()]);
                chunk.release(1);
                items.len()
            });
            let _tx = producer.join().unwrap();
            assert_eq!(rx.drain().collect::<Vec<_>>(), [1, 2, 3][seen.min(1)..]);
            seen
        },
        // A line's items appear together.
        [0, 2, 3],
    )
}

/// What the consumer frees the producer uses again, and finds as new.
fn a_spare_segment_is_as_new(model: Model) -> Checked {
    model.at_least(116).check_outcomes(
        || {
            let (mut tx, mut rx) = unbounded_in_segments_of(1);
            (1..=2).for_each(|i| tx.push(i).unwrap());
            let producer = thread::spawn(move || {
                (3..=4).for_each(|i| tx.push(i).unwrap());
                tx
            });
            let mut all: Vec<_> = (0..3).filter_map(|_| rx.pop().ok()).collect();
            let seen = all.len();
            let _tx = producer.join().unwrap();
            all.extend(rx.drain());
            assert_eq!(all, [1, 2, 3, 4]);
            seen
        },
        [2, 3],
    )
}

fn batches_cross_segments(model: Model) -> Checked {
    model.at_least(1289).check_outcomes(
        || {
            let consume = |rx: &mut Consumer<_>| {
                let mut items = Vec::with_capacity(2);
                let _ = rx.pop_into(&mut items, 2);
                let _ = rx.pop_into(&mut items, 9);
                items
            };
            let produce = |tx: &mut Producer<_>| tx.push_slice(&[1, 2, 3, 4, 5]);
            let (pushed, seen, rest) = beside(unbounded_in_segments_of(2), produce, consume);
            assert_eq!(pushed, Ok(5));
            assert_eq!([seen.clone(), rest].concat(), [1, 2, 3, 4, 5]);
            seen.len()
        },
        // A line's items appear together, but the first call asks for two, and the second for what it counted before.
        0..=5,
    )
}

fn a_deque_crosses_segments(model: Model) -> Checked {
    model.at_least(44).check_outcomes(
        || {
            let produce = |tx: &mut Producer<_>| tx.push_from(&mut VecDeque::from([1, 2, 3]));
            let consume = |rx: &mut Consumer<_>| rx.drain().count();
            let (pushed, popped, rest) = beside(unbounded_in_segments_of(1), produce, consume);
            assert_eq!((pushed, popped + rest.len()), (Ok(3), 3));
            popped
        },
        0..=3,
    )
}

fn what_len_counts_can_be_popped(model: Model) -> Checked {
    model.at_least(6271).check_outcomes(
        || {
            let produce = |tx: &mut Producer<_>| {
                (1..=3).for_each(|i| tx.push(i).unwrap());
                tx.len()
            };
            let consume = |rx: &mut Consumer<_>| {
                let first = rx.pop().is_ok();
                let len = rx.len();
                (0..len).for_each(|_| assert!(rx.pop().is_ok()));
                // Beyond what it has counted, and once more.
                let more = rx.drain().count();
                let popped = usize::from(first) + len + more;
                assert!(popped + rx.len() <= 3);
                (first, len, popped)
            };
            let (theirs, (first, len, popped), rest) =
                beside(unbounded_in_segments_of(1), produce, consume);
            assert_eq!(popped + rest.len(), 3);
            assert!(rest.len() <= theirs && theirs <= 3);
            (first, len)
        },
        [(false, 0), (false, 1), (false, 2), (false, 3), (true, 0), (true, 1), (true, 2)],
    )
}

/// An observer finds the segments that another has found before it.
fn two_count_at_once(model: Model) -> Checked {
    model.at_least(8112).check_outcomes(
        || {
            let (mut tx, rx) = unbounded_in_segments_of(1);
            let producer = thread::spawn(move || {
                (1..=2).for_each(|i| tx.push(i).unwrap());
                tx
            });
            let rx = Arc::new(rx);
            let other = thread::spawn({
                let rx = Arc::clone(&rx);
                move || rx.len()
            });
            let len = rx.len();
            let theirs = other.join().unwrap();
            let _tx = producer.join().unwrap();
            assert_eq!(rx.len(), 2);
            (len, theirs)
        },
        (0..3).flat_map(|len| (0..3).map(move |theirs| (len, theirs))),
    )
}

/// The producer looked at the next segment, and is in the old one still.
fn a_segment_is_kept_for_a_producer_that_only_reserved(model: Model) -> Checked {
    model.at_least(59).check_outcomes(
        || {
            let produce = |tx: &mut Producer<_>| {
                tx.push(1).unwrap();
                assert_eq!(tx.reserve(1).unwrap().len(), 1);
                tx.push(2).unwrap();
            };
            let consume = |rx: &mut Consumer<_>| (rx.pop().ok(), rx.pop().ok());
            let ((), seen, rest) = beside(unbounded_in_segments_of(1), produce, consume);
            let seen_first: Vec<_> = [seen.0, seen.1].into_iter().flatten().collect();
            assert_eq!([seen_first, rest].concat(), [1, 2]);
            seen
        },
        [(None, None), (None, Some(1)), (Some(1), None), (Some(1), Some(2))],
    )
}

fn a_reserved_segment_is_counted_when_it_holds_an_item(model: Model) -> Checked {
    model.at_least(46).check_outcomes(
        || {
            let produce = |tx: &mut Producer<_>| {
                let mut chunk = tx.reserve(3).unwrap();
                assert_eq!(chunk.fill(1..), 3);
                chunk.commit(1);
            };
            let consume = |rx: &mut Consumer<_>| {
                let len = rx.len();
                assert_eq!(rx.drain().take(len).count(), len);
                len
            };
            let ((), len, rest) = beside(unbounded_in_segments_of(1), produce, consume);
            assert_eq!(len + rest.len(), 1);
            len
        },
        [0, 1],
    )
}

fn closed_means_empty_for_ever(model: Model) -> Checked {
    model.at_least(39).check_outcomes(
        || {
            let (mut tx, mut rx) = unbounded_in_segments_of(1);
            let producer = thread::spawn(move || (1..=2).for_each(|i| tx.push(i).unwrap()));
            let mut seen = Vec::new();
            let end = loop {
                match rx.pop() {
                    Ok(item) => seen.push(item),
                    Err(end) => break end,
                }
            };
            producer.join().unwrap();
            let rest: Vec<i32> = rx.drain().collect();
            assert!(end == PopError::Empty || rest.is_empty());
            assert_eq!([seen.clone(), rest].concat(), [1, 2]);
            (seen.len(), end == PopError::Closed)
        },
        [(0, false), (1, false), (2, false), (2, true)],
    )
}

fn leftovers_are_dropped_once_whoever_goes_first(model: Model) -> Checked {
    model.at_least(86).check_outcomes(
        || {
            let (drops, item) = counted();
            let (mut tx, mut rx) = unbounded_in_segments_of(1);
            assert!(tx.push(item()).is_ok());
            let producer = thread::spawn(move || tx.push(item()).is_ok());
            let popped = rx.pop().is_ok();
            drop(rx);
            let pushed = producer.join().unwrap();
            assert!(popped);
            assert_eq!(drops.get(), 2);
            pushed
        },
        [false, true],
    )
}
