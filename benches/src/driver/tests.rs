//! The driver must see what a faulty queue does: one subject per fault, each wrong exactly once.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::*;
use crate::cell::{DEPTH, Queues, Structure, Topology};
use crate::message::Message;
use crate::subject::{Consume, Counter, Ends, Handles, Kind, Origin, Produce, Role, Spread};

/// The pop at which a faulty queue goes wrong.
const WHEN: u64 = 500;

const SOUND: u8 = 0;
const LOSES: u8 = 1;
const DOUBLES: u8 = 2;
const REORDERS: u8 = 3;
const TEARS: u8 = 4;

/// A deque behind a mutex, with a fault.
struct Faulty<const FAULT: u8>;

/// The same for one thread at each end, so that several are needed for more.
struct Narrow<const FAULT: u8>;

#[derive(Clone)]
struct End<const FAULT: u8, T> {
    items: Arc<Mutex<VecDeque<T>>>,
    capacity: usize,
    pops: u64,
}

impl<const FAULT: u8> Subject for Faulty<FAULT> {
    const KIND: Kind = Kind::new("faulty", "faulty", Origin::Here, Role::Design, Ends::MPMC);
    type Producer<T: Payload> = End<FAULT, T>;
    type Consumer<T: Payload> = End<FAULT, T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let end = End { items: Arc::default(), capacity, pops: 0 };
        (vec![end.clone(); topology.producers], vec![end; topology.consumers])
    }
}

impl<const FAULT: u8> Subject for Narrow<FAULT> {
    const KIND: Kind = Kind { ends: Ends::SPSC, ..Faulty::<FAULT>::KIND };
    type Producer<T: Payload> = End<FAULT, T>;
    type Consumer<T: Payload> = End<FAULT, T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        assert_eq!(topology, Topology::ONE_TO_ONE);
        Faulty::<FAULT>::open(capacity, topology)
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
            // Goes wrong at the first chance from here on: it needs two items of the same producer.
            REORDERS
                if self.pops < 2 * WHEN
                    && items.front().is_some_and(|next| next.word() >> 48 == item.word() >> 48) =>
            {
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

/// Patience costs time only where messages are lost; a sound queue gets enough for the busiest machine.
const fn timing(fault: u8) -> Timing {
    Timing {
        warm_up: Duration::from_millis(1),
        window: Duration::from_millis(5),
        calls: Duration::from_millis(1),
        patience: Duration::from_millis(if fault == SOUND { 30_000 } else { 300 }),
    }
}

fn sample<const FAULT: u8>(cell: &str) -> Result<Sample, Flaw> {
    let cell = Cell::parse(cell).unwrap();
    let (timing, placement) = (timing(FAULT), Placement { cpus: Vec::new() });
    if cell.structure == Structure::Stack {
        return stack::<Message<8>, Faulty<FAULT>>(&cell, &timing, &placement);
    }
    match cell.queues {
        Queues::One => queue::<Message<8>, Faulty<FAULT>>(&cell, &timing, &placement),
        Queues::Any => spread::<Message<8>, Spread<Narrow<FAULT>>>(&cell, &timing, &placement),
    }
}

/// Tries again where a busy machine gave the sample no time; what never happens is a fault.
fn eventually<R>(mut attempt: impl FnMut() -> Option<R>) -> R {
    (0..50).find_map(|_| attempt()).expect("never in 50 samples")
}

/// Every mode, single and batched: what is seen in all of them.
fn seen<const FAULT: u8>(cells: &[&str]) -> Vec<String> {
    // A sample on a busy machine may end before the fault.
    let judge = |cell: &&str| {
        eventually(|| match sample::<FAULT>(cell) {
            Err(Flaw::Breach(breach)) => Some(breach.seen),
            Ok(_) | Err(Flaw::Starved) => None,
        })
    };
    cells.iter().map(judge).collect()
}

/// A consumer alone at its queue sees every fault in its order.
const STREAMS: [&str; 6] = [
    "payload=64",
    "payload=64,batch=7",
    "payload=64,topology=2x1,batch=3",
    "payload=64,capacity=unbounded",
    "payload=64,capacity=unbounded,topology=4x1,batch=32",
    "payload=64,capacity=4096,topology=2x2,queues=any",
];
const OTHERS: [&str; 7] = [
    "payload=64,mode=alone",
    "payload=64,mode=alone,batch=7",
    "payload=64,mode=round-trip",
    "payload=64,topology=1x2",
    "payload=64,topology=2x2,cores=1",
    "payload=64,topology=2x2,capacity=unbounded,batch=5",
    "payload=64,capacity=4096,topology=2x2,queues=any,batch=5",
];

/// The order is nobody's business here.
const STACKS: [&str; 5] = [
    "payload=64,structure=stack,topology=2x2",
    "payload=64,structure=stack,mode=pairs",
    "payload=64,structure=stack,mode=pairs,topology=4x4",
    "payload=64,structure=stack,mode=bursts,batch=100",
    "payload=64,structure=stack,mode=bursts,batch=100,topology=2x2",
];

fn all() -> Vec<&'static str> {
    [&STREAMS[..], &OTHERS, &STACKS].concat()
}

#[test]
fn a_sound_queue_passes() {
    for cell in all() {
        let result = sample::<SOUND>(cell);
        assert!(!matches!(result, Err(Flaw::Breach(_))), "{cell}: {result:?}");
    }
}

/// A sound queue without a limit, whose consumer leaves everything inside until its producers had to stop.
struct Reluctant;

/// The most items that were inside.
static DEEPEST: AtomicUsize = AtomicUsize::new(0);

impl Subject for Reluctant {
    const KIND: Kind = Faulty::<SOUND>::KIND.unbounded();
    type Producer<T: Payload> = End<SOUND, T>;
    type Consumer<T: Payload> = ReluctantEnd<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, mut rx) = Faulty::<SOUND>::open(usize::MAX, topology);
        (tx, rx.drain(..).map(|end| ReluctantEnd { end, refusals: 0 }).collect())
    }
}

struct ReluctantEnd<T> {
    end: End<SOUND, T>,
    refusals: usize,
}

impl<T: Payload> Consume<T> for ReluctantEnd<T> {
    fn pop(&mut self) -> Option<T> {
        DEEPEST.fetch_max(self.end.items.lock().unwrap().len(), Ordering::Relaxed);
        if self.refusals < 20_000 {
            self.refusals += 1;
            return None;
        }
        self.end.pop()
    }
}

#[test]
fn an_unbounded_queue_is_kept_at_its_depth() {
    let cell = Cell::parse("payload=64,capacity=unbounded,topology=2x1").unwrap();
    eventually(|| {
        let result =
            queue::<Message<8>, Reluctant>(&cell, &timing(SOUND), &Placement { cpus: Vec::new() });
        assert!(!matches!(result, Err(Flaw::Breach(_))), "{result:?}");
        let deepest = DEEPEST.load(Ordering::Relaxed);
        // Two producers may take leave at the same time, each without knowing of the other's.
        assert!(deepest <= DEPTH + 4096, "{deepest}");
        (deepest > DEPTH / 2).then_some(())
    });
}

#[test]
fn calls_are_timed_in_streams_and_shares_are_told_where_threads_share() {
    let (stream, calls) = eventually(|| {
        let sample = sample::<SOUND>("payload=64,topology=2x1").ok()?;
        let calls = sample.calls?;
        Some((sample, calls))
    });
    assert_eq!(calls.all.calls, calls.push.calls + calls.pop.calls);
    for quantiles in [calls.all, calls.push, calls.pop] {
        assert!(quantiles.p50 <= quantiles.p999 && quantiles.p999 <= quantiles.max, "{calls:?}");
    }
    assert_eq!(calls.all.max, calls.push.max.max(calls.pop.max), "{calls:?}");
    assert!(stream.shares.producers.is_some() && stream.shares.consumers.is_none());
    let alone = eventually(|| sample::<SOUND>("payload=64,mode=alone").ok());
    assert!(alone.calls.is_none() && alone.shares == Shares::default());
}

#[test]
fn a_thread_that_starves_has_no_share() {
    let window = |moved| Window { wall: Duration::from_millis(1), moved, ..Window::default() };
    let (busy, idle) = (window(100), window(25));
    let shares = Shares::of(&[&busy, &Window::default()], &[&busy, &idle]);
    assert_eq!(shares, Shares { producers: Some(0.0), consumers: Some(0.25) });
}

#[test]
fn a_lost_item_is_seen() {
    for seen in seen::<LOSES>(&all()) {
        assert!(seen.contains("lost"), "{seen}");
    }
}

#[test]
fn a_doubled_item_is_seen() {
    for seen in seen::<DOUBLES>(&all()) {
        let named = ["too many", "out of order", "checksums"].iter().any(|s| seen.contains(s));
        assert!(named, "{seen}");
    }
}

#[test]
fn a_reordered_item_is_seen() {
    for seen in seen::<REORDERS>(&STREAMS) {
        assert!(seen.contains("out of order") && !seen.contains("lost"), "{seen}");
    }
}

#[test]
fn the_order_of_a_stack_is_not_judged() {
    for cell in STACKS {
        let result = sample::<REORDERS>(cell);
        assert!(!matches!(result, Err(Flaw::Breach(_))), "{cell}: {result:?}");
    }
}

/// A counter with a fault, in one word.
struct Miscounts<const FAULT: u8>(AtomicUsize, AtomicUsize);

const SINKS: u8 = 5;

impl<const FAULT: u8> Counter for Miscounts<FAULT> {
    const KIND: Kind = Kind::counter("faulty", "faulty", Origin::Here, Role::Design);
    type Handle<'a> = &'a Self;

    fn new(_threads: usize) -> Self {
        Self(AtomicUsize::new(0), AtomicUsize::new(0))
    }

    fn handle(&self, _thread: usize) -> &Self {
        self
    }

    fn add(counter: &mut &Self) {
        let before = counter.0.fetch_add(1, Ordering::Relaxed);
        match FAULT {
            LOSES if before == 700 => counter.0.fetch_sub(1, Ordering::Relaxed),
            DOUBLES if before == 700 => counter.0.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }

    fn sum(&self) -> u64 {
        let sum = self.0.load(Ordering::Relaxed);
        // From the third look on, every other one shows less.
        let looks = self.1.fetch_add(1, Ordering::Relaxed);
        let sinks = FAULT == SINKS && looks > 2 && looks % 2 == 1 && looks < 9;
        (if sinks { sum / 2 } else { sum }) as u64
    }
}

fn miscount<const FAULT: u8>(cell: &str) -> Result<Sample, Flaw> {
    let placement = Placement { cpus: Vec::new() };
    count::<Miscounts<FAULT>>(&Cell::parse(cell).unwrap(), &timing(FAULT), &placement)
}

#[test]
fn a_counter_that_loses_or_doubles_or_sinks_is_seen() {
    for cell in ["structure=counter,topology=1x0", "structure=counter,topology=3x1"] {
        let sound = eventually(|| miscount::<SOUND>(cell).ok());
        assert!(sound.verified > 0 && sound.popped.len() == usize::from(cell.ends_with('1')));
        assert!(matches!(miscount::<LOSES>(cell), Err(Flaw::Breach(_))), "{cell}");
        assert!(matches!(miscount::<DOUBLES>(cell), Err(Flaw::Breach(_))), "{cell}");
    }
    eventually(|| match miscount::<SINKS>("structure=counter,topology=1x1") {
        Err(Flaw::Breach(breach)) => breach.expected.contains("no less than").then_some(()),
        Ok(_) | Err(Flaw::Starved) => None,
    });
}

#[test]
fn a_torn_item_is_seen() {
    for seen in seen::<TEARS>(&all()) {
        assert!(seen.contains("don't belong together"), "{seen}");
    }
}
