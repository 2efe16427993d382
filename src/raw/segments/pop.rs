//! The consumers' end.
//!
//! Edges: T4 and T6 with T1 (the segment in the word is as new), T7 (its producers have left it), T3 with T1 and
//! U1 (where the producers are), T9 and T10 with T4 (who moved this end had seen more of the other), N2 with N1 and T11 with T1
//! (that nobody has moved it).

use super::batch::{Found, most_in_batch};
use super::push::check_guests;
use super::segment::{Segment, Word};
use super::{PushEnd, Segments};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many, One};
use crate::raw::{Claim, Claims, MOST_AT_ONCE, Place, PopClaims, PopRuns, Run, is_overdue};
use crate::sync::{LATE, Ordering};

/// How `One` and `Many` consumers differ.
pub trait PopEnd: Cardinality + Sized {
    /// Claims the oldest slot that is full.
    fn claim_to_pop<T, P: PushEnd>(queue: &Segments<T, P, Self>) -> Option<Word>;

    /// Moves the end to `word`, if claiming has not.
    fn settle_head<T, P: PushEnd>(queue: &Segments<T, P, Self>, word: Word);
}

impl<T, P: PushEnd, C> Segments<T, P, C> {
    /// Where the producers are.
    #[inline(always)]
    pub(super) fn tail(&self) -> Word {
        // ORDERING: (T3) Acquire, pairs with (segments/mod::T1, push::U1): the way there is linked, and what the only producer says is filled or spoilt.
        Word(self.tail.word.load(Ordering::Acquire))
    }

    /// What is in the slot that `word` names, which no other consumer has. If it is spoilt, the caller's claim is over.
    #[inline(always)]
    fn look(&self, word: Word) -> Found {
        // SAFETY: a claim keeps its segment, and the only consumer has not left its own.
        let segment = unsafe { Segment::<T>::of(word) };
        let found = segment.look(word.index());
        if found == Found::Spoilt {
            segment.leave_slot(word.index());
        }
        found
    }

    /// The same, of a slot that was vacant: waits a little for the producer that has claimed it, maybe with a batch; then spoils it.
    #[cold]
    fn wait_or_spoil(&self, word: Word, patience: &Backoff) -> Found {
        if is_overdue(patience, size_of::<T>() * most_in_batch::<T>(), LATE) {
            // SAFETY: as in `look`.
            let segment = unsafe { Segment::<T>::of(word) };
            if segment.spoil(word.index()) {
                segment.leave_slot(word.index());
                return Found::Spoilt;
            }
        }
        Found::Vacant
    }
}

impl PopEnd for One {
    #[inline(always)]
    fn claim_to_pop<T, P: PushEnd>(queue: &Segments<T, P, Self>) -> Option<Word> {
        let mut place = queue.place(&queue.head);
        if queue.walk(&mut place) {
            return Some(place.last);
        }
        if place.next != place.last {
            // So as not to go over spent slots again.
            Self::settle_head(queue, place.next);
        }
        None
    }

    #[inline(always)]
    fn settle_head<T, P: PushEnd>(queue: &Segments<T, P, Self>, to: Word) {
        // Relaxed: its own.
        let from = Word(queue.head.word.load(Ordering::Relaxed));
        // Relaxed: to others only a count.
        queue.head.word.store(to.0, Ordering::Relaxed);
        if from.address() != to.address() {
            queue.leave_behind(&queue.head, from, to, |segment| queue.leave_to_slots(segment, 0));
        }
    }
}

impl<T, P: PushEnd> Segments<T, P, One> {
    /// Walks over the next full slot from `place` on, if there is one, and over spent ones before it.
    #[inline(always)]
    fn walk(&self, place: &mut Place<Word>) -> bool {
        let patience = Backoff::new();
        let mut word = place.next;
        loop {
            if word.index() == self.n {
                // (Linked is not enough: the producers may not have got there yet, and its slots look like theirs.)
                if self.tail().address() == word.address() {
                    return false;
                }
                // SAFETY: the consumer has not left it, or is on a walk from there.
                let Some(next) = self.next(unsafe { Segment::of(word) }) else { return false };
                word = next.word();
                continue;
            }
            match self.look(word) {
                Found::Full => {
                    place.walk_over(word, word.plus(1));
                    return true;
                }
                Found::Spoilt | Found::Past => {
                    word = word.plus(1);
                    place.next = word;
                    patience.reset();
                }
                Found::Vacant if self.is_passed_by_producers(word) => {
                    // (Spoilt or not, this end has not left the segment, and looks again.)
                    self.wait_or_spoil(word, &patience);
                }
                Found::Vacant => return false,
            }
        }
    }

    /// Whether producers have claimed a slot after `word`. (If one has claimed only `word`, its push is in flight, and the
    /// queue as good as empty.)
    fn is_passed_by_producers(&self, word: Word) -> bool {
        let tail = self.tail();
        tail.address() != word.address() || tail.index() > word.index() + 1
    }
}

impl<T, P, C> Segments<T, P, C> {
    /// Pays what the consumers' end owes for `segment`, which had so many guests, and for its slots.
    fn leave_to_slots(&self, segment: Segment<T>, guests: usize) {
        // The slots' debt is open still, so this is never the last.
        let _ = segment.move_on(guests);
        self.limbo.take_all().for_each(|earlier| self.reuse_or_wait(earlier));
        self.reuse_or_wait(segment);
    }

    /// Pays the slots' debt of `segment`, which is the caller's to pay, if none is in hand; otherwise leaves that to others.
    fn reuse_or_wait(&self, segment: Segment<T>) {
        if segment.end_lap() {
            self.reuse_if(segment.pay_for_slots(), segment);
        } else {
            self.limbo.add(segment);
        }
    }
}

impl PopEnd for Many {
    #[inline(always)]
    fn claim_to_pop<T, P: PushEnd>(queue: &Segments<T, P, Self>) -> Option<Word> {
        loop {
            let Claims { first, len } = queue.claim(1);
            if len == 0 {
                return None;
            }
            if queue.is_filled(Word(first)) {
                return Some(Word(first));
            }
        }
    }

    #[inline(always)]
    fn settle_head<T, P: PushEnd>(_queue: &Segments<T, P, Self>, _word: Word) {}
}

impl<T, P: PushEnd> Segments<T, P, Many> {
    /// Claims the next slots that producers have claimed, up to `max`, all of one segment; none if there are none.
    #[inline(always)]
    fn claim(&self, max: usize) -> Claims {
        let race = Backoff::new();
        let (mut steps, mut word) = (self.steps(), self.head());
        loop {
            let (mut end, mut left) = (self.n, true);
            if !word.is_left() {
                let tail = self.tail();
                if tail.address() == word.address() {
                    (end, left) = (tail.index().min(self.n), false);
                }
            }
            if word.index() < end {
                let len = max.min(end - word.index()).min(MOST_AT_ONCE);
                let (from, to) = (word.0, word.plus(len).0);
                // ORDERING: (T4) AcqRel, pairs with (segments/mod::T1, T7, T9, T10): the segment is as new; what we saw of `tail` goes with it.
                // ORDERING: (T10) Acquire, pairs with (T4): as for T9.
                let swap = self.head.word.compare_exchange_weak(
                    from,
                    to,
                    Ordering::AcqRel,
                    Ordering::Acquire,
                );
                if let Err(now) = swap {
                    word = Word(now);
                    race.lose_and_retry();
                    continue;
                }
                if left && !word.is_left() {
                    self.say_that_producers_left(Word(to));
                }
                return Claims { first: from, len };
            }
            if left {
                self.show_consumers_the_way(word);
            } else if self.is_still(word, steps) {
                return Claims { first: 0, len: 0 };
            }
            (steps, word) = (self.steps(), self.head());
        }
    }

    /// How often somebody has set out to leave a segment.
    #[inline(always)]
    fn steps(&self) -> usize {
        // ORDERING: (N2) Acquire, pairs with (segments/mod::N1): a step that is counted was taken where the end is now, or before.
        self.head.steps.load(Ordering::Acquire)
    }

    /// Whether the consumers were at `word` all the time since a look at it that came after one at `steps`. That it is the same word
    /// is not enough: the end may have gone round and come back. But whoever moves it on takes a step in the segment that it leaves,
    /// so it comes back only after a step that was taken later than that look.
    fn is_still(&self, word: Word, steps: usize) -> bool {
        // ORDERING: (T11) Acquire, pairs with (segments/mod::T1): all steps that led to where the end is are counted.
        let now = self.head.word.load(Ordering::Acquire);
        // Relaxed: see T11.
        now == word.0 && self.head.steps.load(Ordering::Relaxed) == steps
    }

    /// Where the consumers are; what the producers have done is seen as whoever moved them there saw it, at least.
    #[inline(always)]
    fn head(&self) -> Word {
        // ORDERING: (T9) Acquire, pairs with (T4): or `tail` might be so old that nothing seems to be in.
        Word(self.head.word.load(Ordering::Acquire))
    }

    /// Spares others the look at the producers' end, if that has left the segment of `word`, in which the caller has a claim.
    #[cold]
    fn say_that_producers_left(&self, word: Word) {
        if self.have_producers_left(word) {
            let left = word.0 | Word::LEFT;
            // ORDERING: (T7) Release, pairs with (T4, T6): the producers have filled the segment and linked the next.
            // If it fails, others have claimed more, and say it.
            let _ =
                self.head.word.compare_exchange(word.0, left, Ordering::Release, Ordering::Relaxed);
        }
    }

    /// Whether the producers' end has left the segment of `word`, for whoever has a claim there, or is a guest, and so sees that
    /// it came. (Before a claim it is a guess: it may be about another life.)
    fn have_producers_left(&self, word: Word) -> bool {
        self.tail().address() != word.address()
    }

    /// Whether the slot that `word` names, claimed, is full, or was filled in time.
    #[inline(always)]
    fn is_filled(&self, word: Word) -> bool {
        let patience = Backoff::new();
        loop {
            match self.look(word) {
                Found::Full => return true,
                Found::Spoilt | Found::Past => return false,
                // Not to be looked at again: the segment may be in use once more, and the slot full for another.
                Found::Vacant if self.wait_or_spoil(word, &patience) == Found::Spoilt => {
                    return false;
                }
                Found::Vacant => {}
            }
        }
    }

    /// As a guest of a segment without a slot left: moves the end on to the next.
    #[cold]
    fn show_consumers_the_way(&self, word: Word) {
        check_guests(word);
        let to = word.plus(1).0;
        // ORDERING: (T6) Acquire, pairs with (segments/mod::T1, T7): the segment is as new, and the next is linked.
        if self
            .head
            .word
            .compare_exchange(word.0, to, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            return;
        }
        // SAFETY: a guest keeps the segment.
        let segment = unsafe { Segment::<T>::of(word) };
        // (If not, its claim on the segment before was late; the index counts it, for whoever moves on.)
        if word.is_left() || self.have_producers_left(word) {
            self.next(segment).expect("the producers have gone there");
            if let Some(guests) = self.move_on(&self.head, segment) {
                self.leave_to_slots(segment, guests);
            }
        }
        self.reuse_if(segment.leave(1), segment);
    }
}

// SAFETY: each index is given out once.
unsafe impl<T, P: PushEnd> PopClaims for Segments<T, P, Many> {
    unsafe fn fronts(&self, max: usize) -> Claims {
        self.claim(max)
    }

    #[inline(always)]
    unsafe fn front_at(&self, claims: &Claims, i: usize) -> Option<Claim<T>> {
        let word = Word(claims.first).plus(i);
        self.is_filled(word).then(|| self.claim_at(word))
    }
}

// SAFETY: full slots from `head` on are the only consumer's until it vacates them. A walk never comes back: what it has walked
// over is not vacant before it is released.
unsafe impl<T, P: PushEnd> PopRuns for Segments<T, P, One> {
    type PopPlace = Place<Word>;

    const POP_RUN: usize = 1;

    #[inline(always)]
    fn consumer_place(&self, _seat: &()) -> Place<Word> {
        self.place(&self.head)
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<Word>, max: usize) -> Run<T> {
        let there = max > 0 && self.walk(place);
        Run::of_one(there, || self.shown_at(place.last))
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<Word>, n: usize) {
        if n > 0 {
            // What was shown is moved, or dropped, by now.
            self.claim_at(place.last);
            self.vacate(place.last);
        }
    }

    #[inline(always)]
    unsafe fn settle_pop(&self, _seat: &mut (), place: &Place<Word>) {
        One::settle_head(self, place.next);
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests {
    use super::*;
    use crate::raw::{RawQueue, pop, push};

    #[test]
    fn who_was_away_sees_that_the_end_has_moved() {
        let queue = Segments::<u8, Many, Many>::with_segments_of(2);
        // SAFETY: of many producers.
        let put = |i| assert!(unsafe { push(&queue, &mut (), i) }.is_ok());
        // SAFETY: of many consumers.
        let next = || unsafe { pop(&queue, &mut ()) };
        put(0);
        assert_eq!(next(), Some(0));
        let (steps, word) = (queue.steps(), queue.head());
        let mut came_back = 0;
        for i in 1..100 {
            put(i);
            assert_eq!(next(), Some(i));
            came_back += usize::from(queue.head() == word);
            assert!(!queue.is_still(word, steps));
        }
        assert!(came_back > 1 && queue.is_still(queue.head(), queue.steps()));
    }

    #[test]
    fn segments_wait_for_the_slots_in_hand() {
        let queue = Segments::<u8, Many, Many>::with_segments_of(2);
        // SAFETY: of many producers.
        (0..8).for_each(|i| assert!(unsafe { push(&queue, &mut (), i) }.is_ok()));
        // SAFETY: of many consumers.
        let next = || unsafe { pop(&queue, &mut ()) };
        // SAFETY: likewise; the item is moved out, and `take` called, below.
        let claim = || unsafe { queue.front(&mut ()) }.expect("there are more");
        let waiting = || {
            let all: std::vec::Vec<Segment<u8>> = queue.limbo.take_all().collect();
            all.iter().for_each(|&segment| queue.limbo.add(segment));
            all.len()
        };
        let first = claim();
        assert_eq!((next(), waiting()), (Some(1), 0));
        assert_eq!((next(), waiting()), (Some(2), 1));
        let second = claim();
        assert_eq!((next(), waiting()), (Some(4), 2));
        for claim in [first, second] {
            // SAFETY: this claim; the item needs no drop.
            unsafe { queue.take(&mut (), claim) };
        }
        assert_eq!((next(), waiting()), (Some(5), 2));
        assert_eq!((next(), waiting()), (Some(6), 0));
        // The first of all, those that waited, and the one that was left last: all but the first are kept.
        let spares: std::vec::Vec<_> = core::iter::from_fn(|| queue.spares.take()).collect();
        assert_eq!(spares.len(), 3);
        spares.into_iter().for_each(|spare| assert!(queue.spares.keep(spare)));
        assert_eq!((next(), next()), (Some(7), None));
    }
}
