//! Structures without handles: everybody shares them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use raddle::mpmc::Fixed;
use raddle::stack::{IndexStack, Stack};
use raddle::{PopError, PushError};

use crate::item::{Id, Item};
use crate::kind::Kind;
use crate::op::{Look, Op};

/// A structure without handles: everybody shares it.
pub trait Shared: Send + Sync + 'static {
    /// As in the table.
    const NAME: &'static str;
    /// What it can do.
    const OPS: &'static [Op];
    /// What it can do besides, which only histories are made of.
    const MORE: &'static [Op] = &[];
    /// What it observes.
    const LOOKS: &'static [Look] = &[];
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
    /// What the next pop takes.
    fn peek(&self) -> Option<Id> {
        unreachable!("it has no peek")
    }
    /// What it observes; a bool as 0 or 1.
    fn look(&self, _look: Look) -> usize {
        unreachable!("it observes nothing")
    }
}

impl<Q: Shared> Kind for Q {
    type Tx = Arc<Q>;
    type Rx = Arc<Q>;

    const NAME: &'static str = Q::NAME;
    const MANY: (bool, bool) = (true, true);
    const OPS: &'static [Op] = Q::OPS;
    const MORE: &'static [Op] = Q::MORE;
    const LOOKS: &'static [Look] = Q::LOOKS;
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

    fn peek(rx: &mut Arc<Q>) -> Result<Id, PopError> {
        Shared::peek(&**rx).ok_or(PopError::Empty)
    }

    fn look_tx(tx: &Arc<Q>, look: Look) -> usize {
        Shared::look(&**tx, look)
    }

    fn look_rx(rx: &Arc<Q>, look: Look) -> usize {
        Shared::look(&**rx, look)
    }
}

/// `mpmc::Fixed`.
#[derive(Debug)]
pub struct FixedOf<const N: usize>(Fixed<Item, N>);

impl<const N: usize> Shared for FixedOf<N> {
    const NAME: &'static str = "mpmc::Fixed";
    const OPS: &'static [Op] = &[Op::Push, Op::PushBatch, Op::Force, Op::Pop, Op::PopBatch];
    const MORE: &'static [Op] = &[Op::LookRx];
    const LOOKS: &'static [Look] = &[Look::Len, Look::Empty, Look::Full];
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

    fn look(&self, look: Look) -> usize {
        match look {
            Look::Len => self.0.len(),
            Look::Empty => self.0.is_empty().into(),
            Look::Full => self.0.is_full().into(),
            Look::Closed => 0,
        }
    }
}

impl Shared for Stack<Item> {
    const NAME: &'static str = "stack::Stack";
    const OPS: &'static [Op] = &[Op::Push, Op::PushAll, Op::Pop, Op::PopAll];
    const MORE: &'static [Op] = &[Op::LookRx];
    const LOOKS: &'static [Look] = &[Look::Empty];
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

    fn look(&self, _look: Look) -> usize {
        self.is_empty().into()
    }
}

/// `stack::Stack` of values that are copied, so that it has `peek`: of the items' names. The items wait elsewhere. (Their
/// lock is always free.)
#[derive(Debug)]
pub struct Names {
    stack: Stack<Id>,
    items: Mutex<HashMap<Id, Item>>,
}

impl Names {
    fn items(&self) -> std::sync::MutexGuard<'_, HashMap<Id, Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared for Names {
    const NAME: &'static str = "stack::Stack";
    const OPS: &'static [Op] = &[Op::Push, Op::Pop];
    const MORE: &'static [Op] = &[Op::Peek, Op::LookRx];
    const LOOKS: &'static [Look] = &[Look::Empty];
    const BOUNDED: bool = false;
    const LIFO: bool = true;

    fn new(_size: usize) -> Self {
        Self { stack: Stack::new(), items: Mutex::default() }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        let id = item.id();
        self.items().insert(id, item);
        self.stack.push(id);
        Ok(())
    }

    fn pop(&self) -> Option<Item> {
        let id = self.stack.pop()?;
        let item = self.items().remove(&id);
        Some(item.expect("who pops a name finds an item of it"))
    }

    fn peek(&self) -> Option<Id> {
        self.stack.peek()
    }

    fn look(&self, _look: Look) -> usize {
        self.stack.is_empty().into()
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
    const MORE: &'static [Op] = &[Op::LookRx];
    const LOOKS: &'static [Look] = &[Look::Empty];
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

    fn look(&self, _look: Look) -> usize {
        self.stack.is_empty().into()
    }
}
