//! Items of every size and alignment, items that can't be copied, and items that own memory.

use core::cell::Cell;
use std::thread;

use super::{SPEC, consumer, make, producer};
use crate::kinds::Handles;

/// Through several laps, by item, by batch and by chunk.
fn check<T: PartialEq>(new: impl Fn(usize) -> T) {
    for capacity in [1, 2, 3, 7, 64, 65, 100] {
        let (mut tx, mut rx) = make(capacity);
        let (mut pushed, mut popped) = (0, 0);
        while popped < 3 * capacity {
            // What lines leave beyond what was asked for is room for no longer than it is empty.
            while pushed - popped >= capacity {
                assert!(rx.pop().is_ok_and(|item| item == new(popped)));
                popped += 1;
            }
            assert!(tx.push(new(pushed)).is_ok());
            pushed += 1;
            if pushed - popped < capacity {
                pushed += producer::push_in_place(&mut tx, 3, (pushed..).map(&new));
            }
            if let Ok(n) = tx.push_from(&mut (pushed..pushed + 2).map(&new).collect()) {
                pushed += n;
            }
            assert_eq!((tx.len(), rx.len()), (pushed - popped, pushed - popped));

            let shown = consumer::pop_shown(&mut rx, 2, |i, item| {
                assert!(core::ptr::from_ref(item).is_aligned());
                assert!(*item == new(popped + i));
            });
            popped += 1;
            if shown > 1 {
                assert!(rx.pop().is_ok_and(|item| item == new(popped)));
                popped += 1;
            }
            let mut items = Vec::new();
            if rx.pop_into(&mut items, capacity / 2 + 1).is_ok() {
                assert!(items.into_iter().eq((popped..pushed).map(&new).take(capacity / 2 + 1)));
                popped = pushed - rx.len();
            }
        }
    }
}

#[derive(Debug, PartialEq)]
#[repr(align(128))]
struct Wide(u8);

#[derive(Debug, PartialEq)]
#[repr(align(128))]
struct WideNothing;

#[derive(Debug, PartialEq)]
struct MoveOnly(usize);

#[test]
fn items_without_a_size() {
    check(|_| ());
    check(|_| WideNothing);
    check(|_| [0_u64; 0]);
}

#[test]
fn items_smaller_than_a_word() {
    check(|i| i as u8);
    check(|i| (i as u8, i as u16));
    check(|i| [i as u8; 3]);
}

#[test]
fn items_of_a_word() {
    check(|i| i);
    check(|i| Some(Box::new(i)));
    check(MoveOnly);
    check(Cell::new);
}

#[test]
fn items_of_a_line_and_more() {
    check(|i| [i as u64; 7]);
    check(|i| [i as u64; 8]);
    check(|i| [i as u64; 9]);
    check(|i| [i as u8; 4096]);
}

#[test]
fn items_with_a_large_alignment() {
    check(|i| i as u128);
    check(|i| Wide(i as u8));
}

#[test]
fn items_that_own_memory() {
    check(|i| i.to_string());
    check(|i| vec![i; i % 5]);
}

#[test]
fn items_that_borrow() {
    let text = String::from("one two three");
    let (mut tx, mut rx) = make(3);
    for word in text.split(' ') {
        assert_eq!(tx.push(word), Ok(()));
    }
    assert!(rx.drain().eq(["one", "two", "three"]));
}

/// More than half of a test's stack.
type Huge = [u64; 1 << 17];

/// Runs `f` on a thread with a stack of so many MiB, as many programs have them.
fn on_a_stack_of(mebibytes: usize, f: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(mebibytes << 20).spawn(f);
    thread.expect("a thread").join().expect("no panic");
}

#[test]
fn a_queue_of_huge_items_is_made_and_dropped_on_a_small_stack() {
    on_a_stack_of(2, || {
        for capacity in [1, 2, 5] {
            let (mut tx, rx) = make::<Huge>(capacity);
            assert!(tx.is_empty() && !rx.is_full() && rx.is_empty());
            if SPEC.producers == Handles::One {
                let words = vec![7_u64; capacity << 17];
                // SAFETY: so many words are so many items.
                let items = unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), capacity) };
                // Copied from where they lie to where they go.
                assert_eq!(tx.push_slice(items), Ok(capacity));
            }
            drop(rx);
            assert!(tx.is_closed());
        }
    });
}

#[test]
fn huge_items_come_out_as_they_went_in() {
    on_a_stack_of(64, || {
        let (mut tx, mut rx) = make::<Huge>(2);
        for i in 0..4_u64 {
            assert!(tx.push([i; 1 << 17]).is_ok());
            let n = tx.push_slice(vec![[!i; 1 << 17]].as_slice());
            assert_eq!(n, Ok(1));
            assert!(rx.pop().is_ok_and(|item| item == [i; 1 << 17]));
            let mut out = Vec::new();
            assert_eq!(rx.pop_into(&mut out, 1), Ok(1));
            assert!(out[0] == [!i; 1 << 17]);
        }
        assert_eq!(SPEC.is_bounded(), rx.capacity() < 10);
        assert!(tx.push([0; 1 << 17]).is_ok());
    });
}
