//! Counters, compared: `cargo run --release -p raddle-bench --example counters [-- ROUNDS]`, and with `--features rivals`
//! two more crates.
//!
//! One process, interleaved rounds (each kind once per round, in an order that rotates), threads pinned where the system
//! allows it, and every sum verified. Shown are medians: core time per addition, and the ratio to the first row of the
//! same round with its 95 % interval (order statistics). 4 threads on 2 cores are shown as 2 cores' time.

use core::hint::black_box;
use core::time::Duration;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Instant;

use raddle::cacheline::CachePadded;
use raddle::counter::{Counter, Max};
use raddle::sync::{AtomicU64, AtomicUsize, Ordering};
use raddle_bench::designs::adaptive_counter::AdaptiveCounter;
use raddle_bench::designs::striped_counter::StripedCounter;

/// Most threads of a cell.
const MOST: usize = 4;
/// How long a sample takes, about.
const SAMPLE: Duration = Duration::from_millis(8);

/// A kind of counter, shared by `threads` threads.
trait Kind: Sync {
    /// Adds one, `times` times, as thread `thread`; some say what they gave back, so that it is not optimised away.
    fn add(&self, thread: usize, times: u64);
    fn sum(&self) -> u64;
}

type Make = fn() -> Box<dyn Kind>;

macro_rules! kind {
    ($name:ident($inner:ty), $new:expr, |$this:ident, $thread:ident| $handle:expr, |$h:ident| $add:expr, $sum:expr) => {
        struct $name($inner);
        impl Kind for $name {
            #[inline(never)]
            fn add(&self, $thread: usize, times: u64) {
                let $this = &self.0;
                #[allow(unused_mut, reason = "some handles act through `&mut self`")]
                let mut $h = $handle;
                // By hand, or the compiler does it for the shortest only.
                for _ in 0..times / 4 {
                    $add;
                    $add;
                    $add;
                    $add;
                }
                for _ in 0..times % 4 {
                    $add;
                }
            }
            fn sum(&self) -> u64 {
                let $this = &self.0;
                $sum
            }
        }
        impl $name {
            fn make() -> Box<dyn Kind> {
                Box::new(Self($new))
            }
        }
    };
}

#[inline(always)]
fn load_store(cell: &AtomicU64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, |n| n.get())
}

kind!(
    Padded([CachePadded<AtomicU64>; MOST]),
    Default::default(),
    |this, thread| &*this[thread],
    |cell| load_store(cell),
    this.iter().map(|cell| cell.load(Ordering::Relaxed)).sum()
);
kind!(
    Unpadded([AtomicU64; MOST]),
    Default::default(),
    |this, thread| &this[thread],
    |cell| load_store(cell),
    this.iter().map(|cell| cell.load(Ordering::Relaxed)).sum()
);
kind!(
    RaddleLocal(Counter),
    Counter::new(),
    |this, _thread| this.local(),
    |local| local.increment(),
    this.sum()
);
kind!(
    Raddle(Counter),
    Counter::new(),
    |this, _thread| this,
    |counter| counter.increment(),
    this.sum()
);
kind!(
    Atomic(CachePadded<AtomicU64>),
    Default::default(),
    |this, _thread| this,
    |word| word.fetch_add(1, Ordering::Relaxed),
    this.load(Ordering::Relaxed)
);
kind!(
    Locked(Mutex<u64>),
    Mutex::new(0),
    |this, _thread| this,
    |word| *word.lock().expect("no panic") += 1,
    *this.lock().expect("no panic")
);
kind!(
    Striped(StripedCounter),
    StripedCounter::new(cores()),
    |this, _thread| this,
    |counter| counter.add(1),
    this.sum()
);
kind!(
    Adaptive(AdaptiveCounter),
    AdaptiveCounter::new(cores()),
    |this, _thread| this,
    |counter| counter.add(1),
    this.sum()
);
#[cfg(feature = "rivals")]
kind!(
    FastCounter(fast_counter::ConcurrentCounter),
    fast_counter::ConcurrentCounter::new(cores()),
    |this, _thread| this,
    |counter| counter.add(1),
    this.sum() as u64
);
#[cfg(feature = "rivals")]
kind!(
    Contatori(contatori::counters::unsigned::Unsigned),
    contatori::counters::unsigned::Unsigned::new(),
    |this, _thread| this,
    |counter| counter.add(1),
    contatori::counters::Observable::value(this).as_u64()
);

/// Not a counter: `Max::record` of ever the same, and of ever more.
struct Steady(Max, AtomicU64);

impl Kind for Steady {
    #[inline(never)]
    fn add(&self, _thread: usize, times: u64) {
        for _ in 0..times {
            self.0.record(black_box(7));
        }
        self.1.fetch_add(times, Ordering::Relaxed);
    }
    fn sum(&self) -> u64 {
        assert!(self.0.get().is_none_or(|most| most == 7));
        self.1.load(Ordering::Relaxed)
    }
}

impl Steady {
    fn make() -> Box<dyn Kind> {
        Box::new(Self(Max::new(), AtomicU64::new(0)))
    }
}

const KINDS: &[(&str, Make)] = &[
    ("a cell each, padded (load, store)", Padded::make),
    ("raddle local()", RaddleLocal::make),
    ("raddle Counter::add", Raddle::make),
    ("raddle Max::record", Steady::make),
    ("a cell each, not padded", Unpadded::make),
    ("one AtomicU64", Atomic::make),
    ("Mutex<u64>", Locked::make),
    ("design: striped", Striped::make),
    ("design: adaptive (LongAdder)", Adaptive::make),
    #[cfg(feature = "rivals")]
    ("fast-counter", FastCounter::make),
    #[cfg(feature = "rivals")]
    ("contatori", Contatori::make),
];

fn pin(thread: usize) {
    let Some(cores) = core_affinity::get_core_ids() else { return };
    core_affinity::set_for_current(cores[thread % cores.len()]);
}

/// Core time per addition.
fn sample(kind: &dyn Kind, threads: usize, times: u64, reader: bool) -> f64 {
    let before = kind.sum();
    let (barrier, live) = (Barrier::new(threads), AtomicUsize::new(threads));
    let wall = thread::scope(|scope| {
        let adder = |i: usize| {
            let (barrier, live) = (&barrier, &live);
            move || {
                pin(i);
                kind.add(i, 1); // the thread's first use
                barrier.wait();
                let start = Instant::now();
                kind.add(i, times);
                let end = Instant::now();
                live.fetch_sub(1, Ordering::Relaxed);
                (start, end)
            }
        };
        let adders: Vec<_> = (0..threads).map(|i| scope.spawn(adder(i))).collect();
        if reader {
            // A scrape every 50 us, which is a lot.
            while live.load(Ordering::Relaxed) > 0 {
                black_box(kind.sum());
                thread::sleep(Duration::from_micros(50));
            }
        }
        let spans: Vec<_> =
            adders.into_iter().map(|adder| adder.join().expect("an adder")).collect();
        let start = spans.iter().map(|span| span.0).min().expect("a thread");
        let end = spans.iter().map(|span| span.1).max().expect("a thread");
        end - start
    });
    assert_eq!(kind.sum() - before, (times + 1) * threads as u64, "lost or doubled");
    wall.as_secs_f64() * 1e9 * threads.min(cores()) as f64 / (times as f64 * threads as f64)
}

/// The middle, and the bounds that hold it with 95 %.
fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let off = 0.98 * n.sqrt();
    let at = |place: f64| values[(place.max(0.0) as usize).min(values.len() - 1)];
    (at(n / 2.0), at(n / 2.0 - off), at(n / 2.0 + off))
}

fn compare(threads: usize, reader: bool, rounds: usize) {
    let kinds: Vec<_> = KINDS.iter().map(|(name, make)| (*name, make())).collect();
    let times: Vec<u64> = kinds
        .iter()
        .map(|(_, kind)| {
            let ns = sample(kind.as_ref(), threads, 20_000, reader);
            ((SAMPLE.as_nanos() as f64 / ns) as u64).clamp(20_000, 50_000_000)
        })
        .collect();
    let mut samples = vec![Vec::new(); kinds.len()];
    for round in 0..rounds {
        for k in 0..kinds.len() {
            let k = (k + round) % kinds.len();
            samples[k].push(sample(kinds[k].1.as_ref(), threads, times[k], reader));
        }
    }
    let beside = if reader { ", and a reader every 50 us" } else { "" };
    println!("\n{threads} thread(s){beside}");
    for ((name, _), own) in kinds.iter().zip(&samples) {
        let ratios = own.iter().zip(&samples[0]).map(|(own, first)| own / first).collect();
        let (ratio, low, high) = median(ratios);
        println!(
            "  {name:34} {:8.2} ns   x {ratio:6.2} [{low:.2}, {high:.2}]",
            median(own.clone()).0
        );
    }
}

fn main() {
    let rounds = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(15);
    let only = std::env::args().nth(2);
    println!("{} CPUs, {rounds} rounds", cores());
    for (threads, reader) in [(1, false), (2, false), (4, false), (1, true), (2, true)] {
        if only
            .as_ref()
            .is_none_or(|only| *only == format!("{threads}{}", if reader { "r" } else { "" }))
        {
            compare(threads, reader, rounds);
        }
    }
}
