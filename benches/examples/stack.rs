//! Compares stacks: `cargo run --release -p raddle-bench --example stack [-- CELL..]`, with `--features rivals` more of them.
//!
//! Rounds are interleaved, threads pinned, and a round's times are divided by the first subject's of the same round, so
//! that what the machine does to all of them cancels out. Printed are medians. Every round checks that what went in came
//! out: the count, and the sum.

use core::time::Duration;
use std::sync::{Barrier, Mutex};
use std::time::Instant;

const ROUNDS: usize = 9;

/// How many, and their sum.
fn sums(values: impl Iterator<Item = u64>) -> (u64, u64) {
    values.fold((0, 0), |(count, sum), value| (count + 1, sum + value))
}

/// What is measured. `take` takes all values at once, by the best way the subject has.
trait Subject: Sync {
    const NAME: &'static str;
    fn new() -> Self;
    fn push(&self, value: u64);
    fn pop(&self) -> Option<u64>;
    fn take(&self) -> (u64, u64) {
        sums(core::iter::from_fn(|| self.pop()))
    }
}

impl Subject for raddle::stack::Stack<u64> {
    const NAME: &'static str = "raddle Stack";
    fn new() -> Self {
        Self::new()
    }
    fn push(&self, value: u64) {
        self.push(value);
    }
    fn pop(&self) -> Option<u64> {
        self.pop()
    }
    fn take(&self) -> (u64, u64) {
        sums(self.pop_all())
    }
}

struct Locked(Mutex<Vec<u64>>);

impl Subject for Locked {
    const NAME: &'static str = "Mutex<Vec>";
    fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }
    fn push(&self, value: u64) {
        self.0.lock().unwrap().push(value);
    }
    fn pop(&self) -> Option<u64> {
        self.0.lock().unwrap().pop()
    }
    fn take(&self) -> (u64, u64) {
        let all = core::mem::take(&mut *self.0.lock().unwrap());
        sums(all.into_iter().rev())
    }
}

#[cfg(feature = "rivals")]
mod rivals {
    use concurrent_sharded_stack::ConcurrentShardedStack;

    use super::{Subject, sums};

    pub(crate) struct ParkingLot(parking_lot::Mutex<Vec<u64>>);

    impl Subject for ParkingLot {
        const NAME: &'static str = "parking_lot Mutex<Vec>";
        fn new() -> Self {
            Self(parking_lot::Mutex::new(Vec::new()))
        }
        fn push(&self, value: u64) {
            self.0.lock().push(value);
        }
        fn pop(&self) -> Option<u64> {
            self.0.lock().pop()
        }
        fn take(&self) -> (u64, u64) {
            let all = core::mem::take(&mut *self.0.lock());
            sums(all.into_iter().rev())
        }
    }

    impl Subject for sdd::Stack<u64> {
        const NAME: &'static str = "sdd Stack (scc's)";
        fn new() -> Self {
            Self::default()
        }
        fn push(&self, value: u64) {
            self.push(value);
        }
        fn pop(&self) -> Option<u64> {
            self.pop().map(|shared| **shared)
        }
    }

    impl Subject for sdd::Bag<u64> {
        const NAME: &'static str = "sdd Bag (scc's; no order)";
        fn new() -> Self {
            Self::default()
        }
        fn push(&self, value: u64) {
            self.push(value);
        }
        fn pop(&self) -> Option<u64> {
            self.pop()
        }
    }

    pub(crate) type Sharded = ConcurrentShardedStack<u64>;

    impl Subject for Sharded {
        const NAME: &'static str = "sharded stack (order per shard)";
        fn new() -> Self {
            Self::new()
        }
        fn push(&self, value: u64) {
            assert!(self.push(value).is_ok(), "it is open");
        }
        fn pop(&self) -> Option<u64> {
            self.pop().ok()
        }
    }
}

/// A way to use a stack.
#[derive(Clone, Copy)]
enum Cell {
    /// Each of so many threads pushes and pops in turn.
    Pairs(usize),
    /// Each of so many threads pushes 1000, then pops 1000.
    Runs(usize),
    /// So many threads push, as many pop.
    Split(usize),
    /// One thread pushes, another takes all there is, again and again.
    SplitTake,
    /// One thread pushes 1000, and is measured as it pops them.
    Pops,
    /// One thread pushes 1000, and is measured as it takes them all at once.
    Take,
}

const CELLS: &[(&str, Cell, u64)] = &[
    ("pairs-1", Cell::Pairs(1), 400_000),
    ("pairs-2", Cell::Pairs(2), 400_000),
    ("pairs-4", Cell::Pairs(4), 200_000),
    ("runs-1", Cell::Runs(1), 400_000),
    ("runs-2", Cell::Runs(2), 400_000),
    ("split-1", Cell::Split(1), 400_000),
    ("split-2", Cell::Split(2), 200_000),
    ("split-take", Cell::SplitTake, 400_000),
    ("pops-1000", Cell::Pops, 400_000),
    ("take-1000", Cell::Take, 400_000),
];

/// Runs `thread(i)` in each of `n` pinned threads at once, and says how long it took all of them.
fn timed<F: Fn(usize) -> (u64, u64) + Sync>(n: usize, thread: F) -> (Duration, u64, u64) {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let barrier = Barrier::new(n + 1);
    let (mut count, mut sum) = (0, 0);
    let took = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n)
            .map(|i| {
                let (thread, barrier, cores) = (&thread, &barrier, &cores);
                scope.spawn(move || {
                    if !cores.is_empty() {
                        core_affinity::set_for_current(cores[i % cores.len()]);
                    }
                    barrier.wait();
                    thread(i)
                })
            })
            .collect();
        barrier.wait();
        let start = Instant::now();
        for thread in threads {
            let (n, s) = thread.join().unwrap();
            (count, sum) = (count + n, sum + s);
        }
        start.elapsed()
    });
    (took, count, sum)
}

/// Nanoseconds per pushed value.
fn measure<S: Subject>(cell: Cell, per_thread: u64) -> f64 {
    let stack = S::new();
    let pushers = match cell {
        Cell::Pairs(n) | Cell::Runs(n) | Cell::Split(n) => n as u64,
        Cell::SplitTake | Cell::Pops | Cell::Take => 1,
    };
    let total = pushers * per_thread;
    let expected = pushers * (per_thread * (per_thread - 1) / 2);
    let pop = |sum: &mut u64| {
        let value = stack.pop();
        *sum += value.unwrap_or(0);
        u64::from(value.is_some())
    };
    let (took, count, sum) = match cell {
        Cell::Pairs(n) => timed(n, |_| {
            let (mut count, mut sum) = (0, 0);
            for i in 0..per_thread {
                stack.push(i);
                count += pop(&mut sum);
            }
            (count, sum)
        }),
        Cell::Runs(n) => timed(n, |_| {
            let (mut count, mut sum) = (0, 0);
            for run in 0..per_thread / 1000 {
                (0..1000).for_each(|i| stack.push(run * 1000 + i));
                for _ in 0..1000 {
                    count += pop(&mut sum);
                }
            }
            (count, sum)
        }),
        Cell::Split(n) => timed(2 * n, |i| {
            let (mut count, mut sum) = (0, 0);
            if i < n {
                (0..per_thread).for_each(|i| stack.push(i));
            } else {
                while count < per_thread {
                    match pop(&mut sum) {
                        0 => std::thread::yield_now(),
                        _ => count += 1,
                    }
                }
            }
            (count, sum)
        }),
        Cell::SplitTake => timed(2, |i| {
            let (mut count, mut sum) = (0, 0);
            if i == 0 {
                (0..per_thread).for_each(|i| stack.push(i));
            } else {
                while count < per_thread {
                    match stack.take() {
                        (0, _) => std::thread::yield_now(),
                        (n, s) => (count, sum) = (count + n, sum + s),
                    }
                }
            }
            (count, sum)
        }),
        Cell::Pops | Cell::Take => {
            let (mut count, mut sum, mut took) = (0, 0, Duration::ZERO);
            for run in 0..per_thread / 1000 {
                (0..1000).for_each(|i| stack.push(run * 1000 + i));
                let start = Instant::now();
                if let Cell::Pops = cell {
                    (0..1000).for_each(|_| count += pop(&mut sum));
                } else {
                    let (n, s) = stack.take();
                    (count, sum) = (count + n, sum + s);
                }
                took += start.elapsed();
            }
            (took, count, sum)
        }
    };
    // A subject may say that it is empty while others are at work: what it holds now is not lost.
    let (mut count, mut sum) = (count, sum);
    while let Some(value) = stack.pop() {
        (count, sum) = (count + 1, sum + value);
    }
    let name = S::NAME;
    assert_eq!((count, sum), (total, expected), "{name} lost or doubled values");
    took.as_secs_f64() * 1e9 / total as f64
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

type Measured = (&'static str, fn(Cell, u64) -> f64);

fn subject<S: Subject>() -> Measured {
    (S::NAME, measure::<S>)
}

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let subjects: Vec<Measured> = vec![
        subject::<raddle::stack::Stack<u64>>(),
        subject::<Locked>(),
        #[cfg(feature = "rivals")]
        subject::<rivals::ParkingLot>(),
        #[cfg(feature = "rivals")]
        subject::<sdd::Stack<u64>>(),
        #[cfg(feature = "rivals")]
        subject::<sdd::Bag<u64>>(),
        #[cfg(feature = "rivals")]
        subject::<rivals::Sharded>(),
        // MORE
    ];
    for &(name, cell, per_thread) in CELLS {
        if !chosen.is_empty() && !chosen.iter().any(|cell| cell == name) {
            continue;
        }
        let mut times = vec![Vec::new(); subjects.len()];
        for round in 0..=ROUNDS {
            for (subject, times) in subjects.iter().zip(&mut times) {
                let time = subject.1(cell, per_thread);
                // The first round warms up.
                if round > 0 {
                    times.push(time);
                }
            }
        }
        println!("{name}: ns per value pushed and popped, x of the first");
        for (subject, of) in subjects.iter().zip(&times) {
            let ratios = of.iter().zip(&times[0]).map(|(time, first)| time / first).collect();
            println!("  {:28} {:8.1} {:6.2}", subject.0, median(of.clone()), median(ratios));
        }
    }
}
