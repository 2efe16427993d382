//! What every counter is made of: cells with one owner each, and one word for those who have none.
//!
//! ```text
//!   value = fold( rest,  cells of threads (registry),  cells of `local()` handles (roster) )
//!             ^ locked RMW     ^ load, store                 ^ load, store
//! ```
//!
//! *Nothing is lost.* A cell's owner is the only one who writes to it, so its load and store need not be one step. All are
//! Relaxed: a cell is a number, and no other memory hangs on it. What happened before a read of the value is in it, since a
//! later load of a cell never returns an earlier value; what is under way may be or not.

use core::fmt;
use core::marker::PhantomData;

use super::home;
use super::registry::{Registry, Seat, Ticket};
use super::roster::{Claim, Roster};
use crate::sync::{AtomicU64, Ordering, const_fn};

/// How numbers become one. `fold` is associative and commutative, and 0 changes nothing.
pub trait Fold: 'static {
    /// `a` and `b` as one.
    fn fold(a: u64, b: u64) -> u64;

    /// Folds `n` into a cell of the caller's own.
    fn put(cell: &AtomicU64, n: u64);

    /// Folds `n` into a word that others write too.
    fn put_shared(word: &AtomicU64, n: u64);
}

/// The sum, modulo 2^64.
#[derive(Debug)]
pub enum Add {}

impl Fold for Add {
    #[inline(always)]
    fn fold(a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn put(cell: &AtomicU64, n: u64) {
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    fn put_shared(word: &AtomicU64, n: u64) {
        word.fetch_add(n, Ordering::Relaxed);
    }
}

/// The greatest.
#[derive(Debug)]
pub enum Most {}

impl Fold for Most {
    fn fold(a: u64, b: u64) -> u64 {
        a.max(b)
    }

    #[inline(always)]
    fn put(cell: &AtomicU64, n: u64) {
        // Without a store the line stays where it is, with its readers too.
        if n > cell.load(Ordering::Relaxed) {
            cell.store(n, Ordering::Relaxed);
        }
    }

    fn put_shared(word: &AtomicU64, n: u64) {
        word.fetch_max(n, Ordering::Relaxed);
    }
}

/// See the head of the file.
pub struct Meter<F> {
    ticket: Ticket,
    rest: AtomicU64,
    locals: Roster<AtomicU64>,
    fold: PhantomData<fn() -> F>,
}

impl<F: Fold> Meter<F> {
    const_fn! {
        /// Nothing counted.
        pub fn new() -> Self {
            Self {
                ticket: Ticket::new(),
                rest: AtomicU64::new(0),
                locals: Roster::new(),
                fold: PhantomData,
            }
        }
    }

    /// Folds `n` in, on the calling thread.
    #[inline(always)]
    pub(super) fn put(&self, n: u64) {
        match home::cell(&self.ticket) {
            Some(cell) => F::put(cell, n),
            None => self.put_first(n),
        }
    }

    #[cold]
    #[inline(never)]
    fn put_first(&self, n: u64) {
        match home::first_cell(&self.ticket) {
            Some(cell) => F::put(cell, n),
            None => self.put_rest(n),
        }
    }

    /// Folds `n` in, as a thread without a cell does.
    pub fn put_rest(&self, n: u64) {
        F::put_shared(&self.rest, n);
    }

    /// All that was folded in.
    pub(super) fn total(&self) -> u64 {
        self.total_of(home::cells(&self.ticket))
    }

    fn total_of<'a>(&'a self, cells: impl Iterator<Item = &'a AtomicU64>) -> u64 {
        let rest = self.rest.load(Ordering::Relaxed);
        let cells = cells.chain(self.locals.iter());
        cells.fold(rest, |total, cell| F::fold(total, cell.load(Ordering::Relaxed)))
    }

    /// A cell for one owner.
    pub fn local(&self) -> Claim<'_, AtomicU64> {
        self.locals.claim(|| AtomicU64::new(0))
    }

    /// Forgets all that was folded in: the cells go back, and the next use begins with others.
    pub(super) fn reset(&mut self) {
        // Not by assignment: this value's `drop` would do the same once more.
        home::retire(&mut self.ticket);
        self.rest = AtomicU64::new(0);
        self.locals = Roster::new();
    }

    /// Folds `n` in with a model's own registry.
    #[doc(hidden)]
    pub fn put_in(&self, registry: &Registry, seat: &mut Seat<'_>, n: u64) {
        F::put(self.ticket.cell_in(registry, seat), n);
    }

    /// All that was folded in with a model's own registry.
    #[doc(hidden)]
    pub fn total_in(&self, registry: &Registry) -> u64 {
        self.total_of(registry.cells(&self.ticket))
    }

    /// What `drop` does, with a model's own registry.
    #[doc(hidden)]
    pub fn retire_in(mut self, registry: &Registry) {
        registry.retire(&mut self.ticket);
    }
}

impl<F: Fold> Default for Meter<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Drop for Meter<F> {
    fn drop(&mut self) {
        home::retire(&mut self.ticket);
    }
}

impl<F: Fold> fmt::Debug for Meter<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}
