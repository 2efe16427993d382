//! What counters cost in bytes, and that they can count inside an allocator.
//!
//! One test in this file: its counters are the process's allocator, and another test beside it would be counted too.
#![cfg(not(loom))] // under the model checker constructors are not `const`

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;
use std::sync::Barrier;
use std::thread;

use raddle::cacheline::PAD;
use raddle::counter::{Counter, SignedCounter};

static BYTES: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// The same, by the crate's own counters, whose first use in a thread allocates.
static COUNTED_BYTES: SignedCounter = SignedCounter::new();
static COUNTED_CALLS: Counter = Counter::new();

struct Counting;

// SAFETY: the system's allocator, with counts on top.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        CALLS.fetch_add(1, Ordering::Relaxed);
        COUNTED_BYTES.add(layout.size() as i64);
        COUNTED_CALLS.increment();
        // SAFETY: passed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        CALLS.fetch_add(1, Ordering::Relaxed);
        COUNTED_BYTES.add(-(layout.size() as i64));
        COUNTED_CALLS.increment();
        // SAFETY: passed on to the caller.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn bytes() -> usize {
    BYTES.load(Ordering::Relaxed)
}

const THREADS: usize = 100;
const COUNTERS: usize = 1000;

/// A slab of 10 kB for each thread at a time, which the next adopts, and which goes with its recorder; and a place.
#[cfg(feature = "latency")]
fn recorders_give_back_what_they_took() {
    use raddle::counter::LatencyRecorder;
    let recorder = LatencyRecorder::new();
    let record = || {
        thread::scope(|scope| {
            // Joined, as above.
            scope.spawn(|| recorder.record_nanos(7)).join().expect("a short thread");
        });
    };
    record();
    let before = bytes();
    (0..1000).for_each(|_| record());
    let grown = bytes().saturating_sub(before);
    assert!(grown < 4096, "{grown} bytes more after 1000 threads that recorded");
    assert_eq!(recorder.snapshot().count(), 1001);

    LatencyRecorder::new().record_nanos(1); // this thread's chunk of its place
    let before = bytes();
    for _ in 0..10_000 {
        let recorder = LatencyRecorder::new();
        recorder.record_nanos(1);
        assert_eq!(recorder.snapshot().count(), 1);
    }
    let grown = bytes().saturating_sub(before);
    assert!(grown < 4096, "{grown} bytes more after 10000 recorders");
}

#[test]
fn a_thousand_counters_on_a_hundred_threads() {
    // Before the first use: nothing but the counter itself.
    assert_eq!(size_of::<Counter>(), 48);
    let before = bytes();
    let counters: Vec<Counter> = (0..COUNTERS).map(|_| Counter::new()).collect();
    let own = COUNTERS * size_of::<Counter>();
    assert!(bytes() - before <= own + 1024, "{} bytes for {own}", bytes() - before);

    // All alive at once: a block each.
    let barrier = Barrier::new(THREADS);
    let use_all = || {
        thread::scope(|scope| {
            let use_them = || {
                counters.iter().for_each(Counter::increment);
                barrier.wait();
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(use_them)).collect();
            // Joined, since the scope's end doesn't wait for the destructors that give blocks back.
            threads.into_iter().for_each(|thread| thread.join().expect("a short thread"));
        });
    };
    let before = bytes();
    use_all();
    let used = bytes() - before;
    let padded = THREADS * COUNTERS * PAD;
    println!("{used} bytes; a padded cell each would be {padded}");
    // Six chunks of 16 .. 512 cells, and a table: 8.3 kB a thread.
    assert!(used >= THREADS * COUNTERS * 8, "the cells are somewhere: {used}");
    assert!(used <= THREADS * (COUNTERS * 8 + 1024), "{used} bytes");
    assert!(used * 14 < padded);

    // Threads that come later adopt what is there: nothing grows.
    let before = bytes();
    (0..5).for_each(|_| use_all());
    let grown = bytes().saturating_sub(before);
    assert!(grown < 4096, "{grown} bytes more after 500 more threads");
    assert!(counters.iter().all(|counter| counter.sum() == 6 * THREADS as u64));

    // Tens of thousands of threads, one after the other.
    let before = bytes();
    for _ in 0..20_000 {
        thread::spawn(|| COUNTED_CALLS.add(0)).join().expect("a short thread");
    }
    let grown = bytes().saturating_sub(before);
    assert!(grown < 4096, "{grown} bytes more after 20000 more threads");

    // Places are handed out again, in whatever number counters come and go.
    Counter::new().increment(); // this thread's chunk of them
    let before = bytes();
    for _ in 0..10_000 {
        let counter = Counter::new();
        counter.increment();
        assert_eq!(counter.sum(), 1);
    }
    let grown = bytes().saturating_sub(before);
    assert!(grown < 4096, "{grown} bytes more after 10000 counters");

    // Handles adopt cells.
    let counter = &counters[0];
    drop((counter.local(), counter.local()));
    let before = bytes();
    for _ in 0..1_000_000 {
        counter.local().increment();
    }
    assert!(bytes() <= before + 1024);
    drop(counters);

    // And go with their counter.
    let before = bytes();
    for _ in 0..1000 {
        let counter = Counter::new();
        drop((counter.local(), counter.local()));
    }
    let grown = bytes().saturating_sub(before);
    assert!(grown < 4096, "{grown} bytes more after 1000 counters with handles");

    #[cfg(feature = "latency")]
    recorders_give_back_what_they_took();

    // The crate's own counters saw each call of the allocator, those included that a first use made.
    // Taken on a quiet process; the test harness has a thread of its own, so the best of several tries.
    let differ = |_| {
        let calls = (CALLS.load(Ordering::Relaxed) as u64).abs_diff(COUNTED_CALLS.sum());
        let bytes = (bytes() as i64).abs_diff(COUNTED_BYTES.sum());
        calls + bytes
    };
    assert_eq!((0..100).map(differ).min(), Some(0));
}
