//! The facade itself: what an arm must offer the structures above it, in the smallest programs that need it.
//!
//! The edges of these programs are mutants too: were one to survive, the runner would be blind.
//! ```text
//! (P) flag: release store or RMW of the writer  ->  (C) acquire load of the reader
//! ```

use loom::sync::Arc;
use loom::thread;
use raddle::sync::{AtomicUsize, Ordering, Shadow, Tracked, spin_loop, yield_now};

use crate::{Checked, Model, models};

models![
    a_release_store_publishes_a_slot,
    a_reader_may_wait_for_a_slot,
    of_two_that_claim_one_wins,
    a_tracked_allocation_may_change_threads,
];

struct Slot {
    flag: AtomicUsize,
    value: AtomicUsize,
    shadow: Shadow,
}

impl Slot {
    fn new() -> Arc<Self> {
        let shadow = Shadow::new(1);
        Arc::new(Self { flag: AtomicUsize::new(0), value: AtomicUsize::new(0), shadow })
    }

    fn publish(&self) {
        self.shadow.write(0);
        self.value.store(7, Ordering::Relaxed);
        // ORDERING: (P) Release, pairs with (C): who sees the flag may read the slot.
        self.flag.store(1, Ordering::Release);
    }

    fn read(&self) -> Option<usize> {
        // ORDERING: (C) Acquire, pairs with (P): the slot was written before the flag.
        if self.flag.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.shadow.read(0);
        Some(self.value.load(Ordering::Relaxed))
    }
}

fn a_release_store_publishes_a_slot(model: Model) -> Checked {
    model.at_least(6).check_outcomes(
        || {
            let slot = Slot::new();
            let writer = thread::spawn({
                let slot = Arc::clone(&slot);
                move || slot.publish()
            });
            let seen = slot.read();
            writer.join().unwrap();
            seen
        },
        [None, Some(7)],
    )
}

fn a_reader_may_wait_for_a_slot(model: Model) -> Checked {
    model.at_least(5).check_outcomes(
        || {
            let slot = Slot::new();
            let writer = thread::spawn({
                let slot = Arc::clone(&slot);
                move || slot.publish()
            });
            spin_loop();
            let seen = loop {
                if let Some(seen) = slot.read() {
                    break seen;
                }
                yield_now();
            };
            writer.join().unwrap();
            seen
        },
        [7],
    )
}

/// Each thread sets its bit; whoever comes second sees the other's slot.
fn of_two_that_claim_one_wins(model: Model) -> Checked {
    fn claim(bits: &AtomicUsize, slots: &Shadow, me: usize) -> bool {
        slots.write(me);
        // ORDERING: (B) AcqRel, pairs with (B): the later of the two sees what the earlier wrote.
        let before = bits.fetch_or(1 << me, Ordering::AcqRel);
        let second = before != 0;
        if second {
            slots.read(1 - me);
        }
        second
    }

    model.at_least(4).check_outcomes(
        || {
            let shared = Arc::new((AtomicUsize::new(0), Shadow::new(2)));
            let other = thread::spawn({
                let shared = Arc::clone(&shared);
                move || claim(&shared.0, &shared.1, 1)
            });
            let main = claim(&shared.0, &shared.1, 0);
            (main, other.join().unwrap())
        },
        [(false, true), (true, false)],
    )
}

fn a_tracked_allocation_may_change_threads(model: Model) -> Checked {
    model.at_least(1).check_outcomes(
        || {
            let memory = Tracked::new();
            thread::spawn(move || drop(memory)).join().unwrap();
        },
        [()],
    )
}
