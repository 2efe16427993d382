//! Queues that are not lock-free, which the checks must say.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use raddle::sync::{AtomicUsize, Ordering, spin_loop};

use crate::counts::Counts;
use crate::item::{Id, Item};
use crate::op::{Look, Op};
use crate::shared::Shared;

const OPS: &[Op] = &[Op::Push, Op::Pop];

/// Vyukov's ring. A slot that is claimed and not handed over is waited for, or answered with Empty or Full.
#[derive(Debug)]
pub struct StampedRing<const WAITS: bool> {
    head: AtomicUsize,
    tail: AtomicUsize,
    /// The index that may push (equal) or pop (one less) here, and the item, whose lock is always free.
    slots: Vec<(AtomicUsize, Mutex<Option<Item>>)>,
}

impl<const WAITS: bool> StampedRing<WAITS> {
    /// Claims the index of `end` whose slot has a stamp `ahead` of it.
    fn claim(
        &self,
        end: &AtomicUsize,
        ahead: usize,
        is_closed: impl Fn() -> bool,
    ) -> Option<usize> {
        loop {
            let index = end.load(Ordering::Relaxed);
            let stamp = self.slots[index % self.slots.len()].0.load(Ordering::Acquire);
            if stamp == index + ahead {
                let swap =
                    end.compare_exchange(index, index + 1, Ordering::Relaxed, Ordering::Relaxed);
                if swap.is_ok() {
                    return Some(index);
                }
            } else if stamp < index + ahead {
                if !WAITS || is_closed() {
                    return None;
                }
                spin_loop();
            }
        }
    }

    fn hand_over(&self, index: usize, stamp: usize, item: Option<Item>) -> Option<Item> {
        let (stamps, place) = &self.slots[index % self.slots.len()];
        let before =
            core::mem::replace(&mut *place.lock().unwrap_or_else(PoisonError::into_inner), item);
        stamps.store(stamp, Ordering::Release);
        before
    }
}

impl<const WAITS: bool> Shared for StampedRing<WAITS> {
    const OPS: &'static [Op] = OPS;
    const BOUNDED: bool = true;
    const NAME: &'static str = "a stamped ring";

    fn new(capacity: usize) -> Self {
        let index = || AtomicUsize::new(0);
        let slots = (0..capacity).map(|i| (AtomicUsize::new(i), Mutex::new(None))).collect();
        Self { head: index(), tail: index(), slots }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        let is_full = || {
            let tail = self.tail.load(Ordering::Relaxed);
            tail == self.head.load(Ordering::Relaxed) + self.slots.len()
        };
        match self.claim(&self.tail, 0, is_full) {
            Some(index) => {
                self.hand_over(index, index + 1, Some(item));
                Ok(())
            }
            None => Err(item),
        }
    }

    fn pop(&self) -> Option<Item> {
        let is_empty = || self.head.load(Ordering::Relaxed) == self.tail.load(Ordering::Relaxed);
        let index = self.claim(&self.head, 1, is_empty)?;
        self.hand_over(index, index + self.slots.len(), None)
    }
}

/// A deque behind a lock that spins.
#[derive(Debug)]
pub struct Locked {
    is_taken: AtomicUsize,
    capacity: usize,
    items: Mutex<VecDeque<Item>>,
}

impl Locked {
    fn with<R>(&self, act: impl FnOnce(&mut VecDeque<Item>) -> R) -> R {
        while self.is_taken.swap(1, Ordering::Acquire) == 1 {
            spin_loop();
        }
        let result = act(&mut self.items.lock().unwrap_or_else(PoisonError::into_inner));
        self.is_taken.store(0, Ordering::Release);
        result
    }
}

impl Shared for Locked {
    const OPS: &'static [Op] = OPS;
    const BOUNDED: bool = true;
    const NAME: &'static str = "a deque behind a spin lock";

    fn new(capacity: usize) -> Self {
        Self { is_taken: AtomicUsize::new(0), capacity, items: Mutex::default() }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        self.with(|items| {
            if items.len() == self.capacity {
                Err(item)
            } else {
                items.push_back(item);
                Ok(())
            }
        })
    }

    fn pop(&self) -> Option<Item> {
        self.with(VecDeque::pop_front)
    }
}

/// A deque for whoever set the mark last: who finds another's mark sets its own again. Nobody waits for a frozen thread, but
/// two that go on in step undo each other's marks for ever.
#[derive(Debug)]
pub struct Marked {
    mark: AtomicUsize,
    last: AtomicUsize,
    capacity: usize,
    items: Mutex<VecDeque<Item>>,
}

impl Marked {
    fn with<R>(&self, act: impl FnOnce(&mut VecDeque<Item>) -> R) -> R {
        let mine = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        loop {
            self.mark.store(mine, Ordering::Relaxed);
            if self.mark.load(Ordering::Relaxed) == mine
                && self.mark.compare_exchange(mine, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            {
                return act(&mut self.items.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
    }
}

impl Shared for Marked {
    const OPS: &'static [Op] = OPS;
    const BOUNDED: bool = true;
    const NAME: &'static str = "a deque for who comes last";

    fn new(capacity: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Self { mark: zero(), last: zero(), capacity, items: Mutex::default() }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        self.with(|items| {
            if items.len() == self.capacity {
                Err(item)
            } else {
                items.push_back(item);
                Ok(())
            }
        })
    }

    fn pop(&self) -> Option<Item> {
        self.with(VecDeque::pop_front)
    }
}

/// A deque whose pop compares two counts before it looks, one after the other: it says Empty while there always was an item.
#[derive(Debug)]
pub struct Glancing {
    pushed: AtomicUsize,
    popped: AtomicUsize,
    items: Mutex<VecDeque<Item>>,
}

impl Shared for Glancing {
    const NAME: &'static str = "a deque that glances";
    const OPS: &'static [Op] = OPS;
    const BOUNDED: bool = false;

    fn new(_size: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Self { pushed: zero(), popped: zero(), items: Mutex::default() }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        // In one step.
        self.pushed.fetch_add(1, Ordering::AcqRel);
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
        Ok(())
    }

    fn pop(&self) -> Option<Item> {
        if self.pushed.load(Ordering::Acquire) <= self.popped.load(Ordering::Acquire) {
            return None;
        }
        self.popped.fetch_add(1, Ordering::AcqRel);
        let item = self.items.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if item.is_none() {
            self.popped.fetch_sub(1, Ordering::AcqRel);
        }
        item
    }
}

/// A deque, or a stack, whose push finds its place a step before it goes there, so that two may change places; its
/// `pop_all` takes one after another.
#[derive(Debug)]
pub struct Careless<const LIFO: bool> {
    turn: AtomicUsize,
    items: Mutex<VecDeque<Item>>,
}

impl<const LIFO: bool> Shared for Careless<LIFO> {
    const NAME: &'static str = "careless";
    const OPS: &'static [Op] = &[Op::Push, Op::Pop, Op::PopAll];
    const BOUNDED: bool = false;
    const LIFO: bool = LIFO;

    fn new(_size: usize) -> Self {
        Self { turn: AtomicUsize::new(0), items: Mutex::default() }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        let items = || self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let at = items().len();
        self.turn.fetch_add(1, Ordering::AcqRel);
        let mut items = items();
        let at = if LIFO { items.len() } else { at.min(items.len()) };
        items.insert(at, item);
        Ok(())
    }

    fn pop(&self) -> Option<Item> {
        self.turn.fetch_add(1, Ordering::AcqRel);
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        if LIFO { items.pop_back() } else { items.pop_front() }
    }
}

/// What is wrong with what a [`Window`] shows.
pub mod flaw {
    /// Nothing.
    pub const NONE: usize = 0;
    /// It is empty while somebody is about to take the first item, whatever lies behind.
    pub const HASTY: usize = 1;
    /// A pop of nothing counts.
    pub const MISCOUNTED: usize = 2;
    /// `peek` shows what was at the front when it was noted.
    pub const STALE: usize = 3;
    /// It is full one item early.
    pub const NARROW: usize = 4;
    /// It is full when that was noted, a step after the push.
    pub const LATE: usize = 5;
}

/// A bounded deque that can be looked at from outside, with a [`flaw`].
#[derive(Debug)]
pub struct Window<const FLAW: usize> {
    turn: AtomicUsize,
    pushed: AtomicUsize,
    popped: AtomicUsize,
    popping: AtomicUsize,
    is_full: AtomicUsize,
    capacity: usize,
    items: Mutex<VecDeque<Item>>,
    noted: Mutex<Option<Id>>,
}

impl<const FLAW: usize> Window<FLAW> {
    fn items(&self) -> std::sync::MutexGuard<'_, VecDeque<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is at the front, and whether it is full, a step after that was so.
    fn note(&self) {
        let (front, is_full) = {
            let items = self.items();
            (items.front().map(Item::id), items.len() == self.capacity)
        };
        self.is_full.store(is_full.into(), Ordering::Release);
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = front;
    }

    fn len(&self) -> usize {
        let pushed = self.pushed.load(Ordering::Acquire);
        pushed.saturating_sub(self.popped.load(Ordering::Acquire)).min(self.capacity)
    }
}

impl<const FLAW: usize> Shared for Window<FLAW> {
    const NAME: &'static str = "a deque with a window";
    const OPS: &'static [Op] = OPS;
    const MORE: &'static [Op] = &[Op::Peek, Op::LookRx];
    const LOOKS: &'static [Look] = &[Look::Len, Look::Empty, Look::Full];
    const BOUNDED: bool = true;

    fn new(capacity: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Self {
            turn: zero(),
            pushed: zero(),
            popped: zero(),
            popping: zero(),
            is_full: zero(),
            capacity,
            items: Mutex::default(),
            noted: Mutex::default(),
        }
    }

    fn push(&self, item: Item) -> Result<(), Item> {
        // From its step to the next all is one step.
        self.turn.fetch_add(1, Ordering::AcqRel);
        if self.items().len() == self.capacity {
            return Err(item);
        }
        self.items().push_back(item);
        self.pushed.fetch_add(1, Ordering::AcqRel);
        self.note();
        Ok(())
    }

    fn pop(&self) -> Option<Item> {
        self.popping.fetch_add(1, Ordering::AcqRel);
        self.turn.fetch_add(1, Ordering::AcqRel);
        let item = self.items().pop_front();
        self.popping.fetch_sub(1, Ordering::AcqRel);
        if item.is_some() || FLAW == flaw::MISCOUNTED {
            self.popped.fetch_add(1, Ordering::AcqRel);
        }
        self.note();
        item
    }

    fn peek(&self) -> Option<Id> {
        self.turn.fetch_add(1, Ordering::AcqRel);
        if FLAW == flaw::STALE {
            return *self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        }
        self.items().front().map(Item::id)
    }

    fn look(&self, look: Look) -> usize {
        match look {
            Look::Len => self.len(),
            Look::Empty => {
                let is_hasty = FLAW == flaw::HASTY && self.popping.load(Ordering::Acquire) > 0;
                (is_hasty || self.len() == 0).into()
            }
            Look::Full if FLAW == flaw::LATE => self.is_full.load(Ordering::Acquire),
            Look::Full => (self.len() + usize::from(FLAW == flaw::NARROW) >= self.capacity).into(),
            Look::Closed => 0,
        }
    }
}

/// A counter whose take reads and then clears, in two steps; or which clears nothing, but remembers without comparing.
#[derive(Debug)]
pub struct Hasty<const LOSES: bool> {
    total: AtomicUsize,
    taken: AtomicUsize,
}

impl<const LOSES: bool> Counts for Hasty<LOSES> {
    fn new() -> Self {
        Self { total: AtomicUsize::new(0), taken: AtomicUsize::new(0) }
    }

    fn with_cell(&self, act: &mut dyn FnMut(&mut dyn FnMut())) {
        act(&mut || {
            self.total.fetch_add(1, Ordering::AcqRel);
        });
    }

    fn sum(&self) -> u64 {
        let taken = self.taken.load(Ordering::Acquire);
        self.total.load(Ordering::Acquire).saturating_sub(taken) as u64
    }

    fn take(&self) -> u64 {
        if LOSES {
            let total = self.total.load(Ordering::Acquire);
            self.total.store(0, Ordering::Release);
            return total as u64;
        }
        let taken = self.taken.load(Ordering::Acquire);
        let total = self.total.load(Ordering::Acquire);
        self.taken.store(total, Ordering::Release);
        (total - taken) as u64
    }
}
