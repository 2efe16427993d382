//! How to retry: after losing a race, and while waiting for somebody else.

use core::cell::Cell;

use crate::sync::{LOSS, RETRY, spin_loop, yield_now};

/// Doubles from 1 to 2^6 = 64 pauses, as crossbeam-utils' `Backoff` does.
const SPINS: u32 = 6;

/// Exponential backoff for loops that retry a queue operation.
///
/// A queue of this crate never waits; a caller that wants to wait retries, and puts a pause between the tries so that
/// the other side can get hold of the cache line (and, on a busy machine, of the processor). It spins for 1, 2, 4, .. 64
/// pauses and yields to the operating system from then on, so a waiter never spins for long.
///
/// The steps are those of crossbeam-utils' type of the same name; this one goes through the crate's own pauses, so that
/// a model checker sees it as waiting (crossbeam's does only under its own `--cfg crossbeam_loom`).
///
/// ```
/// let (mut tx, mut rx) = raddle::spsc::bounded::<u32>(8);
/// std::thread::spawn(move || tx.push(7));
/// let backoff = raddle::Backoff::new();
/// let item = loop {
///     match rx.pop() {
///         Ok(item) => break item,
///         Err(_) => backoff.snooze(),
///     }
/// };
/// assert_eq!(item, 7);
/// ```
#[derive(Debug, Default)]
pub struct Backoff {
    step: Cell<u32>,
}

impl Backoff {
    /// Starts with the shortest pause.
    #[must_use]
    pub const fn new() -> Self {
        Self { step: Cell::new(0) }
    }

    /// Returns to the shortest pause, after a try that succeeded.
    #[inline]
    pub fn reset(&self) {
        self.step.set(0);
    }

    /// Pauses after a lost race: the winner made progress, so a retry is likely to succeed soon. Never yields.
    #[inline]
    pub fn spin(&self) {
        self.spin_from(0);
    }

    /// The same, where what is waited for takes a while: from a longer pause on, of `least` doublings. A look in between takes a
    /// line out of the hands of who is waited for.
    #[inline]
    pub(crate) fn spin_from(&self, least: u32) {
        let step = self.step.get().max(least);
        for _ in 0..1u32 << step.min(SPINS) {
            spin_loop();
        }
        // Counted on when the pauses grow no longer: see `is_at_least`.
        self.step.set(step.saturating_add(1));
    }

    /// Pauses after a lost race for a word that many change: for [`LOSS`] pauses at first, so that the winner gets a good deal
    /// done while the word is in its cache. Not at all under a model checker.
    #[cold]
    pub(crate) fn lose(&self) {
        self.stay_away(LOSS);
    }

    /// The same where who lost tries again with the value that it has found, which is old by then: a few pauses at first, since
    /// the next try most likely fails, and so on until it stays away for long.
    #[cold]
    pub(crate) fn lose_and_retry(&self) {
        self.stay_away(RETRY);
    }

    fn stay_away(&self, (least, most): (u32, u32)) {
        let step = self.step.get().clamp(least, most);
        for _ in 1..1u32 << step {
            spin_loop();
        }
        self.step.set(step + 1);
    }

    /// Pauses while another thread has to act first: spins at first, then yields the processor.
    #[inline]
    pub fn snooze(&self) {
        if self.step.get() <= SPINS { self.spin() } else { yield_now() }
    }

    /// Whether so many pauses were made, each longer than the one before, or as long as there are. Any number is reached.
    #[inline]
    pub(crate) fn is_at_least(&self, steps: u32) -> bool {
        self.step.get() >= steps
    }

    /// Whether [`snooze`](Self::snooze) yields by now: the time to park the thread instead, if the caller can.
    #[must_use]
    pub fn is_yielding(&self) -> bool {
        self.step.get() > SPINS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_counted_beyond_the_longest() {
        let backoff = Backoff::new();
        for made in 0..100 {
            assert!(backoff.is_at_least(made) && !backoff.is_at_least(made + 1));
            assert_eq!(backoff.is_yielding(), made > SPINS);
            backoff.spin();
        }
        backoff.reset();
        assert!(!backoff.is_at_least(1) && !backoff.is_yielding());
    }

    #[test]
    fn a_snooze_spins_seven_times_and_then_yields() {
        let backoff = Backoff::new();
        for _ in 0..=SPINS {
            assert!(!backoff.is_yielding());
            backoff.snooze();
        }
        assert!(backoff.is_yielding());
        backoff.snooze();
        assert!(backoff.is_at_least(SPINS + 1) && !backoff.is_at_least(SPINS + 2));
    }
}
