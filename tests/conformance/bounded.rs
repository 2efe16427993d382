//! `bounded(n)` never refuses an item while fewer than `n` are inside, and never holds more than `capacity()`.

use core::panic::AssertUnwindSafe;
use std::collections::VecDeque;
use std::panic::catch_unwind;

use raddle::PushError;

use super::{Producer, SPEC, make, producer};
use crate::items::Ledger;

const CAPACITIES: [usize; 9] = [1, 2, 3, 7, 63, 64, 65, 66, 1000];

/// Pushes until the queue is full, and says how often that was.
fn fill<T: Default>(tx: &mut Producer<T>) -> usize {
    let mut n = 0;
    while tx.push(T::default()).is_ok() {
        n += 1;
        assert!(n <= tx.capacity(), "it is never full");
    }
    n
}

#[test]
fn a_fresh_queue_takes_exactly_its_capacity() {
    fn check<T: Default>() {
        for asked in CAPACITIES {
            let (mut tx, rx) = make::<T>(asked);
            let capacity = tx.capacity();
            assert!((asked..=SPEC.most::<T>(asked)).contains(&capacity), "{capacity} for {asked}");
            assert_eq!((rx.capacity(), fill(&mut tx)), (capacity, capacity));
            assert_eq!((tx.len(), tx.is_full(), rx.is_full()), (capacity, true, true));
        }
    }
    check::<u64>();
    check::<u8>();
    check::<()>();
    check::<[u64; 8]>();
    check::<[u128; 3]>();
}

#[test]
fn at_every_place_of_the_ring_it_takes_between_what_was_asked_for_and_its_capacity() {
    for asked in [1, 2, 3, 4, 5, 7, 65] {
        let (mut tx, mut rx) = make::<u64>(asked);
        for place in 0..3 * tx.capacity() {
            let n = fill(&mut tx);
            assert!((asked..=tx.capacity()).contains(&n), "{n} of {asked} at {place}");
            assert_eq!(rx.drain().count(), n);
            // One step on.
            assert_eq!((tx.push(0), rx.pop()), (Ok(()), Ok(0)));
        }
    }
}

#[test]
fn with_one_fewer_than_asked_for_inside_a_push_succeeds() {
    for asked in CAPACITIES {
        let (mut tx, mut rx) = make::<usize>(asked);
        for i in 0..asked - 1 {
            assert_eq!(tx.push(i), Ok(()));
        }
        for i in 0..3 * tx.capacity() {
            assert!(!tx.is_full() && !rx.is_full());
            assert_eq!(tx.push(asked - 1 + i), Ok(()));
            assert_eq!(rx.pop(), Ok(i));
        }
    }
}

#[test]
fn a_full_queue_takes_an_item_again_before_more_than_the_slack_is_out() {
    for asked in CAPACITIES {
        let (mut tx, mut rx) = make::<usize>(asked);
        fill(&mut tx);
        for popped in 0.. {
            let inside = tx.capacity() - popped;
            match tx.push(0) {
                Ok(()) => break,
                Err(error) => assert!(error == PushError::Full(0) && inside >= asked),
            }
            assert_eq!(rx.pop(), Ok(0));
        }
    }
}

#[test]
fn a_million_items_fit_if_asked_for() {
    let asked = if cfg!(miri) { 1 << 10 } else { 1 << 20 };
    let (mut tx, mut rx) = make::<u32>(asked);
    let n = fill(&mut tx);
    assert!(n == tx.capacity() && (asked..=SPEC.most::<u32>(asked)).contains(&n));
    assert_eq!(rx.drain().count(), n);
}

/// What `f` panics with.
fn message<T>(f: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(f)).map(drop) {
        Ok(()) => panic!("it does not panic"),
        Err(panic) => match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => (*panic.downcast::<&str>().expect("a text")).into(),
        },
    }
}

#[test]
fn a_capacity_of_zero_panics_and_says_what_to_do() {
    let text = "raddle: a bounded queue needs a capacity of at least 1, got 0; \
                for the closest thing to a hand-over use 1";
    assert_eq!(message(|| make::<u64>(0)), text);
    assert_eq!(message(|| make::<()>(0)), text);
}

#[test]
fn an_absurd_capacity_panics_and_says_what_to_do() {
    for capacity in [usize::MAX, usize::MAX - 1, usize::MAX / 2, usize::MAX / 16] {
        let text = |size| {
            format!(
                "raddle: a capacity of {capacity} items of {size} bytes needs more than \
                 isize::MAX bytes; ask for fewer"
            )
        };
        assert_eq!(message(|| make::<u64>(capacity)), text(8));
        assert_eq!(message(|| make::<[u8; 4096]>(capacity)), text(4096));
    }
}

#[test]
fn closed_wins_over_full() {
    let (mut tx, rx) = make(1);
    fill(&mut tx);
    for refusal in producer::refusals(&mut tx) {
        assert_eq!(refusal, Some(PushError::Full(())));
    }
    drop(rx);
    for refusal in producer::refusals(&mut tx) {
        assert_eq!(refusal, Some(PushError::Closed(())));
    }
}

#[test]
fn an_item_refused_is_the_callers_again() {
    let ledger = Ledger::new();
    let (mut tx, rx) = make(1);
    assert!((0..=tx.capacity()).any(|_| tx.push(ledger.item()).is_err()), "it is never full");
    let Err(PushError::Full(item)) = tx.push(ledger.item()) else { panic!("it is full") };
    drop(rx);
    let Err(PushError::Closed(item)) = tx.push(item) else { panic!("it is closed") };
    assert_eq!(ledger.drops()[item.id], 0);
    drop(item);
    ledger.assert_each_dropped_once();
}

#[test]
fn a_batch_that_does_not_fit_leaves_the_rest_with_the_caller() {
    let ledger = Ledger::new();
    let (mut tx, rx) = make(3);
    let mut items: VecDeque<_> = ledger.items(100).collect();
    let n = tx.push_from(&mut items).expect("room for three");
    assert_eq!((n, items.len(), ledger.dropped()), (tx.capacity(), 100 - n, 0));
    assert!(items.iter().map(|item| item.id).eq(n..100), "in order");
    drop((tx, rx));
    assert_eq!(ledger.dropped(), n);
    drop(items);
    ledger.assert_each_dropped_once();
}
