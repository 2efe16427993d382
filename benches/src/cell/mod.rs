//! A cell: one question to the machine, answered by every kind.

mod words;

pub use words::Several;

use core::fmt;

use serde::{Serialize, Serializer};

/// How many threads stand at each end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Topology {
    /// Threads that push.
    pub producers: usize,
    /// Threads that pop.
    pub consumers: usize,
}

impl Topology {
    /// One producer, one consumer.
    pub const ONE_TO_ONE: Self = Self { producers: 1, consumers: 1 };
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.producers, self.consumers)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Structure {
    /// Items come out in the order of their producer.
    Queue,
    /// Items come out, the latest first as a rule: no order is verified.
    Stack,
    /// Nothing comes out but a sum: producers add, consumers read.
    Counter,
}

/// What the threads do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Producers push as fast as they can, consumers pop as fast as they can.
    Stream,
    /// One thread holds both ends and alternates: what the instructions cost when no line travels.
    Alone,
    /// Two queues; one item goes there and back before the next one leaves.
    RoundTrip,
    /// Each of several threads holds both ends of one stack, and alternates.
    Pairs,
    /// The same, but each pushes a batch one by one, then takes all there is at once.
    Bursts,
}

/// How many items the queue may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capacity {
    /// So many.
    Bounded(usize),
    /// As many as are pushed; the driver sees to it that they are not many more than [`DEPTH`].
    Unbounded,
}

impl Capacity {
    /// The items that a queue is filled with, one lap of it so to speak.
    pub fn lap(self) -> usize {
        match self {
            Self::Bounded(n) => n,
            Self::Unbounded => 1024,
        }
    }

    /// The most items that are inside at a time.
    pub fn most(self) -> usize {
        match self {
            Self::Bounded(n) => n,
            Self::Unbounded => DEPTH,
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounded(n) => write!(f, "{n}"),
            Self::Unbounded => write!(f, "unbounded"),
        }
    }
}

impl Serialize for Capacity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bounded(n) => serializer.serialize_u64(*n as u64),
            Self::Unbounded => serializer.serialize_str("unbounded"),
        }
    }
}

/// Where the threads run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Cores {
    /// One each, as far as there are enough; else wherever the system puts them.
    #[serde(rename = "all")]
    All,
    /// All on the same one.
    #[serde(rename = "1")]
    One,
}

/// Which answers a cell takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Queues {
    /// One queue, shared by all threads.
    One,
    /// Also several queues that share the traffic and the capacity: the topology question.
    Any,
}

/// Messages inside an unbounded queue at which its producers wait: see [`driver`](crate::driver).
pub const DEPTH: usize = 1 << 16;

/// How long a reader of a counter sleeps between two looks, in microseconds.
pub const READ_EVERY_US: u64 = 50;

/// The payload sizes in bytes that messages are compiled for.
pub const PAYLOADS: [usize; 3] = [8, 64, 256];

/// The most threads one end may have.
pub const MOST_THREADS: usize = 256;

/// The largest capacity: 65536 times 256 bytes are 16 MiB per queue.
pub const MOST_CAPACITY: usize = 1 << 20;

/// One question: every factor that may decide who is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Cell {
    /// What is asked.
    pub structure: Structure,
    /// Threads per end; of pairs and bursts, each thread is at both.
    pub topology: Topology,
    /// What the threads do.
    pub mode: Mode,
    /// Items per call; of bursts, items per burst.
    pub batch: usize,
    /// Bytes per item.
    pub payload: usize,
    /// Items the queue is asked to hold.
    pub capacity: Capacity,
    /// Where the threads run.
    pub cores: Cores,
    /// Whether several queues may share the traffic.
    pub queues: Queues,
}

impl Cell {
    /// The cell around which one factor is varied at a time.
    pub const BASE: Self = Self {
        structure: Structure::Queue,
        topology: Topology::ONE_TO_ONE,
        mode: Mode::Stream,
        batch: 1,
        payload: 8,
        capacity: Capacity::Bounded(1024),
        cores: Cores::All,
        queues: Queues::One,
    };

    /// A stack without a limit, and what its threads do.
    pub const fn stack(mode: Mode, batch: usize, topology: Topology) -> Self {
        let (structure, capacity) = (Structure::Stack, Capacity::Unbounded);
        Self { structure, mode, batch, topology, capacity, ..Self::BASE }
    }

    /// A counter, and how many threads add to it and read it.
    pub const fn counter(adders: usize, readers: usize) -> Self {
        let topology = Topology { producers: adders, consumers: readers };
        let (structure, capacity) = (Structure::Counter, Capacity::Unbounded);
        Self { structure, topology, capacity, ..Self::BASE }
    }

    /// Threads that a sample of this cell keeps busy. (Who reads a counter sleeps most of the time.)
    pub fn threads(&self) -> usize {
        match self.mode {
            _ if self.structure == Structure::Counter => self.topology.producers,
            Mode::Pairs | Mode::Bursts => self.topology.producers,
            Mode::Stream => self.topology.producers + self.topology.consumers,
            Mode::Alone => 1,
            Mode::RoundTrip => 2,
        }
    }

    /// Why no kind could answer this cell, with the remedy.
    ///
    /// # Errors
    ///
    /// The reason, as a sentence for the user.
    pub fn check(&self) -> Result<(), String> {
        let Self { structure, topology, mode, batch, payload, capacity, cores: _, queues } = *self;
        if !PAYLOADS.contains(&payload) {
            return Err(format!("payload={payload} is not compiled in: use one of {PAYLOADS:?}"));
        }
        let most = capacity.most();
        if most == 0 || most > MOST_CAPACITY {
            return Err(format!("capacity={capacity}: use 1 to {MOST_CAPACITY}, or unbounded"));
        }
        if batch == 0 || batch > most {
            return Err(format!(
                "batch={batch} does not fit into capacity={capacity}: use 1 to {most}"
            ));
        }
        for (end, threads) in [("producers", topology.producers), ("consumers", topology.consumers)]
        {
            let least = usize::from(structure != Structure::Counter || end == "producers");
            if threads < least || threads > MOST_THREADS {
                return Err(format!(
                    "topology={topology} has {threads} {end}: use {least} to {MOST_THREADS}"
                ));
            }
        }
        if structure != Structure::Queue {
            return self.check_other();
        }
        if matches!(mode, Mode::Pairs | Mode::Bursts) {
            return Err(format!("mode={} is for structure=stack: say so", mode.word()));
        }
        if mode != Mode::Stream && topology != Topology::ONE_TO_ONE {
            return Err(format!(
                "mode={} is defined for topology=1x1 only, not {topology}: use mode=stream",
                mode.word()
            ));
        }
        if mode != Mode::Stream && queues == Queues::Any {
            return Err(format!(
                "mode={} is defined for queues=one only: use mode=stream",
                mode.word()
            ));
        }
        if mode == Mode::RoundTrip && batch != 1 {
            return Err(format!("mode=round-trip sends single items, not batch={batch}: use 1"));
        }
        Ok(())
    }

    /// As [`check`](Self::check), of what isn't a queue.
    fn check_other(&self) -> Result<(), String> {
        let Self { structure, topology, mode, batch, payload, capacity, queues, .. } = *self;
        let word = structure.word();
        if capacity != Capacity::Unbounded {
            return Err(format!("structure={word} has no capacity={capacity}: use unbounded"));
        }
        if queues != Queues::One {
            return Err(format!("structure={word} is one for all threads: use queues=one"));
        }
        if structure == Structure::Counter && (mode, batch, payload) != (Mode::Stream, 1, 8) {
            return Err("structure=counter has no mode, batch or payload: leave them out".into());
        }
        let Topology { producers, consumers } = topology;
        match mode {
            Mode::Alone | Mode::RoundTrip => Err(format!(
                "mode={} is for structure=queue: use stream, pairs or bursts",
                mode.word()
            )),
            Mode::Pairs | Mode::Bursts if producers != consumers => Err(format!(
                "mode={} has both ends in each thread, not topology={topology}: use \
                 {producers}x{producers}",
                mode.word()
            )),
            Mode::Pairs if batch != 1 => {
                Err(format!("mode=pairs moves single items, not batch={batch}: use mode=bursts"))
            }
            _ => Ok(()),
        }
    }

    /// The cell as [`parse`](Self::parse) reads it.
    pub fn id(&self) -> String {
        let pairs: Vec<_> =
            self.pairs().iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(",")
    }

    /// The short form of [`id`](Self::id): what differs from the base cell.
    pub fn short_id(&self) -> String {
        let pairs = self.pairs();
        let differ = pairs.iter().zip(Self::BASE.pairs()).filter(|(own, base)| *own != base);
        let pairs: Vec<_> = differ.map(|((key, value), _)| format!("{key}={value}")).collect();
        if pairs.is_empty() { self.id() } else { pairs.join(",") }
    }

    /// What one measured operation is.
    pub fn unit(&self) -> &'static str {
        match self.mode {
            _ if self.structure == Structure::Counter => "addition",
            Mode::Stream => "message",
            Mode::Alone | Mode::Pairs => "push and pop",
            Mode::Bursts => "item pushed and taken",
            Mode::RoundTrip => "round trip",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { structure, topology, mode, batch, payload, capacity, cores, queues } = *self;
        let Topology { producers, consumers } = topology;
        let s = |n| if n == 1 { "" } else { "s" };
        if structure == Structure::Counter {
            write!(f, "counter: {producers} thread{} adding", s(producers))?;
            if consumers > 0 {
                write!(f, ", {consumers} reading every {READ_EVERY_US} us")?;
            }
            let cores = if cores == Cores::One { ", all on one core" } else { "" };
            return write!(f, "{cores}");
        }
        if structure == Structure::Stack {
            write!(f, "stack: ")?;
        }
        match mode {
            Mode::Pairs => write!(f, "{producers} thread{}, push and pop in turn", s(producers))?,
            Mode::Bursts => {
                write!(f, "{producers} thread{}, push {batch}, then take all", s(producers))?
            }
            Mode::Stream => write!(
                f,
                "{producers} producer{} -> {consumers} consumer{}",
                s(producers),
                s(consumers)
            )?,
            Mode::Alone => write!(f, "one thread alone")?,
            Mode::RoundTrip => write!(f, "round trip between 2 threads")?,
        }
        match (mode, batch) {
            (Mode::Pairs | Mode::Bursts, _) => {}
            (_, 1) => write!(f, ", one item per call")?,
            _ => write!(f, ", {batch} items per call")?,
        }
        write!(f, ", {payload} bytes")?;
        match capacity {
            Capacity::Bounded(n) => write!(f, ", capacity {n}")?,
            Capacity::Unbounded if structure == Structure::Stack => {}
            Capacity::Unbounded => write!(f, ", unbounded")?,
        }
        if queues == Queues::Any {
            write!(f, ", by one queue or several")?;
        }
        if cores == Cores::One {
            write!(f, ", all on one core")?;
        }
        Ok(())
    }
}
