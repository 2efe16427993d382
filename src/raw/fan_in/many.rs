//! The end of the producers.
//!
//! Edges: F6 with F7 (who moved `tail` had seen more of the lines).

use super::View;
use super::line::{Look, Stage};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many};
use crate::raw::{Claim, Claims, Feed};
use crate::sync::{Ordering, fence};

impl<T> View<'_, T> {
    /// Where the line of `tail` is, not vacant at the first look, seen from the lap of `index`, where `tail` was.
    pub(super) fn stage(self, index: usize, look: Look) -> Stage {
        let stage = look.stage(index, self.grid);
        if stage != Stage::Before {
            return stage;
        }
        // ORDERING: (F7) Acquire, pairs with (F6): who moved `tail` to `index` had seen the line as it was then.
        fence(Ordering::Acquire);
        self.header(index).look().stage(index, self.grid)
    }

    /// Claims up to `max` vacant slots; none if the queue is full.
    #[inline(always)]
    pub(super) fn claim(self, max: usize) -> Claims {
        let (tail, race) = (&self.queue.tail, Backoff::new());
        loop {
            let first = self.queue.tail();
            let look = self.header(first).look();
            if !look.is_now(first, self.grid) {
                match self.queue.stage(first, look) {
                    Stage::Now => {}
                    Stage::Before => return Claims { first, len: 0 },
                    Stage::Spent => {
                        Many::pass(tail, first, self.grid.next_line(first));
                        continue;
                    }
                }
            }
            let here = self.grid.slots - self.grid.slot(first);
            let is_vacant = |line| self.header(line).look().is_now(line, self.grid);
            let on = |line| if is_vacant(line) { self.grid.slots } else { 0 };
            let (len, next) = self.grid.claimed(first, here, max, on);
            // ORDERING: (F6) Release, pairs with (F7): what we saw of lines goes with the index.
            if tail.compare_exchange_weak(first, next, Ordering::Release, Ordering::Relaxed).is_ok()
            {
                return Claims { first, len };
            }
            race.lose();
        }
    }

    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(super) fn vacancy(self) -> Option<Claim<T>> {
        let Claims { first, len } = self.claim(1);
        if len > 0 { Some(self.at(first)) } else { None }
    }

    #[inline(always)]
    pub(super) fn put(self, index: usize) {
        self.header(index).fill(self.grid.slot(index));
    }

    /// The claim number `i` of several.
    pub(super) fn nth_claim(self, claims: &Claims, i: usize) -> Claim<T> {
        self.at(self.grid.nth_far(claims.first, i))
    }

    /// Fills all of the claims.
    #[inline(always)]
    pub(super) fn fill(self, claims: &Claims, feed: &mut impl Feed<T>) {
        let (mut index, mut left) = (claims.first, claims.len);
        while left > 0 {
            let first = self.grid.slot(index);
            let n = left.min(self.grid.slots - first);
            let (header, items) = (self.header(index), self.item(index).wrapping_sub(first));
            header.touch(first, n);
            for slot in first..first + n {
                // SAFETY: a slot of the line, claimed and vacant.
                unsafe { items.add(slot).write(feed.next()) };
                header.fill(slot);
            }
            (left, index) = (left - n, self.grid.nth(index, n));
        }
    }

    pub(super) fn is_full(self) -> bool {
        let mut index = self.queue.tail();
        // Beyond a lap nothing changes but by others.
        for _ in 0..self.grid.capacity() {
            match self.stage(index, self.header(index).look()) {
                Stage::Now => return false,
                Stage::Before => return true,
                Stage::Spent => index = self.grid.next_line(index),
            }
        }
        true
    }
}
