//! A ring without shared indices: each slot says by a flag whether it holds an item.
//!
//! ```text
//!   slots   [ 1 5 | 1 6 | 0 . | 0 . | 1 4 ]     flag, item
//!                         ^push       ^pop      each side knows its own place, and looks at the flag there
//! ```
//!
//! After FastForward (Giacomoni, Moseley, Vachharajani: "FastForward for Efficient Pipeline Parallelism: A Cache-Optimized
//! Concurrent Lock-Free Queue", PPoPP 2008), whose flag is a null pointer in the item itself; a separate flag takes any `T`.
//!
//! | edge | from, to | what would go wrong without it |
//! |---|---|---|
//! | (S1) -> (S2) | push, pop | the consumer could read a slot before it is written |
//! | (S3) -> (S4) | pop, push | the producer could overwrite a slot before it is read |

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use std::sync::Arc;

use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicUsize, Ordering};

use super::{Gone, PopError, PushError};

#[derive(Debug)]
struct Slot<T> {
    /// 1 while `item` is one.
    full: AtomicUsize,
    item: UnsafeCell<MaybeUninit<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    gone: Gone,
    slots: Box<[Slot<T>]>,
}

// SAFETY: a slot's item is touched by the producer alone while its flag is 0, by the consumer alone while it is 1, and
// (S1)-(S4) order the change of hands; so sharing moves items between threads, no more.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        for slot in &mut self.slots {
            if slot.full.load(Ordering::Relaxed) != 0 {
                // SAFETY: both ends are gone, and the flag says that there is an item.
                unsafe { slot.item.get_mut().assume_init_drop() };
            }
        }
    }
}

/// What an end knows for itself.
#[derive(Debug)]
struct Own<T> {
    shared: Arc<Shared<T>>,
    /// The slot that is next; always inside the ring.
    place: usize,
}

impl<T> Own<T> {
    #[inline]
    fn advance(&mut self) {
        self.place += 1;
        if self.place == self.shared.slots.len() {
            self.place = 0;
        }
    }
}

/// The end that pushes.
#[derive(Debug)]
pub struct Producer<T> {
    own: CachePadded<Own<T>>,
}

/// The end that pops.
#[derive(Debug)]
pub struct Consumer<T> {
    own: CachePadded<Own<T>>,
}

/// A queue for exactly `capacity` items.
///
/// # Panics
///
/// If `capacity` is zero.
pub fn bounded<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    assert!(capacity > 0, "a slot-flag ring holds at least one item");
    let slot = || Slot { full: AtomicUsize::new(0), item: UnsafeCell::new(MaybeUninit::uninit()) };
    let slots = (0..capacity).map(|_| slot()).collect();
    let shared = Arc::new(Shared { gone: Gone::new(), slots });
    let end = |shared| CachePadded::new(Own { shared, place: 0 });
    (Producer { own: end(shared.clone()) }, Consumer { own: end(shared) })
}

impl<T> Producer<T> {
    /// Pushes an item.
    ///
    /// # Errors
    ///
    /// If there is no room, or the consumer is gone.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), PushError<T>> {
        let own = &mut *self.own;
        if own.shared.gone.consumer_left() {
            return Err(PushError::Closed(item));
        }
        let slot = &own.shared.slots[own.place];
        // ORDERING: (S4) Acquire, pairs with (S3): the slot's last item has been read.
        if slot.full.load(Ordering::Acquire) != 0 {
            return Err(PushError::Full(item));
        }
        // SAFETY: the flag is 0, so the slot is the producer's.
        unsafe { (*slot.item.get()).write(item) };
        // ORDERING: (S1) Release, pairs with (S2): who sees the flag sees the item.
        slot.full.store(1, Ordering::Release);
        own.advance();
        Ok(())
    }
}

impl<T> Consumer<T> {
    /// Pops an item.
    ///
    /// # Errors
    ///
    /// If there is none, or there is none and the producer is gone.
    #[inline]
    pub fn pop(&mut self) -> Result<T, PopError> {
        let own = &mut *self.own;
        let slot = &own.shared.slots[own.place];
        // ORDERING: (S2) Acquire, pairs with (S1): the item has been written.
        let full = || slot.full.load(Ordering::Acquire) != 0;
        if !full() {
            if !own.shared.gone.producer_left() {
                return Err(PopError::Empty);
            }
            // The last item may have come between the two looks.
            if !full() {
                return Err(PopError::Closed);
            }
        }
        // SAFETY: the flag is 1, so the slot is the consumer's, and the store below gives its item up for good.
        let item = unsafe { (*slot.item.get()).assume_init_read() };
        // ORDERING: (S3) Release, pairs with (S4): the item has been read.
        slot.full.store(0, Ordering::Release);
        own.advance();
        Ok(item)
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.own.shared.gone.leave_producer();
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.own.shared.gone.leave_consumer();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    super::super::contract!();
}
