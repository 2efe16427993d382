//! The producers' end.
//!
//! Edges: T2 and T5 with T1 (the segment in the word is as new), U1 with T3 (what the only producer has filled).

use super::batch::most_in_batch;
use super::segment::{CROWD, MOST, Segment, Word};
use super::{PopEnd, Segments};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many, One};
use crate::raw::{Claim, Claims, Feed, Place, PushClaims, PushRuns, Run};
use crate::sync::Ordering;

/// How `One` and `Many` producers differ.
pub trait PushEnd: Cardinality + Sized {
    /// Claims the next slot.
    fn claim_to_push<T, C>(queue: &Segments<T, Self, C>) -> Word;

    /// Moves the end to `word`, if claiming has not.
    fn settle_tail<T, C>(queue: &Segments<T, Self, C>, word: Word);
}

impl<T, P, C> Segments<T, P, C> {
    /// Has the slots from `first` on written to, `len` of them, which are the caller's; then fills them, with one step,
    /// or, if they were spoilt, none.
    #[inline(always)]
    fn fill_batch(&self, first: Word, len: usize, mut write: impl FnMut(usize, *mut T)) -> bool {
        // SAFETY: a claim keeps its segment, and the only producer has not left its own.
        let segment = unsafe { Segment::<T>::of(first) };
        for i in 0..len {
            write(i, self.claim_at(first.plus(i)).item);
            if i > 0 {
                segment.follow(first.index(), i);
            }
        }
        segment.fill(first.index())
    }
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
        // ORDERING: (U1) Release, pairs with (pop::T3): the slots before it are filled, or spoilt.
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

    /// Moves the item in the slot before `place`, which is spoilt, and the `behind` items that follow, on by a slot.
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

impl<T, C: PopEnd> Segments<T, One, C> {
    /// Pushes the items of a batch, which was spoilt, one by one, to the slots from `place` on.
    #[cold]
    fn push_again(&self, first: Word, len: usize, place: &mut Place<Word>) {
        for i in 0..len {
            // SAFETY: there is an item, the producer's still.
            let item = unsafe { self.claim_at(first.plus(i)).item.read() };
            let slot = self.walk_on(place);
            // SAFETY: a vacant slot, the producer's.
            unsafe { self.claim_at(slot).item.write(item) };
            // SAFETY: a vacant slot, which is written.
            unsafe { self.publish(place, 0) };
        }
        // SAFETY: the producer has not left it.
        unsafe { Segment::<T>::of(first) }.give_back(first.index(), len);
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

/// Ends the process before the guests of a segment overrun the index: then more than [`CROWD`] threads are at one end
/// of a queue between two instructions.
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
        let len = max.min(self.n.saturating_sub(word.index())).min(most_in_batch::<T>());
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

    unsafe fn fill(&self, claims: &Claims, feed: &mut impl Feed<T>) -> usize {
        let first = Word(claims.first);
        // SAFETY: the slot is the caller's, and empty.
        let write = |_, item: *mut T| unsafe { item.write(feed.next()) };
        if self.fill_batch(first, claims.len, write) {
            return claims.len;
        }
        for i in (0..claims.len).rev() {
            // SAFETY: spoilt, and so still the caller's.
            feed.back(unsafe { self.claim_at(first.plus(i)).item.read() });
        }
        // SAFETY: a claim keeps its segment.
        unsafe { Segment::<T>::of(first) }.give_back(first.index(), claims.len);
        0
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
            if segment.fill(word.index()) {
                return;
            }
            self.move_up(*place, behind);
            segment.give_back(word.index(), 1);
            self.walk_on(place);
        }
    }

    #[inline(always)]
    unsafe fn settle_push(&self, _seat: &mut (), place: &Place<Word>) {
        One::settle_tail(self, place.next);
    }

    /// (In batches: all slots lie somewhere, and one step fills many.)
    #[inline(always)]
    unsafe fn push_runs(
        &self,
        seat: &mut (),
        n: usize,
        mut fill: impl FnMut(usize, *mut T, usize),
    ) -> usize {
        let (mut place, mut done) = (self.producer_place(seat), 0);
        while done < n {
            let first = self.slot_from(place.next);
            let len = (n - done).min(self.n - first.index()).min(most_in_batch::<T>());
            place.walk_over(first, first.plus(len));
            if !self.fill_batch(first, len, |i, item| fill(done + i, item, 1)) {
                self.push_again(first, len, &mut place);
            }
            done += len;
        }
        if done > 0 {
            // SAFETY: passed on to the caller.
            unsafe { self.settle_push(seat, &place) };
        }
        done
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests {
    use super::*;
    use crate::raw::{pop, push};

    /// A segment that lies behind both ends and waits for a slot, though nobody has one in hand, would wait for ever.
    fn waiting<T, P, C>(queue: &Segments<T, P, C>) -> usize {
        queue.limbo.take_all::<T>().count()
    }

    /// A slice of five, pushed after consumers that were late have spoilt some of its slots, and left them.
    #[test]
    fn a_batch_of_the_only_producer_goes_on_behind_spoilt_slots() {
        for (before, spoilt) in (0..4).flat_map(|n| (0..32_usize).map(move |bits| (n, bits))) {
            let queue = Segments::<usize, One, Many>::with_segments_of(3);
            // SAFETY: of many consumers.
            let next = || unsafe { pop(&queue, &mut ()) };
            for i in 0..before {
                // SAFETY: the only producer.
                assert_eq!((unsafe { push(&queue, &mut (), i) }, next()), (Ok(()), Some(i)));
            }
            let mut walk = queue.producer_place(&());
            for i in 0..5 {
                let word = queue.walk_on(&mut walk);
                // SAFETY: the producer is in this segment, or before it.
                let segment = unsafe { Segment::<usize>::of(word) };
                if spoilt >> i & 1 != 0 {
                    assert!(segment.spoil(word.index()));
                    segment.leave_slot(word.index());
                }
            }
            // SAFETY: the only producer; `fill` writes what it gets.
            let pushed = unsafe {
                queue.push_runs(&mut (), 5, |done, slots, n| {
                    (0..n).for_each(|i| slots.add(i).write(done + i));
                })
            };
            assert_eq!(pushed, 5);
            assert!((0..5).all(|i| next() == Some(i)), "{before} before, {spoilt:05b}");
            assert_eq!((next(), waiting(&queue)), (None, 0), "{before} before, {spoilt:05b}");
        }
    }

    #[test]
    fn a_spoilt_batch_comes_back_whole_and_in_order() {
        struct Stack(std::vec::Vec<usize>);
        impl Feed<usize> for Stack {
            fn len(&self) -> usize {
                self.0.len()
            }
            fn next(&mut self) -> usize {
                self.0.pop().expect("one is left")
            }
            fn back(&mut self, item: usize) {
                self.0.push(item);
            }
        }
        for spoilt in 1..5 {
            let queue = Segments::<usize, Many, Many>::with_segments_of(5);
            // SAFETY: of many producers and consumers.
            let once = || unsafe { push(&queue, &mut (), 9).and(Ok(pop(&queue, &mut ()))) };
            assert_eq!(once(), Ok(Some(9)));
            // SAFETY: of many producers; filled below.
            let claims = unsafe { queue.vacancies(4) };
            assert_eq!(claims.len, 4);
            // SAFETY: a claim keeps its segment.
            let segment = unsafe { Segment::<usize>::of(Word(claims.first)) };
            assert!(segment.spoil(spoilt));
            let mut feed = Stack((0..6).rev().collect());
            // SAFETY: these claims; there are as many items.
            assert_eq!(unsafe { queue.fill(&claims, &mut feed) }, 0);
            assert!(feed.0.into_iter().rev().eq(0..6));
            assert_eq!(once(), Ok(Some(9)));
            assert_eq!(once(), Ok(Some(9)));
            assert_eq!(waiting(&queue), 0);
        }
    }

    /// A chunk of five, of whose slots consumers that were late have spoilt some.
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
                if passed >> i & 1 != 0 {
                    assert!(segment.spoil(walk.last.index()));
                    segment.leave_slot(walk.last.index());
                }
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
