//! Handles of ends that have many: counting them, closing, and who drops what.
//!
//! For ends with one handle see `spsc`.

use loom::sync::Arc;
use loom::thread;
use raddle::{PopError, PushError, mpmc, mpsc, spmc};

use crate::{Checked, Model, counted, models};

models![
    producers_may_go_at_once,
    consumers_may_go_at_once,
    all_ends_may_go_at_once,
    a_clone_keeps_the_queue_open,
    a_clone_keeps_the_queue_open_for_pushes,
    the_last_of_two_producers_closes,
    closed_means_empty_for_ever_to_two_consumers,
    closed_means_empty_for_ever_in_segments,
    a_push_learns_that_it_is_in_vain,
    the_last_consumer_drops_what_is_left,
    a_straggler_is_dropped_with_the_queue,
    a_queue_without_handles_is_shared,
];

fn producers_may_go_at_once(model: Model) -> Checked {
    model.at_least(490).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, mut rx) = mpsc::bounded(2);
            let other = tx.clone();
            let theirs = item.clone();
            let producer = thread::spawn(move || other.push(theirs()).is_ok());
            assert!(tx.push(item()).is_ok());
            drop(tx);
            let mut popped = 0;
            let closed = loop {
                match rx.pop() {
                    Ok(_) => popped += 1,
                    Err(error) => break error == PopError::Closed,
                }
            };
            let before = popped;
            let pushed = 1 + usize::from(producer.join().unwrap());
            popped += rx.drain().count();
            assert!(!closed || before == popped);
            assert_eq!((popped, drops.get()), (pushed, 2));
            assert_eq!(rx.pop().map(|_| ()), Err(PopError::Closed));
            (closed, pushed)
        },
        [(false, 2), (true, 2)],
    )
}

fn consumers_may_go_at_once(model: Model) -> Checked {
    model.at_least(31).check_outcomes(
        || {
            let (drops, item) = counted();
            let (mut tx, rx) = spmc::bounded(2);
            (0..2).for_each(|_| assert!(tx.push(item()).is_ok()));
            let other = rx.clone();
            let consumer = thread::spawn(move || other.pop().is_ok());
            let mine = rx.pop().is_ok();
            drop(rx);
            let early = drops.get();
            let theirs = consumer.join().unwrap();
            assert_eq!(drops.get(), 2);
            assert!(tx.is_closed());
            (mine, theirs, early)
        },
        [(true, true, 1), (true, true, 2)],
    )
}

/// Exactly one frees, after the last access of all others: `Tracked` reports both mistakes.
fn all_ends_may_go_at_once(model: Model) -> Checked {
    model.at_least(33).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded::<usize>(1);
            let (other_tx, other_rx) = (tx.clone(), rx.clone());
            let first = thread::spawn(move || {
                drop(other_tx);
                drop(other_rx);
            });
            let second = thread::spawn(move || drop(rx));
            drop(tx);
            first.join().unwrap();
            second.join().unwrap();
        },
        [()],
    )
}

/// A handle is cloned while the one beside it goes.
fn a_clone_keeps_the_queue_open(model: Model) -> Checked {
    model.at_least(50).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::bounded(1);
            let other = tx.clone();
            let producer = thread::spawn(move || {
                let clone = other.clone();
                drop(other);
                clone.push(1).unwrap();
            });
            drop(tx);
            let popped = rx.pop();
            producer.join().unwrap();
            if popped != Ok(1) {
                assert_eq!((popped, rx.pop()), (Err(PopError::Empty), Ok(1)));
            }
            assert_eq!(rx.pop(), Err(PopError::Closed));
            popped.is_ok()
        },
        [false, true],
    )
}

fn a_clone_keeps_the_queue_open_for_pushes(model: Model) -> Checked {
    model.at_least(28).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            let other = rx.clone();
            let consumer = thread::spawn(move || {
                let clone = other.clone();
                drop(other);
                let popped = clone.pop().ok();
                (popped, clone)
            });
            drop(rx);
            assert_eq!(tx.push(1), Ok(()));
            let (popped, rx) = consumer.join().unwrap();
            assert_eq!(rx.drain().count(), usize::from(popped.is_none()));
            drop(rx);
            assert_eq!(tx.push(2), Err(PushError::Closed(2)));
            popped
        },
        [None, Some(1)],
    )
}

/// Each pushes and goes. Whenever the consumer hears Closed it has both items, whoever closed.
fn the_last_of_two_producers_closes(model: Model) -> Checked {
    model.at_least(441).check_outcomes(
        || {
            let (tx, mut rx) = mpsc::unbounded_in_segments_of(1);
            let other = tx.clone();
            let producer = thread::spawn(move || other.push(1).unwrap());
            tx.push(2).unwrap();
            drop(tx);
            let (mut seen, mut closed) = (0, false);
            for _ in 0..3 {
                match rx.pop() {
                    Ok(_) => seen += 1,
                    Err(error) => closed |= error == PopError::Closed,
                }
            }
            assert!(!closed || seen == 2);
            producer.join().unwrap();
            assert_eq!((rx.drain().count(), rx.pop()), (2 - seen, Err(PopError::Closed)));
            (seen, closed)
        },
        [(1, false), (2, false), (2, true)],
    )
}

fn closed_means_empty_for_ever_to_two_consumers(model: Model) -> Checked {
    model.at_least(3561).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            let other = rx.clone();
            let producer = thread::spawn(move || tx.push(7).unwrap());
            let consumer = thread::spawn(move || other.pop());
            let mine = rx.pop();
            let late = (mine == Err(PopError::Closed)).then(|| rx.pop());
            producer.join().unwrap();
            let theirs = consumer.join().unwrap();
            assert!(late.is_none_or(|late| late == Err(PopError::Closed)));
            let rest = rx.drain().count();
            // Whoever hears Closed leaves nothing behind.
            let closed = [mine, theirs].contains(&Err(PopError::Closed));
            assert!(!closed || rest == 0);
            assert_eq!(usize::from(mine.is_ok()) + usize::from(theirs.is_ok()) + rest, 1);
            (mine.is_ok(), theirs.is_ok(), closed)
        },
        [
            (false, false, false),
            (false, true, false),
            (false, true, true),
            (true, false, false),
            (true, false, true),
        ],
    )
}

fn closed_means_empty_for_ever_in_segments(model: Model) -> Checked {
    model.at_least(334).check_outcomes(
        || {
            let (mut tx, rx) = spmc::unbounded_in_segments_of(1);
            let producer = thread::spawn(move || (1..=2).for_each(|i| tx.push(i).unwrap()));
            let (mut seen, mut closed) = (0, false);
            for _ in 0..3 {
                match rx.pop() {
                    Ok(item) => {
                        seen += 1;
                        assert_eq!(item, seen);
                    }
                    Err(error) => closed |= error == PopError::Closed,
                }
            }
            assert!(!closed || seen == 2);
            producer.join().unwrap();
            assert_eq!(rx.drain().count(), 2 - seen);
            (seen, closed)
        },
        [(0, false), (1, false), (2, false), (2, true)],
    )
}

fn a_push_learns_that_it_is_in_vain(model: Model) -> Checked {
    model.at_least(212).check_outcomes(
        || {
            let (tx, rx) = mpmc::bounded(1);
            let consumer = thread::spawn(move || drop(rx));
            let first = tx.push(1).map_err(PushError::into_inner);
            let closed = tx.is_closed();
            consumer.join().unwrap();
            assert_eq!(tx.push(2), Err(PushError::Closed(2)));
            (first, closed)
        },
        [(Ok(()), false), (Ok(()), true), (Err(1), true)],
    )
}

/// Two consumers go, one of them in the middle of taking an item.
fn the_last_consumer_drops_what_is_left(model: Model) -> Checked {
    model.at_least(4).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, rx) = mpmc::unbounded_in_segments_of(1);
            (0..2).for_each(|_| assert!(tx.push(item()).is_ok()));
            let other = rx.clone();
            let consumer = thread::spawn(move || drop(other.pop()));
            drop(rx);
            let early = drops.get();
            consumer.join().unwrap();
            assert_eq!(drops.get(), 2);
            assert!(tx.is_closed());
            early
        },
        [0, 1, 2],
    )
}

/// An item that came in after the last consumer's last look stays until the last handle goes.
fn a_straggler_is_dropped_with_the_queue(model: Model) -> Checked {
    model.at_least(38).check_outcomes(
        || {
            let (drops, item) = counted();
            let (tx, rx) = mpmc::bounded(2);
            let other = tx.clone();
            let theirs = item.clone();
            let producer = thread::spawn(move || other.push(theirs()).is_ok());
            drop(rx);
            let pushed = producer.join().unwrap();
            let early = drops.get();
            drop(tx);
            assert_eq!(drops.get(), 1);
            (pushed, early)
        },
        [(true, 1), (true, 0), (false, 1)],
    )
}

fn a_queue_without_handles_is_shared(model: Model) -> Checked {
    model.at_least(1033).check_outcomes(
        || {
            let (drops, item) = counted();
            let queue = Arc::new(mpmc::Fixed::<_, 1>::new());
            let other = Arc::clone(&queue);
            let theirs = item.clone();
            let thread = thread::spawn(move || {
                let pushed = other.push(theirs()).is_ok();
                (pushed, other.pop().is_some())
            });
            let pushed = queue.push(item()).is_ok();
            let popped = queue.pop().is_some();
            let theirs = thread.join().unwrap();
            assert_eq!(
                queue.len(),
                usize::from(pushed) + usize::from(theirs.0)
                    - usize::from(popped)
                    - usize::from(theirs.1)
            );
            drop(queue);
            assert_eq!(drops.get(), 2);
            (pushed, popped, theirs)
        },
        [
            (false, false, (true, true)),
            (false, true, (true, false)),
            (true, false, (false, true)),
            (true, true, (false, false)),
            (true, true, (true, true)),
        ],
    )
}
