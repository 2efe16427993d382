//! `unbounded()` refuses nothing.

use std::collections::VecDeque;

use super::make;
use crate::items::{Counted, Ledger};

#[test]
fn it_takes_every_item() {
    let n = if cfg!(miri) { 300 } else { 20_000 };
    let (mut tx, mut rx) = make(1);
    assert_eq!((tx.capacity(), rx.capacity()), (usize::MAX, usize::MAX));
    for lap in 0..3 {
        for i in 0..n {
            assert!(!tx.is_full() && !rx.is_full());
            assert_eq!((tx.push((lap, i)), tx.len()), (Ok(()), i + 1));
        }
        assert_eq!(rx.len(), n);
        assert!(rx.drain().eq((0..n).map(|i| (lap, i))));
        assert!(rx.is_empty() && tx.is_empty());
    }
}

#[test]
fn a_batch_goes_in_whole() {
    let (mut tx, mut rx) = make(1);
    for n in [1, 2, 3, 7, 31, 32, 33, 64, 100, 1_000] {
        let items: Vec<_> = (0..n).collect();
        assert_eq!(tx.push_slice(&items), Ok(n));
        assert_eq!(tx.push_from(&mut items.into()), Ok(n));
        let mut out = Vec::new();
        assert_eq!(rx.pop_into(&mut out, usize::MAX), Ok(2 * n));
        assert!(out.into_iter().eq((0..n).chain(0..n)));
    }
}

#[test]
fn its_depth_may_swing_across_segments() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = make(1);
    let (mut pushed, mut popped) = (0, 0);
    for depth in [1, 2, 3, 4, 5, 8, 31, 33, 64, 65, 200, 100, 7, 1, 0] {
        for _ in 0..5 {
            while pushed - popped > depth / 2 {
                assert!(rx.pop().is_ok_and(|item: Counted| item.id == popped));
                popped += 1;
            }
            while pushed - popped < depth {
                assert!(tx.push(ledger.item()).is_ok());
                pushed += 1;
            }
            assert_eq!((tx.len(), rx.len()), (depth, depth));
        }
    }
    let mut left: VecDeque<_> = ledger.items(70).collect();
    assert_eq!(tx.push_from(&mut left), Ok(70));
    drop((tx, rx));
    ledger.assert_each_dropped_once();
}
