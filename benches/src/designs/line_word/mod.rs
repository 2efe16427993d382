//! A ring of lines with one word of state each: as `raddle::mpmc::bounded`, but a batch hands over all its slots of a
//! line with one step, and slots come back a line at a time.
//!
//! ```text
//!   line  | word | item | item | item | item | item | item | item |       64 bytes with 7 items of 8
//!
//!   word  | lap | ended | full: a bit per slot | held: a bit per slot | out |
//! ```
//!
//! `tail` and `head` are indices: lap, line, slot. A line is *of a lap* once all slots of the lap before have ended, and
//! then a producer needs no look at the slots: whatever `tail` has not come to is vacant.
//!
//! | step | who | the word | by |
//! |---|---|---|---|
//! | claim n to push | a producer | looked at, once per line: of this lap, not out | CAS of `tail` |
//! | fill | who claimed | + full bits; several: only if none is held | an add; several: a CAS |
//! | claim n to pop | a consumer | looked at: the next n are full | CAS of `head` |
//! | end | who claimed, the items being out | - full bits, + n ended; the last carries into the lap | an add |
//! | spoil | a consumer that has claimed a slot whose producer is late | + held bit; if full: end it | an add |
//! | take back | its producer, which found it held | - full and held bit, + 1 ended | an add |
//! | pass over | a producer that finds the lap before not over | + 1 lap, out | a CAS |
//! | come back | who ends the last slot of a line that is out | + 1 lap, not out | an add |
//!
//! *Why it is right.* Each bit and each unit of `ended` is added once a lap, by a thread that has the slot in hand, so
//! adds don't carry into each other; the place behind the last slot is nobody's, and ends with the last, so that
//! `ended` carries after a power of two. A spoilt slot belongs to two, the consumer that has claimed it and the producer
//! that fills it; who comes second ends it. A line that is out is of no lap: both ends step over it, and it comes back
//! for a lap that neither end has come to, since an end leaves a line's lap behind only when the line is of it, or out.
//! All steps on a word are read-modify-writes, so an acquire sees all releases before it. A CAS can't take a word for
//! one of a lap long ago before 2^46 laps are over (7 items to a line; 2^29 with 15).
//!
//! *A batch* writes its items of a line, then fills. If some of its slots were spoilt, it first moves the items on to
//! those that were not, in order; what finds no room is pushed again, behind. So a producer's order is kept.
//!
//! *Progress*: lock-free. A thread frozen in a slot costs the line (in a batch: the lines of up to 32 slots), and, a
//! consumer, the items in its hands. *Capacity*: one line in reserve, as in the line ring: never refuses an item while
//! fewer than were asked for are inside, and exact with one item to a line. *Empty* and *Full* as in the library's ring.
//!
//! *Sources*: Wang et al., "BBQ", USENIX ATC 2022 (producers and consumers meet a block at a time); a consumer that
//! spoils a slot: Correia and Ramalhete's FAAArrayQueue; Morrison and Afek, PPoPP 2013.

mod line;
#[cfg(test)]
mod tests;

use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicUsize, Ordering, spin_loop};

use line::{Line, Stage};

/// Most slots that are claimed with one step.
const MOST: usize = 32;
/// So many pauses, each twice as long as the one before, until a thread counts as stalled.
const PATIENCE: u32 = 6;

/// A bounded queue with `K` items to a line, one less than a power of two; shared by reference.
#[derive(Debug)]
pub struct LineWord<T, const K: usize = 7> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    lines: Box<[Line<T, K>]>,
    /// How far left a lap stands in an index.
    laps: u32,
}

/// What a claim found instead.
enum Nothing<T> {
    /// The queue is empty.
    Empty,
    /// An item whose slot was to be spoilt.
    Late(T),
}

/// Pauses, each twice as long as the one before.
#[derive(Default)]
struct Pauses(u32);

impl Pauses {
    fn pause(&mut self) {
        (0..1u32 << self.0).for_each(|_| spin_loop());
        self.0 += 1;
    }

    /// After a lost race: long, so that the winner gets something done.
    #[cold]
    fn lose(&mut self) {
        self.0 = self.0.clamp(7, 9);
        self.pause();
    }

    /// Whether there were enough; if not, one more.
    fn are_over(&mut self) -> bool {
        let over = self.0 >= PATIENCE;
        if !over {
            self.pause();
        }
        over
    }
}

impl<T, const K: usize> LineWord<T, K> {
    /// A ring for at least `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a queue needs room for at least one item");
        let lines = (capacity - 1).div_ceil(K) + 1;
        let index = || CachePadded::new(AtomicUsize::new(0));
        let laps = lines.next_power_of_two().trailing_zeros() + Line::<T, K>::SLOT;
        let lines = (0..lines).map(|_| Line::new()).collect();
        Self { head: index(), tail: index(), lines, laps }
    }

    /// The most items it holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.lines.len() * K
    }

    #[inline(always)]
    fn line(&self, index: usize) -> &Line<T, K> {
        let line = (index & ((1 << self.laps) - 1)) >> Line::<T, K>::SLOT;
        debug_assert!(line < self.lines.len());
        // SAFETY: indices come from `nth` and `next_line` alone, which turn at the last line.
        unsafe { self.lines.get_unchecked(line) }
    }

    #[inline(always)]
    fn slot(index: usize) -> usize {
        index & K
    }

    /// The index `n` places after `index`, on the same line or at the start of the next.
    #[inline(always)]
    fn nth(&self, index: usize, n: usize) -> usize {
        if Self::slot(index) + n < K { index + n } else { self.next_line(index) }
    }

    #[inline(always)]
    fn next_line(&self, index: usize) -> usize {
        let next = (index | K).wrapping_add(1);
        if (next & ((1 << self.laps) - 1)) >> Line::<T, K>::SLOT < self.lines.len() {
            next
        } else {
            ((index >> self.laps) + 1) << self.laps
        }
    }

    #[inline(always)]
    fn look(&self, index: usize) -> (usize, Stage) {
        self.line(index).look(index >> self.laps)
    }

    #[inline(always)]
    fn full_from(&self, index: usize) -> (usize, Stage) {
        self.line(index).full_from(Self::slot(index), index >> self.laps)
    }

    #[inline(always)]
    fn claim(word: &AtomicUsize, first: usize, end: usize) -> bool {
        // Relaxed, as everywhere here: an index is a number, items go over with their line's word.
        word.compare_exchange_weak(first, end, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Moves the index in `word` to the next line, unless somebody else did.
    #[cold]
    fn step_over(&self, word: &AtomicUsize, index: usize) {
        let next = self.next_line(index);
        let _ = word.compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// What a producer does about the line of `index` that is not of its lap; false if the queue is full.
    #[cold]
    fn clear_for_push(&self, index: usize, word: usize, stage: Stage, wait: &mut Pauses) -> bool {
        if stage == Stage::Spent {
            self.step_over(&self.tail, index);
            return true;
        }
        let end_in_lap_before = (index | K).wrapping_add(1).wrapping_sub(1 << self.laps);
        let head = self.head.load(Ordering::Relaxed);
        if head.wrapping_sub(end_in_lap_before).cast_signed() < 0 {
            return false;
        }
        if wait.are_over() {
            self.line(index).pass_over(word);
        }
        true
    }

    /// Claims up to `max` vacant slots: the first index, and how many.
    #[inline(always)]
    fn claim_to_push(&self, max: usize) -> Option<(usize, usize)> {
        let (mut race, mut wait) = (Pauses::default(), Pauses::default());
        loop {
            let first = self.tail.load(Ordering::Relaxed);
            let (word, stage) = self.look(first);
            if stage != Stage::Now {
                if self.clear_for_push(first, word, stage, &mut wait) {
                    continue;
                }
                return None;
            }
            let mut n = max.min(K - Self::slot(first));
            let mut end = self.nth(first, n);
            while n < max && self.look(end).1 == Stage::Now {
                let more = (max - n).min(K);
                (n, end) = (n + more, self.nth(end, more));
            }
            if Self::claim(&self.tail, first, end) {
                return Some((first, n));
            }
            race.lose();
        }
    }

    /// Puts `item` in, or gives it back if the ring is full.
    ///
    /// # Errors
    /// The item.
    #[inline]
    pub fn push(&self, mut item: T) -> Result<(), T> {
        loop {
            let Some((index, _)) = self.claim_to_push(1) else { return Err(item) };
            let (line, slot) = (self.line(index), Self::slot(index));
            // SAFETY: claimed, so this thread's alone.
            unsafe { line.item(slot).write(item) };
            match line.fill(slot) {
                Ok(()) => return Ok(()),
                Err(back) => item = back,
            }
        }
    }

    /// Puts in the first of `items`, as many as there is room for, in order; says how many.
    pub fn push_slice(&self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let mut rest = items;
        while !rest.is_empty() {
            let Some((index, n)) = self.claim_to_push(rest.len().min(MOST)) else { break };
            rest = &rest[self.fill_all(index, n, rest)..];
        }
        items.len() - rest.len()
    }

    /// Fills `n` claimed slots from `index` on with the first of `items`; says how many of those are in.
    fn fill_all(&self, mut index: usize, mut n: usize, items: &[T]) -> usize
    where
        T: Copy,
    {
        let mut done = 0;
        while n > 0 {
            let (line, slot) = (self.line(index), Self::slot(index));
            let here = n.min(K - slot);
            let from = items[done..][..here].as_ptr();
            // SAFETY: slots of one line, claimed, so this thread's alone.
            unsafe { line.item(slot).copy_from_nonoverlapping(from, here) };
            done += line.fill_all(Line::<T, K>::bits(slot, here), &items[done..]);
            (n, index) = (n - here, self.nth(index, here));
        }
        done
    }

    /// What a consumer does about slot `index`, which is not full.
    #[cold]
    fn clear_for_pop(&self, index: usize, stage: Stage, wait: &mut Pauses) -> Option<Nothing<T>> {
        if stage == Stage::Spent {
            self.step_over(&self.head, index);
            return None;
        }
        let next = self.nth(index, 1);
        // If only this slot is claimed, its push is in flight and nothing lies behind it.
        if self.tail.load(Ordering::Relaxed).wrapping_sub(next).cast_signed() <= 0 {
            return Some(Nothing::Empty);
        }
        if stage == Stage::Before {
            // We don't see yet what the producer saw that has claimed it.
            spin_loop();
        } else if wait.are_over() && Self::claim(&self.head, index, next) {
            return self.line(index).spoil(Self::slot(index)).map(Nothing::Late);
        }
        None
    }

    /// Claims up to `max` full slots: the first index, and how many.
    #[inline(always)]
    fn claim_to_pop(&self, max: usize) -> Result<(usize, usize), Nothing<T>> {
        let (mut race, mut wait) = (Pauses::default(), Pauses::default());
        loop {
            let first = self.head.load(Ordering::Relaxed);
            let (full, stage) = self.full_from(first);
            if full == 0 {
                match self.clear_for_pop(first, stage, &mut wait) {
                    None => continue,
                    Some(nothing) => return Err(nothing),
                }
            }
            let mut n = full.min(max);
            let mut end = self.nth(first, n);
            while n < max && Self::slot(end) == 0 {
                let more = self.full_from(end).0.min(max - n);
                if more == 0 {
                    break;
                }
                (n, end) = (n + more, self.nth(end, more));
            }
            if Self::claim(&self.head, first, end) {
                return Ok((first, n));
            }
            race.lose();
        }
    }

    /// Takes the item of slot `index`, full and claimed.
    #[inline(always)]
    fn take(&self, index: usize) -> T {
        let (line, slot) = (self.line(index), Self::slot(index));
        // SAFETY: full, and claimed.
        let item = unsafe { line.item(slot).read() };
        line.vacate(slot, 1);
        item
    }

    /// Takes the oldest item, if there is one.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        match self.claim_to_pop(1) {
            Ok((index, _)) => Some(self.take(index)),
            Err(Nothing::Late(item)) => Some(item),
            Err(Nothing::Empty) => None,
        }
    }

    /// Appends up to `max` of the oldest items to `into`; says how many.
    pub fn pop_into(&self, into: &mut Vec<T>, max: usize) -> usize {
        let before = into.len();
        loop {
            let left = max - (into.len() - before);
            if left == 0 {
                return max;
            }
            into.reserve(left.min(MOST));
            match self.claim_to_pop(left.min(MOST)) {
                Ok((index, n)) => self.take_all(index, n, into),
                Err(Nothing::Late(item)) => into.push(item),
                Err(Nothing::Empty) => return into.len() - before,
            }
        }
    }

    /// Appends the items of `n` full and claimed slots from `index` on to `into`, which has room for them.
    fn take_all(&self, mut index: usize, mut n: usize, into: &mut Vec<T>) {
        debug_assert!(into.capacity() - into.len() >= n);
        while n > 0 {
            let (line, slot) = (self.line(index), Self::slot(index));
            let here = n.min(K - slot);
            // SAFETY: there is room for `n`.
            let to = unsafe { into.as_mut_ptr().add(into.len()) };
            // SAFETY: slots of one line, full and claimed.
            unsafe { to.copy_from_nonoverlapping(line.item(slot), here) };
            // SAFETY: so many were copied behind the others.
            unsafe { into.set_len(into.len() + here) };
            line.vacate(slot, here);
            (n, index) = (n - here, self.nth(index, here));
        }
    }
}

impl<T, const K: usize> Drop for LineWord<T, K> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
