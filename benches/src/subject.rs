//! What a queue must tell to be measured: who it is, what it can do, and how to push and pop.
//!
//! The driver is compiled once per kind, so that `push` and `pop` inline into its loops; function pointers ([`Entry`])
//! stand between whole samples only.

use serde::Serialize;

use crate::cell::{Cell, Topology};
use crate::driver::{self, Flaw, Sample};
use crate::machine::Placement;
use crate::message::{Message, Payload};
use crate::plan::Timing;

/// A producing end, held by one thread.
pub trait Produce<T: Payload>: Send {
    /// Tries once to push; says whether the item is in.
    fn push(&mut self, item: T) -> bool;

    /// Tries once to push the first of `items`, in order; says how many are in.
    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        items.iter().position(|&item| !self.push(item)).unwrap_or(items.len())
    }
}

/// A consuming end, held by one thread.
pub trait Consume<T: Payload>: Send {
    /// Tries once to pop.
    fn pop(&mut self) -> Option<T>;

    /// Tries once to append up to `max` items to `into`, which has room for them; says how many.
    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let before = into.len();
        while into.len() - before < max {
            match self.pop() {
                Some(item) => into.push(item),
                None => break,
            }
        }
        into.len() - before
    }
}

/// One handle per thread: those that push, those that pop.
pub type Handles<S, T> = (Vec<<S as Subject>::Producer<T>>, Vec<<S as Subject>::Consumer<T>>);

/// A kind of queue.
pub trait Subject: Sized + 'static {
    /// Who it is.
    const KIND: Kind;
    /// Its producing end.
    type Producer<T: Payload>: Produce<T>;
    /// Its consuming end.
    type Consumer<T: Payload>: Consume<T>;

    /// Why it can't answer `cell`, besides what [`Kind::ends`] says already.
    fn refuses(_cell: &Cell) -> Option<String> {
        None
    }

    /// A fresh, empty queue for at least `capacity` items, with one handle per thread.
    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T>;
}

/// How many threads may stand at an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// One.
    One,
    /// Any number.
    Many,
}

/// How many threads may stand at each end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// Threads that push.
    pub producers: Count,
    /// Threads that pop.
    pub consumers: Count,
}

impl Ends {
    /// Single producer, single consumer.
    pub const SPSC: Self = Self { producers: Count::One, consumers: Count::One };
    /// Many producers, single consumer.
    pub const MPSC: Self = Self { producers: Count::Many, consumers: Count::One };
    /// Many producers, many consumers.
    pub const MPMC: Self = Self { producers: Count::Many, consumers: Count::Many };

    /// The four letters.
    pub fn word(self) -> &'static str {
        match (self.producers, self.consumers) {
            (Count::One, Count::One) => "spsc",
            (Count::Many, Count::One) => "mpsc",
            (Count::One, Count::Many) => "spmc",
            (Count::Many, Count::Many) => "mpmc",
        }
    }
}

/// Whose queue it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// This workspace's library.
    Ours,
    /// Somebody else's product.
    Rival,
    /// A design of ours that lost and stays measured; not a product.
    Design,
}

/// Where its code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A package of the lock file.
    Package(&'static str),
    /// The standard library.
    Std,
    /// This package.
    Here,
}

impl Origin {
    /// Package and version.
    pub fn text(self) -> String {
        match self {
            Self::Package(name) => {
                let version = crate::machine::locked_version(name).unwrap_or("(version unknown)");
                format!("{name} {version}")
            }
            Self::Std => "std".to_owned(),
            Self::Here => "raddle-bench".to_owned(),
        }
    }
}

/// How a cell with batches is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Batch {
    /// With a call of its own that moves many items.
    Native,
    /// By single calls in a loop.
    Looped,
}

/// Who a subject is.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The word for it on the command line.
    pub id: &'static str,
    /// Its row's title; at most 23 characters.
    pub title: &'static str,
    /// Where its code comes from.
    pub origin: Origin,
    /// Whose it is.
    pub role: Role,
    /// How many threads it allows.
    pub ends: Ends,
    /// How it does batches.
    pub batch: Batch,
    /// What a reader must know to judge its figures.
    pub note: &'static str,
}

impl Kind {
    fn refuses(&self, cell: &Cell) -> Option<String> {
        let Topology { producers, consumers } = cell.topology;
        let few = |count, threads| count == Count::One && threads > 1;
        (few(self.ends.producers, producers) || few(self.ends.consumers, consumers))
            .then(|| format!("is {}, so not for {}", self.ends.word(), cell.topology))
    }
}

/// A kind whose types are erased, for tables of kinds.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Who it is.
    pub kind: Kind,
    refuses: fn(&Cell) -> Option<String>,
    sample: fn(&Cell, &Timing, &Placement) -> Result<Sample, Flaw>,
}

impl Entry {
    /// Erases the types of `S`.
    pub const fn of<S: Subject>() -> Self {
        Self { kind: S::KIND, refuses: S::refuses, sample: sample::<S> }
    }

    /// Why this kind has no figure in `cell`.
    pub fn refuses(&self, cell: &Cell) -> Option<String> {
        self.kind.refuses(cell).or_else(|| (self.refuses)(cell))
    }

    /// Measures `cell` once, on a fresh queue.
    ///
    /// # Errors
    ///
    /// If the queue broke its contract, or no message moved.
    pub fn sample(
        &self,
        cell: &Cell,
        timing: &Timing,
        placement: &Placement,
    ) -> Result<Sample, Flaw> {
        (self.sample)(cell, timing, placement)
    }
}

fn sample<S: Subject>(cell: &Cell, timing: &Timing, placement: &Placement) -> Result<Sample, Flaw> {
    // The sizes are `cell::PAYLOADS`.
    match cell.payload {
        8 => driver::run::<S, Message<1>>(cell, timing, placement),
        64 => driver::run::<S, Message<8>>(cell, timing, placement),
        256 => driver::run::<S, Message<32>>(cell, timing, placement),
        other => unreachable!("a cell of {other} bytes passed its check"),
    }
}
