//! What goes in comes out or is dropped: once, and not later than said.

use core::mem::forget;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::{Arc, Weak};

use raddle::stack::Stack;

use crate::items::{Counted, Ledger};

fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Three values, of which number `bomb` panics when dropped.
fn armed(ledger: &Arc<Ledger>, bomb: usize) -> Stack<Counted> {
    (0..3).map(|i| if i == bomb { ledger.bomb() } else { ledger.item() }).collect()
}

#[test]
fn a_popped_value_is_dropped_by_its_new_owner_at_once() {
    let ledger = Ledger::new();
    let stack = Stack::from_iter(ledger.items(500));
    for n in 0..500 {
        assert_eq!(ledger.dropped(), n);
        drop(stack.pop());
    }
    drop(stack);
    ledger.assert_each_dropped_once();
}

#[test]
fn a_stack_drops_what_is_in_it() {
    let ledger = Ledger::new();
    let stack = Stack::from_iter(ledger.items(5));
    stack.push(ledger.item());
    drop(stack.pop());
    assert_eq!(ledger.dropped(), 1);
    drop(stack);
    ledger.assert_each_dropped_once();
}

#[test]
fn an_iterator_drops_what_it_has_not_shown() {
    for shown in 0..=4 {
        let ledger = Ledger::new();
        let stack = Stack::from_iter(ledger.items(4));
        let mut all = stack.pop_all();
        assert_eq!(all.by_ref().take(shown).count(), shown);
        assert_eq!(ledger.dropped(), shown);
        // The values are the iterator's, not the stack's.
        drop(stack);
        assert_eq!(ledger.dropped(), shown);
        drop(all);
        ledger.assert_each_dropped_once();

        let mut all = Stack::from_iter(ledger.items(4)).into_iter();
        assert_eq!(all.by_ref().take(shown).count(), shown);
        assert_eq!(ledger.dropped(), 4 + shown);
        drop(all);
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn a_leaked_iterator_leaks_its_values_and_harms_nothing() {
    let ledger = Ledger::new();
    let stack = Stack::from_iter(ledger.items(3));
    forget(stack.pop_all());
    stack.push(ledger.item());
    assert_eq!(stack.pop().map(|value| value.id), Some(3));
    drop(stack);
    assert_eq!(ledger.drops(), [0, 0, 0, 1]);
}

#[test]
fn a_value_is_dropped_once_when_a_drop_panics() {
    for bomb in 0..3 {
        let ways: [fn(Stack<Counted>); 4] = [
            drop,
            |stack| drop(stack.into_iter()),
            |stack| drop(stack.pop_all()),
            |stack| stack.pop_all().for_each(drop),
        ];
        for (i, way) in ways.into_iter().enumerate() {
            let ledger = Ledger::new();
            let stack = armed(&ledger, bomb);
            assert!(panics(|| way(stack)), "way {i} with bomb {bomb}");
            ledger.assert_each_dropped_once();
        }
    }
}

#[test]
fn a_stack_works_on_after_a_panic() {
    let ledger = Ledger::new();
    let stack = armed(&ledger, 2);
    assert!(panics(|| drop(stack.pop())));
    assert_eq!(ledger.drops(), [0, 0, 1]);
    assert!(panics(|| stack.push_all((0..3).map(|i| if i < 2 {
        ledger.item()
    } else {
        panic!()
    }))));
    assert_eq!(ledger.drops(), [0, 0, 1, 1, 1], "nothing of it went in");
    stack.push(ledger.item());
    assert!(stack.pop_all().map(|value| value.id).eq([5, 1, 0]));
    ledger.assert_each_dropped_once();
}

/// A value whose drop pushes another to the stack it was in.
struct Hydra {
    heads: u32,
    stack: Weak<Stack<Hydra>>,
}

impl Drop for Hydra {
    fn drop(&mut self) {
        if let (1.., Some(stack)) = (self.heads, self.stack.upgrade()) {
            let grow = || Hydra { heads: self.heads - 1, stack: self.stack.clone() };
            stack.push(grow());
            stack.push_all([grow()]);
            // And takes something out, while the pop or the iterator that drops us is still at it.
            drop(stack.pop());
        }
    }
}

#[test]
fn a_drop_may_push_to_and_pop_from_the_same_stack() {
    let stack = Arc::new(Stack::new());
    let hydra = || Hydra { heads: 6, stack: Arc::downgrade(&stack) };
    stack.push(hydra());
    while let Some(value) = stack.pop() {
        drop(value);
    }
    stack.push_all([hydra(), hydra()]);
    while stack.pop_all().count() > 0 {}
    stack.push(hydra());
    drop(stack.pop_all());
    assert!(!stack.is_empty(), "what grew while the iterator was dropped");
    drop(stack);
}

std::thread_local! {
    static LAST_WORDS: LastWords = const { LastWords };
}

static SAID: Stack<Box<u64>> = Stack::new();

/// Dropped when the thread's own values are, those of the stack perhaps before it.
struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        for i in 0..1000 {
            SAID.push(Box::new(i));
        }
        assert!((500..1000).rev().all(|i| SAID.pop().is_some_and(|value| *value == i)));
        assert_eq!(SAID.pop_all().count(), 500);
    }
}

#[test]
fn it_works_while_a_thread_ends() {
    for first in [true, false] {
        // Which of the two is dropped first depends on which was used first.
        let thread = std::thread::spawn(move || {
            if first {
                LAST_WORDS.with(|_| ());
            }
            SAID.push(Box::new(0));
            assert_eq!(SAID.pop().as_deref(), Some(&0));
            LAST_WORDS.with(|_| ());
        });
        assert!(thread.join().is_ok());
        assert!(SAID.is_empty());
    }
}
