//! The ring of lines, with several slots to a line: what one word of state says of them all, threads that stall included.
//!
//! A ring of one line of two slots comes round after two pushes; with two lines a line may be passed over. Items are plain
//! numbers whose slots the line's `Shadow` watches. With one slot to a line, see `ring` and `stalled`.

use std::collections::VecDeque;

use loom::thread;
use raddle::mpmc;

use crate::{Checked, Item, Model, counted, models};

models![
    a_push_meets_a_pop,
    two_producers_fill_a_line,
    two_consumers_empty_a_line,
    a_line_comes_round,
    a_batch_meets_pops,
    a_batch_crosses_lines,
    a_slot_is_spoilt,
    a_batch_moves_on_from_spoilt_slots,
    a_deque_gets_back_what_found_no_slot,
    a_line_is_passed_over,
    a_line_is_used_after_it_was_out,
    a_forced_push_clears_a_line,
    an_item_in_a_spoilt_slot_is_dropped_once,
];

fn sorted(items: impl IntoIterator<Item = i32>) -> Vec<i32> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_unstable();
    items
}

fn a_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(31).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 1);
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

fn two_producers_fill_a_line(model: Model) -> Checked {
    model.at_least(89).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 1);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            assert_eq!(tx.push(2), Ok(()));
            assert_eq!(producer.join().unwrap(), Ok(()));
            assert!(tx.is_full() && tx.push(3).is_err());
            rx.drain().collect::<Vec<_>>()
        },
        [vec![1, 2], vec![2, 1]],
    )
}

/// Each ends one slot; whoever comes second ends the line.
fn two_consumers_empty_a_line(model: Model) -> Checked {
    model.at_least(64).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 1);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mine = rx.pop().ok();
            let theirs = consumer.join().unwrap();
            assert_eq!((tx.push_slice(&[3, 4]), tx.is_full()), (Ok(2), true));
            assert_eq!(rx.drain().collect::<Vec<_>>(), [3, 4]);
            (mine, theirs)
        },
        [(Some(1), Some(2)), (Some(2), Some(1))],
    )
}

fn a_line_comes_round(model: Model) -> Checked {
    model.at_least(42).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 1);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let consumer = thread::spawn(move || (rx.pop(), rx.pop(), rx));
            let pushed = tx.push(3).is_ok();
            let (first, second, rx) = consumer.join().unwrap();
            assert_eq!((first, second), (Ok(1), Ok(2)));
            assert_eq!(rx.drain().count(), usize::from(pushed));
            pushed
        },
        [false, true],
    )
}

/// All of a line appears at once.
fn a_batch_meets_pops(model: Model) -> Checked {
    model.at_least(99).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 2);
            let producer = thread::spawn(move || (tx.push_slice(&[1, 2]), tx));
            let popped = [rx.pop().ok(), rx.pop().ok()];
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(2));
            let all: Vec<_> = popped.into_iter().flatten().chain(rx.drain()).collect();
            assert_eq!(all, [1, 2]);
            popped
        },
        [[None, None], [None, Some(1)], [Some(1), Some(2)]],
    )
}

fn a_batch_crosses_lines(model: Model) -> Checked {
    model.at_least(139).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 2);
            let producer = thread::spawn(move || (tx.push_slice(&[1, 2, 3]), tx));
            let mut items = Vec::new();
            let popped = rx.pop_into(&mut items, 9).unwrap_or(0);
            assert_eq!(popped, items.len());
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(3));
            items.extend(rx.drain());
            assert_eq!(items, [1, 2, 3]);
            popped
        },
        [0, 1, 2, 3],
    )
}

/// `(1, 2)`: the other had claimed the slot before ours, and yet ours comes out first.
fn a_slot_is_spoilt(model: Model) -> Checked {
    model.at_least(238).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(3, 1);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            let claimed = tx.len();
            tx.push(2).unwrap();
            let popped = rx.pop().expect("one is in");
            assert_eq!(producer.join().unwrap(), Ok(()));
            assert_eq!(sorted(rx.drain().chain([popped])), [1, 2]);
            (claimed, popped)
        },
        [(0, 1), (0, 2), (1, 1), (1, 2)],
    )
}

fn a_batch_moves_on_from_spoilt_slots(model: Model) -> Checked {
    model.preemptions(3).at_least(1516).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(3, 3);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2]));
            let claimed = tx.len();
            assert_eq!(tx.push(9), Ok(()));
            let first = rx.pop().ok();
            assert_eq!(producer.join().unwrap(), Ok(2));
            let all: Vec<_> = first.into_iter().chain(rx.drain()).collect();
            let theirs: Vec<_> = all.iter().copied().filter(|&item| item != 9).collect();
            assert_eq!((theirs, all.len()), (vec![1, 2], 3));
            (claimed, all)
        },
        [
            (0, vec![1, 2, 9]),
            (0, vec![1, 9, 2]),
            (0, vec![9, 1, 2]),
            (2, vec![1, 2, 9]),
            (2, vec![1, 9, 2]),
            (2, vec![9, 1, 2]),
        ],
    )
}

fn a_deque_gets_back_what_found_no_slot(model: Model) -> Checked {
    model.preemptions(3).at_least(1349).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(3, 1);
            let other = tx.clone();
            let producer = thread::spawn(move || {
                let mut items = VecDeque::from([1, 2]);
                (other.push_from(&mut items).unwrap_or(0), items)
            });
            let mine = tx.push(9).is_ok();
            let popped = rx.pop().ok();
            let (pushed, left) = producer.join().unwrap();
            assert_eq!(Vec::from(left), [1, 2][pushed..]);
            let all: Vec<_> = popped.into_iter().chain(rx.drain()).collect();
            assert_eq!(all.len(), pushed + usize::from(mine));
            let theirs: Vec<_> = all.into_iter().filter(|&item| item != 9).collect();
            assert_eq!(theirs, [1, 2][..pushed]);
            (popped, pushed)
        },
        [(Some(1), 1), (Some(1), 2), (Some(9), 0), (Some(9), 2)],
    )
}

/// The last push is of the first line's next lap: if that is not over, it goes into the other line.
fn a_line_is_passed_over(model: Model) -> Checked {
    model.at_least(5632).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 2);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            assert_eq!(tx.push_slice(&[3, 4]), Ok(2));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mut mine: Vec<_> = rx.drain().collect();
            let pushed = tx.push(5).is_ok();
            mine.extend(consumer.join().unwrap());
            mine.extend(rx.drain());
            assert_eq!(sorted(mine), (1..=4).chain(pushed.then_some(5)).collect::<Vec<_>>());
            // Whatever happened, the ring holds what was asked for again, and all of it when it has come round.
            let rooms = [(); 3].map(|()| {
                let room = (0..).take_while(|&i| tx.push(i).is_ok()).count();
                assert_eq!(rx.drain().count(), room);
                room
            });
            assert!(rooms[0] > 0 && rooms[1] >= 2 && rooms[2] >= 2, "{rooms:?}");
            pushed
        },
        [true],
    )
}

fn a_line_is_used_after_it_was_out(model: Model) -> Checked {
    model.at_least(24551).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 1);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            let mut all = Vec::new();
            let mut sent = Vec::new();
            for i in [2, 3, 4] {
                // A line that was passed over counts until the consumer has come to it.
                sent.extend(tx.push(i).ok().map(|()| i));
                all.extend(rx.drain());
            }
            let is_in = producer.join().unwrap().is_ok();
            all.extend(rx.drain());
            let place = all.iter().position(|&item| item == 1);
            assert_eq!(place.is_some(), is_in);
            all.retain(|&item| item != 1);
            assert_eq!(all, sent);
            place
        },
        [None, Some(0), Some(1), Some(2), Some(3)],
    )
}

fn a_forced_push_clears_a_line(model: Model) -> Checked {
    model.at_least(3155).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 1);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let evicted: Vec<_> = tx.force_push(3).unwrap().collect();
            let popped = consumer.join().unwrap();
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(sorted([evicted.clone(), Vec::from_iter(popped), rest].concat()), [1, 2, 3]);
            (evicted, popped)
        },
        [(vec![1, 2], None), (vec![1, 2], Some(3)), (vec![1], Some(2)), (vec![2], Some(1))],
    )
}

fn an_item_in_a_spoilt_slot_is_dropped_once(model: Model) -> Checked {
    model.at_least(797).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, rx) = mpmc::bounded_in_lines_of::<Item>(2, 2);
            let (other, theirs) = (tx.clone(), item.clone());
            let producer = thread::spawn(move || other.push(theirs()).is_ok());
            let claimed = tx.len();
            assert!(tx.push(item()).is_ok());
            drop(rx.pop().expect("one is in"));
            assert_eq!(drops.get(), 1);
            drop(rx);
            drop(tx);
            let pushed = producer.join().unwrap();
            assert_eq!(drops.get(), 2);
            (claimed, pushed)
        },
        [(0, false), (0, true), (1, true)],
    )
}
