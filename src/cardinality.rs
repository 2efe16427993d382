//! How many handles an end has: one, or many. A topology is two of these.
//!
//! The choice is a type, never an `if`: a handle of an end with [`One`] acts through `&mut self`, which is the proof
//! that nobody else acts at that end, and so needs no read-modify-write to take its turn. Cloning such a handle, or
//! acting through a shared reference, does not compile. Handles of an end with [`Many`] act through `&self` and take
//! their turns by compare-exchange.
//!
//! The methods are the steps in which the two differ, so that a mechanism is written once. Who moves an
//! index releases what it has seen; other orderings a caller says, and why.
//!
//! Edges: M1 and M2 with R1 and R2 of `raw/ring` and G5 of `raw/fan_out`, M3 with G6 there (nothing is seen that is older than
//! what led to the index).

use core::cell::Cell;
use core::ops::{Deref, DerefMut};

use crate::cacheline::CachePadded;
use crate::sync::{AtomicUsize, Ordering};

/// The number of handles at one end of a queue: [`One`] or [`Many`]. Sealed.
pub trait Cardinality: sealed::Sealed {
    /// What a handle lies in: padded if its own state changes with every operation.
    type Frame<T>: Deref<Target = T> + DerefMut;

    /// Wraps what a handle consists of.
    fn frame<T>(inner: T) -> Self::Frame<T>;

    /// A number that a handle remembers between operations.
    type Note;

    /// Nothing noted yet: 0.
    fn blank() -> Self::Note;

    /// Notes `new`, and says what was noted before.
    fn note(note: &Self::Note, new: usize) -> usize;

    /// Takes the turn at `index`, where `word` stood when the caller looked; false if somebody else has it.
    #[must_use]
    fn claim(word: &AtomicUsize, index: usize, next: usize) -> bool;

    /// Ends the turn that [`claim`](Self::claim) began, if that left it open.
    fn settle(word: &AtomicUsize, next: usize);

    /// Moves `word` past an index that nobody can use, unless somebody else did.
    fn pass(word: &AtomicUsize, index: usize, next: usize);

    /// Counts one handle more.
    fn join(handles: &AtomicUsize);

    /// Counts one handle less; says whether it was the last.
    fn leave(handles: &AtomicUsize, order: Ordering) -> bool;
}

/// Exactly one handle, which acts through `&mut self`.
#[derive(Debug)]
pub enum One {}

/// Any number of handles, which are `Clone` and `Sync`, and act through `&self`.
#[derive(Debug)]
pub enum Many {}

impl Cardinality for One {
    type Frame<T> = CachePadded<T>;

    fn frame<T>(inner: T) -> CachePadded<T> {
        CachePadded::new(inner)
    }

    type Note = Cell<usize>;

    fn blank() -> Cell<usize> {
        Cell::new(0)
    }

    /// (Not an atomic one: that would keep the handle's state out of registers in all loops that use it.)
    #[inline(always)]
    fn note(note: &Cell<usize>, new: usize) -> usize {
        note.replace(new)
    }

    /// Whoever asks has it. Nobody is told before [`settle`](Self::settle), when all is done.
    #[inline(always)]
    fn claim(_word: &AtomicUsize, _index: usize, _next: usize) -> bool {
        true
    }

    #[inline(always)]
    fn settle(word: &AtomicUsize, next: usize) {
        // ORDERING: (M3) Release, pairs with (fan_out::G6): as M1, for those who count; slots go over with their own state.
        word.store(next, Ordering::Release);
    }

    #[inline(always)]
    fn pass(word: &AtomicUsize, _index: usize, next: usize) {
        Self::settle(word, next);
    }

    fn join(_handles: &AtomicUsize) {}

    fn leave(_handles: &AtomicUsize, _order: Ordering) -> bool {
        true
    }
}

impl Cardinality for Many {
    type Frame<T> = Bare<T>;

    fn frame<T>(inner: T) -> Bare<T> {
        Bare(inner)
    }

    type Note = AtomicUsize;

    fn blank() -> AtomicUsize {
        AtomicUsize::new(0)
    }

    #[inline(always)]
    fn note(note: &AtomicUsize, new: usize) -> usize {
        // Relaxed: threads that share a handle may spoil it for each other.
        let before = note.load(Ordering::Relaxed);
        // Relaxed: likewise.
        note.store(new, Ordering::Relaxed);
        before
    }

    #[inline(always)]
    fn claim(word: &AtomicUsize, index: usize, next: usize) -> bool {
        // ORDERING: (M1) Release, pairs with (raw/ring::R1, raw/ring::R2, fan_out::G5): what we saw goes with the index. (What a
        // turn stands for goes over with the slot's state.)
        word.compare_exchange_weak(index, next, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    #[inline(always)]
    fn settle(_word: &AtomicUsize, _next: usize) {}

    #[inline(always)]
    fn pass(word: &AtomicUsize, index: usize, next: usize) {
        // ORDERING: (M2) Release, pairs with (raw/ring::R1, raw/ring::R2, fan_out::G5): as M1. If it fails, somebody else has
        // passed it.
        let _ = word.compare_exchange(index, next, Ordering::Release, Ordering::Relaxed);
    }

    fn join(handles: &AtomicUsize) {
        // Relaxed: the handle that is cloned keeps the queue alive.
        let before = handles.fetch_add(1, Ordering::Relaxed);
        assert!(before <= usize::MAX / 2, "raddle: more handles than memory can hold");
    }

    #[track_caller]
    fn leave(handles: &AtomicUsize, order: Ordering) -> bool {
        handles.fetch_sub(1, order) == 1
    }
}

/// A value as it is.
#[derive(Debug)]
pub struct Bare<T>(T);

impl<T> Deref for Bare<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Bare<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::One {}
    impl Sealed for super::Many {}
}
