//! `counter`: cells with one owner, adoption, places that are handed out again, and exact takes.
//!
//! The mechanism runs on registries of the models' own, with one cell in the first chunk, so that a second counter needs a
//! second chunk. What threads do through thread-locals is a seat here. A counter's plain `add` is, under the model
//! checker, what a thread without a cell does.

use std::collections::BTreeSet;

use loom::sync::Arc;
use loom::thread;
use raddle::counter::parts::{Meter, Most, Registry};
use raddle::counter::{Counter, SignedCounter};

use crate::{Checked, Model, models};

models![
    a_reader_sees_what_was_added_and_never_less,
    two_adders_lose_nothing,
    a_block_is_adopted_with_what_is_in_it,
    a_place_is_handed_out_again_with_zeros,
    one_place_for_two_first_uses,
    each_addition_is_in_one_take,
    takers_share_what_was_added,
    a_sum_beside_a_take_is_not_less_than_what_is_left,
    a_thread_without_a_cell_counts,
    a_local_cell_is_adopted,
    handles_and_readers_meet,
    the_greatest_stays,
];

/// A counter and the registry it lives in.
struct Shared {
    registry: Registry,
    counter: Counter,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared { registry: Registry::new(), counter: Counter::new() })
}

impl Shared {
    /// Adds each of `numbers` in turn, as a thread that comes and goes.
    fn add(&self, numbers: &[u64]) {
        let mut seat = self.registry.join();
        for &n in numbers {
            self.counter.add_in(&self.registry, &mut seat, n);
        }
    }

    fn sum(&self) -> u64 {
        self.counter.sum_in(&self.registry)
    }

    fn take(&self) -> u64 {
        self.counter.take_in(&self.registry)
    }
}

/// Runs `work` in a thread of its own.
fn beside<T: Send + Sync + 'static, R: 'static>(
    shared: &Arc<T>,
    work: impl FnOnce(&T) -> R + Send + 'static,
) -> thread::JoinHandle<R> {
    let shared = Arc::clone(shared);
    thread::spawn(move || work(&shared))
}

fn a_reader_sees_what_was_added_and_never_less(model: Model) -> Checked {
    model.at_least(299).check_outcomes(
        || {
            let shared = shared();
            let adder = beside(&shared, |shared| shared.add(&[1, 2]));
            let seen = (shared.sum(), shared.sum());
            adder.join().unwrap();
            assert_eq!(shared.sum(), 3);
            seen
        },
        [(0, 0), (0, 1), (0, 3), (1, 1), (1, 3), (3, 3)],
    )
}

fn two_adders_lose_nothing(model: Model) -> Checked {
    model.at_least(351).check_outcomes(
        || {
            let shared = shared();
            let adder = beside(&shared, |shared| shared.add(&[1, 1]));
            shared.add(&[10, 10]);
            let seen = shared.sum();
            adder.join().unwrap();
            assert_eq!(shared.sum(), 22);
            seen
        },
        20..=22,
    )
}

/// Two threads that come and go, at once or one after the other, never share a block at a time.
fn a_block_is_adopted_with_what_is_in_it(model: Model) -> Checked {
    fn come_and_go(shared: &Shared) -> usize {
        let mut seat = shared.registry.join();
        shared.counter.add_in(&shared.registry, &mut seat, 1);
        shared.counter.add_in(&shared.registry, &mut seat, 1);
        core::ptr::from_ref(seat.own()).addr()
    }

    model.at_least(77).check_outcomes(
        || {
            let shared = shared();
            let other = beside(&shared, come_and_go);
            let own = come_and_go(&shared);
            let blocks = BTreeSet::from([own, other.join().unwrap()]);
            assert_eq!(shared.sum(), 4);
            blocks.len()
        },
        [1, 2],
    )
}

/// A thread that counted with the first counter counts with the second, while somebody drops the first.
fn a_place_is_handed_out_again_with_zeros(model: Model) -> Checked {
    model.at_least(190).check_outcomes(
        || {
            let shared = shared();
            let first = Arc::new(Counter::new());
            let other = beside(&shared, {
                let first = Arc::clone(&first);
                |shared| {
                    let mut seat = shared.registry.join();
                    first.add_in(&shared.registry, &mut seat, 5);
                    drop(first);
                    shared.counter.add_in(&shared.registry, &mut seat, 1);
                }
            });
            let dropped = match Arc::try_unwrap(first) {
                Ok(first) => {
                    first.drop_in(&shared.registry);
                    true
                }
                Err(_) => false,
            };
            shared.add(&[1]);
            let seen = shared.sum();
            other.join().unwrap();
            assert_eq!(shared.sum(), 2);
            (dropped, seen)
        },
        [(false, 1), (false, 2), (true, 1), (true, 2)],
    )
}

fn one_place_for_two_first_uses(model: Model) -> Checked {
    model.at_least(98).check_outcomes(
        || {
            let shared = Arc::new((Registry::new(), Counter::new(), Counter::new()));
            let use_both = |(registry, one, two): &(Registry, Counter, Counter), first: bool| {
                let mut seat = registry.join();
                if first {
                    one.add_in(registry, &mut seat, 1);
                }
                two.add_in(registry, &mut seat, 10);
                if !first {
                    one.add_in(registry, &mut seat, 1);
                }
            };
            let other = beside(&shared, move |shared| use_both(shared, true));
            use_both(&shared, false);
            other.join().unwrap();
            (shared.1.sum_in(&shared.0), shared.2.sum_in(&shared.0))
        },
        [(2, 20)],
    )
}

fn each_addition_is_in_one_take(model: Model) -> Checked {
    model.at_least(299).check_outcomes(
        || {
            let shared = shared();
            let adder = beside(&shared, |shared| shared.add(&[1, 2]));
            let taken = (shared.take(), shared.take());
            adder.join().unwrap();
            assert_eq!(taken.0 + taken.1 + shared.sum(), 3);
            assert_eq!(shared.take(), 3 - taken.0 - taken.1);
            assert_eq!(shared.take(), 0);
            taken
        },
        [(0, 0), (0, 1), (0, 3), (1, 0), (1, 2), (3, 0)],
    )
}

/// A taker that saw less than the one before it would take a negative number.
fn takers_share_what_was_added(model: Model) -> Checked {
    model.at_least(3971).check_outcomes(
        || {
            let shared = shared();
            let adder = beside(&shared, |shared| shared.add(&[1, 1]));
            let taker = beside(&shared, Shared::take);
            let own = shared.take();
            let others = taker.join().unwrap();
            adder.join().unwrap();
            assert!(own <= 2 && others <= 2);
            assert_eq!(own.wrapping_add(others).wrapping_add(shared.take()), 2);
            (own, others)
        },
        [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)],
    )
}

fn a_sum_beside_a_take_is_not_less_than_what_is_left(model: Model) -> Checked {
    model.at_least(3752).check_outcomes(
        || {
            let shared = shared();
            let adder = beside(&shared, |shared| shared.add(&[1, 1]));
            let taker = beside(&shared, Shared::take);
            let seen = shared.sum();
            let taken = taker.join().unwrap();
            adder.join().unwrap();
            assert!(seen <= 2, "{seen} of 2");
            assert_eq!(shared.sum(), 2 - taken);
            (seen, taken)
        },
        (0..3).flat_map(|seen| (0..3).map(move |taken| (seen, taken))),
    )
}

/// In a destructor: beside its cells the counter has a word for all.
fn a_thread_without_a_cell_counts(model: Model) -> Checked {
    model.at_least(66).check_outcomes(
        || {
            let shared = shared();
            let late = |shared: &Shared| shared.counter.increment();
            let (one, two) = (beside(&shared, late), beside(&shared, late));
            shared.add(&[10]);
            let taken = shared.take();
            one.join().unwrap();
            two.join().unwrap();
            assert_eq!(taken + shared.sum(), 12);
            taken
        },
        10..=12,
    )
}

fn a_local_cell_is_adopted(model: Model) -> Checked {
    model.at_least(46).check_outcomes(
        || {
            let counter = Arc::new(SignedCounter::new());
            let count = |counter: &SignedCounter| {
                let mut local = counter.local();
                local.add(5);
                local.add(-4);
            };
            let other = beside(&counter, count);
            count(&counter);
            let seen = counter.sum();
            other.join().unwrap();
            assert_eq!(counter.sum(), 2);
            seen
        },
        [1, 2, 6],
    )
}

/// A handle appears while others look for cells and take.
fn handles_and_readers_meet(model: Model) -> Checked {
    model.at_least(33).check_outcomes(
        || {
            let counter = Arc::new(Counter::new());
            let other = beside(&counter, |counter| counter.local().add(3));
            let seen = (counter.sum(), counter.take());
            other.join().unwrap();
            assert_eq!(counter.take(), 3 - seen.1);
            seen
        },
        [(0, 0), (0, 3), (3, 3)],
    )
}

fn the_greatest_stays(model: Model) -> Checked {
    model.at_least(293).check_outcomes(
        || {
            let shared = Arc::new((Registry::new(), Meter::<Most>::new()));
            let record = |(registry, most): &(Registry, Meter<Most>), numbers: [u64; 2]| {
                let mut seat = registry.join();
                numbers.into_iter().for_each(|n| most.put_in(registry, &mut seat, n));
            };
            let other = beside(&shared, move |shared| record(shared, [4, 2]));
            record(&shared, [3, 1]);
            let seen = shared.1.total_in(&shared.0);
            other.join().unwrap();
            shared.1.put_rest(1);
            assert_eq!(shared.1.total_in(&shared.0), 4);
            seen
        },
        [3, 4],
    )
}
