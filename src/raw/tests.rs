//! What no test can reach through handles: a thread that stays away in the middle of an operation, whatever its item's size, and
//! leftovers of a queue without a consumer.

use core::cell::Cell;
use core::iter;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::vec::Vec;

use super::*;

/// `f`'s result; it runs on another thread, since it may not come to an end.
pub(super) fn in_time<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (tx, rx) = channel();
    thread::spawn(move || tx.send(f()));
    match rx.recv_timeout(Duration::from_secs(20)) {
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
fn passes_over_a_consumer<const SIZE: usize>(ring: Ring<[u8; SIZE]>) {
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
        let patience = crate::backoff::Backoff::new();
        let pauses = (0..=1_000).position(|_| is_overdue(&patience, SIZE, 0));
        assert_eq!(pauses, Some(crate::sync::PATIENCE as usize + SIZE / 1024), "{SIZE} bytes");
        passes_over_a_producer::<SIZE, _>(Ring::<_>::new(4));
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

/// How many slots one step claims, of a queue that has `room`: a thread that stays away right then keeps no more.
fn claims_at_once<Q>(queue: &Q, room: usize, most: usize)
where
    Q: PushClaims<Item = usize> + PopClaims,
{
    let (mut pushed, mut popped) = (0, 0);
    while pushed < room {
        // SAFETY: of many producers; each claim is written and put below.
        let claims = unsafe { queue.vacancies(usize::MAX) };
        assert!((1..=most).contains(&claims.len), "{} vacancies", claims.len);
        for i in 0..claims.len {
            // SAFETY: one of the claims, for the first time.
            let claim = unsafe { queue.vacancy_at(&claims, i) };
            // SAFETY: the slot is the caller's, and empty.
            unsafe { claim.item.write(pushed) };
            // SAFETY: it holds the item now.
            assert!(unsafe { queue.put(&mut (), &claim) });
            pushed += 1;
        }
    }
    while popped < pushed {
        // SAFETY: of many consumers; each claim is emptied and taken below.
        let claims = unsafe { queue.fronts(usize::MAX) };
        assert!((1..=most).contains(&claims.len), "{} fronts", claims.len);
        for i in 0..claims.len {
            // SAFETY: one of the claims, for the first time.
            let claim = unsafe { queue.front_at(&claims, i) }.expect("it is filled");
            // SAFETY: the slot holds an item, which is moved out.
            assert_eq!(unsafe { claim.item.read() }, popped);
            // SAFETY: this claim.
            unsafe { queue.take(&mut (), claim) };
            popped += 1;
        }
    }
}

#[test]
fn a_batch_claims_few_slots_at_once() {
    assert_eq!(MOST_AT_ONCE, 32);
    for (capacity, most) in [(1, 1), (2, 1), (3, 2), (10, 5), (63, 32), (64, 32), (1000, 32)] {
        claims_at_once(&Ring::<_>::new(capacity), capacity, most);
    }
    for (slots, most) in [(1, 1), (3, 3), (31, 31), (33, 32), (128, 32)] {
        claims_at_once(&Segments::<_, Many, Many>::with_segments_of(slots), 1000, most);
    }
}

/// The only consumer shows what lies behind a slot that its producer doesn't fill.
#[test]
fn a_walk_goes_over_a_producer_that_stays_away() {
    fn check<Q: PopRuns<Item = usize, PushSeat = ()> + Send + 'static>(queue: Q) {
        let shown = in_time(move || {
            // SAFETY: of many producers.
            let away = unsafe { queue.vacancy(&mut ()) }.expect("an empty queue");
            for i in 0..2 {
                // SAFETY: of many producers.
                assert!(unsafe { push(&queue, &mut (), i) }.is_ok());
            }
            let mut place = queue.consumer_place(&queue.seats().1);
            let mut shown = Vec::new();
            for _ in 0..3 {
                // SAFETY: the only consumer, which pops nothing meanwhile.
                let run = unsafe { queue.filled_from(&mut place, 1) };
                // SAFETY: so many items are there.
                shown.extend((0..run.len).map(|i| unsafe { run.start.add(i).read() }));
            }
            // SAFETY: the slot is this producer's, and empty.
            unsafe { away.item.write(9) };
            // SAFETY: it holds an item now.
            assert!(!unsafe { queue.put(&mut (), &away) }, "it was passed over");
            // SAFETY: the item needs no drop.
            unsafe { queue.retract(away) };
            shown
        });
        assert_eq!(shown, [0, 1]);
    }
    check(Segments::<_, Many, One>::with_segments_of(1));
    check(Segments::<_, Many, One>::with_segments_of(2));
    check(Segments::<_, Many, One>::new());
}

#[test]
fn a_segment_of_large_items_has_two_slots() {
    fn slots<T>() -> std::string::String {
        std::format!("{:?}", Segments::<T, Many, One>::new())
    }
    assert_eq!(slots::<u64>(), "Segments { slots_per_segment: 512, .. }");
    assert_eq!(slots::<[u64; 15]>(), "Segments { slots_per_segment: 64, .. }");
    assert_eq!(slots::<[u64; 4096]>(), "Segments { slots_per_segment: 2, .. }");

    fn lines<T>() -> std::string::String {
        std::format!("{:?}", LineChain::<T>::new())
    }
    assert_eq!(lines::<u64>(), "LineQueue { store: Chain { lines_per_segment: 128, .. }, .. }");
    assert_eq!(lines::<u8>(), "LineQueue { store: Chain { lines_per_segment: 128, .. }, .. }");
    assert_eq!(
        lines::<[u64; 512]>(),
        "LineQueue { store: Chain { lines_per_segment: 2, .. }, .. }"
    );
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
    check(drops, Ring::<_>::new(7));
    check(drops, FanIn::new(8));
    check(drops, FanIn::with_lines_of(2, 7));
    check(drops, FanIn::with_lines_of(3, 20));
    check(drops, FanOut::new(8));
    check(drops, FanOut::with_lines_of(3, 20));
    check(drops, LineRing::new(7));
    check(drops, LineRing::with_lines_of(2, 7));
    check(drops, LineRing::with_lines_of(3, 20));
    check(drops, LineChain::new());
    for slots in [1, 2, 3, 4, 9] {
        check(drops, LineChain::with_segments_of(slots));
    }
    for slots in [1, 2, 3, 9] {
        check(drops, Segments::<_, One, One>::with_segments_of(slots));
        check(drops, Segments::<_, Many, One>::with_segments_of(slots));
        check(drops, Segments::<_, One, Many>::with_segments_of(slots));
        check(drops, Segments::<_, Many, Many>::with_segments_of(slots));
    }
}
