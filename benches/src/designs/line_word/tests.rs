//! What the design must keep; threads freeze between two steps, which a test takes one by one.

use super::*;
use core::sync::atomic::AtomicU64;
use std::rc::Rc;
use std::thread;

fn everything<T, const K: usize>(ring: &LineWord<T, K>) -> Vec<T> {
    core::iter::from_fn(|| ring.pop()).collect()
}

#[test]
fn it_holds_its_capacity_in_order_and_drops_what_is_left() {
    fn check<const K: usize>() {
        for asked in [1, 2, 3, 8, 50] {
            let token = Rc::new(());
            let ring = LineWord::<_, K>::new(asked);
            let capacity = ring.capacity();
            assert!((asked..asked + 2 * K).contains(&capacity) && (K > 1 || capacity == asked));
            for lap in 0..5 {
                let push = |i| ring.push((lap, i, token.clone())).is_ok();
                let room = (0..).take_while(|&i| push(i)).count();
                assert!((asked..=capacity).contains(&room) && (lap > 0 || room == capacity));
                assert_eq!(Rc::strong_count(&token), room + 1);
                if lap < 4 {
                    let all: Vec<_> = everything(&ring).into_iter().map(|x| (x.0, x.1)).collect();
                    assert_eq!(all, (0..room).map(|i| (lap, i)).collect::<Vec<_>>());
                }
            }
            drop(ring);
            assert_eq!(Rc::strong_count(&token), 1);
        }
    }
    check::<1>();
    check::<3>();
    check::<7>();
    check::<15>();
}

#[test]
fn batches_keep_their_order_around_the_ring() {
    let (ring, mut out) = (LineWord::<u32, 3>::new(10), Vec::new());
    let (mut sent, mut next) = (0, 0);
    for n in (1..9).cycle().take(1000) {
        let items: Vec<_> = (sent..sent + n).collect();
        sent += u32::try_from(ring.push_slice(&items)).unwrap();
        let popped = ring.pop_into(&mut out, 5);
        assert_eq!(popped, out.len());
        assert!(out.drain(..).all(|item| (item == next, next += 1).0));
    }
    assert!(sent > 4000);
    assert_eq!(everything(&ring), (next..sent).collect::<Vec<_>>());
}

#[test]
fn who_freezes_in_a_slot_stops_nobody_and_loses_nothing() {
    // 8 lines of 3, and a push frozen between its claim and its fill, in each place of a line.
    for at in 0..3 {
        let ring = LineWord::<i32, 3>::new(22);
        assert_eq!(ring.push_slice(&vec![0; at]), at);
        let (frozen, n) = ring.claim_to_push(1).unwrap();
        assert_eq!((frozen, n), (at, 1));
        // SAFETY: claimed.
        unsafe { ring.line(frozen).item(at).write(7) };
        let mut popped = 0;
        for i in 1..1000 {
            assert_eq!(ring.push_slice(&[i, -i]), 2);
            popped += everything(&ring).into_iter().filter(|x| x.abs() == i).count();
        }
        assert_eq!(popped, 2 * 999);
        // It finds out, and its line is used again.
        assert_eq!(ring.line(frozen).fill(at), Err(7));
        let room = |ring: &LineWord<_, 3>| (0..).take_while(|&i| ring.push(i).is_ok()).count();
        let rooms = [(); 20].map(|()| (room(&ring), everything(&ring).len()));
        assert!(rooms.iter().all(|r| r.0 == r.1 && r.0 >= 19));
        assert!(rooms[2..].iter().all(|r| r.0 >= 22), "{rooms:?}");
    }
}

#[test]
fn a_consumer_that_freezes_stops_nobody_and_keeps_its_item() {
    for spoiling in [false, true] {
        let ring = LineWord::<_, 3>::new(22);
        assert_eq!(ring.push_slice(&[1, 2, 3, 4]), 4);
        let Ok((frozen, 1)) = ring.claim_to_pop(1) else { panic!("there are four") };
        assert_eq!(everything(&ring), [2, 3, 4]);
        for i in 0..1000 {
            assert_eq!(ring.push_slice(&[i, -i]), 2);
            assert_eq!(everything(&ring), [i, -i]);
        }
        // Back, after 90 laps.
        let item = if spoiling { ring.line(frozen).spoil(0) } else { Some(ring.take(frozen)) };
        assert_eq!(item, Some(1));
        for _ in 0..20 {
            let room = (0..).take_while(|&i| ring.push(i).is_ok()).count();
            assert!(room >= 19 && everything(&ring).len() == room);
        }
        assert!((0..22).all(|i| ring.push(i).is_ok()));
    }
}

#[test]
fn a_line_comes_back_for_a_lap_that_no_end_has_come_to() {
    let ring = LineWord::<i32, 3>::new(7);
    assert_eq!(ring.push_slice(&[1, 2, 3]), 3);
    let Ok((_, 3)) = ring.claim_to_pop(3) else { panic!("there are three") };
    let around = || (0..6).for_each(|i| assert_eq!((ring.push(i), ring.pop()), (Ok(()), Some(i))));
    around();
    around();
    // The holder ends its slots, all at once, and freezes before it finds the line out.
    let come_back = ring.line(0).vacate_halfway();
    // `tail` steps over the line as it is now, `head` finds it back.
    (0..4).for_each(|i| assert_eq!(ring.push(i), Ok(())));
    assert!(ring.tail.load(Ordering::Relaxed) > ring.head.load(Ordering::Relaxed) + 4);
    come_back();
    assert_eq!(everything(&ring), [0, 1, 2, 3]);
    around();
    around();
    assert!((0..7).all(|i| ring.push(i).is_ok()));
    assert_eq!(everything(&ring), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_batch_whose_slots_are_spoilt_moves_its_items_on() {
    for spoilt in 0..=0b111_1111 {
        let ring = LineWord::<u32, 7>::new(30);
        let items: Vec<_> = (0..10).collect();
        let (first, 10) = ring.claim_to_push(10).unwrap() else { panic!("there is room") };
        // Consumers have claimed the first line; some are about to spoil, some have.
        ring.head.store(ring.next_line(first), Ordering::Relaxed);
        let slots = |bits: usize| (0..7).filter(move |slot| bits >> slot & 1 != 0);
        assert!(slots(spoilt).all(|slot| ring.line(0).spoil(slot).is_none()));
        let spared = 7 - spoilt.count_ones() as usize;
        let done = ring.fill_all(first, 10, &items);
        assert_eq!(done, spared + 3);
        let early: Vec<_> =
            slots(!spoilt & 0b111_1111).filter_map(|s| ring.line(0).spoil(s)).collect();
        assert_eq!(ring.push_slice(&items[done..]), 10 - done);
        let all: Vec<_> = early.into_iter().chain(everything(&ring)).collect();
        assert_eq!(all, items);
        // The line is vacant again: the ring holds what it did.
        assert!(ring.push_slice(&[0; 32]) >= 30);
    }
}

#[test]
fn four_threads_lose_nothing_and_keep_each_producers_order() {
    const N: u64 = 20_000;
    let (ring, sum) = (LineWord::<_, 3>::new(11), AtomicU64::new(0));
    let produce = |id: u64| {
        let mut next = 1;
        while next <= N {
            let batch: Vec<_> =
                (next..=N).take((next % 7 + 1) as usize).map(|i| i * 2 + id).collect();
            let n = if batch.len() == 1 {
                usize::from(ring.push(batch[0]).is_ok())
            } else {
                ring.push_slice(&batch)
            };
            next += n as u64;
            if n == 0 {
                thread::yield_now();
            }
        }
    };
    let consume = |single: bool| {
        let (mut last, mut left, mut items) = ([0; 2], N, Vec::new());
        while left > 0 {
            let max = if single { 1 } else { left.min(5) };
            let n = if single {
                items.extend(ring.pop());
                items.len()
            } else {
                ring.pop_into(&mut items, max as usize)
            };
            for item in items.drain(..) {
                let id = (item % 2) as usize;
                assert!(item > last[id], "{item} after {}", last[id]);
                last[id] = item;
                sum.fetch_add(item / 2, Ordering::Relaxed);
            }
            left -= n as u64;
            if n == 0 {
                thread::yield_now();
            }
        }
    };
    thread::scope(|scope| {
        for id in [0, 1] {
            scope.spawn(move || produce(id));
            scope.spawn(move || consume(id == 0));
        }
    });
    assert_eq!(sum.into_inner(), N * (N + 1));
}
