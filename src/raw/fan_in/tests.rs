//! Producers that stay away in the middle of a push, and the end of the numbers: an index comes round to 0 after 2^32
//! operations where words are that small.

use alloc::collections::VecDeque;
use core::cell::{Cell, RefCell};
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::vec::Vec;

use super::*;
use crate::raw::tests::in_time;
use crate::raw::{RawQueue, pop, push};

impl<T> FanIn<T> {
    /// Empty, and as if it had gone round until `laps` before the last.
    fn late(slots: usize, capacity: usize, laps: usize) -> Self {
        let queue = Self::with_lines_of(slots, capacity);
        let first = View::new(&queue, queue.grid.slots).go_round(laps);
        queue.end.decide(first);
        queue.end.go_to(first);
        queue.tail.store(first, Ordering::Relaxed);
        queue
    }

    fn put(&self, item: T) -> bool {
        // SAFETY: of many producers.
        unsafe { push(self, &mut (), item) }.is_ok()
    }

    fn claim(&self) -> Option<Claim<T>> {
        // SAFETY: of many producers; it comes back to the slot in `fill_in`.
        unsafe { self.vacancy(&mut ()) }
    }

    fn fill_in(&self, claim: &Claim<T>, item: T) {
        // SAFETY: the slot is the caller's, and empty.
        unsafe { claim.item.write(item) };
        // SAFETY: it holds the item now.
        assert!(unsafe { RawQueue::put(self, &mut (), claim) }, "nobody undoes a push");
    }

    fn next(&self) -> Option<T> {
        // SAFETY: the only consumer: one thread acts in these tests.
        unsafe { pop(self, &mut ()) }
    }

    fn rest(&self) -> Vec<T> {
        core::iter::from_fn(|| self.next()).collect()
    }

    fn len(&self) -> usize {
        self.len_to_consumer(&())
    }
}

impl<T: Copy> FanIn<T> {
    /// What a walk shows.
    fn shown(&self, max: usize) -> Vec<T> {
        let (mut place, mut shown) = (self.consumer_place(&()), Vec::new());
        while shown.len() < max {
            // SAFETY: the only consumer, which pops nothing meanwhile.
            let run = unsafe { self.filled_from(&mut place, max - shown.len()) };
            if run.len == 0 {
                break;
            }
            // SAFETY: so many items are there.
            shown.extend((0..run.len).map(|i| unsafe { run.start.add(i).read() }));
        }
        shown
    }

    /// Takes out what a walk shows, run by run.
    fn taken(&self, max: usize) -> Vec<T> {
        let mut items = Vec::with_capacity(max);
        // SAFETY: the only consumer; there is room.
        let n = unsafe { self.move_out(&mut (), items.as_mut_ptr(), max) };
        // SAFETY: so many are initialised.
        unsafe { items.set_len(n) };
        items
    }
}

/// Against a deque, over the end.
fn check(slots: usize, asked: usize) {
    let queue = FanIn::late(slots, asked, 2);
    let capacity = queue.capacity();
    let mut model = VecDeque::new();
    let laps = if cfg!(miri) { 6 } else { 40 };
    for i in 0..laps * capacity {
        // Full, half full and empty by turns.
        for _ in 0..i % (capacity + 2) {
            let is_full = queue.is_full_to_producer(&());
            let pushed = queue.put(i);
            assert_eq!(pushed, !is_full);
            assert!(pushed || model.len() >= asked, "{i}, {model:?}");
            assert!(!pushed || model.len() < capacity, "{i}, {model:?}");
            model.extend(pushed.then_some(i));
            assert_eq!(queue.len(), model.len());
        }
        for _ in 0..(i + 1) % (capacity + 2) {
            assert_eq!(queue.next(), model.pop_front());
            assert_eq!(queue.len(), model.len());
        }
    }
    assert!(queue.tail() < usize::MAX / 2, "it has come round");
}

#[test]
fn indices_come_round() {
    for slots in [1, 2, 3, MOST_IN_TESTS] {
        for capacity in [1, 2, 3, 7, 8, 9, 16] {
            in_time(move || check(slots, capacity));
        }
    }
}

/// As many words as share a line.
const MOST_IN_TESTS: usize = Lines::<usize>::FIT;

#[test]
fn a_slot_that_was_skipped_is_taken_wherever_its_line_is_by_then() {
    for (slots, capacity) in [(1, 2), (1, 3), (1, 8), (2, 3), (2, 7), (3, 3), (3, 10)] {
        for back in 0..4 * capacity {
            in_time(move || stay_away(slots, capacity, back));
        }
    }
}

/// One producer claims a slot and comes back after the push of `back`.
fn stay_away(slots: usize, capacity: usize, back: usize) {
    let queue = FanIn::late(slots, capacity, 2);
    let mut away = queue.claim();
    for i in 0..5 * capacity {
        assert!(queue.put(i));
        assert_eq!(queue.shown(1), [i]);
        if i >= back
            && let Some(claim) = away.take()
        {
            queue.fill_in(&claim, 99);
            assert_eq!(queue.len(), 2);
            // What was shown comes first, the other before all that was pushed after it.
            let is_room = queue.put(100);
            assert!(is_room || capacity == 2 || queue.grid.slots > 1, "{capacity}");
            assert_eq!(queue.rest(), [i, 99, 100][..2 + usize::from(is_room)]);
        } else {
            assert_eq!(queue.next(), Some(i), "{slots} to a line, {capacity}, back at {back}");
            assert_eq!(queue.next(), None);
        }
        assert_eq!(queue.len(), usize::from(away.is_some()));
    }
    is_as_good_as_new(&queue);
}

/// It holds as much as ever, lap for lap. (A line that has come back may lie idle for a lap.)
fn is_as_good_as_new(queue: &FanIn<usize>) {
    let capacity = queue.capacity();
    for i in 0..2 * capacity {
        assert!(queue.put(i));
        assert_eq!(queue.next(), Some(i));
    }
    for _ in 0..3 {
        let room = (0..).take_while(|&i| queue.put(i)).count();
        assert!(room + queue.grid.slots > capacity && queue.is_full_to_consumer(&()));
        assert_eq!(queue.len(), room);
        assert!(queue.rest().into_iter().eq(0..room));
        assert_eq!((queue.len(), queue.is_full_to_producer(&())), (0, false));
    }
}

/// Two of one line, of two lines next to each other, and of lines that were left in different laps.
#[test]
fn skipped_slots_are_taken_in_the_order_of_their_claims() {
    for slots in [1, 2, 3] {
        for between in 0..12 {
            in_time(move || {
                let queue = FanIn::late(slots, 7, 2);
                let first = queue.claim().expect("an empty queue");
                for i in 0..between {
                    assert!(queue.put(i));
                    assert_eq!(queue.next(), Some(i));
                }
                let second = queue.claim().expect("room");
                assert!(queue.put(0));
                assert_eq!((queue.next(), queue.len()), (Some(0), 2));
                queue.fill_in(&second, 2);
                queue.fill_in(&first, 1);
                assert!(queue.put(3));
                assert_eq!(queue.rest(), [1, 2, 3], "{slots} to a line, {between} between");
                is_as_good_as_new(&queue);
            });
        }
    }
}

/// And the other way round, where only the later one is there.
#[test]
fn a_skipped_slot_does_not_wait_for_another() {
    for slots in [1, 2, 3] {
        in_time(move || {
            let queue = FanIn::late(slots, 7, 2);
            let (first, second) = (queue.claim().expect("room"), queue.claim().expect("room"));
            assert!(queue.put(0));
            assert_eq!(queue.next(), Some(0));
            queue.fill_in(&second, 2);
            assert_eq!((queue.next(), queue.next(), queue.len()), (Some(2), None, 1));
            queue.fill_in(&first, 1);
            assert_eq!(queue.rest(), [1]);
            is_as_good_as_new(&queue);
        });
    }
}

/// Every line is out at some time; then nobody goes round for ever.
#[test]
fn producers_that_all_stay_away_come_back() {
    for (slots, capacity) in [(1, 1), (1, 3), (2, 3), (3, 9)] {
        in_time(move || {
            let queue = FanIn::late(slots, capacity, 2);
            let mut away: Vec<_> = core::iter::from_fn(|| {
                let claim = queue.claim();
                assert_eq!(queue.next(), None);
                claim
            })
            .take(10 * capacity)
            .collect();
            assert!(!away.is_empty() && !queue.put(0));
            for i in 0..5 {
                assert_eq!((queue.next(), queue.put(i)), (None, false));
            }
            let n = away.len();
            away.drain(..)
                .rev()
                .enumerate()
                .for_each(|(i, claim)| queue.fill_in(&claim, n - 1 - i));
            assert_eq!(queue.len(), n);
            assert!(queue.rest().into_iter().eq(0..n));
            is_as_good_as_new(&queue);
        });
    }
}

/// A walk shows the same again, whatever is filled in between.
#[test]
fn what_was_shown_comes_next() {
    for slots in [1, 2, 3] {
        in_time(move || {
            let queue = FanIn::late(slots, 9, 2);
            let away = [(); 2].map(|()| queue.claim().expect("an empty queue"));
            (0..4).for_each(|i| assert!(queue.put(i)));
            let shown = queue.shown(9);
            assert!(shown.len() >= slots.min(2), "{shown:?}");
            queue.fill_in(&away[1], 8);
            assert_eq!(queue.shown(shown.len()), shown);
            assert_eq!(queue.taken(shown.len()), shown);
            // The slot that was skipped, and then nothing before that is taken, although another is filled now.
            assert_eq!(queue.shown(9), [8]);
            queue.fill_in(&away[0], 7);
            assert_eq!(queue.shown(9), [8]);
            let rest: Vec<_> =
                [8, 7].into_iter().chain(0..4).filter(|i| !shown.contains(i)).collect();
            assert_eq!(queue.taken(9), rest);
            is_as_good_as_new(&queue);
        });
    }
}

struct Counted<'a>(&'a Cell<usize>, bool);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
        assert!(!self.1, "an item panics when dropped");
    }
}

#[test]
fn items_in_skipped_slots_are_dropped_once_with_the_queue() {
    for slots in [1, 2, 3] {
        for panics in 0..5 {
            let drops = &Cell::new(0);
            let queue = FanIn::with_lines_of(slots, 7);
            let away = [(); 2].map(|()| queue.claim().expect("an empty queue"));
            assert!(queue.put(Counted(drops, false)));
            drop(queue.next());
            assert_eq!(drops.replace(0), 1);
            for (i, claim) in away.iter().enumerate() {
                queue.fill_in(claim, Counted(drops, i == panics));
            }
            (2..4).for_each(|i| assert!(queue.put(Counted(drops, i == panics))));
            assert_eq!(catch_unwind(AssertUnwindSafe(|| drop(queue))).is_err(), panics < 4);
            assert_eq!(drops.get(), 4);
        }
    }
}

/// xorshift64, from anywhere but 0.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % n
    }
}

/// A push that has begun: when, and when it was over.
#[derive(Clone, Copy)]
struct Push {
    begun: usize,
    over: Option<usize>,
}

/// Random programs of producers that come back in any order, against what a queue may do: nothing overtakes what was
/// inside when its push began, and nothing that is inside is denied.
#[test]
fn whoever_stays_away_the_rest_is_in_order() {
    let programs = if cfg!(miri) { 20 } else { 500 };
    in_time(move || {
        for program in 1..=programs {
            let mut random = Random(u64::wrapping_mul(program, 0x9E37_79B9_7F4A_7C15));
            let (slots, capacity) = ([1, 1, 2, 3][random.below(4)], 1 + random.below(12));
            let claims_in_a_row = 1 + random.below(3);
            let queue = FanIn::late(slots, capacity, 2);
            let (mut pushes, mut away) = (Vec::<Option<Push>>::new(), Vec::new());
            // What was shown, and not taken since.
            let promised = RefCell::new(VecDeque::<usize>::new());
            let taken = |pushes: &mut Vec<Option<Push>>, item: usize| {
                let promise = promised.borrow_mut().pop_front();
                assert!(promise.is_none_or(|next| next == item), "{item} in program {program}");
                let Some(Push { begun, over: Some(_) }) = pushes[item].take() else {
                    panic!("item {item} in program {program} is not inside");
                };
                let overtaken = pushes
                    .iter()
                    .flatten()
                    .any(|push| push.over < Some(begun) && push.over.is_some());
                assert!(!overtaken, "item {item} in program {program} has overtaken another");
            };
            for now in 0..400 {
                let is_inside = |push: &Option<Push>| push.is_some_and(|push| push.over.is_some());
                match random.below(10) {
                    0..2 if away.len() < claims_in_a_row => {
                        if let Some(claim) = queue.claim() {
                            away.push((pushes.len(), claim));
                            pushes.push(Some(Push { begun: now, over: None }));
                        }
                    }
                    2..4 if !away.is_empty() => {
                        let (item, claim) = away.swap_remove(random.below(away.len()));
                        queue.fill_in(&claim, item);
                        pushes[item].as_mut().expect("nobody has taken it").over = Some(now);
                    }
                    4..7 => {
                        if queue.put(pushes.len()) {
                            pushes.push(Some(Push { begun: now, over: Some(now) }));
                        }
                    }
                    7 => {
                        let inside = pushes.iter().filter(|&push| is_inside(push)).count();
                        let shown = queue.shown(1 + random.below(capacity));
                        assert_eq!(shown.is_empty(), inside == 0, "program {program}");
                        assert!(shown.iter().all(|&item| is_inside(&pushes[item])));
                        let mut promised = promised.borrow_mut();
                        assert!(promised.iter().zip(&shown).all(|(a, b)| a == b), "{program}");
                        let told = promised.len();
                        promised.extend(shown.iter().skip(told));
                        drop(promised);
                        assert_eq!(queue.shown(shown.len()), shown);
                        let n = random.below(2 * shown.len() + 1).min(shown.len());
                        assert_eq!(queue.taken(n), shown[..n]);
                        shown[..n].iter().for_each(|&item| taken(&mut pushes, item));
                    }
                    _ => match queue.next() {
                        Some(item) => taken(&mut pushes, item),
                        None => assert!(!pushes.iter().any(is_inside), "program {program}"),
                    },
                }
                let inside = pushes.iter().filter(|&push| is_inside(push)).count();
                assert!(queue.len() >= inside);
            }
            for (item, claim) in away {
                queue.fill_in(&claim, item);
                pushes[item].as_mut().expect("nobody has taken it").over = Some(400);
            }
            queue.rest().into_iter().for_each(|item| taken(&mut pushes, item));
            assert!(pushes.iter().all(Option::is_none), "program {program}");
            is_as_good_as_new(&queue);
        }
    });
}
