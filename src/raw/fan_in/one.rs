//! The end of the consumer.

use super::line::{Header, Link, Stage};
use super::{FanIn, NONE};
use crate::backoff::Backoff;
use crate::raw::grid::{MOST, OnGrid, View, is_before};
use crate::raw::{Claim, Place, Run, is_overdue};

impl<'a, T> View<'a, FanIn<T>> {
    /// How many slots from `index` on are full in its lap, to the end of the line.
    #[inline(always)]
    fn full_from(self, index: usize) -> usize {
        let (header, first) = (self.header(index), self.slot(index));
        if !header.own().is_now(index, self.grid) {
            return 0;
        }
        let mut slot = first;
        while slot < self.slots && header.is_full(slot) {
            slot += 1;
        }
        slot - first
    }

    /// Whether slot `head` comes next, at the first look.
    #[inline(always)]
    fn is_next(self, head: usize) -> bool {
        let end = &self.queue.end;
        if head != end.decided() {
            return true;
        }
        let n = if end.skipped() == 0 { self.full_from(head) } else { 0 };
        end.decide(self.nth(head, n));
        n > 0
    }

    /// The slot that comes next, after a first look, or if slots are skipped: `head`, wherever that is then, or a
    /// skipped one; or [`NONE`].
    #[inline(always)]
    pub(super) fn decide(self) -> usize {
        let end = &self.queue.end;
        if end.chosen() != NONE {
            return end.chosen();
        }
        let (tail, patience) = (self.queue.tail(), Backoff::new());
        let n = loop {
            let n = self.full_from(end.head());
            if n > 0 || !self.clear(tail, &patience) {
                break n;
            }
        };
        let head = end.head();
        end.decide(head);
        // Not before: see the head of `fan_in`.
        if let Some(skipped) = self.find_skipped() {
            end.choose(skipped);
            return skipped;
        }
        end.decide(self.nth(head, n));
        if n > 0 { head } else { NONE }
    }

    /// What the consumer does about slot `head`, which is not full: takes it out of the way, in time. False if nothing
    /// lies behind it, before `tail`.
    fn clear(self, tail: usize, patience: &Backoff) -> bool {
        let head = self.queue.end.head();
        let header = self.header(head);
        let look = header.own();
        let stage = look.stage(head, self.grid);
        debug_assert!(stage != Stage::Before, "the consumer left it for this lap");
        if stage == Stage::Spent {
            if !is_before(head, tail) {
                return false;
            }
            if look.is_out() {
                header.pass(self.grid);
            }
            self.queue.end.go_to(self.next_line(head));
        } else {
            // If only this slot is claimed, its push is in flight.
            if !is_before(self.nth(head, 1), tail) {
                return false;
            }
            if !is_overdue(patience, size_of::<T>(), 0) {
                return true;
            }
            header.skip(self.slot(head));
            self.queue.end.set_skipped(self.queue.end.skipped() + 1);
            self.leave(head, 1);
            self.queue.end.go_to(self.nth(head, 1));
        }
        patience.reset();
        true
    }

    /// The first slot of those skipped that is full, looked at after all behind it.
    pub(super) fn find_skipped(self) -> Option<usize> {
        let head = self.queue.end.head();
        let mut found = None;
        if self.slot(head) != 0 {
            let slot = self.header(head).first_to_take();
            found = slot.map(|slot| (self.line(head), slot));
        }
        let mut link = self.queue.end.out();
        while let Some(line) = link.line() {
            let header = self.header_of(line);
            if let Some(slot) = header.first_to_take() {
                found = Some((line, slot));
            }
            link = header.own().link(self.grid);
        }
        let (line, slot) = found?;
        // Of the lap before, whichever it was skipped in: so that it lies before `head`, also after many laps.
        Some(self.lap_of(head).wrapping_sub(self.lap()) | self.index_of(line, slot))
    }

    /// The header of a line that is out, as a link says.
    fn header_of(self, line: usize) -> &'a Header {
        self.header(self.index_of(line, 0))
    }

    /// Leaves `n` slots of a line from `index` on, taken or skipped, behind; and the line, if these are the last.
    #[inline(always)]
    fn leave(self, index: usize, n: usize) {
        if self.slot(index) + n < self.slots {
            return;
        }
        let header = self.header(index);
        if header.skipped() == 0 {
            header.vacate(index, self.grid);
        } else {
            self.queue.put_out(index);
        }
    }

    /// Puts the line out that `head` is about to leave.
    pub(super) fn put_out(self, index: usize) {
        self.header(index).put_out(index, self.queue.end.out(), self.grid);
        self.queue.end.set_out(Link::to(self.line(index)));
    }

    /// Takes the skipped slot that was chosen.
    pub(super) fn take_skipped(self, number: usize) {
        let end = &self.queue.end;
        debug_assert_eq!(number, end.chosen());
        end.choose(NONE);
        end.set_skipped(end.skipped() - 1);
        let header = self.header(number);
        let is_last = header.unskip(self.slot(number));
        if is_last && header.own().is_out() {
            self.unlink(self.line(number));
            header.come_back(self.grid);
        }
    }

    /// Takes a line, which is out, off the list of those.
    fn unlink(self, line: usize) {
        let after = self.header_of(line).own().link(self.grid);
        let mut link = self.queue.end.out();
        if link == Link::to(line) {
            self.queue.end.set_out(after);
            return;
        }
        while let Some(other) = link.line() {
            let header = self.header_of(other);
            link = header.own().link(self.grid);
            if link == Link::to(line) {
                header.relink(after, self.grid);
                return;
            }
        }
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(super) fn front(self) -> Option<Claim<T>> {
        let head = self.queue.end.head();
        if self.is_next(head) {
            return Some(self.at(head));
        }
        match self.queue.decide() {
            NONE => None,
            index => Some(self.at(index)),
        }
    }

    #[inline(always)]
    pub(super) fn take(self, index: usize) {
        if index == self.queue.end.head() {
            self.leave(index, 1);
            self.queue.end.go_to(self.nth(index, 1));
        } else {
            self.queue.take_skipped(index);
        }
    }

    /// A walk ends behind a skipped slot that comes next, and before a line that is stepped over: those are dealt with
    /// at `head`.
    #[inline(always)]
    pub(super) fn filled_from(self, place: &mut Place<usize>, max: usize) -> Run<T> {
        if max == 0 {
            return Run::NONE;
        }
        let end = &self.queue.end;
        let mut index = place.next;
        if index != end.head() {
            if index == end.decided() && !self.decide_more() {
                return Run::NONE;
            }
        } else if place.last == end.chosen() {
            return Run::NONE;
        } else if !self.is_next(index) {
            index = self.queue.decide();
            if index == NONE {
                return Run::NONE;
            }
            if index != end.head() {
                place.walk_over(index, end.head());
                self.header(index).show(self.slot(index), 1);
                return Run { start: self.item(index), len: 1 };
            }
        }
        let (slot, decided) = (self.slot(index), end.decided());
        let is_same_line = self.slots > 1 && decided ^ index <= MOST;
        let behind = if is_same_line { self.slot(decided) } else { self.slots };
        let len = max.min(behind - slot);
        place.walk_over(index, self.nth(index, len));
        self.header(index).show(slot, len);
        Run { start: self.item(index), len }
    }

    /// Decides that what is full behind all that is decided comes next, unless a skipped slot does.
    #[inline(always)]
    fn decide_more(self) -> bool {
        let end = &self.queue.end;
        let decided = end.decided();
        let n = self.full_from(decided);
        if n == 0 || end.skipped() > 0 && self.queue.has_skipped() {
            return false;
        }
        end.decide(self.nth(decided, n));
        true
    }

    /// Gives the `n` slots that `place` has just walked over back.
    #[inline(always)]
    pub(super) fn release(self, place: &Place<usize>, n: usize) {
        // What was shown is moved, or dropped, by now.
        self.touch(place.last, n);
        if place.last == self.queue.end.head() {
            self.leave(place.last, n);
        } else {
            self.queue.take_skipped(place.last);
        }
    }
}
