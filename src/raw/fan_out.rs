//! Fan out: bounded, one producer, many consumers; the producer says what it has to say with stores.
//!
//! ```text
//!   line    | filled | ended | item | item | item | item | item | item |       64 bytes with 6 items of 8
//!
//!   filled  | lap | how many slots are filled, or: passed by |      the producer's
//!   ended   | how many slots are empty again |                      counted by the consumers
//! ```
//!
//! `tail` is the index of the next push, `head` that of the next pop; indices are the [`Grid`]'s. To push is to write slot
//! `tail` and then say in `filled` that so many slots of this lap are; to pop is to find slot `head` filled in its lap, claim
//! it by moving `head`, move the item out, and count it in `ended`. The producer looks at a line when it comes to its first
//! slot: when all slots of its last use have ended, the line is vacant, and the count begins anew.
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
//! Edges: G1 with G2 (items go over), G3 with G4 (slots come back), G5 with M1 and M2, and G6 with M3, of `cardinality` (what led to
//! an index).

use core::fmt;
use core::marker::PhantomData;
use core::mem::needs_drop;

use super::grid::{self, Grid, Heap, MOST, Way, by_slots, is_before};
use super::{
    Claim, Claims, Overwrite, Place, PopClaims, PushRuns, RawQueue, Refused, Run, copy_run,
    is_overdue,
};
use crate::backoff::Backoff;
use crate::cacheline::CachePadded;
use crate::cardinality::{Cardinality, Many, One};
use crate::sync::{AtomicUsize, Ordering, Shadow};

/// In `filled`, instead of a number of slots: the line is not used in this lap.
const PASSED_BY: usize = MOST + 1;

/// What stands before the slots of a line.
struct Header {
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
}

impl Header {
    /// Says that the producer has filled the slots before number `end` in `lap`, those from number `first` on just now.
    #[inline(always)]
    fn fill(&self, lap: usize, first: usize, end: usize) {
        if first == 0 {
            // Relaxed: all slots are the producer's, and who counts next has seen the `filled` below.
            self.ended.store(0, Ordering::Relaxed);
        }
        // ORDERING: (G1) Release, pairs with (G2): the items are written before their slots are filled.
        self.filled.store(lap | end, Ordering::Release);
    }

    /// Says that the producer does not use the line in `lap`.
    #[cold]
    fn pass_by(&self, lap: usize) {
        // Relaxed: nobody learns anything of an item from it.
        self.filled.store(lap | PASSED_BY, Ordering::Relaxed);
    }

    /// What the producer said last, to itself.
    #[inline(always)]
    fn said(&self) -> usize {
        // Relaxed: its own word.
        self.filled.load(Ordering::Relaxed)
    }

    /// What the producer said last.
    #[inline(always)]
    fn filled(&self) -> usize {
        // ORDERING: (G2) Acquire, pairs with (G1): the items are there.
        self.filled.load(Ordering::Acquire)
    }

    /// Counts `n` slots from which the items were moved.
    #[inline(always)]
    fn end(&self, n: usize) {
        // ORDERING: (G3) Release, pairs with (G4): the items are out before the line is over.
        self.ended.fetch_add(n, Ordering::Release);
    }

    /// Whether all `slots` have ended.
    #[inline(always)]
    fn is_over(&self, slots: usize) -> bool {
        // ORDERING: (G4) Acquire, pairs with (G3): all items are out. Counts are read-modify-writes, so who acquires the last
        // one acquires what was released by all.
        self.ended.load(Ordering::Acquire) == slots
    }
}

type Lines<T> = Heap<Header, T>;

/// A bounded queue for one producer and many consumers. See the head of the file.
pub struct FanOut<T> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    lines: Lines<T>,
    grid: Grid,
    items: PhantomData<fn() -> T>,
}

/// Calls a method with the number of slots to a line a constant.
macro_rules! in_grid {
    ($queue:ident.$method:ident($($argument:expr),*)) => {
        by_slots!($queue.lines.slots(), Lines::<T>::FIT, |slots| {
            $queue.$method($queue.grid.of_slots(slots), $($argument),*)
        })
    };
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

    /// As anybody sees it.
    fn seen_tail(&self) -> usize {
        // ORDERING: (G6) Acquire, pairs with (cardinality::M3): likewise.
        self.tail.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn header(&self, grid: Grid, index: usize) -> &Header {
        // SAFETY: indices come from the grid, which turns at the last line.
        unsafe { self.lines.header(grid.line(index), grid.slots) }
    }

    #[inline(always)]
    fn item(&self, grid: Grid, index: usize) -> *mut T {
        // SAFETY: as in `header`, and at the last slot.
        unsafe { self.lines.item(grid.line(index), grid.slot(index), grid.slots) }
    }

    /// `n` slots from `index` on, on one line, which are the caller's to write to, or to move out of.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn touch(&self, grid: Grid, index: usize, n: usize) -> *mut T {
        let slot = grid.slot(index);
        grid::touch(&self.header(grid, index).shadow, slot, n);
        self.item(grid, index)
    }

    /// Whether slot `index`, at `tail` or at the start of a line behind, is vacant; or what to do.
    #[inline(always)]
    fn way_to_push(&self, grid: Grid, index: usize, patience: &Backoff) -> Way {
        let header = self.header(grid, index);
        // A line that was begun, was looked at. A walk may have passed one by and come to nothing, and then it stays so; or it may
        // have gone round to where it began.
        let is_vacant = grid.slot(index) != 0
            || header.is_over(grid.slots)
                && grid.lap_of(header.said()) == grid.lap_of(index.wrapping_sub(grid.lap()));
        if is_vacant { Way::There } else { self.clear_for_push(grid, index, patience) }
    }

    #[cold]
    fn clear_for_push(&self, grid: Grid, index: usize, patience: &Backoff) -> Way {
        let (header, lap) = (self.header(grid, index), grid.lap_of(index));
        // Or for a lap behind: a walk may have gone round, since nobody was done, and have passed it by again.
        if !is_before(header.said(), lap | PASSED_BY) {
            return Way::Spent;
        }
        if grid.is_full_at(self.head(), index) {
            return Way::Closed;
        }
        if !is_overdue::<T>(patience) {
            return Way::Open;
        }
        header.pass_by(lap);
        patience.reset();
        Way::Spent
    }

    /// How many slots from `index` on are filled in its lap; or what to do.
    #[inline(always)]
    fn way_to_pop(&self, grid: Grid, index: usize) -> Result<usize, Way> {
        let filled = self.header(grid, index).filled();
        let ahead = grid.lap_of(filled).wrapping_sub(grid.lap_of(index)).cast_signed();
        match ahead {
            0 if filled & PASSED_BY == 0 => {
                match (filled & MOST).saturating_sub(grid.slot(index)) {
                    0 => Err(Way::Closed),
                    full => Ok(full),
                }
            }
            ..0 => Err(Way::Closed),
            _ => Err(Way::Spent),
        }
    }

    /// Claims up to `max` filled slots; none if the queue is empty.
    #[inline(always)]
    fn claim_to_pop(&self, grid: Grid, max: usize) -> Claims {
        let race = Backoff::new();
        loop {
            let first = self.head();
            let full = match self.way_to_pop(grid, first) {
                Ok(full) => full,
                Err(Way::Spent) => {
                    Many::pass(&self.head, first, grid.next_line(first));
                    continue;
                }
                Err(_) => return Claims { first, len: 0 },
            };
            let on = |line| self.way_to_pop(grid, line).unwrap_or(0);
            let (len, next) = grid.claimed(first, full, max, on);
            if Many::claim(&self.head, first, next) {
                return Claims { first, len };
            }
            race.lose();
        }
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn claim_at(&self, grid: Grid, index: usize) -> Claim<T> {
        Claim { item: self.touch(grid, index, 1), number: index }
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn vacancy_in(&self, grid: Grid) -> Option<Claim<T>> {
        let patience = Backoff::new();
        loop {
            let tail = self.tail();
            match self.way_to_push(grid, tail, &patience) {
                Way::There => return Some(self.claim_at(grid, tail)),
                Way::Open => {}
                Way::Spent => One::pass(&self.tail, tail, grid.next_line(tail)),
                Way::Closed => return None,
            }
        }
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn front_in(&self, grid: Grid) -> Option<Claim<T>> {
        let Claims { first, len } = self.claim_to_pop(grid, 1);
        if len > 0 { Some(self.claim_at(grid, first)) } else { None }
    }

    /// See [`PushRuns::vacant_from`].
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn vacant_in(&self, grid: Grid, place: &mut Place<usize>, max: usize) -> Run<T> {
        if max == 0 {
            return Run::NONE;
        }
        let patience = Backoff::new();
        loop {
            match self.way_to_push(grid, place.next, &patience) {
                Way::There => break,
                Way::Open => {}
                Way::Spent => *place = Place::before(grid.next_line(place.next)),
                Way::Closed => return Run::NONE,
            }
        }
        let first = place.next;
        let len = max.min(grid.slots - grid.slot(first));
        place.walk_over(first, grid.nth(first, len));
        Run { start: self.touch(grid, first, len), len }
    }

    /// Fills the slots of a line from `first` to before `next`, and goes on there.
    #[inline(always)]
    fn fill(&self, grid: Grid, first: usize, next: usize) {
        let end = if grid.slot(next) == 0 { grid.slots } else { grid.slot(next) };
        self.header(grid, first).fill(grid.lap_of(first), grid.slot(first), end);
    }

    #[inline(always)]
    fn put_in(&self, grid: Grid, index: usize) {
        let next = grid.nth(index, 1);
        self.fill(grid, index, next);
        One::settle(&self.tail, next);
    }

    /// See [`PopClaims::empty`].
    #[inline(always)]
    unsafe fn empty_in(&self, grid: Grid, claims: &Claims, mut to: *mut T) {
        let (mut index, mut left) = (claims.first, claims.len);
        while left > 0 {
            let n = left.min(grid.slots - grid.slot(index));
            let items = self.touch(grid, index, n);
            // SAFETY: slots of one line, filled and claimed, and room for `left` items.
            unsafe { copy_run(items, to, n, grid.slots) };
            self.header(grid, index).end(n);
            (left, index, to) = (left - n, grid.nth(index, n), to.wrapping_add(n));
        }
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

    fn len(&self) -> usize {
        let head = self.head();
        self.grid.len(head, self.seen_tail())
    }

    fn is_full(&self) -> bool {
        let tail = self.seen_tail();
        self.grid.is_full(self.head(), tail)
    }
}

// SAFETY: the only producer fills a slot once per index, `head` moves over each once, and leftovers are dropped with the
// queue.
unsafe impl<T> RawQueue for FanOut<T> {
    type Item = T;
    type Producers = One;
    type Consumers = Many;
    type PushSeat = ();
    type PopSeat = ();

    fn seats(&self) -> ((), ()) {
        ((), ())
    }

    #[inline(always)]
    unsafe fn vacancy(&self, _seat: &mut ()) -> Option<Claim<T>> {
        in_grid!(self.vacancy_in())
    }

    #[inline(always)]
    unsafe fn put(&self, _seat: &mut (), claim: &Claim<T>) -> bool {
        in_grid!(self.put_in(claim.number));
        true
    }

    unsafe fn retract(&self, _claim: Claim<T>) {
        unreachable!("nobody takes a slot from the only producer");
    }

    #[inline(always)]
    unsafe fn front(&self, _seat: &mut ()) -> Option<Claim<T>> {
        in_grid!(self.front_in())
    }

    #[inline(always)]
    unsafe fn take(&self, _seat: &mut (), claim: Claim<T>) {
        in_grid!(self.header(claim.number)).end(1);
    }

    fn capacity(&self) -> usize {
        self.grid.capacity()
    }

    fn len_to_producer(&self, _seat: &()) -> usize {
        self.len()
    }

    fn len_to_consumer(&self, _seat: &()) -> usize {
        self.len()
    }

    fn is_full_to_producer(&self, _seat: &()) -> bool {
        self.is_full()
    }

    fn is_full_to_consumer(&self, _seat: &()) -> bool {
        self.is_full()
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
        in_grid!(self.vacant_in(place, max))
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &mut Place<usize>, _behind: usize) {
        in_grid!(self.fill(place.last, place.next));
    }

    #[inline(always)]
    unsafe fn settle_push(&self, _seat: &mut (), place: &Place<usize>) {
        One::settle(&self.tail, place.next);
    }
}

// SAFETY: `claim_to_pop` hands out each index once.
unsafe impl<T> PopClaims for FanOut<T> {
    unsafe fn fronts(&self, max: usize) -> Claims {
        in_grid!(self.claim_to_pop(max))
    }

    unsafe fn front_at(&self, claims: &Claims, i: usize) -> Option<Claim<T>> {
        Some(in_grid!(self.claim_at(self.grid.nth_far(claims.first, i))))
    }

    #[inline]
    unsafe fn empty(&self, claims: &Claims, to: *mut T) -> usize {
        // SAFETY: passed on to the caller.
        unsafe { in_grid!(self.empty_in(claims, to)) };
        claims.len
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
