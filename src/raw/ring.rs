//! The ring of lines: bounded, any number of handles at either end, lock-free.
//!
//! ```text
//!   line      0          1          2          3            4 lines of 3 slots
//!   slots  | i i i |  | i . . |  | . . . |  | . h i |       i: full, .: not, h: claimed by a producer that is late
//!                        ^ tail (lap 1, line 1, slot 1)
//!                                              ^ head (lap 0, line 3, slot 1)
//! ```
//!
//! An *index* says which use of which slot is meant: lap, line, slot. `tail` is the index of the next push, `head` that of the
//! next pop. To push is to find the line of `tail` vacant in its lap, claim slots of it by moving `tail`, write and fill; to
//! pop is to find slot `head` full, claim it by moving `head`, read and end. `line` has the word of a line, its steps, and why
//! they are right.
//!
//! *Nobody waits.* A consumer that finds slot `head` claimed by a producer that doesn't come to fill it, though others behind
//! it have come, looks a few times (they are usually fast), claims the slot and spoils it. A producer that finds a line of
//! the lap before not over, though `head` has left it, does the same and passes over the whole line. A thread frozen in the
//! middle of an operation thus takes a line out of use (in a batch: the lines of up to 32 slots), and nothing else.
//!
//! *Capacity.* Up to 64 items, or if an item fills most of a line, each line has one slot, and the capacity is what was asked
//! for. Otherwise lines become vacant whole, and one is in reserve.
//!
//! *Empty* is said if `tail` is no further than behind a slot that was found not full. *Full* is said if the line of `tail` is
//! not over, and `head` is in it still, or, with one slot to a line, right behind it: then items and operations in flight
//! are as many as were asked for. Lines that were passed over count as long as they lie between `head` and `tail`.
//!
//! *One handle at an end* takes its turn without asking ([`Cardinality`]): it moves its index when it is done, with a store. The
//! only producer looks at a word once per line, and needs no claim, so nobody spoils its slots: a slot that is not full was
//! not claimed either, and consumers never look at `tail`. The only consumer looks at a word when it has taken all that it
//! knew to be full, and ends a line's slots all at once, behind the last; before it spoils a slot, it ends what it has taken.
//!
//! *Sources.* Vyukov, "Bounded MPMC queue" (1024cores.net), for the laps; the rest see `line`.
//!
//! Edges: none of its own; indices are numbers, items go over with their lines. That a retry ends takes no more than that
//! stores become visible at some time.

use core::fmt;
use core::marker::PhantomData;
use core::mem::needs_drop;

use super::grid::{Grid, Heap, by_slots};
use super::{
    Claim, Claims, Feed, Overwrite, Place, PopClaims, PopRuns, PushClaims, PushRuns, RawQueue,
    Refused, Run,
};
use crate::cacheline::CachePadded;
use crate::cardinality::{Cardinality, Many, One};
use crate::sync::{AtomicUsize, Ordering, const_fn};

mod line;
mod runs;
mod view;

pub(crate) use line::Slot;
use line::{Header, Store};
use view::View;

type Lines<T> = Heap<Header, T>;

/// A bounded queue in lines `S`, for `P` producers and `C` consumers. See the head of the file.
pub struct Ring<T, P: Cardinality, C: Cardinality, S: Store<T> = Lines<T>> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    store: S,
    grid: Grid,
    items: PhantomData<fn() -> T>,
    ends: PhantomData<(P, C)>,
}

/// What the only consumer remembers: before this index slots are full, of the line that it is in.
#[derive(Debug, Default)]
pub struct Known(usize);

impl<T, P: Cardinality, C: Cardinality> Ring<T, P, C> {
    /// A ring that holds at least `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0, or needs more memory than there can be.
    pub(crate) fn new(capacity: usize) -> Self {
        let (store, grid) = Lines::for_capacity(capacity);
        Self::on(store, grid)
    }

    /// The same with `slots` to a line: see [`Heap::with_lines_of`].
    ///
    /// # Panics
    /// As for `new`.
    pub(crate) fn with_lines_of(slots: usize, capacity: usize) -> Self {
        let (store, grid) = Lines::with_lines_of(slots, capacity);
        Self::on(store, grid)
    }
}

impl<T, P: Cardinality, C: Cardinality, const N: usize> Ring<T, P, C, [Slot<T>; N]> {
    const_fn! {
        /// A ring in `slots`, at least one.
        pub(crate) fn of(slots: [Slot<T>; N]) -> Self {
            Self::on(slots, Grid::new(N, 1))
        }
    }
}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> Ring<T, P, C, S> {
    const_fn! {
        fn on(store: S, grid: Grid) -> Self {
            Self {
                head: CachePadded::new(AtomicUsize::new(0)),
                tail: CachePadded::new(AtomicUsize::new(0)),
                store,
                grid,
                items: PhantomData,
                ends: PhantomData,
            }
        }
    }
}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> Ring<T, P, C, S> {
    #[inline(always)]
    fn head(&self) -> usize {
        // Relaxed: a number, see `Cardinality`.
        self.head.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn tail(&self) -> usize {
        // Relaxed: likewise.
        self.tail.load(Ordering::Relaxed)
    }
}

/// Calls a method of [`View`].
macro_rules! view {
    ($ring:ident.$method:ident($($argument:expr),*)) => {
        by_slots!($ring.store.slots(), Lines::<T>::FIT, |slots| {
            View::new($ring, slots).$method($($argument),*)
        })
    };
}

// SAFETY: an index is claimed once per end, a slot is handed over once per index (see `line`), and leftovers are dropped
// with the ring.
unsafe impl<T, P: Cardinality, C: Cardinality, S: Store<T>> RawQueue for Ring<T, P, C, S> {
    type Item = T;
    type Producers = P;
    type Consumers = C;
    type PushSeat = ();
    type PopSeat = C::Notes<Known>;

    fn seats(&self) -> ((), C::Notes<Known>) {
        ((), Default::default())
    }

    #[inline(always)]
    unsafe fn vacancy(&self, _seat: &mut ()) -> Option<Claim<T>> {
        view!(self.vacancy())
    }

    #[inline(always)]
    unsafe fn put(&self, _seat: &mut (), claim: &Claim<T>) -> bool {
        view!(self.put(claim.number))
    }

    unsafe fn retract(&self, claim: Claim<T>) {
        view!(self.retract(claim.number));
    }

    #[inline(always)]
    unsafe fn front(&self, seat: &mut C::Notes<Known>) -> Option<Claim<T>> {
        view!(self.front(C::notes(seat)))
    }

    #[inline(always)]
    unsafe fn take(&self, _seat: &mut C::Notes<Known>, claim: Claim<T>) {
        view!(self.take(claim.number));
    }

    fn capacity(&self) -> usize {
        view!(self.capacity())
    }

    fn len_to_producer(&self, _seat: &()) -> usize {
        view!(self.len())
    }

    fn len_to_consumer(&self, _seat: &C::Notes<Known>) -> usize {
        view!(self.len())
    }

    fn is_full_to_producer(&self, _seat: &()) -> bool {
        view!(self.is_full())
    }

    fn is_full_to_consumer(&self, _seat: &C::Notes<Known>) -> bool {
        view!(self.is_full())
    }
}

// SAFETY: `claim_to_push` hands out each index once.
unsafe impl<T, C: Cardinality, S: Store<T>> PushClaims for Ring<T, Many, C, S> {
    unsafe fn vacancies(&self, max: usize) -> Claims {
        view!(self.claim_to_push(max))
    }

    unsafe fn vacancy_at(&self, claims: &Claims, i: usize) -> Claim<T> {
        view!(self.nth_claim(claims, i))
    }

    #[inline]
    unsafe fn fill(&self, claims: &Claims, feed: &mut impl Feed<T>) -> usize {
        view!(self.fill(claims, feed))
    }
}

// SAFETY: `claim_to_pop` hands out each index once.
unsafe impl<T, P: Cardinality, S: Store<T>> PopClaims for Ring<T, P, Many, S> {
    unsafe fn fronts(&self, max: usize) -> Claims {
        view!(self.claim_to_pop(max))
    }

    unsafe fn front_at(&self, claims: &Claims, i: usize) -> Option<Claim<T>> {
        Some(view!(self.nth_claim(claims, i)))
    }

    #[inline]
    unsafe fn empty(&self, claims: &Claims, to: *mut T) -> usize {
        // SAFETY: passed on to the caller.
        unsafe { view!(self.empty(claims, to)) };
        claims.len
    }
}

// SAFETY: a vacant slot at or behind `tail` is the only producer's until it is filled. A walk doesn't meet its own slots:
// after a lap their line is not of the lap after.
unsafe impl<T, C: Cardinality, S: Store<T>> PushRuns for Ring<T, One, C, S> {
    type PushPlace = Place<usize>;

    const PUSH_RUN: usize = Lines::<T>::FIT;

    #[inline(always)]
    fn producer_place(&self, _seat: &()) -> Place<usize> {
        Place::before(self.tail())
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<usize>, max: usize) -> Run<T> {
        view!(self.vacant_from(place, max))
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &Place<usize>) {
        view!(self.publish_walked(place));
    }

    #[inline(always)]
    unsafe fn settle_push(&self, _seat: &mut (), place: &Place<usize>) {
        One::settle(&self.tail, place.next);
    }
}

// SAFETY: a full slot at or behind `head` is the only consumer's until it is ended. A walk doesn't meet its own slots: after
// a lap their line is not of the lap after.
unsafe impl<T, P: Cardinality, S: Store<T>> PopRuns for Ring<T, P, One, S> {
    type PopPlace = Place<usize>;

    const POP_RUN: usize = Lines::<T>::FIT;

    #[inline(always)]
    fn consumer_place(&self, _seat: &Known) -> Place<usize> {
        Place::before(self.head())
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<usize>, max: usize) -> Run<T> {
        view!(self.filled_from(place, max))
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<usize>, n: usize) {
        if n > 0 {
            view!(self.release_walked(place, n));
        }
    }

    #[inline(always)]
    unsafe fn settle_pop(&self, seat: &mut Known, place: &Place<usize>) {
        One::settle(&self.head, place.next);
        seat.0 = place.next;
    }
}

// SAFETY: see `line`: an item is evicted by claiming it at `head`, and the new one goes into the slot in hand.
unsafe impl<T, P: Cardinality, S: Store<T>> Overwrite for Ring<T, P, Many, S> {
    unsafe fn replace(&self, item: T) -> Result<T, Refused<T>> {
        view!(self.replace(item))
    }
}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> Drop for Ring<T, P, C, S> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            // SAFETY: with exclusive access, this is the only consumer, and it knows nothing.
            unsafe { super::drop_all(self, &mut Default::default()) };
        }
    }
}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> fmt::Debug for Ring<T, P, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests;
