//! A slot with its state beside the item: how items move in segments.
//!
//! ```text
//!                    fill                        vacate
//!   VACANT, lap l  -------->   FULL, lap l   -------------->  VACANT, lap l + 1
//!        |                          |                               ^
//!        | pass over                                                | give back
//!        v                                                          |
//!   HELD, lap l  ---------------------------------------------------+
//! ```
//!
//! Each use of a slot is a *lap*. The producer that claimed the lap fills the slot, the consumer that claimed it vacates
//! the slot for the next one; between claiming and that step the slot is *in hand*. A consumer that finds it in the hands of a
//! producer that has stalled passes over it: *held*, the slot is out of use, until its producer is back, finds out (its own
//! step fails), takes the item back, and ends the lap. So no thread waits for another, and a stalled thread costs one slot.
//!
//! *Why it is right.* A state only ever goes up, in the order lap, then VACANT < FULL < HELD, so no value comes twice. In the
//! hands of one thread, the slot's item is that thread's alone: others may change the state, to HELD, but touch the item
//! only after a hand-over, by fill (S1) or vacate (S3), that they acquire (S2). To pass over says nothing of the item; but
//! where slots are freed, it says that whoever did it is done with the slot (S8), before its holder gives it back (S4).
//!
//! *Source.* Stamps: Vyukov's bounded MPMC queue. A consumer that spoils a slot whose producer is late: Correia and
//! Ramalhete's FAAArrayQueue; Morrison and Afek, "Fast Concurrent Queues for x86 Processors", PPoPP 2013.
//!
//! *Watched.* Somebody who waits for the end of a slot's lap, to free its memory, leaves a mark instead of waiting, and who
//! ends the lap takes over.
//!
//! Edges: S1 and S6 with S2 (the item goes over), S3 and S4 with S2 (the slot comes back), S7 with S4 (a watcher's work
//! goes over), S8 with S4 (who passed over has left).

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::{MaybeUninit, needs_drop};

use crate::cardinality::Cardinality;
use crate::sync::{AtomicUsize, Ordering, Shadow};

/// The states; a lap's number lies above [`TAGS`].
pub(super) const VACANT: usize = 0;
pub(super) const FULL: usize = 1;
pub(super) const HELD: usize = 2;
/// Besides: whoever ends the lap goes on with what the watcher began.
const WATCHED: usize = 4;
/// The bits below a lap.
pub(super) const TAGS: usize = 7;

/// Memory for one item, and its state.
pub(super) struct Slot<T> {
    state: AtomicUsize,
    shadow: Shadow,
    item: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the item is one thread's at a time, by the states above; it crosses threads, hence `T: Send`.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// Makes `place` a slot, vacant for lap 0; in place, since an item may be too large for the stack.
    ///
    /// # Safety
    /// `place` is valid for writes, and aligned.
    pub(super) unsafe fn new_at(place: *mut Self) {
        // SAFETY: passed on to the caller: a field of `place`.
        unsafe { (&raw mut (*place).state).write(AtomicUsize::new(VACANT)) };
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

    /// The state; if it is [`FULL`] or [`VACANT`], all that was done to the item before is visible.
    #[inline(always)]
    pub(super) fn state(&self) -> usize {
        // ORDERING: (S2) Acquire, pairs with (S1, S3, S4, S6): the item, or that it is gone.
        self.state.load(Ordering::Acquire)
    }

    /// [`state`](Self::state) without the lap and the watcher's mark: [`VACANT`], [`FULL`] or [`HELD`] in `lap`, or else.
    #[inline(always)]
    pub(super) fn state_in(&self, lap: usize) -> usize {
        (self.state() & !WATCHED).wrapping_sub(lap)
    }

    /// Puts the slot, claimed by a stalled producer, out of use for `lap`, if it still is vacant; says whether it did. Then its
    /// producer may end the lap at any time, and free the slot.
    #[cold]
    pub(super) fn pass_over_vacant(&self, lap: usize) -> bool {
        let state = self.state();
        // ORDERING: (S8) Release, pairs with (S4): we are done with the slot before its producer frees it.
        state & !WATCHED == lap | VACANT && self.hold(state, lap, Ordering::Release)
    }

    /// Gives the slot, vacant in `lap` and claimed and written by a producer, to the consumers; false if it was passed over.
    #[inline(always)]
    #[must_use]
    pub(super) fn fill<P: Cardinality>(&self, lap: usize) -> bool {
        // ORDERING: (S1) Release, pairs with (S2): the item is written before the state says so.
        match P::hand_over(&self.state, lap | VACANT, lap | FULL, Ordering::Release) {
            Ok(()) => true,
            Err(found) => found == lap | VACANT | WATCHED && self.fill_watched(lap),
        }
    }

    #[cold]
    fn fill_watched(&self, lap: usize) -> bool {
        let (from, to) = (lap | VACANT | WATCHED, lap | FULL | WATCHED);
        // ORDERING: (S6) Release, pairs with (S2): as for S1.
        self.state.compare_exchange(from, to, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Gives the slot, full in `lap` and claimed and emptied by a consumer, back to the producers; says whether it is watched.
    #[inline(always)]
    pub(super) fn vacate<C: Cardinality>(&self, lap: usize, step: usize) -> bool {
        let next = lap.wrapping_add(step) | VACANT;
        // ORDERING: (S3) Release, pairs with (S2): the item is out before the slot is vacant.
        C::hand_over(&self.state, lap | FULL, next, Ordering::Release).is_err()
            && self.give_back(step)
    }

    /// Gives the slot, in hand and passed over or watched, back to the producers: for the lap after this one, or after the last
    /// that passed it. Says whether it is watched.
    #[cold]
    pub(super) fn give_back(&self, step: usize) -> bool {
        // Relaxed: only compared.
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            let next = (state & !TAGS).wrapping_add(step) | VACANT;
            let cell = &self.state;
            // ORDERING: (S4) AcqRel, pairs with (S2, S7, S8): the item is out; and all that the watcher saw done is done, and
            // whoever passed over has left.
            let swap = cell.compare_exchange_weak(state, next, Ordering::AcqRel, Ordering::Relaxed);
            match swap {
                Ok(_) => return state & WATCHED != 0,
                Err(further) => state = further,
            }
        }
    }

    #[track_caller]
    fn hold(&self, state: usize, lap: usize, order: Ordering) -> bool {
        let held = lap | HELD | state & WATCHED;
        // Relaxed: if it fails, the thread is back, or somebody else was faster.
        self.state.compare_exchange(state, held, order, Ordering::Relaxed).is_ok()
    }

    /// Whether `lap` is over; if not, whoever ends it is told.
    pub(super) fn watch(&self, lap: usize, step: usize) -> bool {
        let mut state = self.state();
        while state != lap.wrapping_add(step) | VACANT {
            let watched = state | WATCHED;
            // ORDERING: (S7) Release, pairs with (S4): what was found done before goes over to whoever ends the lap.
            match self.state.compare_exchange(state, watched, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return false,
                // It changes twice at most.
                Err(_) => state = self.state(),
            }
        }
        true
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        // Relaxed: with exclusive access, and no operation in flight.
        if needs_drop::<T>() && self.state.load(Ordering::Relaxed) & TAGS & !WATCHED == FULL {
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
