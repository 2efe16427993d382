//! What the README and `docs/model-checking.md` tell users to write, written.
//!
//! Run with `cargo xtask test --only models`.

#[cfg(loom)]
#[test]
fn an_item_is_popped_once() {
    loom::model(|| {
        let (mut tx, mut rx) = raddle::spsc::bounded(1);
        let producer = loom::thread::spawn(move || tx.push(7).is_ok());
        let first = rx.pop();
        assert!(producer.join().unwrap());
        // Popped already, or still there: never both, never neither.
        assert_eq!(first.is_ok(), rx.pop().is_err());
    });
}

/// A user's bug, as it is found: the consumer takes one look and believes that it has everything.
#[cfg(loom)]
#[test]
#[should_panic(expected = "an item was left behind")]
fn a_consumer_that_looks_once_is_caught() {
    loom::model(|| {
        let (mut tx, mut rx) = raddle::spsc::bounded(2);
        let producer = loom::thread::spawn(move || tx.push_slice(&[1, 2]));
        let mut sum = 0;
        while let Ok(item) = rx.pop() {
            sum += item;
        }
        assert_eq!(producer.join().unwrap(), Ok(2));
        assert_eq!(sum, 3, "an item was left behind");
    });
}
