//! What is no queue with handles: the stacks beside a `Vec`, `Fixed` beside a `VecDeque`, the counters beside a number.
//!
//! Input: an operation a byte, its operand behind it.

#![allow(dead_code, reason = "a fuzzer's target uses one of them")]

use std::collections::VecDeque;

use raddle::counter::{Counter, SignedMax};
use raddle::mpmc::Fixed;
use raddle::stack::{IndexStack, Stack};

/// A name, and what does what its bytes say.
type Named = (&'static str, fn(&[u8]));

/// All of them by name.
pub(crate) const ALL: &[Named] =
    &[("stack", stack), ("index_stack", index_stack), ("fixed", fixed), ("counter", counter)];

fn steps(bytes: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    bytes.chunks(2).map(|step| (step[0], usize::from(step.get(1).copied().unwrap_or(0))))
}

pub(crate) fn stack(bytes: &[u8]) {
    // Boxes, so that a sanitizer sees what is lost or doubled.
    let (mut stack, mut model) = (Stack::new(), Vec::new());
    for (i, (operation, n)) in steps(bytes).enumerate() {
        match operation % 8 {
            0 | 1 => {
                stack.push(Box::new(i));
                model.push(i);
            }
            2 | 3 => assert_eq!(stack.pop().map(|value| *value), model.pop()),
            4 => {
                stack.push_all((0..n).map(Box::new));
                model.extend(0..n);
            }
            5 => {
                let taken: Vec<_> = stack.pop_all().take(n).map(|value| *value).collect();
                assert!(taken.into_iter().eq(model.drain(..).rev().take(n)));
            }
            6 => {
                let top = stack.peek_mut();
                assert_eq!(top.as_deref().map(|value| **value), model.last().copied());
                if let (Some(top), Some(last)) = (top, model.last_mut()) {
                    (**top, *last) = (n, n);
                }
            }
            _ if n < 16 => {
                let old = core::mem::take(&mut stack);
                assert!(old.into_iter().map(|value| *value).eq(model.drain(..).rev()));
            }
            _ => {}
        }
        assert_eq!(stack.is_empty(), model.is_empty());
    }
}

pub(crate) fn index_stack(bytes: &[u8]) {
    let capacity = bytes.first().map_or(1, |&byte| u32::from(byte) % 9 + 1);
    let full = bytes.get(1).is_some_and(|byte| byte % 2 == 0);
    let (stack, mut model) = if full {
        (IndexStack::full(capacity), (0..capacity).rev().collect())
    } else {
        (IndexStack::empty(capacity), Vec::new())
    };
    for (operation, n) in steps(bytes) {
        let index = n as u32 % capacity;
        if operation % 2 == 0 {
            assert_eq!(stack.pop(), model.pop());
        } else if !model.contains(&index) {
            stack.push(index);
            model.push(index);
        }
        assert_eq!(stack.is_empty(), model.is_empty());
    }
}

pub(crate) fn fixed(bytes: &[u8]) {
    match bytes.first().map_or(0, |byte| byte % 4) {
        0 => fixed_of::<1>(bytes),
        1 => fixed_of::<2>(bytes),
        2 => fixed_of::<5>(bytes),
        _ => fixed_of::<9>(bytes),
    }
}

fn fixed_of<const N: usize>(bytes: &[u8]) {
    let (queue, mut model) = (Fixed::<Box<usize>, N>::new(), VecDeque::new());
    for (i, (operation, n)) in steps(bytes).enumerate() {
        match operation % 8 {
            0 | 1 => match queue.push(Box::new(i)) {
                Ok(()) => model.push_back(i),
                Err(item) => assert!(*item == i && model.len() == N),
            },
            2 | 3 => assert_eq!(queue.pop().map(|item| *item), model.pop_front()),
            4 => {
                let mut items = (i..i + n % 12).map(Box::new).collect();
                let pushed = queue.push_from(&mut items);
                assert_eq!(pushed, (n % 12).min(N - model.len()));
                assert!(items.iter().map(|item| **item).eq(i + pushed..i + n % 12));
                model.extend(i..i + pushed);
            }
            5 => {
                let mut items = Vec::new();
                assert_eq!(queue.pop_into(&mut items, n), n.min(model.len()));
                let taken = model.drain(..n.min(model.len()));
                assert!(items.iter().map(|item| **item).eq(taken));
            }
            _ => {
                let oldest = if model.len() == N { model.pop_front() } else { None };
                assert!(queue.force_push(Box::new(i)).map(|item| *item).eq(oldest));
                model.push_back(i);
            }
        }
        assert_eq!((queue.len(), queue.is_full()), (model.len(), model.len() == N));
    }
}

pub(crate) fn counter(bytes: &[u8]) {
    let (counter, greatest) = (Counter::new(), SignedMax::new());
    let (mut locals, mut total, mut taken, mut most) = (Vec::new(), 0_u64, 0_u64, None);
    for (operation, n) in steps(bytes) {
        // Also so large that the sum wraps.
        let amount = if n % 7 == 0 { u64::MAX - n as u64 } else { n as u64 };
        match operation % 8 {
            0..=2 => {
                counter.add(amount);
                total = total.wrapping_add(amount);
            }
            3 if locals.len() < 5 => locals.push(counter.local()),
            4 if !locals.is_empty() => {
                let i = n % locals.len();
                locals[i].add(amount);
                total = total.wrapping_add(amount);
            }
            5 if !locals.is_empty() => drop(locals.swap_remove(n % locals.len())),
            6 => {
                assert_eq!(counter.take(), total.wrapping_sub(taken));
                taken = total;
            }
            _ => {
                greatest.record(amount.cast_signed());
                most = most.max(Some(amount.cast_signed()));
            }
        }
        assert_eq!((counter.total(), counter.sum()), (total, total.wrapping_sub(taken)));
        assert_eq!(greatest.get(), most);
    }
}
