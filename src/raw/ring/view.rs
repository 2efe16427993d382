//! The ring as one number of slots to a line makes it: where an index leads, and how an end gets its next slots.

use core::ops::Deref;

use super::Ring;
use super::line::{Header, Look, MOST, Shape, Stage, Store};
use super::{Known, is_before, slot_bits};
use crate::backoff::Backoff;
use crate::cardinality::Cardinality;
use crate::raw::{Claim, Claims, MOST_AT_ONCE, is_overdue};

/// A ring whose lines have so many slots.
pub(super) struct View<'a, T, P: Cardinality, C: Cardinality, S: Store<T>> {
    ring: &'a Ring<T, P, C, S>,
    pub(super) slots: usize,
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
    pub(super) fn new(ring: &'a Ring<T, P, C, S>, slots: usize) -> Self {
        Self { ring, slots }
    }

    /// From a lap to the next, in an index.
    #[inline(always)]
    pub(super) fn lap(self) -> usize {
        self.below_lap.wrapping_add(1)
    }

    /// The slot of `index` in its line.
    #[inline(always)]
    pub(super) fn slot(self, index: usize) -> usize {
        if self.slots == 1 { 0 } else { index & MOST }
    }

    /// The number of the line of `index`.
    #[inline(always)]
    fn line(self, index: usize) -> usize {
        (index & self.below_lap) >> slot_bits(self.slots)
    }

    #[inline(always)]
    pub(super) fn header(self, index: usize) -> &'a Header {
        // SAFETY: indices come from `nth` and `next_line` alone, which turn at the last line.
        unsafe { self.ring.store.header(self.line(index), self.slots) }
    }

    #[inline(always)]
    pub(super) fn item(self, index: usize) -> *mut T {
        // SAFETY: as in `header`, and at the last slot.
        unsafe { self.ring.store.item(self.line(index), self.slot(index), self.slots) }
    }

    /// The index `n` places after `index`, on the same line or at the start of the next.
    #[inline(always)]
    pub(super) fn nth(self, index: usize, n: usize) -> usize {
        if self.slot(index) + n < self.slots { index + n } else { self.next_line(index) }
    }

    #[inline(always)]
    pub(super) fn next_line(self, index: usize) -> usize {
        let line = if self.slots == 1 { index } else { index | MOST };
        let next = line.wrapping_add(1);
        if next & self.below_lap < self.end {
            next
        } else {
            (index | self.below_lap).wrapping_add(1)
        }
    }

    /// The claim on the slot `n` places after `index`, on any line.
    pub(super) fn at_far(self, mut index: usize, mut n: usize) -> Claim<T> {
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
    pub(super) fn shape(self) -> Shape {
        Shape { slots: self.slots, below_lap: self.below_lap }
    }

    /// Whether slot `index`, where `tail` is, is vacant; and the word of its line.
    #[inline(always)]
    pub(super) fn is_vacant(self, index: usize) -> (Look, bool) {
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
    pub(super) fn full_from(self, index: usize) -> (usize, Look) {
        let look = self.header(index).look();
        let is_now = look.is_now(index, self.below_lap);
        (if is_now { look.full_from(self.slot(index)) } else { 0 }, look)
    }

    /// Whether the queue is full, if the line of `index`, where `tail` is, is not over in the lap before.
    pub(super) fn is_full_at(self, index: usize) -> bool {
        let behind = self.next_line(index.wrapping_sub(self.lap()));
        // With one slot to a line, none is in reserve: the slot in the hands of a consumer counts.
        let limit = if self.slots == 1 { self.next_line(behind) } else { behind };
        is_before(self.head(), limit)
    }

    /// What a producer does about slot `index`, the next one, which it found not vacant.
    #[cold]
    pub(super) fn clear_for_push(self, index: usize, look: Look, patience: &Backoff) -> Way {
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
        } else if is_overdue::<T>(patience) {
            self.header(index).pass_over(self.shape(), look);
        }
        Way::Open
    }

    /// What a consumer does about slot `index`, the next one, which it found not full.
    #[cold]
    pub(super) fn clear_for_pop(self, index: usize, look: Look, patience: &Backoff) -> Way {
        let stage = look.stage(index, self.below_lap);
        if stage == Stage::Spent {
            return Way::Spent;
        }
        if !P::CLAIMS_FIRST {
            // It isn't there yet. Or another consumer has ended it, while the line goes on; who sees that sees `head` moved.
            return if self.head() == index { Way::Closed } else { Way::Open };
        }
        // If only this slot is claimed, its push is in flight and nothing lies behind it. (Or it was ended: the same.)
        let next = self.nth(index, 1);
        if !is_before(next, self.tail()) {
            return Way::Closed;
        }
        if stage != Stage::Now {
            // We don't see yet what the producer saw that has claimed it.
            patience.spin();
        } else if is_overdue::<T>(patience) && C::claim(&self.head, index, next) {
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
    pub(super) fn claim_to_push(self, max: usize) -> Claims {
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
    pub(super) fn claim_to_pop(self, max: usize) -> Claims {
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
    pub(super) fn capacity(self) -> usize {
        (self.end >> slot_bits(self.slots)) * self.slots
    }

    /// The claim on slot `index`.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(super) fn at(self, index: usize) -> Claim<T> {
        self.header(index).touch(self.slot(index), 1);
        Claim { item: self.item(index), number: index }
    }

    /// Gives `n` slots of a line from `index` on, claimed by a consumer and emptied, back.
    #[inline(always)]
    pub(super) fn vacate(self, index: usize, n: usize) {
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
    pub(super) fn vacancy(self) -> Option<Claim<T>> {
        let Claims { first, len } = self.claim_to_push(1);
        if len > 0 { Some(self.at(first)) } else { None }
    }

    #[inline(always)]
    pub(super) fn put(self, index: usize) -> bool {
        if P::CLAIMS_FIRST {
            return self.header(index).fill(self.slot(index));
        }
        self.publish(index, 1);
        P::settle(&self.tail, self.nth(index, 1));
        true
    }

    pub(super) fn retract(self, index: usize) {
        let (header, slot) = (self.header(index), self.slot(index));
        // The item has moved out again by now.
        header.touch(slot, 1);
        header.take_back(self.shape(), slot);
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(super) fn front(self, known: Option<&mut Known>) -> Option<Claim<T>> {
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
    pub(super) fn take(self, index: usize) {
        self.vacate(index, 1);
        C::settle(&self.head, self.nth(index, 1));
    }

    pub(super) fn len(self) -> usize {
        let head = self.head();
        let inside = self.distance(head, self.tail());
        usize::try_from(inside).unwrap_or(0).min(self.capacity())
    }

    pub(super) fn is_full(self) -> bool {
        let tail = self.tail();
        self.slot(tail) == 0
            && is_before(self.head(), self.next_line(tail.wrapping_sub(self.lap())))
    }
}

/// Whether an end can go on at an index.
pub(super) enum Way {
    /// It may be possible now.
    Open,
    /// To a consumer: it has come, and is the caller's.
    There,
    /// At the next line: this one was used, or passed over.
    Spent,
    /// Not before the other end does something.
    Closed,
}
