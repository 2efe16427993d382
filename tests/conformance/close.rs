//! An end is closed when the other side has no handle left. Closed means empty for ever.

use core::panic::AssertUnwindSafe;
use std::collections::VecDeque;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::thread;

use raddle::{PopError, PushError};

use super::make;
use crate::items::Ledger;

/// Queues that two threads race for, one after another.
const RACES: usize = if cfg!(miri) { 20 } else { 3_000 };

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
    assert!(tx.reserve(1).is_err_and(|error| error.is_closed()));
    assert!(tx.is_closed() && tx.is_empty());
}

#[test]
fn closed_wins_over_full() {
    let (mut tx, rx) = make(1);
    assert!((0..=tx.capacity()).any(|_| tx.push(1) == Err(PushError::Full(1))));
    drop(rx);
    assert_eq!(tx.push(1), Err(PushError::Closed(1)));
    assert_eq!(tx.push_slice(&[1]), Err(PushError::Closed(())));
    assert_eq!(tx.push_from(&mut VecDeque::from([1])), Err(PushError::Closed(())));
    assert!(tx.reserve(1).is_err_and(|error| error.is_closed()));
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
    assert_eq!(rx.peek(), Ok(&0));
    assert_eq!(rx.pop(), Ok(0));
    assert_eq!(rx.pop_into(&mut Vec::new(), 2), Ok(2));
    rx.read(1).expect("an item").release_all();
    assert!(rx.drain().eq([4, 5]));
    for _ in 0..2 {
        assert_eq!(rx.pop(), Err(PopError::Closed));
        assert_eq!(rx.peek(), Err(PopError::Closed));
        assert_eq!(rx.pop_into(&mut Vec::new(), 1), Err(PopError::Closed));
        assert_eq!(rx.read(1).err(), Some(PopError::Closed));
        assert_eq!(rx.drain().next(), None);
    }
}

#[test]
fn with_a_producer_every_way_to_pop_from_an_empty_queue_says_empty() {
    let (mut tx, mut rx) = make(2);
    for i in 0..5 {
        assert_eq!(rx.pop(), Err(PopError::Empty));
        assert_eq!(rx.peek(), Err(PopError::Empty));
        assert_eq!(rx.pop_into(&mut Vec::new(), 1), Err(PopError::Empty));
        assert_eq!(rx.read(1).err(), Some(PopError::Empty));
        assert_eq!((tx.push(i), rx.pop()), (Ok(()), Ok(i)));
    }
}

/// Hands queue after queue to both threads at once. A race that panics doesn't keep the other thread waiting.
fn race<P: Send, C: Send>(
    queues: impl Iterator<Item = (P, C)>,
    produce: impl Fn(usize, P) + Send,
    consume: impl Fn(usize, C) + Send,
) {
    let (producers, consumers): (Vec<_>, Vec<_>) = queues.unzip();
    let start = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| each(producers, &start, produce));
        each(consumers, &start, consume);
    });
}

fn each<E>(ends: Vec<E>, start: &Barrier, act: impl Fn(usize, E)) {
    let mut panics = Vec::new();
    for (i, end) in ends.into_iter().enumerate() {
        start.wait();
        panics.extend(catch_unwind(AssertUnwindSafe(|| act(i, end))).err());
    }
    if let Some(panic) = panics.pop() {
        resume_unwind(panic);
    }
}

#[test]
fn a_consumer_that_is_told_closed_has_seen_every_item() {
    let ways = [0, 1, 2, 3];
    race(
        (0..RACES).map(|_| make(4)),
        |i, mut tx| {
            for item in 0..i % 4 {
                tx.push(item).expect("room for four");
            }
        },
        |i, mut rx| {
            let mut items = Vec::new();
            loop {
                let popped = match ways[i / 4 % ways.len()] {
                    0 => rx.pop().map(|item| items.push(item)),
                    1 => rx.pop_into(&mut items, 3).map(drop),
                    2 => rx.peek().copied().map(|item| items.push(item)),
                    _ => rx.read(2).map(|chunk| {
                        items.extend(chunk.runs().flatten());
                        chunk.release_all();
                    }),
                };
                if i / 4 % ways.len() == 2 && popped.is_ok() {
                    assert_eq!(rx.pop().ok().as_ref(), items.last());
                }
                match popped {
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
        (0..RACES).map(|_| make(4)),
        |i, mut tx| (0..i % 4).for_each(|item| tx.push(item).expect("room for four")),
        |i, mut rx| {
            while !rx.is_closed() {
                core::hint::spin_loop();
            }
            assert_eq!(rx.len(), i % 4);
            assert_eq!(rx.drain().count(), i % 4);
            assert!(rx.is_closed() && rx.pop() == Err(PopError::Closed));
        },
    );
}

#[test]
fn leftovers_and_stragglers_are_dropped_once_when_both_ends_go_at_once() {
    let ledger = Ledger::new();
    race(
        (0..RACES).map(|_| make(3)),
        |_, mut tx| {
            for item in ledger.items(4) {
                // Full and Closed give it back, and it is dropped here.
                let _ = tx.push(item);
            }
        },
        |i, mut rx| rx.drain().take(i % 3).for_each(drop),
    );
    ledger.assert_each_dropped_once();
}

#[test]
fn a_chunk_committed_while_the_consumer_goes_is_dropped_once() {
    let ledger = Ledger::new();
    race(
        (0..RACES).map(|_| make(6)),
        |i, mut tx| {
            if let Ok(mut chunk) = tx.reserve(5) {
                let written = chunk.fill(ledger.items(5));
                chunk.commit(written - i % 3);
            }
        },
        |_, rx| drop(rx),
    );
    if !ledger.drops().is_empty() {
        ledger.assert_each_dropped_once();
    }
}
