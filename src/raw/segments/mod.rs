//! Linked segments of slots: unbounded, any number of handles at either end, lock-free.
//!
//! ```text
//!            head: | segment a | index 2 |            tail: | segment b | index 1 |
//!                        |                                        |
//!   spares  .            v                                        v
//!           .     | a | . . i i i i i i | ---- next ----> | b | i . . . . . . . | ---- next ----> nothing yet
//! ```
//!
//! Each end has a word that says in which segment it is, and at which slot of it. To push is to move `tail` on by one, which
//! gives a slot that is nobody else's; write and fill it. To pop is to move `head` on by one, read that slot and vacate it.
//! Each slot is used once per life of its segment; `slot` has its states, `segment` says when a segment is free.
//!
//! | file | |
//! |---|---|
//! | `segment` | the memory, and when it is free |
//! | `batch` | slots that are filled, or spoilt, together |
//! | `limbo` | segments that wait for a slot |
//! | `push`, `pop` | one end each: [`One`](crate::cardinality::One), [`Many`](crate::cardinality::Many), what they share |
//!
//! *Nobody waits.* A consumer that finds a slot which a producer has claimed and doesn't fill spoils it, and goes on; the producer
//! finds out when it comes back, takes its item back, and pushes it again. At the end of a segment whoever gets there first
//! links the next, and everybody who gets there helps the end to move on. A producer that is one tells after it has
//! filled, so consumers don't meet a slot that is not, unless they were late.
//!
//! *A late claim.* A [`Many`](crate::cardinality::Many) consumer looks whether there is something between the two
//! words, and moves `head` by compare-exchange if it is where it was. It may have been away between the two, long
//! enough for `head` to come back to the same slot of the same segment, in another life, at which `tail` has not
//! arrived: the consumer then holds a slot that no producer has claimed. That is just a slot that is not filled: it is
//! spoilt, and whoever claims it later pushes again; a guest that came too early leaves its step where it is. What a consumer saw of
//! `tail` before its claim may be as old; so it says that the producers have left the segment, and moves on after them, only
//! if it sees so again with a claim, or as a guest.
//!
//! *Empty* is no claim, so it must not be late: it is said if there was nothing between the two words, and `head` has not moved
//! between a look at it before that and one after. That it is where it was does not tell, as above; so there is a count of the
//! steps out of a segment, each counted before it is taken. A slot that was claimed before it was filled is no exception: what is
//! in it by now comes out by whoever claimed it.
//!
//! *Memory.* [`SPARES`] segments are kept for use again, so that a queue whose length swings by fewer items than they hold
//! allocates nothing; all others go back to the allocator.
//!
//! Edges: L1 with L2 (a segment is linked), T1 with T2 and T5 in `push`, T3, T4, T6 and T11 in `pop` (an end has moved to a
//! segment), N1 with N2 there (a step out of one).

mod batch;
mod limbo;
mod pop;
mod push;
mod segment;

use core::fmt;
use core::marker::PhantomData;

use self::limbo::Limbo;
use self::segment::{MOST, Segment, Word};
use super::slot::Slot;
use super::spares::{SPARES, Spares};
use super::{Claim, Place, RawQueue, fetch_ahead};
use crate::cacheline::CachePadded;
use crate::sync::{AtomicUsize, Ordering};

pub(crate) use self::pop::PopEnd;
pub(crate) use self::push::PushEnd;

/// A segment's size. Smaller ones make a queue that grows and shrinks slower, by the allocator's locks: see `docs/segments.md`.
const BYTES: usize = 8192;

/// Where one end is.
struct End {
    word: AtomicUsize,
    /// How many segments it has left behind; follows `word`.
    left: AtomicUsize,
    /// How often somebody set out to move it on; comes before `word`.
    steps: AtomicUsize,
}

/// An unbounded queue for `P` producers and `C` consumers. See the head of the file.
pub struct Segments<T, P, C> {
    head: CachePadded<End>,
    tail: CachePadded<End>,
    /// Slots of a segment.
    n: usize,
    spares: CachePadded<Spares<SPARES>>,
    limbo: CachePadded<Limbo>,
    items: PhantomData<Slot<T>>,
    ends: PhantomData<(P, C)>,
}

// SAFETY: an item is one thread's at a time, by the states of its slot; it crosses threads, hence `T: Send`.
unsafe impl<T: Send, P, C> Sync for Segments<T, P, C> {}
// SAFETY: as above; the rest is memory that this value owns.
unsafe impl<T: Send, P, C> Send for Segments<T, P, C> {}

impl<T, P, C> Segments<T, P, C> {
    /// An empty queue. A segment takes about [`BYTES`], but holds two items at least.
    pub(crate) fn new() -> Self {
        Self::with_segments_of((BYTES / size_of::<Slot<T>>()).clamp(2, MOST))
    }

    /// An empty queue in segments of `n` slots.
    ///
    /// # Panics
    /// If `n` is 0, or leaves no room for guests.
    pub(crate) fn with_segments_of(n: usize) -> Self {
        assert!((1..=MOST).contains(&n), "raddle: a segment has 1 to {MOST} slots, not {n}");
        // Both ends begin behind the last slot of a segment without any, so that a queue never used takes next to no memory.
        let word = Segment::<T>::new(0).word().plus(n).0;
        let end = || {
            CachePadded::new(End {
                word: AtomicUsize::new(word),
                left: AtomicUsize::new(0),
                steps: AtomicUsize::new(0),
            })
        };
        Self {
            head: end(),
            tail: end(),
            n,
            spares: CachePadded::new(Spares::new()),
            limbo: CachePadded::new(Limbo::new()),
            items: PhantomData,
            ends: PhantomData,
        }
    }

    /// A free segment: a spare one, or from the allocator.
    fn fresh(&self) -> Segment<T> {
        match self.spares.take() {
            // SAFETY: a spare is free memory of this queue, and this one is now ours.
            Some(address) => unsafe { Segment::of(Word(address)) },
            None => Segment::new(self.n),
        }
    }

    /// Keeps a segment for use again, or gives it back to the allocator.
    ///
    /// # Safety
    /// It is the caller's alone, and empty.
    unsafe fn reuse(&self, segment: Segment<T>) {
        // (One without slots was the first.)
        if segment.slots() == 0 || !self.spares.keep(segment.word().0) {
            // SAFETY: the caller's alone.
            unsafe { segment.free() };
        }
    }

    /// Reuses `segment` if its last debt is `paid`.
    fn reuse_if(&self, paid: bool, segment: Segment<T>) {
        if paid {
            // SAFETY: whoever pays the last debt has it alone.
            unsafe { segment.renew() };
            // SAFETY: likewise; all its slots are vacant.
            unsafe { self.reuse(segment) };
        }
    }

    /// The segment after `segment`, linked now if there is none.
    fn link(&self, segment: Segment<T>) -> Segment<T> {
        if let Some(next) = self.next(segment) {
            return next;
        }
        let fresh = self.fresh();
        let word = fresh.word().0;
        // ORDERING: (L1) Release, pairs with (L2): the segment is as new before it is linked.
        match segment.next().compare_exchange(0, word, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(_) => {
                // SAFETY: ours alone: nobody else has seen it.
                unsafe { self.reuse(fresh) };
                self.next(segment).expect("what was linked stays")
            }
        }
    }

    /// The segment after `segment`, if it is linked.
    fn next(&self, segment: Segment<T>) -> Option<Segment<T>> {
        // ORDERING: (L2) Acquire, pairs with (L1): the segment is as new.
        let next = Word(segment.next().load(Ordering::Acquire));
        // SAFETY: it can't be free before both ends have come to it, by way of `segment`, which isn't free.
        (next.0 != 0).then(|| unsafe { Segment::of(next) })
    }

    /// Moves `end`, one of many handles, from `from`, which the caller keeps, on to the segment after it, unless somebody else has;
    /// if it did, says how many guests the end had.
    fn move_on(&self, end: &End, from: Segment<T>) -> Option<usize> {
        // Relaxed: seen before. (To look into the segment itself might be too late.)
        let to = from.next().load(Ordering::Relaxed);
        // ORDERING: (N1) Release, pairs with (pop::N2): who has seen this step finds the end in this segment, or further.
        end.steps.fetch_add(1, Ordering::Release);
        // Relaxed: compared only.
        let mut word = Word(end.word.load(Ordering::Relaxed));
        while word.address() == from.word().0 {
            // ORDERING: (T1) Release, pairs with (push::T2, push::T5, pop::T3, pop::T4, pop::T6, pop::T11): the segment is as new before
            // anybody gets there; our step is seen by then.
            match end.word.compare_exchange(word.0, to, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => {
                    // Relaxed: counted only.
                    end.left.fetch_add(1, Ordering::Relaxed);
                    return Some(word.index() - self.n);
                }
                Err(further) => word = Word(further),
            }
        }
        None
    }

    /// Moves on `end`, that of one handle, from the segment of `from` to that of `to`; `leave` pays for each left behind.
    #[cold]
    fn leave_behind(&self, end: &End, from: Word, to: Word, leave: impl Fn(Segment<T>)) {
        let mut word = from;
        while word.address() != to.address() {
            // SAFETY: the end has not left it yet.
            let segment = unsafe { Segment::<T>::of(word) };
            let next = self.next(segment).expect("it walked there");
            // Relaxed: counted only; the one handle's own.
            let left = end.left.load(Ordering::Relaxed).wrapping_add(1);
            // Relaxed: likewise.
            end.left.store(left, Ordering::Relaxed);
            leave(segment);
            word = next.word();
        }
    }

    /// Before the slot that `end`, the caller's own, is at.
    fn place(&self, end: &End) -> Place<Word> {
        // Relaxed: the caller's own.
        Place::before(Word(end.word.load(Ordering::Relaxed)))
    }

    /// How many slots an end has passed since the queue was made, that has left so many segments and is at `word`.
    fn passed(&self, left: usize, word: Word) -> usize {
        left.wrapping_mul(self.n).wrapping_add(word.index().min(self.n))
    }
}

impl<T, P: PushEnd, C> Segments<T, P, C> {
    fn len(&self) -> usize {
        // Relaxed: counted only. What an end has left comes before its word, so that nothing is counted that this doesn't know of.
        let left = self.tail.left.load(Ordering::Relaxed);
        // (T3 shows who was in the segment before, if it is in use again, to have left it. So an item that is inside all the time
        // lies between the two words.)
        let tail = self.tail();
        let pushed = self.passed(left, tail);
        // Relaxed: likewise.
        let left = self.head.left.load(Ordering::Relaxed);
        // Relaxed: likewise.
        let head = Word(self.head.word.load(Ordering::Relaxed));
        if head.address() == tail.address() {
            return tail.index().min(self.n).saturating_sub(head.index());
        }
        // Whoever goes on from a segment may be late to count it; but where the ends are apart there is something.
        let inside = pushed.wrapping_sub(self.passed(left, head));
        usize::try_from(inside.cast_signed()).map_or(1, |n| n.max(1))
    }
}

// SAFETY: an end gives out each slot once, a slot is handed over once per life of its segment (see `slot`), and leftovers are
// dropped with the segments.
unsafe impl<T, P: PushEnd, C: PopEnd> RawQueue for Segments<T, P, C> {
    type Item = T;
    type Producers = P;
    type Consumers = C;
    type PushSeat = ();
    type PopSeat = ();

    fn seats(&self) -> ((), ()) {
        ((), ())
    }

    #[inline(always)]
    unsafe fn vacancy(&self, _seat: &mut ()) -> Option<Claim<T>> {
        let claim = self.claim_at(P::claim_to_push(self));
        fetch_ahead(claim.item);
        Some(claim)
    }

    #[inline(always)]
    unsafe fn put(&self, _seat: &mut (), claim: &Claim<T>) -> bool {
        let word = Word(claim.number);
        // SAFETY: a claim keeps its segment.
        let segment = unsafe { Segment::<T>::of(word) };
        let filled = segment.fill(word.index());
        P::settle_tail(self, word.plus(1));
        filled
    }

    unsafe fn retract(&self, claim: Claim<T>) {
        let word = Word(claim.number);
        // The item has moved out again by now.
        self.claim_at(word);
        // SAFETY: a claim keeps its segment.
        let segment = unsafe { Segment::<T>::of(word) };
        segment.give_back(word.index(), 1);
    }

    #[inline(always)]
    unsafe fn front(&self, _seat: &mut ()) -> Option<Claim<T>> {
        C::claim_to_pop(self).map(|word| self.claim_at(word))
    }

    #[inline(always)]
    unsafe fn take(&self, _seat: &mut (), claim: Claim<T>) {
        let word = Word(claim.number);
        self.vacate(word);
        C::settle_head(self, word.plus(1));
    }

    /// (There is no other end for producers to meet.)
    fn passed_by_consumers(&self, _seat: &()) -> usize {
        // Relaxed: counted only.
        let left = self.head.left.load(Ordering::Relaxed);
        // Relaxed: likewise.
        self.passed(left, Word(self.head.word.load(Ordering::Relaxed)))
    }

    fn capacity(&self) -> usize {
        usize::MAX
    }

    fn len_to_producer(&self, _seat: &()) -> usize {
        self.len()
    }

    fn len_to_consumer(&self, _seat: &()) -> usize {
        self.len()
    }
}

impl<T, P, C> Segments<T, P, C> {
    /// The claim on the slot that `word` names, which is the caller's.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn claim_at(&self, word: Word) -> Claim<T> {
        // SAFETY: a claim keeps its segment.
        let segment = unsafe { Segment::<T>::of(word) };
        // SAFETY: a claim is of one of its slots.
        Claim { item: unsafe { segment.slot(word.index()) }.item(), number: word.0 }
    }

    /// Where the item is that `word` names, to be shown.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn shown_at(&self, word: Word) -> *mut T {
        // SAFETY: the only consumer has not left the segment.
        let segment = unsafe { Segment::<T>::of(word) };
        // SAFETY: it is one of its slots.
        unsafe { segment.slot(word.index()) }.shown()
    }

    /// Gives the slot that `word` names, claimed by a consumer and emptied, back.
    #[inline(always)]
    fn vacate(&self, word: Word) {
        // SAFETY: a claim keeps its segment.
        let segment = unsafe { Segment::<T>::of(word) };
        let next = segment.next_lap();
        // SAFETY: a claim is of one of its slots.
        unsafe { segment.slot(word.index()) }.vacate(next);
    }
}

impl<T, P, C> Drop for Segments<T, P, C> {
    fn drop(&mut self) {
        // With exclusive access: no operation is in flight, so the consumers' segment and those after it are all in use.
        let mut next = Word(self.head.word.load(Ordering::Relaxed)).address();
        super::despite_a_panic(|| {
            while next != 0 {
                // SAFETY: a segment in use, not freed yet.
                let segment = unsafe { Segment::<T>::of(Word(next)) };
                next = segment.next().load(Ordering::Relaxed);
                // SAFETY: nobody else can reach it any more.
                unsafe { segment.free() };
            }
            for segment in self.limbo.take_all::<T>() {
                // SAFETY: left by both ends, and nobody else can reach it any more.
                unsafe { segment.free() };
            }
            while let Some(spare) = self.spares.take() {
                // SAFETY: a spare, which nobody else can reach any more.
                unsafe { Segment::<T>::of(Word(spare)).free() };
            }
        });
    }
}

impl<T, P, C> fmt::Debug for Segments<T, P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segments").field("slots_per_segment", &self.n).finish_non_exhaustive()
    }
}
