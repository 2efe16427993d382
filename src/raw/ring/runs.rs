//! Several slots at once.

use super::line::{self, Header, Store};
use super::view::View;
use crate::cardinality::{Cardinality, Many};
use crate::raw::{Claims, Feed, Refused, copy_run};

/// What many do with what they have claimed.
impl<T, S: Store<T>> View<'_, T, S> {
    #[inline(always)]
    pub(super) fn fill(self, claims: &Claims, feed: &mut impl Feed<T>) -> usize {
        let (mut index, mut left, mut done) = (claims.first, claims.len, 0);
        while left > 0 {
            let first = self.slot(index);
            let n = left.min(self.slots - first);
            let (header, items) = (self.header(index), self.item(index).wrapping_sub(first));
            header.touch(first, n);
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
                    header.take_back(self.grid, first);
                }
                (left, index) = (left - 1, self.nth(index, 1));
                continue;
            }
            let full = header.fill_all(self.grid, line::bits(first, n), |from, to| {
                // SAFETY: these are claimed and not full, and so this thread's; `to` are some of `from`, with an item in each.
                unsafe { move_up(header, items, from, to, feed) };
            });
            done += full.count_ones() as usize;
            (left, index) = (left - n, self.nth(index, n));
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

impl<T, S: Store<T>> View<'_, T, S> {
    /// Moves the items of all claims to `to`.
    ///
    /// # Safety
    /// They are the caller's, and there is room.
    #[inline(always)]
    pub(super) unsafe fn empty(self, claims: &Claims, mut to: *mut T) {
        let (mut index, mut left) = (claims.first, claims.len);
        while left > 0 {
            let n = left.min(self.slots - self.slot(index));
            self.header(index).touch(self.slot(index), n);
            // SAFETY: slots of one line, full and claimed, and room for `left` items.
            unsafe { copy_run(self.item(index), to, n, self.slots) };
            to = to.wrapping_add(n);
            self.vacate(index, n);
            (left, index) = (left - n, self.nth(index, n));
        }
    }

    /// See [`Overwrite`](crate::raw::Overwrite).
    pub(super) fn replace(self, item: T) -> Result<T, Refused<T>> {
        let tail = self.ring.tail();
        if self.slot(tail) != 0 || !self.is_full_at(self.ring.head(), tail) {
            return Err(Refused { item, oldest: None });
        }
        let Claims { first, len: 1.. } = self.claim_to_pop(1) else {
            return Err(Refused { item, oldest: None });
        };
        let header = self.header(first);
        header.touch(self.slot(first), 1);
        let place = self.item(first);
        // SAFETY: full, and in hand.
        let evicted = unsafe { place.read() };
        // The same slot, a lap later. Only if that is the next to be pushed to, or the item would overtake others. With several
        // to a line the slot is not vacant before all others have ended.
        let index = first.wrapping_add(self.lap());
        // Nobody can claim it while the slot is in hand; if it is passed over, the refill fails.
        if self.slots > 1 || self.ring.tail() != index {
            self.vacate(first, 1);
            return Err(Refused { item, oldest: Some(evicted) });
        }
        // SAFETY: as above.
        unsafe { place.write(item) };
        if header.refill(self.grid) {
            Many::pass(&self.ring.tail, index, self.next_line(index));
            return Ok(evicted);
        }
        // SAFETY: still in hand, and written just now.
        let item = unsafe { place.read() };
        self.vacate(first, 1);
        Err(Refused { item, oldest: Some(evicted) })
    }
}
