//! The stamped ring: as `raddle::mpmc::bounded`, but who meets a slot in the hands of another thread waits for it.
//!
//! Each slot has a stamp, the index that may use it next: `tail` may push where the stamp is `tail`, `head` may pop where it
//! is `head + 1`. A claimed slot is handed over with a store, where the library's ring needs a compare-exchange.
//!
//! *Progress*: blocking. A producer stopped between claiming and filling stops every consumer, and a consumer stopped
//! between claiming and vacating every producer, a lap later.
//!
//! *Source*: Dmitry Vyukov, "Bounded MPMC queue", 1024cores.net.
//!
//! Edges: S1 with S2 (the item goes over, or is gone).

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use raddle::Backoff;
use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicUsize, Ordering};

#[derive(Debug)]
struct Slot<T> {
    stamp: AtomicUsize,
    item: UnsafeCell<MaybeUninit<T>>,
}

/// A bounded queue, shared by reference.
#[derive(Debug)]
pub struct StampedRing<T> {
    head: CachePadded<AtomicUsize>,
    tail: CachePadded<AtomicUsize>,
    slots: Box<[Slot<T>]>,
    /// From an index to the one of the next lap.
    lap: usize,
}

// SAFETY: a slot's item is one thread's at a time, by its stamp; it crosses threads, hence `T: Send`.
unsafe impl<T: Send> Sync for StampedRing<T> {}

impl<T> StampedRing<T> {
    /// A ring of `capacity` slots.
    ///
    /// # Panics
    /// If `capacity` is 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a queue needs room for at least one item");
        let slot =
            |i| Slot { stamp: AtomicUsize::new(i), item: UnsafeCell::new(MaybeUninit::uninit()) };
        let index = || CachePadded::new(AtomicUsize::new(0));
        // A stamp one higher than the last slot's index means that the slot is full, not the next lap.
        let lap = (capacity + 1).next_power_of_two();
        Self { head: index(), tail: index(), slots: (0..capacity).map(slot).collect(), lap }
    }

    #[inline]
    fn slot(&self, index: usize) -> &Slot<T> {
        &self.slots[index & (self.lap - 1)]
    }

    #[inline]
    fn next(&self, index: usize) -> usize {
        if (index & (self.lap - 1)) + 1 < self.slots.len() {
            index + 1
        } else {
            (index & !(self.lap - 1)).wrapping_add(self.lap)
        }
    }

    /// Claims the index in `word` whose slot's stamp is `ahead` of it; none if the other end, at `other`, is `limit` before it.
    #[inline]
    fn claim(
        &self,
        word: &AtomicUsize,
        ahead: usize,
        other: &AtomicUsize,
        limit: usize,
    ) -> Option<usize> {
        let (race, wait) = (Backoff::new(), Backoff::new());
        loop {
            let index = word.load(Ordering::Relaxed);
            // ORDERING: (S2) Acquire, pairs with (S1): the item is there, or gone.
            let stamp = self.slot(index).stamp.load(Ordering::Acquire);
            if stamp == index + ahead {
                let next = self.next(index);
                if word
                    .compare_exchange_weak(index, next, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
                {
                    return Some(index);
                }
                race.spin();
            } else if other.load(Ordering::Relaxed).wrapping_add(limit) == index {
                return None;
            } else {
                wait.snooze();
            }
        }
    }

    #[inline]
    fn hand_over(&self, index: usize, stamp: usize) {
        // ORDERING: (S1) Release, pairs with (S2): the item is written, or out, before the stamp says so.
        self.slot(index).stamp.store(stamp, Ordering::Release);
    }

    /// Puts `item` in, or gives it back if the ring is full.
    ///
    /// # Errors
    /// The item.
    #[inline]
    pub fn push(&self, item: T) -> Result<(), T> {
        let Some(index) = self.claim(&self.tail, 0, &self.head, self.lap) else { return Err(item) };
        // SAFETY: claimed, so this thread's alone.
        unsafe { (*self.slot(index).item.get()).write(item) };
        self.hand_over(index, index + 1);
        Ok(())
    }

    /// Takes the oldest item, if there is one.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        let index = self.claim(&self.head, 1, &self.tail, 0)?;
        // SAFETY: claimed and full, so this thread's alone.
        let item = unsafe { (*self.slot(index).item.get()).assume_init_read() };
        self.hand_over(index, index.wrapping_add(self.lap));
        Some(item)
    }
}

impl<T> Drop for StampedRing<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU64;
    use std::rc::Rc;
    use std::thread;

    #[test]
    fn it_holds_exactly_its_capacity_in_order_and_drops_what_is_left() {
        for capacity in [1, 2, 3, 8, 9] {
            let token = Rc::new(());
            let ring = StampedRing::new(capacity);
            for lap in 0..3 {
                (0..capacity).for_each(|i| assert!(ring.push((lap, i, token.clone())).is_ok()));
                assert!(ring.push((9, 9, token.clone())).is_err());
                assert_eq!(Rc::strong_count(&token), capacity + 1);
                if lap < 2 {
                    (0..capacity)
                        .for_each(|i| assert_eq!(ring.pop().map(|x| (x.0, x.1)), Some((lap, i))));
                    assert!(ring.pop().is_none());
                }
            }
            drop(ring);
            assert_eq!(Rc::strong_count(&token), 1);
        }
    }

    #[test]
    fn four_threads_lose_nothing() {
        const N: u64 = 20_000;
        let (ring, sum) = (StampedRing::new(5), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for i in 1..=N {
                        while ring.push(i).is_err() {
                            thread::yield_now();
                        }
                    }
                });
                scope.spawn(|| {
                    for _ in 0..N {
                        let item = loop {
                            match ring.pop() {
                                Some(item) => break item,
                                None => thread::yield_now(),
                            }
                        };
                        sum.fetch_add(item, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), N * (N + 1));
    }
}
