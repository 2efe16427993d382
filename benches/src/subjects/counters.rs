//! Counters: ours, what people have at hand, and the designs that lost.

use std::sync::{Mutex, PoisonError};
use std::thread;

use raddle::cacheline::CachePadded;
use raddle::counter::{Counter as Sum, Local};
use raddle::sync::{AtomicU64, Ordering};

use crate::designs::adaptive_counter::AdaptiveCounter;
use crate::designs::striped_counter::StripedCounter;
use crate::subject::{Counter, Kind, Origin, Role};

fn cores() -> usize {
    thread::available_parallelism().map_or(1, |n| n.get())
}

/// A counter whose threads add with `$handle`.
macro_rules! counter {
    (
        $(#[$doc:meta])+
        $name:ident($inner:ty) = $kind:expr;
        new($threads:ident) = $new:expr;
        handle: $handle:ty = |$from:ident, $thread:ident| $take:expr;
        |$end:ident| $add:expr;
        |$of:ident| $sum:expr;
    ) => {
        $(#[$doc])+
        #[derive(Debug)]
        pub struct $name($inner);

        impl Counter for $name {
            const KIND: Kind = $kind;
            type Handle<'a> = $handle;

            fn new($threads: usize) -> Self {
                Self($new)
            }

            fn handle(&self, $thread: usize) -> Self::Handle<'_> {
                let $from = &self.0;
                $take
            }

            #[inline(always)]
            fn add($end: &mut Self::Handle<'_>) {
                $add;
            }

            fn sum(&self) -> u64 {
                let $of = &self.0;
                $sum
            }
        }
    };
}

const fn ours(id: &'static str, title: &'static str) -> Kind {
    Kind::counter(id, title, Origin::Package("raddle"), Role::Ours)
}

const fn at_hand(id: &'static str, title: &'static str) -> Kind {
    Kind::counter(id, title, Origin::Std, Role::Rival)
}

const fn design(id: &'static str, title: &'static str, note: &'static str) -> Kind {
    Kind::counter(id, title, Origin::Here, Role::Design).note(note)
}

counter! {
    /// `raddle::counter::Counter`, by name.
    RaddleCounter(Sum) = ours("raddle-counter", "raddle Counter::add");
    new(_threads) = Sum::new();
    handle: &'a Sum = |counter, _thread| counter;
    |counter| counter.increment();
    |counter| counter.sum();
}

counter! {
    /// `raddle::counter::Counter`, by a handle per thread.
    RaddleLocal(Sum) = ours("raddle-local", "raddle Counter::local");
    new(_threads) = Sum::new();
    handle: Local<'a, u64> = |counter, _thread| counter.local();
    |local| local.increment();
    |counter| counter.sum();
}

counter! {
    /// One `AtomicU64`, on a line of its own.
    OneAtomic(CachePadded<AtomicU64>) = at_hand("one-atomic", "one AtomicU64");
    new(_threads) = CachePadded::default();
    handle: &'a AtomicU64 = |word, _thread| word;
    |word| word.fetch_add(1, Ordering::Relaxed);
    |word| word.load(Ordering::Relaxed);
}

counter! {
    /// A number behind a mutex.
    MutexNumber(Mutex<u64>) = at_hand("mutex-number", "Mutex<u64>");
    new(_threads) = Mutex::new(0);
    handle: &'a Mutex<u64> = |number, _thread| number;
    |number| *number.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    |number| *number.lock().unwrap_or_else(PoisonError::into_inner);
}

#[inline(always)]
fn load_store(cell: &AtomicU64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

counter! {
    /// A padded cell for each thread, which has it in hand: as fast as it gets, and no counter to build a program on.
    OwnCells(Box<[CachePadded<AtomicU64>]>) =
        design("own-cells", "design: cell in hand", "a plain load and store by its only owner");
    new(threads) = (0..threads).map(|_| CachePadded::default()).collect();
    handle: &'a AtomicU64 = |cells, thread| &cells[thread];
    |cell| load_store(cell);
    |cells| cells.iter().map(|cell| cell.load(Ordering::Relaxed)).sum();
}

counter! {
    /// The same cells side by side: what false sharing costs.
    OwnUnpadded(Box<[AtomicU64]>) = design(
        "own-unpadded",
        "design: not padded",
        "the cells of `own-cells` side by side, in one line: false sharing",
    );
    new(threads) = (0..threads).map(|_| AtomicU64::default()).collect();
    handle: &'a AtomicU64 = |cells, thread| &cells[thread];
    |cell| load_store(cell);
    |cells| cells.iter().map(|cell| cell.load(Ordering::Relaxed)).sum();
}

counter! {
    /// A locked addition to a word per core.
    Striped(StripedCounter) =
        design("striped", "design: striped", "a locked addition to a word per core");
    new(_threads) = StripedCounter::new(cores());
    handle: &'a StripedCounter = |counter, _thread| counter;
    |counter| counter.add(1);
    |counter| counter.sum();
}

counter! {
    /// One word until it is contended, then cells.
    Adaptive(AdaptiveCounter) =
        design("adaptive", "design: adaptive", "Java's LongAdder");
    new(_threads) = AdaptiveCounter::new(cores());
    handle: &'a AdaptiveCounter = |counter, _thread| counter;
    |counter| counter.add(1);
    |counter| counter.sum();
}

#[cfg(feature = "rivals")]
const fn rival(id: &'static str, title: &'static str) -> Kind {
    Kind::counter(id, title, Origin::Package(id), Role::Rival)
}

#[cfg(feature = "rivals")]
counter! {
    /// `fast_counter::ConcurrentCounter`.
    FastCounter(fast_counter::ConcurrentCounter) = rival("fast-counter", "fast-counter");
    new(_threads) = fast_counter::ConcurrentCounter::new(cores());
    handle: &'a fast_counter::ConcurrentCounter = |counter, _thread| counter;
    |counter| counter.add(1);
    |counter| counter.sum() as u64;
}

#[cfg(feature = "rivals")]
counter! {
    /// `contatori`'s unsigned counter.
    Contatori(contatori::counters::unsigned::Unsigned) = rival("contatori", "contatori Unsigned");
    new(_threads) = contatori::counters::unsigned::Unsigned::new();
    handle: &'a contatori::counters::unsigned::Unsigned = |counter, _thread| counter;
    |counter| counter.add(1);
    |counter| contatori::counters::Observable::value(counter).as_u64();
}
