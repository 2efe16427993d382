//! An end is closed when the other side has no handle left. Closed means empty for ever.

use std::collections::VecDeque;

use raddle::{PopError, PushError};

use super::{consumer, make, producer};
use crate::race::{RACES, race};
use crate::rng::Rng;

#[test]
fn without_a_consumer_every_way_to_push_says_closed_and_gives_the_items_back() {
    let (mut tx, rx) = make(2);
    assert!(!tx.is_closed());
    drop(rx);
    assert!(tx.is_closed());
    assert_eq!(tx.push(1), Err(PushError::Closed(1)));
    assert_eq!(tx.push_slice(&[1, 2]), Err(PushError::Closed(())));
    let mut items = VecDeque::from([1, 2]);
    assert_eq!(tx.push_from(&mut items), Err(PushError::Closed(())));
    assert_eq!(items, [1, 2]);
    for refusal in producer::refusals(&mut tx) {
        assert_eq!(refusal, Some(PushError::Closed(())));
    }
    assert!(tx.is_closed() && tx.is_empty());
}

#[test]
fn without_a_producer_items_still_come_out_and_then_every_way_to_pop_says_closed() {
    let (mut tx, mut rx) = make(8);
    for i in 0..6 {
        assert_eq!(tx.push(i), Ok(()));
    }
    assert!(!rx.is_closed());
    drop(tx);
    assert!(rx.is_closed() && rx.len() == 6);
    assert_eq!(rx.pop(), Ok(0));
    assert_eq!(rx.pop_into(&mut Vec::new(), 2), Ok(2));
    assert!(rx.drain().eq([3, 4, 5]));
    for _ in 0..2 {
        for refusal in consumer::refusals(&mut rx) {
            assert_eq!(refusal, Some(PopError::Closed));
        }
    }
}

#[test]
fn with_a_producer_every_way_to_pop_from_an_empty_queue_says_empty() {
    let (mut tx, mut rx) = make(2);
    for i in 0..5 {
        for refusal in consumer::refusals(&mut rx) {
            assert_eq!(refusal, Some(PopError::Empty));
        }
        assert_eq!((tx.push(i), rx.pop()), (Ok(()), Ok(i)));
    }
}

#[test]
fn a_consumer_that_is_told_closed_has_seen_every_item() {
    race(
        (0..RACES).map(|_| make(4)).map(|(tx, rx)| (vec![tx], vec![rx])),
        |i, _, mut tx| {
            for item in 0..i % 4 {
                tx.push(item).expect("room for four");
            }
        },
        |i, _, mut rx| {
            let (mut rng, mut items) = (Rng::new(i as u64), Vec::new());
            loop {
                match consumer::pop_some(&mut rx, &mut rng, &mut items, 3) {
                    Ok(()) => {}
                    Err(PopError::Empty) => core::hint::spin_loop(),
                    Err(PopError::Closed) => break,
                }
            }
            assert!(items.into_iter().eq(0..i % 4), "of {}", i % 4);
        },
    );
}

#[test]
fn a_closed_end_stays_closed_and_what_is_inside_can_be_counted_on() {
    race(
        (0..RACES).map(|_| make(4)).map(|(tx, rx)| (vec![tx], vec![rx])),
        |i, _, mut tx| (0..i % 4).for_each(|item| tx.push(item).expect("room for four")),
        |i, _, mut rx| {
            while !rx.is_closed() {
                core::hint::spin_loop();
            }
            assert_eq!(rx.len(), i % 4);
            assert_eq!(rx.drain().count(), i % 4);
            assert!(rx.is_closed() && rx.pop() == Err(PopError::Closed));
        },
    );
}
