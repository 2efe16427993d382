//! One producer, one consumer: the fastest there is, and the first choice wherever the topology allows it.
//!
//! ```
//! use raddle::{Backoff, PopError, PushError, spsc};
//!
//! let (mut tx, mut rx) = spsc::bounded::<u64>(1024);
//!
//! let producer = std::thread::spawn(move || {
//!     for i in 1..=1000 {
//!         let mut item = i;
//!         let backoff = Backoff::new();
//!         // A queue never waits: the caller decides what to do when it is full.
//!         while let Err(PushError::Full(back)) = tx.push(item) {
//!             item = back;
//!             backoff.snooze();
//!         }
//!     }
//! }); // dropping `tx` closes the queue
//!
//! let (mut sum, backoff) = (0, Backoff::new());
//! loop {
//!     match rx.pop() {
//!         Ok(item) => {
//!             sum += item;
//!             backoff.reset();
//!         }
//!         Err(PopError::Empty) => backoff.snooze(),
//!         Err(PopError::Closed) => break,
//!     }
//! }
//! assert_eq!(sum, 500_500);
//! producer.join().unwrap();
//! ```
//!
//! How it works, and what it was measured against: [`guide::spsc`](crate::guide::spsc).
//!
//! # Progress of `bounded`
//! Wait-free throughout: no operation waits for the other end, or does more for what the other end does meanwhile than its
//! own request or the capacity bounds; none allocates after construction, but for a vector that grows in `pop_into`.
//!
//! | operation | progress | atomic operations, at most |
//! |---|---|---|
//! | `push` | wait-free | 3: is it closed, is the next line vacant, publish |
//! | `pop` | wait-free | 4: own place, is the line filled, count, vacate; 7 if it finds nothing at first, the end closed, and then the last item |
//! | `push_slice`, `push_from`, `reserve`, `commit` | wait-free | a constant, and 2 per line or begun line of the request |
//! | `pop_into`, `read`, `release`, `drain` | wait-free per item | a constant per item |
//! | `peek` | wait-free | 7 |
//! | `len`, `is_empty`, `is_full`, `is_closed` | wait-free | 4, and one per doubling of the capacity |
//! | dropping an end | wait-free | a pop for each item left, at most the capacity; the last handle frees the memory |
//!
//! # Progress of `unbounded`
//! Wait-free throughout, but for the allocator: a push at the end of a segment takes a spare one or allocates, a pop there may
//! free one. `push` takes 2 atomic operations within a segment and at most 10 at its end, `pop` 4 and 13. `len` at the
//! consumer's end takes 2 for each segment that it has not counted yet, and a few more.
//!
//! Steps of the items' own code (`Clone`, `Drop`, iterators) come on top. It never runs between taking a slot and passing it
//! on, so a panic there leaves the queue in order.

use crate::raw::{LineChain, LineRing};

/// The handles of [`bounded`](fn@bounded), by names short enough for the fields of a struct.
///
/// ```
/// struct Log {
///     lines: raddle::spsc::bounded::Producer<String>,
/// }
/// ```
pub mod bounded {
    use crate::queue;
    use crate::raw::LineRing;

    /// The end where items go in.
    pub type Producer<T> = queue::Producer<LineRing<T>>;
    /// The end where items come out.
    pub type Consumer<T> = queue::Consumer<LineRing<T>>;
    /// Slots reserved by [`Producer::reserve`](queue::Producer::reserve).
    pub type WriteChunk<'a, T> = queue::WriteChunk<'a, LineRing<T>>;
    /// Items shown by [`Consumer::read`](queue::Consumer::read).
    pub type ReadChunk<'a, T> = queue::ReadChunk<'a, LineRing<T>>;
    /// The iterator of [`Consumer::drain`](queue::Consumer::drain).
    pub type Drain<'a, T> = queue::Drain<&'a mut Consumer<T>>;
}

/// A queue that never refuses an item while fewer than `capacity` are in it.
///
/// Up to 64 items it holds exactly `capacity`; above, up to two lines' worth more (a line is 7 items of 8 bytes, 3 of 64
/// bytes, 1 of 4096 bytes), as its handles' `capacity()` says. The memory is allocated here, once, and freed with the last
/// handle.
///
/// ```
/// let (mut tx, mut rx) = raddle::spsc::bounded(2);
/// tx.push("a").unwrap();
/// tx.push("b").unwrap();
/// assert!(tx.push("c").unwrap_err().is_full());
/// assert_eq!(rx.pop(), Ok("a"));
/// ```
///
/// # Panics
/// If `capacity` is 0, or so large that the memory can't be allocated.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(LineRing::new(capacity))
}

/// A queue with so many items to a line, for models (few) and measurements. Exempt from semantic versioning.
#[doc(hidden)]
#[must_use]
pub fn bounded_in_lines_of<T>(
    items: usize,
    capacity: usize,
) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(LineRing::with_lines_of(items, capacity))
}

/// The handles of [`unbounded`](fn@unbounded), by names short enough for the fields of a struct.
pub mod unbounded {
    use crate::queue;
    use crate::raw::LineChain;

    /// The end where items go in.
    pub type Producer<T> = queue::Producer<LineChain<T>>;
    /// The end where items come out.
    pub type Consumer<T> = queue::Consumer<LineChain<T>>;
    /// Slots reserved by [`Producer::reserve`](queue::Producer::reserve).
    pub type WriteChunk<'a, T> = queue::WriteChunk<'a, LineChain<T>>;
    /// Items shown by [`Consumer::read`](queue::Consumer::read).
    pub type ReadChunk<'a, T> = queue::ReadChunk<'a, LineChain<T>>;
    /// The iterator of `drain`.
    pub type Drain<'a, T> = queue::Drain<&'a mut Consumer<T>>;
}

/// A queue that takes every item, as long as there is memory.
///
/// Items lie in segments. The first has one line (7 items of a word, 3 of 64 bytes, 1 of 4096 bytes), each further one twice as
/// many as the one before, up to about 8 KiB, but two items at least. Up to 4 empty segments of the last size are kept for
/// use again, so a queue whose length swings by less than they hold does not allocate, once it has grown; the rest goes back to
/// the allocator as soon as it is empty. The segment in which the consumer is stays.
///
/// ```
/// let (mut tx, mut rx) = raddle::spsc::unbounded();
/// (0..1000).for_each(|i| tx.push(i).unwrap());
/// assert_eq!(rx.len(), 1000);
/// assert_eq!(rx.pop(), Ok(0));
/// ```
#[must_use]
pub fn unbounded<T>() -> (unbounded::Producer<T>, unbounded::Consumer<T>) {
    crate::queue::pair(LineChain::new())
}

/// A queue in segments of at most so many slots, two to a line if that is even, otherwise one; for models. Exempt from semantic versioning.
#[doc(hidden)]
#[must_use]
pub fn unbounded_in_segments_of<T>(
    slots: usize,
) -> (unbounded::Producer<T>, unbounded::Consumer<T>) {
    crate::queue::pair(LineChain::with_segments_of(slots))
}
