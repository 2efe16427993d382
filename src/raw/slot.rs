//! A slot with its state beside the item: how items move in segments.
//!
//! ```text
//!                     fill                   vacate
//!   VACANT, lap l  ---------->  FULL  --------------------+
//!     |        |                                          v
//!     | spoil  | follow                            VACANT, lap l + 1
//!     v        v                     vacate               ^
//!   SPOILT ->  FOLLOWS  ----------------------------------+
//!     |        |        if the slot that it follows was filled
//!     |        | if not
//!     +--------+-->  RETURNED, with the lap that its consumer has left written beside: both have done with it
//! ```
//!
//! Each use of a slot is a *lap*. The producer that claimed the lap fills the slot, the consumer that claimed it
//! vacates the slot for the next one; between claiming and that step the slot is *in hand*. Who has claimed several
//! that lie side by side, a *batch*, makes all but the first *follow* that one, with a store each, and then fills the
//! first, with one step for all: a slot that follows is full if its first slot is, or was.
//!
//! A consumer that finds its slot in the hands of a producer that has stalled (or, if the consumer was late, of none
//! yet) *spoils* the first slot of the batch, and if it doesn't know which that is, each that may be: none of those is
//! ever filled in this lap. Then it *leaves* its own slot. The producer finds out when it comes to fill the batch,
//! takes its items back, and *returns* the slots. So no thread waits for another, and a stalled thread costs the slots
//! of its batch.
//!
//! *Why it is right.* Two kinds of thread may change a slot that is vacant: its producer, and consumers that spoil it;
//! to fill and to spoil are compare-exchanges, one of which succeeds. Spoilt says no more than that: what follows
//! another slot may have been spoilt before, in vain, which is why to follow is a plain store. A slot that is full is
//! changed by its consumer alone, one that follows by its consumer if the batch was filled, by its producer if it was
//! not. In the hands of one thread, the slot's item is that thread's alone: others touch the item only after a
//! hand-over, by fill (S1) or vacate (S3), that they acquire (S2). The lap is over when its consumer has vacated the
//! slot, or has left it (S5) and its producer has returned it (S4). The states of a lap come in the order of their
//! numbers, but that a slot may be spoilt before it follows.
//!
//! *Source.* Stamps: Vyukov's bounded MPMC queue. A consumer that spoils a slot whose producer is late: Correia and
//! Ramalhete's FAAArrayQueue; Morrison and Afek, "Fast Concurrent Queues for x86 Processors", PPoPP 2013.
//!
//! Edges: S1 with S2 (the item goes over), S3 with S2 (the slot comes back), S4 with S2, S5 with S6 (who had it has done with it).

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;

use crate::sync::{AtomicU32, Ordering, Shadow};

/// The states; a lap's number lies above [`TAGS`].
pub(super) const VACANT: u32 = 0;
pub(super) const FULL: u32 = 1;
pub(super) const SPOILT: u32 = 2;
pub(super) const RETURNED: u32 = 3;
/// Follows the slot so many before it, if that number is added.
pub(super) const FOLLOWS: u32 = 32;
/// The bits below a lap.
pub(super) const TAGS: u32 = 63;

/// Memory for one item, and its state.
pub(super) struct Slot<T> {
    state: AtomicU32,
    /// The lap whose consumer has left it, and [`LEFT`].
    left: AtomicU32,
    shadow: Shadow,
    item: UnsafeCell<MaybeUninit<T>>,
}

const LEFT: u32 = 1;

// SAFETY: the item is one thread's at a time, by the states above; it crosses threads, hence `T: Send`.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// Makes `place` a slot, vacant for `lap`; in place, since an item may be too large for the stack.
    ///
    /// # Safety
    /// `place` is valid for writes, and aligned.
    pub(super) unsafe fn new_at(place: *mut Self, lap: u32) {
        // SAFETY: passed on to the caller: a field of `place`.
        unsafe { (&raw mut (*place).state).write(AtomicU32::new(lap | VACANT)) };
        // SAFETY: likewise.
        unsafe { (&raw mut (*place).left).write(AtomicU32::new(0)) };
        // SAFETY: likewise. The item needs no value.
        unsafe { (&raw mut (*place).shadow).write(Shadow::new(1)) };
    }

    /// Where the item is, for whoever has the slot in hand.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(super) fn item(&self) -> *mut T {
        self.shadow.write(0);
        self.item.get().cast()
    }

    /// Where the item is, for whoever shows it and leaves it there.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(super) fn shown(&self) -> *mut T {
        self.shadow.read(0);
        self.item.get().cast()
    }

    /// The state, seen from `lap`: that of the lap, or, if it is over, [`TAGS`] at least. Of what is full, returned, or
    /// in a later lap, all that was done to the item before is visible.
    #[inline(always)]
    pub(super) fn state_in(&self, lap: u32) -> u32 {
        // ORDERING: (S2) Acquire, pairs with (S1, S3, S4): the item, or that it is gone; or that its producer has done with it.
        self.state.load(Ordering::Acquire).wrapping_sub(lap)
    }

    /// Gives the slot, vacant in `lap` and claimed and written by a producer, to the consumers, and those that follow
    /// it; false if it is spoilt.
    #[inline(always)]
    #[must_use]
    pub(super) fn fill(&self, lap: u32) -> bool {
        let (vacant, full) = (lap | VACANT, lap | FULL);
        // ORDERING: (S1) Release, pairs with (S2): the item is written before the state says so, and what follows says that it does.
        // Relaxed: if it fails, the slot is the producer's still.
        self.state.compare_exchange(vacant, full, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Makes the slot, claimed by a producer, full in `lap` as soon as the one so many before it is.
    #[inline(always)]
    pub(super) fn follow(&self, lap: u32, before: u32) {
        // Relaxed: S1 comes after it, of the one that it follows.
        self.state.store(lap | (FOLLOWS + before), Ordering::Relaxed);
    }

    /// Sees to it that the slot, vacant in `lap` when looked at, is not filled; false if it is something else by now.
    pub(super) fn spoil(&self, lap: u32) -> bool {
        let (vacant, spoilt) = (lap | VACANT, lap | SPOILT);
        // Relaxed: it gives out nothing, and if it fails, the caller looks again.
        self.state.compare_exchange(vacant, spoilt, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Gives the slot, full and claimed and emptied by a consumer, back to the producers: for lap `next`.
    #[inline(always)]
    pub(super) fn vacate(&self, next: u32) {
        // ORDERING: (S3) Release, pairs with (S2): the item is out before the slot is vacant.
        self.state.store(next | VACANT, Ordering::Release);
    }

    /// Gives the slot up, which was not filled in `lap`, and never will be, and which a producer has claimed.
    #[cold]
    pub(super) fn give_back(&self, lap: u32) {
        // ORDERING: (S4) Release, pairs with (S2): the item is out, and we are done with the slot before it is freed.
        self.state.store(lap | RETURNED, Ordering::Release);
    }

    /// Gives the slot up, which was not filled in `lap`, and never will be, and which a consumer has claimed.
    #[cold]
    pub(super) fn leave(&self, lap: u32) {
        // ORDERING: (S5) Release, pairs with (S6): we are done with the slot, and those before it, before it is freed.
        self.left.store(lap | LEFT, Ordering::Release);
    }

    /// Whether its consumer has left it in `lap`.
    #[cold]
    pub(super) fn is_left(&self, lap: u32) -> bool {
        // ORDERING: (S6) Acquire, pairs with (S5): who has left it has done so.
        self.left.load(Ordering::Acquire) == lap | LEFT
    }

    /// Makes a slot that was given up from both sides vacant, for lap `next`. Nobody else looks at it.
    pub(super) fn renew(&self, next: u32) {
        // Relaxed: the caller hands on the segment.
        self.state.store(next | VACANT, Ordering::Relaxed);
        // Relaxed: likewise.
        self.left.store(0, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}
