//! What goes in comes out or is dropped, once; also items that own queues, and chunks that are leaked.

use core::mem::forget;
use std::sync::{Arc, Mutex};

use super::{Producer, make};
use crate::items::{Acts, Counted, Ledger};

#[test]
fn leftovers_are_dropped_once_wherever_in_the_ring_they_lie() {
    for (capacity, step) in [(1, 1), (2, 1), (3, 1), (7, 1), (65, 8)] {
        for popped in (0..=2 * capacity).step_by(step) {
            for left in (0..=capacity).step_by(step) {
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
#[expect(clippy::forget_non_drop, reason = "the contract doesn't depend on it")]
fn a_leaked_drain_leaves_the_items_in_the_queue() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(5);
    tx.push_from(&mut ledger.items(5).collect()).expect("room for five");
    let mut drain = rx.drain();
    assert!(drain.next().is_some_and(|item| item.id == 0));
    forget(drain);
    assert_eq!((rx.len(), ledger.dropped()), (4, 1));
    assert!(rx.drain().map(|item| item.id).eq(1..5));
    ledger.assert_each_dropped_once();
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
            // The producer's last act.
            drop(rx.pop());
            assert!(rx.is_closed() && rx.len() == 2);
        }
        drop(rx);
    }
    ledger.assert_each_dropped_once();
}
