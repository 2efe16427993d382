//! Several slots at once, in place: written before they are pushed, read before they are released.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::slice_from_raw_parts_mut;

use crate::raw::{PopRuns, PushRuns, Run, despite_a_panic};

/// Slots at the producing end, reserved by [`Producer::reserve`](super::Producer::reserve).
///
/// [`write`](Self::write) fills them in order; [`commit`](Self::commit) pushes the first of them. What was written and
/// not committed is dropped with the chunk. Leaking a chunk leaks what was written, and nothing else.
pub struct WriteChunk<'a, Q: PushRuns> {
    queue: &'a Q,
    seat: &'a mut Q::PushSeat,
    start: Q::PushPlace,
    /// Where the next item is written, and the rest of the run it lies in.
    place: Q::PushPlace,
    run: Run<Q::Item>,
    len: usize,
    written: usize,
}

impl<'a, Q: PushRuns> WriteChunk<'a, Q> {
    /// Up to `n` vacant slots of `queue`.
    ///
    /// # Safety
    /// The caller acts for the only producer during `'a`, and this is its seat.
    pub(super) unsafe fn new(queue: &'a Q, seat: &'a mut Q::PushSeat, n: usize) -> Self {
        let start = queue.producer_place(seat);
        let (mut place, mut len) = (start, 0);
        while len < n {
            // SAFETY: the caller is the producer handle, borrowed mutably for `'a`; nothing is pushed meanwhile.
            let run = unsafe { queue.vacant_from(&mut place, n - len) };
            if run.len == 0 {
                break;
            }
            len += run.len;
        }
        let run = Run { start: core::ptr::null_mut(), len: 0 };
        Self { queue, seat, start, place: start, run, len, written: 0 }
    }

    /// The producer's.
    pub(super) fn seat(&self) -> &Q::PushSeat {
        self.seat
    }

    /// How many slots it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many slots were written.
    #[must_use]
    pub fn written(&self) -> usize {
        self.written
    }

    /// Writes the next slot.
    ///
    /// # Panics
    /// If all slots are written.
    #[inline]
    pub fn write(&mut self, item: Q::Item) {
        assert!(self.written < self.len, "raddle: all {} slots of the chunk are written", self.len);
        if self.run.len == 0 {
            let rest = self.len - self.written;
            // SAFETY: the producer handle is borrowed mutably, and nothing is pushed meanwhile.
            self.run = unsafe { self.queue.vacant_from(&mut self.place, rest) };
        }
        // SAFETY: a vacant slot: `new` counted as many as `len`.
        unsafe { self.run.start.write(item) };
        self.run.start = self.run.start.wrapping_add(1);
        self.run.len -= 1;
        self.written += 1;
    }

    /// Writes items of `items` until all slots are written or there are no more, and says how many it wrote.
    ///
    /// One that comes when no slot is left is not asked for. If the iterator panics, what was written before stays written.
    pub fn fill(&mut self, items: impl IntoIterator<Item = Q::Item>) -> usize {
        let before = self.written;
        let left = self.len - before;
        items.into_iter().take(left).for_each(|item| self.write(item));
        self.written - before
    }

    /// Pushes the first `n` items written, in order, and drops the others.
    ///
    /// # Panics
    /// If fewer than `n` slots were written; then none is pushed.
    pub fn commit(self, n: usize) {
        assert!(n <= self.written, "raddle: can't commit {n} items, {} are written", self.written);
        let mut chunk = ManuallyDrop::new(self);
        let Self { queue, ref mut seat, start: mut place, written, .. } = *chunk;
        let mut done = 0;
        while done < n {
            // SAFETY: the producer handle is borrowed mutably; what was published since `start` lies before `place`.
            done += unsafe { queue.vacant_from(&mut place, n - done) }.len;
            // SAFETY: the slots of this run are among the `n` that were written.
            unsafe { queue.publish(&mut place, written - done) };
        }
        if n > 0 {
            // SAFETY: the producer handle is borrowed mutably, and this is its seat.
            unsafe { queue.settle_push(seat, &place) };
        }
        // Only now, since it runs the items' own code.
        // SAFETY: the others were written and are not published.
        unsafe { drop_written(queue, place, written - n) };
    }

    /// Pushes all items written.
    pub fn commit_all(self) {
        let n = self.written;
        self.commit(n);
    }
}

impl<Q: PushRuns> Drop for WriteChunk<'_, Q> {
    fn drop(&mut self) {
        // SAFETY: these were written, and none is published.
        unsafe { drop_written(self.queue, self.start, self.written) };
    }
}

/// Drops `n` items from `place` on.
///
/// # Safety
/// They were written and are not published, and the caller acts for the only producer.
unsafe fn drop_written<Q: PushRuns>(queue: &Q, mut place: Q::PushPlace, mut n: usize) {
    despite_a_panic(|| {
        while n > 0 {
            // SAFETY: these slots are vacant, as when they were written.
            let run = unsafe { queue.vacant_from(&mut place, n) };
            n -= run.len;
            // SAFETY: initialised items that nobody else ever sees.
            unsafe { slice_from_raw_parts_mut(run.start, run.len).drop_in_place() };
        }
    });
}

// SAFETY: a chunk is a mutable borrow of its handle, which is `Send` on the same terms.
unsafe impl<Q: PushRuns<Item: Send> + Sync> Send for WriteChunk<'_, Q> {}

impl<Q: PushRuns> fmt::Debug for WriteChunk<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteChunk")
            .field("len", &self.len)
            .field("written", &self.written)
            .finish()
    }
}

/// How many of the next `n` items are there.
///
/// # Safety
/// The caller acts for the only consumer, and this is its seat.
pub(super) unsafe fn ready<Q: PopRuns>(queue: &Q, seat: &Q::PopSeat, n: usize) -> usize {
    RunsOf { queue, place: queue.consumer_place(seat), left: n }.map(<[_]>::len).sum()
}

/// Items at the consuming end, shown by [`Consumer::read`](super::Consumer::read).
///
/// [`runs`](Self::runs) shows them; [`release`](Self::release) drops the first of them and gives their slots back.
/// Without it they all stay in the queue.
pub struct ReadChunk<'a, Q: PopRuns> {
    queue: &'a Q,
    seat: &'a mut Q::PopSeat,
    len: usize,
    /// It gives out `&T`, so it is `Sync` only if `T` is.
    items: PhantomData<&'a mut [Q::Item]>,
}

impl<'a, Q: PopRuns> ReadChunk<'a, Q> {
    /// The first `len` items of `queue`.
    ///
    /// # Safety
    /// The caller acts for the only consumer during `'a`, this is its seat, and so many items are [`ready`].
    pub(super) unsafe fn new(queue: &'a Q, seat: &'a mut Q::PopSeat, len: usize) -> Self {
        Self { queue, seat, len, items: PhantomData }
    }

    /// How many items it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The items in order, as slices of those that lie side by side in memory.
    pub fn runs(&self) -> impl Iterator<Item = &[Q::Item]> + use<'_, 'a, Q> {
        let place = self.queue.consumer_place(self.seat);
        RunsOf { queue: self.queue, place, left: self.len }
    }

    pub(super) fn into_first(self) -> Option<&'a Q::Item> {
        let place = self.queue.consumer_place(self.seat);
        RunsOf { queue: self.queue, place, left: 1 }.next()?.first()
    }

    /// Drops the first `n` items and gives their slots back; the others stay. If a drop panics, the others of the `n` are
    /// dropped and released all the same.
    ///
    /// # Panics
    /// If it has fewer than `n` items; then all stay.
    pub fn release(self, n: usize) {
        assert!(n <= self.len, "raddle: can't release {n} items of {}", self.len);
        let Self { queue, seat, .. } = self;
        let mut place = queue.consumer_place(seat);
        let mut left = n;
        despite_a_panic(|| {
            while left > 0 {
                // SAFETY: the chunk borrows the consumer handle mutably; what was popped since lies before `place`.
                let run = unsafe { queue.filled_from(&mut place, left) };
                left -= run.len;
                // After the items are dropped, also if one of them panics.
                let _slots = Slots { queue, seat: &mut *seat, place, n: run.len };
                // SAFETY: filled slots are the consumer's until they are released.
                unsafe { slice_from_raw_parts_mut(run.start, run.len).drop_in_place() };
            }
        });
    }

    /// Drops all items and gives their slots back.
    pub fn release_all(self) {
        let n = self.len;
        self.release(n);
    }
}

/// Runs of filled slots from `place` on, `left` slots at most; its maker acts for the queue's only consumer during `'a`, and
/// pops nothing.
struct RunsOf<'a, Q: PopRuns> {
    queue: &'a Q,
    place: Q::PopPlace,
    left: usize,
}

impl<'a, Q: PopRuns<Item: 'a>> Iterator for RunsOf<'a, Q> {
    type Item = &'a [Q::Item];

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: its maker acts for the consumer.
        let run = unsafe { self.queue.filled_from(&mut self.place, self.left) };
        self.left -= run.len;
        // SAFETY: filled slots are the consumer's until it pops, which it doesn't during `'a`.
        (run.len > 0).then(|| unsafe { core::slice::from_raw_parts(run.start, run.len) })
    }
}

/// `n` slots before `place`, released when dropped.
struct Slots<'a, Q: PopRuns> {
    queue: &'a Q,
    seat: &'a mut Q::PopSeat,
    place: Q::PopPlace,
    n: usize,
}

impl<Q: PopRuns> Drop for Slots<'_, Q> {
    fn drop(&mut self) {
        // SAFETY: `release` has dropped the items in these slots.
        unsafe { self.queue.release(&self.place, self.n) };
        // SAFETY: the chunk borrows the consumer handle mutably, and this is its seat.
        unsafe { self.queue.settle_pop(self.seat, &self.place) };
    }
}

impl<Q: PopRuns> fmt::Debug for ReadChunk<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadChunk").field("len", &self.len).finish()
    }
}
