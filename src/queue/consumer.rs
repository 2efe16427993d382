//! The consuming handle.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::mem::ManuallyDrop;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr;

use super::shared::Shared;
use super::slip::Slip;
use super::{PopError, ReadChunk, batch, chunk};
use crate::cardinality::{Cardinality, Many, One};
use crate::raw::{self, PopClaims, PopRuns, RawQueue};

/// The end of a queue where items come out.
///
/// Named by the doors, for example [`spmc::bounded::Consumer`](crate::spmc::bounded::Consumer). Where it is the only one of
/// its end, it acts through `&mut self` and can't be cloned; it may move between threads. Where there may be many, it acts
/// through `&self`, and can be cloned and shared; each item goes to one of them. Dropping the last consumer closes the queue
/// and drops the items that are left in it.
pub struct Consumer<Q: RawQueue, C: Cardinality = <Q as RawQueue>::Consumers> {
    inner: ManuallyDrop<C::Frame<Inner<Q>>>,
}

/// Padded if each pop changes the seat: two handles side by side would share its line.
struct Inner<Q: RawQueue> {
    seat: Q::PopSeat,
    shared: Shared<Q>,
    slip: Slip<Q::Consumers>,
}

// SAFETY: acting needs `&mut self` where the end is `One`, so a handle that moves takes the right to act along, and is free to
// all where it is `Many`; the items it receives from another thread are `Send`.
unsafe impl<Q: RawQueue<Item: Send> + Sync, C: Cardinality> Send for Consumer<Q, C> {}
// SAFETY: through `&self` a handle of a `One` end only observes, and gives out no reference to an item.
unsafe impl<Q: RawQueue<Item: Send> + Sync> Sync for Consumer<Q, One> {}
// SAFETY: `Many` handles may act at the same time, and two references are as good as two handles.
unsafe impl<Q: RawQueue<Item: Send> + Sync> Sync for Consumer<Q, Many> {}
// An operation that panics has either happened or not: nothing is seen half done.
impl<Q: RawQueue, C: Cardinality> UnwindSafe for Consumer<Q, C> {}
impl<Q: RawQueue, C: Cardinality> RefUnwindSafe for Consumer<Q, C> {}

impl<Q: RawQueue, C: Cardinality> Consumer<Q, C> {
    pub(super) fn new(shared: Shared<Q>, seat: Q::PopSeat) -> Self {
        Self { inner: ManuallyDrop::new(C::frame(Inner { seat, shared, slip: Slip::new() })) }
    }

    /// How many items the queue can hold: at least what was asked for; `usize::MAX` if it is unbounded.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.inner.shared.queue().capacity()
    }

    /// The number of items in the queue. If this is the only consumer, there is one producer, and the queue is bounded, at least
    /// so many are there to pop. Of many producers' items those count that are on their way in; of many consumers', those that
    /// are on their way out.
    ///
    /// Exact while no operation is in flight and no place is left over from a thread that had stalled (`guide::ring`). In an
    /// unbounded queue, an operation of others that goes on from a segment to the next may be late to count it; then the number
    /// is wrong by as many items, but 0 only if nothing was in it all the time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.shared.queue().len_to_consumer(&self.inner.seat)
    }

    /// Whether [`len`](Self::len) was 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no producer is left. Items may still be there: `pop` tells when they are all gone. Once true, always true.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.shared.no_producer()
    }

    /// See [`Slip::met`].
    #[cfg(all(test, not(loom), not(shuttle)))]
    pub(super) fn met(&self) -> usize {
        self.inner.slip.met()
    }
}

impl<Q: RawQueue<Consumers = One>> Consumer<Q, One> {
    /// Takes the item at the front of the queue.
    ///
    /// ```
    /// use raddle::{PopError, spsc};
    ///
    /// let (mut tx, mut rx) = spsc::bounded(8);
    /// assert_eq!(rx.pop(), Err(PopError::Empty));
    /// tx.push(1)?;
    /// drop(tx);
    /// assert_eq!(rx.pop(), Ok(1));
    /// assert_eq!(rx.pop(), Err(PopError::Closed));
    /// # Ok::<(), raddle::PushError<i32>>(())
    /// ```
    ///
    /// # Errors
    /// [`Empty`](PopError::Empty) if there is nothing, [`Closed`](PopError::Closed) if there is nothing and no producer
    /// is left, so that there never will be.
    #[inline]
    pub fn pop(&mut self) -> Result<Q::Item, PopError> {
        let Inner { seat, shared, slip } = &mut **self.inner;
        // SAFETY: the only consumer handle, borrowed mutably, and its seat.
        let found = shared.look(|| unsafe { raw::pop(shared.queue(), seat) });
        found.map_err(|why| shared.nothing(slip, seat, why))
    }

    /// Whether the queue was full. If it was, it stays so until this handle pops.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.inner.shared.queue().is_full_to_consumer(&self.inner.seat)
    }

    /// An iterator that pops until it finds the queue empty; what it has not popped when it is dropped stays.
    ///
    /// ```
    /// let (mut tx, mut rx) = raddle::spsc::bounded(8);
    /// tx.push_slice(&[1, 2, 3])?;
    /// assert_eq!(rx.drain().take(2).collect::<Vec<_>>(), [1, 2]);
    /// assert_eq!(rx.pop(), Ok(3));
    /// # Ok::<(), raddle::PushError<()>>(())
    /// ```
    pub fn drain(&mut self) -> Drain<&mut Self> {
        Drain { consumer: self, done: false }
    }
}

impl<Q: PopRuns> Consumer<Q, One> {
    /// The item that the next [`pop`](Self::pop) takes.
    ///
    /// ```
    /// let (mut tx, mut rx) = raddle::spsc::bounded(8);
    /// tx.push(String::from("a"))?;
    /// assert_eq!(rx.peek()?, "a");
    /// assert_eq!(rx.pop()?, "a");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`pop`](Self::pop).
    pub fn peek(&mut self) -> Result<&Q::Item, PopError> {
        let run = self.read(1)?;
        let Some(item) = run.into_first() else { unreachable!("read gave a chunk of one") };
        Ok(item)
    }

    /// Moves up to `max` items from the front of the queue to the end of `items`, and says how many.
    ///
    /// At most as many as the queue holds when full (or now, if it is unbounded), so that it comes to an end beside a busy
    /// producer.
    ///
    /// ```
    /// let (mut tx, mut rx) = raddle::spsc::bounded(8);
    /// tx.push_slice(&[1, 2, 3])?;
    /// let mut items = vec![0];
    /// assert_eq!(rx.pop_into(&mut items, 2)?, 2);
    /// assert_eq!(items, [0, 1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`pop`](Self::pop), if there was not even one. `Ok(0)` answers `max == 0` only.
    ///
    /// # Panics
    /// If `items` can't grow; then what was moved before is in it and the rest still in the queue.
    #[inline]
    pub fn pop_into(&mut self, items: &mut Vec<Q::Item>, max: usize) -> Result<usize, PopError> {
        let most = match self.capacity() {
            usize::MAX => self.len().max(1),
            capacity => capacity,
        };
        let max = max.min(most);
        let mut done = self.pop_runs(items, max);
        if done == 0 && max > 0 {
            let Inner { seat, shared, slip } = &**self.inner;
            if !shared.no_producer() {
                return Err(shared.nothing(slip, seat, PopError::Empty));
            }
            items.reserve(1);
            items.push(self.pop()?);
            done = 1 + self.pop_runs(items, max - 1);
        }
        Ok(done)
    }

    /// Moves up to `max` items to the end of `items`, and says how many.
    #[inline(always)]
    fn pop_runs(&mut self, items: &mut Vec<Q::Item>, max: usize) -> usize {
        let Inner { seat, shared, .. } = &mut **self.inner;
        let (queue, mut n) = (shared.queue(), max);
        if items.capacity() - items.len() < n {
            // SAFETY: the only consumer handle, borrowed mutably, and its seat.
            n = unsafe { chunk::ready(queue, seat, n) };
            // Before anything is taken out, since it may panic.
            items.reserve(n);
        }
        let end = items.spare_capacity_mut().as_mut_ptr().cast::<Q::Item>();
        // SAFETY: as above; there is room for `n` more items.
        let n = unsafe { queue.move_out(seat, end, n) };
        // SAFETY: so many more are initialised.
        unsafe { items.set_len(items.len() + n) };
        n
    }

    /// Shows up to `n` items in place, to be released all at once.
    ///
    /// ```
    /// let (mut tx, mut rx) = raddle::spsc::bounded(100);
    /// tx.push_slice(&[1, 2, 3, 4])?;
    /// let chunk = rx.read(64)?;
    /// assert_eq!(chunk.len(), 4);
    /// assert_eq!(chunk.runs().flatten().sum::<i32>(), 10);
    /// chunk.release(3); // the fourth stays
    /// assert_eq!(rx.pop()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// With many producers it may show fewer than there are: it ends at a slot whose producer is late, and behind an item
    /// whose producer was.
    ///
    /// # Errors
    /// As [`pop`](Self::pop), if there is not even one. An empty request gets an empty chunk.
    pub fn read(&mut self, n: usize) -> Result<ReadChunk<'_, Q>, PopError> {
        let Inner { seat, shared, slip } = &mut **self.inner;
        let len = shared.look(|| {
            // SAFETY: the only consumer handle, borrowed mutably, and its seat; nothing is popped meanwhile.
            let len = unsafe { chunk::ready(shared.queue(), seat, n) };
            (len > 0 || n == 0).then_some(len)
        });
        let len = len.map_err(|why| shared.nothing(slip, seat, why))?;
        // SAFETY: as above; so many are ready.
        Ok(unsafe { ReadChunk::new(shared.queue(), seat, len) })
    }
}

impl<Q: PopClaims> Consumer<Q, Many> {
    /// Takes the item at the front of the queue.
    ///
    /// ```
    /// use raddle::{PopError, spmc};
    ///
    /// let (mut tx, rx) = spmc::bounded(8);
    /// let other = rx.clone();
    /// assert_eq!(rx.pop(), Err(PopError::Empty));
    /// tx.push(1)?;
    /// tx.push(2)?;
    /// drop(tx);
    /// assert_eq!(rx.pop(), Ok(1));
    /// assert_eq!(other.pop(), Ok(2));
    /// assert_eq!(rx.pop(), Err(PopError::Closed));
    /// # Ok::<(), raddle::PushError<i32>>(())
    /// ```
    ///
    /// # Errors
    /// [`Empty`](PopError::Empty) if there is nothing, [`Closed`](PopError::Closed) if there is nothing and no producer
    /// is left, so that there never will be.
    #[inline]
    pub fn pop(&self) -> Result<Q::Item, PopError> {
        let Inner { shared, slip, .. } = &**self.inner;
        let mut is_last = false;
        // Not by `look`, whose argument the compiler may leave out of line.
        loop {
            // SAFETY: a consumer handle, one of many.
            if let Some(item) = unsafe { raw::pop(shared.queue(), &mut ()) } {
                return Ok(item);
            }
            if let Err(why) = shared.look_again(&mut is_last) {
                return Err(shared.nothing(slip, &(), why));
            }
        }
    }

    /// Whether the queue was full; both may have changed by now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.inner.shared.queue().is_full_to_consumer(&())
    }

    /// An iterator that pops until it finds the queue empty; what it has not popped when it is dropped stays.
    ///
    /// ```
    /// let (mut tx, rx) = raddle::spmc::bounded(8);
    /// tx.push_slice(&[1, 2, 3])?;
    /// assert_eq!(rx.drain().take(2).collect::<Vec<_>>(), [1, 2]);
    /// assert_eq!(rx.pop(), Ok(3));
    /// # Ok::<(), raddle::PushError<()>>(())
    /// ```
    pub fn drain(&self) -> Drain<&Self> {
        Drain { consumer: self, done: false }
    }

    /// Moves up to `max` items from the front of the queue to the end of `items`, and says how many: all that it finds, and if
    /// there is no room for `max` in `items` yet, no more than were in the queue when it looked. They are in order; other
    /// consumers may get some from in between.
    ///
    /// ```
    /// let (mut tx, rx) = raddle::spmc::bounded(8);
    /// tx.push_slice(&[1, 2, 3])?;
    /// let mut items = vec![0];
    /// assert_eq!(rx.pop_into(&mut items, 2)?, 2);
    /// assert_eq!(items, [0, 1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`pop`](Self::pop), if there was not even one. `Ok(0)` answers `max == 0` only.
    ///
    /// # Panics
    /// If `items` can't grow; then what was moved before is in it and the rest still in the queue.
    pub fn pop_into(&self, items: &mut Vec<Q::Item>, max: usize) -> Result<usize, PopError> {
        let Inner { shared, slip, .. } = &**self.inner;
        if max == 0 {
            return Ok(0);
        }
        let found = shared.look(|| batch::pop(shared.queue(), items, max));
        found.map_err(|why| shared.nothing(slip, &(), why))
    }
}

impl<Q: PopClaims> Clone for Consumer<Q, Many> {
    fn clone(&self) -> Self {
        Self::new(self.inner.shared.join_consumer(), ())
    }
}

impl<Q: RawQueue, C: Cardinality> Drop for Consumer<Q, C> {
    fn drop(&mut self) {
        // SAFETY: read once, here; neither needs to be dropped in place. Their address, given to a function, would keep the
        // handle's state out of registers in all loops that use it.
        let Inner { mut seat, shared, .. } = unsafe { ptr::read(&raw const **self.inner) };
        // SAFETY: this handle's share and seat, for the last time.
        unsafe { shared.leave_consumer(&mut seat) };
    }
}

impl<Q: RawQueue, C: Cardinality> fmt::Debug for Consumer<Q, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

/// An iterator that pops until it finds the queue empty. Made by `drain` of a [`Consumer`], which `H` refers to.
#[derive(Debug)]
pub struct Drain<H> {
    consumer: H,
    done: bool,
}

impl<H> Drain<H> {
    fn step<T>(&mut self, pop: impl FnOnce(&mut H) -> Result<T, PopError>) -> Option<T> {
        let item = if self.done { None } else { pop(&mut self.consumer).ok() };
        self.done = item.is_none();
        item
    }
}

impl<Q: RawQueue<Consumers = One>> Iterator for Drain<&mut Consumer<Q, One>> {
    type Item = Q::Item;

    fn next(&mut self) -> Option<Q::Item> {
        self.step(|consumer| consumer.pop())
    }
}

impl<Q: PopClaims> Iterator for Drain<&Consumer<Q, Many>> {
    type Item = Q::Item;

    fn next(&mut self) -> Option<Q::Item> {
        self.step(|consumer| consumer.pop())
    }
}

impl<H> FusedIterator for Drain<H> where Self: Iterator {}
