//! A push by force always has its way while a consumer is there, and what gave way comes back.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::thread;

use raddle::{PopError, PushError};

use super::{SPEC, consumer, make, producer};
use crate::affinity::on_cores;
use crate::items::Ledger;
use crate::race::{RACES, race};

#[test]
fn into_a_full_queue_it_puts_the_item_in_the_place_of_the_oldest() {
    for asked in [1, 2, 3, 7, 8, 64, 65, 100] {
        let (mut tx, rx) = make(asked);
        let mut inside = VecDeque::new();
        for i in 0..4 * tx.capacity() {
            let is_full = tx.is_full();
            let evicted = tx.force_push(i).expect("a consumer is there");
            let most = if is_full { SPEC.most_evicted::<usize>(asked) } else { 0 };
            assert!((usize::from(is_full)..=most).contains(&evicted.len()), "{evicted:?}");
            evicted.for_each(|item| assert_eq!(Some(item), inside.pop_front()));
            inside.push_back(i);
            assert!(tx.len() == inside.len() && inside.len() >= asked.min(i + 1));
        }
        while !tx.is_full() {
            assert_eq!(tx.push(0), Ok(()));
            inside.push_back(0);
        }
        assert_eq!(tx.push(0), Err(PushError::Full(0)));
        assert!(rx.drain().eq(inside));
        assert_eq!((tx.push(9), rx.pop(), rx.pop()), (Ok(()), Ok(9), Err(PopError::Empty)));
    }
}

#[test]
fn it_goes_along_with_every_other_operation() {
    for capacity in [1, 2, 3, 5, 9, 70] {
        let (mut tx, rx) = make(capacity);
        let mut model = VecDeque::new();
        for i in 0..200_usize {
            match i * i % 7 {
                0 | 1 => {
                    let is_full = tx.is_full();
                    let evicted = tx.force_push(i).expect("a consumer is there");
                    assert_eq!(evicted.len() > 0, is_full);
                    evicted.for_each(|item| assert_eq!(Some(item), model.pop_front()));
                    model.push_back(i);
                }
                2 => assert_eq!(rx.pop().ok(), model.pop_front()),
                _ => match tx.push(i) {
                    Ok(()) => model.push_back(i),
                    Err(_) => assert!((capacity..=tx.capacity()).contains(&model.len())),
                },
            }
            assert_eq!(rx.len(), model.len());
        }
        assert!(rx.drain().eq(model));
    }
}

#[test]
fn without_a_consumer_it_gives_the_item_back() {
    let ledger = Ledger::new();
    for inside in 0..3 {
        let (mut tx, rx) = make(2);
        tx.push_from(&mut ledger.items(inside).collect()).expect("room for two");
        drop(rx);
        let item = ledger.item();
        let id = item.id;
        let Err(PushError::Closed(item)) = tx.force_push(item) else { panic!("it is closed") };
        assert_eq!(item.id, id);
    }
    ledger.assert_each_dropped_once();
}

#[test]
fn what_gave_way_is_dropped_once_and_so_is_what_did_not() {
    let ledger = Ledger::new();
    for capacity in [1, 3, 8] {
        let (mut tx, rx) = make(capacity);
        for _ in 0..3 * tx.capacity() {
            let before = ledger.dropped();
            let evicted = tx.force_push(ledger.item()).expect("a consumer is there");
            let n = evicted.len();
            drop(evicted);
            assert_eq!(ledger.dropped(), before + n);
        }
        drop((tx, rx));
    }
    ledger.assert_each_dropped_once();
}

/// Pushes by force from all threads that may push while others pop: each item is evicted or popped, once.
fn stress<const WORDS: usize>(capacity: usize, threads: usize, each: usize) {
    let (producers, consumers) = (SPEC.producers.at_most(threads), threads);
    let (tx, rx) = make::<[usize; WORDS]>(capacity);
    let seen: Vec<AtomicUsize> = (0..producers * each).map(|_| AtomicUsize::new(0)).collect();
    let seen = &seen;
    thread::scope(|scope| {
        for (thread, mut tx) in producer::handles(tx, producers).into_iter().enumerate() {
            scope.spawn(move || {
                for i in 0..each {
                    let item = [thread * each + i; WORDS];
                    if i % 3 == 0 && tx.push(item).is_ok() {
                        continue;
                    }
                    for evicted in tx.force_push(item).expect("consumers are there") {
                        assert_eq!(evicted, [evicted[0]; WORDS]);
                        seen[evicted[0]].fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        for rx in consumer::handles(rx, consumers) {
            scope.spawn(move || {
                let mut last = vec![0; producers];
                loop {
                    match rx.pop() {
                        Ok(item) => {
                            assert_eq!(item, [item[0]; WORDS]);
                            seen[item[0]].fetch_add(1, Ordering::Relaxed);
                            let (producer, i) = (item[0] / each, item[0] % each + 1);
                            assert!(i > last[producer], "out of order");
                            last[producer] = i;
                        }
                        Err(PopError::Empty) => thread::yield_now(),
                        Err(PopError::Closed) => break,
                    }
                }
            });
        }
    });
    for (i, seen) in seen.iter().enumerate() {
        assert_eq!(seen.load(Ordering::Relaxed), 1, "item {i}");
    }
}

#[test]
fn each_item_is_popped_or_evicted_once() {
    let each = if cfg!(miri) { 50 } else { 2_000 };
    for capacity in [1, 2, 3, 64] {
        stress::<1>(capacity, 4, each);
        stress::<1024>(capacity, 4, each / 10);
    }
    on_cores(1, || stress::<1>(2, 4, each));
}

#[test]
fn consumers_may_go_meanwhile() {
    let ledger = Ledger::new();
    race(
        (0..RACES).map(|_| make(2)).map(|(tx, rx)| {
            (
                producer::handles(tx, SPEC.producers.at_most(2)),
                consumer::handles(rx, SPEC.consumers.at_most(2)),
            )
        }),
        |i, _, mut tx| ledger.items(1 + i % 4).for_each(|item| drop(tx.force_push(item))),
        |i, _, rx| rx.drain().take(i % 3).for_each(drop),
    );
    ledger.assert_each_dropped_once();
}
