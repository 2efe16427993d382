//! The producing handle.

use alloc::collections::VecDeque;
use core::fmt;
use core::mem::ManuallyDrop;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr;

use super::batch::{self, Copies};
use super::force::{self, Evicted};
use super::shared::Shared;
use super::slip::Slip;
use super::{PushError, WriteChunk};
use crate::cardinality::{Cardinality, Many, One};
use crate::raw::{self, Feed, Overwrite, PushClaims, PushRuns, RawQueue};

/// The end of a queue where items go in.
///
/// Named by the doors, for example [`mpsc::bounded::Producer`](crate::mpsc::bounded::Producer). Where it is the only one of
/// its end, it acts through `&mut self` and can't be cloned; it may move between threads. Where there may be many, it acts
/// through `&self`, and can be cloned and shared. Dropping the last producer closes the queue.
pub struct Producer<Q: RawQueue, C: Cardinality = <Q as RawQueue>::Producers> {
    inner: ManuallyDrop<C::Frame<Inner<Q>>>,
}

/// Padded if each push changes the seat: two handles side by side would share its line.
struct Inner<Q: RawQueue> {
    seat: Q::PushSeat,
    shared: Shared<Q>,
    slip: Slip<Q::Producers>,
}

// SAFETY: acting needs `&mut self` where the end is `One`, so a handle that moves takes the right to act along, and is free to
// all where it is `Many`; the items it moves to another thread are `Send`.
unsafe impl<Q: RawQueue<Item: Send> + Sync, C: Cardinality> Send for Producer<Q, C> {}
// SAFETY: through `&self` a handle of a `One` end only observes, and gives out no reference to an item.
unsafe impl<Q: RawQueue<Item: Send> + Sync> Sync for Producer<Q, One> {}
// SAFETY: `Many` handles may act at the same time, and two references are as good as two handles.
unsafe impl<Q: RawQueue<Item: Send> + Sync> Sync for Producer<Q, Many> {}
// An operation that panics has either happened or not: nothing is seen half done.
impl<Q: RawQueue, C: Cardinality> UnwindSafe for Producer<Q, C> {}
impl<Q: RawQueue, C: Cardinality> RefUnwindSafe for Producer<Q, C> {}

impl<Q: RawQueue, C: Cardinality> Producer<Q, C> {
    pub(super) fn new(shared: Shared<Q>, seat: Q::PushSeat) -> Self {
        Self { inner: ManuallyDrop::new(C::frame(Inner { seat, shared, slip: Slip::new() })) }
    }

    /// How many items the queue can hold: at least what was asked for; `usize::MAX` if it is unbounded.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.inner.shared.queue().capacity()
    }

    /// The number of items in the queue: at most so many are in it now, since consumers may have taken some meanwhile.
    ///
    /// Exact while no operation is in flight. In an unbounded queue, one that goes on from a segment to the next may be late to
    /// count it; then the number is wrong by as many items, but 0 only if nothing was in it all the time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.shared.queue().len_to_producer(&self.inner.seat)
    }

    /// Whether the queue was empty. If it was, and this is the only producer, it stays so until this handle pushes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no consumer is left, so that every push would fail. Once true, always true.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.shared.no_consumer()
    }

    /// See [`Slip::met`].
    #[cfg(all(test, not(loom), not(shuttle)))]
    pub(super) fn met(&self) -> usize {
        self.inner.slip.met()
    }
}

impl<Q: RawQueue<Producers = One>> Producer<Q, One> {
    /// Puts `item` at the end of the queue.
    ///
    /// ```
    /// use raddle::{PushError, spsc};
    ///
    /// let (mut tx, mut rx) = spsc::bounded(2);
    /// assert_eq!(tx.push('a'), Ok(()));
    /// assert_eq!(tx.push('b'), Ok(()));
    /// assert_eq!(tx.push('c'), Err(PushError::Full('c')));
    /// assert_eq!(rx.pop(), Ok('a'));
    /// assert_eq!(tx.push('c'), Ok(()));
    /// drop(rx);
    /// assert_eq!(tx.push('d'), Err(PushError::Closed('d')));
    /// ```
    ///
    /// # Errors
    /// [`Full`](PushError::Full) if there is no room, [`Closed`](PushError::Closed) if no consumer is left (also when
    /// there is no room either); the item comes back in both.
    #[inline]
    pub fn push(&mut self, item: Q::Item) -> Result<(), PushError<Q::Item>> {
        let Inner { seat, shared, slip } = &mut **self.inner;
        push(shared, slip, seat, item)
    }

    /// Whether the queue was full. If it was not, nobody else can fill it; with one consumer a push finds room (one of many may
    /// have a slot in hand still).
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.inner.shared.queue().is_full_to_producer(&self.inner.seat)
    }
}

impl<Q: PushRuns> Producer<Q, One> {
    /// Puts copies of the first items of `items` into the queue, as many as there is room for, and says how many.
    ///
    /// ```
    /// let (mut tx, mut rx) = raddle::spsc::bounded(3);
    /// assert_eq!(tx.push_slice(&[1, 2, 3, 4]), Ok(3));
    /// assert_eq!(rx.drain().collect::<Vec<_>>(), [1, 2, 3]);
    /// ```
    ///
    /// # Errors
    /// [`Full`](PushError::Full) or [`Closed`](PushError::Closed) if not even one went in. `Ok(0)` answers an empty slice
    /// only.
    #[inline]
    pub fn push_slice(&mut self, items: &[Q::Item]) -> Result<usize, PushError<()>>
    where
        Q::Item: Copy,
    {
        self.push_batch(items.len(), |queue, seat, n| {
            // SAFETY: the only producer handle, borrowed mutably, and its seat; the items are `Copy`.
            unsafe { queue.copy_in(seat, items.as_ptr(), n) }
        })
    }

    /// Moves items from the front of `items` into the queue, as many as there is room for, and says how many; the others
    /// stay.
    ///
    /// ```
    /// use std::collections::VecDeque;
    ///
    /// let (mut tx, _rx) = raddle::spsc::bounded(2);
    /// let mut items = VecDeque::from([String::from("a"), String::from("b"), String::from("c")]);
    /// assert_eq!(tx.push_from(&mut items), Ok(2));
    /// assert_eq!(items, ["c"]);
    /// ```
    ///
    /// # Errors
    /// [`Full`](PushError::Full) or [`Closed`](PushError::Closed) if not even one went in. `Ok(0)` answers an empty deque
    /// only.
    pub fn push_from(&mut self, items: &mut VecDeque<Q::Item>) -> Result<usize, PushError<()>> {
        self.push_batch(items.len(), |queue, seat, n| {
            let fill = |_, slots: *mut Q::Item, len| {
                for i in 0..len {
                    let Some(item) = items.pop_front() else { unreachable!("it holds n more") };
                    // SAFETY: one of the slots.
                    unsafe { slots.add(i).write(item) };
                }
            };
            // SAFETY: the only producer handle, borrowed mutably, and its seat; all slots are written.
            unsafe { queue.push_runs(seat, n, fill) }
        })
    }

    /// Pushes up to `n` items by `push`, which says how many went in.
    #[inline(always)]
    fn push_batch(
        &mut self,
        n: usize,
        push: impl FnOnce(&Q, &mut Q::PushSeat, usize) -> usize,
    ) -> Result<usize, PushError<()>> {
        let Inner { seat, shared, slip } = &mut **self.inner;
        if n > 0 && shared.no_consumer() {
            return Err(PushError::Closed(()));
        }
        let done = push(shared.queue(), seat, n);
        if done > 0 || n == 0 { Ok(done) } else { Err(shared.full(slip, seat, ())) }
    }

    /// Reserves up to `n` slots, to be written in place; nothing is visible before the chunk is committed. (An unbounded queue
    /// allocates as many as are asked for.)
    ///
    /// ```
    /// let (mut tx, mut rx) = raddle::spsc::bounded(100);
    /// let mut chunk = tx.reserve(64)?;
    /// for i in 0..64 {
    ///     chunk.write(i);
    /// }
    /// assert_eq!(rx.pop(), Err(raddle::PopError::Empty)); // nothing is visible yet ..
    /// chunk.commit(10); // .. and now the first ten are; the others are dropped
    /// assert_eq!(rx.drain().count(), 10);
    /// # Ok::<(), raddle::PushError<()>>(())
    /// ```
    ///
    /// # Errors
    /// [`Full`](PushError::Full) or [`Closed`](PushError::Closed) if not even one slot is there. An empty request gets an
    /// empty chunk.
    pub fn reserve(&mut self, n: usize) -> Result<WriteChunk<'_, Q>, PushError<()>> {
        let Inner { seat, shared, slip } = &mut **self.inner;
        if n > 0 && shared.no_consumer() {
            return Err(PushError::Closed(()));
        }
        // SAFETY: the only producer handle, borrowed mutably, and its seat.
        let chunk = unsafe { WriteChunk::new(shared.queue(), seat, n) };
        if chunk.is_empty() && n > 0 { Err(shared.full(slip, chunk.seat(), ())) } else { Ok(chunk) }
    }
}

impl<Q: PushClaims> Producer<Q, Many> {
    /// Puts `item` at the end of the queue.
    ///
    /// ```
    /// use raddle::{PushError, mpsc};
    ///
    /// let (tx, mut rx) = mpsc::bounded(2);
    /// let other = tx.clone();
    /// assert_eq!(tx.push('a'), Ok(()));
    /// assert_eq!(other.push('b'), Ok(()));
    /// assert_eq!(tx.push('c'), Err(PushError::Full('c')));
    /// assert_eq!(rx.pop(), Ok('a'));
    /// drop(rx);
    /// assert_eq!(other.push('d'), Err(PushError::Closed('d')));
    /// ```
    ///
    /// # Errors
    /// [`Full`](PushError::Full) if there is no room, [`Closed`](PushError::Closed) if no consumer is left (also when
    /// there is no room either); the item comes back in both.
    #[inline]
    pub fn push(&self, item: Q::Item) -> Result<(), PushError<Q::Item>> {
        let Inner { shared, slip, .. } = &**self.inner;
        push(shared, slip, &mut (), item)
    }

    /// Whether the queue was full; both may have changed by now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.inner.shared.queue().is_full_to_producer(&())
    }

    /// Puts copies of the first items of `items` into the queue, as many as there is room for, and says how many. They keep
    /// their order; items of other producers may come in between.
    ///
    /// ```
    /// let (tx, mut rx) = raddle::mpsc::bounded(3);
    /// assert_eq!(tx.push_slice(&[1, 2, 3, 4]), Ok(3));
    /// assert_eq!(rx.drain().collect::<Vec<_>>(), [1, 2, 3]);
    /// ```
    ///
    /// # Errors
    /// [`Full`](PushError::Full) or [`Closed`](PushError::Closed) if not even one went in. `Ok(0)` answers an empty slice
    /// only.
    pub fn push_slice(&self, items: &[Q::Item]) -> Result<usize, PushError<()>>
    where
        Q::Item: Copy,
    {
        self.push_batch(Copies::from(items))
    }

    /// Moves items from the front of `items` into the queue, as many as there is room for, and says how many; the others
    /// stay. They keep their order; items of other producers may come in between.
    ///
    /// ```
    /// use std::collections::VecDeque;
    ///
    /// let (tx, _rx) = raddle::mpsc::bounded(2);
    /// let mut items = VecDeque::from([String::from("a"), String::from("b"), String::from("c")]);
    /// assert_eq!(tx.push_from(&mut items), Ok(2));
    /// assert_eq!(items, ["c"]);
    /// ```
    ///
    /// # Errors
    /// [`Full`](PushError::Full) or [`Closed`](PushError::Closed) if not even one went in. `Ok(0)` answers an empty deque
    /// only.
    pub fn push_from(&self, items: &mut VecDeque<Q::Item>) -> Result<usize, PushError<()>> {
        self.push_batch(items)
    }

    fn push_batch(&self, feed: impl Feed<Q::Item>) -> Result<usize, PushError<()>> {
        let (n, Inner { shared, slip, .. }) = (feed.len(), &**self.inner);
        if n > 0 && shared.no_consumer() {
            return Err(PushError::Closed(()));
        }
        let done = batch::push(shared.queue(), feed);
        if done > 0 || n == 0 { Ok(done) } else { Err(shared.full(slip, &(), ())) }
    }
}

impl<Q: Overwrite<Producers = One>> Producer<Q, One> {
    /// Puts `item` at the end of the queue; if that is full, in the place of the oldest item, which comes back.
    ///
    /// In a queue of more than 64 items of up to 16 bytes, which share lines, up to seven of the oldest come back at once, and then none
    /// from as many calls less one; never fewer than were asked for stay inside.
    ///
    /// ```
    /// let (mut tx, rx) = raddle::spmc::bounded(2);
    /// assert_eq!(tx.force_push(1)?.next(), None);
    /// assert_eq!(tx.force_push(2)?.next(), None);
    /// assert_eq!(tx.force_push(3)?.next(), Some(1));
    /// assert_eq!(rx.drain().collect::<Vec<_>>(), [2, 3]);
    /// # Ok::<(), raddle::PushError<i32>>(())
    /// ```
    ///
    /// # Errors
    /// [`Closed`](PushError::Closed) with the item if no consumer is left. What it may have taken out by then is dropped, as all
    /// that is in the queue is when its last consumer goes.
    pub fn force_push(&mut self, item: Q::Item) -> Result<Evicted<Q::Item>, PushError<Q::Item>> {
        let Inner { seat, shared, .. } = &mut **self.inner;
        force::push(shared.queue(), seat, item, || shared.no_consumer()).map_err(PushError::Closed)
    }
}

impl<Q: Overwrite + PushClaims> Producer<Q, Many> {
    /// Puts `item` at the end of the queue; if that is full, in the place of the oldest item, which comes back.
    ///
    /// In a queue of more than 64 items of up to 16 bytes, which share lines, up to seven of the oldest come back at once, and then none
    /// from as many calls less one; never fewer than were asked for stay inside. A queue of capacity 1 whose only slot is in the
    /// hands of a consumer waits for it. More come back if the thread was overtaken, between taking the oldest item out and
    /// putting its own in, by others that filled the queue again.
    ///
    /// ```
    /// let (tx, rx) = raddle::mpmc::bounded(2);
    /// assert_eq!(tx.force_push(1)?.next(), None);
    /// assert_eq!(tx.force_push(2)?.next(), None);
    /// assert_eq!(tx.force_push(3)?.next(), Some(1));
    /// assert_eq!(rx.drain().collect::<Vec<_>>(), [2, 3]);
    /// # Ok::<(), raddle::PushError<i32>>(())
    /// ```
    ///
    /// # Errors
    /// [`Closed`](PushError::Closed) with the item if no consumer is left. What it may have taken out by then is dropped, as all
    /// that is in the queue is when its last consumer goes.
    pub fn force_push(&self, item: Q::Item) -> Result<Evicted<Q::Item>, PushError<Q::Item>> {
        let shared = &self.inner.shared;
        force::push(shared.queue(), &mut (), item, || shared.no_consumer())
            .map_err(PushError::Closed)
    }
}

#[inline(always)]
fn push<Q: RawQueue>(
    shared: &Shared<Q>,
    slip: &Slip<Q::Producers>,
    seat: &mut Q::PushSeat,
    item: Q::Item,
) -> Result<(), PushError<Q::Item>> {
    if shared.no_consumer() {
        return Err(PushError::Closed(item));
    }
    // SAFETY: the caller has a producer handle, borrowed mutably if it is the only one, and its seat.
    unsafe { raw::push(shared.queue(), seat, item) }.map_err(|item| shared.full(slip, seat, item))
}

impl<Q: PushClaims> Clone for Producer<Q, Many> {
    fn clone(&self) -> Self {
        Self::new(self.inner.shared.join_producer(), ())
    }
}

impl<Q: RawQueue, C: Cardinality> Drop for Producer<Q, C> {
    fn drop(&mut self) {
        // SAFETY: read once, here; neither needs to be dropped in place. Their address, given to a function, would keep the
        // handle's state out of registers in all loops that use it.
        let Inner { shared, .. } = unsafe { ptr::read(&raw const **self.inner) };
        // SAFETY: this handle's share, for the last time.
        unsafe { shared.leave_producer() };
    }
}

impl<Q: RawQueue, C: Cardinality> fmt::Debug for Producer<Q, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
