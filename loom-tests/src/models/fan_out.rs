//! Fan out: the only producer says by stores what is filled, consumers count what is empty again; a consumer that stalls is passed
//! by with its line.
//!
//! Lines of two, so that a line goes on after a slot of it has ended. Items are plain numbers whose slots the line's `Shadow`
//! watches. With one slot to a line, see `ring` and `stalled`.

use loom::thread;
use raddle::spmc;

use crate::{Checked, Item, Model, counted, models};

models![
    pushes_meet_pops,
    a_line_comes_round,
    a_batch_meets_a_batch,
    who_was_overtaken_finds_what_is_left,
    a_stalled_consumer_is_passed_by,
    a_walk_that_came_to_nothing,
    a_forced_push_meets_a_pop,
    a_stalled_consumers_item_is_dropped_once,
];

fn pushes_meet_pops(model: Model) -> Checked {
    model.at_least(73).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded_in_lines_of(2, 1);
            let producer = thread::spawn(move || (tx.push(7), tx.push(8), tx));
            let popped = (rx.pop().ok(), rx.pop().ok());
            let (first, second, _tx) = producer.join().unwrap();
            assert_eq!((first, second), (Ok(()), Ok(())));
            let rest: Vec<_> = rx.drain().collect();
            let all: Vec<_> = popped.0.into_iter().chain(popped.1).chain(rest).collect();
            assert_eq!(all, [7, 8]);
            popped
        },
        [(None, None), (None, Some(7)), (Some(7), None), (Some(7), Some(8))],
    )
}

fn a_line_comes_round(model: Model) -> Checked {
    model.at_least(73).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded_in_lines_of(2, 1);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let consumer = thread::spawn(move || (rx.pop(), rx.pop(), rx));
            let pushed = tx.push_slice(&[3, 4]).unwrap_or(0);
            let (first, second, rx) = consumer.join().unwrap();
            assert_eq!((first, second), (Ok(1), Ok(2)));
            assert_eq!(rx.drain().count(), pushed);
            pushed
        },
        [0, 2],
    )
}

fn a_batch_meets_a_batch(model: Model) -> Checked {
    model.at_least(30).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded_in_lines_of(2, 2);
            let producer = thread::spawn(move || (tx.push_slice(&[1, 2, 3]), tx));
            let mut items = Vec::with_capacity(9);
            let popped = rx.pop_into(&mut items, 9).unwrap_or(0);
            assert_eq!(popped, items.len());
            let (pushed, _tx) = producer.join().unwrap();
            assert_eq!(pushed, Ok(3));
            items.extend(rx.drain());
            assert_eq!(items, [1, 2, 3]);
            popped
        },
        [0, 2, 3],
    )
}

/// Both find an item, whoever is first, since both were in before.
fn who_was_overtaken_finds_what_is_left(model: Model) -> Checked {
    model.at_least(31).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded_in_lines_of(2, 1);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop());
            let mine = rx.pop().expect("two are in");
            let theirs = consumer.join().unwrap().expect("two were in");
            assert_eq!(tx.push_slice(&[3, 4]), Ok(2));
            assert_eq!(rx.drain().collect::<Vec<_>>(), [3, 4]);
            (mine, theirs)
        },
        [(1, 2), (2, 1)],
    )
}

/// The last push is of the first line's next lap: if a consumer is still in there, it goes into the other line.
fn a_stalled_consumer_is_passed_by(model: Model) -> Checked {
    model.at_least(1795).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded_in_lines_of(2, 2);
            assert_eq!(tx.push_slice(&[1, 2, 3, 4]), Ok(4));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let mut mine: Vec<_> = rx.drain().collect();
            let pushed: Vec<_> = [5, 6].into_iter().filter(|&i| tx.push(i).is_ok()).collect();
            let late: Vec<_> = rx.pop().ok().into_iter().collect();
            let theirs = consumer.join().unwrap();
            let rest: Vec<_> = rx.drain().collect();
            for part in [&mine, &late, &rest] {
                assert!(part.is_sorted(), "{part:?}");
            }
            mine.extend(theirs);
            mine.extend(late);
            mine.extend(rest);
            mine.sort_unstable();
            assert_eq!(mine, (1..=4).chain(pushed.iter().copied()).collect::<Vec<_>>());
            // Whatever happened, it holds what was asked for again.
            for i in [10, 20, 30] {
                assert_eq!(tx.push_slice(&[i, i + 1]), Ok(2));
                assert_eq!(rx.drain().collect::<Vec<_>>(), [i, i + 1]);
            }
            (pushed.len(), theirs.is_some())
        },
        [(2, false), (2, true)],
    )
}

/// The producer asks for slots and gives them back, before and after the consumer has left the first line.
fn a_walk_that_came_to_nothing(model: Model) -> Checked {
    model.at_least(755).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded_in_lines_of(2, 2);
            assert_eq!(tx.push_slice(&[1, 2, 3]), Ok(3));
            let other = rx.clone();
            let consumer = thread::spawn(move || (other.pop().ok(), other.pop().ok()));
            let mut all: Vec<_> = rx.drain().collect();
            let room = tx.reserve(9).map_or(0, |chunk| chunk.len());
            let (first, second) = consumer.join().unwrap();
            assert_eq!(rx.pop().ok(), None);
            for i in [4, 5, 6, 7, 8] {
                assert_eq!((tx.push(i), rx.pop()), (Ok(()), Ok(i)));
            }
            all.extend(first.into_iter().chain(second));
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3]);
            room
        },
        [1, 3],
    )
}

fn a_forced_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(581).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded_in_lines_of(2, 1);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let consumer = thread::spawn(move || (rx.pop().ok(), rx));
            let evicted: Vec<_> = tx.force_push(3).unwrap().collect();
            let (popped, rx) = consumer.join().unwrap();
            let mut all = evicted.clone();
            all.extend(popped);
            all.extend(rx.drain());
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3]);
            (evicted, popped)
        },
        [(vec![1, 2], None), (vec![1, 2], Some(3)), (vec![1], Some(2)), (vec![2], Some(1))],
    )
}

fn a_stalled_consumers_item_is_dropped_once(model: Model) -> Checked {
    model.at_least(966).check_outcomes(
        || {
            let (drops, item) = counted();
            let (mut tx, rx) = spmc::bounded::<Item>(3);
            for _ in 0..3 {
                assert!(tx.push(item()).is_ok());
            }
            let other = rx.clone();
            let consumer = thread::spawn(move || drop(other.pop()));
            let popped = rx.drain().count();
            let pushed = [(); 2].map(|()| tx.push(item()).is_ok());
            drop(tx);
            drop(rx);
            consumer.join().unwrap();
            assert_eq!(drops.get(), 3 + pushed.into_iter().filter(|&is_in| is_in).count());
            popped
        },
        [2, 3],
    )
}
