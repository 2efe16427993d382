//! What goes in comes out or is dropped, once; also items that own queues, and chunks that are leaked.

use core::mem::forget;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use raddle::{PopError, PushError};

use super::{Producer, make};
use crate::items::{Counted, Ledger};

#[test]
fn leftovers_are_dropped_once_wherever_in_the_ring_they_lie() {
    for capacity in [1, 2, 3, 7, 65] {
        for popped in 0..=2 * capacity {
            for left in 0..=capacity {
                let ledger = Ledger::new();
                let (mut tx, mut rx) = make(capacity);
                for item in ledger.items(popped) {
                    assert!(tx.push(item).is_ok() && rx.pop().is_ok());
                }
                tx.push_from(&mut ledger.items(left).collect()).expect("room");
                assert_eq!(ledger.dropped(), popped);
                let ends_in_this_order = if left % 2 == 0 {
                    (Some(tx), Some(rx), None)
                } else {
                    (None, Some(rx), Some(tx))
                };
                drop(ends_in_this_order);
                assert_eq!(ledger.drops(), vec![1; popped + left]);
            }
        }
    }
}

#[test]
fn the_consumer_drops_leftovers_as_it_goes() {
    let ledger = Ledger::new();
    let (mut tx, rx) = make(9);
    tx.push_from(&mut ledger.items(5).collect()).expect("room for nine");
    drop(rx);
    ledger.assert_each_dropped_once();
    drop(tx);
    ledger.assert_each_dropped_once();
}

#[test]
fn the_producer_drops_nothing_as_it_goes() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(9);
    tx.push_from(&mut ledger.items(5).collect()).expect("room for nine");
    drop(tx);
    assert_eq!(ledger.dropped(), 0);
    assert!(rx.drain().map(|item| item.id).eq(0..5));
    ledger.assert_each_dropped_once();
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
fn a_leaked_write_chunk_commits_nothing_and_harms_nothing() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(5);
    for _ in 0..7 {
        let mut chunk = tx.reserve(4).expect("room");
        chunk.fill(ledger.items(3));
        forget(chunk);
        assert!(rx.pop().is_err_and(|error| error == PopError::Empty) && rx.is_empty());
        // The slots of what was leaked are written over.
        let item = ledger.item();
        let id = item.id;
        assert!(tx.push(item).is_ok());
        assert!(rx.pop().is_ok_and(|item| item.id == id));
    }
    drop((tx, rx));
    assert_eq!(ledger.drops(), [0, 0, 0, 1].repeat(7));
}

#[test]
#[expect(clippy::forget_non_drop, reason = "the contract doesn't depend on it")]
fn a_leaked_read_chunk_or_drain_leaves_the_items_in_the_queue() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(5);
    tx.push_from(&mut ledger.items(5).collect()).expect("room for five");
    forget(rx.read(4));
    let mut drain = rx.drain();
    assert!(drain.next().is_some_and(|item| item.id == 0));
    forget(drain);
    assert_eq!((rx.len(), ledger.dropped()), (4, 1));
    assert!(rx.drain().map(|item| item.id).eq(1..5));
    ledger.assert_each_dropped_once();
}

/// An item that acts on a queue when it is dropped.
struct Acts(Box<dyn FnMut() + Send>);

impl Drop for Acts {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn an_item_may_push_to_and_pop_from_another_queue_when_it_is_dropped() {
    let (other_tx, mut other_rx) = make(8);
    let (mut tx, rx) = make(8);
    let other_tx = Arc::new(Mutex::new(other_tx));
    for i in 0..5 {
        let other_tx = Arc::clone(&other_tx);
        let push = move || other_tx.lock().expect("no panic").push(i).expect("room for eight");
        assert!(tx.push(Acts(Box::new(push))).is_ok());
    }
    drop(rx);
    assert!(other_rx.drain().eq(0..5));
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
fn an_item_may_pop_from_its_own_queue_when_a_chunk_drops_it() {
    let (mut tx, rx) = make::<Acts>(6);
    let rx = Arc::new(Mutex::new(rx));
    let weak = Arc::downgrade(&rx);
    let popping = || {
        let weak = weak.clone();
        Acts(Box::new(move || {
            let item = weak.upgrade().and_then(|rx| rx.try_lock().ok()?.pop().ok());
            drop(item);
        }))
    };
    for _ in 0..9 {
        let mut chunk = tx.reserve(4).expect("room");
        assert_eq!(chunk.fill((0..4).map(|_| popping())), 4);
        chunk.commit(2); // the other two pop the first two
        assert_eq!(tx.len(), 0);
    }
}

/// An item that keeps the producer of the queue it is in: a slot, since it has to go in before its producer does.
struct Owner(Arc<Mutex<Option<Producer<Owner>>>>, #[expect(dead_code, reason = "counted")] Counted);

impl Drop for Owner {
    fn drop(&mut self) {
        let tx = self.0.lock().expect("no panic").take();
        drop(tx);
    }
}

#[test]
fn an_item_may_own_the_producer_of_the_queue_it_is_in() {
    let ledger = Ledger::new();
    for consumer_goes in [true, false] {
        let (mut tx, mut rx) = make(4);
        let slot = Arc::new(Mutex::new(None));
        for _ in 0..3 {
            assert!(tx.push(Owner(Arc::clone(&slot), ledger.item())).is_ok());
        }
        *slot.lock().expect("no panic") = Some(tx);
        drop(slot);
        assert!(!rx.is_closed());
        if !consumer_goes {
            // The producer's last act, while the chunk holds the queue.
            rx.read(2).expect("three items").release_all();
            assert!(rx.is_closed() && rx.len() == 1);
        }
        drop(rx);
    }
    ledger.assert_each_dropped_once();
}

#[test]
fn a_batch_that_does_not_fit_leaves_the_rest_with_the_caller() {
    let ledger = Ledger::new();
    let (mut tx, rx) = make(3);
    let mut items: VecDeque<_> = ledger.items(100).collect();
    let n = tx.push_from(&mut items).expect("room for three");
    assert_eq!((n, items.len(), ledger.dropped()), (tx.capacity(), 100 - n, 0));
    drop((tx, rx));
    assert_eq!(ledger.dropped(), n);
    drop(items);
    ledger.assert_each_dropped_once();
}
