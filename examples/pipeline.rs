//! A pipeline of three threads: numbers in, squares between, a sum out. `cargo run --example pipeline`
//!
//! A queue never waits; a stage that has nothing to do, or nowhere to put what it did, backs off. Each stage ends when
//! the one before it is gone, and stops early when the one behind it is.

use std::thread;
use std::time::Instant;

use raddle::spsc::bounded::{Consumer, Producer};
use raddle::{Backoff, PopError, PushError, spsc};

const NUMBERS: u64 = 200_000;

/// Pushes, however long it takes; `false` if nobody is there to pop it.
fn send<T>(tx: &mut Producer<T>, mut item: T) -> bool {
    let backoff = Backoff::new();
    loop {
        match tx.push(item) {
            Ok(()) => return true,
            Err(PushError::Closed(_)) => return false,
            Err(PushError::Full(back)) => item = back,
        }
        backoff.snooze();
    }
}

/// Pops, however long it takes; `None` if there is nothing and never will be.
fn receive<T>(rx: &mut Consumer<T>) -> Option<T> {
    let backoff = Backoff::new();
    loop {
        match rx.pop() {
            Ok(item) => return Some(item),
            Err(PopError::Closed) => return None,
            Err(PopError::Empty) => backoff.snooze(),
        }
    }
}

fn main() {
    let start = Instant::now();
    let (mut numbers_tx, mut numbers_rx) = spsc::bounded(1024);
    let (mut squares_tx, mut squares_rx) = spsc::bounded(1024);

    thread::spawn(move || (1..=NUMBERS).all(|n| send(&mut numbers_tx, n)));
    thread::spawn(move || {
        while let Some(n) = receive(&mut numbers_rx) {
            if !send(&mut squares_tx, n * n) {
                return;
            }
        }
    });

    let (mut count, mut sum) = (0, 0);
    while let Some(square) = receive(&mut squares_rx) {
        count += 1;
        sum += square;
    }
    assert_eq!(count, NUMBERS);
    assert_eq!(sum, NUMBERS * (NUMBERS + 1) * (2 * NUMBERS + 1) / 6);
    println!("1² + 2² + .. + {NUMBERS}² = {sum}, through two queues in {:?}", start.elapsed());
}
