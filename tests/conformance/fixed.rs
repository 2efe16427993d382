//! `mpmc::Fixed`: the properties of `mpmc::bounded`, without handles, without an allocation and without an end.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::thread;

use raddle::Backoff;
use raddle::mpmc::Fixed;

use crate::items::{Counted, Ledger};

#[test]
fn it_holds_n_items_in_order_at_every_place() {
    fn check<const N: usize>() {
        let queue = Fixed::<usize, N>::new();
        assert_eq!((queue.capacity(), queue.len(), queue.is_empty()), (N, 0, true));
        for place in 0..3 * N {
            for i in 0..N {
                assert!(!queue.is_full());
                assert_eq!(queue.push(place + i), Ok(()));
            }
            assert_eq!((queue.push(9), queue.len(), queue.is_full()), (Err(9), N, true));
            for i in 0..N {
                assert_eq!(queue.pop(), Some(place + i));
            }
            assert_eq!((queue.pop(), queue.push(7), queue.pop()), (None, Ok(()), Some(7)));
        }
    }
    check::<1>();
    check::<2>();
    check::<3>();
    check::<7>();
    check::<8>();
    check::<65>();
}

#[test]
fn batches_and_force() {
    let queue = Fixed::<_, 5>::default();
    let mut out = vec![0];
    assert_eq!((queue.push_slice(&[]), queue.pop_into(&mut out, 3)), (0, 0));
    assert_eq!(queue.push_slice(&[1, 2, 3]), 3);
    let mut items = VecDeque::from([4, 5, 6, 7]);
    assert_eq!(queue.push_from(&mut items), 2);
    assert_eq!(items, [6, 7]);
    assert_eq!((queue.push_slice(&[9]), queue.push_from(&mut items)), (0, 0));
    assert!(queue.force_push(6).eq([1]) && queue.force_push(7).eq([2]));
    assert_eq!(queue.pop_into(&mut out, 0), 0);
    assert_eq!((queue.pop_into(&mut out, 3), queue.pop_into(&mut out, 9)), (3, 2));
    assert_eq!(out, [0, 3, 4, 5, 6, 7]);
    assert_eq!(queue.force_push(8).len(), 0);
    assert_eq!(format!("{queue:?}"), "Fixed { len: 1, capacity: 5 }");
}

#[test]
fn leftovers_are_dropped_once_wherever_they_lie() {
    for place in 0..8 {
        for left in 0..=4 {
            let ledger = Ledger::new();
            let queue = Fixed::<Counted, 4>::new();
            for item in ledger.items(place) {
                assert!(queue.push(item).is_ok() && queue.pop().is_some());
            }
            assert_eq!(queue.push_from(&mut ledger.items(left).collect()), left);
            assert_eq!(ledger.dropped(), place);
            drop(queue);
            assert_eq!(ledger.drops(), vec![1; place + left]);
        }
    }
}

#[test]
fn items_of_any_size_and_alignment() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(256))]
    struct Wide(u8);
    let wide = Fixed::<_, 3>::new();
    assert_eq!(wide.push_slice(&[Wide(1), Wide(2)]), 2);
    assert_eq!((wide.pop(), wide.pop(), wide.pop()), (Some(Wide(1)), Some(Wide(2)), None));
    let nothing = Fixed::<(), 2>::new();
    assert_eq!((nothing.push(()), nothing.push(()), nothing.push(())), (Ok(()), Ok(()), Err(())));
    assert_eq!((nothing.pop(), nothing.pop(), nothing.pop()), (Some(()), Some(()), None));
}

#[test]
fn a_static_is_shared_by_all_threads() {
    const THREADS: usize = 4;
    const EACH: usize = if cfg!(miri) { 30 } else { 3_000 };
    static QUEUE: Fixed<(usize, usize), 8> = Fixed::new();
    static LEFT: AtomicUsize = AtomicUsize::new(THREADS * EACH);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let backoff = Backoff::new();
                for i in 0..EACH {
                    while QUEUE.push((thread, i)).is_err() {
                        backoff.snooze();
                    }
                    backoff.reset();
                }
            });
            scope.spawn(|| {
                let (backoff, mut next) = (Backoff::new(), [0; THREADS]);
                while LEFT.load(Ordering::Relaxed) > 0 {
                    let Some((thread, i)) = QUEUE.pop() else {
                        backoff.snooze();
                        continue;
                    };
                    LEFT.fetch_sub(1, Ordering::Relaxed);
                    assert!(i >= next[thread], "{i} of {thread} after {}", next[thread]);
                    next[thread] = i + 1;
                    backoff.reset();
                }
            });
        }
    });
    assert_eq!((LEFT.load(Ordering::Relaxed), QUEUE.pop()), (0, None));
}

#[test]
fn each_item_pushed_by_force_is_popped_or_evicted_once() {
    const EACH: usize = if cfg!(miri) { 30 } else { 2_000 };
    let queue = Fixed::<usize, 3>::new();
    let seen: Vec<_> = (0..4 * EACH).map(|_| AtomicUsize::new(0)).collect();
    let see = |item: usize| {
        seen[item].fetch_add(1, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        for thread in 0..4 {
            let (queue, see) = (&queue, &see);
            scope.spawn(move || {
                (thread * EACH..(thread + 1) * EACH)
                    .for_each(|i| queue.force_push(i).for_each(see));
            });
            scope.spawn(move || {
                for _ in 0..EACH / 2 {
                    queue.pop().into_iter().for_each(see);
                }
            });
        }
    });
    while let Some(item) = queue.pop() {
        see(item);
    }
    assert!(seen.iter().all(|seen| seen.load(Ordering::Relaxed) == 1));
}
