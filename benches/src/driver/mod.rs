//! One sample: fresh queue, pinned threads, warm-up, a window of fixed time, drain, verification.
//!
//! ```text
//!            barrier  2 laps and 10 ms      the window       calls are timed      drain
//!  control   ---|----- WARM ----------|---- MEASURE ----|---- CALLS ----|-- STOP ------- join, verify
//!  producer  ---|= push push push ====S=================E= push push ===|  says how many it pushed
//!  consumer  ---|= pop pop pop =======S=================E= pop pop =====|= pop till all are there
//! ```
//!
//! The controlling thread sleeps; workers look at one padded word every `LOOK` messages. At `S` and `E` each worker
//! stamps its own counters, wall clock and CPU clock, so no clock and no shared counter is touched in between, and a
//! worker that sees a phase late has a window of its own, not a wrong one.
//!
//! In a stream the same threads on the same queue go on after the window, now with a clock around each call: what one call
//! takes at worst is known without a clock in the window. Modes without a stream have no such phase.
//!
//! `control` has the phases, the wait between tries and the drain; `crew` the threads; `gauge` the stamps and the clock; `gate`
//! the limit of unbounded queues; `stream`, `pair`, `both` and `count` the loops.

mod both;
mod control;
mod count;
mod crew;
mod gate;
mod gauge;
mod pair;
mod stream;

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::cell::{Cell, Mode};
use crate::machine::Placement;
use crate::message::{Audit, Breach, Census, Payload, Proof};
use crate::plan::Timing;
use crate::stats;
use crate::subject::Subject;

use hdrhistogram::Histogram;

pub(crate) use count::run as count;
pub(crate) use crew::join;
pub(crate) use gauge::LONGEST_CALL_NS;
use gauge::{Calls, Window};

/// Messages between two looks at the phase.
const LOOK: u64 = 64;

/// What one sample showed.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// Nanoseconds per message (or per push and pop, per round trip, per addition) in the window.
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
    /// Least share of a thread, where several do the same.
    pub shares: Shares,
    /// What single calls took, in the phase after the window; in streams only.
    pub calls: Option<CallTimes>,
    /// CPU time of all threads per message, where the system tells it.
    pub cpu_ns: Option<f64>,
    /// Messages or additions verified: warm-up, window and drain.
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

/// The least thread's rate divided by the greatest's, at an end with several threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Shares {
    /// Among the producers.
    pub producers: Option<f64>,
    /// Among the consumers.
    pub consumers: Option<f64>,
}

impl Shares {
    fn of(producing: &[&Window], consuming: &[&Window]) -> Self {
        let share = |windows: &[&Window]| {
            stats::least_share(&windows.iter().map(|window| window.rate()).collect::<Vec<_>>())
        };
        Self { producers: share(producing), consumers: share(consuming) }
    }
}

/// What single calls took that moved something; in batches, a call moves many items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CallTimes {
    /// Pushes and pops together.
    pub all: Quantiles,
    /// Pushes.
    pub push: Quantiles,
    /// Pops.
    pub pop: Quantiles,
}

/// Quantiles in nanoseconds, to two digits, of the clock's own time too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    /// Calls that were timed.
    pub calls: u64,
    /// Half of them took no longer.
    pub p50: u64,
    /// 99.9 % of them took no longer.
    pub p999: u64,
    /// None took longer.
    pub max: u64,
}

impl CallTimes {
    /// From the records of all threads; nothing if an end made no call.
    fn of(pushes: &[Calls], pops: &[Calls]) -> Option<Self> {
        let merged = |calls: &[&[Calls]]| {
            let mut records = calls.iter().copied().flatten().map(|calls| &calls.taken);
            let mut all = records.next()?.clone();
            records.for_each(|record| all += record);
            Quantiles::of(&all)
        };
        Some(Self {
            all: merged(&[pushes, pops])?,
            push: merged(&[pushes])?,
            pop: merged(&[pops])?,
        })
    }
}

impl Quantiles {
    /// Of what was recorded; nothing if nothing was.
    pub(crate) fn of(taken: &Histogram<u32>) -> Option<Self> {
        let at = |quantile| taken.value_at_quantile(quantile);
        let quantiles =
            Self { calls: taken.len(), p50: at(0.5), p999: at(0.999), max: taken.max() };
        (!taken.is_empty()).then_some(quantiles)
    }
}

/// Why a sample has no figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The queue lost, doubled, reordered or tore messages.
    Breach(Breach),
    /// No message moved in the window.
    Starved,
}

/// Measures queue `S` in `cell`, once, with payload `M`.
pub(crate) fn queue<M: Payload, S: Subject>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    match cell.mode {
        Mode::Stream => stream::run::<M, S, Audit>(cell, timing, placement),
        Mode::Alone => pair::alone::<M, S>(cell, timing, placement),
        Mode::RoundTrip => pair::round_trip::<M, S>(cell, timing, placement),
        mode => unreachable!("{mode:?} of a queue passed the cell's check"),
    }
}

/// As [`queue`], of several queues in place of a wide one: they only stream.
pub(crate) fn spread<M: Payload, S: Subject>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    assert_eq!(cell.mode, Mode::Stream, "another mode of several queues passed the cell's check");
    stream::run::<M, S, Audit>(cell, timing, placement)
}

/// As [`queue`], of a kind that promises no order.
pub(crate) fn stack<M: Payload, S: Subject>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    match cell.mode {
        Mode::Stream => stream::run::<M, S, Census>(cell, timing, placement),
        Mode::Pairs => both::run::<M, S>(cell, timing, placement, both::pairs::<M, _, _>),
        Mode::Bursts => both::run::<M, S>(cell, timing, placement, both::bursts::<M, _, _>),
        mode => unreachable!("{mode:?} of a stack passed the cell's check"),
    }
}

/// One direction of messages: who pushed how many, and the records of those who popped.
struct Direction<P> {
    pushed: Vec<u64>,
    proofs: Vec<P>,
}

impl<P: Proof> Direction<P> {
    /// The messages, if they are what was pushed.
    fn verify<M: Payload>(self) -> Result<u64, Flaw> {
        P::verify::<M>(self.proofs, &self.pushed).map_err(Flaw::Breach)
    }
}

/// Turns windows into figures. `timed` are the windows whose messages are the result, `busy` those of all threads.
fn conclude(
    verified: u64,
    producing: &[&Window],
    consuming: &[&Window],
    timed: &[&Window],
    busy: &[&Window],
    warm: bool,
) -> Result<Sample, Flaw> {
    let seconds = |window: &Window| window.wall.as_secs_f64();
    if timed.iter().all(|window| window.moved == 0) {
        return Err(Flaw::Starved);
    }
    let rate: f64 = timed.iter().map(|window| window.rate()).sum();
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
        shares: Shares::default(),
        calls: None,
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
