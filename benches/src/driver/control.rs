//! The phases of a sample, the wait between failed tries, and the drain.
//!
//! | edge | from, to | what would go wrong without it |
//! |---|---|---|
//! | (D1) -> (D2) | a producer's last words, a draining consumer | a consumer could take a too small total for all there is |

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use crossbeam_utils::{Backoff, CachePadded};

use super::gate::Gate;
use super::{LOOK, Tries};
use crate::cell::{Cell, Cores};
use crate::machine::Placement;
use crate::message::{Payload, Proof};
use crate::plan::Timing;
use crate::subject::Consume;

/// The longest a warm-up may last if two laps of the ring take longer than this.
const LONGEST_WARM_UP: Duration = Duration::from_secs(2);
/// Where threads share CPUs, a thread sleeps as briefly as it can at every so-manieth failed try, instead of yielding.
/// Yields alone starve: seen on Linux 6.18, eight threads on one core, of which some got nothing for seconds while two
/// yielded to each other. With a short sleep now and then, shares are above 0.8 at three quarters of the throughput.
const NAP_EVERY: u64 = 128;
/// How often the controlling thread looks whether the workers are ready.
const POLL: Duration = Duration::from_micros(500);

// The phases, as `Control::phase` holds them.
pub(super) const WARM: usize = 0;
pub(super) const MEASURE: usize = 1;
pub(super) const CALLS: usize = 2;
pub(super) const STOP: usize = 3;

/// What the threads of a sample share. While messages count, `phase` alone is read, and nobody writes it.
pub(super) struct Control {
    phase: CachePadded<AtomicUsize>,
    /// Threads that have done their laps.
    pub(super) warm: CachePadded<AtomicUsize>,
    /// Threads that have stamped the start of their window.
    pub(super) measuring: CachePadded<AtomicUsize>,
    /// Producers that will push no more...
    finished: CachePadded<AtomicUsize>,
    /// ...and all they have pushed.
    pushed: CachePadded<AtomicU64>,
    /// Messages that consumers have, as far as they are draining.
    drained: CachePadded<AtomicU64>,
    /// What keeps an unbounded queue from growing without end.
    pub(super) gate: Gate,
    barrier: Barrier,
    threads: usize,
    producers: usize,
    /// Threads share CPUs.
    crowded: bool,
    patience: Duration,
}

impl Control {
    /// For the workers of `cell`, `producers` of which will say how many they pushed.
    pub(super) fn new(
        cell: &Cell,
        producers: usize,
        timing: &Timing,
        placement: &Placement,
    ) -> Self {
        let threads = cell.threads();
        Self {
            phase: CachePadded::new(AtomicUsize::new(WARM)),
            warm: CachePadded::default(),
            measuring: CachePadded::default(),
            finished: CachePadded::default(),
            pushed: CachePadded::default(),
            drained: CachePadded::default(),
            gate: Gate::new(cell),
            barrier: Barrier::new(threads + 1),
            threads,
            producers,
            crowded: cell.cores == Cores::One && threads > 1 || placement.oversubscribed(threads),
            patience: timing.patience,
        }
    }

    /// The phase; Relaxed, since it only says when to look at one's own counters.
    #[inline]
    pub(super) fn phase(&self) -> usize {
        self.phase.load(Ordering::Relaxed)
    }

    /// A worker is ready.
    pub(super) fn start(&self) {
        self.barrier.wait();
    }

    /// Runs in the controlling thread; `warming` workers do laps, and after the window, for the time of `calls`, all time
    /// their calls. Returns whether the laps were done in time.
    pub(super) fn conduct(&self, warming: usize, calls: Duration, timing: &Timing) -> bool {
        self.barrier.wait();
        let start = Instant::now();
        thread::sleep(timing.warm_up);
        let wait_for = |counter: &AtomicUsize, n, longest| {
            while counter.load(Ordering::Relaxed) < n && start.elapsed() < longest {
                thread::sleep(POLL);
            }
            counter.load(Ordering::Relaxed) >= n
        };
        let warm = wait_for(&self.warm, warming, LONGEST_WARM_UP.min(self.patience));
        self.phase.store(MEASURE, Ordering::Relaxed);
        // Only a broken queue lets a thread wait for good; its loss is found after the stop.
        wait_for(&self.measuring, self.threads, LONGEST_WARM_UP + self.patience);
        thread::sleep(timing.window);
        if !calls.is_zero() {
            self.phase.store(CALLS, Ordering::Relaxed);
            thread::sleep(calls);
        }
        self.phase.store(STOP, Ordering::Relaxed);
        warm
    }

    /// A producer's last words.
    pub(super) fn finish(&self, pushed: u64) {
        self.pushed.fetch_add(pushed, Ordering::Relaxed);
        // ORDERING: (D1) Release, pairs with (D2): who counts this producer as finished sees its part of `pushed`.
        self.finished.fetch_add(1, Ordering::Release);
    }

    /// Whether no message is missing any more.
    fn complete(&self) -> bool {
        // ORDERING: (D2) Acquire, pairs with (D1): the total is final once all producers are counted.
        self.finished.load(Ordering::Acquire) == self.producers
            && self.drained.load(Ordering::Relaxed) >= self.pushed.load(Ordering::Relaxed)
    }

    /// Waits after the `failed`th try in vain.
    #[inline]
    fn pause(&self, backoff: &Backoff, failed: u64) {
        if self.crowded && failed.is_multiple_of(NAP_EVERY) {
            thread::sleep(Duration::from_nanos(1));
        } else {
            backoff.snooze();
        }
    }

    /// Tries until it works, with the same wait between tries for all kinds; `None` once a phase after `last` has come.
    /// Counts failures only, so that a loop of successes has nothing to count per message.
    #[inline]
    pub(super) fn insist<R>(
        &self,
        last: usize,
        tries: &mut Tries,
        mut attempt: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        if let Some(done) = attempt() {
            return Some(done);
        }
        let backoff = Backoff::new();
        loop {
            tries.failed += 1;
            if self.phase() > last {
                return None;
            }
            self.pause(&backoff, tries.failed);
            if let Some(done) = attempt() {
                return Some(done);
            }
        }
    }

    /// Tries until it works, after the stop too; `None` when patience is at an end.
    pub(super) fn persist<R>(&self, mut attempt: impl FnMut() -> Option<R>) -> Option<R> {
        let since = Instant::now();
        let backoff = Backoff::new();
        for failed in 1.. {
            if let Some(done) = attempt() {
                return Some(done);
            }
            if since.elapsed() > self.patience {
                return None;
            }
            self.pause(&backoff, failed);
        }
        None
    }

    /// Pops what is left after the stop, until all is there, or nothing has come for so long that it is lost.
    pub(super) fn drain<M: Payload>(
        &self,
        end: &mut impl Consume<M>,
        audit: &mut impl Proof,
        mut each: impl FnMut(M),
    ) {
        self.drained.fetch_add(audit.count(), Ordering::Relaxed);
        let (mut seen, mut failed) = (0, 0);
        let mut since = Instant::now();
        let backoff = Backoff::new();
        while !self.complete() {
            if let Some(message) = end.pop() {
                audit.take(&message);
                each(message);
                self.drained.fetch_add(1, Ordering::Relaxed);
                backoff.reset();
            } else {
                failed += 1;
                self.pause(&backoff, failed);
            }
            let drained = self.drained.load(Ordering::Relaxed);
            if drained != seen {
                (seen, since) = (drained, Instant::now());
            } else if since.elapsed() > self.patience {
                break;
            }
        }
        // Nothing may be left; what is shows in the count. Bounded, for a queue that never ends.
        for _ in 0..LOOK {
            match end.pop() {
                Some(message) => audit.take(&message),
                None => break,
            }
        }
    }
}
