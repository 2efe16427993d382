//! What no test can reach through handles: a thread that stays away in the middle of an operation, whatever its item's size, and
//! leftovers of a queue without a consumer.

use core::cell::Cell;
use core::iter;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use std::vec::Vec;

use super::*;

/// `f`'s result; it runs on another thread, since it may not come to an end.
fn in_time<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (tx, rx) = channel();
    thread::spawn(move || tx.send(f()));
    match rx.recv_timeout(Duration::from_secs(60)) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("it waits for a thread that stays away"),
        Err(RecvTimeoutError::Disconnected) => panic!("it panicked"),
    }
}

/// One producer claims a slot and stays away; the others go on.
fn passes_over_a_producer<const SIZE: usize, Q>(queue: Q)
where
    Q: RawQueue<Item = [u8; SIZE], PushSeat = (), PopSeat = ()> + Send + 'static,
{
    let popped = in_time(move || {
        // SAFETY: of many producers; it comes back to the slot below.
        let away = unsafe { queue.vacancy(&mut ()) }.expect("an empty queue");
        for i in 0..2 {
            // SAFETY: of many producers.
            assert!(unsafe { push(&queue, &mut (), [i; SIZE]) }.is_ok());
        }
        // SAFETY: of many consumers.
        let next = || unsafe { pop(&queue, &mut ()) };
        let popped: Vec<u8> = iter::from_fn(next).map(|item| item[SIZE - 1]).collect();
        // SAFETY: the slot is this producer's, and empty.
        unsafe { away.item.write([9; SIZE]) };
        // SAFETY: it holds an item now.
        assert!(!unsafe { queue.put(&mut (), &away) }, "it was passed over");
        // SAFETY: the item is forgotten.
        unsafe { queue.retract(away) };
        popped
    });
    assert_eq!(popped, [0, 1], "items of {SIZE} bytes");
}

/// One consumer claims an item and stays away; the others go on, and round.
fn passes_over_a_consumer<const SIZE: usize>(ring: Ring<[u8; SIZE], Many, Many>) {
    let popped = in_time(move || {
        // SAFETY: of many producers.
        let put = |i| unsafe { push(&ring, &mut (), [i; SIZE]) };
        // SAFETY: of many consumers.
        let next = || unsafe { pop(&ring, &mut ()) };
        assert!(put(0).is_ok());
        // SAFETY: of many consumers; it comes back to the slot below.
        let away = unsafe { ring.front(&mut ()) }.expect("an item");
        let mut popped = Vec::new();
        for i in 1..20 {
            assert!(put(i).is_ok());
            popped.push(next().expect("an item")[SIZE - 1]);
        }
        // SAFETY: full, and this consumer's.
        popped.push(unsafe { away.item.read() }[SIZE - 1]);
        // SAFETY: the item has moved.
        unsafe { ring.take(&mut (), away) };
        popped
    });
    assert!(popped.into_iter().eq((1..20).chain([0])), "items of {SIZE} bytes");
}

/// Patience grows with the item, and has an end: a queue of large items that waits for ever is not lock-free.
#[test]
fn who_stays_away_is_passed_over_whatever_the_size_of_its_item() {
    fn check<const SIZE: usize>() {
        let patience = crate::Backoff::new();
        let pauses = (0..=1_000).position(|_| Slot::<[u8; SIZE]>::is_overdue(&patience));
        assert_eq!(pauses, Some(crate::sync::PATIENCE as usize + SIZE / 1024), "{SIZE} bytes");
        passes_over_a_producer::<SIZE, _>(Ring::<_, Many, Many>::new(4));
        passes_over_a_producer::<SIZE, _>(Segments::<_, Many, Many>::new());
        passes_over_a_producer::<SIZE, _>(Segments::<_, Many, Many>::with_segments_of(1));
        passes_over_a_consumer::<SIZE>(Ring::new(4));
    }
    check::<1>();
    check::<1024>();
    check::<2047>();
    check::<2048>();
    check::<4096>();
    check::<65536>();
}

/// Counts its drops, and panics in one of them.
struct Leftover<'a>(&'a Cell<usize>, bool);

impl Drop for Leftover<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
        assert!(!self.1, "a leftover panics when dropped");
    }
}

/// What a producer pushes that doesn't see yet that no consumer is left is dropped with the queue.
#[test]
fn stragglers_are_dropped_once_with_the_queue_when_one_panics() {
    fn check<'a, Q: RawQueue<Item = Leftover<'a>>>(drops: &'a Cell<usize>, queue: Q) {
        drops.set(0);
        let (mut push_seat, mut pop_seat) = queue.seats();
        // SAFETY: the last consumer goes.
        unsafe { queue.leave(&mut pop_seat) };
        for i in 0..7 {
            // SAFETY: the only producer, and its seat.
            assert!(unsafe { push(&queue, &mut push_seat, Leftover(drops, i == 3)) }.is_ok());
        }
        assert!(catch_unwind(AssertUnwindSafe(|| drop(queue))).is_err());
        assert_eq!(drops.get(), 7);
    }
    let drops = &Cell::new(0);
    check(drops, Ring::<_, One, One>::new(8));
    check(drops, Ring::<_, Many, Many>::new(7));
    check(drops, LineRing::new(7));
    check(drops, LineRing::with_lines_of(2, 7));
    check(drops, LineRing::with_lines_of(3, 20));
    for slots in [1, 2, 3, 9] {
        check(drops, Segments::<_, One, One>::with_segments_of(slots));
        check(drops, Segments::<_, Many, One>::with_segments_of(slots));
        check(drops, Segments::<_, One, Many>::with_segments_of(slots));
        check(drops, Segments::<_, Many, Many>::with_segments_of(slots));
    }
}
