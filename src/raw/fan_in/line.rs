//! A line of the fan-in: a word that the consumer writes, and a byte for each slot that its producer writes.
//!
//! ```text
//!   line  | word | full: a byte per slot | skipped | item | item | item | item | item | item |     64 bytes with 6 items of 8
//!
//!   word  | lap | link: the next line that is out | is linked | out |
//! ```
//!
//! | step | who | what |
//! |---|---|---|
//! | fill | the producer that has claimed a slot and written it | its byte: 1 |
//! | skip | the consumer, which is overdue for a slot's producer | the slot's bit in `skipped` |
//! | vacate | the consumer, which has left the line and skipped nothing | bytes: 0; word: the next lap |
//! | put out | the consumer, which has left the line and skipped a slot | the others' bytes: 0; word: the next lap, out, and a link |
//! | pass | the consumer, which comes to a line that is out | word: one lap more |
//! | come back | the consumer, which has taken the last slot that it had skipped | byte: 0; word: one lap more, not out |
//!
//! A line whose word says a lap and nothing else is *of* that lap: what no producer has claimed yet in that lap is
//! vacant. Each cell has one writer at a time, so all steps are stores; and a word's lap only grows.
//!
//! Edges: F1 with F2 (an item goes over), F3 and F4 with F5 (slots come back).

use crate::raw::grid::{self, Grid, MOST, SLOT_BITS};
use crate::sync::{AtomicU8, AtomicUsize, Ordering, Shadow, array};

const OUT: usize = 1;
const LINKED: usize = 2;
const _: () = assert!(LINKED < 1 << SLOT_BITS, "a line's number stands above");

/// A line that is out, or none: as in the words below the lap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link(pub(super) usize);

impl Link {
    pub(super) const NONE: Self = Self(0);

    /// To line number `line`.
    pub(super) fn to(line: usize) -> Self {
        Self(line << SLOT_BITS | LINKED)
    }

    /// The line's number.
    pub(super) fn line(self) -> Option<usize> {
        (self.0 & LINKED != 0).then_some(self.0 >> SLOT_BITS)
    }
}

/// Where a line is, seen from a lap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In a lap before.
    Before,
    /// In that lap.
    Now,
    /// In a later one, or out for that one: both ends step over.
    Spent,
}

/// What a look at a line's word found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look(usize);

impl Look {
    /// Whether the line is of the lap of `index`.
    #[inline(always)]
    pub(super) fn is_now(self, index: usize, grid: Grid) -> bool {
        self.0 == grid.lap_of(index)
    }

    /// Where the line is, seen from the lap of `index`.
    pub(super) fn stage(self, index: usize, grid: Grid) -> Stage {
        let ahead = grid.lap_of(self.0).wrapping_sub(grid.lap_of(index));
        match ahead.cast_signed() {
            ..0 => Stage::Before,
            0 if !self.is_out() => Stage::Now,
            _ => Stage::Spent,
        }
    }

    /// Whether the line is out.
    pub(super) fn is_out(self) -> bool {
        self.0 & OUT != 0
    }

    /// Which line was put out before this one, of those that are.
    pub(super) fn link(self, grid: Grid) -> Link {
        Link(self.0 & grid.below_lap & !OUT)
    }
}

/// What stands before the slots of a line, and what a race detector knows of these.
#[derive(Debug)]
pub struct Header {
    word: AtomicUsize,
    full: [AtomicU8; MOST],
    /// A bit per slot. Only the consumer's.
    skipped: AtomicU8,
    shadow: Shadow,
}

impl grid::Header for Header {
    const SIZE: usize = size_of::<usize>() + MOST + 1;

    fn new(slots: usize) -> Self {
        Self {
            word: AtomicUsize::new(0),
            full: array![AtomicU8::new(0); MOST],
            skipped: AtomicU8::new(0),
            shadow: Shadow::new(slots),
        }
    }

    #[inline(always)]
    fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    #[cfg(all(test, not(loom), not(shuttle)))]
    fn set_lap(&self, index: usize) {
        self.word.store(index, Ordering::Relaxed);
    }
}

impl Header {
    /// `n` slots from `slot` on are shown here.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(super) fn show(&self, slot: usize, n: usize) {
        for slot in slot..slot + n {
            self.shadow.read(slot);
        }
    }

    /// The word, as a producer sees it.
    #[inline(always)]
    pub(super) fn look(&self) -> Look {
        // ORDERING: (F5) Acquire, pairs with (F3, F4): the items of laps before are out, their bytes 0.
        Look(self.word.load(Ordering::Acquire))
    }

    /// The word, as the consumer left it.
    #[inline(always)]
    pub(super) fn own(&self) -> Look {
        // Relaxed: nobody else writes it.
        Look(self.word.load(Ordering::Relaxed))
    }

    /// Fills a slot, claimed and written.
    #[inline(always)]
    pub(super) fn fill(&self, slot: usize) {
        // ORDERING: (F1) Release, pairs with (F2): the item is written before the slot is full.
        self.full[slot].store(1, Ordering::Release);
    }

    /// Whether a slot is full.
    #[inline(always)]
    pub(super) fn is_full(&self, slot: usize) -> bool {
        // ORDERING: (F2) Acquire, pairs with (F1): the item; and what was pushed before that push began, is seen from here on.
        self.full[slot].load(Ordering::Acquire) != 0
    }

    /// The slots that the consumer has skipped, and not taken since.
    #[inline(always)]
    pub(super) fn skipped(&self) -> u8 {
        // Relaxed: nobody else looks at it.
        self.skipped.load(Ordering::Relaxed)
    }

    /// The first slot of those skipped that is full: looked at after all behind it.
    pub(super) fn first_to_take(&self) -> Option<usize> {
        let skipped = self.skipped();
        let mut first = None;
        for slot in (0..MOST).rev() {
            if skipped >> slot & 1 != 0 && self.is_full(slot) {
                first = Some(slot);
            }
        }
        first
    }

    /// Marks a slot as skipped.
    pub(super) fn skip(&self, slot: usize) {
        // Relaxed: as in `skipped`.
        self.skipped.store(self.skipped() | 1 << slot, Ordering::Relaxed);
    }

    /// The consumer has left the line, in the lap of `index`, and skipped nothing.
    #[inline(always)]
    pub(super) fn vacate(&self, index: usize, grid: Grid) {
        for full in &self.full[..grid.slots] {
            // Relaxed: seen with the word.
            full.store(0, Ordering::Relaxed);
        }
        let next = grid.lap_of(index).wrapping_add(grid.lap());
        // ORDERING: (F3) Release, pairs with (F5): the items are out, and the bytes 0, before the line is of the next lap.
        self.word.store(next, Ordering::Release);
    }

    /// The consumer has left the line, in the lap of `index`, and skipped slots of it.
    #[cold]
    pub(super) fn put_out(&self, index: usize, link: Link, grid: Grid) {
        let skipped = self.skipped();
        for (slot, full) in self.full[..grid.slots].iter().enumerate() {
            // The bytes of those skipped are their producers'.
            if skipped >> slot & 1 == 0 {
                // Relaxed: seen with the word, when the line comes back.
                full.store(0, Ordering::Relaxed);
            }
        }
        let next = grid.lap_of(index).wrapping_add(grid.lap());
        // Relaxed: whoever sees it steps over the line.
        self.word.store(next | OUT | link.0, Ordering::Relaxed);
    }

    /// The consumer steps over the line, which is out.
    #[cold]
    pub(super) fn pass(&self, grid: Grid) {
        let Look(word) = self.own();
        // Relaxed: as in `put_out`.
        self.word.store(word.wrapping_add(grid.lap()), Ordering::Relaxed);
    }

    /// Changes the link of the line, which is out.
    #[cold]
    pub(super) fn relink(&self, link: Link, grid: Grid) {
        let Look(word) = self.own();
        // Relaxed: as in `put_out`.
        self.word.store(grid.lap_of(word) | OUT | link.0, Ordering::Relaxed);
    }

    /// Takes a slot that was skipped; says whether there is no other.
    #[cold]
    pub(super) fn unskip(&self, slot: usize) -> bool {
        // Relaxed: the slot is used again when the line is, whose word says so.
        self.full[slot].store(0, Ordering::Relaxed);
        let left = self.skipped() & !(1 << slot);
        // Relaxed: as in `skipped`.
        self.skipped.store(left, Ordering::Relaxed);
        left == 0
    }

    /// The line, which is out, comes back: for the lap after the one that it is out for, in which producers may have
    /// stepped over it already.
    #[cold]
    pub(super) fn come_back(&self, grid: Grid) {
        let Look(word) = self.own();
        let next = grid.lap_of(word).wrapping_add(grid.lap());
        // ORDERING: (F4) Release, pairs with (F5): as for F3, also for the slots that were skipped.
        self.word.store(next, Ordering::Release);
    }
}
