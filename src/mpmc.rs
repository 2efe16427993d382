//! Many producers, many consumers: the queue for every topology, and the slowest; see whether a narrower one does.
//!
//! ```
//! use raddle::mpmc;
//!
//! let (tx, rx) = mpmc::bounded::<u32>(8);
//! std::thread::scope(|scope| {
//!     for i in 0..4 {
//!         let tx = tx.clone();
//!         scope.spawn(move || tx.push(i).unwrap());
//!     }
//! });
//! let mut items: Vec<_> = rx.drain().collect();
//! items.sort();
//! assert_eq!(items, [0, 1, 2, 3]);
//! ```
//!
//! Items of one producer reach one consumer in the order in which they were pushed.
//! How it works: [`guide::ring`](crate::guide::ring), [`guide::segments`](crate::guide::segments).
//!
//! # Progress
//! A thread frozen between claiming a slot and handing it over takes that slot (and a consumer its item) with it until it is back,
//! in a bounded queue with the line that the slot shares (up to seven of 8 bytes; in a batch, the lines of up to 32 slots); nobody
//! else waits for it. Where a look at another thread's slot may save a retry, it is a few pauses long and then done. A failed claim
//! makes way for the winner for a few microseconds.
//!
//! | operation | `bounded` | `unbounded` |
//! |---|---|---|
//! | `push`, `push_slice`, `push_from` | lock-free: a lost race is somebody else's push | lock-free: a lost race is somebody else's push |
//! | `pop`, `pop_into`, `drain` | lock-free: a lost race is somebody else's pop | lock-free: a lost race is somebody else's pop |
//! | `force_push` | lock-free: as a pop and a push; it blocks while stalled threads have every slot in hand | |
//! | `len`, `is_empty`, `is_full`, `is_closed`, cloning | wait-free | wait-free |
//! | dropping a handle | wait-free; the last of an end drops what is left, item by item | the same |
//!
//! No operation on a bounded queue allocates, but for a vector that grows in `pop_into`. A push into an unbounded one allocates a
//! segment if no spare one is left, a pop may free one.

use crate::raw::{Ring, Segments};

pub use crate::queue::Fixed;

/// The handles of [`bounded`](fn@bounded), by names short enough for the fields of a struct.
pub mod bounded {
    use crate::queue;
    use crate::raw::Ring;

    /// The end where items go in.
    pub type Producer<T> = queue::Producer<Ring<T>>;
    /// The end where items come out.
    pub type Consumer<T> = queue::Consumer<Ring<T>>;
    /// The iterator of `drain`.
    pub type Drain<'a, T> = queue::Drain<&'a Consumer<T>>;
}

/// A queue that never refuses an item while fewer than `capacity` are in it.
///
/// Up to 64 items, or if an item is larger than 16 bytes, it holds exactly `capacity`; otherwise up to 12 more, as its handles'
/// `capacity()` says. The memory is allocated here, once, and freed with the last handle: 64 bytes for seven items of up to 8 bytes
/// or three of up to 16 (less for smaller ones), otherwise for each item its size and a word, rounded up to its alignment. An
/// operation of another thread that is in flight may count as an item; a slot whose holder was away while the queue went round once
/// counts, with those that share its line, until consumers have come to it.
///
/// ```
/// let (tx, rx) = raddle::mpmc::bounded(2);
/// assert!(tx.push("a").is_ok() && tx.push("b").is_ok());
/// assert!(tx.push("c").unwrap_err().is_full());
/// assert_eq!(rx.pop(), Ok("a"));
/// ```
///
/// # Panics
/// If `capacity` is 0, or so large that the memory can't be allocated.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(Ring::new(capacity))
}

/// A queue with so many items to a line, at most as many as fit, for models (few) and measurements; outside of models one, or else as
/// many as fit. Exempt from semantic versioning.
#[doc(hidden)]
#[must_use]
pub fn bounded_in_lines_of<T>(
    items: usize,
    capacity: usize,
) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(Ring::with_lines_of(items, capacity))
}

/// The handles of [`unbounded`](fn@unbounded), by names short enough for the fields of a struct.
pub mod unbounded {
    use crate::cardinality::Many;
    use crate::queue;
    use crate::raw::Segments;

    /// The end where items go in.
    pub type Producer<T> = queue::Producer<Segments<T, Many, Many>>;
    /// The end where items come out.
    pub type Consumer<T> = queue::Consumer<Segments<T, Many, Many>>;
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
/// let (tx, rx) = raddle::mpmc::unbounded();
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
