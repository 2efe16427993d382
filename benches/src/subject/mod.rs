//! What a queue must tell to be measured: who it is, what it can do, and how to push and pop.
//!
//! A [`Subject`] is what items go into and come out of, a queue or a stack; a [`Counter`] is what threads add to.
//! `kind` says who it is; `spread` makes one kind of many small queues that share the traffic.
//!
//! The driver is compiled once per kind, so that `push` and `pop` inline into its loops; function pointers ([`Entry`])
//! stand between whole samples only.

mod kind;
mod spread;

pub(crate) use spread::Spread;

pub use kind::{Batch, Bound, Count, Ends, Kind, Origin, Role};

use std::thread;

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

    /// Takes all there is, by the best way there is, and shows it to `each`.
    #[inline]
    fn pop_all(&mut self, mut each: impl FnMut(T)) {
        while let Some(item) = self.pop() {
            each(item);
        }
    }

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

/// A kind of counter.
pub trait Counter: Sized + Sync + 'static {
    /// Who it is.
    const KIND: Kind;
    /// What a thread adds with.
    type Handle<'a>;

    /// A fresh one, at zero, for so many threads.
    fn new(threads: usize) -> Self;

    /// What `thread` adds with; called in that thread.
    fn handle(&self, thread: usize) -> Self::Handle<'_>;

    /// Adds one.
    fn add(handle: &mut Self::Handle<'_>);

    /// What was added so far.
    fn sum(&self) -> u64;
}

/// Calls `$function` with the payload of `$cell`; the sizes are `cell::PAYLOADS`.
macro_rules! with_payload {
    ($cell:ident, $($function:ident)::+ :: <$type:ty>, $($argument:expr),+) => {
        match $cell.payload {
            8 => $($function)::+::<Message<1>, $type>($($argument),+),
            64 => $($function)::+::<Message<8>, $type>($($argument),+),
            256 => $($function)::+::<Message<32>, $type>($($argument),+),
            other => unreachable!("a cell of {other} bytes passed its check"),
        }
    };
}

type Sampling = fn(&Cell, &Timing, &Placement) -> Result<Sample, Flaw>;

/// A kind whose types are erased, for tables of kinds.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Who it is.
    pub kind: Kind,
    refuses: fn(&Cell) -> Option<String>,
    sample: Sampling,
    fill: Option<fn(&Cell) -> Filled>,
}

impl Entry {
    /// Erases the types of `S`.
    pub const fn of<S: Subject>() -> Self {
        Self::sampled::<S>(S::KIND, |cell, timing, placement| {
            with_payload!(cell, driver::queue::<S>, cell, timing, placement)
        })
    }

    /// As [`of`](Self::of), of a kind that promises no order.
    pub const fn stack<S: Subject>() -> Self {
        Self::sampled::<S>(S::KIND, |cell, timing, placement| {
            with_payload!(cell, driver::stack::<S>, cell, timing, placement)
        })
    }

    /// As many queues of kind `S` as its ends ask for, under a name of its own: they answer the topology question.
    pub const fn spread<S: Subject>(id: &'static str, title: &'static str) -> Self {
        let kind = Kind { id, title, spread: true, ..S::KIND };
        Self::sampled::<Spread<S>>(kind, |cell, timing, placement| {
            with_payload!(cell, driver::spread::<Spread<S>>, cell, timing, placement)
        })
    }

    const fn sampled<S: Subject>(kind: Kind, sample: Sampling) -> Self {
        let fill = |cell: &Cell| with_payload!(cell, memory::fill::<S>, cell);
        Self { kind, refuses: S::refuses, sample, fill: Some(fill) }
    }

    /// Erases the types of a counter.
    pub const fn counter<C: Counter>() -> Self {
        Self { kind: C::KIND, refuses: |_| None, sample: driver::count::<C>, fill: None }
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

    /// Fills a fresh queue of `cell` and says what memory that took; a counter can't be filled.
    ///
    /// In a thread of its own, which has nothing kept from before.
    pub fn fill(&self, cell: &Cell) -> Option<Filled> {
        let fill = self.fill?;
        thread::scope(|scope| match scope.spawn(|| fill(cell)).join() {
            Ok(filled) => Some(filled),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}
