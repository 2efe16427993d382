//! A line: up to [`MOST`] slots whose state is told by one word.
//!
//! ```text
//!   line  | word | item | item | item | item | item | item | item |       64 bytes with 7 items of 8
//!
//!   word  | lap | ended | full: a bit per slot | held: a bit per slot | odd | out |
//! ```
//!
//! A line is *of a lap* once all slots of the lap before have ended; then whatever no producer has claimed yet is vacant, and
//! needs no look.
//!
//! | step | who | the word | by |
//! |---|---|---|---|
//! | fill | a producer that has claimed and written slots | + full bits; of several: only if none is held | an add; several: a CAS |
//! | end | a consumer that has claimed and emptied slots | - full bits, + as many ended; the last carries into the lap | an add |
//! | spoil | a consumer that has claimed a slot whose producer is late | + held bit; if it is full by now: - held bit | an add |
//! | take back | its producer, which found it held | - full and held bit, + 1 ended | an add |
//! | pass over | a producer that finds the lap before not over, for long | + 1 lap, out | a CAS |
//! | come back | who ends the last slot of a line that is out, or finds it so | not out | a CAS |
//!
//! *Why it is right.* Each bit and each unit of `ended` is added once a lap, by a thread that has the slot in hand, so adds
//! don't carry into each other. `ended` carries after a power of two: places that are missing behind the last slot are nobody's,
//! and end with it. A spoilt slot belongs to two, the consumer that has claimed it and the producer that has; the producer
//! finds it held and ends it, or had filled it before, and then the consumer has an item in hand as ever. A line that is
//! out is of no lap: both ends step over it. It comes back for the lap after the last that was passed over, which neither end has
//! left behind: an end does that only when the line is of it, or out *and* a slot has not ended yet, which the word tells by its
//! lap: it is the one that the line was put out for. (That no slot is full or held says nothing: a consumer may have claimed
//! one that it has not spoilt yet.) In the lap after, the line is back, though it may still bear the mark, which must go before
//! anything is claimed. A step by CAS can't take the word for one of a lap long ago before 2^45 laps are over (2^22 on 32 bits,
//! fewer in a ring of many lines).
//!
//! *Acquire and release.* All steps on a word are read-modify-writes, so who acquires sees what was released by all before,
//! not only by the last.
//!
//! *Sources.* Wang et al., "BBQ", USENIX ATC 2022 (both ends meet a block at a time). A consumer that spoils a slot: Correia and
//! Ramalhete's FAAArrayQueue; Morrison and Afek, "Fast Concurrent Queues for x86 Processors", PPoPP 2013.
//!
//! Edges: L1, L2 and L6 with L4, L1 and L2 also with L5 (items go over), L3 with L4 (slots come back), L7 with L4 and L5 with L8
//! (what those had seen who passed over the line, or spoilt the slot: see `ring`).

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;

use crate::raw::grid::{self, Grid, LAP, MOST, SLOT_BITS, Store};
use crate::sync::{AtomicUsize, Ordering, Shadow, const_fn};

const OUT: usize = 1;
/// Of a line that is out: whether it was put out for an odd lap. It is over when this is not true of the word's lap any more.
const ODD: usize = 2;
const HELD: u32 = 2;
const FULL: u32 = HELD + MOST as u32;
const _: () = assert!(FULL + MOST as u32 + SLOT_BITS == LAP);
const SLOTS: usize = (1 << MOST) - 1;

/// Where a line is, seen from a lap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In the lap before.
    Before,
    /// In that lap.
    Now,
    /// In that lap, but for the mark of a line that was out.
    Back,
    /// In a later one, or out: both ends step over.
    Spent,
}

/// What a look at a line's word found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look(usize);

impl Look {
    /// Whether the line is of the lap of `index`, and not out; `below_lap` are all other bits.
    #[inline(always)]
    pub(super) fn is_now(self, index: usize, below_lap: usize) -> bool {
        self.0 ^ index <= below_lap && self.0 & OUT == 0
    }

    /// Whether the line is of the lap of `index`, not out, and nothing else: of the only slot of a line, that it is vacant.
    #[inline(always)]
    pub(super) fn is_fresh(self, index: usize, below_lap: usize) -> bool {
        self.0 == index & !below_lap
    }

    /// Where the line is, seen from the lap of `index`.
    pub(super) fn stage(self, index: usize, below_lap: usize) -> Stage {
        let ahead = (self.0 & !below_lap).wrapping_sub(index & !below_lap);
        match ahead.cast_signed() {
            0 if self.0 & OUT == 0 => Stage::Now,
            0 if self.is_over(below_lap) => Stage::Back,
            ..0 => Stage::Before,
            _ => Stage::Spent,
        }
    }

    /// Of a line that is out: whether all slots have ended. (That none is full or held doesn't tell: a consumer may have claimed
    /// one that it has not spoilt yet.)
    fn is_over(self, below_lap: usize) -> bool {
        (self.0 & ODD != 0) != (self.0 & below_lap.wrapping_add(1) != 0)
    }

    /// How many slots from `slot` on are full.
    #[inline(always)]
    pub(super) fn full_from(self, slot: usize) -> usize {
        ((self.0 >> FULL & SLOTS) >> slot).trailing_ones() as usize
    }
}

/// The bits of `n` slots from `slot` on.
#[inline(always)]
pub(super) fn bits(slot: usize, n: usize) -> usize {
    ((1 << n) - 1) << slot
}

/// How many places end with `n` slots from `slot` on.
#[inline(always)]
fn places(grid: Grid, slot: usize, n: usize) -> usize {
    if slot + n == grid.slots { n + MOST + 1 - grid.slots } else { n }
}

/// How many places end with the slots of `bits`.
fn places_of(grid: Grid, bits: usize) -> usize {
    let last = grid.slots - 1;
    (bits & !(1 << last)).count_ones() as usize + places(grid, last, bits >> last)
}

/// What stands before the slots of a line: the word, and what a race detector knows of the slots.
pub struct Header {
    word: AtomicUsize,
    shadow: Shadow,
}

impl Header {
    const_fn! {
        /// Of a line of so many slots, vacant, for lap 0.
        pub(super) fn new(slots: usize) -> Self {
            Self { word: AtomicUsize::new(0), shadow: Shadow::new(slots) }
        }
    }

    /// The word, now.
    #[inline(always)]
    pub(super) fn look(&self) -> Look {
        // ORDERING: (L4) Acquire, pairs with (L1, L2, L3, L6, L7): items are there, those of the lap before gone.
        Look(self.word.load(Ordering::Acquire))
    }

    /// Fills the slot, claimed and written; false if it was spoilt: then it is to be [taken back](Self::take_back).
    #[inline(always)]
    #[must_use]
    pub(super) fn fill(&self, slot: usize) -> bool {
        let (full, held) = (1 << slot << FULL, 1 << slot << HELD);
        // ORDERING: (L1) Release, pairs with (L4, L5): the item is written before the slot is full.
        self.word.fetch_add(full, Ordering::Release) & held == 0
    }

    /// Fills slots of `bits`, claimed and written. When some of these are spoilt, `leave` moves the items from the slots of its
    /// first argument to those of its second; says which are full at last. The others end.
    #[inline(always)]
    pub(super) fn fill_all(
        &self,
        grid: Grid,
        bits: usize,
        mut leave: impl FnMut(usize, usize),
    ) -> usize {
        // Relaxed: only compared, and who spoilt a slot has not touched its item.
        let (mut word, mut mine) = (self.word.load(Ordering::Relaxed), bits);
        loop {
            let unspoilt = bits & !(word >> HELD);
            if unspoilt != mine {
                leave(mine, unspoilt);
                mine = unspoilt;
            }
            let (cell, full) = (&self.word, word + (mine << FULL));
            // ORDERING: (L2) Release, pairs with (L4, L5): the items are written before their slots are full.
            match cell.compare_exchange_weak(word, full, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        if mine != bits {
            let spoilt = bits & !mine;
            self.end_spoilt(grid, places_of(grid, spoilt), spoilt << HELD);
        }
        mine
    }

    /// Ends a slot that was spoilt before it was filled, after its item was moved out.
    #[cold]
    pub(super) fn take_back(&self, grid: Grid, slot: usize) {
        self.end_spoilt(grid, places(grid, slot, 1), (1 << slot << FULL) | (1 << slot << HELD));
    }

    /// Ends so many places that were found spoilt.
    #[inline(always)]
    fn end_spoilt(&self, grid: Grid, places: usize, marks: usize) {
        // ORDERING: (L8) Acquire, pairs with (L5): what those saw who spoilt; we try again, and may have to say Full. (What we look
        // at is our own step on the word, after theirs.)
        let _ = self.word.load(Ordering::Acquire);
        self.end(grid, places, marks);
    }

    /// Ends `n` slots from `slot` on, full, claimed by a consumer and emptied.
    #[inline(always)]
    pub(super) fn vacate(&self, grid: Grid, slot: usize, n: usize) {
        self.end(grid, places(grid, slot, n), bits(slot, n) << FULL);
    }

    /// Ends so many places, in hand and empty, whose `marks` go.
    #[inline(always)]
    fn end(&self, grid: Grid, places: usize, marks: usize) {
        let change = (places * (grid.lap() >> SLOT_BITS)).wrapping_sub(marks);
        // ORDERING: (L3) Release, pairs with (L4): the items are out before the line is of the next lap.
        let before = self.word.fetch_add(change, Ordering::Release);
        let after = before.wrapping_add(change);
        if before & OUT != 0 && after ^ before > grid.below_lap {
            self.come_back(Look(after));
        }
    }

    /// Takes off the mark of a line that was out, and has come back for the lap of `look`.
    #[cold]
    pub(super) fn come_back(&self, Look(word): Look) {
        let back = word & !(OUT | ODD);
        // Relaxed: who acquires this acquires what (L3) released, since only read-modify-writes lie between. If it fails,
        // somebody else did.
        let _ = self.word.compare_exchange(word, back, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Puts the line, of the lap before `look`'s next and not over, out for that next lap, if it still is as it was.
    #[cold]
    pub(super) fn pass_over(&self, grid: Grid, Look(word): Look) {
        let next = word.wrapping_add(grid.lap()) & !(OUT | ODD);
        let out = next | OUT | if next & grid.lap() == 0 { 0 } else { ODD };
        // ORDERING: (L7) Release, pairs with (L4): what we saw, for those who step over the line. If it fails, somebody has moved.
        let _ = self.word.compare_exchange(word, out, Ordering::Release, Ordering::Relaxed);
    }

    /// Spoils the slot, claimed by a consumer; false if it is full by now, and so as good as if it had been found so.
    #[cold]
    #[must_use]
    pub(super) fn spoil(&self, slot: usize) -> bool {
        let (full, held) = (1 << slot << FULL, 1 << slot << HELD);
        // ORDERING: (L5) AcqRel, pairs with (L1, L2, L8): the item, if the slot was full; otherwise what we saw goes to its producer.
        if self.word.fetch_add(held, Ordering::AcqRel) & full == 0 {
            return true;
        }
        // Relaxed: nobody looks at the mark of a slot that is full and claimed.
        self.word.fetch_sub(held, Ordering::Relaxed);
        false
    }

    /// Ends all slots, full, of a line that is out, and leaves the mark there.
    #[cfg(all(test, not(loom), not(shuttle)))]
    pub(super) fn vacate_and_freeze(&self, grid: Grid) {
        let change = grid.lap().wrapping_sub(bits(0, grid.slots) << FULL);
        assert!(self.word.fetch_add(change, Ordering::Relaxed) & OUT != 0, "not out");
    }

    /// Fills the only slot of a line, full, claimed by a consumer and written anew, for the next lap, in one step; false if the line
    /// was passed over.
    #[must_use]
    pub(super) fn refill(&self, grid: Grid) -> bool {
        // Relaxed: as it was found full, or else passed over.
        let word = self.word.load(Ordering::Relaxed);
        let next = word.wrapping_add(grid.lap());
        // ORDERING: (L6) Release, pairs with (L4): as for L1.
        word & OUT == 0
            && self.word.compare_exchange(word, next, Ordering::Release, Ordering::Relaxed).is_ok()
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").finish_non_exhaustive()
    }
}

/// A line of one slot.
#[repr(C)]
pub struct Slot<T> {
    header: Header,
    item: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the item is one thread's at a time, by the word; it crosses threads, hence `T: Send`.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    const_fn! {
        /// Vacant, for lap 0.
        pub(crate) fn new() -> Self {
            Self { header: Header::new(1), item: UnsafeCell::new(MaybeUninit::uninit()) }
        }
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.header.fmt(f)
    }
}

impl grid::Header for Header {
    const SIZE: usize = size_of::<usize>();

    fn new(slots: usize) -> Self {
        Self::new(slots)
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

// SAFETY: a slot and its header are one value of the array.
unsafe impl<T, const N: usize> Store<T> for [Slot<T>; N] {
    type Header = Header;

    const FIT: usize = 1;

    #[inline(always)]
    fn slots(&self) -> usize {
        1
    }

    #[inline(always)]
    unsafe fn header(&self, line: usize, _slots: usize) -> &Header {
        // SAFETY: passed on to the caller.
        unsafe { &self.get_unchecked(line).header }
    }

    #[inline(always)]
    unsafe fn item(&self, line: usize, _slot: usize, _slots: usize) -> *mut T {
        // SAFETY: passed on to the caller.
        unsafe { self.get_unchecked(line).item.get().cast() }
    }
}
