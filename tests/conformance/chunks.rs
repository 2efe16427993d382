//! Slots in place: what is written and committed goes in, what is read and released goes out, nothing else does.

use raddle::PopError;

use super::make;

#[test]
fn a_chunk_has_as_many_slots_as_asked_for_or_as_there_is_room_for() {
    for capacity in [1, 2, 3, 7, 65, 100] {
        for inside in 0..=capacity {
            let (mut tx, mut rx) = make(capacity);
            (0..inside).for_each(|i| tx.push(i).expect("room"));
            let room = tx.capacity() - inside;
            for n in [1, 2, 3, 50, usize::MAX] {
                match tx.reserve(n) {
                    Ok(chunk) => assert_eq!(chunk.len(), n.min(room)),
                    Err(error) => assert!(error.is_full() && room == 0),
                }
                match rx.read(n) {
                    Ok(chunk) => assert_eq!(chunk.len(), n.min(inside)),
                    Err(error) => assert!(error == PopError::Empty && inside == 0),
                }
            }
        }
    }
}

#[test]
fn a_commit_pushes_the_first_items_written_and_no_other() {
    for capacity in [1, 2, 3, 7, 65] {
        let (mut tx, mut rx) = make(capacity);
        for written in 0..=capacity {
            for committed in 0..=written {
                let mut chunk = tx.reserve(capacity).expect("the queue is empty");
                (0..written).for_each(|i| chunk.write(i));
                assert_eq!((chunk.written(), rx.len()), (written, 0));
                assert_eq!(rx.pop(), Err(PopError::Empty), "nothing is committed yet");
                chunk.commit(committed);
                assert_eq!(rx.len(), committed);
                assert!(rx.drain().eq(0..committed), "{committed} of {written}");
            }
        }
    }
}

#[test]
fn a_release_takes_the_first_items_and_leaves_the_others() {
    for capacity in [1, 2, 3, 7, 65] {
        let (mut tx, mut rx) = make(capacity);
        for shown in 1..=capacity {
            for released in 0..=shown {
                (0..capacity).for_each(|i| tx.push(i).expect("the queue is empty"));
                let chunk = rx.read(shown).expect("items");
                assert!(chunk.runs().flatten().copied().eq(0..shown));
                assert!(chunk.runs().all(|run| !run.is_empty()));
                chunk.release(released);
                assert_eq!(rx.len(), capacity - released);
                assert!(rx.drain().eq(released..capacity));
            }
        }
    }
}

#[test]
fn slots_released_can_be_written_again() {
    for capacity in [1, 2, 3, 7, 65] {
        let (mut tx, mut rx) = make(capacity);
        let capacity = tx.capacity();
        for lap in 0..4 {
            let mut chunk = tx.reserve(usize::MAX).expect("the queue is empty");
            assert_eq!(chunk.fill((0..).map(|i| (lap, i))), capacity);
            assert_eq!(chunk.fill([(9, 9)]), 0, "the chunk is full");
            chunk.commit_all();
            assert!(tx.is_full() && tx.reserve(1).is_err());
            let chunk = rx.read(usize::MAX).expect("items");
            assert!(chunk.runs().flatten().copied().eq((0..capacity).map(|i| (lap, i))));
            chunk.release_all();
            assert!(rx.is_empty());
        }
    }
}

#[test]
fn fill_asks_for_no_item_it_has_no_slot_for() {
    let (mut tx, _rx) = make(4);
    let mut chunk = tx.reserve(3).expect("room for four");
    let mut asked = 0;
    let items = core::iter::from_fn(|| {
        asked += 1;
        Some(asked)
    });
    assert_eq!(chunk.fill(items), 3);
    assert_eq!(asked, 3);
}

#[test]
fn a_dropped_chunk_leaves_everything_as_it_was() {
    let (mut tx, mut rx) = make(4);
    assert_eq!(tx.push_slice(&[1, 2]), Ok(2));
    let mut chunk = tx.reserve(2).expect("room for four");
    chunk.write(3);
    drop(chunk);
    let _unreleased = rx.read(2).expect("two items");
    assert_eq!(rx.len(), 2);
    assert_eq!(tx.push_slice(&[5, 6]), Ok(2));
    assert!(rx.drain().eq([1, 2, 5, 6]));
}

#[test]
fn peek_shows_what_the_next_pop_takes() {
    let (mut tx, mut rx) = make(3);
    for i in 0..20 {
        assert_eq!(rx.peek(), Err(PopError::Empty));
        assert_eq!(tx.push_slice(&[2 * i, 2 * i + 1]), Ok(2));
        for item in [2 * i, 2 * i + 1] {
            assert_eq!((rx.peek().copied(), rx.peek().copied()), (Ok(item), Ok(item)));
            assert_eq!(rx.pop(), Ok(item));
        }
    }
}
