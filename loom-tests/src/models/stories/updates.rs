//! An update in several steps: the lost update, and two numbers that belong together.
//!
//! No ordering helps here: each step is atomic, and their sequence is not.

use loom::sync::Arc;
use loom::thread;
use raddle::sync::AtomicUsize;
use raddle::sync::Mutex;
use raddle::sync::Ordering::Relaxed;

use crate::{Checked, Model, models};

models![
    one_step_loses_nothing,
    an_exchange_that_tries_again_loses_nothing,
    one_word_is_seen_whole,
    a_lock_shows_both_or_neither,
];

/// Two threads add 1 by `add`. What is there in the end?
pub fn two_add(add: fn(&AtomicUsize)) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let other = thread::spawn({
        let count = Arc::clone(&count);
        move || add(&count)
    });
    add(&count);
    other.join().unwrap();
    count.load(Relaxed)
}

/// Wrong: what another thread added between the load and the store is gone.
pub fn load_and_store(count: &AtomicUsize) {
    let before = count.load(Relaxed);
    count.store(before + 1, Relaxed);
}

/// Right: one indivisible step.
pub fn in_one_step(count: &AtomicUsize) {
    count.fetch_add(1, Relaxed);
}

/// Right: the exchange succeeds only if nothing came in between. Any function of the old value can be made so.
pub fn until_it_succeeds(count: &AtomicUsize) {
    let mut before = count.load(Relaxed);
    while let Err(now) = count.compare_exchange_weak(before, before + 1, Relaxed, Relaxed) {
        before = now;
    }
}

fn one_step_loses_nothing(model: Model) -> Checked {
    model.at_least(4).check_outcomes(|| two_add(in_one_step), [2])
}

fn an_exchange_that_tries_again_loses_nothing(model: Model) -> Checked {
    model.at_least(14).check_outcomes(|| two_add(until_it_succeeds), [2])
}

/// Wrong: 1 goes from one account to the other, each in one indivisible step. What did an observer count?
pub fn two_words() -> usize {
    let accounts = Arc::new([AtomicUsize::new(1), AtomicUsize::new(0)]);
    let transfer = thread::spawn({
        let accounts = Arc::clone(&accounts);
        move || {
            accounts[0].fetch_sub(1, Relaxed);
            accounts[1].fetch_add(1, Relaxed);
        }
    });
    let sum = accounts[0].load(Relaxed) + accounts[1].load(Relaxed);
    transfer.join().unwrap();
    sum
}

/// Right: both in one word, 16 bits each, so that one step changes both.
pub fn one_word() -> usize {
    let accounts = Arc::new(AtomicUsize::new(1 << 16));
    let transfer = thread::spawn({
        let accounts = Arc::clone(&accounts);
        move || accounts.fetch_sub((1 << 16) - 1, Relaxed)
    });
    let both = accounts.load(Relaxed);
    transfer.join().unwrap();
    (both >> 16) + (both & 0xffff)
}

/// Right: a lock, for as many as you like.
pub fn one_lock() -> usize {
    let accounts = Arc::new(Mutex::new([1, 0]));
    let transfer = thread::spawn({
        let accounts = Arc::clone(&accounts);
        move || {
            let mut accounts = accounts.lock().unwrap();
            accounts[0] -= 1;
            accounts[1] += 1;
        }
    });
    let sum = accounts.lock().unwrap().iter().sum();
    transfer.join().unwrap();
    sum
}

fn one_word_is_seen_whole(model: Model) -> Checked {
    model.at_least(6).check_outcomes(one_word, [1])
}

fn a_lock_shows_both_or_neither(model: Model) -> Checked {
    model.at_least(4).check_outcomes(one_lock, [1])
}
