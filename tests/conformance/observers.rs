//! `len`, `is_empty`, `is_full`, `capacity`: exact while nothing is in flight; otherwise they err to the side they say.

use std::thread;

use raddle::{Backoff, PopError};

use super::{SPEC, make};
use crate::kinds::Handles;

const ROUNDS: u32 = if cfg!(miri) { 100 } else { 10_000 };

#[test]
fn with_nothing_in_flight_both_ends_observe_exactly_what_is_inside() {
    for asked in [1, 2, 3, 7, 65, 130] {
        let (mut tx, mut rx) = make(asked);
        for lap in 0..5 {
            let mut inside = 0;
            loop {
                assert_eq!((tx.len(), rx.len()), (inside, inside));
                assert_eq!((tx.is_empty(), rx.is_empty()), (inside == 0, inside == 0));
                assert_eq!(tx.is_full(), rx.is_full());
                assert!(!tx.is_full() || inside >= asked);
                if !SPEC.is_bounded() && inside == asked {
                    break;
                }
                let full = tx.is_full();
                assert_eq!(tx.push(inside).is_err(), full);
                if full {
                    break;
                }
                inside += 1;
                assert!(inside <= tx.capacity(), "it is never full");
            }
            for left in (0..inside).rev() {
                assert!(rx.pop().is_ok());
                assert_eq!((tx.len(), rx.len(), tx.is_full()), (left, left, rx.is_full()));
            }
            // The next lap starts elsewhere.
            for _ in 0..=lap {
                assert_eq!((tx.push(0), rx.pop()), (Ok(()), Ok(0)));
            }
        }
    }
}

/// Whether what one end counts is never more than the other end has handed over: where that claims a turn before it acts, or
/// counts segments after it has left them, what is counted may be in flight.
fn is_exact_beside(others: Handles) -> bool {
    SPEC.is_bounded() && others == Handles::One
}

/// Whether it is the next item. One of many consumers that stalls in the middle of a pop may be passed over, here by a producer of
/// the only consumer; what was passed over counts as items until a consumer comes to it.
fn is_what_was_seen(popped: Result<u32, PopError>, next: u32) -> bool {
    match popped {
        Ok(item) => item == next,
        Err(error) => error.is_empty() && SPEC.consumers == Handles::Many,
    }
}

#[test]
fn what_is_observed_during_a_race_can_be_relied_on_at_the_end_that_observes() {
    for capacity in [1, 3, 65] {
        let (mut tx, rx) = make(capacity);
        thread::scope(|scope| {
            // Here, so that it goes when an assertion fails, and the producer hears of it.
            let mut rx = rx;
            scope.spawn(move || {
                let backoff = Backoff::new();
                for i in 0..ROUNDS {
                    assert!(tx.len() <= tx.capacity());
                    while tx.is_full() {
                        backoff.snooze();
                    }
                    while let Err(error) = tx.push(i) {
                        assert!(error.is_full() && !is_exact_beside(SPEC.consumers));
                        backoff.snooze();
                    }
                    backoff.reset();
                }
            });
            let backoff = Backoff::new();
            let mut popped = 0;
            while popped < ROUNDS {
                let (full, mut len) = (rx.is_full(), rx.len());
                assert!(len <= rx.capacity());
                assert!(!full || (rx.is_full() && len >= 1), "it stays full until this end pops");
                if !is_exact_beside(SPEC.producers) {
                    while rx.pop().is_ok_and(|item| item == popped) {
                        popped += 1;
                    }
                    len = 0;
                }
                for _ in 0..len {
                    let there = rx.pop();
                    assert!(is_what_was_seen(there, popped), "it counted {len} items, {there:?}");
                    popped += u32::from(there.is_ok());
                }
                if is_exact_beside(SPEC.producers) && !rx.is_empty() {
                    let there = rx.pop();
                    assert!(is_what_was_seen(there, popped), "nobody else pops, but {there:?}");
                    popped += u32::from(there.is_ok());
                } else {
                    assert!(
                        popped == ROUNDS || !rx.is_closed() || !rx.is_empty(),
                        "it has panicked"
                    );
                    backoff.snooze();
                }
            }
        });
    }
}

#[test]
fn an_empty_queue_stays_empty_until_its_producer_pushes() {
    let (mut tx, mut rx) = make(3);
    thread::scope(|scope| {
        scope.spawn(move || {
            let backoff = Backoff::new();
            for i in 0..ROUNDS / 10 {
                while tx.push(i).is_err() {
                    backoff.snooze();
                }
                while !tx.is_empty() {
                    backoff.snooze();
                }
                assert!((0..10).all(|_| !tx.is_full() && tx.is_empty()));
                backoff.reset();
            }
        });
        let backoff = Backoff::new();
        while !rx.is_closed() || !rx.is_empty() {
            if rx.pop().is_err() {
                backoff.snooze();
            }
        }
    });
}

#[test]
fn handles_print_what_they_observe() {
    let (mut tx, rx) = make::<u8>(1);
    tx.push(1).expect("room for one");
    let capacity = tx.capacity();
    let fields = format!("{{ len: 1, capacity: {capacity}, is_closed: false }}");
    assert_eq!(format!("{tx:?}"), format!("Producer {fields}"));
    assert_eq!(format!("{rx:?}"), format!("Consumer {fields}"));
}
