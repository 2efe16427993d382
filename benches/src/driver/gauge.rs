//! What a worker does beside moving messages: stamps of its own counters at the ends of its window, then a clock around
//! each call.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::time::Instant;

use hdrhistogram::Histogram;
use quanta::Clock;

use super::Tries;
use super::control::{CALLS, Control, MEASURE, STOP, WARM};
use crate::machine;

/// A worker's counters; they live in its loop, in registers where the compiler can.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    /// Messages (or pairs, or round trips) done.
    pub(super) moved: u64,
    pub(super) pushes: Tries,
    pub(super) pops: Tries,
}

impl Counters {
    /// `n` single items went in.
    #[inline]
    pub(super) fn pushed(&mut self, n: u64) {
        self.moved += n;
        self.pushes.done += n;
    }

    /// `n` single items came out.
    #[inline]
    pub(super) fn popped(&mut self, n: u64) {
        self.moved += n;
        self.pops.done += n;
    }

    /// `n` single items went in and came out.
    #[inline]
    pub(super) fn passed(&mut self, n: u64) {
        self.moved += n;
        self.pushes.done += n;
        self.pops.done += n;
    }
}

/// One pass through a worker's loop.
pub(super) trait Pass {
    /// The phase at whose end the pass ends.
    const LAST: usize;

    /// Says whether to go on; asked once per turn of the loop.
    fn go_on(&mut self, control: &Control, counters: &Counters) -> bool;

    /// Tries until it works; `None` once the pass is over.
    fn insist<R>(
        &mut self,
        control: &Control,
        tries: &mut Tries,
        attempt: impl FnMut() -> Option<R>,
    ) -> Option<R>;
}

#[derive(Clone, Copy)]
struct Stamp {
    at: Instant,
    cpu: Option<Duration>,
    counters: Counters,
}

/// A worker's view of the phases, with its stamps.
pub(super) struct Gauge {
    seen: usize,
    start: Option<Stamp>,
    end: Option<Stamp>,
    /// Messages after which this worker has done its laps; `u64::MAX` if none are left to do.
    laps: u64,
    pinned: bool,
}

impl Gauge {
    /// For a worker on `core` that has to move `laps` messages before it is warm.
    pub(super) fn new(laps: Option<u64>, core: Option<usize>) -> Self {
        let pinned = machine::pin(core);
        Self { seen: WARM, start: None, end: None, laps: laps.unwrap_or(u64::MAX), pinned }
    }

    #[cold]
    fn turn(&mut self, control: &Control, phase: usize, counters: &Counters) -> bool {
        if counters.moved >= self.laps {
            self.laps = u64::MAX;
            control.warm.fetch_add(1, Ordering::Relaxed);
        }
        if phase != self.seen {
            self.seen = phase;
            let stamp =
                Stamp { at: Instant::now(), cpu: machine::thread_cpu_time(), counters: *counters };
            if phase == MEASURE {
                self.start = Some(stamp);
                control.measuring.fetch_add(1, Ordering::Relaxed);
            } else {
                self.end = Some(stamp);
            }
        }
        phase <= Self::LAST
    }

    /// Closes the window: at the last turn, or here if the worker left its loop between two looks.
    pub(super) fn close(mut self, control: &Control, counters: &Counters) -> Window {
        if self.end.is_none() {
            self.turn(control, STOP, counters);
        }
        let pinned = self.pinned;
        let Some(((start, end), cpu)) =
            self.start.zip(self.end).map(|(start, end)| ((start, end), end.cpu.zip(start.cpu)))
        else {
            // It never saw the window: nothing moved.
            return Window { pinned, ..Window::default() };
        };
        let tries = |start: Tries, end: Tries| Tries {
            done: end.done - start.done,
            failed: end.failed - start.failed,
        };
        Window {
            wall: end.at.duration_since(start.at),
            cpu: cpu.map(|(end, start)| end.saturating_sub(start)),
            moved: end.counters.moved - start.counters.moved,
            pushes: tries(start.counters.pushes, end.counters.pushes),
            pops: tries(start.counters.pops, end.counters.pops),
            pinned,
        }
    }
}

impl Pass for Gauge {
    const LAST: usize = MEASURE;

    /// Looks at the phase, and stamps at its turns.
    #[inline]
    fn go_on(&mut self, control: &Control, counters: &Counters) -> bool {
        let phase = control.phase();
        if phase == self.seen && counters.moved < self.laps {
            return true;
        }
        self.turn(control, phase, counters)
    }

    #[inline]
    fn insist<R>(
        &mut self,
        control: &Control,
        tries: &mut Tries,
        attempt: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        control.insist(Self::LAST, tries, attempt)
    }
}

/// The longest call that is told apart from longer ones: ten seconds.
pub(crate) const LONGEST_CALL_NS: u64 = 10_000_000_000;

/// A clock around each call that moves something; waits between tries are not in it.
pub(super) struct Calls {
    clock: Clock,
    /// Nanoseconds, to two digits.
    pub(super) taken: Histogram<u32>,
}

impl Calls {
    /// Nothing timed yet.
    ///
    /// # Panics
    ///
    /// If the bounds of the histogram, which are constants, were wrong.
    pub(super) fn new() -> Self {
        let taken = Histogram::new_with_bounds(1, LONGEST_CALL_NS, 2);
        Self { clock: Clock::new(), taken: taken.expect("bounds that a histogram can have") }
    }
}

impl Pass for Calls {
    const LAST: usize = CALLS;

    #[inline]
    fn go_on(&mut self, control: &Control, _counters: &Counters) -> bool {
        control.phase() <= Self::LAST
    }

    #[inline]
    fn insist<R>(
        &mut self,
        control: &Control,
        tries: &mut Tries,
        mut attempt: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        let Self { clock, taken } = self;
        control.insist(Self::LAST, tries, || {
            let start = clock.raw();
            let done = attempt();
            let end = clock.raw();
            if done.is_some() {
                taken.saturating_record(clock.delta_as_nanos(start, end));
            }
            done
        })
    }
}

/// What one worker did in its window.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) wall: Duration,
    pub(super) cpu: Option<Duration>,
    pub(super) moved: u64,
    pub(super) pushes: Tries,
    pub(super) pops: Tries,
    /// The worker was seen on the one core it was given.
    pub(super) pinned: bool,
}

impl Window {
    /// Messages per second; a thread that never saw the window did nothing in no time.
    pub(super) fn rate(&self) -> f64 {
        if self.moved == 0 { 0.0 } else { self.moved as f64 / self.wall.as_secs_f64() }
    }
}
