//! Lines of slots, again and again: where an index leads.
//!
//! ```text
//!   index  | lap | line | slot |       as long as a word; `below_lap` masks line and slot, and some bits to spare
//! ```
//!
//! An *index* says which use of which slot is meant. A line's state holds the lap at the same place, and in the bits below
//! what it likes, so whether the two are of one lap takes a comparison.
//!
//! How many slots a line has is a number of the [`Heap`], but a constant in all arithmetic: see [`View`].

use crate::sync::const_fn;

mod heap;
mod queue;

pub(super) use heap::{Header, Heap, Store};
pub(super) use queue::{ManyPop, ManyPush, OnGrid, View, view};

/// Most slots to a line, one less than a power of two: so many words share a cache line of 64 bytes with a word of state. (3 of
/// 4 bytes where words are small: the lap needs its bits.)
pub(super) const MOST: usize = if usize::BITS >= 64 { 7 } else { 3 };

/// The bits of a slot's number in its line.
pub(super) const SLOT_BITS: u32 = (MOST + 1).trailing_zeros();

/// So many bits lie below the lap, at least: two for each slot, a count of slots, and two.
pub(super) const LAP: u32 = 2 + 2 * MOST as u32 + SLOT_BITS;

/// How many lines of how many slots.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// How many slots a line has.
    pub(super) slots: usize,
    /// Behind the last line, as an index of lap 0.
    end: usize,
    /// The bits of an index, and of a line's state, below the lap.
    pub(super) below_lap: usize,
}

/// Whether index `a` comes before index `b`.
#[inline(always)]
pub(super) fn is_before(a: usize, b: usize) -> bool {
    a.wrapping_sub(b).cast_signed() < 0
}

/// How many bits of an index say the slot.
#[inline(always)]
const fn slot_bits(slots: usize) -> u32 {
    if slots == 1 { 0 } else { SLOT_BITS }
}

impl Grid {
    const_fn! {
        /// So many lines of so many slots.
        pub(super) fn new(lines: usize, slots: usize) -> Self {
            let bits = lines.next_power_of_two().trailing_zeros() + SLOT_BITS;
            let below_lap = (1 << if bits < LAP { LAP } else { bits }) - 1;
            Self { slots, end: lines << slot_bits(slots), below_lap }
        }
    }

    /// The same, if lines have so many slots, which the caller knows at compile time.
    #[inline(always)]
    pub(super) fn of_slots(self, slots: usize) -> Self {
        debug_assert_eq!(slots, self.slots);
        Self { slots, ..self }
    }

    /// From a lap to the next.
    #[inline(always)]
    pub(super) fn lap(self) -> usize {
        self.below_lap.wrapping_add(1)
    }

    /// The lap of `index`.
    #[inline(always)]
    pub(super) fn lap_of(self, index: usize) -> usize {
        index & !self.below_lap
    }

    /// The slot of `index` in its line.
    #[inline(always)]
    pub(super) fn slot(self, index: usize) -> usize {
        if self.slots == 1 { 0 } else { index & MOST }
    }

    /// The number of the line of `index`.
    #[inline(always)]
    pub(super) fn line(self, index: usize) -> usize {
        (index & self.below_lap) >> slot_bits(self.slots)
    }

    /// The index of a slot of a line in lap 0.
    pub(super) fn index_of(self, line: usize, slot: usize) -> usize {
        line << slot_bits(self.slots) | slot
    }

    /// The index `n` places after `index`, on the same line or at the start of the next.
    #[inline(always)]
    pub(super) fn nth(self, index: usize, n: usize) -> usize {
        if self.slot(index) + n < self.slots { index + n } else { self.next_line(index) }
    }

    /// The start of the next line.
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

    /// The `n` slots from `index` on, line by line.
    #[inline(always)]
    pub(super) fn runs(self, index: usize, n: usize) -> Runs {
        Runs { grid: self, index, left: n }
    }

    /// How many places `to` lies after `from`; negative if it lies before.
    #[inline(always)]
    fn distance(self, from: usize, to: usize) -> isize {
        let laps = self.lap_of(to).wrapping_sub(self.lap_of(from)).cast_signed()
            >> self.below_lap.trailing_ones();
        let place = |index: usize| (self.line(index) * self.slots + self.slot(index)).cast_signed();
        laps * self.capacity().cast_signed() + place(to) - place(from)
    }

    /// How many places lie before `index`.
    pub(super) fn passed(self, index: usize) -> usize {
        self.distance(0, index).cast_unsigned()
    }

    /// How many items lie between the ends, each seen at some time of the call.
    pub(super) fn len(self, head: usize, tail: usize) -> usize {
        usize::try_from(self.distance(head, tail)).unwrap_or(0).min(self.capacity())
    }

    /// Whether a push would be refused, by what the ends say.
    pub(super) fn is_full(self, head: usize, tail: usize) -> bool {
        self.slot(tail) == 0 && is_before(head, self.next_line(tail.wrapping_sub(self.lap())))
    }

    /// Whether the queue is full, if the line of `index`, where `tail` is, is not over in the lap before.
    pub(super) fn is_full_at(self, head: usize, index: usize) -> bool {
        let behind = self.next_line(index.wrapping_sub(self.lap()));
        // With one slot to a line, none is in reserve: the slot in the hands of a consumer counts.
        let limit = if self.slots == 1 { self.next_line(behind) } else { behind };
        is_before(head, limit)
    }

    /// How many slots there are.
    #[inline(always)]
    pub(super) fn capacity(self) -> usize {
        (self.end >> slot_bits(self.slots)) * self.slots
    }

    /// How many slots are claimed with one step, of `max` from `first` on: `here` are ready on that line, `on` says how many on a line
    /// behind; and the index behind them.
    #[inline(always)]
    pub(super) fn claimed(
        self,
        first: usize,
        here: usize,
        max: usize,
        on: impl Fn(usize) -> usize,
    ) -> (usize, usize) {
        if max == 1 {
            return (1, self.nth(first, 1));
        }
        let max = max.min(super::MOST_AT_ONCE).min(self.capacity().div_ceil(2));
        let mut n = here.min(max);
        let mut next = self.nth(first, n);
        while n < max && self.slot(next) == 0 {
            let more = on(next).min(max - n);
            if more == 0 {
                break;
            }
            (n, next) = (n + more, self.nth(next, more));
        }
        (n, next)
    }
}

/// Slots line by line: an index, and how many slots of its line there are from it on.
pub(super) struct Runs {
    grid: Grid,
    index: usize,
    left: usize,
}

impl Iterator for Runs {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize)> {
        if self.left == 0 {
            return None;
        }
        let (grid, index) = (self.grid, self.index);
        let n = self.left.min(grid.slots - grid.slot(index));
        self.left -= n;
        self.index = grid.nth(index, n);
        Some((index, n))
    }
}

/// Whether an end can go on at an index.
pub(super) enum Way {
    /// It may be possible now.
    Open,
    /// Here, now.
    There,
    /// At the next line: this one was used, or passed over.
    Spent,
    /// Not before the other end does something.
    Closed,
}
