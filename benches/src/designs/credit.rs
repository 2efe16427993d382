//! Credit: the library's unbounded queue behind a count of items, as a bounded queue.
//!
//! A push takes one of `capacity` credits, a pop returns it. Lock-free as the queue is, since no slot is ever used twice
//! while somebody has it in hand; but each operation moves one more contended word.

use raddle::cacheline::CachePadded;
use raddle::mpmc::unbounded::{Consumer, Producer};
use raddle::sync::{AtomicUsize, Ordering};

/// A bounded queue, shared by reference.
#[derive(Debug)]
pub struct Credit<T> {
    taken: CachePadded<AtomicUsize>,
    capacity: usize,
    ends: (Producer<T>, Consumer<T>),
}

impl<T> Credit<T> {
    /// A queue for `capacity` items.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let taken = CachePadded::new(AtomicUsize::new(0));
        Self { taken, capacity, ends: raddle::mpmc::unbounded() }
    }

    /// Puts `item` in, or gives it back if the queue is full.
    ///
    /// # Errors
    /// The item.
    #[inline]
    pub fn push(&self, item: T) -> Result<(), T> {
        let mut taken = self.taken.load(Ordering::Relaxed);
        loop {
            if taken == self.capacity {
                return Err(item);
            }
            // Relaxed: a number; items go over by the queue.
            let swap = self.taken.compare_exchange_weak(
                taken,
                taken + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            match swap {
                Ok(_) => break,
                Err(now) => taken = now,
            }
        }
        self.ends.0.push(item).map_err(|refused| refused.into_inner())
    }

    /// Takes the oldest item, if there is one.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        let item = self.ends.1.pop().ok()?;
        self.taken.fetch_sub(1, Ordering::Relaxed);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_exactly_its_capacity_in_order() {
        let queue = Credit::new(3);
        for lap in 0..3 {
            (0..3).for_each(|i| assert_eq!(queue.push((lap, i)), Ok(())));
            assert_eq!(queue.push((9, 9)), Err((9, 9)));
            (0..3).for_each(|i| assert_eq!(queue.pop(), Some((lap, i))));
            assert_eq!(queue.pop(), None);
        }
    }
}
