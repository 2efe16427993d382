//! A bounded queue allocates when it is made, and never after; an unbounded one keeps what it needs, and no more.
//!
//! One test in this file: its counter is the process's allocator, and another test beside it would be counted too.

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;
use std::collections::VecDeque;

use raddle::{Backoff, mpmc, mpsc, spmc, spsc};

/// How often memory was asked for or given back.
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// How many bytes, and in how many pieces, were asked for and not given back.
static BYTES: AtomicUsize = AtomicUsize::new(0);
static PIECES: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: the system's allocator, with a count on top.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        PIECES.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: passed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        PIECES.fetch_sub(1, Ordering::Relaxed);
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: passed on to the caller.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `f` called the allocator. The smallest of several tries, since the test harness has a thread of its own.
fn calls(mut f: impl FnMut()) -> usize {
    let once = |_| {
        let before = CALLS.load(Ordering::Relaxed);
        f();
        CALLS.load(Ordering::Relaxed) - before
    };
    (0..5).map(once).min().expect("five tries")
}

/// The operations that every kind has, none of which may allocate.
macro_rules! steady {
    ($name:expr, $capacity:expr, $make:expr) => {
        #[allow(unused_mut, reason = "where there may be many handles, they act through `&self`")]
        {
            let (mut tx, mut rx) = $make;
            let mut out = Vec::with_capacity(4 * $capacity);
            let mut source: VecDeque<u64> = VecDeque::with_capacity(4 * $capacity);
            let mut round = || {
                for depth in 1..=$capacity {
                    for i in 0..depth as u64 {
                        tx.push(i).expect("room");
                    }
                    assert!(rx.pop().is_ok() && tx.push(0).is_ok());
                    assert_eq!(rx.drain().count(), depth);
                    assert!(rx.pop().is_err() && tx.is_empty() && !rx.is_full());
                    source.extend(0..depth as u64);
                    assert_eq!(tx.push_from(&mut source), Ok(depth));
                    assert_eq!(tx.len(), depth);
                    out.clear();
                    assert_eq!(rx.pop_into(&mut out, usize::MAX), Ok(depth));
                    assert_eq!(tx.push_slice(&out), Ok(depth));
                    assert_eq!(rx.drain().count(), depth);
                }
            };
            round(); // an unbounded queue gets its spare segments here
            assert_eq!(calls(round), 0, "{}", $name);
        }
    };
}

/// An unbounded queue of words is small when new, and small again after a burst.
macro_rules! gives_back {
    ($name:expr, $segment:literal in $pieces:literal, $make:expr) => {
        #[allow(unused_mut, reason = "as above")]
        {
            // So many items, in so many allocations.
            const SEGMENT: usize = $segment;
            // The smallest of several tries, since the test harness has a thread of its own.
            let tries = (0..5).map(|_| {
                let (bytes, pieces) =
                    (BYTES.load(Ordering::Relaxed), PIECES.load(Ordering::Relaxed));
                let (mut tx, mut rx) = $make;
                let new = BYTES.load(Ordering::Relaxed) - bytes;
                let at_first = PIECES.load(Ordering::Relaxed) - pieces;
                for i in 0..100 * SEGMENT as u64 {
                    tx.push(i).expect("room");
                }
                let full = PIECES.load(Ordering::Relaxed) - pieces;
                assert_eq!(rx.drain().count(), 100 * SEGMENT);
                let after = PIECES.load(Ordering::Relaxed) - pieces;
                drop((tx, rx));
                (new, at_first, full, after, PIECES.load(Ordering::Relaxed) - pieces)
            });
            let (new, at_first, full, after, left) = tries.min().expect("five tries");
            assert!(new < 1024, "{}: {new} bytes when new", $name);
            assert!(full >= at_first + 90 * $pieces, "{}: {full} pieces when full", $name);
            // Four to spare, and one for each end.
            assert!(
                after <= at_first + 5 * $pieces,
                "{}: {after} pieces after, {at_first} at first",
                $name
            );
            assert_eq!(left, 0, "{}", $name);
        }
    };
}

#[test]
fn after_construction_nothing_allocates() {
    assert!(calls(|| drop(black_box(Box::new(1)))) >= 2, "the counter counts");
    steady!("mpsc::bounded", 50, mpsc::bounded::<u64>(50));
    steady!("spmc::bounded", 50, spmc::bounded::<u64>(50));
    steady!("mpmc::bounded", 50, mpmc::bounded::<u64>(50));
    // Almost three segments, of the four that are kept.
    steady!("spsc::unbounded", 2600, spsc::unbounded::<u64>());
    steady!("mpsc::unbounded", 1500, mpsc::unbounded::<u64>());
    steady!("spmc::unbounded", 1500, spmc::unbounded::<u64>());
    steady!("mpmc::unbounded", 1500, mpmc::unbounded::<u64>());
    gives_back!("spsc::unbounded", 896 in 2, spsc::unbounded::<u64>());
    gives_back!("mpsc::unbounded", 512 in 1, mpsc::unbounded::<u64>());
    gives_back!("spmc::unbounded", 512 in 1, spmc::unbounded::<u64>());
    gives_back!("mpmc::unbounded", 512 in 1, mpmc::unbounded::<u64>());
    {
        let queue = mpmc::Fixed::<u64, 9>::new();
        let evicting = || (0..30).for_each(|i| drop(queue.force_push(i)));
        assert_eq!(calls(evicting), 0, "Fixed");
        let (tx, _rx) = mpmc::bounded(9);
        let evicting =
            || (0..30).for_each(|i| drop(tx.force_push(i).expect("a consumer is there")));
        assert_eq!(calls(evicting), 0, "force_push");
    }
    assert!(calls(|| drop(spsc::bounded::<u64>(100))) >= 4, "two allocations, and two frees");

    for capacity in [1, 64, 65, 200] {
        let (mut tx, mut rx) = spsc::bounded::<u64>(capacity);
        let backoff = Backoff::new();
        let mut out = Vec::with_capacity(capacity);
        let mut source: VecDeque<u64> = VecDeque::with_capacity(2 * capacity);
        let each = |what: &str, f: &mut dyn FnMut()| {
            let calls = calls(|| {
                // Round the ring, so that every line has been there.
                for _ in 0..3 * capacity {
                    f();
                }
            });
            assert_eq!(calls, 0, "{what} with a capacity of {capacity}");
        };
        each("push and pop", &mut || {
            tx.push(1).expect("room");
            assert_eq!((rx.peek().copied(), rx.pop()), (Ok(1), Ok(1)));
        });
        each("a refused push, a pop that finds nothing", &mut || {
            while tx.push(1).is_ok() {}
            assert!(rx.drain().count() >= capacity);
            assert!(rx.pop().is_err());
            backoff.spin();
        });
        each("push_slice and pop_into", &mut || {
            tx.push_slice(&[1]).expect("room");
            out.clear();
            assert_eq!(rx.pop_into(&mut out, usize::MAX), Ok(1));
        });
        each("push_from", &mut || {
            source.extend([1, 2]);
            while tx.push_from(&mut source).is_ok_and(|n| n > 0) {}
            source.clear();
            assert!(rx.drain().count() > 0);
        });
        each("reserve and read", &mut || {
            let mut chunk = tx.reserve(capacity).expect("room");
            chunk.fill(0..);
            chunk.commit_all();
            let chunk = rx.read(usize::MAX).expect("items");
            assert_eq!(chunk.runs().flatten().count(), capacity);
            chunk.release_all();
        });
        each("observers", &mut || {
            assert!(tx.is_empty() && !rx.is_full() && tx.len() + rx.len() < 1);
            assert!(!tx.is_closed() && !rx.is_closed());
        });
    }
}
