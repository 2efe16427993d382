//! In steady state a push doesn't allocate, and the grace periods of pops allocate no more than once in 60.
//!
//! One test in this file: its counter is the process's allocator, and another test beside it would be counted too.

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;
use std::sync::Barrier;
use std::thread;

use raddle::stack::{IndexStack, Stack};

/// How often memory was asked for.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// How many bytes are in use.
static BYTES: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: the system's allocator, with counts on top.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: passed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: passed on to the caller.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    f();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// Runs `f` until everything is warm, then counts: allocations of so many pops are at most a sixtieth of them.
#[track_caller]
fn assert_seldom(pops: usize, mut f: impl FnMut()) {
    (0..3).for_each(|_| f());
    let n = allocations(f);
    assert!(n * 60 <= pops, "{n} allocations in {pops} pops");
}

/// Spare nodes, surplus, and those in their grace period, of usual and of large ones; and a stack's depot with the stack.
fn what_a_thread_kept_goes_with_it() {
    fn use_up<T: Copy>(n: usize, value: T) {
        let stack = Stack::new();
        (0..n).for_each(|_| stack.push(value));
        // A batch at a time.
        (0..n / 2).for_each(|_| assert!(stack.pop().is_some()));
        stack.push_all((0..n / 3).map(|_| value));
        (0..n / 3).for_each(|_| assert!(stack.pop().is_some()));
        assert_eq!(stack.pop_all().count(), n - n / 2);
        (0..n / 3).for_each(|_| stack.push(value));
        (0..50).for_each(|_| assert!(stack.pop().is_some()));
        // (What is left goes with the stack.)
    }
    let thread = || {
        let body = || {
            use_up(6000, [1_u64; 3]);
            use_up(6000, [1_u64; 5]);
            use_up(600, [1_u64; 60]);
            use_up(600, [1_u64; 501]);
        };
        thread::spawn(body).join().expect("a short thread");
    };
    (0..10).for_each(|_| thread());
    let before = BYTES.load(Ordering::Relaxed);
    const THREADS: usize = 100;
    (0..THREADS).for_each(|_| thread());
    let grown = BYTES.load(Ordering::Relaxed).saturating_sub(before);
    // That of the last few may still be in its grace period.
    assert!(grown / THREADS < 1000, "{grown} bytes more after {THREADS} threads");
}

#[test]
fn a_steady_state_hardly_allocates() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1, "the counter counts");

    let stack = Stack::new();
    const PAIRS: usize = 60_000;
    assert_seldom(PAIRS, || {
        for i in 0..PAIRS {
            stack.push(i);
            black_box(stack.pop());
        }
    });
    // Of those, the pushes need none.
    let of_pushes: usize = (0..PAIRS)
        .map(|i| {
            let push = allocations(|| stack.push(i));
            black_box(stack.pop());
            push
        })
        .sum();
    assert_eq!(of_pushes, 0);

    let large = Stack::new();
    assert_seldom(6000, || {
        for i in 0..6000 {
            large.push([i; 512]);
            black_box(large.pop());
        }
    });
    // One grace period for a thousand nodes.
    assert_seldom(PAIRS, || {
        for _ in 0..PAIRS / 1000 {
            (0..1000).for_each(|i| stack.push(i));
            assert_eq!(stack.pop_all().count(), 1000);
        }
    });
    assert_seldom(PAIRS, || {
        for _ in 0..PAIRS / 1000 {
            stack.push_all(0..1000);
            assert_eq!(stack.pop_all().count(), 1000);
        }
    });

    // One thread pushes, another pops: nodes go round by way of the stack's depot. They take turns, so that this doesn't
    // depend on who is fast.
    for by_pop_all in [false, true] {
        let (turn, mut counted) = (Barrier::new(2), 0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..200 {
                    turn.wait();
                    if by_pop_all {
                        assert_eq!(stack.pop_all().count(), 500);
                    } else {
                        assert!((0..500).all(|_| stack.pop().is_some()));
                    }
                    turn.wait();
                }
            });
            for round in 0..200 {
                let pushes = allocations(|| (0..500).for_each(|i| stack.push(i)));

                if round >= 100 {
                    counted += pushes;
                }
                turn.wait();
                turn.wait();
            }
        });

        assert!(counted * 60 <= 100 * 500, "{counted} allocations in {} pushes", 100 * 500);
    }

    // A burst is given back.
    let before = BYTES.load(Ordering::Relaxed);
    let burst = Stack::from_iter((0..1_000_000).map(|i| [i; 2]));
    assert!(BYTES.load(Ordering::Relaxed) - before > 15_000_000);
    drop(burst.pop_all());
    (0..2000).for_each(|i| {
        burst.push([i; 2]);
        black_box(burst.pop());
    });
    let kept = BYTES.load(Ordering::Relaxed).saturating_sub(before);
    assert!(kept < 1_000_000, "{kept} bytes are kept after a burst");

    // Also one that is popped one by one: what a thread has too much of goes to the stack's depot, as far as that keeps it.
    let before = BYTES.load(Ordering::Relaxed);
    let burst = Stack::from_iter((0..300_000).map(|i| [i; 3]));
    while black_box(burst.pop()).is_some() {}
    (0..2000).for_each(|i| {
        burst.push([i; 3]);
        black_box(burst.pop());
    });
    let kept = BYTES.load(Ordering::Relaxed).saturating_sub(before);
    assert!(kept < 1_000_000, "{kept} bytes are kept after a burst");

    what_a_thread_kept_goes_with_it();

    let indices = IndexStack::full(10);
    let none = allocations(|| {
        for _ in 0..1000 {
            let index = indices.pop().expect("ten are in");
            indices.push(index);
        }
    });
    assert_eq!(none, 0);
}
