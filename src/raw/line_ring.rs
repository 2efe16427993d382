//! The line ring: bounded, one producer, one consumer; publication and items travel in the same cache line.
//!
//! ```text
//!          line 0             line 1             line 2
//!   +---+---------------+---+---------------+---+---------------+
//!   | 0 | . . . . . . . | 7 | . . i i i i i | 3 | i i i . . . . |   7 items to a line, 3 lines
//!   +---+---------------+---+---------------+---+---------------+
//!                              ^ consumer          ^ producer
//! ```
//!
//! A line's header says how many of its slots were filled. The producer counts it up, after each item; the consumer sets it
//! back to 0, after the line's last item. Neither looks at a header before it has to: the producer when it enters a line (is
//! it 0?), the consumer when it has taken all it knew of (how far does it go?).
//!
//! *Why it is right.* A line is the producer's from 0 until its last slot is counted, and each slot is the consumer's from the
//! count that covers it until the next 0. Both steps are release stores that the other side acquires (P1 to C1, C2 to P3), so
//! all accesses to a slot are ordered. The two take turns at a line, each ends its turn with a value that only it writes
//! last, and so no value can be mistaken for one of another lap.
//!
//! *Why it is fast.* Seven 8-byte items cost one transfer to the consumer and one back. The producer's look at a line is a
//! load, which an out-of-order processor issues before the line is needed, and which finds the line in one cache only, since
//! the consumer wrote to it last: a ring whose consumer only reads its lines makes the producer take each one back with a
//! store, and stores wait for each other. Measured in `docs/spsc.md`, with the designs that lost.
//!
//! *Capacity.* Lines become vacant whole, so a ring of more than [`EXACT`] items has one line in reserve: it never refuses
//! an item while fewer than the capacity asked for are inside. Up to [`EXACT`] items a line holds one item (the slot-flag
//! ring of FastForward), and the capacity is exact.
//!
//! *Sources.* Publication beside the data: Giacomoni, Moseley, Vachharajani, "FastForward for Efficient Pipeline
//! Parallelism", PPoPP 2008. Meeting only when the block changes: Wang et al., "BBQ: A Block-based Bounded Queue",
//! USENIX ATC 2022.
//!
//! Edges: P1 with C1 (items go over), C2 with P3 (slots come back), P2 with N1 (what `len` counts is there to pop).

use core::cell::Cell;
use core::fmt;
use core::ptr::copy_nonoverlapping;

use super::{RawQueue, Run, Runs};
use crate::cacheline::{CachePadded, Line, Lines};
use crate::cardinality::One;
use crate::sync::{AtomicUsize, Ordering, Shadow, prefetch_read};

/// Largest capacity that is kept exactly, at the price of a header per item.
const EXACT: usize = 64;

/// Beyond so many lines, 32 KiB, a ring does not stay in a core's first-level cache, and fetching ahead of single pops
/// wins (1.6 to 6 times at 65536 items); in smaller ones it can take lines from the producer's hands (up to 2 times slower).
const LARGE: usize = 512;

/// How many slots of a line are filled, and what a race detector knows of them.
struct Header {
    filled: AtomicUsize,
    shadow: Shadow,
}

/// Where one side stands. Only `index` is read by others.
///
/// With one item to a line `start` and `ready` stay 0: then each operation looks at a header, and has less to remember.
struct Seat<T> {
    /// How many items this side has moved since the queue was made.
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
    capacity: usize,
    /// Whether single pops fetch ahead.
    is_large: bool,
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
    /// If `capacity` is 0, or needs more memory than there can be.
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
        let header = |_| Header { filled: AtomicUsize::new(0), shadow: Shadow::new(items) };
        let lines = Lines::new(count, items, header);
        Self {
            // Before its first push the producer has just used up the line before the first.
            producer: Seat::new(lines.last()),
            consumer: Seat::new(lines.first()),
            items,
            capacity: count * items,
            is_large: count > LARGE,
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

    /// Whether `line`, which the producer is about to enter, is vacant.
    #[inline(always)]
    fn is_vacant(&self, line: Line<Header, T>) -> bool {
        // ORDERING: (P3) Acquire, pairs with (C2): the consumer is done with the slots that are written next.
        self.header(line).filled.load(Ordering::Acquire) == 0
    }

    /// How many slots of `line`, where the consumer is, are filled from its first on.
    #[inline(always)]
    fn filled(&self, line: Line<Header, T>) -> usize {
        // ORDERING: (C1) Acquire, pairs with (P1): the items of the slots that are read next.
        self.header(line).filled.load(Ordering::Acquire)
    }

    /// Shows the consumer the first `filled` slots of `line`, the last of which is that before index `next`.
    #[inline(always)]
    fn show(&self, line: Line<Header, T>, filled: usize, next: usize) {
        // ORDERING: (P1) Release, pairs with (C1): the items are written before the header says so.
        self.header(line).filled.store(filled, Ordering::Release);
        // ORDERING: (P2) Release, pairs with (N1): who counts an item also sees it in its header.
        self.producer.index.store(next, Ordering::Release);
    }

    /// Gives `line` back, and moves the consumer to the line after.
    #[inline(always)]
    fn vacate(&self, line: Line<Header, T>) {
        // ORDERING: (C2) Release, pairs with (P3): the items are out before the slots are vacant.
        self.header(line).filled.store(0, Ordering::Release);
        self.consumer.line.set(self.after(line));
    }

    /// Counts what the consumer took. Relaxed: nothing is done on the strength of it; slots go back with (C2).
    #[inline(always)]
    fn count_popped(&self, next: usize) {
        self.consumer.index.store(next, Ordering::Relaxed);
    }

    fn produced(&self) -> usize {
        // ORDERING: (N1) Acquire, pairs with (P2): a consumer that counts an item finds it.
        self.producer.index.load(Ordering::Acquire)
    }

    /// Asks for a line that the consumer, now at `line`, is likely to read soon: not the nearest ones, which the producer
    /// may be writing still.
    #[inline(always)]
    fn fetch_ahead(&self, line: Line<Header, T>) {
        prefetch_read(self.after(self.after(self.after(line))).slots());
    }

    /// Moves the producer to the next line, for `index`, if that is vacant. Not with one item to a line.
    #[inline(always)]
    fn enter(&self, index: usize) -> bool {
        let seat = &*self.producer;
        let line = self.after(seat.line.get());
        if !self.is_vacant(line) {
            return false;
        }
        seat.line.set(line);
        seat.start.set(index);
        seat.ready.set(self.items);
        true
    }

    /// Tells the consumer how far its line is filled, if beyond slot `number`. Not with one item to a line.
    #[inline(always)]
    fn look(&self, number: usize) -> bool {
        let seat = &*self.consumer;
        let filled = self.filled(seat.line.get());
        if filled == number {
            return false;
        }
        if filled == self.items && self.is_large {
            self.fetch_ahead(seat.line.get());
        }
        seat.ready.set(filled);
        true
    }

    /// Takes the consumer past slot `number` of `line`, to index `next`. Not with one item to a line.
    #[inline(always)]
    fn leave(&self, line: Line<Header, T>, number: usize, next: usize) {
        self.count_popped(next);
        if number + 1 == self.items {
            self.vacate(line);
            self.consumer.start.set(next);
            self.consumer.ready.set(0);
        }
    }

    /// [`push`](RawQueue::push) with one item to a line.
    #[inline(always)]
    fn push_single(&self, index: usize, item: *const T) -> bool {
        let line = self.after(self.producer.line.get());
        if !self.is_vacant(line) {
            return false;
        }
        self.header(line).shadow.write(0);
        // SAFETY: the line's slot is vacant, and so the producer's; the caller gives up the item.
        unsafe { copy_nonoverlapping(item, line.slots(), 1) };
        self.producer.line.set(line);
        self.show(line, 1, index.wrapping_add(1));
        true
    }

    /// [`pop`](RawQueue::pop) with one item to a line.
    #[inline(always)]
    fn pop_single(&self, index: usize, item: *mut T) -> bool {
        let line = self.consumer.line.get();
        if self.filled(line) == 0 {
            return false;
        }
        self.header(line).shadow.write(0);
        // SAFETY: the line's slot is filled, and so the consumer's; giving it up below makes this its only read.
        unsafe { copy_nonoverlapping(line.slots(), item, 1) };
        self.count_popped(index.wrapping_add(1));
        self.vacate(line);
        true
    }
}

// SAFETY: see the head of the file.
unsafe impl<T> RawQueue for LineRing<T> {
    type Item = T;
    type Producers = One;
    type Consumers = One;

    #[inline(always)]
    unsafe fn push(&self, item: *const T) -> bool {
        let seat = &*self.producer;
        let index = seat.index();
        let mut number = seat.number(index);
        if number >= seat.ready.get() {
            if self.items == 1 {
                return self.push_single(index, item);
            }
            if !self.enter(index) {
                return false;
            }
            number = 0;
        }
        let line = seat.line.get();
        self.header(line).shadow.write(number);
        // SAFETY: a slot of the producer's line that was vacant when it entered; the caller gives up the item.
        unsafe { copy_nonoverlapping(item, line.slots().add(number), 1) };
        self.show(line, number + 1, index.wrapping_add(1));
        true
    }

    #[inline(always)]
    unsafe fn pop(&self, item: *mut T) -> bool {
        let seat = &*self.consumer;
        let index = seat.index();
        let number = seat.number(index);
        if number >= seat.ready.get() {
            if self.items == 1 {
                return self.pop_single(index, item);
            }
            if !self.look(number) {
                return false;
            }
        }
        let line = seat.line.get();
        self.header(line).shadow.write(number);
        // SAFETY: the slot is filled and the consumer's; giving it up below makes this its only read.
        unsafe { copy_nonoverlapping(line.slots().add(number), item, 1) };
        self.leave(line, number, index.wrapping_add(1));
        true
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    fn len(&self) -> usize {
        // Relaxed: only counted. A pop may be visible here before the push it follows is; that is no item.
        let consumed = self.consumer.index.load(Ordering::Relaxed);
        let inside = self.produced().wrapping_sub(consumed);
        if inside <= self.capacity { inside } else { 0 }
    }

    unsafe fn is_full_to_producer(&self) -> bool {
        let seat = &*self.producer;
        seat.number(seat.index()) >= seat.ready.get()
            && !self.is_vacant(self.after(seat.line.get()))
    }

    unsafe fn is_full_to_consumer(&self) -> bool {
        let first = self.consumer_place().first;
        self.produced().wrapping_sub(first) == self.capacity
    }
}

/// Slot `number` of `line`, for the item of `index`, on a walk through slots of the lap from index `first` on.
#[expect(missing_debug_implementations, reason = "no user ever holds one")]
pub struct Place<T> {
    index: usize,
    number: usize,
    line: Line<Header, T>,
    first: usize,
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<T> {}

impl<T> LineRing<T> {
    #[inline(always)]
    fn producer_place(&self) -> Place<T> {
        let seat = &*self.producer;
        let index = seat.index();
        // Before the first push, and always with one item to a line, the producer's line is used up.
        let number = if seat.ready.get() == 0 { self.items } else { seat.number(index) };
        Place { index, number, line: seat.line.get(), first: index }
    }

    #[inline(always)]
    fn consumer_place(&self) -> Place<T> {
        let seat = &*self.consumer;
        let index = seat.index();
        let number = if self.items == 1 { 0 } else { seat.number(index) };
        Place { index, number, line: seat.line.get(), first: index.wrapping_sub(number) }
    }

    /// Moves `place` from the end of a line to the line after; not around the ring, where it would meet itself.
    #[inline(always)]
    fn walk_on(&self, place: &mut Place<T>) -> bool {
        if place.index.wrapping_sub(place.first) == self.capacity {
            return false;
        }
        (place.line, place.number) = (self.after(place.line), 0);
        true
    }

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
// consumer's index and the count of its line; both are one side's until it publishes or releases them.
unsafe impl<T> Runs for LineRing<T> {
    type Place = Place<T>;

    const RUN: usize = Lines::<Header, T>::FIT;

    #[inline(always)]
    unsafe fn producer_place(&self) -> Place<T> {
        self.producer_place()
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<T>, max: usize) -> Run<T> {
        if place.number == self.items {
            let used_up = *place;
            if !self.walk_on(place) || !self.is_vacant(place.line) {
                *place = used_up;
                return Self::run(place, 0);
            }
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
        self.show(place.line, place.number, place.index);
    }

    #[inline(always)]
    unsafe fn consumer_place(&self) -> Place<T> {
        self.consumer_place()
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<T>, max: usize) -> Run<T> {
        if place.number == self.items {
            if !self.walk_on(place) {
                return Self::run(place, 0);
            }
            self.fetch_ahead(place.line);
        }
        let len = (self.filled(place.line) - place.number).min(max);
        (0..len).for_each(|i| self.header(place.line).shadow.read(place.number + i));
        Self::run(place, len)
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<T>, n: usize) {
        let numbers = place.number - n..place.number;
        numbers.for_each(|i| self.header(place.line).shadow.write(i));
        if self.items > 1 {
            self.leave(place.line, place.number - 1, place.index);
        } else {
            self.count_popped(place.index);
            self.vacate(place.line);
        }
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
