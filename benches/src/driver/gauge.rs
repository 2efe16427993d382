//! A worker's window: stamps of its own counters at two turns of the phase.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::time::Instant;

use super::Tries;
use super::control::{Control, MEASURE, STOP, WARM};
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

    /// Looks at the phase, and stamps at its turns; says whether to go on.
    #[inline]
    pub(super) fn go_on(&mut self, control: &Control, counters: &Counters) -> bool {
        let phase = control.phase();
        if phase == self.seen && counters.moved < self.laps {
            return true;
        }
        self.turn(control, phase, counters)
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
        phase != STOP
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
