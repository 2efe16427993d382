//! The ring of slots: `spmc` and `mpmc`, bounded, as long as nobody stalls; see `stalled` for when somebody does.
//!
//! Items are plain numbers whose slots the ring's `Shadow` watches. Capacities are one or two, so that each slot is used
//! again within two operations.

use loom::thread;
use raddle::{mpmc, spmc};

use crate::{Checked, Model, models};

models![
    a_push_of_the_only_producer_meets_a_pop,
    a_push_meets_a_pop,
    a_slot_comes_round_to_the_only_producer,
    a_slot_comes_round,
    two_producers_have_a_slot_each,
    two_producers_want_the_last_slot,
    two_consumers_get_an_item_each,
    two_consumers_want_the_last_item,
    a_producers_items_keep_their_order,
    a_batch_goes_in_beside_a_push,
    a_batch_comes_out_beside_a_pop,
    what_was_pushed_is_found,
    full_is_said_only_of_a_full_queue,
    a_forced_push_meets_a_pop,
    a_forced_push_meets_a_push,
    two_forced_pushes_evict_an_item_each,
    a_forced_push_of_the_only_producer_meets_two_pops,
];

/// `items` in ascending order.
fn sorted(items: impl IntoIterator<Item = i32>) -> Vec<i32> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_unstable();
    items
}

fn a_push_of_the_only_producer_meets_a_pop(model: Model) -> Checked {
    model.at_least(18).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(1);
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
    model.at_least(35).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
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

fn a_slot_comes_round_to_the_only_producer(model: Model) -> Checked {
    model.at_least(18).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(1);
            tx.push(1).unwrap();
            let consumer = thread::spawn(move || (rx.pop(), rx));
            let pushed = tx.push(2).is_ok();
            let (popped, rx) = consumer.join().unwrap();
            assert_eq!(popped, Ok(1));
            assert_eq!(rx.drain().count(), usize::from(pushed));
            pushed
        },
        [true, false],
    )
}

fn a_slot_comes_round(model: Model) -> Checked {
    model.at_least(18).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            tx.push(1).unwrap();
            let consumer = thread::spawn(move || (rx.pop(), rx));
            let pushed = tx.push(2).is_ok();
            let (popped, rx) = consumer.join().unwrap();
            assert_eq!(popped, Ok(1));
            assert_eq!(rx.drain().count(), usize::from(pushed));
            pushed
        },
        [true, false],
    )
}

fn two_producers_have_a_slot_each(model: Model) -> Checked {
    model.at_least(58).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            assert_eq!(tx.push(2), Ok(()));
            assert_eq!(producer.join().unwrap(), Ok(()));
            rx.drain().collect::<Vec<_>>()
        },
        [vec![1, 2], vec![2, 1]],
    )
}

fn two_producers_want_the_last_slot(model: Model) -> Checked {
    model.at_least(71).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).is_ok());
            let mine = tx.push(2).is_ok();
            let theirs = producer.join().unwrap();
            let expected: Vec<_> = [(theirs, 1), (mine, 2)].into_iter().filter(|p| p.0).collect();
            assert_eq!(rx.drain().collect::<Vec<_>>(), [expected[0].1]);
            (theirs, mine)
        },
        [(true, false), (false, true)],
    )
}

fn two_consumers_get_an_item_each(model: Model) -> Checked {
    model.at_least(41).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(2);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            (rx.pop().ok(), consumer.join().unwrap())
        },
        [(Some(1), Some(2)), (Some(2), Some(1))],
    )
}

fn two_consumers_want_the_last_item(model: Model) -> Checked {
    model.at_least(50).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            tx.push(1).unwrap();
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            (rx.pop().ok(), consumer.join().unwrap())
        },
        [(Some(1), None), (None, Some(1))],
    )
}

/// Also over the end of the ring, and beside another producer.
fn a_producers_items_keep_their_order(model: Model) -> Checked {
    model.at_least(176).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            let other = tx.clone();
            let producer = thread::spawn(move || (other.push(1).is_ok(), other.push(2).is_ok()));
            assert_eq!(tx.push(9), Ok(()));
            let mut seen = Vec::from_iter(rx.pop());
            assert_eq!(producer.join().unwrap(), (true, true));
            seen.extend(rx.drain());
            assert_eq!(sorted(seen.clone()), [1, 2, 9]);
            seen.retain(|&item| item != 9);
            seen
        },
        [vec![1, 2]],
    )
}

fn a_batch_goes_in_beside_a_push(model: Model) -> Checked {
    model.at_least(59).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2]).unwrap_or(0));
            let mine = tx.push(9).is_ok();
            let theirs = producer.join().unwrap();
            let items: Vec<_> = rx.drain().collect();
            let expected = [1, 2].into_iter().take(theirs).chain(mine.then_some(9));
            assert_eq!(sorted(items.clone()), sorted(expected));
            items
        },
        [vec![1, 2, 9], vec![9, 1, 2]],
    )
}

fn a_batch_comes_out_beside_a_pop(model: Model) -> Checked {
    model.at_least(57).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(3);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let other = rx.clone();
            let consumer = thread::spawn(move || {
                let mut items = Vec::new();
                let popped = other.pop_into(&mut items, 9).unwrap_or(0);
                assert_eq!(popped, items.len());
                items
            });
            let mine = rx.pop().ok();
            let theirs = consumer.join().unwrap();
            assert_eq!(sorted(mine.into_iter().chain(theirs.clone())), [1, 2]);
            (mine, theirs)
        },
        [(Some(1), vec![2]), (None, vec![1, 2])],
    )
}

/// Empty is no answer to somebody whose own push is inside, whatever others do.
fn what_was_pushed_is_found(model: Model) -> Checked {
    model.at_least(96).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).is_ok());
            assert_eq!(tx.push(2), Ok(()));
            let popped = rx.pop().expect("one is in");
            assert!(producer.join().unwrap());
            assert_eq!(sorted(rx.drain().chain([popped])), [1, 2]);
            popped
        },
        [1, 2],
    )
}

/// An item, a pop in flight and a slot that is left: the first push finds room whatever the pop does.
fn full_is_said_only_of_a_full_queue(model: Model) -> Checked {
    model.at_least(18).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            tx.push(1).unwrap();
            let consumer = thread::spawn(move || (rx.pop(), rx));
            assert_eq!(tx.push(2), Ok(()));
            let third = tx.push(3).is_ok();
            let (popped, rx) = consumer.join().unwrap();
            assert_eq!(popped, Ok(1));
            assert_eq!(rx.drain().count(), 1 + usize::from(third));
            third
        },
        [false, true],
    )
}

fn a_forced_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(104).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            tx.push(1).unwrap();
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let evicted: Vec<_> = tx.force_push(2).unwrap().collect();
            let popped = consumer.join().unwrap();
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(sorted([evicted.clone(), Vec::from_iter(popped), rest].concat()), [1, 2]);
            (evicted, popped)
        },
        [(vec![], Some(1)), (vec![1], None), (vec![1], Some(2))],
    )
}

fn a_forced_push_meets_a_push(model: Model) -> Checked {
    model.at_least(143).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            tx.push(1).unwrap();
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(2).is_ok());
            let evicted: Vec<_> = tx.force_push(3).unwrap().collect();
            let pushed = producer.join().unwrap();
            (evicted, pushed, rx.drain().collect::<Vec<_>>())
        },
        // The one that is forced takes the oldest out and puts its own in with one step.
        [(vec![1], false, vec![3])],
    )
}

fn two_forced_pushes_evict_an_item_each(model: Model) -> Checked {
    model.at_least(655).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            tx.push(1).unwrap();
            let other = tx.clone();
            let producer = thread::spawn(move || Vec::from_iter(other.force_push(2).unwrap()));
            let mine = Vec::from_iter(tx.force_push(3).unwrap());
            let theirs = producer.join().unwrap();
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(sorted([mine.clone(), theirs.clone(), rest].concat()), [1, 2, 3]);
            (mine, theirs)
        },
        [(vec![1], vec![3]), (vec![2], vec![1])],
    )
}

fn a_forced_push_of_the_only_producer_meets_two_pops(model: Model) -> Checked {
    model.at_least(178).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(1);
            tx.push(1).unwrap();
            let other = rx.clone();
            let consumer = thread::spawn(move || [other.pop().ok(), other.pop().ok()]);
            let evicted: Vec<_> = tx.force_push(2).unwrap().collect();
            let popped: Vec<_> = consumer.join().unwrap().into_iter().flatten().collect();
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(sorted([evicted.clone(), popped.clone(), rest].concat()), [1, 2]);
            (evicted, popped)
        },
        [(vec![], vec![1]), (vec![], vec![1, 2]), (vec![1], vec![]), (vec![1], vec![2])],
    )
}
