//! A queue allocates when it is made, and never after.
//!
//! One test in this file: its counter is the process's allocator, and another test beside it would be counted too.

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;
use std::collections::VecDeque;

use raddle::{Backoff, spsc};

/// How often memory was asked for or given back.
static CALLS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: the system's allocator, with a count on top.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: passed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
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

#[test]
fn after_construction_nothing_allocates() {
    assert!(calls(|| drop(black_box(Box::new(1)))) >= 2, "the counter counts");
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
