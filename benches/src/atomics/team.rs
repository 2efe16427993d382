//! One sample of several threads: each on its own core as far as there are enough, warm-up, a window of fixed time in which
//! operations count, then a while with a clock around each of them.
//!
//! As in [`driver`](crate::driver), the controlling thread sleeps, workers look at one padded word now and then, and each
//! stamps its own clock. Here is no queue, so there are no laps, no gate and no drain.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram;
use quanta::Clock;
use serde::Serialize;

use super::race::Timed;
use crate::cell::Cores;
use crate::driver::{LONGEST_CALL_NS, Quantiles};
use crate::machine::{self, Placement};
use crate::report::section::nanoseconds;
use crate::stats;

const WARM: usize = 0;
const MEASURE: usize = 1;
const CALLS: usize = 2;
const STOP: usize = 3;

/// Does so many operations.
pub(super) type Work<'a> = Box<dyn FnMut(u32) + 'a>;

/// Repeats `operation`.
pub(super) fn each<'a>(mut operation: impl FnMut() + 'a) -> Work<'a> {
    Box::new(move |n| {
        for _ in 0..n {
            operation();
        }
    })
}

/// Who takes part in a sample, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Team<'a> {
    pub(super) placement: &'a Placement,
    pub(super) threads: usize,
    /// The first so many threads are those whose operations count.
    pub(super) counted: usize,
    /// Operations between two looks at the phase.
    pub(super) look: u32,
    pub(super) window: Duration,
    /// How long each operation is timed.
    pub(super) calls: Duration,
}

/// What one sample showed.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sample {
    /// Nanoseconds per operation of all counted threads together.
    pub(super) ns: f64,
    /// The least thread's rate divided by the greatest's.
    pub(super) fair: Option<f64>,
    /// CPU time of all threads per operation that counts.
    pub(super) cpu_ns: Option<f64>,
    /// Operations of each thread, from the first to the last: what a check must find.
    pub(super) done: Vec<u64>,
    /// What single operations took.
    pub(super) calls: Option<Quantiles>,
    #[serde(skip)]
    pub(super) taken: Histogram<u32>,
    /// Every thread was seen on the core it was given.
    pub(super) pinned: bool,
}

impl Timed for Sample {
    fn ns(&self) -> f64 {
        self.ns
    }
}

impl Sample {
    /// The operations of the first `counted` threads.
    pub(super) fn total(&self) -> u64 {
        self.done.iter().sum()
    }
}

struct Share {
    wall: Duration,
    cpu: Option<Duration>,
    moved: u64,
    done: u64,
    taken: Histogram<u32>,
    pinned: bool,
}

impl Share {
    /// Operations per second of a window that was open for `open`: who came late did nothing before, and who was held up at
    /// its end is measured until then.
    fn rate(&self, open: Duration) -> f64 {
        self.moved as f64 / self.wall.max(open).as_secs_f64()
    }
}

/// Nothing recorded yet.
///
/// # Panics
///
/// If the bounds, which are constants, were wrong.
pub(super) fn no_calls() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_CALL_NS, 2).expect("bounds that a histogram can have")
}

impl<'a> Team<'a> {
    /// So many threads, all of which count.
    pub(super) fn new(placement: &'a Placement, threads: usize, window: Duration) -> Self {
        Self { placement, threads, counted: threads, look: 64, window, calls: Duration::ZERO }
    }

    /// What a sample takes, about.
    pub(super) fn cost(&self) -> Duration {
        self.window + self.window / 4 + self.calls + Duration::from_millis(1)
    }

    /// Takes a sample; `seat` is called on each thread, with its number.
    pub(super) fn sample<'w>(&self, seat: &(dyn Fn(usize) -> Work<'w> + Sync)) -> Sample {
        let phase = CachePadded::new(AtomicUsize::new(WARM));
        let barrier = Barrier::new(self.threads + 1);
        let (open, shares): (Duration, Vec<Share>) = thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads)
                .map(|id| {
                    let (phase, barrier) = (&phase, &barrier);
                    scope.spawn(move || self.work(id, phase, barrier, seat))
                })
                .collect();
            barrier.wait();
            // Phases only say when to look at one's own clock: Relaxed.
            thread::sleep(self.window / 4);
            phase.store(MEASURE, Ordering::Relaxed);
            let opened = Instant::now();
            thread::sleep(self.window);
            let open = opened.elapsed();
            if !self.calls.is_zero() {
                phase.store(CALLS, Ordering::Relaxed);
                thread::sleep(self.calls);
            }
            phase.store(STOP, Ordering::Relaxed);
            (open, crate::driver::join(workers))
        });
        self.conclude(open, &shares)
    }

    fn work<'w>(
        &self,
        id: usize,
        phase: &AtomicUsize,
        barrier: &Barrier,
        seat: &(dyn Fn(usize) -> Work<'w> + Sync),
    ) -> Share {
        let pinned = machine::pin(self.placement.core(id, self.threads, Cores::All));
        let (mut work, mut taken, clock) = (seat(id), no_calls(), Clock::new());
        barrier.wait();
        let mut done = 0;
        // Who gets its first turn when the window is closed has done nothing in it.
        let mut turn = |done: &mut u64| {
            work(self.look);
            *done += u64::from(self.look);
            phase.load(Ordering::Relaxed)
        };
        // Each has a turn in the warm-up, however late, so that there is something to check.
        while turn(&mut done) == WARM {}
        let (start, cpu, before) = (Instant::now(), machine::thread_cpu_time(), done);
        while phase.load(Ordering::Relaxed) == MEASURE {
            turn(&mut done);
        }
        let (wall, moved) = (start.elapsed(), done - before);
        let cpu = machine::thread_cpu_time().zip(cpu).map(|(end, start)| end.saturating_sub(start));
        while phase.load(Ordering::Relaxed) <= CALLS {
            let start = clock.raw();
            work(1);
            let end = clock.raw();
            done += 1;
            taken.saturating_record(clock.delta_as_nanos(start, end));
        }
        Share { wall, cpu, moved, done, taken, pinned }
    }

    fn conclude(&self, open: Duration, shares: &[Share]) -> Sample {
        let rates: Vec<_> = shares[..self.counted].iter().map(|share| share.rate(open)).collect();
        // Where nobody got to do anything, an operation takes longer than the window.
        let ns = 1e9 / rates.iter().sum::<f64>().max(1.0 / open.as_secs_f64());
        // Each thread's share of a core over its own window.
        let cores: Option<f64> = shares
            .iter()
            .map(|share| Some(share.cpu?.as_secs_f64() / share.wall.max(open).as_secs_f64()))
            .sum();
        let mut taken = no_calls();
        for share in &shares[..self.counted] {
            taken += &share.taken;
        }
        Sample {
            ns,
            fair: stats::least_share(&rates),
            cpu_ns: cores.map(|cores| cores * ns),
            done: shares[..self.counted].iter().map(|share| share.done).collect(),
            calls: Quantiles::of(&taken),
            taken,
            pinned: shares.iter().all(|share| share.pinned),
        }
    }
}

/// The single operations of all samples together.
pub(super) fn calls(samples: &[Sample]) -> Histogram<u32> {
    samples.iter().fold(no_calls(), |mut all, sample| {
        all += &sample.taken;
        all
    })
}

/// A quantile as text; nothing, if no operation was timed.
pub(super) fn quantile(taken: &Histogram<u32>, quantile: f64) -> String {
    if taken.is_empty() {
        return "-".to_owned();
    }
    // The greatest is kept to the nanosecond.
    let ns = if quantile < 1.0 { taken.value_at_quantile(quantile) } else { taken.max() };
    nanoseconds(ns as f64)
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn threads_that_come_late_or_never_add_nothing_to_the_rate() {
        let placement = Placement { cpus: Vec::new() };
        let open = Duration::from_millis(10);
        let team = Team::new(&placement, 3, open);
        let share = |ms, moved| Share {
            wall: Duration::from_millis(ms),
            cpu: None,
            moved,
            done: moved,
            taken: no_calls(),
            pinned: false,
        };
        // A hundred in the window; one for a moment at its end; one held up beyond it.
        let all = [share(10, 100), share(0, 0), share(40, 40)];
        assert_eq!(team.conclude(open, &all).ns, 1e9 / (10_000.0 + 1_000.0));
        assert_eq!(team.conclude(open, &all).fair, Some(0.0));
        // A few operations in the last moment are not a rate of a million.
        let late = [share(10, 100), share(1, 10), share(0, 0)];
        assert_eq!(team.conclude(open, &late).ns, 1e9 / 11_000.0);
        let starved = [share(0, 0), share(0, 0), share(0, 0)];
        assert_eq!(team.conclude(open, &starved).ns, 1e7);
    }

    #[test]
    fn a_quantile_of_nothing_is_not_zero() {
        let mut taken = no_calls();
        assert_eq!(quantile(&taken, 0.5), "-");
        [10, 20, 5000].iter().for_each(|&ns| taken.record(ns).unwrap());
        assert_eq!([0.5, 1.0].map(|share| quantile(&taken, share)), ["20ns", "5.0us"]);
    }

    #[test]
    fn every_operation_is_counted_and_only_those_of_the_counted() {
        let placement = Placement { cpus: Vec::new() };
        let (window, calls) = (Duration::from_millis(2), Duration::from_millis(1));
        let team = Team { counted: 2, calls, ..Team::new(&placement, 3, window) };
        let counts: [AtomicU64; 3] = Default::default();
        let sample = team.sample(&|id| {
            let own = &counts[id];
            each(move || {
                own.fetch_add(1, Ordering::Relaxed);
            })
        });
        let seen = counts.map(AtomicU64::into_inner);
        assert_eq!(sample.done, seen[..2]);
        assert_eq!(sample.total(), seen[0] + seen[1]);
        assert!(sample.ns > 0.0);
        let timed = sample.calls.map_or(0, |calls| calls.calls);
        assert!(timed < sample.total(), "{timed}");
        assert!(!sample.pinned);
    }
}
