//! Items shown in place, where there is one consumer: what is released goes out, nothing else does.

use core::mem::forget;
use std::sync::{Arc, Mutex};

use raddle::PopError;

use super::panics::{everywhere, loaded, panics};
use super::{SPEC, make};
use crate::items::{Acts, Ledger};

#[test]
fn a_chunk_has_as_many_items_as_asked_for_or_as_there_are() {
    for capacity in [1, 2, 3, 7, 65, 100] {
        for inside in 0..=capacity {
            let (mut tx, mut rx) = make(capacity);
            (0..inside).for_each(|i| tx.push(i).expect("room"));
            for n in [1, 2, 3, 50, usize::MAX] {
                match rx.read(n) {
                    Ok(chunk) => assert_eq!(chunk.len(), n.min(inside)),
                    Err(error) => assert!(error == PopError::Empty && inside == 0),
                }
            }
        }
    }
}

#[test]
fn an_empty_request_gets_an_empty_chunk() {
    let (mut tx, mut rx) = make(2);
    for _ in 0..2 {
        assert!(rx.read(0).is_ok_and(|chunk| chunk.is_empty()));
        assert!(tx.push(1).is_ok());
    }
    drop(tx);
    rx.read(usize::MAX).expect("items").release_all();
    assert!(rx.read(0).is_ok_and(|chunk| chunk.is_empty()));
    assert_eq!(rx.read(1).err(), Some(PopError::Closed));
}

#[test]
fn a_release_takes_the_first_items_and_leaves_the_others() {
    for capacity in [1, 2, 3, 7, 65] {
        let (mut tx, mut rx) = make(capacity);
        for shown in 1..=capacity {
            for released in 0..=shown {
                (0..capacity).for_each(|i| tx.push(i).expect("the queue is empty"));
                let chunk = rx.read(shown).expect("items");
                assert!(chunk.runs().flatten().copied().eq(0..shown));
                assert!(chunk.runs().all(|run| !run.is_empty()));
                chunk.release(released);
                assert_eq!(rx.len(), capacity - released);
                assert!(rx.drain().eq(released..capacity));
            }
        }
    }
}

#[test]
fn slots_released_can_be_written_again() {
    for capacity in [1, 2, 3, 7, 65] {
        let (mut tx, mut rx) = make(capacity);
        let capacity = if SPEC.is_bounded() { tx.capacity() } else { capacity };
        for lap in 0..4 {
            (0..capacity).for_each(|i| tx.push((lap, i)).expect("the queue is empty"));
            assert_eq!(SPEC.is_bounded(), tx.is_full());
            let chunk = rx.read(usize::MAX).expect("items");
            assert!(chunk.runs().flatten().copied().eq((0..capacity).map(|i| (lap, i))));
            chunk.release_all();
            assert!(rx.is_empty());
        }
    }
}

#[test]
fn a_dropped_read_chunk_leaves_everything_as_it_was() {
    let (mut tx, mut rx) = make(4);
    assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
    let _unreleased = rx.read(2).expect("two items");
    assert_eq!((tx.len(), rx.len()), (2, 2));
    assert!(rx.drain().eq([1, 2]));
}

#[test]
fn peek_shows_what_the_next_pop_takes() {
    let (mut tx, mut rx) = make(3);
    for i in 0..20 {
        assert_eq!(rx.peek(), Err(PopError::Empty));
        assert_eq!(tx.push_slice(&[2 * i, 2 * i + 1]), Ok(2));
        for item in [2 * i, 2 * i + 1] {
            assert_eq!((rx.peek().copied(), rx.peek().copied()), (Ok(item), Ok(item)));
            assert_eq!(rx.pop(), Ok(item));
        }
    }
}

#[test]
#[expect(clippy::forget_non_drop, reason = "the contract doesn't depend on it")]
fn a_leaked_read_chunk_leaves_the_items_in_the_queue() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(5);
    tx.push_from(&mut ledger.items(5).collect()).expect("room for five");
    forget(rx.read(4));
    assert_eq!((rx.len(), ledger.dropped()), (5, 0));
    assert!(rx.drain().map(|item| item.id).eq(0..5));
    ledger.assert_each_dropped_once();
}

#[test]
fn an_item_may_push_to_its_own_queue_when_it_is_released() {
    for capacity in [1, 2, 3, 7, 65] {
        let (tx, mut rx) = make::<Acts>(capacity);
        let (tx, made) = (Arc::new(Mutex::new(tx)), Arc::new(Mutex::new(0)));
        let push = |harmless: bool| {
            let (again, count) = (Arc::clone(&tx), Arc::clone(&made));
            let act = move || {
                if !harmless {
                    *count.lock().expect("no panic") += 1;
                    let _ = again.lock().expect("no panic").push(Acts(Box::new(|| {})));
                }
            };
            tx.lock().expect("no panic").push(Acts(Box::new(act))).is_ok()
        };
        let mut inside = 0;
        while inside < capacity && push(false) {
            inside += 1;
        }
        rx.read(inside).expect("items").release_all();
        assert_eq!(*made.lock().expect("no panic"), inside);
        assert!(rx.drain().count() <= inside);
        assert!(push(true) && rx.pop().is_ok());
    }
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
fn to_release_more_than_there_is_panics_and_does_nothing() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(8);
    tx.push_from(&mut ledger.items(2).collect()).expect("room");
    assert!(panics(|| rx.read(8).expect("two items").release(3)));
    assert_eq!((rx.len(), ledger.dropped()), (2, 0));
    assert_eq!(rx.drain().count(), 2);
    ledger.assert_each_dropped_once();
}
