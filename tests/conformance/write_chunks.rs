//! Slots written in place, where there is one producer: what is committed goes in, nothing else does.

use core::mem::forget;
use std::sync::{Arc, Mutex};

use raddle::PopError;

use super::panics::{everywhere, loaded, panics};
use super::{SPEC, make};
use crate::items::{Acts, Ledger};
use crate::race::{RACES, race};

#[test]
fn a_chunk_has_as_many_slots_as_asked_for_or_as_there_is_room_for() {
    for capacity in [1, 2, 3, 7, 65, 100] {
        for inside in 0..=capacity {
            let (mut tx, _rx) = make(capacity);
            (0..inside).for_each(|i| tx.push(i).expect("room"));
            let room = tx.capacity() - inside;
            for n in [1, 2, 3, 50, 500] {
                match tx.reserve(n) {
                    Ok(chunk) => assert_eq!(chunk.len(), n.min(room)),
                    Err(error) => assert!(error.is_full() && room == 0),
                }
            }
        }
    }
}

#[test]
fn an_empty_request_gets_an_empty_chunk() {
    let (mut tx, rx) = make(2);
    for _ in 0..2 {
        assert!(tx.reserve(0).is_ok_and(|chunk| chunk.is_empty()));
        while SPEC.is_bounded() && tx.push(1).is_ok() {}
    }
    assert_eq!(SPEC.is_bounded(), tx.reserve(1).is_err_and(|error| error.is_full()));
    drop(rx);
    assert!(tx.reserve(0).is_ok_and(|chunk| chunk.is_empty()));
    assert!(tx.reserve(1).is_err_and(|error| error.is_closed()));
}

#[test]
fn a_commit_pushes_the_first_items_written_and_no_other() {
    for capacity in [1, 2, 3, 7, 65] {
        let (mut tx, mut rx) = make(capacity);
        for written in 0..=capacity {
            for committed in 0..=written {
                let mut chunk = tx.reserve(capacity).expect("the queue is empty");
                (0..written).for_each(|i| chunk.write(i));
                let fields = format!("{{ len: {}, written: {written} }}", chunk.len());
                assert_eq!(format!("{chunk:?}"), format!("WriteChunk {fields}"));
                assert_eq!((chunk.written(), rx.len()), (written, 0));
                assert_eq!(rx.pop(), Err(PopError::Empty), "nothing is committed yet");
                chunk.commit(committed);
                assert_eq!(rx.len(), committed);
                assert!(rx.drain().eq(0..committed), "{committed} of {written}");
            }
        }
    }
}

#[test]
fn slots_popped_can_be_written_again() {
    for capacity in [1, 2, 3, 7, 65] {
        let (mut tx, mut rx) = make(capacity);
        let capacity = if SPEC.is_bounded() { tx.capacity() } else { capacity };
        for lap in 0..4 {
            let mut chunk = tx.reserve(capacity).expect("the queue is empty");
            assert_eq!(chunk.fill((0..).map(|i| (lap, i))), capacity);
            assert_eq!(chunk.fill([(9, 9)]), 0, "the chunk is full");
            chunk.commit_all();
            assert_eq!(SPEC.is_bounded(), tx.is_full());
            assert!(rx.drain().eq((0..capacity).map(|i| (lap, i))));
        }
    }
}

#[test]
fn fill_asks_for_no_item_it_has_no_slot_for() {
    let (mut tx, _rx) = make(4);
    let mut chunk = tx.reserve(3).expect("room for four");
    let mut asked = 0;
    let items = core::iter::from_fn(|| {
        asked += 1;
        Some(asked)
    });
    assert_eq!(chunk.fill(items), 3);
    assert_eq!(asked, 3);
}

#[test]
fn a_dropped_write_chunk_leaves_everything_as_it_was() {
    let (mut tx, mut rx) = make(4);
    assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
    let mut chunk = tx.reserve(2).expect("room for four");
    chunk.write(3);
    drop(chunk);
    assert_eq!(rx.len(), 2);
    assert_eq!(tx.push_slice(&[5, 6]), Ok(2));
    assert!(rx.drain().eq([1, 2, 5, 6]));
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
fn to_commit_or_write_more_than_there_is_panics_and_does_nothing() {
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
    assert_eq!(rx.drain().count(), 2);
    ledger.assert_each_dropped_once();
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

#[test]
fn a_chunk_committed_while_the_consumer_goes_is_dropped_once() {
    let ledger = Ledger::new();
    race(
        (0..RACES).map(|_| make(6)).map(|(tx, rx)| (vec![tx], vec![rx])),
        |i, _, mut tx| {
            if let Ok(mut chunk) = tx.reserve(5) {
                let written = chunk.fill(ledger.items(5));
                chunk.commit(written - i % 3);
            }
        },
        |_, _, rx| drop(rx),
    );
    if !ledger.drops().is_empty() {
        ledger.assert_each_dropped_once();
    }
}
