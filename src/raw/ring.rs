//! The ring of lines: bounded, many handles at both ends, lock-free.
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
//! *What is read may be old; the answer may not.* An index goes with all that those had seen who moved it there (M1 and M2 with
//! R1 and R2). *Empty* is said of `head`, then of the slot's word, then of `tail`. A push that was over before a pop which
//! `head` has left behind, or before this call, had moved `tail`, and we see that. A push of which neither is so may come after
//! us in the order of all operations, and so may all behind it. *Full* is said of `tail`, then of the word, then of `head`,
//! and likewise of pops and of the pushes that `tail` has left behind. (Without this, a thread that finds an index new and the
//! line old takes a slot that was filled for not yet filled, or one that is vacant again for not yet empty.) There are two
//! more ways to learn what others did, and each goes with what they had seen, too: that a line was passed over (who did that
//! may have popped before; L7 with L4), and that the own slot is spoilt (what others popped and pushed first, else `tail` may
//! look as it did behind that slot; L5 with L8).
//!
//! What is not promised: that two threads which say Empty and Full at once, each of them rightly, agree in which order two
//! others, which also know nothing of each other, have pushed and popped.
//!
//! *Sources.* Vyukov, "Bounded MPMC queue" (1024cores.net), for the laps; the rest see `line`.
//!
//! Edges: R1 and R2 with M1 and M2 of `cardinality` (what led to an index). Items go over with their lines.

use core::fmt;
use core::marker::PhantomData;
use core::mem::needs_drop;

use super::grid::{Grid, Heap, ManyPop, ManyPush, OnGrid, Store, View, view};
use super::{Claim, Claims, Overwrite, Refused};
use crate::cacheline::CachePadded;
use crate::cardinality::Many;
use crate::sync::{AtomicUsize, Ordering, const_fn};

mod line;
mod runs;
mod view;

use line::Header;
pub(crate) use line::Slot;

type Lines<T> = Heap<Header, T>;

/// A bounded queue in lines `S`, for many producers and consumers. See the head of the file.
pub struct Ring<T, S: Store<T, Header = Header> = Lines<T>> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    store: S,
    grid: Grid,
    items: PhantomData<fn() -> T>,
}

impl<T> Ring<T> {
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

impl<T, const N: usize> Ring<T, [Slot<T>; N]> {
    const_fn! {
        /// A ring in `slots`, at least one.
        pub(crate) fn of(slots: [Slot<T>; N]) -> Self {
            Self::on(slots, Grid::new(N, 1))
        }
    }
}

impl<T, S: Store<T, Header = Header>> Ring<T, S> {
    const_fn! {
        fn on(store: S, grid: Grid) -> Self {
            Self {
                head: CachePadded::new(AtomicUsize::new(0)),
                tail: CachePadded::new(AtomicUsize::new(0)),
                store,
                grid,
                items: PhantomData,
            }
        }
    }
}

// SAFETY: an index is claimed once per end, a slot is handed over once per index (see `line`), and leftovers are dropped
// with the ring.
unsafe impl<T, S: Store<T, Header = Header>> OnGrid for Ring<T, S> {
    type Item = T;
    type Producers = Many;
    type Consumers = Many;
    type Lines = S;

    #[inline(always)]
    fn lines(&self) -> &S {
        &self.store
    }

    #[inline(always)]
    fn grid(&self) -> Grid {
        self.grid
    }

    #[inline(always)]
    fn head(&self) -> usize {
        // ORDERING: (R1) Acquire, pairs with (cardinality::M1, cardinality::M2): what those had seen who moved it.
        self.head.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn tail(&self) -> usize {
        // ORDERING: (R2) Acquire, pairs with (cardinality::M1, cardinality::M2): likewise.
        self.tail.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn vacancy(view: View<'_, Self>) -> Option<Claim<T>> {
        view.only(Self::claim_to_push(view, 1))
    }

    #[inline(always)]
    fn put(view: View<'_, Self>, index: usize) -> bool {
        view.header(index).fill(view.slot(index))
    }

    fn retract(view: View<'_, Self>, index: usize) {
        // The item has moved out again by now.
        view.touch(index, 1);
        view.header(index).take_back(view.grid, view.slot(index));
    }

    #[inline(always)]
    fn front(view: View<'_, Self>) -> Option<Claim<T>> {
        view.only(Self::claim_to_pop(view, 1))
    }

    #[inline(always)]
    fn take(view: View<'_, Self>, index: usize) {
        Self::vacate(view, index, 1);
    }

    fn len(view: View<'_, Self>) -> usize {
        let head = view.queue.head();
        view.grid.len(head, view.queue.tail())
    }

    fn is_full(view: View<'_, Self>) -> bool {
        let tail = view.queue.tail();
        view.grid.is_full(view.queue.head(), tail)
    }
}

// SAFETY: `claim` hands out each index once.
unsafe impl<T, S: Store<T, Header = Header>> ManyPop for Ring<T, S> {
    #[inline(always)]
    fn claim_to_pop(view: View<'_, Self>, max: usize) -> Claims {
        let head = (&*view.queue.head, Self::head);
        view.claim(head, max, View::full_from, View::clear_for_pop)
    }

    #[inline(always)]
    fn vacate(view: View<'_, Self>, index: usize, n: usize) {
        view.header(index).vacate(view.grid, view.slot(index), n);
    }
}

// SAFETY: see `line`: an item is evicted by claiming it at `head`, and the new one goes into the slot in hand.
unsafe impl<T, S: Store<T, Header = Header>> Overwrite for Ring<T, S> {
    unsafe fn replace(&self, item: T) -> Result<T, Refused<T>> {
        view!(self, |view| view.replace(item))
    }
}

impl<T, S: Store<T, Header = Header>> Drop for Ring<T, S> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            // SAFETY: with exclusive access, this is the only consumer.
            unsafe { super::drop_all(self, &mut ()) };
        }
    }
}

impl<T, S: Store<T, Header = Header>> fmt::Debug for Ring<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests;
