//! Several slots at once.

use super::Ring;
use super::line::{self, Header};
use crate::cardinality::{Cardinality, Many};
use crate::raw::grid::{Header as _, ManyPop, ManyPush, OnGrid, Store, View};
use crate::raw::{Claims, Feed, Refused};

// SAFETY: `claim` hands out each index once.
unsafe impl<T, S: Store<T, Header = Header>> ManyPush for Ring<T, S> {
    #[inline(always)]
    fn claim_to_push(view: View<'_, Self>, max: usize) -> Claims {
        let tail = (&*view.queue.tail, Self::tail);
        view.claim(tail, max, View::vacant_from, View::clear_for_push)
    }

    #[inline(always)]
    fn fill(view: View<'_, Self>, claims: &Claims, feed: &mut impl Feed<T>) -> usize {
        let mut done = 0;
        for (index, n) in view.runs(claims.first, claims.len) {
            let (header, first) = (view.header(index), view.slot(index));
            let items = view.touch(index, n).wrapping_sub(first);
            for i in first..first + n {
                // SAFETY: a slot of the line, claimed and vacant.
                unsafe { items.add(i).write(feed.next()) };
            }
            if n == 1 {
                // Without a look before, which may cost a miss of its own.
                if header.fill(first) {
                    done += 1;
                } else {
                    header.touch(first, 1);
                    // SAFETY: spoilt, and so still this thread's.
                    feed.back(unsafe { items.add(first).read() });
                    header.take_back(view.grid, first);
                }
                continue;
            }
            let full = header.fill_all(view.grid, line::bits(first, n), |from, to| {
                // SAFETY: these are claimed and not full, and so this thread's; `to` are some of `from`, with an item in each.
                unsafe { move_up(header, items, from, to, feed) };
            });
            done += full.count_ones() as usize;
        }
        done
    }
}

/// Moves the items in slots `from` of a line to slots `to`, in order; what finds no room goes back to the feed.
///
/// # Safety
/// The slots of `from` hold an item each, and are the caller's; those of `to` are among them.
#[cold]
unsafe fn move_up<T>(
    header: &Header,
    items: *mut T,
    mut from: usize,
    mut to: usize,
    feed: &mut impl Feed<T>,
) {
    // From the last on, so that a place is read before it is written.
    while from != 0 {
        let last = from.ilog2() as usize;
        header.touch(last, 1);
        // SAFETY: it holds an item that has not moved yet.
        let item = unsafe { items.add(last).read() };
        if from.count_ones() > to.count_ones() {
            feed.back(item);
        } else {
            let place = to.ilog2() as usize;
            header.touch(place, 1);
            // SAFETY: the item there has moved: it is not before that one.
            unsafe { items.add(place).write(item) };
            to &= !(1 << place);
        }
        from &= !(1 << last);
    }
}

impl<T, S: Store<T, Header = Header>> View<'_, Ring<T, S>> {
    /// See [`Overwrite`](crate::raw::Overwrite).
    pub(super) fn replace(self, item: T) -> Result<T, Refused<T>> {
        let tail = self.queue.tail();
        if self.slot(tail) != 0 || !self.is_full_at(self.queue.head(), tail) {
            return Err(Refused { item, oldest: None });
        }
        let Claims { first, len: 1.. } = Ring::claim_to_pop(self, 1) else {
            return Err(Refused { item, oldest: None });
        };
        let (header, place) = (self.header(first), self.touch(first, 1));
        // SAFETY: full, and in hand.
        let evicted = unsafe { place.read() };
        // The same slot, a lap later. Only if that is the next to be pushed to, or the item would overtake others. With several
        // to a line the slot is not vacant before all others have ended.
        let index = first.wrapping_add(self.lap());
        // Nobody can claim it while the slot is in hand; if it is passed over, the refill fails.
        if self.slots > 1 || self.queue.tail() != index {
            Ring::vacate(self, first, 1);
            return Err(Refused { item, oldest: Some(evicted) });
        }
        // SAFETY: as above.
        unsafe { place.write(item) };
        if header.refill(self.grid) {
            Many::pass(&self.queue.tail, index, self.next_line(index));
            return Ok(evicted);
        }
        // SAFETY: still in hand, and written just now.
        let item = unsafe { place.read() };
        Ring::vacate(self, first, 1);
        Err(Refused { item, oldest: Some(evicted) })
    }
}
