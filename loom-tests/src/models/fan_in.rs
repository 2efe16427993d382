//! The fan-in: `mpsc::bounded`, in lines of one slot and of two.
//!
//! Items are plain numbers whose slots the queue's `Shadow` watches. That a slot was skipped is made visible by an item
//! that comes out although one before it was claimed, which `len` shows.

use loom::thread;
use raddle::mpsc::{
    self,
    bounded::{Consumer, Producer},
};

use crate::{Checked, Item, Model, counted, models};

models![
    a_push_meets_a_pop,
    a_push_meets_a_pop_in_a_line,
    a_slot_comes_round,
    a_line_comes_round,
    a_producer_is_skipped,
    a_producer_is_skipped_in_a_line,
    a_producers_items_keep_their_order,
    a_producers_items_keep_their_order_across_lines,
    a_batch_crosses_lines,
    a_batch_is_skipped,
    what_was_shown_comes_next,
    a_slot_is_used_after_its_line_was_out,
    a_producer_is_back_in_the_next_lap,
    full_is_said_only_of_a_full_queue,
    full_is_seen_only_of_a_full_queue,
    a_skipped_item_is_not_overlooked,
    an_item_in_a_skipped_slot_is_dropped_once,
];

/// `items` in ascending order.
fn sorted(items: impl IntoIterator<Item = i32>) -> Vec<i32> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_unstable();
    items
}

/// Lap for lap. (A line that has come back may lie idle for one.)
fn holds_what_it_did(tx: &Producer<i32>, rx: &mut Consumer<i32>) {
    let rooms = [(); 3].map(|()| {
        let pushed: Vec<_> = (0..).take_while(|&i| tx.push(i).is_ok()).collect();
        assert_eq!(rx.drain().collect::<Vec<_>>(), pushed);
        pushed.len()
    });
    assert!(rooms[0] > 0 && rooms[1..] == [tx.capacity(); 2], "{rooms:?}");
}

/// A push beside a pop, in lines of so many slots.
fn push_meets_pop(slots: usize) -> Option<i32> {
    let (tx, mut rx) = mpsc::bounded_in_lines_of(slots, 1);
    let producer = thread::spawn(move || (tx.push(7), tx));
    let popped = rx.pop();
    let (pushed, _tx) = producer.join().unwrap();
    assert_eq!(pushed, Ok(()));
    assert_eq!(rx.drain().count(), usize::from(popped.is_err()));
    popped.ok()
}

fn a_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(84).check_outcomes(|| push_meets_pop(1), [Some(7), None])
}

fn a_push_meets_a_pop_in_a_line(model: Model) -> Checked {
    model.at_least(84).check_outcomes(|| push_meets_pop(2), [Some(7), None])
}

/// The only line is full, and taken out by another thread: whether there is room by then.
fn comes_round(slots: i32) -> bool {
    let (tx, mut rx) = mpsc::bounded_in_lines_of(slots as usize, 1);
    (0..slots).for_each(|i| tx.push(i).unwrap());
    let consumer = thread::spawn(move || {
        (0..slots).for_each(|i| assert_eq!(rx.pop(), Ok(i)));
        rx
    });
    let pushed = tx.push(9).is_ok();
    let mut rx = consumer.join().unwrap();
    assert_eq!(rx.drain().count(), usize::from(pushed));
    pushed
}

fn a_slot_comes_round(model: Model) -> Checked {
    model.at_least(15).check_outcomes(|| comes_round(1), [true, false])
}

fn a_line_comes_round(model: Model) -> Checked {
    model.at_least(15).check_outcomes(|| comes_round(2), [true, false])
}

/// `(1, 2)`: the other had claimed the slot before ours, and yet ours comes out first. Then the queue holds what it
/// did.
fn skips(slots: usize, capacity: usize) -> (usize, i32) {
    let (tx, mut rx) = mpsc::bounded_in_lines_of(slots, capacity);
    let other = tx.clone();
    let producer = thread::spawn(move || other.push(1));
    let claimed = tx.len();
    tx.push(2).unwrap();
    let popped = rx.pop().expect("one is in");
    assert_eq!(producer.join().unwrap(), Ok(()));
    assert_eq!((rx.len(), rx.is_empty()), (1, false));
    assert_eq!(sorted(rx.drain().chain([popped])), [1, 2]);
    assert_eq!((rx.len(), rx.is_full()), (0, false));
    holds_what_it_did(&tx, &mut rx);
    (claimed, popped)
}

fn a_producer_is_skipped(model: Model) -> Checked {
    model.at_least(132).check_outcomes(|| skips(1, 2), [(0, 1), (0, 2), (1, 1), (1, 2)])
}

fn a_producer_is_skipped_in_a_line(model: Model) -> Checked {
    model.at_least(130).check_outcomes(|| skips(2, 2), [(0, 1), (0, 2), (1, 1), (1, 2)])
}

/// Whatever was skipped: what one producer has pushed, and what was pushed when it had begun.
fn keeps_order(slots: usize, capacity: usize) -> Vec<i32> {
    let (tx, mut rx) = mpsc::bounded_in_lines_of(slots, capacity);
    let other = tx.clone();
    let producer = thread::spawn(move || (other.push(1).is_ok(), other.push(2).is_ok()));
    assert_eq!(tx.push(9), Ok(()));
    let mut seen = vec![rx.pop().expect("one is in")];
    seen.extend(rx.pop());
    assert_eq!(producer.join().unwrap(), (true, true));
    seen.extend(rx.drain());
    assert_eq!(sorted(seen.clone()), [1, 2, 9]);
    seen.retain(|&item| item != 9);
    seen
}

fn a_producers_items_keep_their_order(model: Model) -> Checked {
    model.preemptions(3).at_least(10336).check_outcomes(|| keeps_order(1, 3), [vec![1, 2]])
}

fn a_producers_items_keep_their_order_across_lines(model: Model) -> Checked {
    model.preemptions(3).at_least(11584).check_outcomes(|| keeps_order(2, 3), [vec![1, 2]])
}

fn a_batch_crosses_lines(model: Model) -> Checked {
    model.at_least(153).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded_in_lines_of(2, 2);
            tx.push(0).unwrap();
            assert_eq!(rx.pop(), Ok(0));
            let producer = thread::spawn(move || (tx.push_slice(&[1, 2]), tx));
            let mut items = Vec::with_capacity(9);
            let popped = rx.pop_into(&mut items, 9).unwrap_or(0);
            assert_eq!(popped, items.len());
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(2));
            items.extend(rx.drain());
            assert_eq!(items, [1, 2]);
            popped
        },
        [0, 1, 2],
    )
}

/// Both slots of a batch, or the one that isn't filled yet.
fn a_batch_is_skipped(model: Model) -> Checked {
    model.at_least(718).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded_in_lines_of(2, 3);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2]));
            let claimed = tx.len();
            assert_eq!(tx.push(9), Ok(()));
            let mut all = vec![rx.pop().expect("one is in")];
            all.extend(rx.pop());
            assert_eq!(producer.join().unwrap(), Ok(2));
            all.extend(rx.drain());
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

/// Also if the slot that was skipped is filled meanwhile.
fn what_was_shown_comes_next(model: Model) -> Checked {
    model.preemptions(3).at_least(325).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded_in_lines_of(2, 2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            tx.push(2).unwrap();
            let shown = *rx.peek().expect("one is in");
            assert_eq!(rx.pop(), Ok(shown));
            assert_eq!(producer.join().unwrap(), Ok(()));
            let next = rx.peek().copied();
            assert_eq!((next, rx.pop()), (Ok(3 - shown), Ok(3 - shown)));
            shown
        },
        [1, 2],
    )
}

/// By the producer that was skipped, which has nothing of the consumer's but the word of the line.
fn is_used_again(slots: usize, pushes: i32) -> Vec<i32> {
    let (tx, mut rx) = mpsc::bounded_in_lines_of(slots, 2);
    let other = tx.clone();
    let consumer = thread::spawn(move || {
        let _ = other.push(0);
        let first = rx.pop().expect("one is in");
        (first, rx.pop().ok(), rx)
    });
    let pushed: Vec<_> = (1..=pushes).filter(|&i| tx.push(i).is_ok()).collect();
    let (first, second, mut rx) = consumer.join().unwrap();
    let mut all: Vec<_> = [first].into_iter().chain(second).collect();
    let popped = all.clone();
    all.extend(rx.drain());
    assert_eq!((rx.len(), rx.is_full()), (0, false));
    all.retain(|&item| item != 0);
    assert_eq!(all, pushed);
    popped
}

fn a_slot_is_used_after_its_line_was_out(model: Model) -> Checked {
    model.at_least(11668).check_outcomes(
        || is_used_again(1, 3),
        [vec![0], vec![0, 1], vec![1], vec![1, 0], vec![1, 2]],
    )
}

/// Its place among those that were pushed meanwhile.
fn a_producer_is_back_in_the_next_lap(model: Model) -> Checked {
    model.at_least(5937).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded_in_lines_of(2, 1);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            let mut all = Vec::new();
            let mut sent = Vec::new();
            for i in [2, 3, 4] {
                // With its only line out the queue is full.
                sent.extend(tx.push(i).ok().map(|()| i));
                all.extend(rx.drain());
            }
            let is_in = producer.join().unwrap().is_ok();
            all.extend(rx.drain());
            let place = all.iter().position(|&item| item == 1);
            assert_eq!(place.is_some(), is_in);
            all.retain(|&item| item != 1);
            assert_eq!(all, sent);
            holds_what_it_did(&tx, &mut rx);
            place
        },
        [None, Some(0), Some(1), Some(2), Some(3)],
    )
}

/// One is inside, and then another: never two.
fn full_is_said_only_of_a_full_queue(model: Model) -> Checked {
    model.at_least(50).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded_in_lines_of(1, 2);
            tx.push(1).unwrap();
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(2).is_ok());
            assert_eq!(rx.pop(), Ok(1));
            assert_eq!(tx.push(3), Ok(()));
            assert!(producer.join().unwrap());
            rx.drain().collect::<Vec<_>>()
        },
        [vec![2, 3], vec![3, 2]],
    )
}

fn full_is_seen_only_of_a_full_queue(model: Model) -> Checked {
    model.at_least(140).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded_in_lines_of(1, 2);
            tx.push(1).unwrap();
            let other = tx.clone();
            let watcher = thread::spawn(move || (other.is_full(), other.len()));
            assert_eq!(rx.pop(), Ok(1));
            assert_eq!(tx.push(3), Ok(()));
            let (is_full, len) = watcher.join().unwrap();
            assert!(!is_full);
            len
        },
        [0, 1, 2],
    )
}

/// Two are in, and no more than one of them is taken.
fn a_skipped_item_is_not_overlooked(model: Model) -> Checked {
    model.preemptions(3).at_least(4422).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded_in_lines_of(1, 2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).is_ok());
            tx.push(2).unwrap();
            let consumer = thread::spawn(move || (rx.pop().ok(), rx));
            assert!(producer.join().unwrap());
            let len = tx.len();
            let (popped, mut rx) = consumer.join().unwrap();
            assert_eq!(rx.drain().count(), 1);
            (popped, len)
        },
        [(Some(1), 1), (Some(1), 2), (Some(2), 1), (Some(2), 2)],
    )
}

fn an_item_in_a_skipped_slot_is_dropped_once(model: Model) -> Checked {
    model.at_least(1468).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, mut rx) = mpsc::bounded_in_lines_of::<Item>(2, 2);
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
