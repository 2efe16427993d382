//! The ways to pop where there may be many consumers, and what their number changes.

use std::thread;

use raddle::{PopError, PushError};

use super::{Consumer, make};
use crate::items::Ledger;
use crate::rng::Rng;

pub(super) type End<T> = Consumer<T>;

/// As many handles as there may be, `n` at most.
pub(super) fn handles<T>(rx: Consumer<T>, n: usize) -> Vec<Consumer<T>> {
    let mut handles: Vec<_> = (1..n).map(|_| rx.clone()).collect();
    handles.push(rx);
    handles
}

/// Pops at least one item, `n` at most, in one of the ways there are; by `drain` it may be none.
pub(super) fn pop_some<T: Copy + PartialEq>(
    rx: &mut Consumer<T>,
    rng: &mut Rng,
    items: &mut Vec<T>,
    n: usize,
) -> Result<(), PopError> {
    match rng.below(3) {
        0 => items.push(rx.pop()?),
        1 => assert!((1..=n).contains(&rx.pop_into(items, n)?)),
        _ => items.extend(rx.drain().take(n)),
    }
    Ok(())
}

/// Looks at up to `n` items where they lie, and pops the first of them; says how many it looked at. (Here it is one, and no
/// more at its place.)
pub(super) fn pop_shown<T>(
    rx: &mut Consumer<T>,
    _n: usize,
    mut look: impl FnMut(usize, &T),
) -> usize {
    let item = rx.pop().expect("an item");
    look(0, &item);
    1
}

/// What each way to pop one item says.
pub(super) fn refusals<T>(rx: &mut Consumer<T>) -> Vec<Option<PopError>> {
    let of_drain = if rx.drain().next().is_none() { rx.pop().err() } else { None };
    vec![rx.pop().err(), rx.pop_into(&mut Vec::new(), 1).err(), rx.clone().pop().err(), of_drain]
}

#[test]
fn the_queue_closes_with_the_last_consumer_and_not_before() {
    let (mut tx, rx) = make(8);
    let other = rx.clone();
    assert!(tx.push(1).is_ok() && tx.push(2).is_ok());
    drop(rx);
    assert!(!tx.is_closed() && tx.len() == 2);
    let third = other.clone();
    drop(other);
    assert_eq!((third.pop(), tx.push(3)), (Ok(1), Ok(())));
    drop(third);
    assert!(tx.is_closed() && tx.is_empty());
    assert_eq!(tx.push(4), Err(PushError::Closed(4)));
}

#[test]
fn leftovers_stay_until_the_last_consumer_goes() {
    let ledger = Ledger::new();
    let (mut tx, rx) = make(9);
    tx.push_from(&mut ledger.items(9).collect()).expect("room for nine");
    let mut consumers = handles(rx, 4);
    while let Some(rx) = consumers.pop() {
        assert_eq!((ledger.dropped(), rx.len()), (0, 9));
        drop(rx);
    }
    ledger.assert_each_dropped_once();
}

#[test]
fn thousands_of_consumers() {
    let n = if cfg!(miri) { 50 } else { 5_000 };
    let (mut tx, rx) = make(n);
    (0..n).for_each(|i| tx.push(i).expect("room"));
    let mut consumers = handles(rx, n);
    for (i, rx) in consumers.iter().enumerate() {
        assert_eq!((rx.pop(), rx.len()), (Ok(i), n - i - 1));
    }
    let last = consumers.pop();
    drop(consumers);
    assert!(!tx.is_closed() && tx.push(0).is_ok());
    drop(last);
    assert!(tx.is_closed() && tx.push(0) == Err(PushError::Closed(0)));
}

#[test]
fn one_handle_shared_by_reference_is_as_good_as_many() {
    let n = if cfg!(miri) { 50 } else { 4_000 };
    let (mut tx, rx) = make(n);
    (0..n).for_each(|i| tx.push(i).expect("room"));
    drop(tx);
    let popped: Vec<Vec<usize>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| rx.drain().collect())).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(popped.iter().all(|items: &Vec<usize>| items.is_sorted()), "each in order");
    let mut all: Vec<_> = popped.concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..n));
    assert_eq!(rx.pop(), Err(PopError::Closed));
}

#[test]
fn pop_into_takes_no_more_than_there_is_and_leaves_the_rest_to_others() {
    let (mut tx, rx) = make(100);
    assert_eq!(tx.push_slice(&(0..100).collect::<Vec<_>>()), Ok(100));
    let consumers = handles(rx, 3);
    let mut next = 0;
    while next < 100 {
        let mut items = Vec::new();
        let max = 1 + next % 7;
        let n = consumers[next % 3].pop_into(&mut items, max).expect("an item");
        assert_eq!(n, max.min(100 - next));
        assert!(items.into_iter().eq(next..next + n));
        next += n;
    }
}

#[test]
fn an_item_may_own_a_consumer_of_the_queue_it_is_in() {
    struct Owner(
        #[expect(dead_code, reason = "owned")] Option<Consumer<Owner>>,
        #[expect(dead_code, reason = "counted")] crate::items::Counted,
    );
    let ledger = Ledger::new();
    for owning in 1..4 {
        let (mut tx, rx) = make(8);
        for _ in 0..owning {
            assert!(tx.push(Owner(Some(rx.clone()), ledger.item())).is_ok());
        }
        for _ in 0..2 {
            assert!(tx.push(Owner(None, ledger.item())).is_ok());
        }
        let owners: Vec<_> = rx.drain().take(owning).collect();
        drop(rx);
        assert!(!tx.is_closed());
        // The last consumer goes with the last of them, and drops what is left.
        drop(owners);
        assert!(tx.is_closed());
    }
    ledger.assert_each_dropped_once();
}

/// An item that pops another one when it is dropped.
struct Pops(
    std::sync::Weak<Consumer<Pops>>,
    #[expect(dead_code, reason = "counted")] crate::items::Counted,
);

impl Drop for Pops {
    fn drop(&mut self) {
        if let Some(rx) = self.0.upgrade() {
            drop(rx.pop());
        }
    }
}

#[test]
fn an_item_may_pop_from_its_own_queue_when_it_is_dropped() {
    let ledger = Ledger::new();
    for popped in 0..3 {
        let (mut tx, rx) = make(9);
        let rx = std::sync::Arc::new(rx);
        for _ in 0..9 {
            let item = Pops(std::sync::Arc::downgrade(&rx), ledger.item());
            assert!(tx.push(item).is_ok());
        }
        if popped > 0 {
            drop(rx.pop()); // which pops the next one, and so on
            assert!(tx.is_empty());
        }
        if popped > 1 {
            let item = Pops(std::sync::Arc::downgrade(&rx), ledger.item());
            assert!(tx.push(item).is_ok() && rx.pop().is_ok() && tx.is_empty());
        }
    }
    ledger.assert_each_dropped_once();
}
