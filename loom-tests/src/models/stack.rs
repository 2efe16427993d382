//! `stack::Stack` on a grace period that ends as soon as it may (`src/reclaim/model.rs`), and `stack::IndexStack`.
//!
//! Nodes are reused, and freed, within a few operations: a thread keeps two spare nodes, the depot one. The shadow in each
//! node's header sees a value that is read or written out of order, `Tracked` a node that is freed too early or never, and
//! [`Value`] a value that is dropped twice or never.

use loom::sync::Arc;
use loom::thread;
use raddle::stack::{IndexStack, Stack};
use raddle::sync::Tracked;

use crate::naive::pop_beside_pop_pop_push;
use crate::{Checked, Model, models};

models![
    a_push_meets_a_pop,
    two_pushes_both_land,
    two_pops_get_different_values,
    a_popped_node_is_reused_beside_a_pop,
    pops_and_pushes_beside_pops_and_pushes,
    a_peek_beside_a_pop_and_a_reuse,
    all_values_are_popped_once,
    nodes_of_pop_all_are_reused_beside_a_pop,
    a_chain_is_pushed_at_once,
    spare_nodes_go_from_thread_to_thread,
    values_are_dropped_once,
    indices_are_popped_once,
    a_tag_stops_aba,
    an_index_hands_over_its_slot,
];

/// A value that must be dropped, once.
struct Value(u32, #[expect(dead_code, reason = "its drop is what matters")] Tracked);

impl Value {
    fn new(value: u32) -> Self {
        Self(value, Tracked::new())
    }
}

/// Runs `there` in a thread of its own beside `here`.
fn beside<S: 'static, A: 'static, B>(
    shared: &Arc<S>,
    there: impl FnOnce(&S) -> A + 'static,
    here: impl FnOnce(&S) -> B,
) -> (A, B) {
    let other = thread::spawn({
        let shared = Arc::clone(shared);
        move || there(&shared)
    });
    let here = here(shared);
    (other.join().unwrap(), here)
}

fn stack_of(values: &[u32]) -> Arc<Stack<u32>> {
    Arc::new(values.iter().copied().collect())
}

fn rest(stack: &Stack<u32>) -> Vec<u32> {
    stack.pop_all().collect()
}

fn a_push_meets_a_pop(model: Model) -> Checked {
    model.at_least(7).check_outcomes(
        || {
            let stack = stack_of(&[]);
            let ((), popped) = beside(&stack, |stack| stack.push(7), |stack| stack.pop());
            assert_eq!(rest(&stack).len(), usize::from(popped.is_none()));
            popped
        },
        [None, Some(7)],
    )
}

fn two_pushes_both_land(model: Model) -> Checked {
    model.at_least(23).check_outcomes(
        || {
            let stack = stack_of(&[]);
            beside(&stack, |stack| stack.push(1), |stack| stack.push(2));
            (rest(&stack), stack.is_empty())
        },
        [(vec![1, 2], true), (vec![2, 1], true)],
    )
}

fn two_pops_get_different_values(model: Model) -> Checked {
    model.at_least(278).check_outcomes(
        || {
            let stack = stack_of(&[1, 2]);
            let popped = beside(&stack, |stack| stack.pop(), |stack| stack.pop());
            assert!(stack.is_empty());
            popped
        },
        [(Some(1), Some(2)), (Some(2), Some(1))],
    )
}

/// What ABA needs: one thread pops two and pushes one, which takes the first one's node if it may.
fn a_popped_node_is_reused_beside_a_pop(model: Model) -> Checked {
    model.at_least(899).check_outcomes(
        || {
            let stack = stack_of(&[1, 2]);
            let there = |stack: &Stack<u32>| {
                let popped = (stack.pop(), stack.pop());
                stack.push(3);
                popped
            };
            let (theirs, mine) = beside(&stack, there, |stack| stack.pop());
            (theirs, mine, rest(&stack))
        },
        [
            ((Some(1), None), Some(2), vec![3]),
            ((Some(2), None), Some(1), vec![3]),
            ((Some(2), Some(1)), None, vec![3]),
            ((Some(2), Some(1)), Some(3), vec![]),
        ],
    )
}

fn pops_and_pushes_beside_pops_and_pushes(model: Model) -> Checked {
    model.at_least(468).check_outcomes(
        || {
            let stack = stack_of(&[1]);
            let there = |stack: &Stack<u32>| {
                let popped = stack.pop();
                stack.push(2);
                popped
            };
            let here = |stack: &Stack<u32>| {
                let popped = stack.pop();
                stack.push(3);
                popped
            };
            let (theirs, mine) = beside(&stack, there, here);
            (theirs, mine, rest(&stack))
        },
        [
            (None, Some(1), vec![2, 3]),
            (None, Some(1), vec![3, 2]),
            (Some(1), None, vec![2, 3]),
            (Some(1), None, vec![3, 2]),
            (Some(1), Some(2), vec![3]),
            (Some(3), Some(1), vec![2]),
        ],
    )
}

fn a_peek_beside_a_pop_and_a_reuse(model: Model) -> Checked {
    model.at_least(67).check_outcomes(
        || {
            let stack = stack_of(&[1]);
            let there = |stack: &Stack<u32>| {
                let popped = stack.pop();
                stack.push(2);
                popped
            };
            let (popped, peeked) = beside(&stack, there, |stack| stack.peek());
            assert_eq!((popped, rest(&stack)), (Some(1), vec![2]));
            peeked
        },
        [None, Some(1), Some(2)],
    )
}

fn all_values_are_popped_once(model: Model) -> Checked {
    model.at_least(121).check_outcomes(
        || {
            let stack = stack_of(&[1]);
            let there = |stack: &Stack<u32>| {
                stack.push(2);
                stack.pop()
            };
            let (popped, all) = beside(&stack, there, rest);
            (popped, all, rest(&stack))
        },
        [(None, vec![2, 1], vec![]), (Some(2), vec![1], vec![])],
    )
}

fn nodes_of_pop_all_are_reused_beside_a_pop(model: Model) -> Checked {
    model.at_least(104).check_outcomes(
        || {
            let stack = stack_of(&[1, 2]);
            let there = |stack: &Stack<u32>| {
                let all = rest(stack);
                stack.push(3);
                all
            };
            let (all, popped) = beside(&stack, there, |stack| stack.pop());
            (all, popped, rest(&stack))
        },
        [(vec![1], Some(2), vec![3]), (vec![2, 1], None, vec![3]), (vec![2, 1], Some(3), vec![])],
    )
}

fn a_chain_is_pushed_at_once(model: Model) -> Checked {
    model.at_least(7).check_outcomes(
        || {
            let stack = stack_of(&[]);
            let ((), all) = beside(&stack, |stack| stack.push_all([1, 2]), rest);
            (all, rest(&stack))
        },
        [(vec![], vec![2, 1]), (vec![2, 1], vec![])],
    )
}

/// One thread pops and lets go of what it can't keep; the other pushes with what it finds.
fn spare_nodes_go_from_thread_to_thread(model: Model) -> Checked {
    model.at_least(94).check_outcomes(
        || {
            let stack = stack_of(&[1, 2, 3]);
            let there = |stack: &Stack<u32>| {
                let popped = [stack.pop(), stack.pop(), stack.pop()];
                popped.into_iter().flatten().sum::<u32>()
            };
            let (theirs, ()) = beside(&stack, there, |stack| stack.push(10));
            (theirs, rest(&stack))
        },
        [(6, vec![10]), (15, vec![1])],
    )
}

fn values_are_dropped_once(model: Model) -> Checked {
    model.at_least(82).check_outcomes(
        || {
            let stack = Arc::new(Stack::new());
            stack.push_all([Value::new(1), Value::new(2), Value::new(3)]);
            let there = |stack: &Stack<Value>| -> u32 {
                stack.pop_all().take(1).map(|value| value.0).sum()
            };
            beside(&stack, there, |stack| stack.pop().map(|value| value.0))
        },
        [(2, Some(3)), (3, None)],
    )
}

fn indices_are_popped_once(model: Model) -> Checked {
    model.at_least(175).check_outcomes(
        || {
            let stack = Arc::new(IndexStack::full(2));
            let there = |stack: &IndexStack| stack.pop();
            let here = |stack: &IndexStack| {
                let popped = stack.pop();
                popped.into_iter().for_each(|index| stack.push(index));
                popped
            };
            let (theirs, mine) = beside(&stack, there, here);
            (theirs, mine, stack.pop(), stack.pop())
        },
        [
            (Some(0), Some(0), Some(1), None),
            (Some(0), Some(1), Some(1), None),
            (Some(1), Some(0), Some(0), None),
        ],
    )
}

fn a_tag_stops_aba(model: Model) -> Checked {
    model.at_least(130).check_outcomes(
        pop_beside_pop_pop_push::<IndexStack>,
        [(None, vec![0, 1]), (Some(0), vec![0, 1]), (Some(1), vec![0, 1])],
    )
}

/// The slot is plain memory to whoever has its index.
fn an_index_hands_over_its_slot(model: Model) -> Checked {
    use raddle::sync::Shadow;
    model.at_least(174).check_outcomes(
        || {
            let shared = Arc::new((IndexStack::full(1), Shadow::new(1)));
            let use_it = |(stack, slot): &(IndexStack, Shadow)| {
                let index = stack.pop();
                if let Some(index) = index {
                    slot.write(0);
                    stack.push(index);
                }
                index.is_some()
            };
            beside(&shared, use_it, use_it)
        },
        [(false, true), (true, false), (true, true)],
    )
}
