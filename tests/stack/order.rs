//! Last in, first out, however values go in and out.

use raddle::stack::Stack;

use crate::rng::Rng;

#[test]
fn the_last_one_in_is_the_first_one_out() {
    let stack = Stack::new();
    (0..1000).for_each(|i| stack.push(i));
    assert!((0..1000).rev().all(|i| stack.peek() == Some(i) && stack.pop() == Some(i)));
    assert_eq!((stack.pop(), stack.peek(), stack.is_empty()), (None, None, true));
}

#[test]
fn of_values_that_go_in_together_the_last_is_the_topmost() {
    let mut stack: Stack<_> = (0..3).collect();
    stack.push_all(3..5);
    stack.extend(5..7);
    Extend::extend(&mut &stack, 7..9);
    assert!(!stack.is_empty());
    assert_eq!(stack.pop(), Some(8));
    assert!(stack.into_iter().eq((0..8).rev()));
}

#[test]
fn nothing_at_all_may_go_in_together() {
    let mut stack = Stack::from_iter([1]);
    stack.push_all([]);
    stack.extend([]);
    assert_eq!((stack.pop(), stack.pop()), (Some(1), None));
    assert_eq!(stack.pop_all().next(), None);
    assert!(Stack::<u8>::default().into_iter().next().is_none());
}

#[test]
fn pop_all_shows_what_pops_would_and_leaves_nothing() {
    let stack = Stack::from_iter(0..1000);
    let all = stack.pop_all();
    assert!(stack.is_empty());
    stack.push(1000);
    assert!(all.eq((0..1000).rev()));
    assert_eq!((stack.pop(), stack.pop()), (Some(1000), None));
}

/// Whoever walks down the nodes may guess where the next one is.
#[test]
fn pop_all_shows_each_value_wherever_its_node_lies() {
    let (stack, other) = (Stack::new(), Stack::new());
    let mut rng = Rng::new(11);
    for n in (0..40).chain([1000, 1000, 5000]) {
        let mut model = Vec::new();
        for i in 0..n {
            // Two stacks and pops in between bring the thread's spare nodes out of order.
            match rng.below(3) {
                0 => other.push(i),
                1 => drop(other.pop()),
                _ => {
                    stack.push(i);
                    model.push(i);
                }
            }
        }
        let mut all = stack.pop_all();
        let shown: Vec<_> = all.by_ref().take(rng.below(4)).collect();
        let rest = all.fold(shown, |mut values, value| {
            values.push(value);
            values
        });
        model.reverse();
        assert_eq!(rest, model);
    }
}

#[test]
fn an_iterator_that_ended_stays_ended() {
    let stack = Stack::from_iter([1]);
    let mut all = stack.pop_all();
    assert_eq!((all.next(), all.next(), all.next()), (Some(1), None, None));
    let mut all = Stack::from_iter([1]).into_iter();
    assert_eq!((all.next(), all.next(), all.next()), (Some(1), None, None));
}

#[test]
fn the_topmost_value_may_be_changed_in_place() {
    let mut stack = Stack::from_iter([String::from("a"), String::from("b")]);
    stack.peek_mut().expect("two are in").push('!');
    assert!(stack.pop_all().eq(["b!", "a"]));
    assert_eq!(stack.peek_mut(), None);
}

/// Random operations beside the same ones on a `Vec`.
#[test]
fn it_does_what_a_vec_does() {
    for seed in 0..50 {
        let (mut rng, mut stack, mut vec, mut next) =
            (Rng::new(seed), Stack::new(), Vec::new(), 0u64);
        for _ in 0..2000 {
            match rng.below(100) {
                0..=39 => {
                    next += 1;
                    stack.push(next);
                    vec.push(next);
                }
                40..=79 => assert_eq!(stack.pop(), vec.pop()),
                80..=84 => {
                    let n = rng.below(300) as u64;
                    stack.push_all(next..next + n);
                    vec.extend(next..next + n);
                    next += n;
                }
                85 => assert!(stack.pop_all().eq(vec.drain(..).rev())),
                86 => {
                    // A part of it; the rest is dropped.
                    let n = rng.below(10);
                    assert!(stack.pop_all().take(n).eq(vec.drain(..).rev().take(n)));
                }
                87..=92 => assert_eq!(stack.peek(), vec.last().copied()),
                93..=97 => {
                    assert_eq!(stack.peek_mut(), vec.last_mut());
                    if let (Some(top), Some(last)) = (stack.peek_mut(), vec.last_mut()) {
                        (*top, *last) = (*top + 1, *last + 1);
                    }
                }
                _ => assert_eq!(stack.is_empty(), vec.is_empty()),
            }
        }
        assert!(stack.into_iter().eq(vec.into_iter().rev()), "seed {seed}");
    }
}
