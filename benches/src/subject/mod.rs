//! What a queue must tell to be measured: who it is, what it can do, and how to push and pop.
//!
//! `kind` says who it is; `spread` makes one kind of many small queues that share the traffic.
//!
//! The driver is compiled once per kind, so that `push` and `pop` inline into its loops; function pointers ([`Entry`])
//! stand between whole samples only.

mod kind;
mod spread;

pub(crate) use spread::Spread;

pub use kind::{Batch, Bound, Count, Ends, Kind, Origin, Role};

use crate::cell::{Cell, Topology};
use crate::driver::{self, Flaw, Sample};
use crate::machine::Placement;
use crate::memory::{self, Filled};
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

    /// A fresh, empty queue for at least `capacity` items, with one handle per thread. Of no meaning to an unbounded
    /// kind.
    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T>;
}

/// A kind whose types are erased, for tables of kinds.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Who it is.
    pub kind: Kind,
    refuses: fn(&Cell) -> Option<String>,
    sample: fn(&Cell, &Timing, &Placement) -> Result<Sample, Flaw>,
    fill: fn(&Cell) -> Filled,
}

impl Entry {
    /// Erases the types of `S`.
    pub const fn of<S: Subject>() -> Self {
        Self { kind: S::KIND, refuses: S::refuses, sample: sample::<S>, fill: fill::<S> }
    }

    /// As many queues of kind `S` as its ends ask for, under a name of its own: they answer the topology question.
    pub const fn spread<S: Subject>(id: &'static str, title: &'static str) -> Self {
        let kind = Kind { id, title, spread: true, ..S::KIND };
        Self { kind, ..Self::of::<Spread<S>>() }
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

    /// Fills a fresh queue of `cell` and says what memory that took.
    pub fn fill(&self, cell: &Cell) -> Filled {
        (self.fill)(cell)
    }
}

/// Calls `$function` with the payload of `$cell`; the sizes are `cell::PAYLOADS`.
macro_rules! with_payload {
    ($cell:ident, $($function:ident)::+ :: <$subject:ident>, $($argument:expr),+) => {
        match $cell.payload {
            8 => $($function)::+::<$subject, Message<1>>($($argument),+),
            64 => $($function)::+::<$subject, Message<8>>($($argument),+),
            256 => $($function)::+::<$subject, Message<32>>($($argument),+),
            other => unreachable!("a cell of {other} bytes passed its check"),
        }
    };
}

fn sample<S: Subject>(cell: &Cell, timing: &Timing, placement: &Placement) -> Result<Sample, Flaw> {
    with_payload!(cell, driver::run::<S>, cell, timing, placement)
}

fn fill<S: Subject>(cell: &Cell) -> Filled {
    with_payload!(cell, memory::fill::<S>, cell)
}
