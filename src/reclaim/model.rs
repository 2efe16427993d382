//! The grace period of models: as long as crossbeam-epoch promises, and no longer.
//!
//! crossbeam-epoch itself can run under a model checker, and does in its own tests. Ours would see little of our code then:
//! its bookkeeping takes 376 000 executions and 40 s for one pop beside one reader, and within what a model can afford no
//! node is ever reused. So a model trusts the promise, and checks what we make of it:
//!
//! - a chain is given on when every guard that was there when it was retired is gone, *at once* then, so that a wrong reuse
//!   happens within a few steps;
//! - what the owners of all earlier guards did under them happens before that (G3 to G4), and what the retiring thread did
//!   (G2 to G4), but nothing else does: a lock would order more than is promised, and hide what we forgot;
//! - who pins after a chain was retired doesn't find it any more (G1, G2), however old the values it reads elsewhere.
//!
//! The list of guards is no part of the modelled program: threads of a model take turns, so it is exact at each step.
//!
//! Edges: G1 with G2 (who is too late for the one is in time for the other), G3 with G4 (guards go before
//! nodes), G2 with G4 (who retires a node is done with it).

use alloc::vec::Vec;
use core::alloc::Layout;
use core::cell::OnceCell;
use core::fmt;
use std::sync::{Mutex, PoisonError};

use super::local::give;
use super::node::{self, Chain};
use crate::sync::{AtomicUsize, Ordering, fence, per_execution};

/// Each node enters its grace period at once.
pub(super) const fn batch(_layout: Layout) -> usize {
    1
}

/// The same for nodes that come by chains.
pub(super) const fn pile(layout: Layout) -> usize {
    batch(layout)
}

/// So few spare nodes that the depot, and freeing, come into play.
pub(super) const fn limit(_layout: Layout) -> usize {
    1
}

per_execution! {
    static DOMAIN: Shared = Shared::default();
}

/// More than a model has.
const THREADS: usize = 8;

#[derive(Default)]
struct Shared {
    /// Of each thread, a word that it writes when a guard of its goes, or a chain is retired.
    words: [Word; THREADS],
    /// Written by who pins and read by who retires, so that the checker tries both orders. It publishes nothing.
    turn: Word,
    domain: Mutex<Domain>,
}

struct Word(AtomicUsize);

impl Default for Word {
    fn default() -> Self {
        Self(AtomicUsize::new(0))
    }
}

#[derive(Default)]
struct Domain {
    /// How many threads have a word.
    threads: usize,
    /// The guards that are there, by number.
    guards: Vec<usize>,
    /// How many there ever were.
    count: usize,
    retired: Vec<Retired>,
}

struct Retired {
    chain: Chain,
    layout: Layout,
    waits_for: Vec<usize>,
}

// SAFETY: retired nodes are nobody's.
unsafe impl Send for Retired {}

/// Not locked while a thread of the model may be switched: `f` touches no atomic.
fn domain<R>(f: impl FnOnce(&mut Domain) -> R) -> R {
    f(&mut DOMAIN.domain.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What keeps nodes that were retired from now on as they are.
pub(crate) struct Guard {
    number: usize,
    thread: usize,
}

/// A thread's place among those whose guards count.
pub(super) struct Handle(OnceCell<usize>);

impl Handle {
    pub(super) const fn new() -> Self {
        Self(OnceCell::new())
    }

    pub(super) fn pin(&self) -> Guard {
        let thread = self.thread();
        DOMAIN.turn.0.store(1, Ordering::Relaxed);
        let number = domain(|domain| {
            domain.count += 1;
            domain.guards.push(domain.count);
            domain.count
        });
        // ORDERING: (G1) SeqCst, pairs with (G2): a chain that doesn't wait for us was unlinked before we look.
        fence(Ordering::SeqCst);
        Guard { number, thread }
    }

    pub(super) unsafe fn defer<N>(&self, chain: Chain) {
        // SAFETY: passed on to the caller.
        unsafe { self.defer_of(chain, node::layout::<N>()) };
    }

    fn thread(&self) -> usize {
        *self.0.get_or_init(|| {
            domain(|domain| {
                domain.threads += 1;
                domain.threads - 1
            })
        })
    }

    pub(super) unsafe fn defer_of(&self, chain: Chain, layout: Layout) {
        // ORDERING: (G2) SeqCst, pairs with (G1, G4): the chain is unlinked before we ask who may still look.
        fence(Ordering::SeqCst);
        // Relaxed: the fence before it releases what we did with the nodes (to G4).
        DOMAIN.words[self.thread()].0.fetch_add(0, Ordering::Relaxed);
        DOMAIN.turn.0.load(Ordering::Relaxed);
        domain(|domain| {
            let waits_for = domain.guards.clone();
            domain.retired.push(Retired { chain, layout, waits_for });
        });
        collect();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // ORDERING: (G3) Release, pairs with (G4): we have looked.
        DOMAIN.words[self.thread].0.store(self.number, Ordering::Release);
        domain(|domain| domain.guards.retain(|&number| number != self.number));
        collect();
    }
}

/// Gives on every chain whose grace period is over.
fn collect() {
    while let Some((Retired { chain, layout, .. }, threads)) = domain(Domain::over) {
        for word in &DOMAIN.words[..threads] {
            // ORDERING: (G4) Acquire, pairs with (G2, G3): nobody looks any more. (An RMW, since that sees the latest.)
            word.0.fetch_add(0, Ordering::Acquire);
        }
        give(chain, layout);
    }
}

impl Domain {
    /// A chain that no guard is left for, and how many threads have a word.
    fn over(&mut self) -> Option<(Retired, usize)> {
        let is_there = |number| self.guards.contains(number);
        let over = self.retired.iter().position(|one| !one.waits_for.iter().any(is_there))?;
        Some((self.retired.swap_remove(over), self.threads))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
