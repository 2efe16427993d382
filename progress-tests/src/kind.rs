//! The queues and stacks, by what a case needs of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use raddle::mpmc::Fixed;
use raddle::stack::{IndexStack, Stack};
use raddle::{PopError, PushError, mpmc, mpsc, spmc, spsc};

use crate::item::Item;
use crate::op::Op;

/// A queue or a stack of [`Item`]s.
pub trait Kind: 'static {
    /// The producing handle.
    type Tx: Send + 'static;
    /// The consuming handle.
    type Rx: Send + 'static;

    /// As in the table.
    const NAME: &'static str;
    /// Whether each end may have many handles.
    const MANY: (bool, bool);
    /// What it can do.
    const OPS: &'static [Op];
    /// Whether it is a stack.
    const LIFO: bool = false;
    /// Whether its size is its capacity.
    const BOUNDED: bool;
    /// How much more than its size may fit.
    const SLACK: usize = 0;
    /// The sizes worth a case: capacities, or slots of a segment.
    const SIZES: &'static [usize];

    /// A queue of `size`.
    fn new(size: usize) -> (Self::Tx, Self::Rx);
    /// One handle more.
    fn clone_tx(_tx: &Self::Tx) -> Option<Self::Tx> {
        None
    }
    /// One handle more.
    fn clone_rx(_rx: &Self::Rx) -> Option<Self::Rx> {
        None
    }
    /// Pushes; an item that didn't go in is dropped.
    ///
    /// # Errors
    /// As the queue's.
    fn push(tx: &mut Self::Tx, item: Item) -> Result<(), PushError<()>>;
    /// Pushes all it can.
    ///
    /// # Errors
    /// As the queue's.
    fn push_batch(tx: &mut Self::Tx, items: &mut VecDeque<Item>) -> Result<usize, PushError<()>>;
    /// Pushes; what gave way.
    ///
    /// # Errors
    /// As the queue's.
    fn force_push(_tx: &mut Self::Tx, _item: Item) -> Result<Vec<Item>, PushError<()>> {
        unreachable!("it evicts nothing")
    }
    /// Pops.
    ///
    /// # Errors
    /// As the queue's.
    fn pop(rx: &mut Self::Rx) -> Result<Item, PopError>;
    /// Pops up to `max`.
    ///
    /// # Errors
    /// As the queue's.
    fn pop_batch(rx: &mut Self::Rx, max: usize) -> Result<Vec<Item>, PopError>;
}

/// What every queue with handles can do.
pub const QUEUE: &[Op] = &[Op::Push, Op::PushBatch, Op::Pop, Op::PopBatch, Op::DropTx, Op::DropRx];
/// And if it evicts.
pub const EVICTING: &[Op] =
    &[Op::Push, Op::PushBatch, Op::Force, Op::Pop, Op::PopBatch, Op::DropTx, Op::DropRx];

/// What an item's push came to, without the item.
///
/// # Errors
/// The same.
pub fn plain<R>(result: Result<R, PushError<Item>>) -> Result<R, PushError<()>> {
    result.map_err(|error| match error {
        PushError::Full(_) => PushError::Full(()),
        PushError::Closed(_) => PushError::Closed(()),
    })
}

macro_rules! kind {
    (
        $kind:ident, $name:literal, $path:path, $handles:ident :: $of:ident,
        many: ($many_tx:literal, $many_rx:literal), ops: $ops:expr, bounded: $bounded:literal, sizes: $sizes:expr
        $(, clone_tx: $clone_tx:ident)? $(, clone_rx: $clone_rx:ident)? $(, force: $force:ident)?
        $(, slack: $slack:expr)?
    ) => {
        #[doc = concat!("`", $name, "`.")]
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            type Tx = $handles::$of::Producer<Item>;
            type Rx = $handles::$of::Consumer<Item>;

            const NAME: &'static str = $name;
            const MANY: (bool, bool) = ($many_tx, $many_rx);
            const BOUNDED: bool = $bounded;
            const SIZES: &'static [usize] = $sizes;
            $(const SLACK: usize = $slack;)?
            const OPS: &'static [Op] = $ops;

            fn new(size: usize) -> (Self::Tx, Self::Rx) {
                $path(size)
            }

            $(fn clone_tx($clone_tx: &Self::Tx) -> Option<Self::Tx> {
                Some($clone_tx.clone())
            })?

            $(fn clone_rx($clone_rx: &Self::Rx) -> Option<Self::Rx> {
                Some($clone_rx.clone())
            })?

            fn push(tx: &mut Self::Tx, item: Item) -> Result<(), PushError<()>> {
                plain(tx.push(item))
            }

            fn push_batch(
                tx: &mut Self::Tx,
                items: &mut VecDeque<Item>,
            ) -> Result<usize, PushError<()>> {
                tx.push_from(items)
            }

            $(fn force_push($force: &mut Self::Tx, item: Item) -> Result<Vec<Item>, PushError<()>> {
                plain($force.force_push(item).map(Iterator::collect))
            })?

            fn pop(rx: &mut Self::Rx) -> Result<Item, PopError> {
                rx.pop()
            }

            fn pop_batch(rx: &mut Self::Rx, max: usize) -> Result<Vec<Item>, PopError> {
                let mut items = Vec::new();
                let n = rx.pop_into(&mut items, max)?;
                assert_eq!(n, items.len(), "`pop_into` says another number");
                Ok(items)
            }
        }
    };
}

/// At most so much more than asked for fits where slots come in lines.
const SLACK: usize = 4;

fn spsc_in_lines_of_two(
    capacity: usize,
) -> (spsc::bounded::Producer<Item>, spsc::bounded::Consumer<Item>) {
    spsc::bounded_in_lines_of(2, capacity)
}

kind!(SpscBounded, "spsc::bounded", spsc::bounded, spsc::bounded,
    many: (false, false), ops: QUEUE, bounded: true, sizes: &[1, 2, 3]);
kind!(SpscLines, "spsc::bounded", spsc_in_lines_of_two, spsc::bounded,
    many: (false, false), ops: QUEUE, bounded: true, sizes: &[2, 3], slack: SLACK);
kind!(SpscUnbounded, "spsc::unbounded", spsc::unbounded_in_segments_of, spsc::unbounded,
    many: (false, false), ops: QUEUE, bounded: false, sizes: &[1, 2]);
kind!(MpscBounded, "mpsc::bounded", mpsc::bounded, mpsc::bounded,
    many: (true, false), ops: QUEUE, bounded: true, sizes: &[1, 2, 3], clone_tx: tx);
kind!(MpscUnbounded, "mpsc::unbounded", mpsc::unbounded_in_segments_of, mpsc::unbounded,
    many: (true, false), ops: QUEUE, bounded: false, sizes: &[1, 2], clone_tx: tx);
kind!(SpmcBounded, "spmc::bounded", spmc::bounded, spmc::bounded,
    many: (false, true), ops: EVICTING, bounded: true, sizes: &[1, 2, 3], clone_rx: rx, force: tx);
kind!(SpmcUnbounded, "spmc::unbounded", spmc::unbounded_in_segments_of, spmc::unbounded,
    many: (false, true), ops: QUEUE, bounded: false, sizes: &[1, 2], clone_rx: rx);
kind!(MpmcBounded, "mpmc::bounded", mpmc::bounded, mpmc::bounded,
    many: (true, true), ops: EVICTING, bounded: true, sizes: &[1, 2, 3], clone_tx: tx, clone_rx: rx, force: tx);
kind!(MpmcUnbounded, "mpmc::unbounded", mpmc::unbounded_in_segments_of, mpmc::unbounded,
    many: (true, true), ops: QUEUE, bounded: false, sizes: &[1, 2], clone_tx: tx, clone_rx: rx);

/// A structure without handles: everybody shares it.
pub trait Shared: Send + Sync + 'static {
    /// As in the table.
    const NAME: &'static str;
    /// What it can do.
    const OPS: &'static [Op];
    /// Whether its size is its capacity.
    const BOUNDED: bool;
    /// Whether it is a stack.
    const LIFO: bool = false;
    /// The sizes worth a case.
    const SIZES: &'static [usize] = &[2];

    /// An empty one.
    fn new(size: usize) -> Self;
    /// Pushes.
    ///
    /// # Errors
    /// The item, if there is no room.
    fn push(&self, item: Item) -> Result<(), Item>;
    /// Pushes all it can.
    fn push_batch(&self, items: &mut VecDeque<Item>) -> usize {
        let mut n = 0;
        while let Some(item) = items.pop_front() {
            if let Err(item) = self.push(item) {
                items.push_front(item);
                break;
            }
            n += 1;
        }
        n
    }
    /// Pushes; what gave way.
    fn force_push(&self, _item: Item) -> Vec<Item> {
        unreachable!("it evicts nothing")
    }
    /// Pops.
    fn pop(&self) -> Option<Item>;
    /// Pops up to `max`.
    fn pop_batch(&self, max: usize) -> Vec<Item> {
        core::iter::from_fn(|| self.pop()).take(max).collect()
    }
}

impl<Q: Shared> Kind for Q {
    type Tx = Arc<Q>;
    type Rx = Arc<Q>;

    const NAME: &'static str = Q::NAME;
    const MANY: (bool, bool) = (true, true);
    const OPS: &'static [Op] = Q::OPS;
    const LIFO: bool = Q::LIFO;
    const BOUNDED: bool = Q::BOUNDED;
    const SIZES: &'static [usize] = Q::SIZES;

    fn new(size: usize) -> (Arc<Q>, Arc<Q>) {
        let shared = Arc::new(Q::new(size));
        (Arc::clone(&shared), shared)
    }

    fn clone_tx(tx: &Arc<Q>) -> Option<Arc<Q>> {
        Some(Arc::clone(tx))
    }

    fn clone_rx(rx: &Arc<Q>) -> Option<Arc<Q>> {
        Some(Arc::clone(rx))
    }

    fn push(tx: &mut Arc<Q>, item: Item) -> Result<(), PushError<()>> {
        Shared::push(&**tx, item).map_err(|_| PushError::Full(()))
    }

    fn push_batch(tx: &mut Arc<Q>, items: &mut VecDeque<Item>) -> Result<usize, PushError<()>> {
        let n = Shared::push_batch(&**tx, items);
        if n == 0 && !items.is_empty() { Err(PushError::Full(())) } else { Ok(n) }
    }

    fn force_push(tx: &mut Arc<Q>, item: Item) -> Result<Vec<Item>, PushError<()>> {
        Ok(Shared::force_push(&**tx, item))
    }

    fn pop(rx: &mut Arc<Q>) -> Result<Item, PopError> {
        Shared::pop(&**rx).ok_or(PopError::Empty)
    }

    fn pop_batch(rx: &mut Arc<Q>, max: usize) -> Result<Vec<Item>, PopError> {
        let items = Shared::pop_batch(&**rx, max);
        if items.is_empty() { Err(PopError::Empty) } else { Ok(items) }
    }
}

/// `mpmc::Fixed`.
#[derive(Debug)]
pub struct FixedOf<const N: usize>(Fixed<Item, N>);

impl<const N: usize> Shared for FixedOf<N> {
    const NAME: &'static str = "mpmc::Fixed";
    const OPS: &'static [Op] = &[Op::Push, Op::PushBatch, Op::Force, Op::Pop, Op::PopBatch];
    const BOUNDED: bool = true;
    const SIZES: &'static [usize] = &[N];

    fn new(_size: usize) -> Self {
        Self(Fixed::new())
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        self.0.push(item)
    }

    fn push_batch(&self, items: &mut VecDeque<Item>) -> usize {
        self.0.push_from(items)
    }

    fn force_push(&self, item: Item) -> Vec<Item> {
        self.0.force_push(item).collect()
    }

    fn pop(&self) -> Option<Item> {
        self.0.pop()
    }

    fn pop_batch(&self, max: usize) -> Vec<Item> {
        let mut items = Vec::new();
        self.0.pop_into(&mut items, max);
        items
    }
}

impl Shared for Stack<Item> {
    const NAME: &'static str = "stack::Stack";
    const OPS: &'static [Op] = &[Op::Push, Op::PushAll, Op::Pop, Op::PopAll];
    const BOUNDED: bool = false;
    const LIFO: bool = true;

    fn new(_size: usize) -> Self {
        Self::new()
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        Self::push(self, item);
        Ok(())
    }

    fn push_batch(&self, items: &mut VecDeque<Item>) -> usize {
        let n = items.len();
        self.push_all(items.drain(..));
        n
    }

    fn pop(&self) -> Option<Item> {
        Self::pop(self)
    }

    fn pop_batch(&self, _max: usize) -> Vec<Item> {
        self.pop_all().collect()
    }
}

/// `stack::IndexStack`, with a place for an item at each index, and a list of the indices that are out. (Their locks are
/// always free.)
#[derive(Debug)]
pub struct Shelf {
    stack: IndexStack,
    out: Mutex<Vec<u32>>,
    places: Vec<Mutex<Option<Item>>>,
}

impl Shelf {
    /// More than any program pushes.
    const PLACES: u32 = 32;

    fn place(&self, index: u32) -> std::sync::MutexGuard<'_, Option<Item>> {
        self.places[index as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn out(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared for Shelf {
    const NAME: &'static str = "stack::IndexStack";
    const OPS: &'static [Op] = &[Op::Push, Op::Pop];
    const BOUNDED: bool = false;
    const LIFO: bool = true;

    fn new(_size: usize) -> Self {
        Self {
            stack: IndexStack::empty(Self::PLACES),
            out: Mutex::new((0..Self::PLACES).collect()),
            places: (0..Self::PLACES).map(|_| Mutex::new(None)).collect(),
        }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        // The last that came out: soon used again.
        let Some(index) = self.out().pop() else { return Err(item) };
        *self.place(index) = Some(item);
        self.stack.push(index);
        Ok(())
    }

    fn pop(&self) -> Option<Item> {
        let index = self.stack.pop()?;
        let item = self.place(index).take();
        self.out().push(index);
        Some(item.expect("who pops an index finds an item at it"))
    }
}
