//! What bugs of others, and of ours, would do: see `xtask/bugs.toml`, which names the model that catches each.

use std::collections::VecDeque;

use loom::sync::Arc;
use loom::thread;
use raddle::stack::{IndexStack, Stack};
use raddle::{mpmc, mpsc, spmc, spsc};

use crate::{Checked, Item, Model, counted, models};

models![
    a_length_is_never_more_than_the_capacity,
    what_is_inside_all_the_time_is_counted,
    what_is_left_behind_a_consumer_is_counted,
    what_was_pushed_is_found_in_any_life_of_a_segment,
    the_last_consumer_drops_no_more_than_the_queue_holds,
    a_late_guest_meets_another_life,
    what_is_forced_in_keeps_its_producers_order,
    a_deque_gets_back_what_was_passed_over,
    a_tag_is_wider_than_a_bit,
    spare_nodes_are_taken_by_one_thread,
];

/// The only producer fills the slot first, and then says where it is: a consumer may be ahead of that.
fn a_length_is_never_more_than_the_capacity(model: Model) -> Checked {
    model.at_least(10).check_outcomes(
        || {
            let (mut tx, rx) = spmc::bounded(2);
            let producer = thread::spawn(move || {
                tx.push(1).unwrap();
                tx
            });
            let popped = rx.pop().is_ok();
            let len = rx.len();
            drop(producer.join().unwrap());
            (popped, len)
        },
        [(false, 0), (false, 1), (true, 0)],
    )
}

/// A producer goes on to the next segment, and counts the one that it has left a step later.
fn what_is_inside_all_the_time_is_counted(model: Model) -> Checked {
    model.at_least(246).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(2);
            tx.push(1).unwrap();
            tx.push(2).unwrap();
            assert_eq!(rx.pop(), Ok(1));
            let other = thread::spawn(move || tx.push(3).unwrap());
            let seen = (rx.len(), rx.is_empty());
            other.join().unwrap();
            assert_eq!(rx.drain().collect::<Vec<_>>(), [2, 3]);
            seen
        },
        [(1, false), (2, false)],
    )
}

/// The last item is inside all the time, its consumer on the way to it from the segment before.
fn what_is_left_behind_a_consumer_is_counted(model: Model) -> Checked {
    model.at_least(72).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(2);
            (1..=4).for_each(|i| tx.push(i).unwrap());
            assert_eq!(rx.pop(), Ok(1));
            let other = thread::spawn(move || {
                assert_eq!((rx.pop(), rx.pop()), (Ok(2), Ok(3)));
                rx
            });
            let seen = tx.is_empty();
            let mut rx = other.join().unwrap();
            assert_eq!(rx.pop(), Ok(4));
            seen
        },
        [false],
    )
}

/// There is an item inside all the time, and its own producer looks for it. While it looks, the segment that it looks at comes
/// round, with the producers in it, where they were when they left it.
fn what_was_pushed_is_found_in_any_life_of_a_segment(model: Model) -> Checked {
    model.preemptions(1).at_least(45_000).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            tx.push(1).unwrap();
            assert_eq!(rx.pop(), Ok(1));
            tx.push(2).unwrap();
            let (push, pop) = (tx.clone(), rx.clone());
            let other = thread::spawn(move || {
                push.push(3).unwrap();
                pop.pop().expect("one is in")
            });
            // Both in threads of their own, so that neither needs a preemption to begin.
            let both = thread::spawn(move || {
                let mine = rx.pop().expect("there is always an item");
                tx.push(4).unwrap();
                (mine, rx)
            });
            let theirs = other.join().unwrap();
            let (mine, rx) = both.join().unwrap();
            (mine, theirs, rx.drain().collect::<Vec<_>>())
        },
        [(2, 3, vec![4]), (2, 4, vec![3]), (3, 2, vec![4])],
    )
}

/// A producer that has not seen yet that nobody listens may fill the slots as fast as they are emptied.
fn the_last_consumer_drops_no_more_than_the_queue_holds(model: Model) -> Checked {
    model.at_least(115).check_outcomes(
        || {
            let (drops, item) = counted();
            let (mut tx, rx) = spsc::bounded_in_lines_of::<Item>(1, 1);
            assert!(tx.push(item()).is_ok());
            let producer = thread::spawn(move || {
                let refused: Vec<_> = (0..2).filter_map(|_| tx.push(item()).err()).collect();
                (tx, refused)
            });
            drop(rx);
            let dropped = drops.get();
            let (tx, refused) = producer.join().unwrap();
            let n = refused.len();
            drop((tx, refused));
            assert_eq!(drops.get(), 3);
            (dropped, n)
        },
        [(1, 1), (1, 2)],
    )
}

/// The same index is on top again after two pushes, and another one below it.
fn a_tag_is_wider_than_a_bit(model: Model) -> Checked {
    model.at_least(280).check_outcomes(
        || {
            let stack = Arc::new(IndexStack::full(2));
            let other = thread::spawn({
                let stack = Arc::clone(&stack);
                move || {
                    let (a, b) = (stack.pop(), stack.pop());
                    let a = a.and_then(|a| {
                        stack.push(a);
                        stack.pop()
                    });
                    a.into_iter().for_each(|a| stack.push(a));
                    b
                }
            });
            let mine = stack.pop();
            let theirs = other.join().unwrap();
            let mut owned: Vec<u32> = mine.into_iter().chain(theirs).collect();
            owned.extend((0..3).map_while(|_| stack.pop()));
            owned.sort_unstable();
            (mine, owned)
        },
        [(None, vec![0, 1]), (Some(0), vec![0, 1]), (Some(1), vec![0, 1])],
    )
}

/// A depot with one node in it, and two who look for one.
fn spare_nodes_are_taken_by_one_thread(model: Model) -> Checked {
    model.at_least(230).check_outcomes(
        || {
            let stack = Arc::new(Stack::from_iter([1, 2, 3]));
            assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Some(3), Some(2), Some(1)));
            let other = thread::spawn({
                let stack = Arc::clone(&stack);
                move || stack.push(4)
            });
            stack.push(5);
            stack.push(6);
            other.join().unwrap();
            stack.pop_all().collect::<Vec<_>>()
        },
        [vec![4, 6, 5], vec![6, 4, 5], vec![6, 5, 4]],
    )
}

/// A consumer sees the producers in the next segment and is away until its own has come round, to the same place, and they
/// are in that: there is no way on.
fn a_late_guest_meets_another_life(model: Model) -> Checked {
    model.preemptions(1).at_least(5000).check_outcomes(
        || {
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            tx.push(1).unwrap();
            assert_eq!(rx.pop(), Ok(1));
            tx.push(2).unwrap();
            let late = rx.clone();
            let consumer = thread::spawn(move || late.pop().ok());
            // Both in threads of their own, so that neither needs a preemption to begin.
            let both = thread::spawn(move || {
                let first = rx.pop().ok();
                tx.push(3).unwrap();
                (first, rx.pop().ok(), rx)
            });
            let theirs = consumer.join().unwrap();
            let (first, second, rx) = both.join().unwrap();
            let rest = rx.drain().count();
            assert_eq!([theirs, first, second].iter().flatten().count() + rest, 2);
            (theirs, first, second)
        },
        [(None, Some(2), Some(3)), (Some(2), None, Some(3)), (Some(3), Some(2), None)],
    )
}

/// The slot that comes next is still in a consumer's hands; what is forced in must not go into the one after that.
fn what_is_forced_in_keeps_its_producers_order(model: Model) -> Checked {
    model.at_least(239).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().ok());
            let evicted: Vec<_> = tx.force_push(3).unwrap().collect();
            let pushed = tx.push(4).is_ok();
            let popped = consumer.join().unwrap();
            let rest: Vec<_> = rx.drain().collect();
            assert!(rest.is_sorted(), "{rest:?}");
            (evicted, pushed, popped, rest)
        },
        [
            (vec![2], false, Some(1), vec![3]),
            (vec![], false, Some(1), vec![2, 3]),
            (vec![1], false, Some(2), vec![3]),
            (vec![1], true, Some(2), vec![3, 4]),
            (vec![2], true, Some(1), vec![3, 4]),
        ],
    )
}

/// Its slot was passed over, and others took all there are.
fn a_deque_gets_back_what_was_passed_over(model: Model) -> Checked {
    model.at_least(3215).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(2);
            let (late, busy) = (tx.clone(), (tx.clone(), rx.clone()));
            let producer = thread::spawn(move || {
                let mut items = VecDeque::from([1]);
                (late.push_from(&mut items).unwrap_or(0), items.len())
            });
            let others = thread::spawn(move || {
                let (tx, rx) = busy;
                let first = tx.push(8).is_ok();
                let popped = rx.pop().is_ok();
                (first, popped, tx.push(9).is_ok())
            });
            let (first, popped, second) = others.join().unwrap();
            let third = tx.push(7).is_ok();
            let (pushed, left) = producer.join().unwrap();
            assert_eq!(pushed + left, 1);
            let rest = rx.drain().count();
            let went_in = [first, second, third].into_iter().filter(|&is| is).count() + pushed;
            assert_eq!(went_in, rest + usize::from(popped));
            (pushed, popped, [first, second, third])
        },
        [(0, true, [true, true, true]), (1, true, [true, true, false])],
    )
}
