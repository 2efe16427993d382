//! How to know that something is new: a special value, an ever-increasing one, a sequence lock; and a status that one of
//! two may change.
//!
//! Sequence lock: H.-J. Boehm, *Can Seqlocks Get Along With Programming Language Memory Models?*, MSPC 2012; here the form
//! without fences.
//! ```text
//! data stores (release)  ->  data loads (acquire)      who reads a new word sees, later, that the number is odd or more
//! second number (release)  ->  first look (acquire)    who sees the writer's end sees all words
//! ```

use loom::sync::Arc;
use loom::thread;
use raddle::sync::Ordering::{Acquire, Relaxed, Release};
use raddle::sync::{AtomicUsize, Ordering};

use crate::{Checked, Model, models};

models![
    a_special_value_is_taken_once,
    a_version_never_comes_back,
    a_sequence_lock_shows_no_mixture,
    of_two_that_start_one_does,
];

/// 0 means: nothing there. Two threads take what is in the slot. Who got it?
pub fn special_value() -> (usize, usize) {
    let slot = Arc::new(AtomicUsize::new(7));
    let other = thread::spawn({
        let slot = Arc::clone(&slot);
        move || slot.swap(0, Relaxed)
    });
    let mine = slot.swap(0, Relaxed);
    (mine, other.join().unwrap())
}

fn a_special_value_is_taken_once(model: Model) -> Checked {
    model.at_least(4).check_outcomes(special_value, [(7, 0), (0, 7)])
}

/// A word changes twice, by the writer's two stores. A reader looks in between and at the end: did it ever notice?
pub fn noticed(stores: [usize; 2]) -> bool {
    let word = Arc::new(AtomicUsize::new(0));
    let writer = thread::spawn({
        let word = Arc::clone(&word);
        move || stores.into_iter().for_each(|value| word.store(value, Relaxed))
    });
    let in_between = word.load(Relaxed) != 0;
    writer.join().unwrap();
    in_between || word.load(Relaxed) != 0
}

/// As a version: 0, 1, 2. As a value, [1, 0], it may be back before anybody looks.
fn a_version_never_comes_back(model: Model) -> Checked {
    model.at_least(10).check_outcomes(|| noticed([1, 2]), [true])
}

/// Two words that belong together, written under a number that is odd meanwhile. What did a reader accept?
pub fn sequence_lock(data: [Ordering; 2], number: [Ordering; 2]) -> Option<(usize, usize)> {
    let [write, read] = data;
    let [finish, begin] = number;
    let shared = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)]);
    let writer = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            let [number, a, b] = &*shared;
            number.store(1, Relaxed);
            a.store(7, write);
            b.store(7, write);
            number.store(2, finish);
        }
    });
    let [number, a, b] = &*shared;
    let before = number.load(begin);
    let seen = (a.load(read), b.load(read));
    let after = number.load(Relaxed);
    writer.join().unwrap();
    (before == after && before % 2 == 0).then_some(seen)
}

fn a_sequence_lock_shows_no_mixture(model: Model) -> Checked {
    model.at_least(109).check_outcomes(
        || sequence_lock([Release, Acquire], [Release, Acquire]),
        [None, Some((0, 0)), Some((7, 7))],
    )
}

/// Two threads try to change a status from 0, ready, to 1, running. Who started it?
pub fn start(begin: fn(&AtomicUsize) -> bool) -> (bool, bool) {
    let status = Arc::new(AtomicUsize::new(0));
    let other = thread::spawn({
        let status = Arc::clone(&status);
        move || begin(&status)
    });
    let mine = begin(&status);
    (mine, other.join().unwrap())
}

/// Wrong: both may find it ready.
pub fn look_and_set(status: &AtomicUsize) -> bool {
    let ready = status.load(Acquire) == 0;
    if ready {
        status.store(1, Release);
    }
    ready
}

/// Right: to look and to set is one step.
pub fn exchange(status: &AtomicUsize) -> bool {
    status.compare_exchange(0, 1, Relaxed, Relaxed).is_ok()
}

fn of_two_that_start_one_does(model: Model) -> Checked {
    model.at_least(4).check_outcomes(|| start(exchange), [(true, false), (false, true)])
}
