//! Lines: one producer, one consumer; publication and items travel in the same cache line.
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
//! it 0?), the consumer when it has taken all it knew of (how far does it go?). Where lines end, the consumer stays behind
//! the last item until there is one in the next part; that line is set back to 0 by whoever gives the part to the producer.
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
//! *Where lines come from.* A [`Store`] says which line follows which; nothing else differs.
//!
//! | file | |
//! |---|---|
//! | `ring` | after the last line comes the first, if it is vacant: bounded, the line ring |
//! | `chain` | after the last line of a segment comes the first of the next, new or used again: unbounded |
//! | `batches` | several items at once, on either |
//!
//! *Sources.* Publication beside the data: Giacomoni, Moseley, Vachharajani, "FastForward for Efficient Pipeline
//! Parallelism", PPoPP 2008. Meeting only when the block changes: Wang et al., "BBQ: A Block-based Bounded Queue",
//! USENIX ATC 2022.
//!
//! *Who remembers what.* Where a side stands is its handle's own business ([`PushSeat`], [`PopSeat`]), but for one number: the
//! count of popped items is the consumer's place and, for a producer that asks for the length, its news; one store serves
//! both. How few words are stored per item matters: stores leave a core in order, so the fewer, the more lines are on their
//! way at once. In a ring with one item to a line only the line is remembered.
//!
//! Edges: P1 with C1 (items go over), C2 with P2 (slots come back).

mod batches;
mod chain;
mod ring;

use core::cell::Cell;
use core::fmt;

use super::{Claim, RawQueue};
use crate::cacheline::{self, CachePadded};
use crate::cardinality::One;
use crate::sync::{AtomicUsize, Ordering, Shadow, prefetch_read};

pub(crate) use self::chain::LineChain;
pub(crate) use self::ring::LineRing;

type Line<T> = cacheline::Line<Header, T>;
type Lines<T> = cacheline::Lines<Header, T>;

/// How many slots of a line are filled, and what a race detector knows of them.
struct Header {
    filled: AtomicUsize,
    shadow: Shadow,
}

impl Header {
    /// Of a vacant line of `items`.
    fn new(items: usize) -> Self {
        Self { filled: AtomicUsize::new(0), shadow: Shadow::new(items) }
    }
}

/// A line, and the part of the memory that it belongs to.
#[derive(Debug)]
pub struct Spot<T, P> {
    line: Line<T>,
    part: P,
}

impl<T, P: Copy> Clone for Spot<T, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, P: Copy> Copy for Spot<T, P> {}

/// Where lines come from, and where they go.
///
/// # Safety
/// Lines are of the length that the queue is told, and each lives until the consumer has left its part, or the store is dropped.
/// Where `T` is `Send`, any thread may use and drop the store.
pub unsafe trait Store<T> {
    /// What a side remembers besides its line.
    type Part: Copy + PartialEq + fmt::Debug;

    /// Whether the line that the producer comes to is always vacant.
    const ENDLESS: bool;

    /// Where the consumer begins.
    fn first(&self) -> Spot<T, Self::Part>;

    /// Where the producer begins: before which slot of which line.
    fn before_first(&self) -> (Spot<T, Self::Part>, usize);

    /// The line that the producer fills after the one it is at.
    fn to_fill(&self, at: Spot<T, Self::Part>) -> Spot<T, Self::Part>;

    /// The line that the consumer empties after the one it is at, if that is of the same part.
    fn to_empty(&self, at: Spot<T, Self::Part>) -> Option<Spot<T, Self::Part>>;

    /// The first line of the next part, if there is one.
    fn beyond(&self, at: Spot<T, Self::Part>) -> Option<Spot<T, Self::Part>>;

    /// Says that the consumer has gone on from part `from` to part `to`.
    fn leave(&self, from: Self::Part, to: Self::Part);

    /// Bytes from one line to the next.
    fn stride(&self) -> usize;

    /// Whether single pops fetch ahead.
    fn is_large(&self) -> bool;

    /// How many items there is room for.
    fn capacity(&self) -> usize;

    /// How many slots are filled, from the first of the consumer's line on.
    fn filled_from(
        &self,
        at: Spot<T, Self::Part>,
        filled: impl Fn(Spot<T, Self::Part>) -> usize,
    ) -> usize;

    /// How many lines are vacant, from the one after the producer's on.
    fn vacant_after(
        &self,
        at: Spot<T, Self::Part>,
        filled: impl Fn(Spot<T, Self::Part>) -> usize,
    ) -> usize;
}

/// How many of the numbers below `rest` are `so`, if all that are come first: found by halving.
fn first_so(mut rest: usize, so: impl Fn(usize) -> bool) -> usize {
    let mut count = 0;
    while count < rest {
        let middle = count.midpoint(rest);
        if so(middle) { count = middle + 1 } else { rest = middle }
    }
    count
}

/// A queue for one producer and one consumer. See the head of the file.
pub struct LineQueue<T, S: Store<T>> {
    /// How many items were popped, if that is [`counted`](Self::counted). Written by the consumer only.
    popped: CachePadded<AtomicUsize>,
    store: S,
    items: usize,
    /// The seat of the consumer that left.
    left: Cell<Option<PopSeat<T, S::Part>>>,
}

// SAFETY: slots change sides by release and acquire (P1 to C1, C2 to P2), and `left` is written by the last consumer as it
// goes and read by whoever frees, after it; items cross threads, hence `T: Send`.
unsafe impl<T: Send, S: Store<T>> Sync for LineQueue<T, S> {}
// SAFETY: as above; all the rest is plain memory of this value.
unsafe impl<T: Send, S: Store<T>> Send for LineQueue<T, S> {}

/// Where the producer stands: before slot `number` of a line whose first slot has index `start`.
#[derive(Debug)]
pub struct PushSeat<T, P> {
    at: Spot<T, P>,
    number: usize,
    start: usize,
}

/// Where the consumer stands: at the slot of a line whose index is the count of what was popped, and whose first slot has
/// index `start`; the first `ready` slots of the line are filled for sure. Where nothing is counted, `start` and `ready` stay 0.
#[derive(Debug)]
pub struct PopSeat<T, P> {
    at: Spot<T, P>,
    start: usize,
    ready: usize,
}

impl<T, S: Store<T>> LineQueue<T, S> {
    /// An empty queue on the lines of `store`, `items` slots each.
    fn on(store: S, items: usize) -> Self {
        let popped = CachePadded::new(AtomicUsize::new(0));
        Self { popped, store, items, left: Cell::new(None) }
    }

    /// Whether it is known how many items were popped. With one item to a line that comes round only the line is remembered.
    #[inline(always)]
    fn counted(&self) -> bool {
        S::ENDLESS || self.items > 1
    }

    /// The header of `line`.
    #[inline(always)]
    fn header(&self, line: Line<T>) -> &Header {
        // SAFETY: every line that a side is at lives, as `Store` promises.
        unsafe { line.header() }
    }

    /// Whether `line`, which the producer is about to enter, is vacant.
    #[inline(always)]
    fn is_vacant(&self, line: Line<T>) -> bool {
        // ORDERING: (P2) Acquire, pairs with (C2): the consumer is done with the slots that are written next.
        S::ENDLESS || self.header(line).filled.load(Ordering::Acquire) == 0
    }

    /// How many slots of `line`, where the consumer is or gets to, are filled from its first on.
    #[inline(always)]
    fn filled(&self, line: Line<T>) -> usize {
        // ORDERING: (C1) Acquire, pairs with (P1): the items of the slots that are read next.
        self.header(line).filled.load(Ordering::Acquire)
    }

    /// Shows the consumer the first `filled` slots of `line`.
    #[inline(always)]
    fn show(&self, line: Line<T>, filled: usize) {
        // ORDERING: (P1) Release, pairs with (C1): the items are written before the header says so.
        self.header(line).filled.store(filled, Ordering::Release);
    }

    /// At which slot of its line the consumer is.
    #[inline(always)]
    fn number(&self, seat: &PopSeat<T, S::Part>) -> usize {
        // Relaxed: the consumer's own.
        self.popped.load(Ordering::Relaxed).wrapping_sub(seat.start)
    }

    /// Takes the consumer on to slot `number` of its line, and past a line of which that is the end.
    #[inline(always)]
    fn take_on(&self, seat: &mut PopSeat<T, S::Part>, number: usize) {
        if self.counted() {
            // Relaxed: to others only a count; slots go back with (C2).
            self.popped.store(seat.start.wrapping_add(number), Ordering::Relaxed);
        }
        if number < self.items {
            return;
        }
        if let Some(next) = self.store.to_empty(seat.at) {
            self.vacate(seat.at.line);
            seat.at = next;
            if self.counted() {
                seat.start = seat.start.wrapping_add(number);
                seat.ready = 0;
            }
        }
    }

    /// Takes the consumer, at the end of a part, to the next, if an item is there; says whether it did.
    #[cold]
    fn turn_to(&self, seat: &mut PopSeat<T, S::Part>) -> bool {
        let Some(next) = self.turn(seat.at) else { return false };
        let from = seat.at.part;
        seat.at = next;
        seat.start = seat.start.wrapping_add(self.items);
        self.store.leave(from, next.part);
        true
    }

    /// From the end of a part, the first line of the next, if an item is there.
    #[cold]
    fn turn(&self, at: Spot<T, S::Part>) -> Option<Spot<T, S::Part>> {
        let next = self.store.beyond(at)?;
        (self.filled(next.line) > 0).then_some(next)
    }

    /// Shows the producer that `line` is vacant.
    #[inline(always)]
    fn vacate(&self, line: Line<T>) {
        // ORDERING: (C2) Release, pairs with (P2): the items are out before the slots are vacant.
        self.header(line).filled.store(0, Ordering::Release);
    }

    /// Asks for a line that the consumer, now at `line`, is likely to read soon: not the nearest ones, which the producer
    /// may be writing still. At the end of the ring it asks for what lies behind, in vain, which is cheaper than to turn.
    #[inline(always)]
    fn fetch_ahead(&self, line: Line<T>) {
        prefetch_read(line.slots().wrapping_byte_add(3 * self.store.stride()));
    }
}

// SAFETY: see the head of the file.
unsafe impl<T, S: Store<T>> RawQueue for LineQueue<T, S> {
    type Item = T;
    type Producers = One;
    type Consumers = One;
    type PushSeat = PushSeat<T, S::Part>;
    type PopSeat = PopSeat<T, S::Part>;

    fn seats(&self) -> (Self::PushSeat, Self::PopSeat) {
        let (at, number) = self.store.before_first();
        let push = PushSeat { at, number, start: 0usize.wrapping_sub(number) };
        (push, PopSeat { at: self.store.first(), start: 0, ready: 0 })
    }

    #[inline(always)]
    unsafe fn vacancy(&self, seat: &mut Self::PushSeat) -> Option<Claim<T>> {
        let mut number = seat.number;
        if number == self.items {
            let next = self.store.to_fill(seat.at);
            if !self.is_vacant(next.line) {
                return None;
            }
            number = 0;
            seat.at = next;
            if self.counted() {
                seat.start = seat.start.wrapping_add(self.items);
            }
        }
        self.header(seat.at.line).shadow.write(number);
        Some(Claim { item: seat.at.line.slots().wrapping_add(number), number })
    }

    #[inline(always)]
    unsafe fn put(&self, seat: &mut Self::PushSeat, claim: &Claim<T>) -> bool {
        // With one item to a line the seat's number is always 1: not stored, since what is stored per item decides how many
        // lines are under way at once.
        if self.counted() {
            seat.number = claim.number + 1;
        }
        self.show(seat.at.line, claim.number + 1);
        true
    }

    unsafe fn retract(&self, _claim: Claim<T>) {
        unreachable!("nobody passes over the only producer");
    }

    #[inline(always)]
    unsafe fn front(&self, seat: &mut Self::PopSeat) -> Option<Claim<T>> {
        let mut number = self.number(seat);
        if number == seat.ready {
            let mut filled = self.filled(seat.at.line);
            if number == filled {
                if !S::ENDLESS || number < self.items || !self.turn_to(seat) {
                    return None;
                }
                (number, filled) = (0, self.filled(seat.at.line));
            }
            if self.counted() {
                seat.ready = filled;
                if filled == self.items && self.store.is_large() {
                    self.fetch_ahead(seat.at.line);
                }
            }
        }
        self.header(seat.at.line).shadow.write(number);
        Some(Claim { item: seat.at.line.slots().wrapping_add(number), number })
    }

    #[inline(always)]
    unsafe fn take(&self, seat: &mut Self::PopSeat, claim: Claim<T>) {
        self.take_on(seat, claim.number + 1);
    }

    unsafe fn leave(&self, seat: &mut Self::PopSeat) {
        self.left.set(Some(PopSeat { ..*seat }));
    }

    fn passed_by_producers(&self, seat: &Self::PushSeat) -> usize {
        if S::ENDLESS || !self.counted() { 0 } else { seat.start.wrapping_add(seat.number) }
    }

    fn passed_by_consumers(&self, _seat: &Self::PopSeat) -> usize {
        // Relaxed: the consumer's own.
        if S::ENDLESS { 0 } else { self.popped.load(Ordering::Relaxed) }
    }

    fn capacity(&self) -> usize {
        self.store.capacity()
    }

    fn len_to_producer(&self, seat: &Self::PushSeat) -> usize {
        if !self.counted() {
            return self.capacity() - self.store.vacant_after(seat.at, |at| self.filled(at.line));
        }
        // Relaxed: only counted.
        let popped = self.popped.load(Ordering::Relaxed);
        seat.start.wrapping_add(seat.number).wrapping_sub(popped)
    }

    fn len_to_consumer(&self, seat: &Self::PopSeat) -> usize {
        self.store.filled_from(seat.at, |at| self.filled(at.line)) - self.number(seat)
    }

    fn is_full_to_producer(&self, seat: &Self::PushSeat) -> bool {
        !S::ENDLESS
            && seat.number == self.items
            && !self.is_vacant(self.store.to_fill(seat.at).line)
    }

    fn is_full_to_consumer(&self, seat: &Self::PopSeat) -> bool {
        !S::ENDLESS && self.len_to_consumer(seat) == self.capacity() - self.number(seat)
    }
}

impl<T, S: Store<T>> Drop for LineQueue<T, S> {
    fn drop(&mut self) {
        // Without a consumer that left, none was ever there, and nothing was pushed.
        if let Some(mut seat) = self.left.take() {
            // SAFETY: with exclusive access, this is the only consumer.
            unsafe { super::drop_all(self, &mut seat) };
        }
    }
}

impl<T, S: Store<T> + fmt::Debug> fmt::Debug for LineQueue<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineQueue").field("store", &self.store).finish_non_exhaustive()
    }
}
