//! The driver must see what a faulty queue does: one subject per fault, each wrong exactly once.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::*;
use crate::cell::Topology;
use crate::message::Message;
use crate::subject::{Batch, Consume, Ends, Handles, Kind, Origin, Produce, Role};

/// The pop at which a faulty queue goes wrong.
const WHEN: u64 = 500;

const SOUND: u8 = 0;
const LOSES: u8 = 1;
const DOUBLES: u8 = 2;
const REORDERS: u8 = 3;
const TEARS: u8 = 4;

/// A deque behind a mutex, with a fault.
struct Faulty<const FAULT: u8>;

#[derive(Clone)]
struct End<const FAULT: u8, T> {
    items: Arc<Mutex<VecDeque<T>>>,
    capacity: usize,
    pops: u64,
}

impl<const FAULT: u8> Subject for Faulty<FAULT> {
    const KIND: Kind = Kind {
        id: "faulty",
        title: "faulty",
        origin: Origin::Here,
        role: Role::Design,
        ends: Ends::MPMC,
        batch: Batch::Looped,
        note: "",
    };
    type Producer<T: Payload> = End<FAULT, T>;
    type Consumer<T: Payload> = End<FAULT, T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let end = End { items: Arc::default(), capacity, pops: 0 };
        (vec![end.clone(); topology.producers], vec![end; topology.consumers])
    }
}

impl<const FAULT: u8, T: Payload> Produce<T> for End<FAULT, T> {
    fn push(&mut self, item: T) -> bool {
        let mut items = self.items.lock().unwrap();
        let room = items.len() < self.capacity;
        if room {
            items.push_back(item);
        }
        room
    }
}

impl<const FAULT: u8, T: Payload> Consume<T> for End<FAULT, T> {
    fn pop(&mut self) -> Option<T> {
        let mut items = self.items.lock().unwrap();
        let item = items.pop_front()?;
        self.pops += 1;
        if self.pops < WHEN {
            return Some(item);
        }
        match FAULT {
            LOSES if self.pops == WHEN => items.pop_front(),
            DOUBLES if self.pops == WHEN => {
                items.push_front(item);
                Some(item)
            }
            // Goes wrong at the first chance from here on: it needs two items.
            REORDERS if self.pops < 2 * WHEN && !items.is_empty() => {
                let later = items.pop_front();
                items.push_front(item);
                self.pops = 2 * WHEN;
                later
            }
            // The words of one message, the first word of another.
            TEARS if self.pops == WHEN => Some(T::torn(item.word())),
            _ => Some(item),
        }
    }
}

const TIMING: Timing = Timing {
    warm_up: Duration::from_millis(1),
    window: Duration::from_millis(5),
    patience: Duration::from_millis(300),
};

fn sample<const FAULT: u8>(cell: &str) -> Result<Sample, Flaw> {
    let cell = Cell::parse(cell).unwrap();
    run::<Faulty<FAULT>, Message<8>>(&cell, &TIMING, &Placement { cpus: Vec::new() })
}

/// Every mode, single and batched: what is seen in all of them.
fn seen<const FAULT: u8>(cells: &[&str]) -> Vec<String> {
    let judge = |cell: &&str| match sample::<FAULT>(cell) {
        Err(Flaw::Breach(breach)) => breach.seen,
        other => panic!("{cell}: the fault went unseen: {other:?}"),
    };
    cells.iter().map(judge).collect()
}

const STREAMS: [&str; 3] = ["payload=64", "payload=64,batch=7", "payload=64,topology=2x1,batch=3"];
const ALL: [&str; 6] = [
    "payload=64",
    "payload=64,batch=7",
    "payload=64,topology=2x1,batch=3",
    "payload=64,mode=alone",
    "payload=64,mode=alone,batch=7",
    "payload=64,mode=round-trip",
];

#[test]
fn a_sound_queue_passes() {
    for cell in ALL {
        let result = sample::<SOUND>(cell);
        assert!(!matches!(result, Err(Flaw::Breach(_))), "{cell}: {result:?}");
    }
    let shared = sample::<SOUND>("payload=64,topology=2x2");
    assert!(!matches!(shared, Err(Flaw::Breach(_))), "{shared:?}");
}

#[test]
fn a_lost_item_is_seen() {
    for seen in seen::<LOSES>(&ALL) {
        assert!(seen.contains("lost"), "{seen}");
    }
}

#[test]
fn a_doubled_item_is_seen() {
    for seen in seen::<DOUBLES>(&ALL) {
        assert!(seen.contains("too many") || seen.contains("out of order"), "{seen}");
    }
}

#[test]
fn a_reordered_item_is_seen() {
    for seen in seen::<REORDERS>(&STREAMS) {
        assert!(seen.contains("out of order") && !seen.contains("lost"), "{seen}");
    }
}

#[test]
fn a_torn_item_is_seen() {
    for seen in seen::<TEARS>(&ALL) {
        assert!(seen.contains("don't belong together"), "{seen}");
    }
}
