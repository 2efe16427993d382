//! Many threads, more than there are cores: nothing is lost, doubled, or shown before it is there.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Barrier;
use std::thread;

use raddle::stack::Stack;

const THREADS: usize = 4;
const EACH: usize = 20_000;

/// Runs `f(i)` in so many threads at once, and puts together what they return.
fn together<T: Send>(threads: usize, f: impl Fn(usize) -> Vec<T> + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let (f, barrier) = (&f, &barrier);
        let run = |i| {
            scope.spawn(move || {
                barrier.wait();
                f(i)
            })
        };
        let threads: Vec<_> = (0..threads).map(run).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn assert_all_once(mut popped: Vec<usize>, n: usize) {
    popped.sort_unstable();
    assert!(popped.iter().copied().eq(0..n), "{} of {n} values", popped.len());
}

#[test]
fn each_value_is_popped_once_whoever_pushed_it() {
    let stack = Stack::new();
    let mut popped = together(THREADS, |t| {
        let mut popped = Vec::new();
        for i in 0..EACH {
            stack.push(Box::new(t * EACH + i));
            if i % 7 > 0 {
                popped.extend(stack.pop().map(|value| *value));
            }
        }
        popped
    });
    popped.extend(stack.pop_all().map(|value| *value));
    assert_all_once(popped, THREADS * EACH);
}

#[test]
fn each_value_is_taken_once_by_pops_and_pop_alls_and_seen_whole_by_peeks() {
    let stack = Stack::new();
    let done = AtomicUsize::new(0);
    let popped = together(2 * THREADS, |t| {
        let mut popped = Vec::new();
        if t < THREADS {
            for chunk in 0..EACH / 10 {
                let first = t * EACH + chunk * 10;
                stack.push_all((first..first + 10).map(|i| [i; 5]));
            }
            done.fetch_add(1, Ordering::Release);
            return popped;
        }
        loop {
            let last_time = done.load(Ordering::Acquire) == THREADS;
            match t % 2 {
                0 => popped.extend((0..10).map_while(|_| stack.pop())),
                _ => popped.extend(stack.pop_all()),
            }
            if let Some(peeked) = stack.peek() {
                assert_eq!(peeked, [peeked[0]; 5], "torn");
            }
            if last_time && stack.is_empty() {
                return popped;
            }
        }
    });
    assert!(popped.iter().all(|value| *value == [value[0]; 5]));
    assert_all_once(popped.into_iter().map(|value| value[0]).collect(), THREADS * EACH);
}

/// The values of one `push_all` are neighbours, and of one thread the later are above the earlier.
#[test]
fn pop_all_sees_whole_chains_in_order() {
    let stack = Stack::new();
    let done = AtomicUsize::new(0);
    let seen = together(3, |t| {
        if t > 0 {
            (0..EACH).for_each(|i| stack.push_all([(t, i, 0), (t, i, 1), (t, i, 2)]));
            done.fetch_add(1, Ordering::Release);
            return Vec::new();
        }
        let mut seen = Vec::new();
        while done.load(Ordering::Acquire) < 2 || !stack.is_empty() {
            let mut all: Vec<_> = stack.pop_all().collect();
            all.reverse();
            seen.extend(all);
        }
        seen
    });
    assert_eq!(seen.len(), 2 * EACH * 3);
    let mut next = [0; 3];
    for chain in seen.chunks(3) {
        let (t, i, _) = chain[0];
        assert_eq!(chain, [(t, i, 0), (t, i, 1), (t, i, 2)]);
        assert_eq!(i, next[t]);
        next[t] += 1;
    }
}

/// Threads come and go with nodes in hand, and stacks with nodes in their depots.
#[test]
fn short_lived_threads_and_stacks() {
    for _ in 0..20 {
        let stack = Stack::from_iter((0..1000).map(Box::new));
        let popped = together(THREADS, |t| {
            let popped: Vec<_> = (0..300).filter_map(|_| stack.pop()).map(|value| *value).collect();
            (0..300).for_each(|i| stack.push(Box::new(1000 + t * 300 + i)));
            popped
        });
        let rest = stack.into_iter().map(|value| *value);
        assert_all_once(popped.into_iter().chain(rest).collect(), 1000 + THREADS * 300);
    }
}
