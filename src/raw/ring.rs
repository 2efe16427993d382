//! The ring of slots: bounded, any number of handles at either end, lock-free.
//!
//! ```text
//!   lap        2    2    2    2    1    1    1    1        capacity 8, head 12 (lap 1), tail 20 (lap 2)
//!   slot     | i  | i  | h  | i  | .  | i  | i  | i  |     i: full, .: vacant, h: held
//!                                  ^ tail, next lap
//!                                  ^ head is at slot 4, lap 1, whose consumer has just gone on
//! ```
//!
//! An index says which use of which slot is meant: its low bits are the slot, the rest is the lap. `tail` is the index of the
//! next push, `head` that of the next pop. To push is to find slot `tail` vacant in its lap, claim it by moving `tail`, write
//! and fill; to pop is to find slot `head` full in its lap, claim it by moving `head`, read and vacate. `slot` has the states,
//! and how a slot is passed over.
//!
//! *Nobody waits.* A consumer that finds slot `head` claimed by a producer that doesn't come to fill it, and a producer that
//! finds slot `tail` in the hands of a consumer of the lap before, look a few times (they are usually fast) and pass over the
//! slot. An index that was passed over is spent: both ends step over it. A thread frozen in the middle of an operation thus
//! takes one slot out of use, and nothing else.
//!
//! *Empty* is said if `tail` is no further than a slot that was found not full; *full* if `tail` is a whole lap ahead of
//! `head`, or one short of it while slot `tail` is in a consumer's hands. Both count an index that was passed over as long as
//! it lies between `head` and `tail`; so a thread that stalled for a lap may cost one of the capacity until the consumers
//! have come round to there.
//!
//! *One handle at an end* takes its turn without asking ([`Cardinality`]): it moves its index when it is done, with a store,
//! and what it hands over goes with a store too. Where the producer is one, a slot that is not full was not claimed either, so
//! consumers never look at `tail`.
//!
//! *Sources.* Vyukov, "Bounded MPMC queue" (1024cores.net), for the stamps; the way out of a stalled slot: see `slot`.
//!
//! Edges: none of its own; indices are numbers, items go over with their slots. That a retry ends takes no more than that
//! stores become visible at some time.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use super::slot::{FULL, Slot, TAGS, VACANT};
use super::{
    Claim, Claims, MOST_AT_ONCE, Overwrite, Place, PopClaims, PopRuns, PushClaims, PushRuns,
    RawQueue, Refused, Run,
};
use crate::backoff::Backoff;
use crate::cacheline::CachePadded;
use crate::cardinality::{Cardinality, Many, One};
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// A bounded queue in slots `S`, for `P` producers and `C` consumers. See the head of the file.
pub struct Ring<T, P, C, S = Box<[Slot<T>]>> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    slots: S,
    /// From an index to the one of the next lap: a power of two.
    step: usize,
    items: PhantomData<fn() -> T>,
    ends: PhantomData<(P, C)>,
}

impl<T, P: Cardinality, C: Cardinality> Ring<T, P, C> {
    /// A ring that holds `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0, or needs more memory than there can be.
    pub(crate) fn new(capacity: usize) -> Self {
        assert!(
            capacity > 0,
            "raddle: a bounded queue needs a capacity of at least 1, got 0; for the closest thing to a hand-over use 1"
        );
        assert!(
            capacity.checked_mul(size_of::<Slot<T>>()).is_some_and(|n| n <= isize::MAX as usize),
            "raddle: a capacity of {capacity} items of {} bytes needs more than isize::MAX bytes; ask for fewer",
            size_of::<T>()
        );
        let mut slots = Box::new_uninit_slice(capacity);
        for slot in &mut slots {
            // SAFETY: memory for one slot; in place, since an item may be too large for the stack.
            unsafe { Slot::new_at(slot.as_mut_ptr()) };
        }
        // SAFETY: all of them, just now.
        Self::of(unsafe { slots.assume_init() }, capacity)
    }
}

impl<T, P, C, S> Ring<T, P, C, S> {
    const_fn! {
        /// A ring of `slots`, of which there are `capacity`, at least one.
        pub(crate) fn of(slots: S, capacity: usize) -> Self {
            Self {
                head: CachePadded::new(AtomicUsize::new(0)),
                tail: CachePadded::new(AtomicUsize::new(0)),
                slots,
                step: step(capacity),
                items: PhantomData,
                ends: PhantomData,
            }
        }
    }
}

impl<T, P: Cardinality, C: Cardinality, S: AsRef<[Slot<T>]>> Ring<T, P, C, S> {
    /// The slot at `index`.
    #[inline(always)]
    fn slot(&self, index: usize) -> &Slot<T> {
        let slots = self.slots.as_ref();
        let place = index & (self.step - 1);
        debug_assert!(place < slots.len());
        // SAFETY: indices come from `next` alone, which turns at the last slot.
        unsafe { slots.get_unchecked(place) }
    }

    /// The lap of `index`.
    #[inline(always)]
    fn lap(&self, index: usize) -> usize {
        index & !(self.step - 1)
    }

    /// The index after `index`.
    #[inline(always)]
    fn next(&self, index: usize) -> usize {
        self.nth(index, 1)
    }

    /// The index `n` places after `index`, `n` at most the capacity.
    #[inline(always)]
    fn nth(&self, index: usize, n: usize) -> usize {
        let capacity = self.slots.as_ref().len();
        let place = (index & (self.step - 1)) + n;
        if place < capacity {
            index.wrapping_add(n)
        } else {
            self.lap(index).wrapping_add(self.step).wrapping_add(place - capacity)
        }
    }

    /// How many places `to` lies after `from`; negative if it lies before.
    #[inline(always)]
    fn distance(&self, from: usize, to: usize) -> isize {
        let laps =
            self.lap(to).wrapping_sub(self.lap(from)).cast_signed() >> self.step.trailing_zeros();
        let place = |index: usize| (index & (self.step - 1)).cast_signed();
        laps * self.slots.as_ref().len().cast_signed() + place(to) - place(from)
    }

    fn head(&self) -> usize {
        // Relaxed: a number, see `Cardinality`.
        self.head.load(Ordering::Relaxed)
    }

    /// What a producer does about slot `index`, the next one, which it found in `state`, not vacant.
    #[cold]
    fn clear_for_push(&self, index: usize, state: usize, patience: &Backoff) -> Way {
        if state.wrapping_sub(self.lap(index)).cast_signed() >= 0 {
            return Way::Spent;
        }
        // Of the lap before: full, or in the hands of a consumer, or held.
        let capacity = self.slots.as_ref().len().cast_signed();
        if self.distance(self.head(), index) >= capacity - 1 {
            return Way::Closed;
        }
        if !C::CLAIMS_FIRST && state & TAGS == FULL {
            // The only consumer vacates before it moves `head`; we see the one, not yet the other.
            patience.spin();
        } else if Slot::<T>::is_overdue(patience) {
            self.slot(index).pass_over(state, self.lap(index));
        }
        Way::Open
    }

    /// What a consumer does about slot `index`, the next one, which it found in `state`, not full.
    #[cold]
    fn clear_for_pop(&self, index: usize, state: usize, patience: &Backoff) -> Way {
        let lap = self.lap(index);
        let is_vacant = state == lap | VACANT;
        if !is_vacant && state.wrapping_sub(lap).cast_signed() > 0 {
            return Way::Spent;
        }
        // Relaxed: as for `head`. If only this slot is claimed, its push is in flight and nothing lies behind it.
        let claimed = || self.distance(index, self.tail.load(Ordering::Relaxed));
        if !P::CLAIMS_FIRST || claimed() <= 1 {
            return Way::Closed;
        }
        if !is_vacant {
            // Of the lap before: we don't see yet what the producer saw that has claimed it.
            patience.spin();
        } else if Slot::<T>::is_overdue(patience) {
            self.slot(index).pass_over(state, lap);
        }
        Way::Open
    }

    /// Claims the index in `word` and those after it, up to `max`, whose slots have the `tag`; none if `clear` says so.
    #[inline(always)]
    fn claim<E: Cardinality>(
        &self,
        word: &AtomicUsize,
        tag: usize,
        max: usize,
        clear: impl Fn(usize, usize, &Backoff) -> Way,
    ) -> Claims {
        let (patience, race) = (Backoff::new(), Backoff::new());
        loop {
            // Relaxed: a number, see `Cardinality`.
            let first = word.load(Ordering::Relaxed);
            let (len, state) = self.count(first, max, tag);
            if len > 0 {
                if E::claim(word, first, self.nth(first, len)) {
                    return Claims { first, len };
                }
                race.lose();
                continue;
            }
            match clear(first, state, &patience) {
                Way::Open => {}
                Way::Spent => {
                    E::pass(word, first, self.next(first));
                    patience.reset();
                }
                Way::Closed => return Claims { first, len: 0 },
            }
        }
    }

    #[inline(always)]
    fn claim_to_push(&self, max: usize) -> Claims {
        self.claim::<P>(&self.tail, VACANT, max, |index, state, patience| {
            self.clear_for_push(index, state, patience)
        })
    }

    #[inline(always)]
    fn claim_to_pop(&self, max: usize) -> Claims {
        self.claim::<C>(&self.head, FULL, max, |index, state, patience| {
            self.clear_for_pop(index, state, patience)
        })
    }

    /// How many slots from `first` on, at most `max`, are of their lap and have the `tag`; if none, in what state the first
    /// is.
    #[inline(always)]
    fn count(&self, first: usize, max: usize, tag: usize) -> (usize, usize) {
        let state = self.slot(first).state();
        if state != self.lap(first) | tag {
            return (0, state);
        }
        let max = max.min(MOST_AT_ONCE).min(self.slots.as_ref().len().div_ceil(2));
        let (mut n, mut index) = (1, self.next(first));
        while n < max && self.slot(index).state() == self.lap(index) | tag {
            (n, index) = (n + 1, self.next(index));
        }
        (n, state)
    }

    /// The claim on slot `index`.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn at(&self, index: usize) -> Claim<T> {
        Claim { item: self.slot(index).item(), number: index }
    }

    /// Gives slot `index`, claimed by a consumer and emptied, back.
    #[inline(always)]
    fn vacate(&self, index: usize) {
        self.slot(index).vacate::<C>(self.lap(index), self.step);
    }

    fn len(&self) -> usize {
        let head = self.head();
        // Relaxed: as for `head`.
        let inside = self.distance(head, self.tail.load(Ordering::Relaxed));
        usize::try_from(inside).unwrap_or(0).min(self.slots.as_ref().len())
    }
}

// SAFETY: an index is claimed once per end, a slot is handed over once per index (see `slot`), and leftovers are dropped
// with the ring.
unsafe impl<T, P: Cardinality, C: Cardinality, S: AsRef<[Slot<T>]>> RawQueue for Ring<T, P, C, S> {
    type Item = T;
    type Producers = P;
    type Consumers = C;
    type PushSeat = ();
    type PopSeat = ();

    fn seats(&self) -> ((), ()) {
        ((), ())
    }

    #[inline(always)]
    unsafe fn vacancy(&self, _seat: &mut ()) -> Option<Claim<T>> {
        let Claims { first, len } = self.claim_to_push(1);
        (len > 0).then(|| self.at(first))
    }

    #[inline(always)]
    unsafe fn put(&self, _seat: &mut (), claim: &Claim<T>) -> bool {
        let index = claim.number;
        let filled = self.slot(index).fill::<P>(self.lap(index));
        P::settle(&self.tail, self.next(index));
        filled
    }

    unsafe fn retract(&self, claim: Claim<T>) {
        // The item has moved out again by now.
        self.slot(claim.number).item();
        let _nobody_watches = self.slot(claim.number).give_back(self.step);
    }

    #[inline(always)]
    unsafe fn front(&self, _seat: &mut ()) -> Option<Claim<T>> {
        let Claims { first, len } = self.claim_to_pop(1);
        (len > 0).then(|| self.at(first))
    }

    #[inline(always)]
    unsafe fn take(&self, _seat: &mut (), claim: Claim<T>) {
        let index = claim.number;
        self.vacate(index);
        C::settle(&self.head, self.next(index));
    }

    fn capacity(&self) -> usize {
        self.slots.as_ref().len()
    }

    fn len_to_producer(&self, _seat: &()) -> usize {
        self.len()
    }

    fn len_to_consumer(&self, _seat: &()) -> usize {
        self.len()
    }
}

// SAFETY: `claim_to_push` hands out each index once.
unsafe impl<T, C: Cardinality, S: AsRef<[Slot<T>]>> PushClaims for Ring<T, Many, C, S> {
    unsafe fn vacancies(&self, max: usize) -> Claims {
        self.claim_to_push(max)
    }

    unsafe fn vacancy_at(&self, claims: &Claims, i: usize) -> Claim<T> {
        self.at(self.nth(claims.first, i))
    }
}

// SAFETY: `claim_to_pop` hands out each index once.
unsafe impl<T, P: Cardinality, S: AsRef<[Slot<T>]>> PopClaims for Ring<T, P, Many, S> {
    unsafe fn fronts(&self, max: usize) -> Claims {
        self.claim_to_pop(max)
    }

    unsafe fn front_at(&self, claims: &Claims, i: usize) -> Option<Claim<T>> {
        Some(self.at(self.nth(claims.first, i)))
    }
}

impl<T, P: Cardinality, C: Cardinality, S: AsRef<[Slot<T>]>> Ring<T, P, C, S> {
    /// The next slot from `place` on that has the `tag`, if `max` allows it, as a run of one; spent indices are stepped over.
    #[inline(always)]
    fn walk(
        &self,
        place: &mut Place<usize>,
        max: usize,
        tag: usize,
        clear: impl Fn(usize, usize, &Backoff) -> Way,
    ) -> bool {
        if max == 0 {
            return false;
        }
        let patience = Backoff::new();
        loop {
            let index = place.next;
            let (len, state) = self.count(index, 1, tag);
            if len > 0 {
                place.walk_over(index, self.next(index));
                return true;
            }
            match clear(index, state, &patience) {
                Way::Open => {}
                Way::Spent => {
                    place.next = self.next(index);
                    patience.reset();
                }
                Way::Closed => return false,
            }
        }
    }
}

// SAFETY: a vacant slot at or behind `tail` is the only producer's until it is filled. A walk doesn't meet its own slots:
// after a lap they are not vacant in the lap after.
unsafe impl<T, C: Cardinality, S: AsRef<[Slot<T>]>> PushRuns for Ring<T, One, C, S> {
    type PushPlace = Place<usize>;

    const PUSH_RUN: usize = 1;

    #[inline(always)]
    fn producer_place(&self, _seat: &()) -> Place<usize> {
        // Relaxed: the producer's own.
        Place::before(self.tail.load(Ordering::Relaxed))
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<usize>, max: usize) -> Run<T> {
        let clear = |index, state, patience: &_| self.clear_for_push(index, state, patience);
        let there = self.walk(place, max, VACANT, clear);
        Run::of_one(there, || self.slot(place.last).item())
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &Place<usize>) {
        let filled = self.slot(place.last).fill::<One>(self.lap(place.last));
        debug_assert!(filled, "nobody passes over the only producer");
    }

    #[inline(always)]
    unsafe fn settle_push(&self, _seat: &mut (), place: &Place<usize>) {
        One::settle(&self.tail, place.next);
    }
}

// SAFETY: a full slot at or behind `head` is the only consumer's until it is vacated. A walk doesn't meet its own slots:
// after a lap they are not full in the lap after.
unsafe impl<T, P: Cardinality, S: AsRef<[Slot<T>]>> PopRuns for Ring<T, P, One, S> {
    type PopPlace = Place<usize>;

    const POP_RUN: usize = 1;

    #[inline(always)]
    fn consumer_place(&self, _seat: &()) -> Place<usize> {
        Place::before(self.head())
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<usize>, max: usize) -> Run<T> {
        let clear = |index, state, patience: &_| self.clear_for_pop(index, state, patience);
        let there = self.walk(place, max, FULL, clear);
        Run::of_one(there, || self.slot(place.last).shown())
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<usize>, n: usize) {
        debug_assert!(n <= 1);
        if n > 0 {
            // What was shown is moved, or dropped, by now.
            self.slot(place.last).item();
            self.vacate(place.last);
        }
    }

    #[inline(always)]
    unsafe fn settle_pop(&self, _seat: &mut (), place: &Place<usize>) {
        One::settle(&self.head, place.next);
    }
}

// SAFETY: see `force`: an item is evicted by claiming it at `head`, and the new one goes into the slot in hand.
unsafe impl<T, P: Cardinality, S: AsRef<[Slot<T>]>> Overwrite for Ring<T, P, Many, S> {
    unsafe fn replace(&self, item: T) -> Result<T, Refused<T>> {
        // Relaxed: as for `head`.
        let inside = self.distance(self.head(), self.tail.load(Ordering::Relaxed));
        if inside < self.slots.as_ref().len().cast_signed() - 1 {
            return Err(Refused { item, oldest: None });
        }
        let Claims { first, len: 1.. } = self.claim_to_pop(1) else {
            return Err(Refused { item, oldest: None });
        };
        let (slot, lap) = (self.slot(first), self.lap(first));
        let place = slot.item();
        // SAFETY: full, and in hand.
        let evicted = unsafe { place.read() };
        // The same slot, a lap later. Only if that is the next to be pushed to, or the item would overtake others.
        let index = first.wrapping_add(self.step);
        // Relaxed: as for `head`. Nobody can claim it while the slot is in hand; if it is passed over, the refill fails.
        if self.tail.load(Ordering::Relaxed) != index {
            self.vacate(first);
            return Err(Refused { item, oldest: Some(evicted) });
        }
        // SAFETY: as above.
        unsafe { place.write(item) };
        if slot.refill(lap, self.step) {
            P::pass(&self.tail, index, self.next(index));
            return Ok(evicted);
        }
        // SAFETY: still in hand, and written just now.
        let item = unsafe { place.read() };
        slot.give_back(self.step);
        Err(Refused { item, oldest: Some(evicted) })
    }
}

impl<T, P, C, S> fmt::Debug for Ring<T, P, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

/// From an index to the one of the next lap: above all slots, and above a slot's tags.
const fn step(capacity: usize) -> usize {
    let places = capacity.next_power_of_two();
    if places > TAGS { places } else { TAGS + 1 }
}

/// Whether an end can go on at an index.
enum Way {
    /// It may be possible now.
    Open,
    /// At the next index: this one was used, or passed over.
    Spent,
    /// Not before the other end does something.
    Closed,
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests;
