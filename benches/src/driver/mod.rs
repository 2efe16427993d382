//! One sample: fresh queue, pinned threads, warm-up, a window of fixed time, drain, verification.
//!
//! ```text
//!            barrier   2 laps and 10 ms        the window            drain
//!  control   ---|------ WARM ------------|------ MEASURE ------|-- STOP ----------- join, verify
//!  producer  ---|== push push push ======S=====================E|  says how many it pushed
//!  consumer  ---|== pop pop pop =========S=====================E|== pop till all are there
//! ```
//!
//! The controlling thread sleeps; workers look at one padded word every [`LOOK`] messages. At `S` and `E` each worker
//! stamps its own counters, wall clock and CPU clock, so no clock and no shared counter is touched in between, and a
//! worker that sees a phase late has a window of its own, not a wrong one.
//!
//! `control` has the phases, the wait between tries and the drain; `gauge` the stamps; `stream` and `pair` the loops.

mod control;
mod gauge;
mod pair;
mod stream;

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::cell::{Cell, Mode};
use crate::machine::Placement;
use crate::message::{Audit, Breach, Payload};
use crate::plan::Timing;
use crate::subject::Subject;

use gauge::Window;

/// Messages between two looks at the phase.
const LOOK: u64 = 64;

/// What one sample showed.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// Nanoseconds per message (or per push and pop, or per round trip) in the window.
    pub ns: f64,
    /// The longest window of a thread, in nanoseconds.
    pub window_ns: f64,
    /// Messages that each producing thread pushed in its window.
    pub pushed: Vec<u64>,
    /// Messages that each consuming thread popped in its window.
    pub popped: Vec<u64>,
    /// Push calls in the window, and those that found no room.
    pub pushes: Tries,
    /// Pop calls in the window, and those that found nothing.
    pub pops: Tries,
    /// CPU time of all threads per message, where the system tells it.
    pub cpu_ns: Option<f64>,
    /// Messages verified: warm-up, window and drain.
    pub verified: u64,
    /// Every thread was seen on the one core it was given.
    pub pinned: bool,
    /// Two laps of the ring were done before the window.
    pub warm: bool,
}

/// Calls at one end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tries {
    /// Calls that moved something.
    pub done: u64,
    /// Calls that moved nothing.
    pub failed: u64,
}

/// Why a sample has no figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The queue lost, doubled, reordered or tore messages.
    Breach(Breach),
    /// No message moved in the window.
    Starved,
}

/// Measures `S` in `cell`, once, with payload `M`.
pub(crate) fn run<S: Subject, M: Payload>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    match cell.mode {
        Mode::Stream => stream::run::<S, M>(cell, timing, placement),
        Mode::Alone => pair::alone::<S, M>(cell, timing, placement),
        Mode::RoundTrip => pair::round_trip::<S, M>(cell, timing, placement),
    }
}

/// One direction of messages: who pushed how many, and the records of those who popped.
struct Direction {
    pushed: Vec<u64>,
    audits: Vec<Audit>,
}

/// Verifies all messages, then turns windows into figures. `timed` are the windows whose messages are the result,
/// `busy` those of all threads.
fn conclude<M: Payload>(
    directions: Vec<Direction>,
    producing: &[&Window],
    consuming: &[&Window],
    timed: &[&Window],
    busy: &[&Window],
    warm: bool,
) -> Result<Sample, Flaw> {
    let mut verified = 0;
    for Direction { pushed, audits } in directions {
        verified += Audit::verify::<M>(audits, &pushed).map_err(Flaw::Breach)?;
    }
    let seconds = |window: &Window| window.wall.as_secs_f64();
    if timed.iter().all(|window| window.moved == 0) {
        return Err(Flaw::Starved);
    }
    let rate: f64 = timed.iter().map(|window| window.moved as f64 / seconds(window)).sum();
    let ns = 1e9 / rate;
    // Each thread's share of a core over its own window.
    let cores: Option<f64> =
        busy.iter().map(|window| Some(window.cpu?.as_secs_f64() / seconds(window))).sum();
    Ok(Sample {
        ns,
        window_ns: busy.iter().map(|window| seconds(window) * 1e9).fold(0.0, f64::max),
        pushed: producing.iter().map(|window| window.moved).collect(),
        popped: consuming.iter().map(|window| window.moved).collect(),
        pushes: producing.iter().map(|window| window.pushes).sum(),
        pops: consuming.iter().map(|window| window.pops).sum(),
        cpu_ns: cores.map(|cores| cores * ns),
        verified,
        pinned: busy.iter().all(|window| window.pinned),
        warm,
    })
}

impl core::iter::Sum for Tries {
    fn sum<I: Iterator<Item = Self>>(tries: I) -> Self {
        tries.fold(Self::default(), |a, b| Self {
            done: a.done + b.done,
            failed: a.failed + b.failed,
        })
    }
}
