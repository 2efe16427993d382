//! Items of every size and alignment, items that can't be copied, and items that own memory.

use core::cell::Cell;

use super::make;

/// Through several laps, by item, by batch and by chunk.
fn check<T: PartialEq>(new: impl Fn(usize) -> T) {
    for capacity in [1, 2, 3, 7, 64, 65, 100] {
        let (mut tx, mut rx) = make(capacity);
        let (mut pushed, mut popped) = (0, 0);
        while popped < 3 * capacity {
            assert!(tx.push(new(pushed)).is_ok());
            pushed += 1;
            if pushed - popped < capacity {
                let mut chunk = tx.reserve(3).expect("room for one");
                pushed += chunk.fill((pushed..).map(&new));
                chunk.commit_all();
            }
            if let Ok(n) = tx.push_from(&mut (pushed..pushed + 2).map(&new).collect()) {
                pushed += n;
            }
            assert_eq!((tx.len(), rx.len()), (pushed - popped, pushed - popped));

            let chunk = rx.read(2).expect("an item");
            let shown = chunk.len();
            for (i, item) in chunk.runs().flatten().enumerate() {
                assert!(core::ptr::from_ref(item).is_aligned());
                assert!(*item == new(popped + i));
            }
            chunk.release(1);
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
