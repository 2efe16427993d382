//! The ring of slots, when a thread stalls between claiming a slot and handing it over: others pass over that slot.
//!
//! Whether the way over a slot was taken is made visible: by an item that comes out although one before it was claimed (a
//! producer that stalls has moved `tail`, which `len` shows), or by an index that counts as an item after all is done
//! (what a consumer that stalled leaves behind).

use std::collections::VecDeque;

use loom::thread;
use raddle::{mpmc, spmc};

use crate::{Checked, Item, Model, counted, models};

models![
    a_consumer_passes_over_a_producer,
    a_producer_pushes_again_into_the_next_lap,
    a_batch_keeps_its_order_when_it_is_passed_over,
    a_deque_gets_back_what_did_not_go_in,
    a_batch_is_popped_beside_a_producer,
    a_producer_passes_over_a_consumer,
    the_only_producer_passes_over_a_consumer,
    a_consumer_is_passed_over_twice,
    a_slot_is_used_after_its_consumer_came_back,
    a_slot_is_used_after_its_producer_came_back,
    a_producer_is_passed_over_in_the_next_lap,
    a_forced_push_is_passed_over,
    an_item_in_a_slot_that_was_passed_over_is_dropped_once,
    a_slot_in_two_hands_is_passed_over,
];

fn sorted(items: impl IntoIterator<Item = i32>) -> Vec<i32> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_unstable();
    items
}

/// `(1, 2)`: the other had claimed the slot before ours, and yet ours comes out first.
fn a_consumer_passes_over_a_producer(model: Model) -> Checked {
    model.at_least(129).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            let claimed = tx.len();
            tx.push(2).unwrap();
            let popped = rx.pop().expect("one is in");
            assert_eq!(producer.join().unwrap(), Ok(()));
            assert_eq!(sorted(rx.drain().chain([popped])), [1, 2]);
            assert_eq!(rx.len(), 0);
            (claimed, popped)
        },
        [(0, 1), (0, 2), (1, 1), (1, 2)],
    )
}

/// The slot goes back for the right lap: the ring then holds as much as ever, again and again.
fn a_producer_pushes_again_into_the_next_lap(model: Model) -> Checked {
    model.at_least(129).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            let claimed = tx.len();
            tx.push(2).unwrap();
            let popped = rx.pop().expect("one is in");
            assert_eq!(producer.join().unwrap(), Ok(()));
            assert_eq!(rx.drain().count(), 1);
            for i in [3, 5, 7] {
                assert_eq!((tx.push(i), tx.push(i + 1)), (Ok(()), Ok(())));
                assert!(tx.push(0).is_err());
                assert_eq!(rx.drain().collect::<Vec<_>>(), [i, i + 1]);
            }
            (claimed, popped)
        },
        [(0, 1), (0, 2), (1, 1), (1, 2)],
    )
}

/// The slot that is passed over is left out, so nothing overtakes.
fn a_batch_keeps_its_order_when_it_is_passed_over(model: Model) -> Checked {
    model.at_least(251).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[1, 2]));
            let claimed = tx.len();
            let first = rx.pop().ok();
            assert_eq!(tx.push(9), Ok(()));
            let second = rx.pop().expect("one is in");
            let pushed = producer.join().unwrap().unwrap();
            let mut all: Vec<_> = first.into_iter().chain([second]).collect();
            all.extend(rx.drain());
            let theirs: Vec<_> = all.iter().copied().filter(|&item| item != 9).collect();
            assert_eq!(theirs, [1, 2][..pushed]);
            (claimed, first, all)
        },
        [
            (0, None, vec![1, 2, 9]),
            (0, None, vec![9, 1, 2]),
            (0, Some(1), vec![1, 2, 9]),
            (0, Some(1), vec![1, 9, 2]),
            (2, None, vec![9, 1, 2]),
            (2, Some(1), vec![1, 2, 9]),
            (2, Some(1), vec![1, 9, 2]),
        ],
    )
}

/// The last item of a batch finds no slot: it is there again, at the front.
fn a_deque_gets_back_what_did_not_go_in(model: Model) -> Checked {
    model.at_least(710).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let (other, filler) = (tx.clone(), tx.clone());
            let producer = thread::spawn(move || {
                let mut items = VecDeque::from([1, 2]);
                let pushed = other.push_from(&mut items).unwrap_or(0);
                (pushed, items)
            });
            let claimed = tx.len();
            let popped = rx.pop().ok();
            let mine = [filler.push(8).is_ok(), filler.push(9).is_ok()];
            let (pushed, left) = producer.join().unwrap();
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(Vec::from(left), [1, 2][pushed..]);
            let theirs: Vec<_> = popped.iter().chain(&rest).copied().filter(|&i| i < 8).collect();
            assert_eq!(theirs, [1, 2][..pushed]);
            let ours = mine.iter().filter(|&&is| is).count();
            assert_eq!(rest.len() + usize::from(popped.is_some()), pushed + ours);
            (claimed, popped, pushed, ours)
        },
        [
            (0, None, 0, 2),
            (0, None, 1, 1),
            (0, None, 2, 0),
            (0, Some(1), 1, 2),
            (0, Some(1), 2, 1),
            (1, None, 1, 1),
            (1, None, 2, 0),
            (1, Some(1), 1, 2),
            (1, Some(1), 2, 1),
            (2, Some(1), 2, 1),
        ],
    )
}

fn a_batch_is_popped_beside_a_producer(model: Model) -> Checked {
    model.at_least(188).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1));
            let claimed = tx.len();
            assert_eq!(tx.push_slice(&[2, 3]), Ok(2));
            let mut items = Vec::new();
            let popped = rx.pop_into(&mut items, 9).expect("two are in");
            assert_eq!(popped, items.len());
            let pushed = producer.join().unwrap().is_ok();
            let seen = items.clone();
            items.extend(rx.drain());
            assert_eq!(sorted(items.clone()), [1, 2, 3][usize::from(!pushed)..]);
            items.retain(|&item| item != 1);
            assert_eq!(items, [2, 3]);
            (claimed, pushed, seen)
        },
        [
            (0, true, vec![1, 2, 3]),
            (0, true, vec![2, 3]),
            (0, true, vec![2, 3, 1]),
            (1, true, vec![1, 2, 3]),
            (1, true, vec![2, 3]),
        ],
    )
}

/// The consumer of the first item stalls; a lap later its slot is passed over, which leaves an index that counts.
fn a_producer_passes_over_a_consumer(model: Model) -> Checked {
    model.at_least(68).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().unwrap());
            let mine = rx.pop().unwrap();
            let pushed = tx.push(4).is_ok();
            let theirs = consumer.join().unwrap();
            assert_eq!(sorted([mine, theirs]), [1, 2]);
            let counted = tx.len();
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(rest, [3, 4][..1 + usize::from(pushed)]);
            for i in [5, 8, 11] {
                assert_eq!(tx.push_slice(&[i, i + 1, i + 2, i + 3]), Ok(3));
                assert_eq!(rx.drain().collect::<Vec<_>>(), [i, i + 1, i + 2]);
            }
            (theirs, pushed, counted - rest.len())
        },
        [(1, true, 0), (1, true, 1), (2, true, 0)],
    )
}

fn the_only_producer_passes_over_a_consumer(model: Model) -> Checked {
    model.at_least(53).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(3);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().unwrap());
            let mine = rx.pop().unwrap();
            let pushed = tx.push(4).is_ok();
            let theirs = consumer.join().unwrap();
            assert_eq!(sorted([mine, theirs]), [1, 2]);
            let counted = tx.len();
            let rest: Vec<_> = rx.drain().collect();
            assert_eq!(rest, [3, 4][..1 + usize::from(pushed)]);
            for i in [5, 8, 11] {
                assert_eq!(tx.push_slice(&[i, i + 1, i + 2, i + 3]), Ok(3));
                assert_eq!(rx.drain().collect::<Vec<_>>(), [i, i + 1, i + 2]);
            }
            (theirs, pushed, counted - rest.len())
        },
        [(1, true, 0), (1, true, 1), (2, true, 0)],
    )
}

/// The ring goes round twice while the consumer of the first item is away.
fn a_consumer_is_passed_over_twice(model: Model) -> Checked {
    model.at_least(679).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(3);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mut mine = Vec::new();
            let mut pushed = 3;
            let mut full = 0;
            for i in 4..=6 {
                mine.extend(rx.pop());
                if tx.push(i).is_ok() { pushed += 1 } else { full += 1 }
            }
            let theirs = consumer.join().unwrap();
            let counted = tx.len();
            let rest: Vec<_> = rx.drain().collect();
            let n = rest.len();
            let all = sorted([mine, rest, Vec::from_iter(theirs)].concat());
            assert_eq!(all.len(), pushed);
            for i in [15, 18] {
                assert_eq!(tx.push_slice(&[i, i + 1, i + 2, i + 3]), Ok(3));
                assert_eq!(rx.drain().collect::<Vec<_>>(), [i, i + 1, i + 2]);
            }
            (theirs, full, counted - n)
        },
        [
            (Some(1), 0, 0),
            (Some(1), 0, 1),
            (Some(2), 0, 0),
            (Some(2), 0, 1),
            (Some(3), 0, 0),
            (Some(3), 0, 1),
            (Some(4), 0, 0),
        ],
    )
}

/// A producer that was passed over by the consumer is still away when the ring comes round.
fn a_producer_is_passed_over_in_the_next_lap(model: Model) -> Checked {
    model.at_least(1966).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).is_ok());
            let claimed = tx.len();
            let mut mine = Vec::new();
            for i in 2..=4 {
                tx.push(i).unwrap();
                mine.extend(rx.pop());
            }
            let theirs = producer.join().unwrap();
            let counted = tx.len();
            let rest: Vec<_> = rx.drain().collect();
            let n = rest.len();
            assert_eq!(sorted([mine.clone(), rest].concat()), [1, 2, 3, 4][usize::from(!theirs)..]);
            for i in [5, 8] {
                assert_eq!(tx.push_slice(&[i, i + 1, i + 2, i + 3]), Ok(3));
                assert_eq!(rx.drain().collect::<Vec<_>>(), [i, i + 1, i + 2]);
            }
            (claimed, theirs, mine, counted - n)
        },
        [
            (0, true, vec![1, 2, 3], 0),
            (0, true, vec![2, 1, 3], 0),
            (0, true, vec![2, 3, 1], 0),
            (0, true, vec![2, 3, 4], 0),
            (1, true, vec![1, 2, 3], 0),
            (1, true, vec![2, 3, 4], 0),
        ],
    )
}

/// Between taking the oldest item out and putting its own in, the other is overtaken by a pop and a push.
fn a_forced_push_is_passed_over(model: Model) -> Checked {
    model.at_least(560).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = tx.clone();
            let producer = thread::spawn(move || Vec::from_iter(other.force_push(4).unwrap()));
            let popped = rx.pop().unwrap();
            let pushed = tx.push(5).is_ok();
            let evicted = producer.join().unwrap();
            let rest: Vec<_> = rx.drain().collect();
            let all = sorted([vec![popped], evicted.clone(), rest.clone()].concat());
            assert_eq!(all, [1, 2, 3, 4, 5][..4 + usize::from(pushed)]);
            (popped, evicted, rest)
        },
        [
            (1, vec![], vec![2, 3, 4]),
            (1, vec![2], vec![3, 4]),
            (1, vec![2], vec![3, 4, 5]),
            (1, vec![2], vec![3, 5, 4]),
            (1, vec![2, 3], vec![5, 4]),
            (2, vec![1], vec![3, 4, 5]),
            (2, vec![1, 3], vec![5, 4]),
        ],
    )
}

fn an_item_in_a_slot_that_was_passed_over_is_dropped_once(model: Model) -> Checked {
    model.at_least(459).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, rx) = mpmc::bounded::<Item>(2);
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

/// The ring comes round to a slot that its consumer has just given back.
fn a_slot_is_used_after_its_consumer_came_back(model: Model) -> Checked {
    model.at_least(750).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(3);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            // Both in threads of their own, so that neither needs a preemption to begin.
            let both = thread::spawn(move || {
                let mut all = Vec::new();
                let mut pushed = Vec::new();
                for item in 4..=5 {
                    all.extend(rx.pop());
                    pushed.extend(tx.push(item).ok().map(|()| item));
                }
                pushed.extend(tx.push(6).ok().map(|()| 6));
                (all, pushed, rx)
            });
            let theirs = consumer.join().unwrap();
            let (all, pushed, rx) = both.join().unwrap();
            assert_eq!(
                sorted(all.into_iter().chain(theirs).chain(rx.drain())),
                [vec![1, 2, 3], pushed].concat()
            );
            theirs
        },
        [Some(1), Some(2), Some(3)],
    )
}

fn a_slot_is_used_after_its_producer_came_back(model: Model) -> Checked {
    model.at_least(1014).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).is_ok());
            let both = thread::spawn(move || {
                let mut pushed = Vec::from_iter(tx.push(2).ok().map(|()| 2));
                let all = Vec::from_iter(rx.pop());
                pushed.extend(tx.push(3).ok().map(|()| 3));
                (all, pushed, rx)
            });
            let theirs = producer.join().unwrap();
            let (mut all, mut pushed, rx) = both.join().unwrap();
            let seen = all.len();
            all.extend(rx.drain());
            pushed.extend(theirs.then_some(1));
            assert_eq!(sorted(all), sorted(pushed));
            (theirs, seen)
        },
        [(true, 1)],
    )
}

/// A producer and the consumer that is about to spoil its slot stall, both, until the ring has come round.
fn a_slot_in_two_hands_is_passed_over(model: Model) -> Checked {
    model.at_least(42171).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let (first, second, other) = (tx.clone(), tx.clone(), rx.clone());
            let producer = thread::spawn(move || first.push(1).is_ok());
            let consumer = thread::spawn(move || (second.push(2).is_ok(), other.pop().ok()));
            // Without a preemption.
            thread::yield_now();
            let mine = rx.pop().ok();
            let three = tx.push(3).is_ok();
            let one = producer.join().unwrap();
            let (two, theirs) = consumer.join().unwrap();
            let all = sorted(rx.drain().chain(mine).chain(theirs));
            let pushed = [(one, 1), (two, 2), (three, 3)];
            assert_eq!(all, Vec::from_iter(pushed.iter().filter(|p| p.0).map(|p| p.1)));
        },
        [()],
    )
}
