//! Every kind that is measured, one adapter each.
//!
//! An adapter adds nothing to the kind's own calls: no retry, no wait, no copy that the kind doesn't ask for.

mod counters;
mod crossbeam;
mod designs;
mod raddle;
mod rtrb;
mod stacks;
mod std;

#[cfg(feature = "rivals")]
mod channels;
#[cfg(feature = "rivals")]
mod gil;
#[cfg(feature = "rivals")]
mod heapless;
#[cfg(feature = "rivals")]
mod lock_free;
#[cfg(feature = "rivals")]
mod ringbuf;
#[cfg(feature = "rivals")]
mod rings;
#[cfg(feature = "rivals")]
mod wide;

pub use self::counters::{
    Adaptive, MutexNumber, OneAtomic, OwnCells, OwnUnpadded, RaddleCounter, RaddleLocal, Striped,
};
#[cfg(feature = "rivals")]
pub use self::counters::{Contatori, FastCounter};
pub use self::stacks::{DequeLifo, Eliminating, MutexVec, PlainEpoch, RaddleStack};
#[cfg(feature = "rivals")]
pub use self::stacks::{ParkingLotVec, SddBag, SddStack, ShardedStack};
#[cfg(feature = "rivals")]
pub use self::{
    channels::{
        Crossfire, Flume, Kanal, Rapidfire, Tokio, UnboundedFlume, UnboundedKanal, UnboundedTokio,
    },
    gil::Gil,
    heapless::Heapless,
    lock_free::{Lf, St3, UnboundedLf},
    ringbuf::Ringbuf,
    rings::{Concurrent, Nexus, Thing, UnboundedConcurrent},
    wide::{CrossfireMpmc, CrossfireMpsc, GilMpmc, GilMpsc, GilSpmc, NexusMpsc, NexusSpmc},
};
pub use self::{
    crossbeam::{ArrayQueue, Channel, Deque, SegQueue, UnboundedChannel},
    designs::{CachedIndex, Credits, LineWords, SlotFlag, Stamped},
    raddle::{
        MpmcBounded, MpmcUnbounded, MpscBounded, MpscUnbounded, SpmcBounded, SpmcUnbounded,
        SpscBounded, SpscUnbounded,
    },
    rtrb::Rtrb,
    std::{MutexDeque, StdChannel, SyncChannel, UnboundedMutexDeque},
};

use crate::subject::Entry;

/// What is said of every channel.
const CHANNEL: &str = "a channel, by try_send and try_recv";

/// The handle of the only thread at an end.
fn one<E>(end: E, _threads: usize) -> Vec<E> {
    vec![end]
}

/// A handle for each thread at an end.
fn many<E: Clone>(end: E, threads: usize) -> Vec<E> {
    vec![end; threads]
}

/// All kinds of this build, ours first; the first one selected is measured twice, as the A/A pair.
pub const ALL: &[Entry] = &[
    Entry::of::<SpscBounded>(),
    Entry::of::<MpscBounded>(),
    Entry::of::<SpmcBounded>(),
    Entry::of::<MpmcBounded>(),
    Entry::of::<SpscUnbounded>(),
    Entry::of::<MpscUnbounded>(),
    Entry::of::<SpmcUnbounded>(),
    Entry::of::<MpmcUnbounded>(),
    Entry::spread::<MpscBounded>("raddle-by-consumer", "raddle mpsc by consumer"),
    Entry::spread::<SpmcBounded>("raddle-by-producer", "raddle spmc by producer"),
    Entry::spread::<SpscBounded>("raddle-by-pair", "raddle spsc by pair"),
    Entry::of::<Rtrb>(),
    Entry::spread::<Rtrb>("rtrb-by-pair", "rtrb by pair"),
    Entry::of::<ArrayQueue>(),
    Entry::of::<Channel>(),
    Entry::of::<SyncChannel>(),
    Entry::of::<MutexDeque>(),
    Entry::of::<SegQueue>(),
    Entry::of::<UnboundedChannel>(),
    Entry::of::<StdChannel>(),
    Entry::of::<Deque>(),
    Entry::of::<UnboundedMutexDeque>(),
    Entry::stack::<RaddleStack>(),
    Entry::stack::<MutexVec>(),
    Entry::stack::<DequeLifo>(),
    Entry::counter::<RaddleCounter>(),
    Entry::counter::<RaddleLocal>(),
    Entry::counter::<OneAtomic>(),
    Entry::counter::<MutexNumber>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Ringbuf>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Gil>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Heapless>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Nexus>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Concurrent>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Thing>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Lf>(),
    #[cfg(feature = "rivals")]
    Entry::of::<St3>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Kanal>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Flume>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Crossfire>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Rapidfire>(),
    #[cfg(feature = "rivals")]
    Entry::of::<Tokio>(),
    #[cfg(feature = "rivals")]
    Entry::of::<GilMpsc>(),
    #[cfg(feature = "rivals")]
    Entry::of::<GilSpmc>(),
    #[cfg(feature = "rivals")]
    Entry::of::<GilMpmc>(),
    #[cfg(feature = "rivals")]
    Entry::of::<NexusMpsc>(),
    #[cfg(feature = "rivals")]
    Entry::of::<NexusSpmc>(),
    #[cfg(feature = "rivals")]
    Entry::of::<CrossfireMpsc>(),
    #[cfg(feature = "rivals")]
    Entry::of::<CrossfireMpmc>(),
    #[cfg(feature = "rivals")]
    Entry::of::<UnboundedConcurrent>(),
    #[cfg(feature = "rivals")]
    Entry::of::<UnboundedLf>(),
    #[cfg(feature = "rivals")]
    Entry::of::<UnboundedKanal>(),
    #[cfg(feature = "rivals")]
    Entry::of::<UnboundedFlume>(),
    #[cfg(feature = "rivals")]
    Entry::of::<UnboundedTokio>(),
    #[cfg(feature = "rivals")]
    Entry::stack::<ParkingLotVec>(),
    #[cfg(feature = "rivals")]
    Entry::stack::<SddStack>(),
    #[cfg(feature = "rivals")]
    Entry::stack::<SddBag>(),
    #[cfg(feature = "rivals")]
    Entry::stack::<ShardedStack>(),
    #[cfg(feature = "rivals")]
    Entry::counter::<FastCounter>(),
    #[cfg(feature = "rivals")]
    Entry::counter::<Contatori>(),
    Entry::of::<CachedIndex>(),
    Entry::of::<SlotFlag>(),
    Entry::of::<Stamped>(),
    Entry::of::<Credits>(),
    Entry::of::<LineWords>(),
    Entry::stack::<PlainEpoch>(),
    Entry::stack::<Eliminating>(),
    Entry::counter::<OwnCells>(),
    Entry::counter::<OwnUnpadded>(),
    Entry::counter::<Striped>(),
    Entry::counter::<Adaptive>(),
];

/// Kinds of `--features rivals` that this build lacks.
pub const NOT_BUILT: &[&str] = if cfg!(feature = "rivals") {
    &[]
} else {
    &[
        "ringbuf",
        "gil",
        "heapless",
        "nexus",
        "concurrent",
        "thingbuf",
        "lfqueue",
        "st3",
        "kanal",
        "flume",
        "crossfire",
        "rapidfire",
        "tokio",
        "gil-mpsc",
        "gil-spmc",
        "gil-mpmc",
        "nexus-mpsc",
        "nexus-spmc",
        "crossfire-mpsc",
        "crossfire-mpmc",
        "concurrent-unbounded",
        "lfqueue-unbounded",
        "kanal-unbounded",
        "flume-unbounded",
        "tokio-unbounded",
        "parking-lot-vec",
        "sdd-stack",
        "sdd-bag",
        "sharded-stack",
        "fast-counter",
        "contatori",
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Cell;
    use crate::machine::Placement;
    use crate::plan::Timing;
    use core::time::Duration;

    /// Long enough for a few hundred messages, short enough for all kinds in all cells.
    const TIMING: Timing = Timing {
        warm_up: Duration::from_millis(1),
        window: Duration::from_millis(1),
        calls: Duration::from_millis(1),
        patience: Duration::from_secs(20),
    };

    #[test]
    fn kinds_have_distinct_short_names() {
        for (i, entry) in ALL.iter().enumerate() {
            let kind = entry.kind;
            assert!(ALL[..i].iter().all(|other| other.kind.id != kind.id), "{}", kind.id);
            // A star stands behind those whose batches are looped.
            let room = if kind.batch == crate::subject::Batch::Native { 23 } else { 21 };
            assert!(kind.title.chars().count() <= room, "{}", kind.title);
        }
    }

    #[test]
    #[cfg(feature = "rivals")]
    fn what_other_builds_call_not_built_is_what_this_one_adds() {
        let source = include_str!("mod.rs");
        let (_, list) = source.split_once("pub const NOT_BUILT").unwrap();
        let (list, _) = list.split_once("};").unwrap();
        let names: Vec<_> = list.split('"').skip(3).step_by(2).collect();
        let optional = |id: &str| names.contains(&id);
        assert_eq!(ALL.iter().filter(|entry| optional(entry.kind.id)).count(), names.len());
    }

    #[test]
    fn every_kind_of_the_lock_file_has_a_version() {
        for entry in ALL {
            assert!(!entry.kind.origin.text().contains("unknown"), "{}", entry.kind.id);
        }
    }

    /// Every kind passes its verification in every cell it answers, single and batched, both ways.
    #[test]
    fn every_kind_keeps_its_contract_in_every_cell() {
        let placement = Placement::read();
        for text in [
            "capacity=64",
            "capacity=64,batch=64,payload=64",
            "capacity=64,batch=5,payload=256",
            "mode=alone,capacity=64",
            "mode=alone,capacity=64,batch=7",
            "mode=round-trip,capacity=64,payload=64",
            "topology=2x1,capacity=64",
            "topology=2x2,capacity=64,batch=3",
            "topology=1x2,capacity=64",
            "topology=1x4,capacity=64,batch=3",
            "topology=2x2,capacity=64,cores=1",
            "topology=2x2,capacity=64,queues=any",
            "topology=4x4,capacity=64,batch=5,queues=any",
            "capacity=unbounded",
            "capacity=unbounded,batch=32",
            "capacity=unbounded,mode=alone",
            "capacity=unbounded,mode=round-trip",
            "capacity=unbounded,topology=2x1",
            "capacity=unbounded,topology=1x2,batch=7",
            "capacity=unbounded,topology=2x2,payload=64",
            "structure=stack",
            "structure=stack,topology=2x2,payload=64",
            "structure=stack,topology=2x1,batch=7",
            "structure=stack,mode=pairs",
            "structure=stack,mode=pairs,topology=4x4,payload=64",
            "structure=stack,mode=pairs,topology=2x2,cores=1",
            "structure=stack,mode=bursts,batch=100",
            "structure=stack,mode=bursts,batch=100,topology=2x2",
            "structure=counter,topology=1x0",
            "structure=counter,topology=4x2",
            "structure=counter,topology=2x1,cores=1",
        ] {
            let cell = Cell::parse(text).unwrap();
            for entry in ALL.iter().filter(|entry| entry.refuses(&cell).is_none()) {
                let result = entry.sample(&cell, &TIMING, &placement);
                let breach = matches!(result, Err(crate::driver::Flaw::Breach(_)));
                assert!(!breach, "{} in {cell}: {result:?}", entry.kind.id);
            }
        }
    }
}
