//! The end of the numbers: an index comes round to 0 after 2^32 operations where words are that small.

use alloc::collections::VecDeque;

use super::*;
use crate::cardinality::Cardinality;
use crate::raw::grid::MOST;
use crate::raw::tests::in_time;
use crate::raw::{Feed, PopClaims, PushClaims, RawQueue, pop, push};

impl<T> Ring<T> {
    /// Empty, and as if it had gone round until `laps` before the last.
    fn late(slots: usize, capacity: usize, laps: usize) -> Self {
        let ring = Self::with_lines_of(slots, capacity);
        let first = View::new(&ring, ring.grid.slots).go_round(laps);
        ring.head.store(first, Ordering::Relaxed);
        ring.tail.store(first, Ordering::Relaxed);
        ring
    }
}

/// Against a deque, over the end.
fn check(slots: usize, asked: usize) {
    let ring = Ring::<usize>::late(slots, asked, 2);
    let capacity = ring.capacity();
    let mut model = VecDeque::new();
    let laps = if cfg!(miri) { 6 } else { 40 };
    for i in 0..laps * capacity {
        // Full, half full and empty by turns.
        for _ in 0..i % (capacity + 2) {
            // SAFETY: one thread acts for all handles.
            let pushed = unsafe { push(&ring, &mut (), i) };
            assert!(pushed.is_ok() || model.len() >= asked, "{i}, {model:?}");
            assert!(pushed.is_err() || model.len() < capacity, "{i}, {model:?}");
            model.extend(pushed.is_ok().then_some(i));
            assert_eq!(ring.len_to_producer(&()), model.len());
        }
        for _ in 0..(i + 1) % (capacity + 2) {
            // SAFETY: as above.
            assert_eq!(unsafe { pop(&ring, &mut ()) }, model.pop_front());
            assert_eq!(ring.len_to_producer(&()), model.len());
        }
    }
    assert!(ring.tail.load(Ordering::Relaxed) < usize::MAX / 2, "it has come round");
}

#[test]
fn indices_come_round() {
    for slots in [1, 2, 3] {
        for capacity in [1, 2, 3, 7, 8, 9, 16] {
            in_time(move || check(slots, capacity));
        }
    }
}

#[test]
fn what_is_forced_in_comes_round() {
    in_time(|| [1, 2, 3, 8].into_iter().for_each(force));
}

fn force(capacity: usize) {
    let ring = Ring::<usize>::late(1, capacity, 2);
    for i in 0..5 * capacity {
        // SAFETY: of many producers.
        let evicted = unsafe { push(&ring, &mut (), i) }.err().map(|item| {
            // SAFETY: likewise.
            unsafe { ring.replace(item) }.expect("it is full")
        });
        assert_eq!(
            (evicted, ring.len_to_producer(&())),
            (i.checked_sub(capacity), capacity.min(i + 1))
        );
    }
    // SAFETY: of many consumers.
    let left = core::iter::from_fn(|| unsafe { pop(&ring, &mut ()) });
    assert!(left.eq(4 * capacity..5 * capacity));
}

/// A slot is held over the end, by a producer or by a consumer, and comes back at every place.
#[test]
fn a_slot_that_was_passed_over_comes_round() {
    for capacity in [2, 3, 8] {
        in_time(move || {
            for back in 0..4 * capacity {
                stay_away(capacity, false, back);
                stay_away(capacity, true, back);
            }
        });
    }
}

/// One thread claims a slot and comes back after the push of `back`, with the item in.
fn stay_away(capacity: usize, is_consumer: bool, back: usize) {
    let ring = Ring::<usize>::late(1, capacity, 2);
    // SAFETY: of many producers.
    let put = |i| unsafe { push(&ring, &mut (), i) };
    // SAFETY: of many consumers.
    let next = || unsafe { pop(&ring, &mut ()) };
    let mut away = if is_consumer {
        assert_eq!(put(99), Ok(()));
        // SAFETY: it comes back to the slot below.
        unsafe { ring.front(&mut ()) }
    } else {
        // SAFETY: likewise.
        unsafe { ring.vacancy(&mut ()) }
    };
    for i in 0..5 * capacity {
        assert_eq!(put(i), Ok(()));
        if i < back {
            assert_eq!(next(), Some(i), "{capacity}");
            continue;
        }
        if let Some(claim) = away.take() {
            if is_consumer {
                // SAFETY: full, and this consumer's.
                assert_eq!(unsafe { claim.item.read() }, 99);
                // SAFETY: the item has moved.
                unsafe { ring.take(&mut (), claim) };
            } else {
                // SAFETY: vacant, and this producer's.
                unsafe { claim.item.write(99) };
                // SAFETY: it holds an item now.
                if unsafe { ring.put(&mut (), &claim) } {
                    assert_eq!((i, next()), (0, Some(99)), "not passed over yet");
                } else {
                    // SAFETY: passed over; the item needs no drop.
                    unsafe { ring.retract(claim) };
                }
            }
        }
        assert_eq!(next(), Some(i), "{capacity}, back at {back}");
    }
    // The slot is of use again.
    assert!((0..capacity).all(|i| put(i).is_ok()) && put(0).is_err());
    assert!(core::iter::from_fn(next).eq(0..capacity));
}

impl<T> Feed<T> for VecDeque<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn next(&mut self) -> T {
        self.pop_front().expect("an item")
    }

    fn back(&mut self, item: T) {
        self.push_front(item);
    }
}

/// Whatever slots are spoilt meanwhile, a batch's items keep their order, and those that found no slot come back.
#[test]
fn a_batch_moves_on_from_spoilt_slots() {
    for spoilt in 0..1_usize << MOST {
        let ring = Ring::<usize>::with_lines_of(MOST, 4 * MOST);
        let slots = |bits: usize| (0..MOST).filter(move |slot| bits >> slot & 1 != 0);
        let mut feed: VecDeque<_> = (0..MOST + 3).collect();
        // SAFETY: of many producers; the claims are filled below.
        let claims = unsafe { ring.vacancies(MOST + 3) };
        assert_eq!(claims.len, MOST + 3);
        // Consumers have claimed the first line, and some spoil their slots.
        let view = View::new(&ring, MOST);
        ring.head.store(view.next_line(0), Ordering::Relaxed);
        assert!(slots(spoilt).all(|slot| view.header(0).spoil(slot)));
        // SAFETY: these claims, and as many items.
        let done = unsafe { ring.fill(&claims, &mut feed) };
        let spared = MOST - spoilt.count_ones() as usize;
        assert_eq!((done, feed.len()), (spared + 3, MOST - spared));
        let early = slots(!spoilt).map(|slot| {
            // SAFETY: full, and claimed by a consumer.
            let item = unsafe { view.item(slot).read() };
            view.header(0).vacate(view.grid, slot, 1);
            item
        });
        assert!(early.eq(0..spared), "{spoilt:b}");
        // SAFETY: of many consumers.
        let next = || unsafe { pop(&ring, &mut ()) };
        assert!(core::iter::from_fn(next).eq(spared..spared + 3));
        assert!(feed.into_iter().eq(spared + 3..MOST + 3));
        // The line is vacant again: the ring holds what it did.
        // SAFETY: of many producers.
        let put = |i| unsafe { push(&ring, &mut (), i) };
        assert!((0..4 * MOST).all(|i| put(i).is_ok()));
        assert!(core::iter::from_fn(next).eq(0..4 * MOST));
    }
}

/// The holder of a line's last slots freezes before it takes the mark off that a producer has set meanwhile.
#[test]
fn a_line_comes_back_without_the_help_of_who_ended_it() {
    in_time(come_back);
}

fn come_back() {
    let ring = Ring::<usize>::with_lines_of(2, 4);
    // SAFETY: of many producers.
    let put = |i| unsafe { push(&ring, &mut (), i) };
    // SAFETY: of many consumers.
    let next = || unsafe { pop(&ring, &mut ()) };
    assert_eq!((put(0), put(1)), (Ok(()), Ok(())));
    // SAFETY: of many consumers; they are ended below.
    assert_eq!(unsafe { ring.fronts(2) }.len, 2);
    for i in 0..8 {
        assert_eq!((put(i), next()), (Ok(()), Some(i)));
    }
    View::new(&ring, 2).header(0).vacate_and_freeze(ring.grid);
    for i in 0..20 {
        assert_eq!((put(i), put(i), next(), next()), (Ok(()), Ok(()), Some(i), Some(i)));
    }
    assert!((0..4).all(|i| put(i).is_ok()));
    assert!(core::iter::from_fn(next).eq(0..4));
}

/// A consumer has claimed a slot whose producer is late, and not spoilt it yet, when the ring comes round: the slot is theirs still.
#[test]
fn a_line_is_not_back_before_its_slot_is_spoilt() {
    in_time(|| [(1, 2), (1, 3), (2, 4)].into_iter().for_each(|(slots, asked)| meet(slots, asked)));
}

fn meet(slots: usize, asked: usize) {
    let ring = Ring::<usize>::with_lines_of(slots, asked);
    let view = View::new(&ring, slots);
    // SAFETY: of many producers.
    let put = |i| unsafe { push(&ring, &mut (), i) };
    // SAFETY: of many consumers.
    let next = || unsafe { pop(&ring, &mut ()) };
    // A producer stops before it writes,
    // SAFETY: it comes back to the slot below.
    let claim = unsafe { ring.vacancy(&mut ()) }.expect("all are vacant");
    // SAFETY: its slot, which nobody else may write.
    unsafe { claim.item.write(99) };
    assert_eq!(put(1), Ok(()));
    // and a consumer stops between the two steps of `clear_for_pop`: it has claimed the slot, and not spoilt it.
    assert!(Many::claim(&ring.head, 0, view.nth(0, 1)));
    assert_eq!(next(), Some(1));
    for i in 2..2 + 3 * ring.capacity() {
        if put(i).is_ok() {
            assert_eq!(next(), Some(i));
        }
        // SAFETY: its producer's still.
        let item = unsafe { claim.item.read() };
        assert_eq!(item, 99, "push {i} went into a slot in hand, {slots} to a line");
    }
    assert!(view.header(0).spoil(0), "not filled yet");
    // SAFETY: it holds an item.
    assert!(!unsafe { ring.put(&mut (), &claim) });
    // SAFETY: spoilt; the item needs no drop.
    unsafe { ring.retract(claim) };
    // The line is of use again.
    for _ in 0..3 {
        assert!((0..asked).all(|i| put(i).is_ok()));
        assert!(core::iter::from_fn(next).eq(0..asked));
    }
}

/// As the doors say.
#[test]
fn of_items_of_more_than_16_bytes_there_is_room_for_exactly_what_was_asked_for() {
    fn check<const SIZE: usize>() {
        assert_eq!(Ring::<[u8; SIZE]>::new(100).capacity(), 100, "{SIZE} bytes");
    }
    check::<19>();
    check::<18>();
    check::<17>();
}
