//! What taking all of 1000 values at once costs, against popping them one by one; both by one thread, the pushes not
//! counted: `cargo run --release -p raddle-bench --example pop_all`. (The comparer's `stack-bursts` cells count the pushes
//! too, and have several threads.)
//!
//! *in a row*: nodes lie in memory as they were allocated. *mixed*: nodes were popped and pushed in random order before, so
//! that where the next one is can't be foreseen. Rounds are interleaved; shown are medians, ns per value, and the ratio to
//! the first line of the same round.

use core::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

use raddle::stack::Stack;

const VALUES: u64 = 1000;
const RUNS: u64 = 200;
const ROUNDS: usize = 21;

/// Nanoseconds per value of `take`, which returns the sum of all that `push` pushed.
fn measure(mut push: impl FnMut(u64), mut take: impl FnMut() -> u64) -> f64 {
    let mut took = 0.0;
    for run in 0..RUNS {
        (0..VALUES).for_each(|i| push(run + i));
        let start = Instant::now();
        let sum = black_box(take());
        took += start.elapsed().as_secs_f64();
        assert_eq!(sum, VALUES * run + VALUES * (VALUES - 1) / 2, "lost or doubled");
    }
    took * 1e9 / (RUNS * VALUES) as f64
}

fn pops(stack: &Stack<u64>) -> u64 {
    core::iter::from_fn(|| stack.pop()).sum()
}

fn all(stack: &Stack<u64>) -> u64 {
    stack.pop_all().sum()
}

/// Without a look ahead: `next` doesn't guess.
fn one_by_one(stack: &Stack<u64>) -> u64 {
    let mut sum = 0;
    for value in stack.pop_all() {
        sum += value;
    }
    sum
}

/// A stack whose thread has spare nodes in random order: each of two stacks takes the next node by lot.
fn mixed() -> Stack<u64> {
    let (one, other) = (Stack::new(), Stack::new());
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..20 {
        (0..4 * VALUES).for_each(|i| if rng.bool() { one.push(i) } else { other.push(i) });
        while !(one.is_empty() && other.is_empty()) {
            let _ = if rng.bool() { one.pop() } else { other.pop() };
        }
    }
    one
}

/// In a thread of its own, which begins without nodes.
fn fresh(measured: fn() -> f64) -> f64 {
    std::thread::spawn(measured).join().expect("no panic")
}

type Kind = (&'static str, fn() -> f64);

const KINDS: [Kind; 7] = [
    ("1000 pops, in a row", || {
        let stack = Stack::new();
        measure(|value| stack.push(value), || pops(&stack))
    }),
    ("pop_all, in a row", || {
        let stack = Stack::new();
        measure(|value| stack.push(value), || all(&stack))
    }),
    ("pop_all by a for loop, in a row", || {
        let stack = Stack::new();
        measure(|value| stack.push(value), || one_by_one(&stack))
    }),
    ("1000 pops, mixed", || {
        let stack = mixed();
        measure(|value| stack.push(value), || pops(&stack))
    }),
    ("pop_all, mixed", || {
        let stack = mixed();
        measure(|value| stack.push(value), || all(&stack))
    }),
    ("pop_all by a for loop, mixed", || {
        let stack = mixed();
        measure(|value| stack.push(value), || one_by_one(&stack))
    }),
    ("Mutex<Vec>, exchanged", || {
        let (stack, mut spare) = (Mutex::new(Vec::new()), Vec::new());
        measure(
            |value| stack.lock().expect("no panic").push(value),
            || {
                core::mem::swap(&mut *stack.lock().expect("no panic"), &mut spare);
                spare.drain(..).rev().sum()
            },
        )
    }),
];

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let mut times = vec![Vec::new(); KINDS.len()];
    for _ in 0..ROUNDS {
        KINDS.iter().zip(&mut times).for_each(|((_, kind), times)| times.push(fresh(*kind)));
    }
    for ((name, _), own) in KINDS.iter().zip(&times) {
        let ratios = times[0].iter().zip(own).map(|(first, own)| first / own).collect();
        println!("{name:32} {:6.2} ns, {:5.2} times as fast", median(own.clone()), median(ratios));
    }
}
