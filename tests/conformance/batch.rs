//! Many items per call: as many as there is room for, in order; nothing only if there is nothing to do.

use std::collections::VecDeque;

use raddle::{PopError, PushError};

use super::{SPEC, make};

#[test]
fn batches_go_in_and_come_out_in_order_whatever_their_sizes() {
    for capacity in [1, 2, 3, 7, 65, 100] {
        let (mut tx, mut rx) = make(capacity);
        let (mut pushed, mut popped) = (0_u32, 0_u32);
        for size in 1..=capacity + 3 {
            let items: Vec<_> = (pushed..).take(size).collect();
            let n = if size % 2 == 0 {
                tx.push_slice(&items)
            } else {
                tx.push_from(&mut VecDeque::from(items))
            };
            let n = n.expect("the queue is empty");
            assert!(n == size || (n >= capacity && tx.is_full()), "{n} of {size}");
            pushed += n as u32;
            let mut out = vec![u32::MAX];
            while out.len() < n + 1 {
                let max = 1 + out.len() % 5;
                let got = rx.pop_into(&mut out, max).expect("an item");
                assert!((1..=max).contains(&got));
            }
            assert!(out[1..].iter().copied().eq(popped..pushed));
            popped = pushed;
        }
    }
}

#[test]
fn zero_answers_an_empty_request_only() {
    let (mut tx, mut rx) = make(2);
    let mut out = Vec::new();
    for _ in 0..2 {
        // Empty at first, then with items: full, if it is bounded.
        assert_eq!(tx.push_slice(&[]), Ok(0));
        assert_eq!(tx.push_from(&mut VecDeque::new()), Ok(0));
        assert_eq!(rx.pop_into(&mut out, 0), Ok(0));
        for _ in 0..10 {
            assert!(tx.push(1).is_ok() || tx.is_full());
        }
    }
    assert_eq!(SPEC.is_bounded(), tx.push_slice(&[1]) == Err(PushError::Full(())));
    let mut items = VecDeque::from([1]);
    assert_eq!(SPEC.is_bounded(), tx.push_from(&mut items) == Err(PushError::Full(())));
    assert_eq!(SPEC.is_bounded(), items == [1]);
    assert!(rx.drain().count() >= 2);
    assert_eq!(rx.pop_into(&mut out, 1), Err(PopError::Empty));
    assert!(out.is_empty());
}

#[test]
fn an_empty_request_is_served_at_a_closed_end_too() {
    let (mut tx, rx) = make::<u8>(2);
    drop(rx);
    assert_eq!(tx.push_slice(&[]), Ok(0));
    assert_eq!(tx.push_from(&mut VecDeque::new()), Ok(0));
    let (tx, mut rx) = make::<u8>(2);
    drop(tx);
    assert_eq!(rx.pop_into(&mut Vec::new(), 0), Ok(0));
}

#[test]
fn pop_into_takes_all_there_is_for_any_larger_request() {
    for capacity in [1, 5, 65] {
        for (max, room) in [(capacity, 0), (1000, 0), (usize::MAX, 0), (capacity, 65), (999, 999)] {
            let (mut tx, mut rx) = make(capacity);
            let items: Vec<_> = (0..capacity).collect();
            assert_eq!(tx.push_slice(&items), Ok(capacity));
            let mut out = Vec::with_capacity(room);
            assert_eq!(rx.pop_into(&mut out, max), Ok(capacity));
            assert_eq!(out, items);
        }
    }
}

#[test]
fn a_drain_takes_what_it_is_asked_for_and_is_over_once_it_found_nothing() {
    let (mut tx, mut rx) = make(9);
    assert_eq!(tx.push_slice(&[1, 2, 3, 4]), Ok(4));
    assert!(rx.drain().take(3).eq([1, 2, 3]));
    let mut drain = rx.drain();
    assert_eq!((drain.next(), drain.next()), (Some(4), None));
    assert_eq!(tx.push(5), Ok(()));
    assert_eq!(drain.next(), None);
    assert!(rx.drain().eq([5]));
}
