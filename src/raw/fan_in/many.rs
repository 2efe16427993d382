//! The end of the producers.
//!
//! Edges: F6 with F7 (who moved `tail` had seen more of the lines).

use super::FanIn;
use super::line::{Look, Stage};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many};
use crate::raw::grid::{ManyPush, OnGrid, View};
use crate::raw::{Claims, Feed};
use crate::sync::{Ordering, fence};

impl<T> View<'_, FanIn<T>> {
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

    pub(super) fn is_full(self) -> bool {
        let mut index = self.queue.tail();
        // Beyond a lap nothing changes but by others.
        for _ in 0..self.capacity() {
            match self.stage(index, self.header(index).look()) {
                Stage::Now => return false,
                Stage::Before => return true,
                Stage::Spent => index = self.next_line(index),
            }
        }
        true
    }
}

// SAFETY: `claim_to_push` hands out each index once.
unsafe impl<T> ManyPush for FanIn<T> {
    #[inline(always)]
    fn claim_to_push(view: View<'_, Self>, max: usize) -> Claims {
        let (tail, race) = (&view.queue.tail, Backoff::new());
        loop {
            let first = view.queue.tail();
            let look = view.header(first).look();
            if !look.is_now(first, view.grid) {
                match view.queue.stage(first, look) {
                    Stage::Now => {}
                    Stage::Before => return Claims { first, len: 0 },
                    Stage::Spent => {
                        Many::pass(tail, first, view.next_line(first));
                        continue;
                    }
                }
            }
            let here = view.slots - view.slot(first);
            let is_vacant = |line| view.header(line).look().is_now(line, view.grid);
            let on = |line| if is_vacant(line) { view.slots } else { 0 };
            let (len, next) = view.claimed(first, here, max, on);
            // ORDERING: (F6) Release, pairs with (F7): what we saw of lines goes with the index.
            if tail.compare_exchange_weak(first, next, Ordering::Release, Ordering::Relaxed).is_ok()
            {
                return Claims { first, len };
            }
            race.lose();
        }
    }

    #[inline(always)]
    fn fill(view: View<'_, Self>, claims: &Claims, feed: &mut impl Feed<T>) -> usize {
        for (index, n) in view.runs(claims.first, claims.len) {
            let (header, first) = (view.header(index), view.slot(index));
            let items = view.touch(index, n).wrapping_sub(first);
            for slot in first..first + n {
                // SAFETY: a slot of the line, claimed and vacant.
                unsafe { items.add(slot).write(feed.next()) };
                header.fill(slot);
            }
        }
        claims.len
    }
}
