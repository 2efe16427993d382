//! rayon's parallel iterators, into queues and counters and out of queues and stacks (`--features rayon`).

#![cfg(all(feature = "rayon", not(loom)))]

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex};

use raddle::counter::{Counter, SignedCounter};
use raddle::stack::Stack;
use raddle::{mpmc, mpsc, spmc};
use rayon::iter::{IntoParallelIterator, ParallelExtend, ParallelIterator};
use rayon::slice::ParallelSlice;
use rayon::{ThreadPool, ThreadPoolBuilder};

const N: usize = 20_000;

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

/// Each of `0..n` once.
#[track_caller]
fn complete(items: impl IntoIterator<Item = usize>, n: usize) {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_unstable();
    assert!(items.into_iter().eq(0..n));
}

#[test]
fn every_item_goes_into_a_queue_once() {
    pool(4).install(|| {
        let (tx, mut rx) = mpsc::unbounded();
        (&tx).par_extend((0..N).into_par_iter());
        complete(rx.drain(), N);
        let (mut tx, rx) = mpmc::unbounded();
        tx.par_extend((0..N).into_par_iter());
        complete(rx.drain(), N);
    });
}

#[test]
fn the_items_of_a_piece_keep_their_order() {
    const PIECE: usize = 1000;
    pool(4).install(|| {
        let (tx, mut rx) = mpsc::unbounded();
        let all: Vec<usize> = (0..N).collect();
        // One piece of work per chunk: within it, iteration is sequential.
        (&tx).par_extend(all.par_chunks(PIECE).flat_map_iter(|piece| piece.iter().copied()));
        let mut next: Vec<usize> = (0..N).step_by(PIECE).collect();
        for item in rx.drain() {
            assert_eq!(item, next[item / PIECE], "out of order");
            next[item / PIECE] += 1;
        }
        assert!(next.into_iter().eq((PIECE..=N).step_by(PIECE)));
    });
}

#[test]
fn items_for_a_closed_queue_are_dropped() {
    let item = Arc::new(());
    let (tx, rx) = mpsc::unbounded();
    drop(rx);
    (&tx).par_extend((0..N).into_par_iter().map(|_| item.clone()));
    assert_eq!((Arc::strong_count(&item), tx.is_closed()), (1, true));
}

#[test]
fn a_panic_in_between_loses_nothing_that_was_pushed_and_leaks_nothing() {
    let item = Arc::new(());
    let (tx, mut rx) = mpsc::unbounded();
    let items = (0..N).into_par_iter().map(|i| {
        assert!(i != N / 2);
        (i, item.clone())
    });
    assert!(catch_unwind(AssertUnwindSafe(|| (&tx).par_extend(items))).is_err());
    let mut popped: Vec<_> = rx.drain().map(|(i, _)| i).collect();
    let n = popped.len();
    popped.sort_unstable();
    popped.dedup();
    assert!(popped.len() == n && !popped.contains(&(N / 2)));
    assert_eq!(Arc::strong_count(&item), 1);
}

#[test]
fn a_parallel_drain_takes_each_item_once() {
    pool(4).install(|| {
        let (tx, rx) = mpmc::unbounded();
        (0..N).for_each(|i| tx.push(i).expect("room"));
        complete(rx.par_drain().collect::<Vec<_>>(), N);
        let (mut tx, rx) = spmc::bounded(N);
        (0..N).for_each(|i| tx.push(i).expect("room"));
        complete(rx.par_drain().collect::<Vec<_>>(), N);
        let stack: Stack<usize> = (0..N).collect();
        complete(stack.par_drain().collect::<Vec<_>>(), N);
    });
}

#[test]
fn a_parallel_drain_of_nothing_ends() {
    let (_tx, rx) = mpmc::unbounded::<u8>();
    assert_eq!(rx.par_drain().count(), 0);
    assert_eq!(Stack::<u8>::new().par_drain().count(), 0);
}

/// One thread pushes, drains in its own pool, and is the pool's only thread: who waited would wait for ever.
#[test]
fn draining_beside_pushing_jobs_never_waits() {
    let pool = pool(1);
    let (tx, rx) = mpmc::unbounded();
    let popped = Mutex::new(Vec::new());
    pool.scope(|scope| {
        for job in 0..100 {
            let (tx, rx, popped) = (&tx, &rx, &popped);
            scope.spawn(move |_| {
                (0..10).for_each(|i| tx.push(10 * job + i).expect("a consumer is there"));
                let own: Vec<usize> = rx.par_drain().collect();
                popped.lock().expect("no panic").extend(own);
            });
        }
    });
    complete(popped.into_inner().expect("no panic"), 1000);
}

#[test]
fn what_a_drain_does_not_want_stays() {
    pool(2).install(|| {
        let (tx, rx) = mpmc::unbounded();
        (0..N).for_each(|i| tx.push(i).expect("room"));
        let seen = AtomicUsize::new(0);
        let found = rx.par_drain().find_any(|_| seen.fetch_add(1, Ordering::Relaxed) == 10);
        assert!(found.is_some());
        // Each of them was popped by the search; all others are still there.
        assert_eq!(rx.drain().count(), N - seen.load(Ordering::Relaxed));
    });
}

/// With one thread it is certain how many it wants.
#[test]
fn a_drain_that_has_found_what_it_looks_for_pops_no_more() {
    pool(1).install(|| {
        let (tx, rx) = mpmc::unbounded();
        (0..N).for_each(|i| tx.push(i).expect("room"));
        assert_eq!(rx.par_drain().find_any(|&i| i == 10), Some(10));
        assert!(rx.drain().eq(11..N));
        let stack: Stack<usize> = (0..N).collect();
        assert_eq!(stack.par_drain().find_any(|&i| i == N - 11), Some(N - 11));
        assert!(stack.pop_all().eq((0..N - 11).rev()));
    });
}

#[test]
fn a_parallel_sum_counts_every_value_once() {
    pool(4).install(|| {
        let mut counter: Counter = (0..N as u64).into_par_iter().collect();
        counter.par_extend((0..N as u64).into_par_iter());
        (&counter).par_extend([1, 2, 3].into_par_iter());
        let n = N as u64;
        assert_eq!(counter.sum(), n * (n - 1) + 6);
        let signed: SignedCounter = (-5..=3).into_par_iter().map(i64::from).collect();
        assert_eq!(signed.sum(), -9);
    });
}
