//! A line: a word of state, and the slots it speaks for. See the head of `mod` for the states.
//!
//! Edges: W1 and W2 with W4 and W5 (items go over), W3 with W4 (slots come back).

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use raddle::sync::{AtomicUsize, Ordering};

/// `K` slots, one less than a power of two.
#[repr(C, align(64))]
#[derive(Debug)]
pub(super) struct Line<T, const K: usize> {
    word: AtomicUsize,
    items: UnsafeCell<[MaybeUninit<T>; K]>,
}

// SAFETY: a slot's item is one thread's at a time, by the word; it crosses threads, hence `T: Send`.
unsafe impl<T: Send, const K: usize> Sync for Line<T, K> {}

/// Where a line is, seen from a lap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// In the lap before.
    Before,
    /// In that lap.
    Now,
    /// In a later one, or out: both ends step over.
    Spent,
}

impl<T, const K: usize> Line<T, K> {
    /// The bits of a slot's number.
    pub(super) const SLOT: u32 = (K + 1).trailing_zeros();
    pub(super) const OUT: usize = 1;
    const HELD: u32 = 1;
    const FULL: u32 = Self::HELD + K as u32;
    const ENDED: u32 = Self::FULL + K as u32;
    pub(super) const LAP: u32 = Self::ENDED + Self::SLOT;
    const SLOTS: usize = (1 << K) - 1;

    /// Vacant, for lap 0.
    pub(super) fn new() -> Self {
        const { assert!((K + 1).is_power_of_two() && Self::LAP + 8 <= usize::BITS) };
        let items = UnsafeCell::new([const { MaybeUninit::uninit() }; K]);
        Self { word: AtomicUsize::new(0), items }
    }

    /// Where the item of `slot` is, for whoever has the slot in hand.
    #[inline(always)]
    pub(super) fn item(&self, slot: usize) -> *mut T {
        debug_assert!(slot < K);
        // SAFETY: a slot's number is less than `K`.
        unsafe { self.items.get().cast::<T>().add(slot) }
    }

    /// The bits of `n` slots from `slot` on.
    #[inline(always)]
    pub(super) fn bits(slot: usize, n: usize) -> usize {
        ((1 << n) - 1) << slot
    }

    /// The word, and where that is, seen from `lap`.
    #[inline(always)]
    pub(super) fn look(&self, lap: usize) -> (usize, Stage) {
        // ORDERING: (W4) Acquire, pairs with (W1, W2, W3): items are there, those of the lap before gone.
        let word = self.word.load(Ordering::Acquire);
        let ahead = (word & !((1 << Self::LAP) - 1)).wrapping_sub(lap << Self::LAP).cast_signed();
        let stage = match ahead {
            ..0 => Stage::Before,
            0 if word & Self::OUT == 0 => Stage::Now,
            _ => Stage::Spent,
        };
        (word, stage)
    }

    /// How many slots from `slot` on are full in `lap`; and where the line is.
    #[inline(always)]
    pub(super) fn full_from(&self, slot: usize, lap: usize) -> (usize, Stage) {
        let (word, stage) = self.look(lap);
        let full = (word >> Self::FULL & Self::SLOTS) >> slot;
        (if stage == Stage::Now { full.trailing_ones() as usize } else { 0 }, stage)
    }

    /// Ends `n` slots from `slot` on, in hand and empty, whose `marks` go.
    #[inline(always)]
    fn end(&self, slot: usize, n: usize, marks: usize) {
        let units = n + usize::from(slot + n == K);
        let change = (units << Self::ENDED).wrapping_sub(marks);
        // ORDERING: (W3) Release, pairs with (W4): the items are out before the line is of the next lap.
        let before = self.word.fetch_add(change, Ordering::Release);
        if before & Self::OUT != 0
            && before.wrapping_add(change) >> Self::LAP != before >> Self::LAP
        {
            self.come_back();
        }
    }

    /// Makes the line, out and with all its slots ended, vacant for the lap after the next.
    #[cold]
    fn come_back(&self) {
        // Relaxed: whoever acquires this value acquires what (W3) released, since only read-modify-writes lie between.
        self.word.fetch_add((1 << Self::LAP) - Self::OUT, Ordering::Relaxed);
    }

    /// Puts the line, of the lap before `word`'s next and not over, out for that next lap, if it still is as in `word`.
    #[cold]
    pub(super) fn pass_over(&self, word: usize) {
        let out = word.wrapping_add(1 << Self::LAP) | Self::OUT;
        // Relaxed: nobody learns anything of an item from it.
        let _ = self.word.compare_exchange(word, out, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Fills `slot`, claimed and written; the item comes back if it was spoilt.
    #[inline(always)]
    pub(super) fn fill(&self, slot: usize) -> Result<(), T> {
        let (full, held) = (1 << slot << Self::FULL, 1 << slot << Self::HELD);
        // ORDERING: (W1) Release, pairs with (W4, W5): the item is written before the slot is full.
        if self.word.fetch_add(full, Ordering::Release) & held == 0 {
            return Ok(());
        }
        // SAFETY: spoilt, so still this thread's.
        let item = unsafe { self.item(slot).read() };
        self.end(slot, 1, full | held);
        Err(item)
    }

    /// Fills the slots of `bits`, claimed and written with the first of `items`; says how many of those went in: not all,
    /// if slots were spoilt.
    #[inline(always)]
    pub(super) fn fill_all(&self, bits: usize, items: &[T]) -> usize
    where
        T: Copy,
    {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let held = word >> Self::HELD & bits;
            let mine = bits & !held;
            if held != 0 {
                self.write_again(mine, items);
            }
            let full = word + (mine << Self::FULL);
            let cell = &self.word;
            // ORDERING: (W2) Release, pairs with (W4, W5): the items are written before their slots are full.
            match cell.compare_exchange_weak(word, full, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => {
                    if held != 0 {
                        self.end_spoilt(held);
                    }
                    return mine.count_ones() as usize;
                }
                Err(now) => word = now,
            }
        }
    }

    /// The numbers of the slots of `bits`.
    fn slots(bits: usize) -> impl Iterator<Item = usize> {
        (0..K).filter(move |slot| bits >> slot & 1 != 0)
    }

    #[cold]
    fn write_again(&self, bits: usize, items: &[T])
    where
        T: Copy,
    {
        for (slot, item) in Self::slots(bits).zip(items) {
            // SAFETY: claimed and not yet full, so this thread's alone.
            unsafe { self.item(slot).write(*item) };
        }
    }

    #[cold]
    fn end_spoilt(&self, held: usize) {
        Self::slots(held).for_each(|slot| self.end(slot, 1, 1 << slot << Self::HELD));
    }

    /// Spoils `slot`, claimed by a consumer; the item if it is there by now.
    #[cold]
    pub(super) fn spoil(&self, slot: usize) -> Option<T> {
        let (full, held) = (1 << slot << Self::FULL, 1 << slot << Self::HELD);
        // ORDERING: (W5) Acquire, pairs with (W1, W2): the item, if the slot was full.
        if self.word.fetch_add(held, Ordering::Acquire) & full == 0 {
            return None;
        }
        // SAFETY: full, and claimed.
        let item = unsafe { self.item(slot).read() };
        self.end(slot, 1, full | held);
        Some(item)
    }

    /// Ends `n` slots from `slot` on, full, claimed by a consumer and emptied.
    #[inline(always)]
    pub(super) fn vacate(&self, slot: usize, n: usize) {
        self.end(slot, n, Self::bits(slot, n) << Self::FULL);
    }
}

#[cfg(test)]
impl<T, const K: usize> Line<T, K> {
    /// The first half of vacating all slots of a line that is out, by somebody who then freezes; gives the second.
    pub(super) fn vacate_halfway(&self) -> impl FnOnce() {
        let change = ((K + 1) << Self::ENDED).wrapping_sub(Self::SLOTS << Self::FULL);
        let before = self.word.fetch_add(change, Ordering::Relaxed);
        assert!(before & Self::OUT != 0, "not out");
        || self.come_back()
    }
}
