//! `spsc::bounded`: the line ring with two or three items to a line, and its handles, closing included.
//!
//! Items are plain numbers whose slots the ring's `Shadow` watches, or [`Item`]s that must be dropped once. Capacities
//! are so small that a line is filled, crossed, vacated and filled again within two or three operations a side.

use std::collections::VecDeque;

use loom::thread;
use raddle::spsc::bounded::{Consumer, Producer};
use raddle::spsc::bounded_in_lines_of;
use raddle::{PopError, PushError};

use crate::{Checked, Model, counted, models};

models![
    a_push_meets_a_pop,
    items_keep_their_order_across_a_line,
    a_slot_is_written_again_after_it_was_read,
    a_line_is_written_again_after_it_was_read,
    a_ring_of_one_line_goes_round,
    full_is_said_only_of_a_full_queue,
    what_len_counts_can_be_popped,
    a_queue_that_is_not_full_takes_a_push,
    slices_cross_lines,
    a_batch_is_counted_beside_a_producer_that_goes,
    a_deque_goes_in_beside_pops,
    a_chunk_appears_when_it_is_committed,
    a_chunk_is_read_beside_pushes,
    a_peeked_item_is_the_next,
    closed_means_empty_for_ever,
    a_push_learns_that_it_is_in_vain,
    both_ends_may_go_at_once,
    an_item_is_dropped_once_whoever_goes_first,
    leftovers_are_dropped_with_the_consumer,
];

/// Runs `produce` in a thread of its own beside `consume`, and returns what both did, and the handles.
fn beside<T: Send + 'static, A: Send + 'static, B>(
    (mut tx, mut rx): (Producer<T>, Consumer<T>),
    produce: impl FnOnce(&mut Producer<T>) -> A + Send + 'static,
    consume: impl FnOnce(&mut Consumer<T>) -> B,
) -> (A, B, Producer<T>, Consumer<T>) {
    let producer = thread::spawn(move || (produce(&mut tx), tx));
    let consumed = consume(&mut rx);
    let (produced, tx) = producer.join().unwrap();
    (produced, consumed, tx, rx)
}

fn rest<T>(rx: &mut Consumer<T>) -> Vec<T> {
    rx.drain().collect()
}

fn a_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(18).check_outcomes(
        || {
            let queue = bounded_in_lines_of(2, 2);
            let (pushed, popped, _tx, mut rx) = beside(queue, |tx| tx.push(7), |rx| rx.pop());
            assert_eq!(pushed, Ok(()));
            assert_eq!(rest(&mut rx).len(), usize::from(popped.is_err()));
            popped.ok()
        },
        [Some(7), None],
    )
}

fn items_keep_their_order_across_a_line(model: Model) -> Checked {
    model.at_least(220).check_outcomes(
        || {
            let queue = bounded_in_lines_of(2, 3);
            let produce = |tx: &mut Producer<_>| (1..=3).for_each(|i| tx.push(i).unwrap());
            let consume = |rx: &mut Consumer<_>| (0..3).filter_map(|_| rx.pop().ok()).collect();
            let ((), seen, _tx, mut rx): ((), Vec<usize>, _, _) = beside(queue, produce, consume);
            let rest = rest(&mut rx);
            assert_eq!([seen.clone(), rest].concat(), [1, 2, 3]);
            seen.len()
        },
        0..=3,
    )
}

fn a_slot_is_written_again_after_it_was_read(model: Model) -> Checked {
    model.at_least(10).check_outcomes(
        || {
            let (mut tx, rx) = bounded_in_lines_of(1, 1);
            tx.push(1).unwrap();
            let (pushed, popped, _tx, mut rx) = beside((tx, rx), |tx| tx.push(2), |rx| rx.pop());
            assert_eq!(popped, Ok(1));
            assert_eq!(rest(&mut rx).len(), usize::from(pushed.is_ok()));
            pushed.is_ok()
        },
        [true, false],
    )
}

fn a_line_is_written_again_after_it_was_read(model: Model) -> Checked {
    model.at_least(10).check_outcomes(
        || {
            let (mut tx, rx) = bounded_in_lines_of(2, 3);
            assert_eq!(tx.push_slice(&[1, 2, 3, 4, 5]), Ok(4));
            let consume = |rx: &mut Consumer<_>| (rx.pop(), rx.pop());
            let (pushed, popped, _tx, mut rx) = beside((tx, rx), |tx| tx.push(5), consume);
            assert_eq!(popped, (Ok(1), Ok(2)));
            let more = if pushed.is_ok() { vec![3, 4, 5] } else { vec![3, 4] };
            assert_eq!(rest(&mut rx), more);
            pushed.is_ok()
        },
        [true, false],
    )
}

/// The line that is filled is the one that is emptied.
fn a_ring_of_one_line_goes_round(model: Model) -> Checked {
    model.at_least(400).check_outcomes(
        || {
            let queue = bounded_in_lines_of(3, 1);
            let produce = |tx: &mut Producer<_>| (1..=4).map(|i| tx.push(i).is_ok()).collect();
            let consume = |rx: &mut Consumer<_>| (0..3).filter_map(|_| rx.pop().ok()).collect();
            let (pushed, seen, _tx, mut rx): (Vec<bool>, Vec<usize>, _, _) =
                beside(queue, produce, consume);
            let all = [seen.clone(), rest(&mut rx)].concat();
            let expected: Vec<_> = (1..=4).filter(|i| pushed[i - 1]).collect();
            assert_eq!(all, expected);
            (expected.len(), seen.len())
        },
        [(3, 0), (3, 1), (3, 2), (3, 3), (4, 3)],
    )
}

fn full_is_said_only_of_a_full_queue(model: Model) -> Checked {
    model.at_least(10).check_outcomes(
        || {
            let (mut tx, rx) = bounded_in_lines_of(1, 2);
            tx.push(1).unwrap();
            let produce = |tx: &mut Producer<_>| (tx.push(2).is_ok(), tx.push(3).is_ok());
            let (pushed, popped, _tx, _rx) = beside((tx, rx), produce, |rx| rx.pop());
            assert_eq!(popped, Ok(1));
            // Two fit whatever the consumer does.
            assert!(pushed.0);
            pushed.1
        },
        [false, true],
    )
}

fn what_len_counts_can_be_popped(model: Model) -> Checked {
    model.at_least(77).check_outcomes(
        || {
            let queue = bounded_in_lines_of(2, 2);
            let produce = |tx: &mut Producer<_>| {
                (1..=2).for_each(|i| tx.push(i).unwrap());
                tx.len()
            };
            let consume = |rx: &mut Consumer<_>| {
                let len = rx.len();
                assert!(len == 0 || !rx.is_empty());
                for _ in 0..len {
                    rx.pop().expect("counted");
                }
                len
            };
            let (mine, seen, _tx, _rx) = beside(queue, produce, consume);
            assert!(mine <= 2);
            (mine, seen)
        },
        [(2, 0), (2, 1), (1, 1), (2, 2), (1, 2), (0, 2)],
    )
}

fn a_queue_that_is_not_full_takes_a_push(model: Model) -> Checked {
    model.at_least(17).check_outcomes(
        || {
            let (mut tx, rx) = bounded_in_lines_of(2, 3);
            assert_eq!(tx.push_slice(&[1, 2, 3, 4]), Ok(4));
            let produce = |tx: &mut Producer<_>| {
                let full = tx.is_full();
                let pushed = tx.push(5).is_ok();
                assert!(full || pushed);
                (full, pushed)
            };
            let consume = |rx: &mut Consumer<_>| {
                // The producer can only fill it further.
                assert!(rx.is_full());
                rx.drain().take(2).count()
            };
            let (seen, popped, _tx, _rx) = beside((tx, rx), produce, consume);
            assert_eq!(popped, 2);
            seen
        },
        [(true, false), (true, true), (false, true)],
    )
}

fn slices_cross_lines(model: Model) -> Checked {
    model.at_least(50).check_outcomes(
        || {
            let queue = bounded_in_lines_of(2, 3);
            let consume = |rx: &mut Consumer<_>| {
                // The first has room for what it asks for; the second has to count before it makes room.
                let mut items = Vec::with_capacity(2);
                let _ = rx.pop_into(&mut items, 2);
                let _ = rx.pop_into(&mut items, 9);
                items
            };
            let (pushed, mut seen, _tx, mut rx) =
                beside(queue, |tx| tx.push_slice(&[1, 2, 3, 4, 5]).unwrap(), consume);
            let n = seen.len();
            seen.extend(rest(&mut rx));
            let expected: Vec<_> = (1..=pushed).collect();
            assert_eq!(seen, expected);
            (pushed, n)
        },
        // A line's items appear together; the fifth goes into the first line again.
        [(4, 0), (4, 2), (4, 4), (5, 2), (5, 4)],
    )
}

fn a_batch_is_counted_beside_a_producer_that_goes(model: Model) -> Checked {
    model.at_least(16).check_outcomes(
        || {
            let (mut tx, mut rx) = bounded_in_lines_of(2, 3);
            let producer = thread::spawn(move || assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3)));
            let mut items = Vec::new();
            let popped = rx.pop_into(&mut items, 9);
            producer.join().unwrap();
            match popped {
                Ok(n) => assert_eq!(n, items.len()),
                Err(error) => assert_eq!((error, items.len()), (PopError::Empty, 0)),
            }
            items.extend(rx.drain());
            assert_eq!(items, [1, 2, 3]);
            popped.ok()
        },
        // Once it sees that the producer has gone, it sees all.
        [None, Some(2), Some(3)],
    )
}

fn a_deque_goes_in_beside_pops(model: Model) -> Checked {
    model.at_least(16).check_outcomes(
        || {
            let queue = bounded_in_lines_of(2, 1);
            let produce = |tx: &mut Producer<_>| {
                let mut items = VecDeque::from([1, 2, 3]);
                let pushed = tx.push_from(&mut items).unwrap();
                assert_eq!(pushed + items.len(), 3);
                pushed
            };
            let consume = |rx: &mut Consumer<_>| rx.drain().count();
            let (pushed, popped, _tx, mut rx) = beside(queue, produce, consume);
            assert_eq!(popped + rest(&mut rx).len(), pushed);
            (pushed, popped)
        },
        [(2, 0), (2, 2)],
    )
}

fn a_chunk_appears_when_it_is_committed(model: Model) -> Checked {
    model.at_least(34).check_outcomes(
        || {
            let queue = bounded_in_lines_of(2, 3);
            let produce = |tx: &mut Producer<_>| {
                let mut chunk = tx.reserve(9).unwrap();
                assert_eq!(chunk.fill(1..), 4);
                chunk.commit(3);
            };
            let consume = |rx: &mut Consumer<_>| rx.drain().collect::<Vec<usize>>();
            let ((), seen, _tx, mut rx) = beside(queue, produce, consume);
            assert_eq!([seen.clone(), rest(&mut rx)].concat(), [1, 2, 3]);
            seen.len()
        },
        // A line's items appear together.
        [0, 2, 3],
    )
}

fn a_chunk_is_read_beside_pushes(model: Model) -> Checked {
    model.at_least(120).check_outcomes(
        || {
            let (mut tx, rx) = bounded_in_lines_of(2, 3);
            tx.push(1).unwrap();
            let produce = |tx: &mut Producer<_>| tx.push_slice(&[2, 3, 4, 5]).unwrap();
            let consume = |rx: &mut Consumer<_>| {
                let chunk = rx.read(9).unwrap();
                let seen: Vec<usize> = chunk.runs().flatten().copied().collect();
                assert_eq!(seen, (1..=chunk.len()).collect::<Vec<_>>());
                chunk.release(seen.len().min(2));
                seen.len()
            };
            let (pushed, seen, _tx, mut rx) = beside((tx, rx), produce, consume);
            assert_eq!(rest(&mut rx), (seen.min(2) + 1..=pushed + 1).collect::<Vec<_>>());
            (pushed, seen)
        },
        [(3, 1), (3, 2), (3, 4), (4, 2), (4, 4)],
    )
}

fn a_peeked_item_is_the_next(model: Model) -> Checked {
    model.at_least(18).check_outcomes(
        || {
            let queue = bounded_in_lines_of(2, 2);
            let consume = |rx: &mut Consumer<_>| {
                let peeked = rx.peek().copied();
                if peeked.is_ok() {
                    assert_eq!(rx.pop(), peeked);
                }
                peeked
            };
            beside(queue, |tx| tx.push(7), consume).1.ok()
        },
        [Some(7), None],
    )
}

/// The producer pushes and goes; whenever the consumer hears Closed, it has both items.
fn closed_means_empty_for_ever(model: Model) -> Checked {
    model.at_least(220).check_outcomes(
        || {
            let (mut tx, mut rx) = bounded_in_lines_of(2, 2);
            let producer = thread::spawn(move || {
                tx.push(1).unwrap();
                tx.push(2).unwrap();
            });
            let (mut seen, mut closed) = (0, false);
            for _ in 0..3 {
                match rx.pop() {
                    Ok(item) => {
                        seen += 1;
                        assert_eq!(item, seen);
                    }
                    Err(error) => closed |= error == PopError::Closed,
                }
            }
            assert!(!closed || seen == 2);
            assert!(!closed || rx.is_closed());
            producer.join().unwrap();
            assert_eq!(rest(&mut rx).len(), 2 - seen);
            assert_eq!(rx.pop(), Err(PopError::Closed));
            (seen, closed)
        },
        [(0, false), (1, false), (2, false), (2, true)],
    )
}

fn a_push_learns_that_it_is_in_vain(model: Model) -> Checked {
    model.at_least(100).check_outcomes(
        || {
            let (mut tx, rx) = bounded_in_lines_of(2, 2);
            let consumer = thread::spawn(move || drop(rx));
            let first = tx.push(1).map_err(PushError::into_inner);
            let closed = tx.is_closed();
            consumer.join().unwrap();
            assert_eq!(tx.push(2), Err(PushError::Closed(2)));
            (first, closed)
        },
        [(Ok(()), false), (Ok(()), true), (Err(1), true)],
    )
}

/// Exactly one of them frees, after the other's last access: `Tracked` reports both mistakes.
fn both_ends_may_go_at_once(model: Model) -> Checked {
    model.at_least(5).check_outcomes(
        || {
            let (tx, rx) = bounded_in_lines_of::<usize>(2, 2);
            let consumer = thread::spawn(move || drop(rx));
            drop(tx);
            consumer.join().unwrap();
        },
        [()],
    )
}

fn an_item_is_dropped_once_whoever_goes_first(model: Model) -> Checked {
    model.at_least(110).check_outcomes(
        || {
            let (drops, item) = counted();
            let (mut tx, mut rx) = bounded_in_lines_of(2, 2);
            let producer = thread::spawn(move || {
                let pushed = tx.push(item()).is_ok();
                drop(tx);
                pushed
            });
            let popped = rx.pop().is_ok();
            drop(rx);
            let pushed = producer.join().unwrap();
            assert_eq!(drops.get(), 1);
            (pushed, popped)
        },
        [(false, false), (true, false), (true, true)],
    )
}

fn leftovers_are_dropped_with_the_consumer(model: Model) -> Checked {
    model.at_least(39).check_outcomes(
        || {
            let (drops, item) = counted();
            let (mut tx, rx) = bounded_in_lines_of(2, 3);
            (0..3).for_each(|_| assert!(tx.push(item()).is_ok()));
            let consumer = thread::spawn(move || drop(rx));
            let pushed = tx.push(item()).is_ok();
            consumer.join().unwrap();
            let early = drops.get();
            drop(tx);
            assert_eq!(drops.get(), 4);
            (pushed, early)
        },
        // A straggler, pushed after the consumer's last look, waits for the last handle.
        [(true, 4), (true, 3), (false, 4)],
    )
}
