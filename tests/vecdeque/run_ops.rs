//! A queue and a `VecDeque`, put through the same operations by one thread, must agree after each of them.
//!
//! Compiled once per kind, see `kinds`. Shared by the seeded loop and the corpus replay beside this file and by the targets in
//! `fuzz/`.
//! Input: a byte for the capacity, one for the layout, one for the item; then an operation a byte, its operands behind it.

use core::cell::RefCell;
use core::mem::take;
use std::collections::VecDeque;

use raddle::{PopError, PushError};

use super::{Consumer, Producer, is_exact, make};

/// Does what `bytes` say; panics if the queue breaks its contract.
pub(crate) fn run_ops(bytes: &[u8]) {
    let mut input = Input(bytes);
    let capacity = match input.byte() {
        byte @ 0..=199 => usize::from(byte % 20) + 1,
        byte => 60 + usize::from(byte - 200), // around the largest exact one
    };
    let layout = usize::from(input.byte() % 4);
    match input.byte() % 7 {
        0 => run::<u64>(capacity, layout, input),
        1 => run::<()>(capacity, layout, input),
        2 => run::<u8>(capacity, layout, input),
        3 => run::<[u64; 8]>(capacity, layout, input),
        4 => run::<[u8; 4096]>(capacity, layout, input),
        5 => run::<Box<u64>>(capacity, layout, input),
        _ => run::<Counted>(capacity, layout, input),
    }
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    /// The next byte, or 0 when there is none left.
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// A number of items to ask for: mostly few, now and then more than any queue here holds.
    fn count(&mut self) -> usize {
        match self.byte() {
            255 => usize::MAX,
            byte => usize::from(byte) % 40,
        }
    }
}

/// An item made from a number, which it keeps as far as it has room for it.
pub(super) trait Item: Sized {
    /// Whether a leaked item is leaked memory, which a sanitizer would report.
    const OWNS_MEMORY: bool = false;

    fn new(id: u64) -> Self;
    fn is(&self, id: u64) -> bool;

    /// `push_slice` where items are `Copy`, and `push_from` where they are not.
    fn push_slice(tx: &mut Producer<Self>, items: Vec<Self>) -> Result<usize, PushError<()>> {
        tx.push_from(&mut items.into())
    }
}

macro_rules! plain {
    ($($item:ty, $new:expr, $is:expr;)*) => {$(
        impl Item for $item {
            fn new(id: u64) -> Self {
                $new(id)
            }
            fn is(&self, id: u64) -> bool {
                $is(self, id)
            }
            fn push_slice(
                tx: &mut Producer<Self>,
                items: Vec<Self>,
            ) -> Result<usize, PushError<()>> {
                tx.push_slice(&items)
            }
        }
    )*};
}

plain! {
    u64, |id| id, |item: &u64, id| *item == id;
    (), |_| (), |_, _| true;
    u8, |id| id as u8, |item: &u8, id| *item == id as u8;
    [u64; 8], |id| [id; 8], |item: &[u64; 8], id| *item == [id; 8];
    [u8; 4096], |id| [id as u8; 4096], |item: &[u8; 4096], id| *item == [id as u8; 4096];
}

impl Item for Box<u64> {
    const OWNS_MEMORY: bool = true;
    fn new(id: u64) -> Self {
        Box::new(id)
    }
    fn is(&self, id: u64) -> bool {
        **self == id
    }
}

thread_local! {
    /// How often each `Counted` was dropped.
    static DROPS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// An item whose drop is counted.
struct Counted(u64);

impl Item for Counted {
    fn new(id: u64) -> Self {
        DROPS.with_borrow_mut(|drops| {
            let index = id as usize;
            drops.resize(drops.len().max(index + 1), 0);
            assert_eq!(drops[index], 0, "made twice");
        });
        Self(id)
    }
    fn is(&self, id: u64) -> bool {
        self.0 == id
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        DROPS.with_borrow_mut(|drops| drops[self.0 as usize] += 1);
    }
}

/// The handles of both ends, as long as they live, and what must be inside. The last of each acts.
pub(super) struct Run<I> {
    pub(super) tx: Vec<Producer<I>>,
    pub(super) rx: Vec<Consumer<I>>,
    pub(super) model: VecDeque<u64>,
    pub(super) asked: usize,
    pub(super) capacity: usize,
    /// The number of the next item made.
    pub(super) next: u64,
    /// Items leaked with a chunk.
    pub(super) leaked: Vec<u64>,
}

fn run<I: Item>(asked: usize, layout: usize, mut input: Input<'_>) {
    let drops_before = DROPS.with_borrow_mut(take);
    let (tx, rx) = make(layout, asked);
    let capacity = tx.capacity();
    assert!(capacity >= asked && (!is_exact(layout, asked) || capacity == asked));
    let mut run = Run::<I> {
        tx: vec![tx],
        rx: vec![rx],
        model: VecDeque::new(),
        asked,
        capacity,
        next: 0,
        leaked: Vec::new(),
    };
    while !input.0.is_empty() && (!run.tx.is_empty() || !run.rx.is_empty()) {
        run.step(&mut input);
        run.observe();
    }
    let Run { tx, rx, next, leaked, .. } = run;
    drop((tx, rx));
    let drops = DROPS.replace(drops_before);
    for (id, drops) in drops.into_iter().enumerate() {
        let due = u32::from(!leaked.contains(&(id as u64)));
        assert_eq!(drops, due, "drops of item {id} of {next}");
    }
}

impl<I: Item> Run<I> {
    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 16 {
            0..=2 => self.push(),
            3..=5 => self.pop(),
            6 => self.push_slice(input.count() % 100),
            7 => self.push_from(input.count() % 100),
            8 => self.pop_into(input.count()),
            9 | 10 => self.produce(input.count(), input.byte(), input.byte()),
            11 | 12 => self.consume(input.count(), input.byte()),
            13 => self.front(),
            14 => self.drain(input.count()),
            // Rarely, or most runs would be short.
            _ => match input.byte() {
                0..=9 => self.tx.clear(),
                10..=19 => {
                    self.rx.clear();
                    self.model.clear();
                }
                _ => {}
            },
        }
    }

    pub(super) fn make(&mut self) -> (u64, I) {
        let id = self.next;
        self.next += 1;
        (id, I::new(id))
    }

    pub(super) fn closed_to_producer(&self) -> bool {
        self.rx.is_empty()
    }

    pub(super) fn nothing_to_pop(&self) -> PopError {
        if self.tx.is_empty() { PopError::Closed } else { PopError::Empty }
    }

    fn push(&mut self) {
        let (id, item) = self.make();
        let (closed, inside) = (self.closed_to_producer(), self.model.len());
        let Some(tx) = self.tx.last_mut() else { return };
        let full = tx.is_full();
        match tx.push(item) {
            Ok(()) => {
                assert!(!closed && !full && inside < self.capacity);
                self.model.push_back(id);
            }
            Err(PushError::Full(item)) => assert!(!closed && full && item.is(id)),
            Err(PushError::Closed(item)) => assert!(closed && item.is(id)),
        }
    }

    fn pop(&mut self) {
        let nothing = self.nothing_to_pop();
        let Some(rx) = self.rx.last_mut() else { return };
        match rx.pop() {
            Ok(item) => assert!(self.model.pop_front().is_some_and(|id| item.is(id))),
            Err(error) => assert!(self.model.is_empty() && error == nothing),
        }
    }

    fn push_slice(&mut self, n: usize) {
        let (ids, items): (Vec<_>, Vec<_>) = (0..n).map(|_| self.make()).unzip();
        let Some(tx) = self.tx.last_mut() else { return };
        let pushed = I::push_slice(tx, items);
        self.pushed_batch(&ids, pushed);
    }

    fn push_from(&mut self, n: usize) {
        let (ids, mut items): (Vec<_>, VecDeque<_>) = (0..n).map(|_| self.make()).unzip();
        let Some(tx) = self.tx.last_mut() else { return };
        let pushed = tx.push_from(&mut items);
        let went_in = *pushed.as_ref().unwrap_or(&0);
        assert!(ids[went_in..].iter().zip(&items).all(|(&id, item)| item.is(id)));
        assert_eq!(items.len(), n - went_in);
        self.pushed_batch(&ids, pushed);
    }

    /// Checks the outcome of a batch of `ids`, and adds what went in to the model.
    fn pushed_batch(&mut self, ids: &[u64], pushed: Result<usize, PushError<()>>) {
        let full = self.tx.last().is_some_and(Producer::is_full);
        match pushed {
            Ok(n) => {
                assert!(n > 0 || ids.is_empty(), "Ok(0) for {} items", ids.len());
                assert!(n == 0 || !self.closed_to_producer());
                assert!(n == ids.len() || full, "only {n} of {} items", ids.len());
                self.model.extend(&ids[..n]);
            }
            Err(PushError::Full(())) => assert!(full && !self.closed_to_producer()),
            Err(PushError::Closed(())) => assert!(self.closed_to_producer()),
        }
    }

    fn pop_into(&mut self, max: usize) {
        let nothing = self.nothing_to_pop();
        let Some(rx) = self.rx.last_mut() else { return };
        let (_, first) = (self.next, I::new(self.next));
        self.next += 1;
        let mut items = vec![first];
        match rx.pop_into(&mut items, max) {
            Ok(n) => {
                assert_eq!(n, max.min(self.model.len()));
                assert!(n > 0 || max == 0);
                assert_eq!(items.len(), 1 + n);
                let ids = self.model.drain(..n);
                assert!(ids.zip(&items[1..]).all(|(id, item)| item.is(id)));
            }
            Err(error) => assert!(self.model.is_empty() && max > 0 && error == nothing),
        }
    }

    fn drain(&mut self, n: usize) {
        let Some(rx) = self.rx.last_mut() else { return };
        for item in rx.drain().take(n) {
            assert!(self.model.pop_front().is_some_and(|id| item.is(id)));
        }
        assert!(self.model.is_empty() || n < self.capacity);
    }

    /// With no operation in flight, everything that can be observed is exact.
    fn observe(&self) {
        let inside = self.model.len();
        assert!(inside <= self.capacity);
        if let Some(tx) = self.tx.last() {
            assert_eq!((tx.len(), tx.capacity()), (inside, self.capacity));
            assert_eq!(tx.is_empty(), inside == 0);
            assert_eq!(tx.is_closed(), self.rx.is_empty());
            // Leftovers are gone with the consumer, and it is no longer worth asking.
            assert!(self.rx.is_empty() || !tx.is_full() || inside >= self.asked);
            assert!(inside < self.capacity || tx.is_full());
        }
        if let Some(rx) = self.rx.last() {
            assert_eq!((rx.len(), rx.capacity()), (inside, self.capacity));
            assert_eq!(rx.is_empty(), inside == 0);
            assert_eq!(rx.is_closed(), self.tx.is_empty());
            assert!(self.tx.last().is_none_or(|tx| tx.is_full() == rx.is_full()));
        }
    }
}
