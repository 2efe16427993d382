//! The ways to push where there may be many producers, and what their number changes.

use std::collections::VecDeque;
use std::thread;

use raddle::{PopError, PushError};

use super::{Producer, make};
use crate::items::Ledger;
use crate::rng::Rng;

pub(super) type End<T> = Producer<T>;

/// As many handles as there may be, `n` at most.
pub(super) fn handles<T>(tx: Producer<T>, n: usize) -> Vec<Producer<T>> {
    let mut handles: Vec<_> = (1..n).map(|_| tx.clone()).collect();
    handles.push(tx);
    handles
}

/// Pushes up to `n` items from `next` on in one of the ways there are.
pub(super) fn push_some(
    tx: &mut Producer<u64>,
    rng: &mut Rng,
    next: u64,
    n: usize,
) -> Result<usize, PushError<()>> {
    let items: VecDeque<_> = (next..).take(n).collect();
    match rng.below(3) {
        0 => tx.push(next).map(|()| 1).map_err(without),
        1 => tx.push_slice(&Vec::from(items)),
        _ => {
            let mut rest = items;
            let pushed = tx.push_from(&mut rest);
            let went_in = *pushed.as_ref().unwrap_or(&0) as u64;
            assert!(rest.into_iter().eq((next..next + n as u64).skip(went_in as usize)));
            pushed
        }
    }
}

/// Pushes up to `n` of `items`, at least one if there is room, without a detour if possible; says how many.
pub(super) fn push_in_place<T>(
    tx: &mut Producer<T>,
    n: usize,
    mut items: impl Iterator<Item = T>,
) -> usize {
    (0..n).take_while(|_| !tx.is_full() && tx.push(items.next().expect("items")).is_ok()).count()
}

/// What each way to push one item says, all but the one that gives the item back.
pub(super) fn refusals(tx: &mut Producer<u64>) -> Vec<Option<PushError<()>>> {
    vec![
        tx.push(0).map_err(without).err(),
        tx.push_slice(&[0]).err(),
        tx.push_from(&mut VecDeque::from([0])).err(),
        tx.clone().push(0).map_err(without).err(),
    ]
}

fn without<T>(error: PushError<T>) -> PushError<()> {
    if error.is_full() { PushError::Full(()) } else { PushError::Closed(()) }
}

#[test]
fn the_queue_closes_with_the_last_producer_and_not_before() {
    let (tx, mut rx) = make(8);
    let other = tx.clone();
    assert!(tx.push(1).is_ok());
    drop(tx);
    assert_eq!((rx.is_closed(), rx.pop(), rx.pop()), (false, Ok(1), Err(PopError::Empty)));
    let third = other.clone();
    drop(other);
    assert!(third.push(2).is_ok());
    drop(third);
    assert_eq!((rx.is_closed(), rx.pop(), rx.pop()), (true, Ok(2), Err(PopError::Closed)));
}

#[test]
fn thousands_of_producers() {
    let n = if cfg!(miri) { 50 } else { 5_000 };
    let (tx, mut rx) = make(n);
    let mut producers = handles(tx, n);
    for (i, tx) in producers.iter().enumerate() {
        assert_eq!((tx.push(i), tx.len()), (Ok(()), i + 1));
    }
    assert!(rx.drain().eq(0..n));
    // Every other one goes.
    producers.retain({
        let mut keep = false;
        move |_| {
            keep = !keep;
            keep
        }
    });
    assert!(!rx.is_closed());
    let last = producers.pop();
    drop(producers);
    assert!(!rx.is_closed() && rx.pop() == Err(PopError::Empty));
    drop(last);
    assert!(rx.is_closed() && rx.pop() == Err(PopError::Closed));
}

#[test]
fn one_handle_shared_by_reference_is_as_good_as_many() {
    let n = if cfg!(miri) { 50 } else { 2_000 };
    let (tx, mut rx) = make(4 * n);
    thread::scope(|scope| {
        for thread in 0..4 {
            let tx = &tx;
            scope.spawn(move || (0..n).for_each(|i| tx.push((thread, i)).expect("room")));
        }
    });
    let mut next = [0; 4];
    for (thread, i) in rx.drain() {
        assert_eq!(i, next[thread], "of thread {thread}");
        next[thread] += 1;
    }
    assert_eq!(next, [n; 4]);
}

#[test]
fn handles_cloned_and_dropped_by_many_threads_are_counted() {
    for _ in 0..if cfg!(miri) { 2 } else { 50 } {
        let (tx, mut rx) = make(1_000);
        thread::scope(|scope| {
            for tx in handles(tx, 4) {
                scope.spawn(move || {
                    for i in 0..100 {
                        let other = tx.clone();
                        if i % 50 == 0 {
                            other.push(i).expect("room for a thousand");
                        }
                    }
                });
            }
            while !rx.is_closed() {
                core::hint::spin_loop();
            }
            // Closed once is closed for ever, with all that was pushed inside.
            assert_eq!(rx.drain().count(), 8);
            assert_eq!(rx.pop(), Err(PopError::Closed));
        });
    }
}

#[test]
fn an_item_may_own_a_producer_of_the_queue_it_is_in() {
    struct Owner(#[expect(dead_code, reason = "owned")] Option<Box<Producer<Owner>>>);
    let ledger = Ledger::new();
    for popped in 0..3 {
        let (tx, mut rx) = make(4);
        for _ in 0..2 {
            assert!(tx.push(Owner(Some(Box::new(tx.clone())))).is_ok());
        }
        assert!(tx.push(Owner(None)).is_ok());
        drop(tx);
        assert!(!rx.is_closed());
        (0..popped).for_each(|_| assert!(rx.pop().is_ok()));
        assert_eq!(rx.is_closed(), popped == 2);
        // The last producers go while the last consumer drops the items that own them.
        drop(rx);
        drop(ledger.item());
    }
    ledger.assert_each_dropped_once();
}

/// An item that pushes another one when it is dropped.
struct Again(Producer<Again>, u32, crate::items::Counted);

impl Drop for Again {
    fn drop(&mut self) {
        if self.1 > 0 {
            // Full and Closed give it back; it is dropped here.
            let _ = self.0.push(Again(self.0.clone(), self.1 - 1, self.2.another()));
        }
    }
}

#[test]
fn an_item_may_push_to_its_own_queue_when_it_is_dropped() {
    for popped in 0..6 {
        let ledger = Ledger::new();
        let (tx, mut rx) = make(3);
        for _ in 0..3 {
            assert!(tx.push(Again(tx.clone(), 2, ledger.item())).is_ok());
        }
        drop(tx);
        (0..popped).for_each(|_| assert!(rx.pop().is_ok(), "what was dropped pushed another"));
        assert!(!rx.is_closed());
        drop(rx);
        ledger.assert_each_dropped_once();
        assert_eq!(ledger.dropped(), 9);
    }
}

#[test]
fn producers_of_one_queue_mix_and_each_keeps_its_order() {
    let (tx, mut rx) = make(100);
    let producers = handles(tx, 10);
    for i in 0..10 {
        for (producer, tx) in producers.iter().enumerate() {
            let pushed = tx.push_from(&mut [(producer, i)].into());
            assert_eq!(pushed, Ok(1));
        }
    }
    assert!(rx.drain().eq((0..100).map(|n| (n % 10, n / 10))));
}
