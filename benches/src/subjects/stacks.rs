//! Stacks: ours, a vector behind a mutex, and what else is last in, first out (or says so).

use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_deque::Worker;
use raddle::stack::Stack;

use crate::cell::{Cell, Mode, Topology};
use crate::designs::epoch_stack::EpochStack;
use crate::message::Payload;
use crate::subject::{Consume, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::many;

/// `raddle::stack::Stack`; batches by `push_all`.
#[derive(Debug)]
pub struct RaddleStack;

impl Subject for RaddleStack {
    const KIND: Kind =
        Kind::stack("raddle-stack", "raddle Stack", Origin::Package("raddle"), Role::Ours)
            .native()
            .note("a batch goes in at once, and comes out by single calls");
    type Producer<T: Payload> = Arc<Stack<T>>;
    type Consumer<T: Payload> = Arc<Stack<T>>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let stack = Arc::new(Stack::new());
        (many(stack.clone(), topology.producers), many(stack, topology.consumers))
    }
}

impl<T: Payload> Produce<T> for Arc<Stack<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        (**self).push(item);
        true
    }

    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        self.push_all(items.iter().copied());
        items.len()
    }
}

impl<T: Payload> Consume<T> for Arc<Stack<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        (**self).pop()
    }

    #[inline]
    fn pop_all(&mut self, each: impl FnMut(T)) {
        (**self).pop_all().for_each(each);
    }
}

/// A vector behind `$lock`; a batch moves under one lock, and all is taken by an exchange for an empty vector that has room.
macro_rules! locked {
    ($(#[$doc:meta])+ $name:ident, $handle:ident, $kind:expr, $mutex:ty, $guard:ty, |$this:ident| $lock:expr) => {
        $(#[$doc])+
        #[derive(Debug)]
        pub struct $name;

        #[doc = concat!("A handle of [`", stringify!($name), "`].")]
        #[derive(Debug)]
        pub struct $handle<T> {
            stack: Arc<$mutex>,
            /// Empty, for the next exchange.
            spare: Vec<T>,
        }

        impl<T> $handle<T> {
            #[inline]
            fn lock(&self) -> $guard {
                let $this = &self.stack;
                $lock
            }
        }

        impl<T> Clone for $handle<T> {
            fn clone(&self) -> Self {
                Self { stack: self.stack.clone(), spare: Vec::new() }
            }
        }

        impl Subject for $name {
            const KIND: Kind = $kind.native().note("a batch, or all, moves under one lock");
            type Producer<T: Payload> = $handle<T>;
            type Consumer<T: Payload> = $handle<T>;

            fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
                let handle = $handle { stack: Arc::default(), spare: Vec::new() };
                (many(handle.clone(), topology.producers), many(handle, topology.consumers))
            }
        }

        impl<T: Payload> Produce<T> for $handle<T> {
            #[inline]
            fn push(&mut self, item: T) -> bool {
                self.lock().push(item);
                true
            }

            #[inline]
            fn push_batch(&mut self, items: &[T]) -> usize {
                self.lock().extend(items);
                items.len()
            }
        }

        impl<T: Payload> Consume<T> for $handle<T> {
            #[inline]
            fn pop(&mut self) -> Option<T> {
                self.lock().pop()
            }

            #[inline]
            fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
                let mut stack = self.lock();
                let left = stack.len().saturating_sub(max);
                let n = stack.len() - left;
                into.extend(stack.drain(left..).rev());
                n
            }

            #[inline]
            fn pop_all(&mut self, each: impl FnMut(T)) {
                let spare = core::mem::take(&mut self.spare);
                let mut all = core::mem::replace(&mut *self.lock(), spare);
                all.drain(..).rev().for_each(each);
                self.spare = all;
            }
        }
    };
}

locked! {
    /// `std::sync::Mutex<Vec>`.
    MutexVec, LockedVec,
    Kind::stack("mutex-vec", "Mutex<Vec>", Origin::Std, Role::Rival),
    Mutex<Vec<T>>, MutexGuard<'_, Vec<T>>,
    |stack| stack.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(feature = "rivals")]
locked! {
    /// `parking_lot::Mutex<Vec>`.
    ParkingLotVec, ParkedVec,
    Kind::stack(
        "parking-lot-vec",
        "parking_lot Mutex<Vec>",
        Origin::Package("parking_lot"),
        Role::Rival,
    ),
    parking_lot::Mutex<Vec<T>>, parking_lot::MutexGuard<'_, Vec<T>>,
    |stack| stack.lock()
}

/// `crossbeam_deque::Worker`, last in, first out: a stack for its owner, while thieves take from the other end.
#[derive(Debug)]
pub struct DequeLifo;

/// One of the two handles of a deque's owner.
#[derive(Debug)]
pub struct Owner<T>(Rc<Worker<T>>);

// SAFETY: both handles of a deque are in the same thread: `refuses` allows no other cell than pairs and bursts of one thread,
// where the driver moves both together, and `memory::fill` uses both where it opened them.
unsafe impl<T: Send> Send for Owner<T> {}

impl Subject for DequeLifo {
    const KIND: Kind = Kind::stack(
        "deque-lifo",
        "crossbeam-deque lifo",
        Origin::Package("crossbeam-deque"),
        Role::Rival,
    )
    .note("a stack for its owner only: thieves take from the other end");
    type Producer<T: Payload> = Owner<T>;
    type Consumer<T: Payload> = Owner<T>;

    fn refuses(cell: &Cell) -> Option<String> {
        let alone = cell.mode != Mode::Stream && cell.topology == Topology::ONE_TO_ONE;
        (!alone).then(|| "is a stack for one thread".to_owned())
    }

    fn open<T: Payload>(_capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let owner = Rc::new(Worker::new_lifo());
        (vec![Owner(owner.clone())], vec![Owner(owner)])
    }
}

impl<T: Payload> Produce<T> for Owner<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.0.push(item);
        true
    }
}

impl<T: Payload> Consume<T> for Owner<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }
}

/// A stack shared by reference.
macro_rules! shared {
    ($(#[$doc:meta])+ $name:ident, $kind:expr, $stack:ty, |$from:ident, $item:ident| $push:expr, |$end:ident| $pop:expr) => {
        $(#[$doc])+
        #[derive(Debug)]
        pub struct $name;

        impl Subject for $name {
            const KIND: Kind = $kind;
            type Producer<T: Payload> = Arc<$stack>;
            type Consumer<T: Payload> = Arc<$stack>;

            fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
                let stack = Arc::new(<$stack>::default());
                (many(stack.clone(), topology.producers), many(stack, topology.consumers))
            }
        }

        impl<T: Payload> Produce<T> for Arc<$stack> {
            #[inline]
            fn push(&mut self, $item: T) -> bool {
                let $from = &**self;
                $push
            }
        }

        impl<T: Payload> Consume<T> for Arc<$stack> {
            #[inline]
            fn pop(&mut self) -> Option<T> {
                let $end = &**self;
                $pop
            }
        }
    };
}

#[cfg(feature = "rivals")]
shared! {
    /// `sdd::Stack`, which is `scc`'s too.
    SddStack,
    Kind::stack("sdd-stack", "sdd Stack", Origin::Package("sdd"), Role::Rival)
        .note("a pop gives a shared entry, of which the item is a copy"),
    sdd::Stack<T>,
    |stack, item| { stack.push(item); true },
    |stack| stack.pop().map(|shared| **shared)
}

#[cfg(feature = "rivals")]
shared! {
    /// `sdd::Bag`, which is `scc`'s too.
    SddBag,
    Kind::stack("sdd-bag", "sdd Bag", Origin::Package("sdd"), Role::Rival)
        .note("keeps no order"),
    sdd::Bag<T>,
    |bag, item| { bag.push(item); true },
    |bag| bag.pop()
}

#[cfg(feature = "rivals")]
shared! {
    /// `concurrent_sharded_stack::ConcurrentShardedStack`.
    ShardedStack,
    Kind::stack(
        "sharded-stack",
        "concurrent-sharded-st",
        Origin::Package("concurrent-sharded-stack"),
        Role::Rival,
    )
    .note("keeps the order of a stack in each shard only"),
    concurrent_sharded_stack::ConcurrentShardedStack<T>,
    |stack, item| stack.push(item).is_ok(),
    |stack| stack.pop().ok()
}

shared! {
    /// [`EpochStack`].
    PlainEpoch,
    Kind::stack("epoch-stack", "design: plain epoch", Origin::Here, Role::Design)
        .note("Treiber's stack on crossbeam-epoch: a node allocated per push"),
    EpochStack<T>,
    |stack, item| { stack.push(item); true },
    |stack| stack.pop()
}

shared! {
    /// [`EpochStack`] with an exchanger slot.
    Eliminating,
    Kind::stack("elimination", "design: elimination", Origin::Here, Role::Design)
        .note("the plain epoch stack, with a slot where a push meets a pop that lost, too"),
    EpochStack<T, true>,
    |stack, item| { stack.push(item); true },
    |stack| stack.pop()
}
