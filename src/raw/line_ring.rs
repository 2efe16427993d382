//! The line ring: bounded, one producer, one consumer; publication and items travel in the same cache line.
//!
//! ```text
//!              line 0                  line 1                  line 2
//!   +-----------+---------+ +-----------+---------+ +-----------+---------+
//!   | vacant 21 | . . . . | | upto 14   | i i i i | | upto 17   | i i i . |   7 items to a line, 3 lines
//!   +-----------+---------+ +-----------+---------+ +-----------+---------+
//!                             ^ consumer: index 9     ^ producer: index 17
//! ```
//!
//! A line's header is in one of two states, told apart by the top bit:
//!
//! | header | written by | means |
//! |---|---|---|
//! | `upto(e)` = e | the producer, after each item | the slots of this line before index `e` are filled |
//! | `vacant(s)` = s + 2^63 | the consumer, after the line's last item | the line is empty and starts at index `s` next |
//!
//! A side looks at a header only when it knows of no more slots: the producer when it enters a line (is it vacant?), the
//! consumer when it has taken all it knew of (how far is it filled?). Neither ever reads a line that the other writes
//! per item, except the one that carries the items themselves.
//!
//! *Why it is right.* A line belongs to the producer from `vacant(s)` until its last slot is published, and each of its
//! slots to the consumer from the `upto` that covers it until the consumer's next `vacant`. Both words move ownership by
//! a release store that the other side acquires (P1 to C1, C2 to P3), so all accesses to a slot are ordered. Indices
//! only grow, and the two states of a header can't be mistaken for each other or for those of another lap, since fewer
//! than 2^63 items fit.
//!
//! *Why it is fast.* Seven 8-byte items cost one transfer to the consumer and one back. The producer's check of a line
//! is a load, which an out-of-order processor issues before the line is needed, and which finds the line in one cache
//! only, since the consumer wrote to it last: a ring whose consumer only reads its lines makes the producer take each
//! one back with a store, and stores wait for each other. Measured in `docs/spsc.md`, with the designs that lost.
//!
//! *Capacity.* Lines are vacated whole, so a ring of more than [`EXACT`] items keeps one line in reserve: it never
//! refuses an item while fewer than the capacity asked for are inside. Up to [`EXACT`] items a line holds one item (the
//! slot-flag ring of FastForward), and the capacity is exact.
//!
//! *Sources.* Publication beside the data: Giacomoni, Moseley, Vachharajani, "FastForward for Efficient Pipeline
//! Parallelism", PPoPP 2008. Meeting only when the block changes: Wang et al., "BBQ: A Block-based Bounded Queue",
//! USENIX ATC 2022.
//!
//! Edges: P1 with C1 (items go over), C2 with P3 (slots come back), P2 with N1 (what `len` counts is there to pop).

use core::cell::Cell;
use core::fmt;

use super::{RawQueue, Run, Runs};
use crate::cacheline::{CachePadded, Line, Lines};
use crate::cardinality::One;
use crate::sync::{AtomicUsize, Ordering, Shadow, prefetch_read};

/// Largest capacity that is kept exactly, at the price of a header per item.
const EXACT: usize = 64;

/// How far `vacant(s)` is from `upto(s)`: half the numbers away, so that no lap reaches it.
const VACANT: usize = 1 << (usize::BITS - 1);

/// The state of a line, and what a race detector knows of its slots.
struct Header {
    state: AtomicUsize,
    shadow: Shadow,
}

/// Where one side stands. Only `index` is read by others.
///
/// With one item to a line `start` and `ready` stay 0: then each operation looks at a header, and has less to remember.
struct Seat<T> {
    /// The next item of this side.
    index: AtomicUsize,
    /// The line of the consumer's next item, and of the producer's last one.
    line: Cell<Line<Header, T>>,
    /// The index of the line's first slot.
    start: Cell<usize>,
    /// How many of the line's slots, from its first on, this side may use without looking at a header.
    ready: Cell<usize>,
}

/// A bounded queue for one producer and one consumer. See the head of the file.
pub struct LineRing<T> {
    producer: CachePadded<Seat<T>>,
    consumer: CachePadded<Seat<T>>,
    lines: Lines<Header, T>,
    items: usize,
    /// How many items all lines but one hold.
    rest_of_lap: usize,
}

// SAFETY: a seat's cells are touched by the side it belongs to only (the contract of `RawQueue`), and slots change
// sides by release and acquire (P1 to C1, C2 to P3); items cross threads, hence `T: Send`.
unsafe impl<T: Send> Sync for LineRing<T> {}
// SAFETY: as above; lines and seats are plain memory of this value.
unsafe impl<T: Send> Send for LineRing<T> {}

impl<T> Seat<T> {
    /// A seat at index 0, on `line`.
    fn new(line: Line<Header, T>) -> CachePadded<Self> {
        CachePadded::new(Self {
            index: AtomicUsize::new(0),
            line: Cell::new(line),
            start: Cell::new(0),
            ready: Cell::new(0),
        })
    }

    /// Its own index: no other side changes it.
    #[inline(always)]
    fn index(&self) -> usize {
        self.index.load(Ordering::Relaxed)
    }

    /// Which slot of its line `index` is.
    #[inline(always)]
    fn number(&self, index: usize) -> usize {
        index.wrapping_sub(self.start.get())
    }
}

impl<T> LineRing<T> {
    /// A ring that holds at least `capacity` items, and exactly so many up to [`EXACT`].
    ///
    /// # Panics
    /// If `capacity` is 0, or needs more than `isize::MAX` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        let items = if capacity <= EXACT { 1 } else { Lines::<Header, T>::FIT };
        Self::with_lines_of(items, capacity)
    }

    /// A ring that holds at least `capacity` items, `items` of them to a line.
    pub(crate) fn with_lines_of(items: usize, capacity: usize) -> Self {
        assert!(
            capacity > 0,
            "raddle: a bounded queue needs a capacity of at least 1, got 0; for the closest thing to a hand-over use 1"
        );
        // Enough for `capacity` items of which the first is the last of its line, which is not vacant until then.
        let count = (capacity - 1).div_ceil(items) + 1;
        assert!(
            Lines::<Header, T>::fits(count, items),
            "raddle: a capacity of {capacity} items of {} bytes needs more than isize::MAX bytes; ask for fewer",
            size_of::<T>()
        );
        let lines = Lines::new(count, items, |i| Header {
            state: AtomicUsize::new(vacant(i * items)),
            shadow: Shadow::new(items),
        });
        Self {
            producer: Seat::new(lines.last()),
            consumer: Seat::new(lines.first()),
            items,
            rest_of_lap: (count - 1) * items,
            lines,
        }
    }

    /// The header of `line`.
    #[inline(always)]
    fn header(&self, line: Line<Header, T>) -> &Header {
        // SAFETY: every `Line` in this file is one of `self.lines`, which lives as long as `self`.
        unsafe { line.header() }
    }

    /// The line after `line`.
    #[inline(always)]
    fn after(&self, line: Line<Header, T>) -> Line<Header, T> {
        // SAFETY: as in `header`.
        unsafe { self.lines.after(line) }
    }

    /// Whether the producer may write to `line` from `index`, the line's first, on.
    #[inline(always)]
    fn is_vacant(&self, line: Line<Header, T>, index: usize) -> bool {
        // ORDERING: (P3) Acquire, pairs with (C2): the consumer is done with the slots that are written next.
        self.header(line).state.load(Ordering::Acquire) == vacant(index)
    }

    /// The state of `line`, with the items that it tells of.
    #[inline(always)]
    fn filled_upto(&self, line: Line<Header, T>) -> usize {
        // ORDERING: (C1) Acquire, pairs with (P1): the items of the slots that are read next.
        self.header(line).state.load(Ordering::Acquire)
    }

    /// How many slots of `line` are filled from `index` on.
    #[inline(always)]
    fn filled_after(&self, line: Line<Header, T>, index: usize) -> usize {
        let ahead = self.filled_upto(line).wrapping_sub(index);
        if ahead < VACANT { ahead } else { 0 }
    }

    /// Asks for a line that the consumer, now at `line`, is likely to read soon: not the nearest ones, which the producer
    /// may be writing still.
    #[inline(always)]
    fn fetch_ahead(&self, line: Line<Header, T>) {
        prefetch_read(self.after(self.after(self.after(line))).slots());
    }

    /// The line after the producer's, if it is vacant from `index`, its first, on.
    #[inline(always)]
    fn vacant_line(&self, index: usize) -> Option<Line<Header, T>> {
        let next = self.after(self.producer.line.get());
        self.is_vacant(next, index).then_some(next)
    }

    /// Makes the slot of `index`, which begins a line, ready for the producer. Not with one item to a line.
    #[inline(always)]
    fn enter(&self, index: usize) -> bool {
        let Some(line) = self.vacant_line(index) else { return false };
        let seat = &*self.producer;
        seat.line.set(line);
        seat.start.set(index);
        seat.ready.set(self.items);
        true
    }

    /// Makes the slot of `index` ready for the consumer, with all that are filled behind it. Not with one item to a line.
    #[inline(always)]
    fn look(&self, index: usize) -> bool {
        let seat = &*self.consumer;
        let filled = self.filled_after(seat.line.get(), index);
        let ready = seat.number(index) + filled;
        seat.ready.set(ready);
        if ready == self.items {
            self.fetch_ahead(seat.line.get());
        }
        filled > 0
    }

    /// Shows the consumer the slots before `next`, the last of which is in `line`.
    #[inline(always)]
    fn publish_upto(&self, line: Line<Header, T>, next: usize) {
        // ORDERING: (P1) Release, pairs with (C1): the items are written before the header says so.
        self.header(line).state.store(next, Ordering::Release);
        // ORDERING: (P2) Release, pairs with (N1): who counts an item also sees it in its header.
        self.producer.index.store(next, Ordering::Release);
    }

    /// Gives up the slots before `next`, and `line` if they are all its `number` slots.
    #[inline(always)]
    fn release_upto(&self, line: Line<Header, T>, next: usize, number: usize) {
        let seat = &*self.consumer;
        // Relaxed: only counted, nothing is done on the strength of it; the slots go back with (C2).
        seat.index.store(next, Ordering::Relaxed);
        if number == self.items {
            self.vacate(line, next);
            if self.items > 1 {
                seat.start.set(next);
                seat.ready.set(0);
            }
        }
    }

    /// Gives up `line`, which ends before `next`.
    #[inline(always)]
    fn vacate(&self, line: Line<Header, T>, next: usize) {
        let state = vacant(next.wrapping_add(self.rest_of_lap));
        // ORDERING: (C2) Release, pairs with (P3): the items are out before the slots are vacant.
        self.header(line).state.store(state, Ordering::Release);
        self.consumer.line.set(self.after(line));
    }

    /// [`push`](RawQueue::push) with one item to a line.
    #[inline(always)]
    fn push_single(&self, index: usize, item: T) -> Result<(), T> {
        let Some(line) = self.vacant_line(index) else { return Err(item) };
        self.header(line).shadow.write(0);
        // SAFETY: the line's slot is vacant, and so the producer's.
        unsafe { line.slots().write(item) };
        self.producer.line.set(line);
        self.publish_upto(line, index.wrapping_add(1));
        Ok(())
    }

    /// [`pop`](RawQueue::pop) with one item to a line.
    #[inline(always)]
    fn pop_single(&self, index: usize) -> Option<T> {
        let line = self.consumer.line.get();
        let next = index.wrapping_add(1);
        if self.filled_upto(line) != next {
            return None;
        }
        self.header(line).shadow.write(0);
        // SAFETY: the line's slot is filled, and so the consumer's; giving it up below makes this its only read.
        let item = unsafe { line.slots().read() };
        self.consumer.index.store(next, Ordering::Relaxed);
        self.vacate(line, next);
        Some(item)
    }

    fn produced(&self) -> usize {
        // ORDERING: (N1) Acquire, pairs with (P2): a consumer that counts an item finds it.
        self.producer.index.load(Ordering::Acquire)
    }
}

/// The state of a line that is vacant and starts at index `start` next.
#[inline(always)]
fn vacant(start: usize) -> usize {
    start.wrapping_add(VACANT)
}

// SAFETY: see the head of the file.
unsafe impl<T> RawQueue for LineRing<T> {
    type Item = T;
    type Producers = One;
    type Consumers = One;

    #[inline(always)]
    unsafe fn push(&self, item: T) -> Result<(), T> {
        let seat = &*self.producer;
        let index = seat.index();
        let mut number = seat.number(index);
        if number >= seat.ready.get() {
            if self.items == 1 {
                return self.push_single(index, item);
            }
            if !self.enter(index) {
                return Err(item);
            }
            number = 0;
        }
        let line = seat.line.get();
        self.header(line).shadow.write(number);
        // SAFETY: a slot of the producer's line that was vacant when it entered.
        unsafe { line.slots().add(number).write(item) };
        self.publish_upto(line, index.wrapping_add(1));
        Ok(())
    }

    #[inline(always)]
    unsafe fn pop(&self) -> Option<T> {
        let seat = &*self.consumer;
        let index = seat.index();
        let number = seat.number(index);
        if number >= seat.ready.get() {
            if self.items == 1 {
                return self.pop_single(index);
            }
            if !self.look(index) {
                return None;
            }
        }
        let line = seat.line.get();
        self.header(line).shadow.write(number);
        // SAFETY: the slot is filled and the consumer's; giving it up below makes this its only read.
        let item = unsafe { line.slots().add(number).read() };
        self.release_upto(line, index.wrapping_add(1), number + 1);
        Some(item)
    }

    fn capacity(&self) -> usize {
        self.rest_of_lap + self.items
    }

    fn len(&self) -> usize {
        // Relaxed: only counted. A pop may be visible here before the push it follows is; that is no item.
        let consumed = self.consumer.index.load(Ordering::Relaxed);
        let inside = self.produced().wrapping_sub(consumed);
        if inside < VACANT { inside } else { 0 }
    }

    unsafe fn is_full_to_producer(&self) -> bool {
        let seat = &*self.producer;
        let index = seat.index();
        seat.number(index) >= seat.ready.get() && self.vacant_line(index).is_none()
    }

    unsafe fn is_full_to_consumer(&self) -> bool {
        let seat = &*self.consumer;
        let start = if self.items == 1 { seat.index() } else { seat.start.get() };
        self.produced().wrapping_sub(start) == self.capacity()
    }
}

/// A slot: `number` of `line`, for the item of `index`.
#[expect(missing_debug_implementations, reason = "no user ever holds one")]
pub struct Place<T> {
    index: usize,
    number: usize,
    line: Line<Header, T>,
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<T> {}

impl<T> LineRing<T> {
    /// The run of `len` slots from `place` on, which moves behind it.
    #[inline(always)]
    fn run(place: &mut Place<T>, len: usize) -> Run<T> {
        let start = place.line.slots().wrapping_add(place.number);
        place.index = place.index.wrapping_add(len);
        place.number += len;
        Run { start, len }
    }
}

// SAFETY: a vacant run lies between the producer's index and the end of a vacant line, a filled one between the
// consumer's index and the `upto` of its line; both are one side's until it publishes or releases them.
unsafe impl<T> Runs for LineRing<T> {
    type Place = Place<T>;

    const RUN: usize = Lines::<Header, T>::FIT;

    #[inline(always)]
    unsafe fn producer_place(&self) -> Place<T> {
        let seat = &*self.producer;
        let index = seat.index();
        // Before the first push, and always with one item to a line, the producer's line is used up.
        let number = if seat.ready.get() == 0 { self.items } else { seat.number(index) };
        Place { index, number, line: seat.line.get() }
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<T>, max: usize) -> Run<T> {
        if place.number == self.items {
            let next = self.after(place.line);
            if !self.is_vacant(next, place.index) {
                return Self::run(place, 0);
            }
            (place.line, place.number) = (next, 0);
        }
        let len = max.min(self.items - place.number);
        (0..len).for_each(|i| self.header(place.line).shadow.write(place.number + i));
        Self::run(place, len)
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &Place<T>) {
        let seat = &*self.producer;
        seat.line.set(place.line);
        if self.items > 1 {
            seat.start.set(place.index.wrapping_sub(place.number));
            seat.ready.set(self.items);
        }
        self.publish_upto(place.line, place.index);
    }

    #[inline(always)]
    unsafe fn consumer_place(&self) -> Place<T> {
        let seat = &*self.consumer;
        let index = seat.index();
        let number = if self.items == 1 { 0 } else { seat.number(index) };
        Place { index, number, line: seat.line.get() }
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<T>, max: usize) -> Run<T> {
        if place.number == self.items {
            (place.line, place.number) = (self.after(place.line), 0);
            self.fetch_ahead(place.line);
        }
        let len = self.filled_after(place.line, place.index).min(max);
        (0..len).for_each(|i| self.header(place.line).shadow.read(place.number + i));
        Self::run(place, len)
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<T>, n: usize) {
        let numbers = place.number - n..place.number;
        numbers.for_each(|i| self.header(place.line).shadow.write(i));
        self.release_upto(place.line, place.index, place.number);
    }
}

impl<T> Drop for LineRing<T> {
    fn drop(&mut self) {
        // SAFETY: with exclusive access, this is the only consumer.
        unsafe { super::drop_all(self) };
    }
}

impl<T> fmt::Debug for LineRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineRing").field("lines", &self.lines).finish_non_exhaustive()
    }
}
