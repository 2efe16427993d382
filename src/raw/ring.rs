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
use core::ops::Deref;

use super::line::{Header, LAP, Look, MOST, SLOT_BITS, Shape, Stage, Store};
use super::slot::Slot;
use super::{
    Claim, Claims, Feed, MOST_AT_ONCE, Overwrite, Place, PopClaims, PopRuns, PushClaims, PushRuns,
    RawQueue, Refused, Run,
};
use crate::backoff::Backoff;
use crate::cacheline::CachePadded;
use crate::cardinality::{Cardinality, Many, One};
use crate::sync::{AtomicUsize, Ordering, const_fn};

mod runs;
mod store;

pub(crate) use store::Heap;

/// A bounded queue in lines `S`, for `P` producers and `C` consumers. See the head of the file.
pub struct Ring<T, P: Cardinality, C: Cardinality, S: Store<T> = Heap<T>> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    store: S,
    /// Behind the last line, as an index of lap 0.
    end: usize,
    /// The bits of an index, and of a line's word, below the lap.
    below_lap: usize,
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
        Self::with_lines_of(Heap::<T>::slots_for(capacity), capacity)
    }

    /// A ring that holds at least `capacity` items, `slots` of them to a line: one, or as many as fit; in models and tests any number up
    /// to that.
    ///
    /// # Panics
    /// As for `new`.
    pub(crate) fn with_lines_of(slots: usize, capacity: usize) -> Self {
        let fit = store::fit::<T>();
        let few = if cfg!(any(test, loom, shuttle)) { slots } else { fit };
        let slots = if slots <= 1 { 1 } else { few.min(fit) };
        assert!(
            capacity > 0,
            "raddle: a bounded queue needs a capacity of at least 1, got 0; for the closest thing to a hand-over use 1"
        );
        let lines = Heap::<T>::lines_for(slots, capacity);
        let Some(store) = Heap::new(lines, slots) else {
            panic!(
                "raddle: a capacity of {capacity} items of {} bytes needs more than isize::MAX bytes; ask for fewer",
                size_of::<T>()
            )
        };
        Self::of(store, lines, slots)
    }
}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> Ring<T, P, C, S> {
    const_fn! {
        /// A ring of the lines in `store`: so many, at least one, of so many slots.
        pub(crate) fn of(store: S, lines: usize, slots: usize) -> Self {
            Self {
                head: CachePadded::new(AtomicUsize::new(0)),
                tail: CachePadded::new(AtomicUsize::new(0)),
                store,
                end: lines << slot_bits(slots),
                below_lap: below_lap(lines),
                items: PhantomData,
                ends: PhantomData,
            }
        }
    }
}

/// How many bits of an index say the slot.
#[inline(always)]
const fn slot_bits(slots: usize) -> u32 {
    if slots == 1 { 0 } else { SLOT_BITS }
}

/// The bits below the lap, in an index of so many lines and in a line's word.
const fn below_lap(lines: usize) -> usize {
    let bits = lines.next_power_of_two().trailing_zeros() + SLOT_BITS;
    (1 << if bits < LAP { LAP } else { bits }) - 1
}

/// Whether index `a` comes before index `b`.
#[inline(always)]
fn is_before(a: usize, b: usize) -> bool {
    a.wrapping_sub(b).cast_signed() < 0
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

/// Calls a method of [`View`], with the number of slots to a line a constant: its arithmetic is shifts then, and nothing at all
/// with one. (A macro, since a closure may not be inlined.)
macro_rules! view {
    ($ring:ident.$method:ident($($argument:expr),*)) => {
        match $ring.store.slots() {
            #[cfg(any(test, loom, shuttle))]
            slots if slots != 1 && slots != store::fit::<T>() => {
                View::new($ring, slots).$method($($argument),*)
            }
            slots if slots == 1 || store::fit::<T>() == 1 => {
                View::new($ring, 1).$method($($argument),*)
            }
            _ => View::new($ring, store::fit::<T>()).$method($($argument),*),
        }
    };
}

/// A ring whose lines have so many slots.
struct View<'a, T, P: Cardinality, C: Cardinality, S: Store<T>> {
    ring: &'a Ring<T, P, C, S>,
    slots: usize,
}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> Clone for View<'_, T, P, C, S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> Copy for View<'_, T, P, C, S> {}

impl<T, P: Cardinality, C: Cardinality, S: Store<T>> Deref for View<'_, T, P, C, S> {
    type Target = Ring<T, P, C, S>;

    #[inline(always)]
    fn deref(&self) -> &Ring<T, P, C, S> {
        self.ring
    }
}

impl<'a, T, P: Cardinality, C: Cardinality, S: Store<T>> View<'a, T, P, C, S> {
    #[inline(always)]
    fn new(ring: &'a Ring<T, P, C, S>, slots: usize) -> Self {
        Self { ring, slots }
    }

    /// From a lap to the next, in an index.
    #[inline(always)]
    fn lap(self) -> usize {
        self.below_lap.wrapping_add(1)
    }

    /// The slot of `index` in its line.
    #[inline(always)]
    fn slot(self, index: usize) -> usize {
        if self.slots == 1 { 0 } else { index & MOST }
    }

    /// The number of the line of `index`.
    #[inline(always)]
    fn line(self, index: usize) -> usize {
        (index & self.below_lap) >> slot_bits(self.slots)
    }

    #[inline(always)]
    fn header(self, index: usize) -> &'a Header {
        // SAFETY: indices come from `nth` and `next_line` alone, which turn at the last line.
        unsafe { self.ring.store.header(self.line(index), self.slots) }
    }

    #[inline(always)]
    fn item(self, index: usize) -> *mut T {
        // SAFETY: as in `header`, and at the last slot.
        unsafe { self.ring.store.item(self.line(index), self.slot(index), self.slots) }
    }

    /// The index `n` places after `index`, on the same line or at the start of the next.
    #[inline(always)]
    fn nth(self, index: usize, n: usize) -> usize {
        if self.slot(index) + n < self.slots { index + n } else { self.next_line(index) }
    }

    #[inline(always)]
    fn next_line(self, index: usize) -> usize {
        let line = if self.slots == 1 { index } else { index | MOST };
        let next = line.wrapping_add(1);
        if next & self.below_lap < self.end {
            next
        } else {
            (index | self.below_lap).wrapping_add(1)
        }
    }

    /// The claim on the slot `n` places after `index`, on any line.
    fn at_far(self, mut index: usize, mut n: usize) -> Claim<T> {
        while n > 0 {
            let here = n.min(self.slots - self.slot(index));
            (n, index) = (n - here, self.nth(index, here));
        }
        self.at(index)
    }

    /// How many places `to` lies after `from`; negative if it lies before.
    #[inline(always)]
    fn distance(self, from: usize, to: usize) -> isize {
        let lap = |index: usize| index & !self.below_lap;
        let laps = lap(to).wrapping_sub(lap(from)).cast_signed() >> self.below_lap.trailing_ones();
        let lines = (self.end >> slot_bits(self.slots)).cast_signed();
        let place = |index: usize| (self.line(index) * self.slots + self.slot(index)).cast_signed();
        laps * lines * self.slots.cast_signed() + place(to) - place(from)
    }

    #[inline(always)]
    fn shape(self) -> Shape {
        Shape { slots: self.slots, below_lap: self.below_lap }
    }

    /// Whether slot `index`, where `tail` is, is vacant; and the word of its line.
    #[inline(always)]
    fn is_vacant(self, index: usize) -> (Look, bool) {
        let look = self.header(index).look();
        // A single slot may be full before `tail` has left it: see `replace`.
        let is_vacant = if self.slots == 1 {
            look.is_fresh(index, self.below_lap)
        } else {
            look.is_now(index, self.below_lap)
        };
        (look, is_vacant)
    }

    /// How many slots from `index` on are full in its lap; and the word of its line.
    #[inline(always)]
    fn full_from(self, index: usize) -> (usize, Look) {
        let look = self.header(index).look();
        let is_now = look.is_now(index, self.below_lap);
        (if is_now { look.full_from(self.slot(index)) } else { 0 }, look)
    }

    /// Whether the queue is full, if the line of `index`, where `tail` is, is not over in the lap before.
    fn is_full_at(self, index: usize) -> bool {
        let behind = self.next_line(index.wrapping_sub(self.lap()));
        // With one slot to a line, none is in reserve: the slot in the hands of a consumer counts.
        let limit = if self.slots == 1 { self.next_line(behind) } else { behind };
        is_before(self.head(), limit)
    }

    /// What a producer does about slot `index`, the next one, which it found not vacant.
    #[cold]
    fn clear_for_push(self, index: usize, look: Look, patience: &Backoff) -> Way {
        match look.stage(index, self.below_lap) {
            Stage::Before => {}
            Stage::Back => {
                self.header(index).come_back(look);
                return Way::Open;
            }
            // Now: a single slot, filled by `replace`.
            Stage::Now | Stage::Spent => return Way::Spent,
        }
        if self.slot(index) != 0 || !C::CLAIMS_FIRST && !look.is_spoilt() && !self.is_full_at(index)
        {
            // We don't see yet what the producer saw that has entered the line; or the only consumer ends it before it
            // moves `head`, and we see the one, not yet the other.
            patience.spin();
        } else if self.is_full_at(index) {
            return Way::Closed;
        } else if Slot::<T>::is_overdue(patience) {
            self.header(index).pass_over(self.shape(), look);
        }
        Way::Open
    }

    /// What a consumer does about slot `index`, the next one, which it found not full.
    #[cold]
    fn clear_for_pop(self, index: usize, look: Look, patience: &Backoff) -> Way {
        let stage = look.stage(index, self.below_lap);
        if stage == Stage::Spent {
            return Way::Spent;
        }
        // If only this slot is claimed, its push is in flight and nothing lies behind it.
        let next = self.nth(index, 1);
        if !P::CLAIMS_FIRST || !is_before(next, self.tail()) {
            return Way::Closed;
        }
        if stage != Stage::Now {
            // We don't see yet what the producer saw that has claimed it.
            patience.spin();
        } else if Slot::<T>::is_overdue(patience) && C::claim(&self.head, index, next) {
            let header = self.header(index);
            if !C::CLAIMS_FIRST {
                header.vacate_before(self.shape(), self.slot(index));
            }
            if !header.spoil(self.slot(index)) {
                return Way::There;
            }
            C::settle(&self.head, next);
            patience.reset();
        }
        Way::Open
    }

    /// Claims up to `max` vacant slots; none if the queue is full.
    #[inline(always)]
    fn claim_to_push(self, max: usize) -> Claims {
        let (patience, race) = (Backoff::new(), Backoff::new());
        loop {
            let first = self.tail();
            // The only producer has looked at a line that it has begun.
            if P::CLAIMS_FIRST || self.slot(first) == 0 {
                let (look, is_vacant) = self.is_vacant(first);
                if !is_vacant {
                    match self.clear_for_push(first, look, &patience) {
                        Way::Spent => {
                            P::pass(&self.tail, first, self.next_line(first));
                            patience.reset();
                        }
                        Way::Closed => return Claims { first, len: 0 },
                        Way::Open | Way::There => {}
                    }
                    continue;
                }
            }
            let (len, next) =
                if max == 1 { (1, self.nth(first, 1)) } else { self.vacant_after(first, max) };
            if P::claim(&self.tail, first, next) {
                return Claims { first, len };
            }
            race.lose();
        }
    }

    /// How many slots from `first` on, where the line is vacant, are vacant, at most `max`; and the index behind them.
    #[inline(always)]
    fn vacant_after(self, first: usize, max: usize) -> (usize, usize) {
        let slots = self.slots;
        let max = self.at_once(max);
        let mut n = max.min(slots - self.slot(first));
        let mut next = self.nth(first, n);
        while n < max && self.is_vacant(next).1 {
            let more = (max - n).min(slots);
            (n, next) = (n + more, self.nth(next, more));
        }
        (n, next)
    }

    /// Claims up to `max` full slots, for the only consumer all of the line; none if the queue is empty.
    #[inline(always)]
    fn claim_to_pop(self, max: usize) -> Claims {
        let (patience, race) = (Backoff::new(), Backoff::new());
        loop {
            let first = self.head();
            let (full, look) = self.full_from(first);
            if full == 0 {
                match self.clear_for_pop(first, look, &patience) {
                    Way::Open => {}
                    Way::There => return Claims { first, len: 1 },
                    Way::Spent => {
                        C::pass(&self.head, first, self.next_line(first));
                        patience.reset();
                    }
                    Way::Closed => return Claims { first, len: 0 },
                }
                continue;
            }
            if !C::CLAIMS_FIRST {
                return Claims { first, len: full };
            }
            let (len, next) =
                if max == 1 { (1, self.nth(first, 1)) } else { self.full_after(first, full, max) };
            if C::claim(&self.head, first, next) {
                return Claims { first, len };
            }
            race.lose();
        }
    }

    /// How many slots from `first` on, at most `max`, are full, of which so many were found; and the index behind them.
    #[inline(always)]
    fn full_after(self, first: usize, full: usize, max: usize) -> (usize, usize) {
        let max = self.at_once(max);
        let mut n = full.min(max);
        let mut next = self.nth(first, n);
        while n < max && self.slot(next) == 0 {
            let more = self.full_from(next).0.min(max - n);
            if more == 0 {
                break;
            }
            (n, next) = (n + more, self.nth(next, more));
        }
        (n, next)
    }

    /// How many of `max` slots are claimed with one step.
    #[inline(always)]
    fn at_once(self, max: usize) -> usize {
        max.min(MOST_AT_ONCE).min(self.capacity().div_ceil(2))
    }

    #[inline(always)]
    fn capacity(self) -> usize {
        (self.end >> slot_bits(self.slots)) * self.slots
    }

    /// The claim on slot `index`.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn at(self, index: usize) -> Claim<T> {
        self.header(index).touch(self.slot(index), 1);
        Claim { item: self.item(index), number: index }
    }

    /// Gives `n` slots of a line from `index` on, claimed by a consumer and emptied, back.
    #[inline(always)]
    fn vacate(self, index: usize, n: usize) {
        let (header, shape) = (self.header(index), self.shape());
        if C::CLAIMS_FIRST {
            header.vacate(shape, self.slot(index), n);
        } else if shape.slots == 1 {
            header.end_alone((index & !self.below_lap).wrapping_add(self.lap()));
        } else if self.slot(index) + n == shape.slots {
            header.vacate_before(shape, shape.slots);
        }
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn vacancy(self) -> Option<Claim<T>> {
        let Claims { first, len } = self.claim_to_push(1);
        if len > 0 { Some(self.at(first)) } else { None }
    }

    #[inline(always)]
    fn put(self, index: usize) -> bool {
        if P::CLAIMS_FIRST {
            return self.header(index).fill(self.slot(index));
        }
        self.publish(index, 1);
        P::settle(&self.tail, self.nth(index, 1));
        true
    }

    fn retract(self, index: usize) {
        let (header, slot) = (self.header(index), self.slot(index));
        // The item has moved out again by now.
        header.touch(slot, 1);
        header.take_back(self.shape(), slot);
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn front(self, known: Option<&mut Known>) -> Option<Claim<T>> {
        let Some(known) = known.filter(|_| self.slots > 1) else {
            let Claims { first, len } = self.claim_to_pop(1);
            return if len > 0 { Some(self.at(first)) } else { None };
        };
        let head = self.head();
        if known.0.wrapping_sub(head).wrapping_sub(1) < MOST {
            return Some(self.at(head));
        }
        let Claims { first, len } = self.claim_to_pop(MOST);
        known.0 = first.wrapping_add(len);
        if len > 0 { Some(self.at(first)) } else { None }
    }

    #[inline(always)]
    fn take(self, index: usize) {
        self.vacate(index, 1);
        C::settle(&self.head, self.nth(index, 1));
    }

    fn len(self) -> usize {
        let head = self.head();
        let inside = self.distance(head, self.tail());
        usize::try_from(inside).unwrap_or(0).min(self.capacity())
    }

    fn is_full(self) -> bool {
        let tail = self.tail();
        self.slot(tail) == 0
            && is_before(self.head(), self.next_line(tail.wrapping_sub(self.lap())))
    }
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
        view!(self.at_far(claims.first, i))
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
        Some(view!(self.at_far(claims.first, i)))
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

    const PUSH_RUN: usize = store::fit::<T>();

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

    const POP_RUN: usize = store::fit::<T>();

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

/// Whether an end can go on at an index.
enum Way {
    /// It may be possible now.
    Open,
    /// To a consumer: it has come, and is the caller's.
    There,
    /// At the next line: this one was used, or passed over.
    Spent,
    /// Not before the other end does something.
    Closed,
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests;
