//! More threads than cores, and threads that stall anywhere: nothing is lost, doubled or out of order.

use std::thread;

use raddle::{Backoff, PopError};

use super::make;
use crate::items::Ledger;
use crate::rng::Rng;

const ITEMS: u64 = if cfg!(miri) { 50 } else { 1_000 };

/// Stalls now and then, for no reason that the other side could know.
fn stall(rng: &mut Rng) {
    for _ in 0..[0, 0, 0, 1, 20][rng.below(5)] {
        thread::yield_now();
    }
}

#[test]
fn eight_queues_and_sixteen_threads() {
    thread::scope(|scope| {
        for queue in 0..8 {
            let (mut tx, mut rx) = make([1, 2, 3, 7, 64, 65, 100, 1000][queue]);
            scope.spawn(move || {
                let (backoff, mut rng) = (Backoff::new(), Rng::new(queue as u64));
                for i in 0..ITEMS {
                    while tx.push(i).is_err() {
                        backoff.snooze();
                    }
                    backoff.reset();
                    stall(&mut rng);
                }
            });
            scope.spawn(move || {
                let (backoff, mut rng) = (Backoff::new(), Rng::new(!(queue as u64)));
                let mut next = 0;
                loop {
                    match rx.pop() {
                        Ok(i) => {
                            assert_eq!(i, next);
                            next += 1;
                            backoff.reset();
                            stall(&mut rng);
                        }
                        Err(PopError::Empty) => backoff.snooze(),
                        Err(PopError::Closed) => break,
                    }
                }
                assert_eq!(next, ITEMS);
            });
        }
    });
}

#[test]
fn a_ring_of_queues_passes_every_item_round() {
    let ledger = Ledger::new();
    let (mut first, mut last) = make(2);
    thread::scope(|scope| {
        for stage in 1..6 {
            let (mut tx, rx) = make(stage);
            let mut rx = core::mem::replace(&mut last, rx);
            scope.spawn(move || {
                let backoff = Backoff::new();
                loop {
                    match rx.pop() {
                        Ok(mut item) => {
                            while let Err(error) = tx.push(item) {
                                item = error.into_inner();
                                backoff.snooze();
                            }
                            backoff.reset();
                        }
                        Err(PopError::Empty) => backoff.snooze(),
                        Err(PopError::Closed) => break,
                    }
                }
            });
        }
        let backoff = Backoff::new();
        let (mut pushed, mut popped, n) = (0, 0, ITEMS as usize / 4);
        let mut next = None;
        while popped < n {
            if pushed < n {
                match first.push(next.take().unwrap_or_else(|| ledger.item())) {
                    Ok(()) => pushed += 1,
                    Err(error) => next = Some(error.into_inner()),
                }
            }
            match last.pop() {
                Ok(item) => {
                    assert_eq!(item.id, popped);
                    popped += 1;
                }
                Err(_) => backoff.snooze(),
            }
        }
        drop(first);
    });
    ledger.assert_each_dropped_once();
}
