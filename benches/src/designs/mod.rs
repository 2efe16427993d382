//! Designs that lost and stay measured, so that the next machine may say otherwise.
//!
//! | design | idea | lost to the line ring because |
//! |---|---|---|
//! | [`cached_index`] | each side keeps a copy of the other's index | publication and data travel in different lines |
//! | [`slot_flag`] | a flag beside each item, no shared index at all | freeing a slot dirties the line the producer fills |
//!
//! | design | idea | lost to the ring of slots because |
//! |---|---|---|
//! | [`stamped_ring`] | Vyukov's ring: waits for a slot in the hands of another thread | it is not lock-free |
//! | [`credit`] | the unbounded queue, and a count of items | the count is one more contended word |
//!
//! | design | idea | what `raw::ring` is made from, without handles |
//! |---|---|---|
//! | [`line_word`] | one word of state for the slots of a line | see `docs/ring.md` |
//!
//! | design | idea | lost to a cell per thread because |
//! |---|---|---|
//! | [`striped_counter`] | a padded word per core, locked adds | a locked add costs several plain ones, and threads meet |
//! | [`adaptive_counter`] | one word, and cells once it is contended (`LongAdder`) | a compare-exchange costs as much, and every counter has to learn by itself |
//!
//! | design | idea | lost to reused nodes because |
//! |---|---|---|
//! | [`epoch_stack`] | Treiber's stack on crossbeam-epoch, with elimination or without | each push allocates, each pop defers |
//!
//! The rings pay what the library pays: exact capacity, drop of leftovers, a look at "peer is gone" per push, padded handles.

pub mod adaptive_counter;
pub mod cached_index;
pub mod credit;
pub mod epoch_stack;
pub mod line_word;
pub mod slot_flag;
pub mod stamped_ring;
pub mod striped_counter;

use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicUsize, Ordering};

/// Why a push failed; the item comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushError<T> {
    /// No room now.
    Full(T),
    /// The consumer is gone.
    Closed(T),
}

/// Why a pop failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PopError {
    /// Nothing there now.
    Empty,
    /// Nothing there, and the producer is gone.
    Closed,
}

/// Which ends are gone; on a line of its own, written once by each.
///
/// | edge | from, to | what would go wrong without it |
/// |---|---|---|
/// | (G1) -> (G2) | a producer's end, a consumer that found nothing | its last items could still be unseen when Closed is said |
#[derive(Debug)]
struct Gone {
    producer: CachePadded<AtomicUsize>,
    consumer: CachePadded<AtomicUsize>,
}

impl Gone {
    fn new() -> Self {
        let here = || CachePadded::new(AtomicUsize::new(0));
        Self { producer: here(), consumer: here() }
    }

    fn leave_producer(&self) {
        // ORDERING: (G1) Release, pairs with (G2): who sees the producer gone sees all that it pushed.
        self.producer.store(1, Ordering::Release);
    }

    fn leave_consumer(&self) {
        self.consumer.store(1, Ordering::Relaxed);
    }

    fn producer_left(&self) -> bool {
        // ORDERING: (G2) Acquire, pairs with (G1): a second look after this one finds the last item.
        self.producer.load(Ordering::Acquire) != 0
    }

    /// Relaxed: nothing is read on the strength of it.
    #[inline]
    fn consumer_left(&self) -> bool {
        self.consumer.load(Ordering::Relaxed) != 0
    }
}

/// What both designs must keep, written once.
#[cfg(test)]
macro_rules! contract {
    () => {
        use std::rc::Rc;
        use std::thread;

        #[test]
        fn it_holds_exactly_its_capacity_in_order() {
            for capacity in [1, 2, 3, 5, 8, 100] {
                let (mut tx, mut rx) = bounded(capacity);
                for lap in 0..4 {
                    assert_eq!(rx.pop(), Err(PopError::Empty));
                    for i in 0..capacity {
                        assert_eq!(tx.push((lap, i)), Ok(()));
                    }
                    assert_eq!(tx.push((9, 9)), Err(PushError::Full((9, 9))));
                    for i in 0..capacity {
                        assert_eq!(rx.pop(), Ok((lap, i)));
                    }
                }
            }
        }

        #[test]
        #[should_panic(expected = "at least one item")]
        fn a_capacity_of_zero_panics() {
            let _ = bounded::<u8>(0);
        }

        #[test]
        fn leftovers_are_dropped_once_whichever_end_goes_last() {
            for consumer_first in [true, false] {
                let item = Rc::new(());
                let (mut tx, mut rx) = bounded(3);
                // Around the end of the ring: two in, two out, three in.
                for _ in 0..2 {
                    tx.push(item.clone()).unwrap();
                }
                for _ in 0..2 {
                    rx.pop().unwrap();
                }
                for _ in 0..3 {
                    tx.push(item.clone()).unwrap();
                }
                assert_eq!(Rc::strong_count(&item), 4);
                if consumer_first {
                    drop(rx);
                    assert!(matches!(tx.push(item.clone()), Err(PushError::Closed(_))));
                    drop(tx);
                } else {
                    drop(tx);
                    rx.pop().unwrap();
                    drop(rx);
                }
                assert_eq!(Rc::strong_count(&item), 1);
            }
        }

        #[test]
        fn closed_is_said_after_the_last_item_only() {
            let (mut tx, mut rx) = bounded(4);
            tx.push(1).unwrap();
            drop(tx);
            assert_eq!([rx.pop(), rx.pop()], [Ok(1), Err(PopError::Closed)]);
        }

        #[test]
        fn items_without_size_work() {
            let (mut tx, mut rx) = bounded(2);
            assert_eq!(
                [tx.push(()), tx.push(()), tx.push(())].map(|r| r.is_ok()),
                [true, true, false]
            );
            assert_eq!([rx.pop(), rx.pop(), rx.pop()], [Ok(()), Ok(()), Err(PopError::Empty)]);
        }

        #[test]
        fn two_threads_lose_nothing() {
            const N: u64 = 20_000;
            let (mut tx, mut rx) = bounded(7);
            let producer = thread::spawn(move || {
                for i in 0..N {
                    while tx.push(Box::new(i)).is_err() {
                        thread::yield_now();
                    }
                }
            });
            for i in 0..N {
                let item = loop {
                    match rx.pop() {
                        Ok(item) => break item,
                        Err(_) => thread::yield_now(),
                    }
                };
                assert_eq!(*item, i);
            }
            producer.join().unwrap();
            assert_eq!(rx.pop(), Err(PopError::Closed));
        }
    };
}
#[cfg(test)]
use contract;
