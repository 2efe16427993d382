//! When user code panics (a drop, an iterator), each item is still dropped once and the queue stays usable.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;

use raddle::PopError;

use super::{Consumer, Producer, make};
use crate::items::{Counted, Ledger};

/// A queue whose ring was gone through up to `place`, with `n` items inside of which number `bomb` panics when dropped.
fn loaded(
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

fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Every place of a small ring, and every item of those inside as the one that panics.
fn everywhere(check: impl Fn(&Arc<Ledger>, usize, usize, usize)) {
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
fn a_release_whose_item_panics_releases_all_of_them_and_the_queue_goes_on() {
    everywhere(|ledger, place, n, bomb| {
        let (mut tx, mut rx) = loaded(ledger, place, n, bomb);
        let before = ledger.dropped();
        let released = bomb + (n - bomb) / 2; // with the one that panics, unless it is the last
        let panicked = panics(|| rx.read(n).expect("items").release(released));
        assert_eq!(panicked, bomb < released);
        assert_eq!(ledger.dropped(), before + released);
        assert_eq!((rx.len(), tx.len()), (n - released, n - released));
        if panicked {
            if let Ok(chunk) = rx.read(n) {
                chunk.release_all();
            }
            for item in ledger.items(3 * n) {
                assert!(tx.push(item).is_ok() && rx.pop().is_ok());
            }
            assert!(rx.pop().is_err_and(|error| error == PopError::Empty));
        } else {
            assert!(panics(|| drop(rx)));
        }
    });
}

#[test]
fn an_uncommitted_write_chunk_drops_each_item_once_when_one_panics() {
    everywhere(|ledger, place, n, bomb| {
        let (mut tx, mut rx) = loaded(ledger, place, n, n);
        assert_eq!(rx.drain().count(), n);
        let mut chunk = tx.reserve(n).expect("room");
        for i in 0..n {
            chunk.write(if i == bomb { ledger.bomb() } else { ledger.item() });
        }
        assert!(panics(|| drop(chunk)));
        ledger.assert_each_dropped_once();
        assert!(rx.is_empty() && tx.push(ledger.item()).is_ok() && rx.pop().is_ok());
    });
}

#[test]
fn a_commit_is_done_before_an_item_it_drops_panics() {
    everywhere(|ledger, place, n, bomb| {
        let (mut tx, mut rx) = loaded(ledger, place, n, n);
        assert_eq!(rx.drain().count(), n);
        let mut chunk = tx.reserve(n).expect("room");
        for i in 0..n {
            chunk.write(if i == bomb { ledger.bomb() } else { ledger.item() });
        }
        assert!(panics(|| chunk.commit(bomb)));
        assert_eq!((tx.len(), rx.drain().count()), (bomb, bomb));
        assert!(tx.push(ledger.item()).is_ok() && rx.pop().is_ok());
    });
}

#[test]
fn an_iterator_that_panics_in_fill_loses_nothing() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(8);
    for kept in [false, true] {
        let mut chunk = tx.reserve(8).expect("room");
        chunk.write(ledger.item());
        let items = (0..).map(|i| if i == 4 { panic!("no more") } else { ledger.item() });
        assert!(panics(|| {
            chunk.fill(items);
        }));
        assert_eq!(chunk.written(), 5);
        if kept {
            chunk.commit_all();
        }
        assert_eq!(rx.drain().count(), if kept { 5 } else { 0 });
    }
    ledger.assert_each_dropped_once();
}

#[test]
fn to_commit_or_release_more_than_there_is_panics_and_does_nothing() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(8);
    let mut chunk = tx.reserve(4).expect("room");
    chunk.fill(ledger.items(3));
    assert!(panics(|| chunk.commit(4)));
    assert_eq!((rx.len(), ledger.dropped()), (0, 3));

    let mut chunk = tx.reserve(2).expect("room");
    chunk.fill(ledger.items(2));
    assert!(panics(|| chunk.write(ledger.item())));
    chunk.commit_all();
    assert!(panics(|| rx.read(8).expect("two items").release(3)));
    assert_eq!(rx.drain().count(), 2);
    ledger.assert_each_dropped_once();
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
fn a_straggler_that_panics_is_dropped_once_by_whoever_goes_last() {
    let ledger = Ledger::new();
    let (mut tx, rx) = make(4);
    let mut chunk = tx.reserve(3).expect("room");
    chunk.fill(ledger.items(1).chain([ledger.bomb()]).chain(ledger.items(1)));
    // The consumer goes while the chunk is open: its items arrive after the leftovers are dropped.
    drop(rx);
    chunk.commit_all();
    assert_eq!(ledger.dropped(), 0);
    assert!(panics(|| drop(tx)));
    ledger.assert_each_dropped_once();
}
