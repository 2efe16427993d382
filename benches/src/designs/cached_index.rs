//! A ring with two shared indices, of which each side keeps the other's last known value.
//!
//! ```text
//!   slots   [ 5 | 6 | 7 | . | 2 | 3 | 4 ]      indices run on for ever; slot = index & mask
//!                         ^tail ^head          head <= tail <= head + capacity
//! ```
//!
//! The ring is Lamport's ("Proving the Correctness of Multiprocess Programs", 1977); the private copies of the other
//! side's index are MCRingBuffer's (Lee, Bu, Chandranmenon: "A Lock-Free, Cache-Efficient Multi-Core Synchronization
//! Mechanism for Line-Rate Network Traffic Monitoring", IPDPS 2010). A side reads the shared index only when its copy says
//! full or empty.
//!
//! | edge | from, to | what would go wrong without it |
//! |---|---|---|
//! | (C1) -> (C2) | push, pop | the consumer could read a slot before it is written |
//! | (C3) -> (C4) | pop, push | the producer could overwrite a slot before it is read |

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use std::sync::Arc;

use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicUsize, Ordering};

use super::{Gone, PopError, PushError};

#[derive(Debug)]
struct Shared<T> {
    /// The first index not popped yet.
    head: CachePadded<AtomicUsize>,
    /// The first index not pushed yet.
    tail: CachePadded<AtomicUsize>,
    gone: Gone,
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
    capacity: usize,
}

// SAFETY: a slot is touched by the producer alone while its index is outside of head..tail, by the consumer alone while it
// is inside, and (C1)-(C4) order the change of hands; so sharing moves items between threads, no more.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    #[inline]
    fn slot(&self, index: usize) -> *mut T {
        self.slots[index & (self.slots.len() - 1)].get().cast()
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let (head, tail) = (self.head.load(Ordering::Relaxed), self.tail.load(Ordering::Relaxed));
        for i in 0..tail.wrapping_sub(head) {
            // SAFETY: both ends are gone, and the slots from head to tail hold items.
            unsafe { self.slot(head.wrapping_add(i)).drop_in_place() };
        }
    }
}

/// The end that pushes.
#[derive(Debug)]
pub struct Producer<T> {
    own: CachePadded<Pushing<T>>,
}

#[derive(Debug)]
struct Pushing<T> {
    shared: Arc<Shared<T>>,
    tail: usize,
    /// `head` as last seen.
    head: usize,
}

/// The end that pops.
#[derive(Debug)]
pub struct Consumer<T> {
    own: CachePadded<Popping<T>>,
}

#[derive(Debug)]
struct Popping<T> {
    shared: Arc<Shared<T>>,
    head: usize,
    /// `tail` as last seen.
    tail: usize,
}

/// A queue for exactly `capacity` items.
///
/// # Panics
///
/// If `capacity` is zero.
pub fn bounded<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    assert!(capacity > 0, "a cached-index ring holds at least one item");
    let slot = || UnsafeCell::new(MaybeUninit::uninit());
    let shared = Arc::new(Shared {
        head: CachePadded::new(AtomicUsize::new(0)),
        tail: CachePadded::new(AtomicUsize::new(0)),
        gone: Gone::new(),
        slots: (0..capacity.next_power_of_two()).map(|_| slot()).collect(),
        capacity,
    });
    let tx = Pushing { shared: shared.clone(), tail: 0, head: 0 };
    let rx = Popping { shared, head: 0, tail: 0 };
    (Producer { own: CachePadded::new(tx) }, Consumer { own: CachePadded::new(rx) })
}

impl<T> Pushing<T> {
    /// Free slots, after a look at the shared index if the copy knows of none.
    #[inline]
    fn room(&mut self) -> usize {
        let room = |own: &Self| own.shared.capacity - own.tail.wrapping_sub(own.head);
        if room(self) == 0 {
            // ORDERING: (C4) Acquire, pairs with (C3): the slots below `head` have been read.
            self.head = self.shared.head.load(Ordering::Acquire);
        }
        room(self)
    }

    #[inline]
    fn publish(&mut self, n: usize) {
        self.tail = self.tail.wrapping_add(n);
        // ORDERING: (C1) Release, pairs with (C2): who sees this `tail` sees the items below it.
        self.shared.tail.store(self.tail, Ordering::Release);
    }
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
        if own.room() == 0 {
            return Err(PushError::Full(item));
        }
        // SAFETY: there is room, so the slot at `tail` is free, and only this end writes slots.
        unsafe { own.shared.slot(own.tail).write(item) };
        own.publish(1);
        Ok(())
    }

    /// Pushes the first of `items`; says how many. None, if the consumer is gone.
    #[inline]
    pub fn push_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let own = &mut *self.own;
        if own.shared.gone.consumer_left() {
            return 0;
        }
        let n = own.room().min(items.len());
        let (first, second) = items[..n].split_at(n.min(own.shared.until_end(own.tail)));
        // SAFETY: `n` slots from `tail` on are free; the first part ends at the end of the ring at the latest, the second
        // starts at the beginning of the ring if it isn't empty.
        unsafe {
            let slots = own.shared.slot(own.tail);
            slots.copy_from_nonoverlapping(first.as_ptr(), first.len());
            own.shared.slot(0).copy_from_nonoverlapping(second.as_ptr(), second.len());
        }
        if n > 0 {
            own.publish(n);
        }
        n
    }
}

impl<T> Shared<T> {
    /// Slots from `index` to the end of the ring.
    #[inline]
    fn until_end(&self, index: usize) -> usize {
        self.slots.len() - (index & (self.slots.len() - 1))
    }
}

impl<T> Popping<T> {
    /// Items there, after a look at the shared index if the copy knows of none.
    #[inline]
    fn items(&mut self) -> usize {
        if self.tail == self.head {
            self.look();
        }
        self.tail.wrapping_sub(self.head)
    }

    #[inline]
    fn look(&mut self) {
        // ORDERING: (C2) Acquire, pairs with (C1): the slots below `tail` have been written.
        self.tail = self.shared.tail.load(Ordering::Acquire);
    }

    #[inline]
    fn release(&mut self, n: usize) {
        self.head = self.head.wrapping_add(n);
        // ORDERING: (C3) Release, pairs with (C4): the slots below `head` have been read.
        self.shared.head.store(self.head, Ordering::Release);
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
        if own.items() == 0 {
            if !own.shared.gone.producer_left() {
                return Err(PopError::Empty);
            }
            // The last item may have come between the two looks.
            own.look();
            if own.tail == own.head {
                return Err(PopError::Closed);
            }
        }
        // SAFETY: the slot at `head` holds an item, which `release` gives up for good.
        let item = unsafe { own.shared.slot(own.head).read() };
        own.release(1);
        Ok(item)
    }

    /// Appends up to `max` items to `into`; says how many.
    #[inline]
    pub fn pop_into(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let own = &mut *self.own;
        let n = own.items().min(max);
        if n == 0 {
            return 0;
        }
        // A growth that panics does so before any item is claimed.
        into.reserve(n);
        let first = n.min(own.shared.until_end(own.head));
        // SAFETY: `n` slots from `head` on hold items; the first part ends at the end of the ring at the latest, the
        // rest starts at its beginning; `into` has room for all of them, and `release` gives the slots up.
        unsafe {
            let room = into.as_mut_ptr().add(into.len());
            room.copy_from_nonoverlapping(own.shared.slot(own.head), first);
            room.add(first).copy_from_nonoverlapping(own.shared.slot(0), n - first);
            into.set_len(into.len() + n);
        }
        own.release(n);
        n
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

    #[test]
    fn slices_go_around_the_end_of_the_ring() {
        for capacity in [1, 3, 4, 7] {
            let (mut tx, mut rx) = bounded(capacity);
            let (mut sent, mut got) = (0, Vec::new());
            for size in [1, 2, 3, 5, 7, 1, 4, 6, 2, 3] {
                let items: Vec<u32> = (sent..sent + size).collect();
                sent += tx.push_slice(&items) as u32;
                rx.pop_into(&mut got, 1 + size as usize / 2);
            }
            rx.pop_into(&mut got, 100);
            assert_eq!(got, (0..sent).collect::<Vec<_>>());
        }
    }
}
