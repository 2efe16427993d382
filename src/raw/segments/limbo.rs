//! Segments that the consumers have left, with a slot in somebody's hands.
//!
//! ```text
//!   limbo -> | segment | -> | segment | -> nothing
//! ```
//!
//! Whoever leaves a segment takes them all, pays for the slots of those whose lap is over by now, and puts the others back. So
//! to end a slot's lap takes one store, which tells nobody, and a thread that is frozen with a slot in hand keeps its segment,
//! no other. One that is frozen with the list in hand keeps what is on it: each of these had a thread in the middle of an
//! operation when it was last looked at, or was added by a thread that is in the middle of leaving, so they are no more than
//! the threads; and whoever comes next begins a new list.
//!
//! *Why a stack is enough.* Nobody takes one of them: all are taken or one is added, so it does no harm if the first one was away
//! in between.
//!
//! Edges: W1 with W2 (what is behind the first).

use super::segment::{Segment, Word};
use crate::sync::{AtomicUsize, Ordering};

/// The address of the first, or 0.
pub(super) struct Limbo(AtomicUsize);

impl Limbo {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Adds a segment, which is not in it.
    #[cold]
    pub(super) fn add<T>(&self, segment: Segment<T>) {
        // Relaxed: compared only.
        let mut first = self.0.load(Ordering::Relaxed);
        let added = segment.word().0;
        loop {
            // Relaxed: seen with the segment.
            segment.behind().store(first, Ordering::Relaxed);
            // ORDERING: (W1) Release, pairs with (W2): what is behind it is seen with it.
            match self.0.compare_exchange_weak(first, added, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => first = now,
            }
        }
    }

    /// Takes all of them, which are segments of `T`s.
    pub(super) fn take_all<T>(&self) -> impl Iterator<Item = Segment<T>> {
        let mut next = 0;
        // Relaxed: a look, since there is hardly ever one.
        if self.0.load(Ordering::Relaxed) != 0 {
            // ORDERING: (W2) Acquire, pairs with (W1): each knows the one behind. (Between the steps that added them lie
            // read-modify-writes only.)
            next = self.0.swap(0, Ordering::Acquire);
        }
        core::iter::from_fn(move || {
            // SAFETY: it owes for its slots, and whoever has it from here pays that.
            let segment = (next != 0).then(|| unsafe { Segment::<T>::of(Word(next)) })?;
            // Relaxed: written before it was added.
            next = segment.behind().load(Ordering::Relaxed);
            Some(segment)
        })
    }
}
