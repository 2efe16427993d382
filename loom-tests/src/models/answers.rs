//! Empty and Full, where nothing but the queue connects the threads: neither is said that was so at no time.
//!
//! In each model one of the two can't be, whoever is first, and whoever is in the middle of something. What a thread may
//! not have seen is what others did to the lines: it finds an index that they have moved.

use loom::thread;
use raddle::{mpmc, spmc};

use crate::{Checked, Model, models};

models![
    a_pop_finds_what_is_inside,
    a_pop_finds_what_is_inside_a_line,
    a_pop_finds_what_the_only_producer_has_in,
    a_pop_finds_what_the_only_producer_has_in_a_line,
    a_push_finds_room,
    a_push_finds_room_in_a_line,
    who_took_an_item_out_has_room,
    who_was_spoilt_finds_room,
    a_batch_that_was_spoilt_finds_room,
    a_length_is_of_what_is_inside,
    a_length_of_the_only_producers_is_of_what_is_inside,
];

/// One is inside, and another goes in before one comes out.
macro_rules! finds_item {
    ($door:ident, $slots:expr) => {{
        #[allow(unused_mut, reason = "where there are many handles, they act through `&self`")]
        let (mut tx, rx) = $door::bounded_in_lines_of($slots, 3);
        tx.push(1).unwrap();
        let other = rx.clone();
        let consumer = thread::spawn(move || other.pop().expect("one is in"));
        assert_eq!(tx.push(2), Ok(()));
        let mine = rx.pop().expect("two are in, and one is popped");
        let theirs = consumer.join().unwrap();
        assert_eq!(mine + theirs, 3);
        theirs
    }};
}

fn a_pop_finds_what_is_inside(model: Model) -> Checked {
    model.at_least(42).check_outcomes(|| finds_item!(mpmc, 1), [1, 2])
}

fn a_pop_finds_what_is_inside_a_line(model: Model) -> Checked {
    model.at_least(165).check_outcomes(|| finds_item!(mpmc, 2), [1, 2])
}

fn a_pop_finds_what_the_only_producer_has_in(model: Model) -> Checked {
    model.at_least(21).check_outcomes(|| finds_item!(spmc, 1), [1, 2])
}

fn a_pop_finds_what_the_only_producer_has_in_a_line(model: Model) -> Checked {
    model.at_least(67).check_outcomes(|| finds_item!(spmc, 2), [1, 2])
}

/// So many are inside, and as many come out before as many go in: in lines of two, a line.
fn finds_room(slots: i32) -> usize {
    let (tx, rx) = mpmc::bounded_in_lines_of(slots as usize, 2);
    (0..slots).for_each(|i| tx.push(i).unwrap());
    let other = tx.clone();
    let producer = thread::spawn(move || other.push(9).is_ok());
    (0..slots).for_each(|i| assert_eq!(rx.pop(), Ok(i)));
    (0..slots).for_each(|i| assert_eq!(tx.push(i), Ok(())));
    assert!(producer.join().unwrap());
    let items: Vec<_> = rx.drain().collect();
    let theirs = items.iter().position(|&item| item == 9).expect("it is in");
    assert!(items.iter().filter(|&&item| item != 9).eq((0..slots).collect::<Vec<_>>().iter()));
    theirs
}

fn a_push_finds_room(model: Model) -> Checked {
    model.at_least(59).check_outcomes(|| finds_room(1), [0, 1])
}

fn a_push_finds_room_in_a_line(model: Model) -> Checked {
    model.at_least(423).check_outcomes(|| finds_room(2), [0, 1, 2])
}

/// The ring is full, and both make room for themselves. The line of who is late may be passed over; then the other's is there.
fn who_took_an_item_out_has_room(model: Model) -> Checked {
    model.at_least(766).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let (other, theirs) = (tx.clone(), rx.clone());
            let in_turn = thread::spawn(move || (theirs.pop().ok(), other.push(3).is_ok()));
            let mine = rx.pop().ok();
            assert_eq!(tx.push(4), Ok(()));
            let (theirs, is_in) = in_turn.join().unwrap();
            assert!(is_in);
            (mine, theirs, rx.drain().collect::<Vec<_>>())
        },
        [
            (Some(1), Some(2), vec![3, 4]),
            (Some(1), Some(2), vec![4, 3]),
            (Some(2), Some(1), vec![3, 4]),
            (Some(2), Some(1), vec![4, 3]),
        ],
    )
}

/// One is inside, and comes out before another goes in. A producer that has claimed a slot loses it to a consumer, and pushes again.
fn who_was_spoilt_finds_room(model: Model) -> Checked {
    model.at_least(101).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            tx.push(1).unwrap();
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(2).is_ok());
            assert_eq!(rx.pop(), Ok(1));
            assert_eq!(tx.push(3), Ok(()));
            let popped = rx.pop().expect("one is in");
            assert!(producer.join().unwrap());
            (popped, rx.drain().collect::<Vec<_>>())
        },
        [(2, vec![3]), (3, vec![2])],
    )
}

/// Likewise a line: a batch has claimed all of the other.
fn a_batch_that_was_spoilt_finds_room(model: Model) -> Checked {
    model.at_least(254).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded_in_lines_of(2, 2);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let other = tx.clone();
            let producer = thread::spawn(move || other.push_slice(&[7, 8]));
            assert_eq!((rx.pop(), rx.pop()), (Ok(1), Ok(2)));
            assert_eq!(tx.push(3), Ok(()));
            let popped = rx.pop().expect("one is in");
            assert_eq!(producer.join().unwrap(), Ok(2));
            (popped, rx.drain().collect::<Vec<_>>())
        },
        [(3, vec![7, 8]), (7, vec![8, 3])],
    )
}

/// One is inside, or two; three have room.
fn a_length_is_of_what_is_inside(model: Model) -> Checked {
    model.at_least(252).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(3);
            tx.push(1).unwrap();
            let other = tx.clone();
            let watcher = thread::spawn(move || (other.is_full(), other.is_empty()));
            assert_eq!((tx.push(2), rx.pop(), tx.push(3)), (Ok(()), Ok(1), Ok(())));
            watcher.join().unwrap()
        },
        [(false, false)],
    )
}

fn a_length_of_the_only_producers_is_of_what_is_inside(model: Model) -> Checked {
    model.at_least(252).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(3);
            tx.push(1).unwrap();
            let other = rx.clone();
            let watcher = thread::spawn(move || (other.is_full(), other.is_empty()));
            assert_eq!((tx.push(2), rx.pop(), tx.push(3)), (Ok(()), Ok(1), Ok(())));
            watcher.join().unwrap()
        },
        [(false, false)],
    )
}
