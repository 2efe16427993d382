//! How an end gets its next slots.

use core::cell::Cell;

use super::Ring;
use super::line::{Header, Look, Stage};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many};
use crate::raw::grid::{Store, View, Way, is_before};
use crate::raw::{Claims, is_overdue};

/// For whoever is late at an index: it is not carried on to the next.
#[derive(Default)]
struct Patience {
    index: Cell<usize>,
    steps: Backoff,
}

impl Patience {
    fn at(&self, index: usize) -> &Backoff {
        if self.index.replace(index) != index {
            self.steps.reset();
        }
        &self.steps
    }
}

impl<T, S: Store<T, Header = Header>> View<'_, Ring<T, S>> {
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
        debug_assert!(self.slot(index) == 0, "who moved `tail` into a line had seen it of its lap");
        if self.is_full_at(self.queue.head(), index) {
            return Way::Closed;
        }
        if is_overdue::<T>(patience) {
            self.header(index).pass_over(self.grid, look);
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
        // If only this slot is claimed, its push is in flight and nothing lies behind it.
        let next = self.nth(index, 1);
        if !is_before(next, self.queue.tail()) {
            return Way::Closed;
        }
        if stage != Stage::Now {
            // It was not before we looked, and is by now, or `tail` would not lie behind it.
            patience.spin();
        } else if is_overdue::<T>(patience)
            && Many::claim(&self.queue.head, index, next)
            && !self.header(index).spoil(self.slot(index))
        {
            return Way::There;
        }
        Way::Open
    }

    /// Claims up to `max` vacant slots; none if the queue is full.
    #[inline(always)]
    pub(super) fn claim_to_push(self, max: usize) -> Claims {
        let (patience, race) = (Patience::default(), Backoff::new());
        loop {
            let first = self.queue.tail();
            let (look, is_vacant) = self.is_vacant(first);
            if !is_vacant {
                match self.clear_for_push(first, look, patience.at(first)) {
                    Way::Spent => Many::pass(&self.queue.tail, first, self.next_line(first)),
                    Way::Closed => return Claims { first, len: 0 },
                    Way::Open | Way::There => {}
                }
                continue;
            }
            let here = self.slots - self.slot(first);
            let on = |line| if self.is_vacant(line).1 { self.slots } else { 0 };
            let (len, next) = self.claimed(first, here, max, on);
            if Many::claim(&self.queue.tail, first, next) {
                return Claims { first, len };
            }
            race.lose();
        }
    }

    /// Claims up to `max` full slots; none if the queue is empty.
    #[inline(always)]
    pub(super) fn claim_to_pop(self, max: usize) -> Claims {
        let (patience, race) = (Patience::default(), Backoff::new());
        loop {
            let first = self.queue.head();
            let (full, look) = self.full_from(first);
            if full == 0 {
                match self.clear_for_pop(first, look, patience.at(first)) {
                    Way::Open => {}
                    Way::There => return Claims { first, len: 1 },
                    Way::Spent => Many::pass(&self.queue.head, first, self.next_line(first)),
                    Way::Closed => return Claims { first, len: 0 },
                }
                continue;
            }
            let (len, next) = self.claimed(first, full, max, |line| self.full_from(line).0);
            if Many::claim(&self.queue.head, first, next) {
                return Claims { first, len };
            }
            race.lose();
        }
    }
}
