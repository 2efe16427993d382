//! Lines in a chain of segments: after the last line of one comes the first of the next, which the producer links when it gets
//! there.
//!
//! ```text
//!    oldest                          far
//!      v                              v
//!   | start, next | line | line | -> | start, next | line | line | .. | line | -> nothing yet
//!                            ^ consumer                        ^ producer
//! ```
//!
//! *When a segment is free.* The producer's last access to one is the store that links the next. But it may have linked the
//! next only to look at its slots (`reserve`), and be in the old one still; so the consumer leaves a segment when
//! it finds an item in the next. Then it is the consumer's alone: it keeps it for use again, or frees it.
//!
//! *Length.* The consumer counts from the last segment that it knows to hold an item, `far`; each is stepped over once.
//!
//! *Source.* A list of buffers, each a queue of its own, and spare ones that go back to the producer: Aldinucci, Danelutto,
//! Kilpatrick, Meneghin, Torquati, "An Efficient Unbounded Lock-Free Queue for Multi-core Systems", Euro-Par 2012.
//!
//! Edges: N1 with N2 (a segment is linked), N3 with N4 (the same, from one that counts to another).

use alloc::boxed::Box;
use core::fmt;
use core::ptr::{NonNull, null_mut};

use super::super::spares::{SPARES, Spares};
use super::{Header, LineQueue, Lines, Spot, Store, first_so};
use crate::cacheline::CachePadded;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, Tracked};

/// A segment's size in the end, about: the first has one line, each further one twice as many as the one before.
const BYTES: usize = 8192;

/// An unbounded queue for one producer and one consumer.
pub(crate) type LineChain<T> = LineQueue<T, Chain<T>>;

/// Lines that were allocated together.
pub(super) struct Segment<T> {
    next: AtomicPtr<Self>,
    /// The index of its first slot.
    start: AtomicUsize,
    lines: Lines<T>,
    tracked: Tracked,
}

/// A segment that is not free.
pub struct Part<T>(NonNull<Segment<T>>);

// SAFETY: it is an address; all that is reached through it without `unsafe` is atomics, and lines, which are addresses, too.
unsafe impl<T> Send for Part<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Part<T> {}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Part<T> {}

impl<T> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Part<T> {
    /// A new segment of `count` lines.
    fn new(count: usize, items: usize) -> Self {
        let segment = Segment {
            next: AtomicPtr::new(null_mut()),
            start: AtomicUsize::new(0),
            lines: Lines::new(count, items, |_| Header::new(items)),
            tracked: Tracked::new(),
        };
        Self(NonNull::from(Box::leak(Box::new(segment))))
    }

    #[inline(always)]
    fn segment(&self) -> &Segment<T> {
        // SAFETY: a part is not free.
        let segment = unsafe { self.0.as_ref() };
        segment.tracked.used();
        segment
    }

    /// Gives it back to the allocator; what its slots hold is not dropped.
    ///
    /// # Safety
    /// It is the caller's alone.
    unsafe fn free(self) {
        // SAFETY: the caller's alone, from `new`.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }

    /// The first of its lines.
    fn first(self) -> Spot<T, Self> {
        Spot { line: self.segment().lines.first(), part: self }
    }

    /// The segment after it, if one is linked.
    fn next(self) -> Option<Self> {
        // ORDERING: (N2) Acquire, pairs with (N1): it is as new.
        NonNull::new(self.segment().next.load(Ordering::Acquire)).map(Self)
    }
}

impl<T> Spot<T, Part<T>> {
    /// Which line of its segment it is.
    fn place(self) -> usize {
        // SAFETY: a line of this segment.
        unsafe { self.part.segment().lines.place(self.line) }
    }

    /// The index of its first slot.
    fn start(self) -> usize {
        let segment = self.part.segment();
        // Relaxed: written before the segment was linked.
        segment.start.load(Ordering::Relaxed).wrapping_add(self.place() * segment.lines.items())
    }
}

/// What only the consumer changes.
struct Known<T> {
    /// Where it is.
    oldest: AtomicPtr<Segment<T>>,
    /// The last segment in which it knows of an item.
    far: AtomicPtr<Segment<T>>,
}

/// As many lines as are needed.
pub struct Chain<T> {
    /// How many lines a segment has at most.
    count: usize,
    stride: usize,
    consumer: CachePadded<Known<T>>,
    spares: CachePadded<Spares<SPARES>>,
}

impl<T> LineChain<T> {
    /// An empty queue, with one line. A further segment takes about [`BYTES`], but holds two items at least.
    pub(crate) fn new() -> Self {
        let items = Lines::<T>::FIT;
        Self::of(items, |stride| (BYTES / stride).max(2usize.div_ceil(items)))
    }

    /// An empty queue in segments of `slots` slots; lines hold two items if that is even, otherwise one.
    pub(crate) fn with_segments_of(slots: usize) -> Self {
        assert!(slots > 0, "raddle: a segment has at least one slot, not 0");
        let items = if slots.is_multiple_of(2) { 2 } else { 1 };
        Self::of(items, |_| slots / items)
    }

    /// An empty queue with `items` to a line, and `count` lines to a segment, for lines of so many bytes.
    fn of(items: usize, count: impl FnOnce(usize) -> usize) -> Self {
        let first = Part::new(1, items);
        let stride = first.segment().lines.stride();
        let consumer = Known {
            oldest: AtomicPtr::new(first.0.as_ptr()),
            far: AtomicPtr::new(first.0.as_ptr()),
        };
        let chain = Chain {
            count: count(stride),
            stride,
            consumer: CachePadded::new(consumer),
            spares: CachePadded::new(Spares::new()),
        };
        Self::on(chain, items)
    }
}

impl<T> Chain<T> {
    /// The producer's way from `part`, at whose end it is, to the next.
    #[cold]
    fn link(&self, part: Part<T>) -> Spot<T, Part<T>> {
        let segment = part.segment();
        // Relaxed: the producer's own. (It may have been there, and come back without an item.)
        if let Some(next) = NonNull::new(segment.next.load(Ordering::Relaxed)) {
            return Part(next).first();
        }
        let spare = self.spares.take().and_then(|address| {
            NonNull::new(core::ptr::with_exposed_provenance_mut::<Segment<T>>(address))
        });
        let (count, items) = (segment.lines.count(), segment.lines.items());
        let larger = || Part::new((2 * count).min(self.count), items);
        let next = spare.map_or_else(larger, Part);
        // Relaxed: nobody else sees the next segment so far; this one's was written before.
        let start = segment.start.load(Ordering::Relaxed);
        let start = start.wrapping_add(count * items);
        next.segment().start.store(start, Ordering::Relaxed);
        // ORDERING: (N1) Release, pairs with (N2): the segment is as new before it is linked.
        segment.next.store(next.0.as_ptr(), Ordering::Release);
        next.first()
    }

    /// Keeps `part`, which the consumer leaves for `next`, for use again, or frees it.
    #[cold]
    fn reuse(&self, part: Part<T>, next: Part<T>) {
        let Known { oldest, far } = &*self.consumer;
        // Relaxed: the consumer's own.
        oldest.store(next.0.as_ptr(), Ordering::Relaxed);
        if far.load(Ordering::Relaxed) == part.0.as_ptr() {
            far.store(next.0.as_ptr(), Ordering::Relaxed);
        }
        let segment = part.segment();
        segment.tracked.alone();
        // All but the last are vacant.
        let last = segment.lines.last();
        // SAFETY: a line of this segment.
        unsafe { last.header() }.filled.store(0, Ordering::Relaxed);
        segment.next.store(null_mut(), Ordering::Relaxed);
        let is_usual = segment.lines.count() == self.count;
        if !(is_usual && self.spares.keep(part.0.as_ptr().expose_provenance())) {
            // SAFETY: the producer has left it, and the consumer leaves it just now.
            unsafe { part.free() };
        }
    }
}

// SAFETY: a segment is freed when the consumer has left it; the producer has before. What is linked stays.
unsafe impl<T> Store<T> for Chain<T> {
    type Part = Part<T>;

    const ENDLESS: bool = true;

    fn first(&self) -> Spot<T, Part<T>> {
        // Relaxed: as it was made.
        let first = self.consumer.oldest.load(Ordering::Relaxed);
        Part(NonNull::new(first).expect("there is always a segment")).first()
    }

    fn before_first(&self) -> (Spot<T, Part<T>>, usize) {
        (self.first(), 0)
    }

    #[inline(always)]
    fn to_fill(&self, at: Spot<T, Part<T>>) -> Spot<T, Part<T>> {
        self.to_empty(at).unwrap_or_else(|| self.link(at.part))
    }

    #[inline(always)]
    fn to_empty(&self, at: Spot<T, Part<T>>) -> Option<Spot<T, Part<T>>> {
        // SAFETY: a line of this segment.
        let next = unsafe { at.part.segment().lines.next(at.line) };
        next.map(|line| Spot { line, part: at.part })
    }

    #[inline(always)]
    fn beyond(&self, at: Spot<T, Part<T>>) -> Option<Spot<T, Part<T>>> {
        at.part.next().map(Part::first)
    }

    #[inline(always)]
    fn leave(&self, from: Part<T>, to: Part<T>) {
        let mut part = from;
        while part != to {
            let next = part.next().expect("the consumer came this way");
            self.reuse(part, next);
            part = next;
        }
    }

    #[inline(always)]
    fn stride(&self) -> usize {
        self.stride
    }

    #[inline(always)]
    fn is_large(&self) -> bool {
        false
    }

    fn capacity(&self) -> usize {
        usize::MAX
    }

    fn filled_from(
        &self,
        at: Spot<T, Part<T>>,
        filled: impl Fn(Spot<T, Part<T>>) -> usize,
    ) -> usize {
        let far = &self.consumer.far;
        // ORDERING: (N4) Acquire, pairs with (N3): whoever asked before knows it to be linked.
        let known = NonNull::new(far.load(Ordering::Acquire));
        let mut part = Part(known.expect("there is always a segment"));
        while let Some(next) = part.next().filter(|next| filled(next.first()) > 0) {
            part = next;
        }
        // ORDERING: (N3) Release, pairs with (N4): as it is to us. (Of two that ask at once one may take the other back.)
        far.store(part.0.as_ptr(), Ordering::Release);
        let from = if part == at.part { at } else { part.first() };
        let lines = &part.segment().lines;
        let (first, count, items) = (from.place(), lines.count(), lines.items());
        let nth = |n| {
            // SAFETY: a line of this segment.
            let line = unsafe { lines.nth_after(from.line, n) };
            Spot { line, part }
        };
        let full = first_so(count - first, |n| filled(nth(n)) == items);
        let rest = if first + full < count { filled(nth(full)) } else { 0 };
        let before = from.start().wrapping_sub(at.start());
        before + full * items + rest
    }

    fn vacant_after(
        &self,
        _at: Spot<T, Part<T>>,
        _filled: impl Fn(Spot<T, Part<T>>) -> usize,
    ) -> usize {
        usize::MAX
    }
}

impl<T> Drop for Chain<T> {
    fn drop(&mut self) {
        // Relaxed: with exclusive access.
        let mut next = NonNull::new(self.consumer.oldest.load(Ordering::Relaxed)).map(Part);
        while let Some(part) = next {
            next = part.next();
            // SAFETY: nobody else can reach it any more.
            unsafe { part.free() };
        }
        while let Some(address) = self.spares.take() {
            let spare = core::ptr::with_exposed_provenance_mut(address);
            // SAFETY: a spare segment.
            unsafe { Part::<T>(NonNull::new_unchecked(spare)).free() };
        }
    }
}

impl<T> fmt::Debug for Chain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("lines_per_segment", &self.count).finish_non_exhaustive()
    }
}
