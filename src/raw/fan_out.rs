//! Fan out: bounded, one producer, many consumers; the producer says what it has to say with stores.
//!
//! `tail` is the index of the next push, `head` that of the next pop; indices are the [`Grid`]'s. A line says how many of its slots
//! are `filled`, and how many have `ended`: see `line`. To push is to write slot `tail` and then say in `filled` that so many slots
//! of this lap are; to pop is to find slot `head` filled in its lap, claim it by moving `head`, move the item out, and count it in
//! `ended`. The producer looks at a line when it comes to its first slot: when all slots of its last use have ended, the line is
//! vacant, and the count begins anew.
//!
//! *Why it is right.* A slot is the producer's until the `filled` that covers it, then that consumer's which moves `head` over it,
//! until it is counted. Of a line that it begins, the producer knows that every slot was counted, so no consumer will touch it
//! before the next `filled`: that is why it may set the count back with a store. `filled` has one writer and only goes up, and
//! `head` moves over a slot only after `filled` covered it; so a slot that is not covered is the next to be pushed, and the queue
//! was empty then.
//!
//! *Nobody waits.* A consumer may stall between its claim and its count. The producer finds the line not over though `head` has
//! left it, looks a few times (consumers are usually fast), then says in `filled` that this lap passes the line by, and both ends
//! step over it; in the next lap the producer looks again. So a frozen consumer takes its line out of use (with a batch in hand: the
//! lines of up to 32 slots), and nothing else. There is no third party: nobody may act for the producer, and it needs nobody's
//! consent, which is what makes stores enough.
//!
//! *Capacity.* As the ring's: up to 64 items, or if few fit beside a header, each line has one slot, and the capacity is what was
//! asked for; otherwise lines become vacant whole, and one is in reserve. *Full* is said if the line of `tail` is not over and
//! `head` is in it still, or, with one slot to a line, right behind it. Lines that were passed by count as long as they lie between
//! `head` and `tail`, or ahead of `tail`, where a walk came by that came to nothing.
//!
//! *Empty* is said of `head` and then of its slot. `head` goes with all that those had seen who moved it there, so a push that was
//! over before a pop which `head` has left behind is seen. *Full* only the producer says, and all pushes are its own; so is what it
//! knows of pops.
//!
//! *Sources.* The producer's half is that of `lines`, the consumers' that of `ring`; to publish beside the data: Giacomoni,
//! Moseley, Vachharajani, "FastForward for Efficient Pipeline Parallelism", PPoPP 2008.
//!
//! Edges: G5 with M1 and M2, and G6 with M3, of `cardinality` (what led to an index). Items go over with their lines.

use core::fmt;
use core::marker::PhantomData;
use core::mem::needs_drop;

use super::grid::{Grid, Heap, MOST, ManyPop, OnGrid, View, Way, is_before, view};
use super::{Claim, Claims, Overwrite, Place, PushRuns, Refused, Run, is_overdue};
use crate::backoff::Backoff;
use crate::cacheline::CachePadded;
use crate::cardinality::{Cardinality, Many, One};
use crate::sync::{AtomicUsize, Ordering};

mod line;

use line::{Header, PASSED_BY};

type Lines<T> = Heap<Header, T>;

/// A bounded queue for one producer and many consumers. See the head of the file.
pub struct FanOut<T> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    lines: Lines<T>,
    grid: Grid,
    items: PhantomData<fn() -> T>,
}

impl<T> FanOut<T> {
    /// A queue that holds at least `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0, or needs more memory than there can be.
    pub(crate) fn new(capacity: usize) -> Self {
        Self::on(Lines::for_capacity(capacity))
    }

    /// The same with `slots` to a line: see [`Heap::with_lines_of`].
    ///
    /// # Panics
    /// As for `new`.
    pub(crate) fn with_lines_of(slots: usize, capacity: usize) -> Self {
        Self::on(Lines::with_lines_of(slots, capacity))
    }

    fn on((lines, grid): (Lines<T>, Grid)) -> Self {
        let index = || CachePadded::new(AtomicUsize::new(0));
        Self { head: index(), tail: index(), lines, grid, items: PhantomData }
    }

    /// As anybody sees it.
    fn seen_tail(&self) -> usize {
        // ORDERING: (G6) Acquire, pairs with (cardinality::M3): likewise.
        self.tail.load(Ordering::Acquire)
    }

    /// What the producer does about a line, at the start of it, which it found not vacant. (Without a [`View`], which would have to
    /// be in memory for it.)
    #[cold]
    fn clear_for_push(&self, index: usize, patience: &Backoff) -> Way {
        let view = View::new(self, self.grid.slots);
        let (header, lap) = (view.header(index), view.lap_of(index));
        // Or for a lap behind: a walk may have gone round, since nobody was done, and have passed it by again.
        if !is_before(header.said(), lap | PASSED_BY) {
            return Way::Spent;
        }
        if view.is_full_at(self.head(), index) {
            return Way::Closed;
        }
        if !is_overdue(patience, size_of::<T>(), 0) {
            return Way::Open;
        }
        header.pass_by(lap);
        patience.reset();
        Way::Spent
    }

    /// Takes the oldest item out of a queue that is full.
    fn evict(&self) -> Option<T> {
        let (grid, tail) = (self.grid, self.tail());
        if grid.slot(tail) != 0 || !grid.is_full_at(self.head(), tail) {
            return None;
        }
        // SAFETY: anybody may pop.
        unsafe { super::pop(self, &mut ()) }
    }
}

impl<T> View<'_, FanOut<T>> {
    /// Whether slot `index`, at `tail` or at the start of a line behind, is vacant; or what to do.
    #[inline(always)]
    fn way_to_push(self, index: usize, patience: &Backoff) -> Way {
        let header = self.header(index);
        // A line that was begun, was looked at. A walk may have passed one by and come to nothing, and then it stays so; or it may
        // have gone round to where it began.
        let is_vacant = self.slot(index) != 0
            || header.is_over(self.slots)
                && self.lap_of(header.said()) == self.lap_of(index.wrapping_sub(self.lap()));
        if is_vacant { Way::There } else { self.queue.clear_for_push(index, patience) }
    }

    /// How many slots from `index` on are filled in its lap; or what to do.
    #[inline(always)]
    fn way_to_pop(self, index: usize) -> Result<usize, Way> {
        let filled = self.header(index).filled();
        let ahead = self.lap_of(filled).wrapping_sub(self.lap_of(index)).cast_signed();
        match ahead {
            0 if filled & PASSED_BY == 0 => {
                match (filled & MOST).saturating_sub(self.slot(index)) {
                    0 => Err(Way::Closed),
                    full => Ok(full),
                }
            }
            ..0 => Err(Way::Closed),
            _ => Err(Way::Spent),
        }
    }

    /// The first vacant slot from `index` on, where the line of `tail` is, or a walk; `go_on` hears of each line that is stepped over,
    /// by the start of the next.
    #[inline(always)]
    fn vacant_from(self, mut index: usize, mut go_on: impl FnMut(usize)) -> Option<usize> {
        let patience = Backoff::new();
        loop {
            match self.way_to_push(index, &patience) {
                Way::There => return Some(index),
                Way::Open => {}
                Way::Spent => {
                    index = self.next_line(index);
                    go_on(index);
                }
                Way::Closed => return None,
            }
        }
    }

    /// See [`PushRuns::vacant_from`].
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn vacant_run(self, place: &mut Place<usize>, max: usize) -> Run<T> {
        if max == 0 {
            return Run::NONE;
        }
        let Some(first) = self.vacant_from(place.next, |next| *place = Place::before(next)) else {
            return Run::NONE;
        };
        let len = max.min(self.slots - self.slot(first));
        place.walk_over(first, self.nth(first, len));
        Run { start: self.touch(first, len), len }
    }

    /// Fills the slots of a line from `first` to before `next`, and goes on there.
    #[inline(always)]
    fn fill(self, first: usize, next: usize) {
        let end = if self.slot(next) == 0 { self.slots } else { self.slot(next) };
        self.header(first).fill(self.lap_of(first), self.slot(first), end);
    }
}

// SAFETY: the only producer fills a slot once per index, `head` moves over each once, and leftovers are dropped with the
// queue.
unsafe impl<T> OnGrid for FanOut<T> {
    type Item = T;
    type Producers = One;
    type Consumers = Many;
    type Lines = Lines<T>;

    #[inline(always)]
    fn lines(&self) -> &Lines<T> {
        &self.lines
    }

    #[inline(always)]
    fn grid(&self) -> Grid {
        self.grid
    }

    #[inline(always)]
    fn head(&self) -> usize {
        // ORDERING: (G5) Acquire, pairs with (cardinality::M1, cardinality::M2): what those had seen who moved it.
        self.head.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn tail(&self) -> usize {
        // Relaxed: the producer's own.
        self.tail.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn vacancy(view: View<'_, Self>) -> Option<Claim<T>> {
        let tail = &view.queue.tail;
        let index = view.vacant_from(view.queue.tail(), |next| One::settle(tail, next))?;
        Some(view.at(index))
    }

    #[inline(always)]
    fn put(view: View<'_, Self>, index: usize) -> bool {
        let next = view.nth(index, 1);
        view.fill(index, next);
        One::settle(&view.queue.tail, next);
        true
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
        view.grid.len(head, view.queue.seen_tail())
    }

    fn is_full(view: View<'_, Self>) -> bool {
        let tail = view.queue.seen_tail();
        view.grid.is_full(view.queue.head(), tail)
    }
}

// SAFETY: `claim` hands out each index once.
unsafe impl<T> ManyPop for FanOut<T> {
    #[inline(always)]
    fn claim_to_pop(view: View<'_, Self>, max: usize) -> Claims {
        let head = (&*view.queue.head, Self::head);
        view.claim(head, max, View::way_to_pop, |_, _, way, _| way)
    }

    #[inline(always)]
    fn vacate(view: View<'_, Self>, index: usize, n: usize) {
        view.header(index).end(n);
    }
}

// SAFETY: a vacant slot at or behind `tail` is the only producer's until it is filled. A walk doesn't meet its own slots: of
// their lines it has not said anything in the lap before.
unsafe impl<T> PushRuns for FanOut<T> {
    type PushPlace = Place<usize>;

    const PUSH_RUN: usize = Lines::<T>::FIT;

    #[inline(always)]
    fn producer_place(&self, _seat: &()) -> Place<usize> {
        Place::before(self.tail())
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<usize>, max: usize) -> Run<T> {
        view!(self, |view| view.vacant_run(place, max))
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &mut Place<usize>, _behind: usize) {
        view!(self, |view| view.fill(place.last, place.next));
    }

    #[inline(always)]
    unsafe fn settle_push(&self, _seat: &mut (), place: &Place<usize>) {
        One::settle(&self.tail, place.next);
    }
}

// SAFETY: as for `RawQueue`: an item is evicted by claiming it. The producer is the caller, so the room is left to it.
unsafe impl<T> Overwrite for FanOut<T> {
    unsafe fn replace(&self, item: T) -> Result<T, Refused<T>> {
        Err(Refused { item, oldest: self.evict() })
    }
}

impl<T> Drop for FanOut<T> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            // SAFETY: with exclusive access, this is the only consumer.
            unsafe { super::drop_all(self, &mut ()) };
        }
    }
}

impl<T> fmt::Debug for FanOut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests;
