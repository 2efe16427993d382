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

/// A log: two threads write lines, a third collects them. It is wrong, and then right.
#[cfg(loom)]
mod log {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicBool, Ordering};
    use loom::thread;
    use raddle::PopError;
    use raddle::mpsc::bounded::{Consumer, Producer};

    type Lines = Consumer<u32>;

    /// Until somebody says stop. What comes in after the last pop, and before the stop is seen, is lost.
    fn collect_until_stopped(mut lines: Lines, stop: &AtomicBool) -> Vec<u32> {
        let mut all = Vec::new();
        loop {
            match lines.pop() {
                Ok(line) => all.push(line),
                Err(_) if stop.load(Ordering::Acquire) => return all,
                Err(_) => thread::yield_now(),
            }
        }
    }

    /// Until the last producer has gone, which the queue knows itself.
    fn collect_until_closed(mut lines: Lines, _stop: &AtomicBool) -> Vec<u32> {
        let mut all = Vec::new();
        loop {
            match lines.pop() {
                Ok(line) => all.push(line),
                Err(PopError::Closed) => return all,
                Err(PopError::Empty) => thread::yield_now(),
            }
        }
    }

    fn application(collect: fn(Lines, &AtomicBool) -> Vec<u32>) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(move || {
            let (log, lines): (Producer<u32>, Lines) = raddle::mpsc::bounded(4);
            let stop = Arc::new(AtomicBool::new(false));
            let collector = thread::spawn({
                let stop = Arc::clone(&stop);
                move || collect(lines, &stop)
            });
            let worker = thread::spawn({
                let log = log.clone();
                move || log.push(1).unwrap()
            });
            log.push(2).unwrap();
            worker.join().unwrap();
            drop(log);
            stop.store(true, Ordering::Release);
            let mut all = collector.join().unwrap();
            all.sort_unstable();
            assert_eq!(all, [1, 2], "a line was lost");
        });
    }

    #[test]
    #[should_panic(expected = "a line was lost")]
    fn a_flag_beside_the_queue_loses_a_line() {
        application(collect_until_stopped);
    }

    #[test]
    fn the_queue_knows_when_it_is_closed() {
        application(collect_until_closed);
    }
}
