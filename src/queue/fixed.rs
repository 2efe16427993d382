//! A queue without handles: one object that everybody shares, for statics.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use super::batch::{self, Copies};
use super::force::{self, Evicted};
use crate::raw::{self, Feed, RawQueue, Ring, Slot};
use crate::sync::{array, const_fn};

/// A queue of at most `N` items that lie in the object itself, shared by reference: it can be a `static`, allocates nothing
/// and never closes.
///
/// The mechanism, and so the order and the progress, is that of [`mpmc::bounded`](crate::mpmc::bounded()).
///
/// ```
/// use raddle::mpmc::Fixed;
///
/// static JOBS: Fixed<u32, 64> = Fixed::new();
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| JOBS.push(7));
/// });
/// assert_eq!(JOBS.pop(), Some(7));
/// assert_eq!(JOBS.pop(), None);
/// ```
///
/// A queue without room does not compile:
/// ```compile_fail,E0080
/// let queue = raddle::mpmc::Fixed::<u32, 0>::new();
/// ```
pub struct Fixed<T, const N: usize> {
    ring: Ring<T, [Slot<T>; N]>,
}

impl<T, const N: usize> Fixed<T, N> {
    const_fn! {
        /// An empty queue. (In a model it is not `const`.)
        #[must_use]
        pub fn new() -> Self {
            const { assert!(N > 0, "raddle: a queue of capacity 0 can hold nothing; use at least 1") };
            Self { ring: Ring::of(array![Slot::new(); N]) }
        }
    }

    /// Puts `item` at the end of the queue.
    ///
    /// # Errors
    /// The item, if there is no room.
    #[inline]
    pub fn push(&self, item: T) -> Result<(), T> {
        // SAFETY: of many producers.
        unsafe { raw::push(&self.ring, &mut (), item) }
    }

    /// Takes the item at the front of the queue, if there is one.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        // SAFETY: of many consumers.
        unsafe { raw::pop(&self.ring, &mut ()) }
    }

    /// Puts `item` at the end of the queue; if that is full, in the place of the oldest item, which comes back. (More than
    /// one comes back if the thread is overtaken on the way by others that fill the queue again.)
    ///
    /// ```
    /// let last_two = raddle::mpmc::Fixed::<char, 2>::new();
    /// let evicted: String = "abcd".chars().flat_map(|c| last_two.force_push(c)).collect();
    /// assert_eq!((evicted.as_str(), last_two.pop(), last_two.pop()), ("ab", Some('c'), Some('d')));
    /// ```
    pub fn force_push(&self, item: T) -> Evicted<T> {
        match force::push(&self.ring, &mut (), item, || false) {
            Ok(evicted) => evicted,
            Err(_) => unreachable!("it never closes"),
        }
    }

    /// Puts copies of the first items of `items` into the queue, as many as there is room for, and says how many.
    pub fn push_slice(&self, items: &[T]) -> usize
    where
        T: Copy,
    {
        self.push_batch(Copies::from(items))
    }

    /// Moves items from the front of `items` into the queue, as many as there is room for, and says how many.
    pub fn push_from(&self, items: &mut VecDeque<T>) -> usize {
        self.push_batch(items)
    }

    fn push_batch(&self, feed: impl Feed<T>) -> usize {
        batch::push(&self.ring, feed)
    }

    /// Moves up to `max` items from the front of the queue to the end of `items`, and says how many: all that it
    /// finds, and if there is no room for `max` in `items` yet, no more than were in the queue when it looked.
    ///
    /// # Panics
    /// If `items` can't grow; then what was moved before is in it and the rest still in the queue.
    pub fn pop_into(&self, items: &mut Vec<T>, max: usize) -> usize {
        if max == 0 { 0 } else { batch::pop(&self.ring, items, max).unwrap_or(0) }
    }

    /// The number of items in the queue, which others may change meanwhile; exact while no operation is in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len_to_consumer(&())
    }

    /// Whether the queue was empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the queue was full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.ring.is_full_to_consumer(&())
    }

    /// `N`.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }
}

impl<T, const N: usize> Default for Fixed<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for Fixed<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixed").field("len", &self.len()).field("capacity", &N).finish()
    }
}
