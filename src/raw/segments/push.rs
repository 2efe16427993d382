//! The producers' end.
//!
//! Edges: T2 and T5 with T1 (the segment in the word is as new), U1 with T3 (what the only producer has filled).

use super::segment::{CROWD, MOST, Segment, Word};
use super::{PopEnd, Segments};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many, One};
use crate::raw::{Claim, Claims, MOST_AT_ONCE, Place, PushClaims, PushRuns, Run};
use crate::sync::Ordering;

/// How `One` and `Many` producers differ.
pub trait PushEnd: Cardinality + Sized {
    /// Claims the next slot.
    fn claim_to_push<T, C>(queue: &Segments<T, Self, C>) -> Word;

    /// Moves the end to `word`, if claiming has not.
    fn settle_tail<T, C>(queue: &Segments<T, Self, C>, word: Word);
}

impl PushEnd for One {
    #[inline(always)]
    fn claim_to_push<T, C>(queue: &Segments<T, Self, C>) -> Word {
        // Relaxed: its own.
        queue.slot_from(Word(queue.tail.word.load(Ordering::Relaxed)))
    }

    #[inline(always)]
    fn settle_tail<T, C>(queue: &Segments<T, Self, C>, to: Word) {
        // Relaxed: its own.
        let from = Word(queue.tail.word.load(Ordering::Relaxed));
        // ORDERING: (U1) Release, pairs with (pop::T3): the slots before it are filled, or passed over.
        queue.tail.word.store(to.0, Ordering::Release);
        if from.address() != to.address() {
            queue.leave_behind(&queue.tail, from, to, |segment| {
                queue.reuse_if(segment.move_on(0), segment);
            });
        }
    }
}

impl<T, C> Segments<T, One, C> {
    /// The first slot from `word` on: at the end of a segment, that of the next.
    #[inline(always)]
    fn slot_from(&self, word: Word) -> Word {
        if word.index() < self.n { word } else { self.first_of_next(word) }
    }

    /// Moves `place` over the next slot, and says which that is.
    #[inline(always)]
    fn walk_on(&self, place: &mut Place<Word>) -> Word {
        let word = self.slot_from(place.next);
        place.walk_over(word, word.plus(1));
        word
    }

    /// Moves the item in the slot before `place`, which was passed over, and the `behind` items that follow, on by a slot.
    #[cold]
    fn move_up(&self, mut place: Place<Word>, behind: usize) {
        // SAFETY: there is an item.
        let mut item = unsafe { self.claim_at(place.last).item.read() };
        let mut next = || self.claim_at(self.walk_on(&mut place)).item;
        for _ in 0..behind {
            // SAFETY: there is an item, the producer's still.
            item = unsafe { next().replace(item) };
        }
        // SAFETY: a vacant slot, the producer's.
        unsafe { next().write(item) };
    }

    #[cold]
    fn first_of_next(&self, word: Word) -> Word {
        // SAFETY: the producer is in it, or on a walk from there.
        self.link(unsafe { Segment::of(word) }).word()
    }
}

impl PushEnd for Many {
    #[inline(always)]
    fn claim_to_push<T, C>(queue: &Segments<T, Self, C>) -> Word {
        let race = Backoff::new();
        // Relaxed, also below: only a number so far.
        let mut word = Word(queue.tail.word.load(Ordering::Relaxed));
        loop {
            let (from, to) = (word.0, word.plus(1).0);
            // ORDERING: (T2) Acquire, pairs with (segments/mod::T1): the segment is as new.
            let swap = queue.tail.word.compare_exchange_weak(
                from,
                to,
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            if let Err(now) = swap {
                word = Word(now);
                race.lose_and_retry();
                continue;
            }
            if word.index() < queue.n {
                return word;
            }
            queue.show_the_way(word);
            word = Word(queue.tail.word.load(Ordering::Relaxed));
        }
    }

    #[inline(always)]
    fn settle_tail<T, C>(_queue: &Segments<T, Self, C>, _word: Word) {}
}

impl<T, C> Segments<T, Many, C> {
    /// As a guest of a segment without a slot left: moves the end on to the next.
    #[cold]
    fn show_the_way(&self, word: Word) {
        check_guests(word);
        // SAFETY: a guest keeps the segment.
        let segment = unsafe { Segment::<T>::of(word) };
        self.link(segment);
        if let Some(guests) = self.move_on(&self.tail, segment) {
            self.reuse_if(segment.move_on(guests), segment);
        }
        self.reuse_if(segment.leave(1), segment);
    }
}

/// Ends the process before the guests of a segment overrun the index: then more than [`CROWD`] threads are at one end of a
/// queue between two instructions.
pub(super) fn check_guests(word: Word) {
    // A panic that can't leave a function of this kind aborts.
    extern "C" fn abort() -> ! {
        panic!("raddle: more than {} threads at one end of a queue at the same instant", CROWD)
    }
    if word.index() > MOST + CROWD {
        abort();
    }
}

// SAFETY: each index is given out once.
unsafe impl<T, C: PopEnd> PushClaims for Segments<T, Many, C> {
    unsafe fn vacancies(&self, max: usize) -> Claims {
        // Relaxed: only a number so far.
        let word = Word(self.tail.word.load(Ordering::Relaxed));
        let len = max.min(self.n.saturating_sub(word.index())).min(MOST_AT_ONCE);
        if len > 1 {
            let (from, to) = (word.0, word.plus(len).0);
            // ORDERING: (T5) Acquire, pairs with (segments/mod::T1): the segment is as new.
            if self
                .tail
                .word
                .compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
            {
                return Claims { first: from, len };
            }
        }
        Claims { first: Many::claim_to_push(self).0, len: 1 }
    }

    #[inline(always)]
    unsafe fn vacancy_at(&self, claims: &Claims, i: usize) -> Claim<T> {
        self.claim_at(Word(claims.first).plus(i))
    }
}

// SAFETY: slots from `tail` on are the only producer's until they are filled. A walk never comes back: it goes on to new
// segments.
unsafe impl<T, C: PopEnd> PushRuns for Segments<T, One, C> {
    type PushPlace = Place<Word>;

    const PUSH_RUN: usize = 1;

    #[inline(always)]
    fn producer_place(&self, _seat: &()) -> Place<Word> {
        self.place(&self.tail)
    }

    #[inline(always)]
    unsafe fn vacant_from(&self, place: &mut Place<Word>, max: usize) -> Run<T> {
        if max > 0 {
            self.walk_on(place);
        }
        Run::of_one(max > 0, || self.claim_at(place.last).item)
    }

    #[inline(always)]
    unsafe fn publish(&self, place: &mut Place<Word>, behind: usize) {
        loop {
            let word = place.last;
            // SAFETY: a segment that the only producer is in, or on a walk through.
            let segment = unsafe { Segment::<T>::of(word) };
            // SAFETY: one of its slots.
            let slot = unsafe { segment.slot(word.index()) };
            if slot.fill(segment.lap()) {
                return;
            }
            self.move_up(*place, behind);
            slot.give_back(segment.lap(), segment.next_lap());
            self.walk_on(place);
        }
    }

    #[inline(always)]
    unsafe fn settle_push(&self, _seat: &mut (), place: &Place<Word>) {
        One::settle_tail(self, place.next);
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests {
    use super::*;
    use crate::raw::{pop, push};

    /// A chunk of five, of whose slots consumers that were late have passed over some.
    #[test]
    fn items_behind_a_slot_that_was_passed_over_move_up() {
        for (before, passed) in (0..4).flat_map(|n| (0..32_usize).map(move |bits| (n, bits))) {
            let queue = Segments::<usize, One, Many>::with_segments_of(3);
            // SAFETY: of many consumers.
            let next = || unsafe { pop(&queue, &mut ()) };
            for i in 0..before {
                // SAFETY: the only producer.
                assert_eq!((unsafe { push(&queue, &mut (), i) }, next()), (Ok(()), Some(i)));
            }
            let mut place = queue.producer_place(&());
            let mut walk = place;
            for i in 0..5 {
                // SAFETY: the only producer, which publishes nothing meanwhile.
                let run = unsafe { queue.vacant_from(&mut walk, 1) };
                // SAFETY: a slot.
                unsafe { run.start.write(i) };
                // SAFETY: the producer is in this segment, or before it.
                let segment = unsafe { Segment::<usize>::of(walk.last) };
                // SAFETY: one of its slots.
                let slot = unsafe { segment.slot(walk.last.index()) };
                assert!(passed >> i & 1 == 0 || slot.pass_over_vacant(segment.lap()));
            }
            for behind in (0..5).rev() {
                // SAFETY: likewise.
                let _ = unsafe { queue.vacant_from(&mut place, 1) };
                // SAFETY: this slot and those behind it are written.
                unsafe { queue.publish(&mut place, behind) };
            }
            // SAFETY: the only producer, and all is published.
            unsafe { queue.settle_push(&mut (), &place) };
            assert!((0..5).all(|i| next() == Some(i)), "{before} before, {passed:05b}");
            assert_eq!(next(), None);
        }
    }
}
