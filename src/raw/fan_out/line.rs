//! A line of the fan-out: a word of the producer's, and a count of the consumers'.
//!
//! ```text
//!   line    | filled | ended | item | item | item | item | item | item |       64 bytes with 6 items of 8
//!
//!   filled  | lap | how many slots are filled, or: passed by |      the producer's
//!   ended   | how many slots are empty again |                      counted by the consumers
//! ```
//!
//! Edges: G1 with G2 (items go over), G3 with G4 (slots come back).

use crate::raw::grid::{self, MOST};
use crate::sync::{AtomicUsize, Ordering, Shadow};

/// In `filled`, instead of a number of slots: the line is not used in this lap.
pub(super) const PASSED_BY: usize = MOST + 1;

/// What stands before the slots of a line.
#[derive(Debug)]
pub struct Header {
    filled: AtomicUsize,
    ended: AtomicUsize,
    shadow: Shadow,
}

impl grid::Header for Header {
    const SIZE: usize = 2 * size_of::<usize>();

    fn new(slots: usize) -> Self {
        Self {
            // The lap before the first.
            filled: AtomicUsize::new(usize::MAX),
            ended: AtomicUsize::new(slots),
            shadow: Shadow::new(slots),
        }
    }

    #[inline(always)]
    fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    #[cfg(all(test, not(loom), not(shuttle)))]
    fn set_lap(&self, index: usize) {
        self.filled.store(index.wrapping_sub(1), Ordering::Relaxed);
    }
}

impl Header {
    /// Says that the producer has filled the slots before number `end` in `lap`, those from number `first` on just now.
    #[inline(always)]
    pub(super) fn fill(&self, lap: usize, first: usize, end: usize) {
        if first == 0 {
            // Relaxed: all slots are the producer's, and who counts next has seen the `filled` below.
            self.ended.store(0, Ordering::Relaxed);
        }
        // ORDERING: (G1) Release, pairs with (G2): the items are written before their slots are filled.
        self.filled.store(lap | end, Ordering::Release);
    }

    /// Says that the producer does not use the line in `lap`.
    #[cold]
    pub(super) fn pass_by(&self, lap: usize) {
        // Relaxed: nobody learns anything of an item from it.
        self.filled.store(lap | PASSED_BY, Ordering::Relaxed);
    }

    /// What the producer said last, to itself.
    #[inline(always)]
    pub(super) fn said(&self) -> usize {
        // Relaxed: its own word.
        self.filled.load(Ordering::Relaxed)
    }

    /// What the producer said last.
    #[inline(always)]
    pub(super) fn filled(&self) -> usize {
        // ORDERING: (G2) Acquire, pairs with (G1): the items are there.
        self.filled.load(Ordering::Acquire)
    }

    /// Counts `n` slots from which the items were moved.
    #[inline(always)]
    pub(super) fn end(&self, n: usize) {
        // ORDERING: (G3) Release, pairs with (G4): the items are out before the line is over.
        self.ended.fetch_add(n, Ordering::Release);
    }

    /// Whether all `slots` have ended.
    #[inline(always)]
    pub(super) fn is_over(&self, slots: usize) -> bool {
        // ORDERING: (G4) Acquire, pairs with (G3): all items are out. Counts are read-modify-writes, so who acquires the last
        // one acquires what was released by all.
        self.ended.load(Ordering::Acquire) == slots
    }
}
