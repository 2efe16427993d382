//! The stacks, the queue without handles and the counters.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use raddle::counter::{Counter, Max};
use raddle::mpmc::Fixed;
use raddle::stack::{IndexStack, Stack};

use crate::rng::Rng;
use crate::{Item, rounds, stall};

/// Runs `work` on two to five threads, with a number and a seed of their own.
fn together<R: Send>(rng: &mut Rng, work: impl Fn(usize, Rng) -> R + Sync) -> Vec<R> {
    let work = &work;
    let seeds: Vec<_> = (0..2 + rng.below(4)).map(|_| rng.below(1 << 30) as u64).collect();
    thread::scope(|scope| {
        let threads: Vec<_> = seeds
            .into_iter()
            .enumerate()
            .map(|(i, seed)| scope.spawn(move || work(i, Rng::new(seed))))
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Each of `made` came out once.
fn assert_all_once(made: u64, threads: usize, mut seen: Vec<(usize, u64)>) {
    seen.sort_unstable();
    let expected = (0..threads).flat_map(|i| (0..made).map(move |k| (i, k)));
    assert!(seen.into_iter().eq(expected), "a value was lost or doubled");
}

const EACH: u64 = if cfg!(miri) { 30 } else { 1_500 };

#[test]
fn stack() {
    static LIVE: AtomicUsize = AtomicUsize::new(0);
    // Makes the collector before there are threads: a race detector doesn't see what the standard library does to have it made
    // once.
    assert_eq!(Stack::from_iter([1]).pop(), Some(1));
    rounds("stack", |rng| {
        let stack = Stack::new();
        let seen = together(rng, |thread, mut rng| {
            let (mut made, mut seen) = (0, Vec::new());
            while made < EACH {
                match rng.below(6) {
                    0 => {
                        let n = (rng.below(20) as u64).min(EACH - made);
                        stack.push_all((made..made + n).map(|i| Item::<2>::new(thread, i, &LIVE)));
                        made += n;
                    }
                    1 if rng.below(8) == 0 => seen.extend(stack.pop_all().map(|item| item.read())),
                    2 | 3 => seen.extend(stack.pop().map(|item| item.read())),
                    _ => {
                        stack.push(Item::new(thread, made, &LIVE));
                        made += 1;
                    }
                }
                stall(&mut rng);
            }
            seen
        });
        let threads = seen.len();
        let mut seen = seen.concat();
        seen.extend(stack.pop_all().map(|item| item.read()));
        assert_all_once(EACH, threads, seen);
        assert_eq!(LIVE.load(Ordering::Relaxed), 0);
    });
}

/// A slot that is its index's owner's.
struct Slot(UnsafeCell<u64>);

// SAFETY: written by who popped its index.
unsafe impl Sync for Slot {}

#[test]
fn index_stack() {
    rounds("index_stack", |rng| {
        let n = 1 + rng.below(6);
        let slots: Vec<_> = (0..n).map(|_| Slot(UnsafeCell::new(0))).collect();
        let free = IndexStack::full(n as u32);
        let used = together(rng, |_, mut rng| {
            let mut used = 0;
            for _ in 0..EACH {
                let Some(index) = free.pop() else { continue };
                // SAFETY: this thread's, as its index is.
                unsafe { *slots[index as usize].0.get() += 1 };
                used += 1;
                stall(&mut rng);
                free.push(index);
            }
            used
        });
        let written: u64 = slots.into_iter().map(|slot| slot.0.into_inner()).sum();
        assert_eq!(written, used.into_iter().sum());
        assert_eq!(core::iter::from_fn(|| free.pop()).count(), n);
    });
}

#[test]
fn fixed() {
    static LIVE: AtomicUsize = AtomicUsize::new(0);
    rounds("fixed", |rng| {
        let queue = Fixed::<Item<1>, 5>::new();
        let seen = together(rng, |thread, mut rng| {
            let mut seen = Vec::new();
            for number in 0..EACH {
                let item = Item::new(thread, number, &LIVE);
                seen.extend(queue.force_push(item).map(|item| item.read()));
                if rng.below(2) == 0 {
                    seen.extend(queue.pop().map(|item| item.read()));
                }
                stall(&mut rng);
            }
            seen
        });
        let threads = seen.len();
        let mut seen = seen.concat();
        seen.extend(core::iter::from_fn(|| queue.pop()).map(|item| item.read()));
        assert_all_once(EACH, threads, seen);
        assert_eq!(LIVE.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn counters() {
    rounds("counters", |rng| {
        let (counter, greatest) = (Counter::new(), Max::new());
        let counted = together(rng, |thread, mut rng| {
            let mut local = counter.local();
            let (mut added, mut taken) = (0, 0);
            for i in 0..EACH {
                match rng.below(8) {
                    0 => taken += counter.take(),
                    1 => {
                        local.add(i);
                        added += i;
                    }
                    2 => assert!(greatest.get().is_none_or(|max| max < EACH * 8)),
                    _ => {
                        counter.add(i);
                        greatest.record(thread as u64 * EACH + i);
                        added += i;
                    }
                }
                stall(&mut rng);
            }
            (added, taken)
        });
        let added: u64 = counted.iter().map(|(added, _)| added).sum();
        let taken: u64 = counted.iter().map(|(_, taken)| taken).sum();
        assert_eq!(taken + counter.take(), added);
        assert_eq!((counter.sum(), counter.total()), (0, added));
    });
}
