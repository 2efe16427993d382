//! Which thread has which block, and which counter has which place. A process has one; models make their own.
//!
//! ```text
//!                   counter 1    counter 2    counter 3        a place each, handed out on first use
//!                       |            |            |
//!   block of thread A [ cell       cell         cell .. ]      a seat each, claimed on first use, and given back as the
//!   block of thread B [ cell       cell         cell .. ]      thread ends: the next thread adopts the block with its values
//!   block vacant      [ cell       cell         cell .. ]
//! ```
//!
//! *A counter's value is the sum down its column.* The owner of a block adds to its cell with a load and a store: nobody
//! else writes there. What a finished thread counted stays where it is, and is never moved, so nothing is seen twice.
//!
//! *A place is handed out again* after its counter was dropped, with zero in all of its cells. `drop` has the counter
//! for itself, so no addition is under way, and every cell that counted is visible to it. Zeros come before the place's
//! return (the lock), its return before it is handed out again (the lock), and that before any use (I1 to I2): who learns
//! the place finds zero, even in a cell where the same thread once wrote something else.
//!
//! Edges: I1 with I2 (places).

use alloc::vec::Vec;
use core::fmt;
use std::sync::PoisonError;

use super::block::{Block, Place};
use super::roster::{Claim, Roster};
use crate::sync::{AtomicU64, Mutex, Ordering, const_fn};

/// See the head of the file.
pub struct Registry {
    blocks: Roster<Block>,
    places: Mutex<Places>,
}

struct Places {
    /// How many were ever handed out.
    fresh: usize,
    /// Those of counters that were dropped.
    free: Vec<Place>,
}

/// A thread's right to a block.
pub type Seat<'a> = Claim<'a, Block>;

impl Registry {
    const_fn! {
        /// No block, and every place free.
        pub fn new() -> Self {
            let places = Places { fresh: 0, free: Vec::new() };
            Self { blocks: Roster::new(), places: Mutex::new(places) }
        }
    }

    /// A block whose owner left, or else a new one.
    pub fn join(&self) -> Seat<'_> {
        self.blocks.claim(Block::new)
    }

    /// The place in `ticket`, which gets one if it has none.
    pub(super) fn place(&self, ticket: &Ticket) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        // Relaxed: places are handed out under the lock.
        let known = Ticket::unpack(ticket.place.load(Ordering::Relaxed));
        if known.chunk() != Place::NONE {
            return known;
        }
        let place = places.free.pop().unwrap_or_else(|| {
            let place = Place::nth(places.fresh);
            places.fresh += 1;
            place
        });
        // ORDERING: (I1) Release, pairs with (I2): zero in the cells of a place that had another counter.
        ticket.place.store(Ticket::pack(place), Ordering::Release);
        place
    }

    /// The cells of `ticket` that exist, one per block at most.
    pub fn cells(&self, ticket: &Ticket) -> impl Iterator<Item = &AtomicU64> {
        let place = ticket.place();
        self.blocks.iter().filter_map(move |block| block.seen(place))
    }

    /// Takes the place in `ticket` back.
    pub fn retire(&self, ticket: &mut Ticket) {
        let place = ticket.place();
        if place.chunk() == Place::NONE {
            return;
        }
        for cell in self.cells(ticket) {
            // Relaxed: see the head of the file.
            cell.store(0, Ordering::Relaxed);
        }
        ticket.place.store(NO_PLACE, Ordering::Relaxed);
        self.places.lock().unwrap_or_else(PoisonError::into_inner).free.push(place);
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

/// What a counter has of a registry: its place, from its first use on.
///
/// In one word of two halves: one load less than two words, in an addition that has four; and halves take one instruction
/// to part, which more economical fields don't. Measured in `docs/counters.md`.
pub struct Ticket {
    /// The index of the place, and in the lower half its chunk; or [`NO_PLACE`].
    place: AtomicU64,
}

/// No counter has an index in chunk 0.
const NO_PLACE: u64 = Place::NONE as u64;

impl Ticket {
    const_fn! {
        /// No place yet.
        pub fn new() -> Self {
            Self { place: AtomicU64::new(NO_PLACE) }
        }
    }

    const fn pack(place: Place) -> u64 {
        (place.index() as u64) << 32 | place.chunk() as u64
    }

    #[inline(always)]
    const fn unpack(word: u64) -> Place {
        // SAFETY: what a ticket holds is `NO_PLACE`, or a place that was packed.
        unsafe { Place::new(word as u32, (word >> 32) as u32) }
    }

    #[inline(always)]
    pub(super) fn place(&self) -> Place {
        // ORDERING: (I2) Acquire, pairs with (I1): the place's cells are zero, or what this counter made of them.
        Self::unpack(self.place.load(Ordering::Acquire))
    }

    /// This counter's cell in the block of `seat`, a seat of `registry`.
    pub fn cell_in<'a>(&self, registry: &Registry, seat: &mut Seat<'a>) -> &'a AtomicU64 {
        let mut place = self.place();
        if place.chunk() == Place::NONE {
            place = registry.place(self);
        }
        seat.own().grow(place)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}
