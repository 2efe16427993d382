//! What the slots of a segment have to do with each other: batches, that are filled with one step, and spoilt with one
//! or a few.
//!
//! A consumer that finds its slot vacant, or spoilt, doesn't know to which batch it belongs. So it goes back from
//! there, and spoils each slot that is vacant, until it comes to one that was filled, or follows one. What lies between
//! that and its own slot begins no batch any more that is ever filled, and no batch from further back reaches beyond
//! it: batches lie side by side, and don't cross. A batch that was filled is seen with its first slot, so one look at
//! the own slot tells then whether it was in that.
//!
//! A producer whose slots are spoilt with those of another has the same to do as if it had stalled. That happens only
//! where somebody has stalled.

use super::super::slot::{FOLLOWS, FULL, RETURNED, SPOILT, TAGS, VACANT};
use super::segment::Segment;
use crate::raw::MOST_AT_ONCE;

const _: () = assert!(FOLLOWS + MOST_AT_ONCE as u32 - 1 <= TAGS);

/// How many slots are filled with one step, at most: none before all are written, and consumers wait for as long as
/// that takes. So batches of large items are small.
pub(super) const fn most_in_batch<T>() -> usize {
    let most = 4096 / if size_of::<T>() > 0 { size_of::<T>() } else { 1 };
    if most > MOST_AT_ONCE {
        MOST_AT_ONCE
    } else if most > 0 {
        most
    } else {
        1
    }
}

/// What a consumer finds in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Full,
    /// Not filled yet, if anybody has claimed it.
    Vacant,
    /// It will never be filled.
    Spoilt,
    /// This consumer has left or vacated it before.
    Past,
}

/// All that follows is for callers that keep the segment: by a claim on one of its slots, or as an end that has not
/// left it.
impl<T> Segment<T> {
    /// Makes the slot that is `i` behind `first` follow that one, both claimed by the caller.
    #[inline(always)]
    pub(super) fn follow(self, first: usize, i: usize) {
        // SAFETY: passed on to the caller.
        unsafe { self.slot(first + i) }.follow(self.lap(), i as u32);
    }

    /// Fills slot `first`, which the caller has claimed, and those that follow it, all written to; none, if it was
    /// spoilt.
    #[inline(always)]
    #[must_use]
    pub(super) fn fill(self, first: usize) -> bool {
        // SAFETY: passed on to the caller.
        unsafe { self.slot(first) }.fill(self.lap())
    }

    /// What is in slot `i`.
    #[inline(always)]
    pub(super) fn look(self, i: usize) -> Found {
        let lap = self.lap();
        // SAFETY: passed on to the caller.
        let slot = unsafe { self.slot(i) };
        let state = slot.state_in(lap);
        if state == FULL {
            return Found::Full;
        }
        if (FOLLOWS..=TAGS).contains(&state) {
            // SAFETY: the one that it follows lies before it.
            let first = unsafe { self.slot(i - (state - FOLLOWS) as usize) };
            match first.state_in(lap) {
                VACANT => return Found::Vacant,
                SPOILT | RETURNED => {}
                // (Full, or vacated since.)
                _ => return Found::Full,
            }
        }
        match state {
            _ if state > TAGS || slot.is_left(lap) => Found::Past,
            VACANT | SPOILT => Found::Vacant,
            _ => Found::Spoilt,
        }
    }

    /// Sees to it that slot `i`, which a consumer has claimed, is never filled in this lap; false if it has been.
    #[cold]
    pub(super) fn spoil(self, i: usize) -> bool {
        let lap = self.lap();
        let (mut at, mut last) = (i, i.saturating_sub(most_in_batch::<T>() - 1));
        loop {
            // SAFETY: passed on to the caller.
            let slot = unsafe { self.slot(at) };
            match slot.state_in(lap) {
                VACANT if !slot.spoil(lap) => continue,
                VACANT | SPOILT | RETURNED => {}
                state @ FOLLOWS..=TAGS => {
                    at -= (state - FOLLOWS) as usize;
                    last = at;
                    continue;
                }
                _ => break,
            }
            if at == last {
                break;
            }
            at -= 1;
        }
        self.look(i) != Found::Full
    }

    /// Gives up slot `i`, claimed by a consumer, which is spoilt. With that a claim is over, and no longer keeps the
    /// segment.
    #[cold]
    pub(super) fn leave_slot(self, i: usize) {
        let lap = self.lap();
        // SAFETY: passed on to the caller.
        unsafe { self.slot(i) }.leave(lap);
    }

    /// Gives up the slots from `first` on, `len` of them, claimed by a producer, which are spoilt. With that a claim is
    /// over, and no longer keeps the segment.
    #[cold]
    pub(super) fn give_back(self, first: usize, len: usize) {
        let lap = self.lap();
        for i in first..first + len {
            // SAFETY: passed on to the caller; with the last one this is over.
            unsafe { self.slot(i) }.give_back(lap);
        }
    }

    /// Ends the lap, if all slots have been vacated or given up. (The last first: they are the ones that may still be
    /// in hand.)
    pub(super) fn end_lap(self) -> bool {
        let lap = self.lap();
        // SAFETY: so many slots it has.
        let is_past = |i| unsafe { self.slot(i) }.state_in(lap) > TAGS;
        (0..self.slots()).rev().all(is_past) || self.end_lap_of_given_up_slots()
    }

    /// The same where some may have been given up. Those are made vacant when all are: until then a look at one may
    /// tell of others.
    #[cold]
    fn end_lap_of_given_up_slots(self) -> bool {
        let (lap, next) = (self.lap(), self.next_lap());
        // SAFETY: so many slots it has.
        let slots = || (0..self.slots()).map(|i| unsafe { self.slot(i) });
        let is_over = slots().all(|slot| match slot.state_in(lap) {
            RETURNED => slot.is_left(lap),
            state => state > TAGS,
        });
        if is_over {
            slots().for_each(|slot| slot.renew(next));
        }
        is_over
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests {
    use super::*;

    const SLOTS: usize = 70;

    /// A segment in which all slots but those of the batch of `len` from `first` on are filled, by five.
    fn with_neighbours(first: usize, len: usize) -> Segment<u8> {
        let segment = Segment::new(SLOTS);
        for (from, to) in [(0, first), (first + len, SLOTS)] {
            for first in (from..to).step_by(5) {
                (1..5.min(to - first)).for_each(|i| segment.follow(first, i));
                assert!(segment.fill(first));
            }
        }
        segment
    }

    /// Wherever the consumer's slot lies in a batch, and however far its producer is.
    #[test]
    fn a_batch_is_filled_or_spoilt_whole_and_its_neighbours_stay() {
        for (first, len) in [(0, 1), (5, 1), (5, 2), (0, 32), (1, 31), (5, 32), (38, 32)] {
            for (mine, followed) in (0..len).flat_map(|i| (1..=len).map(move |n| (i, n))) {
                for is_filled in [false, true] {
                    let segment = with_neighbours(first, len);
                    (1..followed).for_each(|i| segment.follow(first, i));
                    if is_filled {
                        (followed..len).for_each(|i| segment.follow(first, i));
                        assert!(segment.fill(first));
                    }
                    assert_eq!(segment.spoil(first + mine), !is_filled);
                    if !is_filled {
                        (followed..len).for_each(|i| segment.follow(first, i));
                        assert!(!segment.fill(first), "{first} {len} {mine} {followed}");
                    }
                    for i in 0..SLOTS {
                        let is_in = (first..first + len).contains(&i);
                        assert_eq!(segment.look(i) == Found::Full, is_filled || !is_in);
                    }
                    // SAFETY: nobody else has it.
                    unsafe { segment.free() };
                }
            }
        }
    }

    #[test]
    fn a_batch_has_4_kib_at_most_or_one_item() {
        assert_eq!(most_in_batch::<()>(), 32);
        assert_eq!([most_in_batch::<u8>(), most_in_batch::<[u8; 128]>()], [32, 32]);
        assert_eq!([most_in_batch::<[u8; 129]>(), most_in_batch::<[u8; 2048]>()], [31, 2]);
        assert_eq!([most_in_batch::<[u8; 4096]>(), most_in_batch::<[u8; 1 << 20]>()], [1, 1]);
    }

    /// In which order they are given up doesn't matter.
    #[test]
    fn a_lap_ends_when_all_slots_were_given_up_from_both_sides() {
        let steps = [0, 1, 2, 3];
        let orders = steps.iter().flat_map(|a| steps.iter().map(move |b| (a, b)));
        for (&a, &b) in orders.filter(|(a, b)| a != b) {
            let rest = steps.iter().copied().filter(|&step| step != a && step != b);
            let segment = Segment::<u8>::new(3);
            segment.follow(0, 1);
            assert!(segment.spoil(1) && !segment.fill(0));
            for step in [a, b].into_iter().chain(rest) {
                assert!(!segment.end_lap());
                match step {
                    0 => segment.leave_slot(0),
                    1 => segment.leave_slot(1),
                    2 => segment.give_back(0, 2),
                    _ => {
                        assert!(segment.fill(2));
                        // SAFETY: so many slots it has.
                        unsafe { segment.slot(2) }.vacate(segment.next_lap());
                    }
                }
            }
            assert!(segment.end_lap());
            // SAFETY: nobody else has it.
            unsafe { segment.renew() };
            assert!((0..3).all(|i| segment.look(i) == Found::Vacant && segment.fill(i)));
            // SAFETY: likewise.
            unsafe { segment.free() };
        }
    }
}
