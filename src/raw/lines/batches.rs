//! Several items at once: walks over runs of slots, line by line.

use super::super::{PopRuns, PushRuns, Run, copy_run};
use super::{LineQueue, Lines, PopSeat, PushSeat, Spot, Store};
use crate::sync::{Ordering, prefetch_write};

/// Before slot `number` of a line whose first slot has index `start`, on a walk of which `left` slots of the lap are left, at
/// most.
#[derive(Debug)]
pub struct Place<T, P> {
    at: Spot<T, P>,
    number: usize,
    start: usize,
    left: usize,
}

impl<T, P: Copy> Clone for Place<T, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, P: Copy> Copy for Place<T, P> {}

impl<T, S: Store<T>> LineQueue<T, S> {
    /// Moves `place` from the end of its line to `next`, the line after.
    #[inline(always)]
    fn walk_on(&self, place: &mut Place<T, S::Part>, next: Spot<T, S::Part>) {
        (place.at, place.number) = (next, 0);
        place.start = place.start.wrapping_add(self.items);
    }

    /// The run of `len` slots from `place` on, which moves behind it.
    #[inline(always)]
    fn run(place: &mut Place<T, S::Part>, len: usize) -> Run<T> {
        let start = place.at.line.slots().wrapping_add(place.number);
        place.number += len;
        place.left -= len;
        Run { start, len }
    }

    /// Asks for the line after the producer's next.
    #[inline(always)]
    fn fetch_for_writing(&self, next: Spot<T, S::Part>) {
        prefetch_write(next.line.slots().wrapping_byte_add(self.store.stride()));
    }

    /// The line that the consumer comes to after `at`, if there is one, or an item is in it.
    #[inline(always)]
    fn next_to_empty(&self, at: Spot<T, S::Part>) -> Option<Spot<T, S::Part>> {
        self.store.to_empty(at).or_else(|| self.turn(at))
    }
}

// SAFETY: a vacant run lies between the producer's slot and the end of a vacant line, and is the producer's until it is
// published. A walk doesn't meet its own slots: it ends after a lap, and if it begins within a line, before that line, which
// can't become vacant before it is full.
unsafe impl<T, S: Store<T>> PushRuns for LineQueue<T, S> {
    type PushPlace = Place<T, S::Part>;

    const PUSH_RUN: usize = Lines::<T>::FIT;

    #[inline(always)]
    fn producer_place(&self, seat: &PushSeat<T, S::Part>) -> Place<T, S::Part> {
        let PushSeat { at, number, start } = *seat;
        Place { at, number, start, left: self.store.capacity() }
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<T, S::Part>, max: usize) -> Run<T> {
        if place.number == self.items && place.left > 0 {
            let next = self.store.to_fill(place.at);
            if self.is_vacant(next.line) {
                self.walk_on(place, next);
                self.fetch_for_writing(next);
            }
        }
        let len = max.min(self.items - place.number).min(place.left);
        (0..len).for_each(|i| self.header(place.at.line).shadow.write(place.number + i));
        Self::run(place, len)
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &mut Place<T, S::Part>, _behind: usize) {
        self.show(place.at.line, place.number);
    }

    #[inline(always)]
    unsafe fn settle_push(&self, seat: &mut PushSeat<T, S::Part>, place: &Place<T, S::Part>) {
        let Place { at, number, start, .. } = *place;
        *seat = PushSeat { at, number, start };
    }

    // By hand, since the walk of a place costs more instructions than the copy: measured in `docs/spsc.md`.
    #[inline(always)]
    unsafe fn copy_in(
        &self,
        seat: &mut PushSeat<T, S::Part>,
        mut from: *const T,
        n: usize,
    ) -> usize {
        let PushSeat { mut at, mut number, start } = *seat;
        let mut left = n;
        while left > 0 {
            if number == self.items {
                let next = self.store.to_fill(at);
                if !self.is_vacant(next.line) {
                    break;
                }
                (at, number) = (next, 0);
                self.fetch_for_writing(next);
            }
            let len = left.min(self.items - number);
            (0..len).for_each(|i| self.header(at.line).shadow.write(number + i));
            // SAFETY: `len` vacant slots of a line, and as many of the `left` items.
            unsafe { copy_run(from, at.line.slots().wrapping_add(number), len, Self::PUSH_RUN) };
            number += len;
            self.show(at.line, number);
            from = from.wrapping_add(len);
            left -= len;
        }
        let start = start.wrapping_add(seat.number).wrapping_add(n - left).wrapping_sub(number);
        *seat = PushSeat { at, number, start };
        n - left
    }
}

// SAFETY: a filled run lies between the consumer's slot and the count of its line, and is the consumer's until it is
// released. A walk doesn't meet its own slots: it ends after a lap, counted from the first slot of its line.
unsafe impl<T, S: Store<T>> PopRuns for LineQueue<T, S> {
    type PopPlace = Place<T, S::Part>;

    const POP_RUN: usize = Lines::<T>::FIT;

    #[inline(always)]
    fn consumer_place(&self, seat: &PopSeat<T, S::Part>) -> Place<T, S::Part> {
        let number = self.number(seat);
        Place { at: seat.at, number, start: seat.start, left: self.store.capacity() - number }
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<T, S::Part>, max: usize) -> Run<T> {
        if place.number == self.items && place.left > 0 {
            if let Some(next) = self.next_to_empty(place.at) {
                self.walk_on(place, next);
                self.fetch_ahead(next.line);
            }
        }
        let len =
            if place.left > 0 { (self.filled(place.at.line) - place.number).min(max) } else { 0 };
        (0..len).for_each(|i| self.header(place.at.line).shadow.read(place.number + i));
        Self::run(place, len)
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<T, S::Part>, n: usize) {
        (0..n).for_each(|i| self.header(place.at.line).shadow.write(place.number - n + i));
        if place.number == self.items && self.store.to_empty(place.at).is_some() {
            self.vacate(place.at.line);
        }
    }

    #[inline(always)]
    unsafe fn settle_pop(&self, seat: &mut PopSeat<T, S::Part>, place: &Place<T, S::Part>) {
        let Place { mut at, number, mut start, .. } = *place;
        let mut ready = number;
        if number == self.items {
            if let Some(next) = self.store.to_empty(at) {
                (at, ready) = (next, 0);
                start = start.wrapping_add(number);
            }
        }
        if self.counted() {
            // Relaxed: to others only a count.
            self.popped.store(start.wrapping_add(ready), Ordering::Relaxed);
        } else {
            start = 0;
        }
        let from = seat.at.part;
        *seat = PopSeat { at, start, ready };
        self.store.leave(from, at.part);
    }

    // By hand, as `copy_in`.
    #[inline(always)]
    unsafe fn move_out(&self, seat: &mut PopSeat<T, S::Part>, mut to: *mut T, n: usize) -> usize {
        let (mut at, mut number, mut left) = (seat.at, self.number(seat), n);
        let before = seat.start.wrapping_add(number);
        while left > 0 {
            if S::ENDLESS && number == self.items {
                let Some(next) = self.turn(at) else { break };
                self.store.leave(at.part, next.part);
                (at, number) = (next, 0);
            }
            let len = left.min(self.filled(at.line) - number);
            (0..len).for_each(|i| self.header(at.line).shadow.write(number + i));
            // SAFETY: `len` filled slots of a line, and room for `left` items.
            unsafe { copy_run(at.line.slots().wrapping_add(number), to, len, Self::POP_RUN) };
            number += len;
            to = to.wrapping_add(len);
            left -= len;
            if number < self.items {
                break;
            }
            let Some(next) = self.store.to_empty(at) else { continue };
            self.vacate(at.line);
            (at, number) = (next, 0);
            self.fetch_ahead(at.line);
        }
        let (mut start, mut ready) = (0, 0);
        if self.counted() {
            let popped = before.wrapping_add(n - left);
            // Relaxed: to others only a count.
            self.popped.store(popped, Ordering::Relaxed);
            (start, ready) = (popped.wrapping_sub(number), number);
        }
        *seat = PopSeat { at, start, ready };
        n - left
    }
}
