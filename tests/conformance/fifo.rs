//! Items come out in the order they went in, each of them once.

use std::thread;

use raddle::{Backoff, PopError};

use super::{consumer, make, producer};
use crate::rng::Rng;

const ITEMS: u64 = if cfg!(miri) { 200 } else { 10_000 };

#[test]
fn items_come_out_in_the_order_they_went_in() {
    for capacity in [1, 2, 3, 5, 7, 64, 65, 100] {
        let (mut tx, mut rx) = make(capacity);
        let (mut pushed, mut popped) = (0_u64, 0_u64);
        for fill in (1..=capacity).chain((1..=capacity).rev()) {
            for _ in 0..fill {
                assert_eq!(tx.push(pushed), Ok(()));
                pushed += 1;
            }
            for _ in 0..fill {
                assert_eq!(rx.pop(), Ok(popped));
                popped += 1;
            }
            assert_eq!(rx.pop(), Err(PopError::Empty));
        }
    }
}

#[test]
fn the_order_holds_between_two_threads() {
    for capacity in [1, 2, 7, 65, 1000] {
        let (mut tx, mut rx) = make(capacity);
        thread::scope(|scope| {
            scope.spawn(move || {
                let backoff = Backoff::new();
                for i in 0..ITEMS {
                    while tx.push(i).is_err() {
                        backoff.snooze();
                    }
                    backoff.reset();
                }
            });
            let backoff = Backoff::new();
            let mut next = 0;
            loop {
                match rx.pop() {
                    Ok(i) => {
                        assert_eq!(i, next);
                        next += 1;
                        backoff.reset();
                    }
                    Err(PopError::Empty) => backoff.snooze(),
                    Err(PopError::Closed) => break,
                }
            }
            assert_eq!(next, ITEMS);
        });
    }
}

#[test]
fn the_order_holds_whatever_way_items_go_in_and_come_out() {
    for capacity in [1, 3, 8, 65, 200] {
        let (mut tx, mut rx) = make(capacity);
        thread::scope(|scope| {
            scope.spawn(move || {
                let (backoff, mut rng) = (Backoff::new(), Rng::new(1));
                let mut next = 0;
                while next < ITEMS {
                    let n = 1 + rng.below(40).min((ITEMS - next - 1) as usize);
                    match producer::push_some(&mut tx, &mut rng, next, n) {
                        Ok(n) => {
                            next += n as u64;
                            backoff.reset();
                        }
                        Err(error) => {
                            assert!(error.is_full());
                            backoff.snooze();
                        }
                    }
                }
            });
            let (backoff, mut rng) = (Backoff::new(), Rng::new(2));
            let (mut next, mut items) = (0, Vec::new());
            loop {
                items.clear();
                let n = 1 + rng.below(40);
                match consumer::pop_some(&mut rx, &mut rng, &mut items, n) {
                    Ok(()) => backoff.reset(),
                    Err(PopError::Empty) => backoff.snooze(),
                    Err(PopError::Closed) => break,
                }
                for &item in &items {
                    assert_eq!(item, next);
                    next += 1;
                }
            }
            assert_eq!(next, ITEMS);
        });
    }
}
