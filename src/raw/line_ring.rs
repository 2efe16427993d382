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
//! count that covers it until the next 0. Both steps are release stores that the other side acquires (P1 to C1, C2 to P2), so
//! all accesses to a slot are ordered. The two take turns at a line, each ends its turn with a value that only it writes
//! last, and so no value can be mistaken for one of another lap.
//!
//! *Why it is fast.* Seven 8-byte items cost one transfer to the consumer and one back. The producer's look at a line is a
//! load, which an out-of-order processor issues before the line is needed, and which finds the line in one cache only, since
//! the consumer wrote to it last: a ring whose consumer only reads its lines makes the producer take each one back with a
//! store, and stores wait for each other. Measured in `docs/spsc.md`, with the designs that lost.
//!
//! *Capacity.* Lines become vacant whole, so a ring with several items to a line has one line in reserve: it never refuses
//! an item while fewer than the capacity asked for are inside. Up to [`EXACT`] items a line holds one item (the slot-flag
//! ring of FastForward), and the capacity is exact.
//!
//! *Sources.* Publication beside the data: Giacomoni, Moseley, Vachharajani, "FastForward for Efficient Pipeline
//! Parallelism", PPoPP 2008. Meeting only when the block changes: Wang et al., "BBQ: A Block-based Bounded Queue",
//! USENIX ATC 2022.
//!
//! *Who remembers what.* Where a side stands is its handle's own business ([`PushSeat`], [`PopSeat`]), but for one number: the
//! count of popped items is the consumer's place and, for a producer that asks for the length, its news; one store serves
//! both. How few words are stored per item matters: stores leave a core in order, so the fewer, the more lines are on their
//! way at once. With one item to a line only the line is remembered.
//!
//! Edges: P1 with C1 (items go over), C2 with P2 (slots come back).

use core::cell::Cell;
use core::fmt;

use super::{Claim, PopRuns, PushRuns, RawQueue, Run, copy_run};
use crate::cacheline::{CachePadded, Line, Lines};
use crate::cardinality::One;
use crate::sync::{AtomicUsize, Ordering, Shadow, prefetch_read, prefetch_write};

/// Largest capacity that is kept exactly, at the price of a header per item.
const EXACT: usize = 64;

/// Beyond so many lines, 32 KiB, a ring does not stay in a core's first-level cache, and single pops fetch ahead: measured
/// between no difference and 6 times faster at 65536 items, and up to 2 times slower at 1024.
const LARGE: usize = 512;

/// How many slots of a line are filled, and what a race detector knows of them.
struct Header {
    filled: AtomicUsize,
    shadow: Shadow,
}

/// A bounded queue for one producer and one consumer. See the head of the file.
pub struct LineRing<T> {
    /// How many items were popped, with more than one to a line. Written by the consumer only.
    popped: CachePadded<AtomicUsize>,
    lines: Lines<Header, T>,
    items: usize,
    capacity: usize,
    /// Whether single pops fetch ahead.
    is_large: bool,
    /// The seat of the consumer that left.
    left: Cell<Option<PopSeat<T>>>,
}

// SAFETY: slots change sides by release and acquire (P1 to C1, C2 to P2), and `left` is written by the last consumer as it
// goes and read by whoever frees, after it; items cross threads, hence `T: Send`.
unsafe impl<T: Send> Sync for LineRing<T> {}
// SAFETY: as above; all the rest is plain memory of this value.
unsafe impl<T: Send> Send for LineRing<T> {}

/// Where the producer stands: before slot `number` of `line`, whose first slot has index `start`.
#[derive(Debug)]
pub struct PushSeat<T> {
    line: Line<Header, T>,
    number: usize,
    start: usize,
}

/// Where the consumer stands: at the slot of `line` whose index is the count of what was popped, and whose first slot has
/// index `start`; the first `ready` slots of the line are filled for sure. With one item to a line nothing is counted, and
/// `start` and `ready` stay 0.
#[derive(Debug)]
pub struct PopSeat<T> {
    line: Line<Header, T>,
    start: usize,
    ready: usize,
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
            Lines::<Header, T>::fits(count, items) && count.checked_mul(items).is_some(),
            "raddle: a capacity of {capacity} items of {} bytes needs more than isize::MAX bytes; ask for fewer",
            size_of::<T>()
        );
        let header = |_| Header { filled: AtomicUsize::new(0), shadow: Shadow::new(items) };
        Self {
            popped: CachePadded::new(AtomicUsize::new(0)),
            lines: Lines::new(count, items, header),
            items,
            capacity: count * items,
            is_large: count > LARGE,
            left: Cell::new(None),
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
        // ORDERING: (P2) Acquire, pairs with (C2): the consumer is done with the slots that are written next.
        self.header(line).filled.load(Ordering::Acquire) == 0
    }

    /// How many slots of `line`, where the consumer is or gets to, are filled from its first on.
    #[inline(always)]
    fn filled(&self, line: Line<Header, T>) -> usize {
        // ORDERING: (C1) Acquire, pairs with (P1): the items of the slots that are read next.
        self.header(line).filled.load(Ordering::Acquire)
    }

    /// Shows the consumer the first `filled` slots of `line`.
    #[inline(always)]
    fn show(&self, line: Line<Header, T>, filled: usize) {
        // ORDERING: (P1) Release, pairs with (C1): the items are written before the header says so.
        self.header(line).filled.store(filled, Ordering::Release);
    }

    /// At which slot of its line the consumer is.
    #[inline(always)]
    fn number(&self, seat: &PopSeat<T>) -> usize {
        // Relaxed: the consumer's own.
        self.popped.load(Ordering::Relaxed).wrapping_sub(seat.start)
    }

    /// Takes the consumer on to slot `number` of its line, and past a line of which that is the end.
    #[inline(always)]
    fn take_on(&self, seat: &mut PopSeat<T>, number: usize) {
        if self.items > 1 {
            // Relaxed: to others only a count; slots go back with (C2).
            self.popped.store(seat.start.wrapping_add(number), Ordering::Relaxed);
        }
        if number == self.items {
            self.vacate(seat.line);
            seat.line = self.after(seat.line);
            if self.items > 1 {
                seat.start = seat.start.wrapping_add(number);
                seat.ready = 0;
            }
        }
    }

    /// Shows the producer that `line` is vacant.
    #[inline(always)]
    fn vacate(&self, line: Line<Header, T>) {
        // ORDERING: (C2) Release, pairs with (P2): the items are out before the slots are vacant.
        self.header(line).filled.store(0, Ordering::Release);
    }

    /// The line `n` places after `line`.
    fn nth_after(&self, line: Line<Header, T>, n: usize) -> Line<Header, T> {
        // SAFETY: as in `header`.
        unsafe { self.lines.nth_after(line, n) }
    }

    /// How many of the lines `nth(0)`, `nth(1)`, .. are full: lines are filled in order, so the first that is not is found
    /// by halving.
    fn full_lines(&self, nth: impl Fn(usize) -> Line<Header, T>) -> usize {
        let (mut full, mut rest) = (0, self.lines.count());
        while full < rest {
            let middle = full.midpoint(rest);
            if self.filled(nth(middle)) == self.items { full = middle + 1 } else { rest = middle }
        }
        full
    }

    /// Asks for a line that the consumer, now at `line`, is likely to read soon: not the nearest ones, which the producer
    /// may be writing still. At the end of the ring it asks for what lies behind, in vain, which is cheaper than to turn.
    #[inline(always)]
    fn fetch_ahead(&self, line: Line<Header, T>) {
        prefetch_read(line.slots().wrapping_byte_add(3 * self.lines.stride()));
    }
}

// SAFETY: see the head of the file.
unsafe impl<T> RawQueue for LineRing<T> {
    type Item = T;
    type Producers = One;
    type Consumers = One;
    type PushSeat = PushSeat<T>;
    type PopSeat = PopSeat<T>;

    fn seats(&self) -> (PushSeat<T>, PopSeat<T>) {
        // As if the producer had just used up the line before the first.
        let (line, number) = (self.lines.last(), self.items);
        let push = PushSeat { line, number, start: 0usize.wrapping_sub(number) };
        (push, PopSeat { line: self.lines.first(), start: 0, ready: 0 })
    }

    #[inline(always)]
    unsafe fn vacancy(&self, seat: &mut PushSeat<T>) -> Option<Claim<T>> {
        let mut number = seat.number;
        if number == self.items {
            let line = self.after(seat.line);
            if !self.is_vacant(line) {
                return None;
            }
            number = 0;
            seat.line = line;
            if self.items > 1 {
                seat.start = seat.start.wrapping_add(self.items);
            }
        }
        self.header(seat.line).shadow.write(number);
        Some(Claim { item: seat.line.slots().wrapping_add(number), number })
    }

    #[inline(always)]
    unsafe fn put(&self, seat: &mut PushSeat<T>, claim: &Claim<T>) -> bool {
        // With one item to a line the seat's number is always 1: not stored, since what is stored per item decides how many
        // lines are under way at once.
        if self.items > 1 {
            seat.number = claim.number + 1;
        }
        self.show(seat.line, claim.number + 1);
        true
    }

    unsafe fn retract(&self, _claim: Claim<T>) {
        unreachable!("nobody passes over the only producer");
    }

    #[inline(always)]
    unsafe fn front(&self, seat: &mut PopSeat<T>) -> Option<Claim<T>> {
        let number = self.number(seat);
        if number == seat.ready {
            let filled = self.filled(seat.line);
            if number == filled {
                return None;
            }
            if self.items > 1 {
                seat.ready = filled;
                if filled == self.items && self.is_large {
                    self.fetch_ahead(seat.line);
                }
            }
        }
        self.header(seat.line).shadow.write(number);
        Some(Claim { item: seat.line.slots().wrapping_add(number), number })
    }

    #[inline(always)]
    unsafe fn take(&self, seat: &mut PopSeat<T>, claim: Claim<T>) {
        self.take_on(seat, claim.number + 1);
    }

    unsafe fn leave(&self, seat: &mut PopSeat<T>) {
        self.left.set(Some(PopSeat { ..*seat }));
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    fn len_to_producer(&self, seat: &PushSeat<T>) -> usize {
        if self.items == 1 {
            let count = self.lines.count();
            return self.full_lines(|n| {
                if n == 0 { seat.line } else { self.nth_after(seat.line, count - n) }
            });
        }
        // Relaxed: only counted.
        let popped = self.popped.load(Ordering::Relaxed);
        seat.start.wrapping_add(seat.number).wrapping_sub(popped)
    }

    fn len_to_consumer(&self, seat: &PopSeat<T>) -> usize {
        let full = self.full_lines(|n| self.nth_after(seat.line, n));
        let next = if full < self.lines.count() {
            self.filled(self.nth_after(seat.line, full))
        } else {
            0
        };
        full * self.items + next - self.number(seat)
    }

    fn is_full_to_producer(&self, seat: &PushSeat<T>) -> bool {
        seat.number == self.items && !self.is_vacant(self.after(seat.line))
    }

    fn is_full_to_consumer(&self, seat: &PopSeat<T>) -> bool {
        self.len_to_consumer(seat) == self.capacity - self.number(seat)
    }
}

/// Before slot `number` of `line`, whose first slot has index `start`, on a walk of which `left` slots of the lap are left, at
/// most.
#[derive(Debug)]
pub struct Place<T> {
    line: Line<Header, T>,
    number: usize,
    start: usize,
    left: usize,
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<T> {}

impl<T> LineRing<T> {
    /// Moves `place` from the end of its line to `next`, the line after.
    #[inline(always)]
    fn walk_on(&self, place: &mut Place<T>, next: Line<Header, T>) {
        (place.line, place.number) = (next, 0);
        place.start = place.start.wrapping_add(self.items);
    }

    /// The run of `len` slots from `place` on, which moves behind it.
    #[inline(always)]
    fn run(place: &mut Place<T>, len: usize) -> Run<T> {
        let start = place.line.slots().wrapping_add(place.number);
        place.number += len;
        place.left -= len;
        Run { start, len }
    }
}

// SAFETY: a vacant run lies between the producer's slot and the end of a vacant line, and is the producer's until it is
// published. A walk doesn't meet its own slots: it ends after a lap, and if it begins within a line, before that line, which
// can't become vacant before it is full.
unsafe impl<T> PushRuns for LineRing<T> {
    type PushPlace = Place<T>;

    const PUSH_RUN: usize = Lines::<Header, T>::FIT;

    #[inline(always)]
    fn producer_place(&self, seat: &PushSeat<T>) -> Place<T> {
        let PushSeat { line, number, start } = *seat;
        Place { line, number, start, left: self.capacity }
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<T>, max: usize) -> Run<T> {
        if place.number == self.items && place.left > 0 {
            let next = self.after(place.line);
            if self.is_vacant(next) {
                self.walk_on(place, next);
                prefetch_write(self.after(next).slots());
            }
        }
        let len = max.min(self.items - place.number).min(place.left);
        (0..len).for_each(|i| self.header(place.line).shadow.write(place.number + i));
        Self::run(place, len)
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &Place<T>) {
        self.show(place.line, place.number);
    }

    #[inline(always)]
    unsafe fn settle_push(&self, seat: &mut PushSeat<T>, place: &Place<T>) {
        let Place { line, number, start, .. } = *place;
        *seat = PushSeat { line, number, start };
    }

    // By hand, since the walk of a place costs more instructions than the copy: measured in `docs/spsc.md`.
    #[inline(always)]
    unsafe fn copy_in(&self, seat: &mut PushSeat<T>, mut from: *const T, n: usize) -> usize {
        let PushSeat { mut line, mut number, start } = *seat;
        let mut left = n;
        while left > 0 {
            if number == self.items {
                let next = self.after(line);
                if !self.is_vacant(next) {
                    break;
                }
                (line, number) = (next, 0);
                prefetch_write(self.after(next).slots());
            }
            let len = left.min(self.items - number);
            (0..len).for_each(|i| self.header(line).shadow.write(number + i));
            // SAFETY: `len` vacant slots of a line, and as many of the `left` items.
            unsafe { copy_run(from, line.slots().wrapping_add(number), len, Self::PUSH_RUN) };
            number += len;
            self.show(line, number);
            from = from.wrapping_add(len);
            left -= len;
        }
        let start = start.wrapping_add(seat.number).wrapping_add(n - left).wrapping_sub(number);
        *seat = PushSeat { line, number, start };
        n - left
    }
}

// SAFETY: a filled run lies between the consumer's slot and the count of its line, and is the consumer's until it is
// released. A walk doesn't meet its own slots: it ends after a lap, counted from the first slot of its line.
unsafe impl<T> PopRuns for LineRing<T> {
    type PopPlace = Place<T>;

    const POP_RUN: usize = Lines::<Header, T>::FIT;

    #[inline(always)]
    fn consumer_place(&self, seat: &PopSeat<T>) -> Place<T> {
        let number = self.number(seat);
        Place { line: seat.line, number, start: seat.start, left: self.capacity - number }
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<T>, max: usize) -> Run<T> {
        if place.number == self.items && place.left > 0 {
            self.walk_on(place, self.after(place.line));
            self.fetch_ahead(place.line);
        }
        let len =
            if place.left > 0 { (self.filled(place.line) - place.number).min(max) } else { 0 };
        (0..len).for_each(|i| self.header(place.line).shadow.read(place.number + i));
        Self::run(place, len)
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<T>, n: usize) {
        (0..n).for_each(|i| self.header(place.line).shadow.write(place.number - n + i));
        if place.number == self.items {
            self.vacate(place.line);
        }
    }

    #[inline(always)]
    unsafe fn settle_pop(&self, seat: &mut PopSeat<T>, place: &Place<T>) {
        let Place { mut line, number, mut start, .. } = *place;
        let mut ready = number;
        if number == self.items {
            (line, ready) = (self.after(line), 0);
            start = start.wrapping_add(number);
        }
        if self.items > 1 {
            // Relaxed: to others only a count.
            self.popped.store(start.wrapping_add(ready), Ordering::Relaxed);
        } else {
            start = 0;
        }
        *seat = PopSeat { line, start, ready };
    }

    // By hand, as `copy_in`.
    #[inline(always)]
    unsafe fn move_out(&self, seat: &mut PopSeat<T>, mut to: *mut T, n: usize) -> usize {
        let (mut line, mut number, mut left) = (seat.line, self.number(seat), n);
        let before = seat.start.wrapping_add(number);
        while left > 0 {
            let len = left.min(self.filled(line) - number);
            (0..len).for_each(|i| self.header(line).shadow.write(number + i));
            // SAFETY: `len` filled slots of a line, and room for `left` items.
            unsafe { copy_run(line.slots().wrapping_add(number), to, len, Self::POP_RUN) };
            number += len;
            to = to.wrapping_add(len);
            left -= len;
            if number < self.items {
                break;
            }
            self.vacate(line);
            (line, number) = (self.after(line), 0);
            self.fetch_ahead(line);
        }
        let (mut start, mut ready) = (0, 0);
        if self.items > 1 {
            let popped = before.wrapping_add(n - left);
            // Relaxed: to others only a count.
            self.popped.store(popped, Ordering::Relaxed);
            (start, ready) = (popped.wrapping_sub(number), number);
        }
        *seat = PopSeat { line, start, ready };
        n - left
    }
}

impl<T> Drop for LineRing<T> {
    fn drop(&mut self) {
        // Without a consumer that left, none was ever there, and nothing was pushed.
        if let Some(mut seat) = self.left.take() {
            // SAFETY: with exclusive access, this is the only consumer.
            unsafe { super::drop_all(self, &mut seat) };
        }
    }
}

impl<T> fmt::Debug for LineRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineRing").field("lines", &self.lines).finish_non_exhaustive()
    }
}
