//! A slot with its state beside the item: how items move in segments.
//!
//! ```text
//!                    fill                        vacate
//!   VACANT, lap l  -------->   FULL, lap l   -------------->  VACANT, lap l + 1
//!        |                                                        ^
//!        | pass over                                              | give back
//!        v                                                        |
//!   HELD, lap l  -------------------------------------------------+
//! ```
//!
//! Each use of a slot is a *lap*. The producer that claimed the lap fills the slot, the consumer that claimed it vacates
//! the slot for the next one; between claiming and that step the slot is *in hand*. A consumer that finds it in the hands of a
//! producer that has stalled (or, if the consumer was late, of none yet) passes over it: *held*, the slot is out of use, until its
//! producer is there, finds out (its own step fails), takes the item back, and ends the lap. So no thread waits for another, and a stalled thread costs one slot.
//!
//! *Why it is right.* A state only ever goes up, in the order lap, then VACANT < FULL < HELD, so no value comes twice. Two may
//! want to change a slot that is vacant: its producer, and a consumer that passes over it; one of them succeeds. A slot that is
//! full, or held, is changed by one thread alone, with a store. In the hands of one thread, the slot's item is that thread's
//! alone: others may change the state, to HELD, but touch the item only after a hand-over, by fill (S1) or vacate (S3), that
//! they acquire (S2). To pass over says nothing of the item; but where slots are freed, it says that whoever did it is done
//! with the slot (S5), before its holder gives it back (S4).
//!
//! *Source.* Stamps: Vyukov's bounded MPMC queue. A consumer that spoils a slot whose producer is late: Correia and
//! Ramalhete's FAAArrayQueue; Morrison and Afek, "Fast Concurrent Queues for x86 Processors", PPoPP 2013.
//!
//! Edges: S1 with S2 (the item goes over), S3 and S4 with S2 (the slot comes back), S5 with S2 (who passed over has left).

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::{MaybeUninit, needs_drop};

use crate::sync::{AtomicUsize, Ordering, Shadow};

/// The states; a lap's number lies above [`TAGS`].
pub(super) const VACANT: usize = 0;
pub(super) const FULL: usize = 1;
pub(super) const HELD: usize = 2;
/// The bits below a lap.
pub(super) const TAGS: usize = 3;

/// Memory for one item, and its state.
pub(super) struct Slot<T> {
    state: AtomicUsize,
    shadow: Shadow,
    item: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the item is one thread's at a time, by the states above; it crosses threads, hence `T: Send`.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// Makes `place` a slot, vacant for `lap`; in place, since an item may be too large for the stack.
    ///
    /// # Safety
    /// `place` is valid for writes, and aligned.
    pub(super) unsafe fn new_at(place: *mut Self, lap: usize) {
        // SAFETY: passed on to the caller: a field of `place`.
        unsafe { (&raw mut (*place).state).write(AtomicUsize::new(lap | VACANT)) };
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

    /// The state, seen from `lap`: [`VACANT`], [`FULL`] or [`HELD`] in that lap, or else. Of the first two, and of a later lap,
    /// all that was done to the item before is visible.
    #[inline(always)]
    pub(super) fn state_in(&self, lap: usize) -> usize {
        // ORDERING: (S2) Acquire, pairs with (S1, S3, S4, S5): the item, or that it is gone; or that who passed over has left.
        self.state.load(Ordering::Acquire).wrapping_sub(lap)
    }

    /// Puts the slot, which no producer fills, out of use for `lap`, if it still is vacant; says whether it did. Then the producer that
    /// has claimed it, or will, may end the lap at any time, and free the slot.
    #[cold]
    pub(super) fn pass_over_vacant(&self, lap: usize) -> bool {
        let (vacant, held) = (lap | VACANT, lap | HELD);
        // ORDERING: (S5) Release, pairs with (S2): we are done with the slot before its producer frees it.
        // Relaxed: if it fails, the producer is back, or somebody else was faster.
        self.state.compare_exchange(vacant, held, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Gives the slot, vacant in `lap` and claimed and written by a producer, to the consumers; false if it was passed over.
    #[inline(always)]
    #[must_use]
    pub(super) fn fill(&self, lap: usize) -> bool {
        let (vacant, full) = (lap | VACANT, lap | FULL);
        // ORDERING: (S1) Release, pairs with (S2): the item is written before the state says so.
        // Relaxed: if it fails, the slot was passed over; see `give_back`.
        self.state.compare_exchange(vacant, full, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Gives the slot, full and claimed and emptied by a consumer, back to the producers: for lap `next`.
    #[inline(always)]
    pub(super) fn vacate(&self, next: usize) {
        // ORDERING: (S3) Release, pairs with (S2): the item is out before the slot is vacant.
        self.state.store(next | VACANT, Ordering::Release);
    }

    /// Gives the slot, in hand and passed over in `lap`, back to the producers: for lap `next`.
    #[cold]
    pub(super) fn give_back(&self, lap: usize, next: usize) {
        // By way of S2: who passed over has left.
        let state = self.state_in(lap);
        debug_assert_eq!(state, HELD, "nobody else changes it");
        // ORDERING: (S4) Release, pairs with (S2): the item is out, and whoever passed over has left.
        self.state.store(next | VACANT, Ordering::Release);
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        // Relaxed: with exclusive access, and no operation in flight.
        if needs_drop::<T>() && self.state.load(Ordering::Relaxed) & TAGS == FULL {
            // SAFETY: full, so there is an item, and nobody else can reach it any more.
            unsafe { self.item().drop_in_place() };
        }
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}
