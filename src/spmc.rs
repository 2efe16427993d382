//! One producer, many consumers: a source of work, and those who share it. Each item goes to one consumer.
//!
//! ```
//! use raddle::{Backoff, PopError, spmc};
//!
//! let (mut tx, rx) = spmc::bounded::<u64>(64);
//! let workers: Vec<_> = (0..4)
//!     .map(|_| {
//!         let rx = rx.clone();
//!         std::thread::spawn(move || {
//!             let (mut sum, backoff) = (0, Backoff::new());
//!             loop {
//!                 match rx.pop() {
//!                     Ok(item) => sum += item,
//!                     Err(PopError::Empty) => backoff.snooze(),
//!                     Err(PopError::Closed) => break sum,
//!                 }
//!             }
//!         })
//!     })
//!     .collect();
//! drop(rx);
//!
//! let backoff = Backoff::new();
//! for i in 1..=100 {
//!     while tx.push(i).is_err() {
//!         backoff.snooze();
//!     }
//! }
//! drop(tx); // the queue closes when its producer goes
//! let sums = workers.into_iter().map(|worker| worker.join().unwrap());
//! assert_eq!(sums.sum::<u64>(), 5050);
//! ```
//!
//! Each consumer sees its items in the order in which they were pushed.
//! How it works: [`guide::fans`](crate::guide::fans), [`guide::segments`](crate::guide::segments).
//!
//! # Progress
//! A consumer frozen between claiming an item and giving its slot back takes both with it until it is back, in a bounded queue with
//! the line that the slot shares (up to six of 8 bytes; in a batch, the lines of up to 32 slots); nobody else waits for it. Where a
//! look at another thread's slot may save a retry, it is a few pauses long and then done. A failed claim makes way for the winner
//! for a few microseconds.
//!
//! | operation | `bounded` | `unbounded` |
//! |---|---|---|
//! | `push` | wait-free: passes by lines whose consumers have stalled | wait-free but for the allocator: leaves out slots that consumers have claimed who were away, each once |
//! | `push_slice`, `push_from`, `reserve`, `commit` | lock-free, in steps bounded by the capacity: passes by lines whose consumers have stalled | wait-free but for the allocator: leaves out slots that consumers have claimed who were away, each once |
//! | `pop`, `pop_into`, `drain` | lock-free: a lost race is somebody else's pop | lock-free: a lost race is somebody else's pop |
//! | `force_push` | lock-free: as a pop and a push; it blocks while stalled threads have every slot in hand | |
//! | `len`, `is_empty`, `is_full`, `is_closed`, cloning | wait-free | wait-free |
//! | dropping a handle | wait-free; the last of an end drops what is left, item by item | the same |
//!
//! No operation on a bounded queue allocates, but for a vector that grows in `pop_into`. A push into an unbounded one allocates a
//! segment if no spare one is left, a pop may free one.

use crate::raw::{FanOut, Segments};

/// The handles of [`bounded`](fn@bounded), by names short enough for the fields of a struct.
pub mod bounded {
    use crate::queue;
    use crate::raw::FanOut;

    /// The end where items go in.
    pub type Producer<T> = queue::Producer<FanOut<T>>;
    /// The end where items come out.
    pub type Consumer<T> = queue::Consumer<FanOut<T>>;
    /// Slots reserved by [`Producer::reserve`](queue::Producer::reserve).
    pub type WriteChunk<'a, T> = queue::WriteChunk<'a, FanOut<T>>;
    /// The iterator of `drain`.
    pub type Drain<'a, T> = queue::Drain<&'a Consumer<T>>;
}

/// A queue that never refuses an item while fewer than `capacity` are in it.
///
/// Up to 64 items, or if an item is larger than 16 bytes, it holds exactly `capacity`; otherwise up to 12 more, as its handles'
/// `capacity()` says. The memory is allocated here, once, and freed with the last handle: 64 bytes for six items of 8 bytes
/// or three of up to 16 (less for smaller ones), otherwise for each item its size and two words, rounded up to its alignment. An
/// operation of another thread that is in flight may count as an item; a slot whose consumer was away while the queue went round once
/// counts, with those that share its line, until consumers have come to it.
///
/// ```
/// let (mut tx, rx) = raddle::spmc::bounded(2);
/// assert!(tx.push("a").is_ok() && tx.push("b").is_ok());
/// assert!(tx.push("c").unwrap_err().is_full());
/// assert_eq!(rx.pop(), Ok("a"));
/// ```
///
/// # Panics
/// If `capacity` is 0, or so large that the memory can't be allocated.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(FanOut::new(capacity))
}

/// A queue with so many items to a line, at most as many as fit, for models (few) and measurements; outside of models one, or else as
/// many as fit. Exempt from semantic versioning.
#[doc(hidden)]
#[must_use]
pub fn bounded_in_lines_of<T>(
    items: usize,
    capacity: usize,
) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(FanOut::with_lines_of(items, capacity))
}

/// The handles of [`unbounded`](fn@unbounded), by names short enough for the fields of a struct.
pub mod unbounded {
    use crate::cardinality::{Many, One};
    use crate::queue;
    use crate::raw::Segments;

    /// The end where items go in.
    pub type Producer<T> = queue::Producer<Segments<T, One, Many>>;
    /// The end where items come out.
    pub type Consumer<T> = queue::Consumer<Segments<T, One, Many>>;
    /// Slots reserved by [`Producer::reserve`](queue::Producer::reserve).
    pub type WriteChunk<'a, T> = queue::WriteChunk<'a, Segments<T, One, Many>>;
    /// The iterator of `drain`.
    pub type Drain<'a, T> = queue::Drain<&'a Consumer<T>>;
}

/// A queue that takes every item, as long as there is memory.
///
/// Items lie in segments of about 8 KiB (512 items of a word; at least two items); the first is allocated by the first push.
/// Up to 4 empty segments are kept for use again, so a queue whose length swings by less than they hold does not allocate; the
/// rest goes back to the allocator as soon as it is empty, or, if a pop was in flight there when the last consumer left, when the
/// next segment is left. A thread that is frozen in the middle of an operation keeps the one segment
/// that it is in (or, between two instructions of leaving one, those that wait: see `guide::segments`).
///
/// ```
/// let (mut tx, rx) = raddle::spmc::unbounded();
/// (0..1000).for_each(|i| tx.push(i).unwrap());
/// assert_eq!(rx.len(), 1000);
/// assert_eq!(rx.pop(), Ok(0));
/// ```
#[must_use]
pub fn unbounded<T>() -> (unbounded::Producer<T>, unbounded::Consumer<T>) {
    crate::queue::pair(Segments::new())
}

/// A queue in segments of so many slots, for models (few) and measurements. Exempt from semantic versioning.
#[doc(hidden)]
#[must_use]
pub fn unbounded_in_segments_of<T>(
    slots: usize,
) -> (unbounded::Producer<T>, unbounded::Consumer<T>) {
    crate::queue::pair(Segments::with_segments_of(slots))
}
