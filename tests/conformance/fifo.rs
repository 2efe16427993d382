//! Items come out in the order they went in, each of them once.

use std::collections::VecDeque;
use std::thread;

use raddle::{Backoff, PopError, PushError};

use super::{Consumer, Producer, make};
use crate::rng::Rng;

const ITEMS: u64 = if cfg!(miri) { 200 } else { 20_000 };

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
                    match push_some(&mut tx, &mut rng, next, n) {
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
                match pop_some(&mut rx, &mut rng, &mut items) {
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

/// Pushes up to `n` items from `next` on in one of the ways there are.
fn push_some(
    tx: &mut Producer<u64>,
    rng: &mut Rng,
    next: u64,
    n: usize,
) -> Result<usize, PushError<()>> {
    let items: VecDeque<_> = (next..).take(n).collect();
    match rng.below(4) {
        0 => tx.push(next).map(|()| 1).map_err(|error| match error {
            PushError::Full(_) => PushError::Full(()),
            PushError::Closed(_) => PushError::Closed(()),
        }),
        1 => tx.push_slice(&Vec::from(items)),
        2 => tx.push_from(&mut items.clone()),
        _ => {
            let mut chunk = tx.reserve(n)?;
            let written = chunk.fill(items);
            let committed = 1 + rng.below(written);
            chunk.commit(committed);
            Ok(committed)
        }
    }
}

/// Pops at least one item in one of the ways there are.
fn pop_some(rx: &mut Consumer<u64>, rng: &mut Rng, items: &mut Vec<u64>) -> Result<(), PopError> {
    let n = 1 + rng.below(40);
    match rng.below(5) {
        0 => items.push(rx.pop()?),
        1 => assert!((1..=n).contains(&rx.pop_into(items, n)?)),
        2 => {
            let chunk = rx.read(n)?;
            assert!((1..=n).contains(&chunk.len()));
            let k = 1 + rng.below(chunk.len());
            items.extend(chunk.runs().flatten().take(k));
            chunk.release(k);
        }
        3 => {
            let shown = *rx.peek()?;
            items.push(rx.pop()?);
            assert_eq!(items, &[shown]);
        }
        _ => items.extend(rx.drain().take(n)),
    }
    Ok(())
}
