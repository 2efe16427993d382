//! A spin lock, and the last drop of a reference count: what a weaker ordering breaks.
//!
//! ```text
//! lock:   unlock (release)  ->  lock (acquire)       the next owner sees what the last one wrote
//! count:  each drop (release)  ->  last drop (acquire)      who frees comes after everybody's last use
//! ```

use loom::sync::Arc;
use loom::thread;
use raddle::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use raddle::sync::{AtomicUsize, Ordering, Shadow};

use crate::{Checked, Model, models};

models![a_lock_hands_over_what_it_guards, the_last_handle_frees];

/// Two threads add 1 under a spin lock. What is there in the end?
pub fn spin_lock(lock: Ordering, unlock: Ordering) -> usize {
    let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let add = move |shared: &(AtomicUsize, AtomicUsize)| {
        let (locked, count) = shared;
        while locked.compare_exchange(0, 1, lock, Relaxed).is_err() {
            thread::yield_now();
        }
        let before = count.load(Relaxed);
        count.store(before + 1, Relaxed);
        locked.store(0, unlock);
    };
    let other = thread::spawn({
        let shared = Arc::clone(&shared);
        move || add(&shared)
    });
    add(&shared);
    other.join().unwrap();
    shared.1.load(Relaxed)
}

fn a_lock_hands_over_what_it_guards(model: Model) -> Checked {
    model.at_least(7).check_outcomes(|| spin_lock(Acquire, Release), [2])
}

/// Two handles on one value; each uses it and goes, and the last one frees it. Which one was that?
///
/// The shadow stands for the memory: to free it while a use is not over is a race, which the checker reports.
pub fn last_drop(leave: Ordering) -> (bool, bool) {
    let shared = Arc::new((AtomicUsize::new(2), Shadow::new(1)));
    let use_and_drop = move |shared: &(AtomicUsize, Shadow)| {
        let (handles, memory) = shared;
        memory.read(0);
        let last = handles.fetch_sub(1, leave) == 1;
        if last {
            memory.write(0);
        }
        last
    };
    let other = thread::spawn({
        let shared = Arc::clone(&shared);
        move || use_and_drop(&shared)
    });
    let mine = use_and_drop(&shared);
    (mine, other.join().unwrap())
}

fn the_last_handle_frees(model: Model) -> Checked {
    model.at_least(4).check_outcomes(|| last_drop(AcqRel), [(true, false), (false, true)])
}
