//! Lines in a ring: after the last comes the first, once the consumer has left it.
//!
//! *Capacity.* Lines become vacant whole, so a ring with several items to a line has one line in reserve: it never refuses
//! an item while fewer than the capacity asked for are inside. Up to [`EXACT`] items a line holds one item (the slot-flag
//! ring of FastForward), and the capacity is exact.

use core::fmt;

use super::{Header, LineQueue, Lines, Spot, Store, first_so};

/// Largest capacity that is kept exactly, at the price of a header per item.
const EXACT: usize = 64;

/// Beyond so many lines, 32 KiB, a ring does not stay in a core's first-level cache, and single pops fetch ahead: measured
/// between no difference and 6 times faster at 65536 items, and up to 2 times slower at 1024.
const LARGE: usize = 512;

/// So many lines, again and again.
pub struct Ring<T> {
    lines: Lines<T>,
    capacity: usize,
    is_large: bool,
}

/// A bounded queue for one producer and one consumer.
pub(crate) type LineRing<T> = LineQueue<T, Ring<T>>;

impl<T> LineRing<T> {
    /// A ring that holds at least `capacity` items, and exactly so many up to [`EXACT`].
    ///
    /// # Panics
    /// If `capacity` is 0, or needs more memory than there can be.
    pub(crate) fn new(capacity: usize) -> Self {
        let items = if capacity <= EXACT { 1 } else { Lines::<T>::FIT };
        Self::with_lines_of(items, capacity)
    }

    /// A ring that holds at least `capacity` items, `items` of them to a line.
    pub(crate) fn with_lines_of(items: usize, capacity: usize) -> Self {
        assert!(
            capacity > 0,
            "raddle: a bounded queue needs a capacity of at least 1, got 0; for the closest thing to a hand-over use 1"
        );
        // Enough for `capacity` items of which the first is the last of its line, which is not vacant until then.
        let count = (capacity - 1).div_ceil(items) + 1;
        assert!(
            Lines::<T>::fits(count, items) && count.checked_mul(items).is_some(),
            "raddle: a capacity of {capacity} items of {} bytes needs more than isize::MAX bytes; ask for fewer",
            size_of::<T>()
        );
        let lines = Lines::new(count, items, |_| Header::new(items));
        Self::on(Ring { lines, capacity: count * items, is_large: count > LARGE }, items)
    }
}

impl<T> Ring<T> {
    fn nth_after(&self, at: Spot<T, ()>, n: usize) -> Spot<T, ()> {
        // SAFETY: every line of this queue is one of `self.lines`, and `n` is at most their number.
        Spot { line: unsafe { self.lines.nth_after(at.line, n) }, part: () }
    }

    #[inline(always)]
    fn after(&self, at: Spot<T, ()>) -> Spot<T, ()> {
        // SAFETY: every line of this queue is one of `self.lines`.
        Spot { line: unsafe { self.lines.after(at.line) }, part: () }
    }
}

// SAFETY: lines go round, and live as long as the ring.
unsafe impl<T> Store<T> for Ring<T> {
    type Part = ();

    const ENDLESS: bool = false;

    fn first(&self) -> Spot<T, ()> {
        Spot { line: self.lines.first(), part: () }
    }

    fn before_first(&self) -> (Spot<T, ()>, usize) {
        (Spot { line: self.lines.last(), part: () }, self.lines.items())
    }

    #[inline(always)]
    fn to_fill(&self, at: Spot<T, ()>) -> Spot<T, ()> {
        self.after(at)
    }

    #[inline(always)]
    fn to_empty(&self, at: Spot<T, ()>) -> Option<Spot<T, ()>> {
        Some(self.after(at))
    }

    #[inline(always)]
    fn beyond(&self, _at: Spot<T, ()>) -> Option<Spot<T, ()>> {
        None
    }

    #[inline(always)]
    fn leave(&self, _from: (), _to: ()) {}

    #[inline(always)]
    fn stride(&self) -> usize {
        self.lines.stride()
    }

    #[inline(always)]
    fn is_large(&self) -> bool {
        self.is_large
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    fn filled_from(&self, at: Spot<T, ()>, filled: impl Fn(Spot<T, ()>) -> usize) -> usize {
        let (count, items) = (self.lines.count(), self.lines.items());
        let full = first_so(count, |n| filled(self.nth_after(at, n)) == items);
        let rest = if full < count { filled(self.nth_after(at, full)) } else { 0 };
        full * items + rest
    }

    fn vacant_after(&self, at: Spot<T, ()>, filled: impl Fn(Spot<T, ()>) -> usize) -> usize {
        let next = self.after(at);
        first_so(self.lines.count(), |n| filled(self.nth_after(next, n)) == 0)
    }
}

impl<T> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("lines", &self.lines).finish_non_exhaustive()
    }
}
