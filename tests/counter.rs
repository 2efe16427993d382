//! Counters: what was added is in the sum once, whoever added it, whenever its thread came and went.
#![cfg(not(loom))] // under the model checker constructors are not `const`

use core::cell::RefCell;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use raddle::counter::parts::{Add, Meter, Registry};
use raddle::counter::{Counter, Max, Min, SignedCounter, SignedMax, SignedMin};

#[test]
fn sums_are_modulo_two_to_the_64() {
    let counter = Counter::new();
    counter.add(u64::MAX);
    counter.add(3);
    assert_eq!((counter.sum(), counter.take(), counter.sum()), (2, 2, 0));
    thread::scope(|scope| {
        scope.spawn(|| counter.add(u64::MAX));
    });
    assert_eq!(counter.take(), u64::MAX);

    let signed = SignedCounter::new();
    thread::scope(|scope| {
        scope.spawn(|| signed.add(-5));
        signed.add(3);
    });
    assert_eq!((signed.sum(), signed.take()), (-2, -2));
    signed.add(i64::MIN);
    assert_eq!(signed.sum(), i64::MIN);
    signed.add(-1);
    assert_eq!(signed.sum(), i64::MAX);
}

#[test]
fn a_counter_begins_at_zero_where_another_one_was() {
    for round in 1..100 {
        let (one, other) = (Counter::new(), SignedMax::new());
        assert_eq!((one.sum(), other.get()), (0, None));
        thread::scope(|scope| {
            scope.spawn(|| one.add(round));
            scope.spawn(|| one.add(round));
            one.increment();
            other.record(-7);
        });
        assert_eq!((one.sum(), other.get()), (2 * round + 1, Some(-7)));
    }
    let mut counter = Counter::new();
    counter.add(3);
    counter.local().add(4);
    assert_eq!(counter.take(), 7);
    counter.increment();
    counter.reset();
    assert_eq!((counter.sum(), counter.take()), (0, 0));
    counter.increment();
    assert_eq!(counter.sum(), 1);
}

#[test]
fn counters_do_not_disturb_each_other() {
    let counters: Vec<Counter> = (0..3000).map(|_| Counter::new()).collect();
    let order = |seed: usize| (0..counters.len()).map(move |i| (i * 1009 + seed) % 3000);
    thread::scope(|scope| {
        for seed in 0..4 {
            let (counters, order) = (&counters, &order);
            scope.spawn(move || order(seed).for_each(|i| counters[i].add(i as u64 + 1)));
        }
    });
    for (i, counter) in counters.iter().enumerate() {
        assert_eq!(counter.sum(), 4 * (i as u64 + 1));
    }
}

/// Threads that come and go, in waves that overlap.
#[test]
fn thousands_of_short_threads_lose_nothing() {
    static SUM: Counter = Counter::new();
    static SIGNED: SignedCounter = SignedCounter::new();
    static GREATEST: Max = Max::new();
    const WAVES: u64 = 400;
    const WIDTH: u64 = 16;
    const ADDS: u64 = 100;
    for wave in 0..WAVES {
        thread::scope(|scope| {
            for i in 0..WIDTH {
                scope.spawn(move || {
                    for _ in 0..ADDS {
                        SUM.increment();
                        SIGNED.add(-1);
                    }
                    GREATEST.record(wave * WIDTH + i);
                });
            }
        });
        let expected = (wave + 1) * WIDTH * ADDS;
        assert_eq!((SUM.sum(), SIGNED.sum()), (expected, -(expected as i64)));
        assert_eq!(GREATEST.get(), Some((wave + 1) * WIDTH - 1));
    }
}

#[test]
fn each_addition_is_taken_once() {
    static SUM: Counter = Counter::new();
    const THREADS: u64 = 4;
    const ADDS: u64 = 50_000;
    let (done, is_done) = mpsc::channel::<()>();
    let takers: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(|| {
                let (mut taken, mut takes) = (0, 0u64);
                while taken < u64::MAX && takes < 20_000 {
                    // A take that saw less than one before it would wrap.
                    let now = SUM.take();
                    assert!(now <= THREADS * ADDS, "{now} taken at once");
                    assert!(SUM.sum() <= THREADS * ADDS);
                    taken += now;
                    takes += 1;
                }
                taken
            })
        })
        .collect();
    for _ in 0..THREADS {
        let done = done.clone();
        thread::spawn(move || {
            (0..ADDS).for_each(|_| SUM.increment());
            drop(done);
        });
    }
    drop(done);
    assert!(is_done.recv().is_err(), "all adders are done");
    let taken: u64 = takers.into_iter().map(|taker| taker.join().expect("a taker")).sum();
    assert_eq!(taken + SUM.sum(), THREADS * ADDS);
    assert_eq!(SUM.take(), THREADS * ADDS - taken);
}

/// Adds when its thread's thread-locals are destroyed.
struct AddsLate(&'static Counter, &'static Max);

impl Drop for AddsLate {
    fn drop(&mut self) {
        self.0.add(10);
        self.1.record(10);
    }
}

thread_local! {
    static LATE: RefCell<Option<AddsLate>> = const { RefCell::new(None) };
    static LATER: RefCell<Option<AddsLate>> = const { RefCell::new(None) };
}

/// In either order of destruction: the thread's block may have gone back by then.
#[test]
fn destructors_of_thread_locals_count() {
    static SUM: Counter = Counter::new();
    static GREATEST: Max = Max::new();
    const THREADS: u64 = 500;
    let late = || Some(AddsLate(&SUM, &GREATEST));
    for i in 0..THREADS {
        let body = move || match i % 3 {
            // Registered before the thread's first use, and after it: one is destroyed after the block has gone back.
            0 => {
                LATE.set(late());
                SUM.increment();
                LATER.set(late());
            }
            1 => {
                SUM.increment();
                LATE.set(late());
                LATER.set(late());
            }
            // The first use is in a destructor.
            _ => {
                LATE.set(late());
                LATER.set(late());
            }
        };
        thread::spawn(body).join().expect("a short thread");
    }
    let first: u64 = (0..THREADS).filter(|i| i % 3 < 2).count() as u64;
    assert_eq!(SUM.sum(), first + 20 * THREADS);
    assert_eq!(GREATEST.get(), Some(10));
}

/// When its thread's block has gone back, adds beside a thread that adopts that block; for so long that the two are under
/// way together wherever they run.
struct AddsBesideHeir(&'static Counter);

/// What was added so.
static ADDED_BESIDE_HEIRS: AtomicU64 = AtomicU64::new(0);

impl Drop for AddsBesideHeir {
    fn drop(&mut self) {
        let start = Barrier::new(2);
        let add = |counter: &Counter| {
            counter.increment();
            start.wait();
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_millis(20) {
                (0..1000).for_each(|_| counter.increment());
                ADDED_BESIDE_HEIRS.fetch_add(1000, Ordering::Relaxed);
            }
        };
        thread::scope(|scope| {
            let heir = scope.spawn(|| add(self.0));
            add(self.0);
            heir.join().expect("an heir");
        });
    }
}

thread_local! {
    static BESIDE_HEIR: RefCell<Option<AddsBesideHeir>> = const { RefCell::new(None) };
}

#[test]
fn a_thread_on_its_way_out_does_not_touch_its_heirs_cells() {
    static SUM: Counter = Counter::new();
    for i in 1..=10 {
        thread::spawn(|| {
            BESIDE_HEIR.set(Some(AddsBesideHeir(&SUM)));
            SUM.increment();
        })
        .join()
        .expect("a short thread");
        assert_eq!(SUM.sum(), 3 * i + ADDED_BESIDE_HEIRS.load(Ordering::Relaxed));
    }
}

#[test]
fn a_local_handle_counts_wherever_it_goes() {
    let counter = SignedCounter::new();
    for _ in 0..100 {
        let mut local = counter.local();
        local.add(5);
        thread::scope(|scope| {
            scope.spawn(move || {
                local.add(-3);
                local.increment();
            });
            let mut beside = counter.local();
            beside.increment();
        });
    }
    assert_eq!(counter.take(), 400);
    core::mem::forget(counter.local());
    counter.local().increment();
    assert_eq!(counter.sum(), 1);
}

#[test]
fn extremes_of_every_number() {
    let numbers = [3, u64::MAX, 0, 7];
    let (max, min) = (Max::new(), Min::new());
    assert_eq!((max.get(), min.get()), (None, None));
    max.record(0);
    min.record(u64::MAX);
    assert_eq!((max.get(), min.get()), (Some(0), Some(u64::MAX)));
    for n in numbers {
        max.record(n);
        min.local().record(n);
    }
    assert_eq!((max.get(), min.get()), (Some(u64::MAX), Some(0)));

    let (mut max, min) = (SignedMax::new(), SignedMin::new());
    min.record(i64::MAX);
    assert_eq!((max.get(), min.get()), (None, Some(i64::MAX)));
    for n in [-1, -9, i64::MIN] {
        thread::scope(|scope| {
            scope.spawn(|| max.record(n));
            min.record(n);
        });
    }
    assert_eq!((max.get(), min.get()), (Some(-1), Some(i64::MIN)));
    max.record(5);
    assert_eq!(max.get(), Some(5));
    max.reset();
    assert_eq!(max.get(), None);
    max.local().record(i64::MIN);
    assert_eq!(max.get(), Some(i64::MIN));
    max.record(-2);
    assert_eq!(max.get(), Some(-2));
}

#[test]
fn a_reader_never_sees_less_than_it_saw() {
    static SUM: Counter = Counter::new();
    let start = Arc::new(Barrier::new(3));
    let adders: Vec<_> = (0..2)
        .map(|_| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                (0..200_000).for_each(|_| SUM.increment());
            })
        })
        .collect();
    start.wait();
    let mut last = 0;
    for _ in 0..20_000 {
        let now = SUM.sum();
        assert!(now >= last, "{now} after {last}");
        last = now;
    }
    adders.into_iter().for_each(|adder| adder.join().expect("an adder"));
    assert_eq!(SUM.sum(), 400_000);
}

#[test]
fn a_million_adoptions_use_one_block() {
    let registry = Registry::new();
    let meter = Meter::<Add>::new();
    let mut cell = None;
    for _ in 0..1_000_000 {
        let mut seat = registry.join();
        meter.put_in(&registry, &mut seat, 1);
        let block = core::ptr::from_ref(seat.own()).addr();
        assert_eq!(*cell.get_or_insert(block), block, "adopted");
    }
    assert_eq!(meter.total_in(&registry), 1_000_000);
    meter.retire_in(&registry);
    let next = Meter::<Add>::new();
    next.put_in(&registry, &mut registry.join(), 1);
    assert_eq!(next.total_in(&registry), 1);
    next.retire_in(&registry);
}

#[test]
fn debug_output_says_the_value() {
    let counter = Counter::default();
    counter.add(3);
    assert_eq!(format!("{counter:?}"), "Sum { sum: 3, .. }");
    let max = Max::default();
    max.record(4);
    assert_eq!(format!("{max:?}"), "Extreme { get: Some(4), .. }");
    (&counter).extend([1, 2]);
    assert_eq!(counter.sum(), 6);
}

#[test]
fn handles_and_counters_may_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Counter>();
    crosses::<SignedCounter>();
    crosses::<Max>();
    crosses::<SignedMin>();
    crosses::<raddle::counter::Local<'_, u64>>();
    crosses::<raddle::counter::LocalExtreme<'_, i64, raddle::counter::Least>>();
}

/// A pool's threads keep their cells from one job to the next.
#[test]
fn parallel_sums_add_up() {
    use rayon::prelude::*;

    static SUM: Counter = Counter::new();
    static LONGEST: Max = Max::new();
    let words = ["raddle", "warp", "weft", "heddle", "shuttle"];
    for round in 1..=10 {
        (0..10_000).into_par_iter().for_each(|i| {
            let length = words[i % words.len()].len() as u64;
            SUM.add(length);
            LONGEST.record(length);
        });
        assert_eq!((SUM.sum(), LONGEST.get()), (round * 2000 * 27, Some(7)));
    }
    // A handle per job, where a job is long.
    let counter = Counter::new();
    (0..10_000u64).into_par_iter().for_each_init(|| counter.local(), |local, i| local.add(i));
    assert_eq!(counter.sum(), (0..10_000).sum());
}
