//! When user code panics (a drop, an iterator), each item is still dropped once and the queue stays usable.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;

use super::{Consumer, Producer, make};
use crate::items::{Counted, Ledger};

/// A queue whose ring was gone through up to `place`, with `n` items inside of which number `bomb` panics when dropped.
pub(super) fn loaded(
    ledger: &Arc<Ledger>,
    place: usize,
    n: usize,
    bomb: usize,
) -> (Producer<Counted>, Consumer<Counted>) {
    let (mut tx, mut rx) = make(n);
    for item in ledger.items(place) {
        assert!(tx.push(item).is_ok() && rx.pop().is_ok());
    }
    for i in 0..n {
        let item = if i == bomb { ledger.bomb() } else { ledger.item() };
        assert!(tx.push(item).is_ok());
    }
    (tx, rx)
}

pub(super) fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Every place of a small ring, and every item of those inside as the one that panics.
pub(super) fn everywhere(check: impl Fn(&Arc<Ledger>, usize, usize, usize)) {
    let n = 7;
    for place in 0..n {
        for bomb in 0..n {
            let ledger = Ledger::new();
            check(&ledger, place, n, bomb);
            ledger.assert_each_dropped_once();
        }
    }
}

#[test]
fn an_item_is_dropped_once_when_its_drop_panics_as_the_consumer_goes() {
    everywhere(|ledger, place, n, bomb| {
        let (tx, rx) = loaded(ledger, place, n, bomb);
        assert!(panics(|| drop(rx)));
        ledger.assert_each_dropped_once();
        assert!(tx.is_closed());
    });
}

#[test]
fn an_item_is_dropped_once_when_its_drop_panics_and_the_consumer_goes_last() {
    everywhere(|ledger, place, n, bomb| {
        let (tx, rx) = loaded(ledger, place, n, bomb);
        drop(tx);
        assert!(panics(|| drop(rx)));
    });
}

#[test]
fn pop_into_a_vector_that_cannot_grow_leaves_the_items_in_the_queue() {
    let (mut tx, mut rx) = make::<()>(8);
    assert_eq!(tx.push_slice(&[(); 5]), Ok(5));
    let mut out = vec![()];
    // SAFETY: items without a size need no memory and no initialisation.
    unsafe { out.set_len(usize::MAX) };
    let grow = catch_unwind(AssertUnwindSafe(|| rx.pop_into(&mut out, 5)));
    assert!(grow.is_err());
    assert_eq!((out.len(), rx.len()), (usize::MAX, 5));
    assert_eq!(rx.pop_into(&mut Vec::new(), 5), Ok(5));
}

#[test]
fn a_pop_whose_item_panics_later_is_done() {
    everywhere(|ledger, place, n, bomb| {
        let (tx, mut rx) = loaded(ledger, place, n, bomb);
        for i in 0..n {
            assert_eq!(panics(|| drop(rx.pop())), i == bomb);
            assert_eq!((rx.len(), tx.len()), (n - i - 1, n - i - 1));
        }
    });
}
