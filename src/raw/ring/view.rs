//! How an end gets its next slots.

use super::Ring;
use super::line::{Header, Look, Stage};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many};
use crate::raw::grid::{OnGrid, Store, View, Way, is_before};
use crate::raw::is_overdue;

impl<T, S: Store<T, Header = Header>> View<'_, Ring<T, S>> {
    /// How many slots from `index` on, where `tail` is, are vacant; or the word of their line.
    #[inline(always)]
    pub(super) fn vacant_from(self, index: usize) -> Result<usize, Look> {
        let look = self.header(index).look();
        // A single slot may be full before `tail` has left it: see `replace`.
        let is_vacant = if self.slots == 1 {
            look.is_fresh(index, self.below_lap)
        } else {
            look.is_now(index, self.below_lap)
        };
        if is_vacant { Ok(self.slots - self.slot(index)) } else { Err(look) }
    }

    /// How many slots from `index` on are full in its lap; or the word of their line.
    #[inline(always)]
    pub(super) fn full_from(self, index: usize) -> Result<usize, Look> {
        let look = self.header(index).look();
        let is_now = look.is_now(index, self.below_lap);
        match if is_now { look.full_from(self.slot(index)) } else { 0 } {
            0 => Err(look),
            n => Ok(n),
        }
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
        if is_overdue(patience, size_of::<T>(), 0) {
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
        } else if is_overdue(patience, size_of::<T>(), 0)
            && Many::claim(&self.queue.head, index, next)
            && !self.header(index).spoil(self.slot(index))
        {
            return Way::There;
        }
        Way::Open
    }
}
