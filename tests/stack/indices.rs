//! `IndexStack`: each index once, its panics, and many threads that own slots by it.

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering};
use std::panic::catch_unwind;
use std::thread;

use raddle::stack::IndexStack;

use crate::rng::Rng;

fn message(f: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    panic
        .downcast_ref::<String>()
        .cloned()
        .or(panic.downcast_ref().map(|s: &&str| (*s).into()))
        .unwrap()
}

#[test]
fn the_last_index_in_is_the_first_one_out() {
    let stack = IndexStack::empty(5);
    assert_eq!((stack.capacity(), stack.is_empty(), stack.pop()), (5, true, None));
    [3, 0, 4].into_iter().for_each(|index| stack.push(index));
    assert!(!stack.is_empty());
    assert!(core::iter::from_fn(|| stack.pop()).eq([4, 0, 3]));
    assert_eq!(format!("{stack:?}"), "IndexStack { capacity: 5, is_empty: true, .. }");
}

#[test]
fn a_full_stack_has_all_indices() {
    for capacity in [1, 2, 1000] {
        let stack = IndexStack::full(capacity);
        assert!(core::iter::from_fn(|| stack.pop()).eq(0..capacity));
        assert!(stack.is_empty());
    }
}

#[test]
fn it_does_what_a_vec_does() {
    let (mut rng, stack, mut vec) = (Rng::new(1), IndexStack::full(50), Vec::new());
    vec.extend((0..50).rev());
    let mut out: Vec<u32> = Vec::new();
    for _ in 0..10_000 {
        if rng.below(2) == 0 {
            let popped = stack.pop();
            assert_eq!(popped, vec.pop());
            out.extend(popped);
        } else if !out.is_empty() {
            let index = out.swap_remove(rng.below(out.len()));
            stack.push(index);
            vec.push(index);
        }
    }
}

#[test]
fn wrong_indices_are_refused() {
    let stack = IndexStack::full(2);
    assert_eq!(message(|| stack.push(2)), "raddle: index 2 pushed to a stack of those below 2");
    assert_eq!(
        message(|| stack.push(1)),
        "raddle: index 1 pushed to a stack that it is in already"
    );
    assert_eq!(stack.pop(), Some(0));
    stack.push(0);
    assert!(message(|| stack.push(0)).contains("already"));
    assert!(core::iter::from_fn(|| stack.pop()).eq([0, 1]));
}

#[test]
fn impossible_capacities_are_refused() {
    assert!(
        message(|| drop(IndexStack::empty(0)))
            .contains("needs a capacity of 1 to 4294967294, got 0")
    );
    assert!(message(|| drop(IndexStack::full(u32::MAX))).contains("got 4294967295"));
}

#[test]
fn a_slot_has_one_owner_at_a_time() {
    const SLOTS: u32 = 3;
    let stack = IndexStack::full(SLOTS);
    let owned: Vec<AtomicBool> = (0..SLOTS).map(|_| AtomicBool::new(false)).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50_000 {
                    if let Some(index) = stack.pop() {
                        let slot = &owned[index as usize];
                        assert!(!slot.swap(true, Ordering::Relaxed), "slot {index} has two owners");
                        slot.store(false, Ordering::Relaxed);
                        stack.push(index);
                    }
                }
            });
        }
    });
    let mut all: Vec<_> = core::iter::from_fn(|| stack.pop()).collect();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2]);
}
