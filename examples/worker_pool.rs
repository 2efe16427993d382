//! A pool of workers that share their jobs, and make new ones. `cargo run --example worker_pool`
//!
//! `mpmc::bounded`: every worker takes jobs, and every worker adds some, so both ends have many handles. A worker that finds no
//! room does the job itself: a pool must not wait for itself.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use raddle::mpmc::bounded::{Consumer, Producer};
use raddle::{Backoff, PopError, mpmc};

const WORKERS: usize = 4;
const NUMBERS: u64 = 20_000;

/// A range of numbers to add up.
struct Job {
    from: u64,
    to: u64,
}

/// What the workers have in common; the last job done ends the pool.
struct Pool {
    open: AtomicUsize,
    sum: AtomicU64,
}

impl Pool {
    fn work(&self, job: Job, jobs: &Producer<Job>) {
        let Job { from, to } = job;
        if to - from > 16 {
            let middle = from.midpoint(to);
            self.open.fetch_add(2, Ordering::Relaxed);
            for half in [Job { from, to: middle }, Job { from: middle, to }] {
                if let Err(error) = jobs.push(half) {
                    self.work(error.into_inner(), jobs);
                }
            }
        } else {
            self.sum.fetch_add((from..to).sum(), Ordering::Relaxed);
        }
        self.open.fetch_sub(1, Ordering::Release);
    }

    fn run(&self, jobs: &Producer<Job>, todo: &Consumer<Job>) {
        let backoff = Backoff::new();
        while self.open.load(Ordering::Acquire) > 0 {
            match todo.pop() {
                Ok(job) => {
                    self.work(job, jobs);
                    backoff.reset();
                }
                Err(PopError::Empty) => backoff.snooze(),
                Err(PopError::Closed) => break,
            }
        }
    }
}

fn main() {
    let (jobs, todo) = mpmc::bounded(64);
    let pool = Pool { open: AtomicUsize::new(1), sum: AtomicU64::new(0) };
    jobs.push(Job { from: 0, to: NUMBERS }).expect("room for the first");
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            let (jobs, todo) = (jobs.clone(), todo.clone());
            let pool = &pool;
            scope.spawn(move || pool.run(&jobs, &todo));
        }
    });
    let sum = pool.sum.into_inner();
    assert_eq!(sum, NUMBERS * (NUMBERS - 1) / 2);
    println!("{WORKERS} workers added up the numbers below {NUMBERS}: {sum}");
}
