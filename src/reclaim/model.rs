//! The grace period of models: as long as crossbeam-epoch promises, and no longer.
//!
//! crossbeam-epoch itself can run under a model checker, and does in its own tests. Ours would see little of our code then:
//! its bookkeeping takes 376 000 executions and 40 s for one pop beside one reader, and within what a model can afford no
//! node is ever reused. So a model trusts the promise, and checks what we make of it:
//!
//! - a chain is given on when every guard that was there when it was retired is gone, *at once* then, so that a wrong reuse
//!   happens within a few steps;
//! - what a guard's owner did happens before that (G3 to G4), and nothing else does: no lock, which would order more than
//!   the promise and hide what we forgot;
//! - who pins after a chain was retired doesn't find it any more (G1, G2), however old the values it reads elsewhere.
//!
//! What is not an atomic here is no part of the modelled program: all threads of a model share one thread of the system, so
//! this is a list that is exact at each step, and cleared when the last guard goes.
//!
//! Edges: G1 with G2 (who is too late for the one is in time for the other), G3 with G4 (guards go before nodes).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::cell::RefCell;
use core::fmt;

use super::local::give;
use super::node::{self, Chain};
use crate::sync::{AtomicUsize, Ordering, fence};

/// Each node enters its grace period at once.
pub(super) const fn batch(_layout: Layout) -> usize {
    1
}

/// So few spare nodes that the depot, and freeing, come into play.
pub(super) const fn limit(_layout: Layout) -> usize {
    1
}

std::thread_local! {
    static DOMAIN: RefCell<Domain> = const { RefCell::new(Domain { pins: Vec::new(), retired: Vec::new() }) };
}

struct Domain {
    pins: Vec<Arc<Pin>>,
    retired: Vec<Retired>,
}

/// One guard; the word is 1 when it is gone.
struct Pin(AtomicUsize);

struct Retired {
    chain: Chain,
    layout: Layout,
    waits_for: Vec<Arc<Pin>>,
}

/// Nothing is borrowed while a thread of the model may be switched: `f` touches no atomic.
fn domain<R>(f: impl FnOnce(&mut Domain) -> R) -> R {
    DOMAIN.with(|domain| f(&mut domain.borrow_mut()))
}

/// What keeps nodes that were retired from now on as they are.
pub(crate) struct Guard(Arc<Pin>);

/// A thread's place among those whose guards count; here there is nothing to know of a thread.
pub(super) struct Handle(());

impl Handle {
    pub(super) const fn new() -> Self {
        Self(())
    }

    #[expect(clippy::unused_self, reason = "as in the other arm")]
    pub(super) fn pin(&self) -> Guard {
        let pin = Arc::new(Pin(AtomicUsize::new(0)));
        domain(|domain| domain.pins.push(Arc::clone(&pin)));
        // ORDERING: (G1) SeqCst, pairs with (G2): a chain that doesn't wait for us was unlinked before we look.
        fence(Ordering::SeqCst);
        Guard(pin)
    }

    pub(super) unsafe fn defer<N>(&self, chain: Chain) {
        // SAFETY: passed on to the caller.
        unsafe { self.defer_of(chain, node::layout::<N>()) };
    }

    #[expect(clippy::unused_self, reason = "as in the other arm")]
    pub(super) unsafe fn defer_of(&self, chain: Chain, layout: Layout) {
        // ORDERING: (G2) SeqCst, pairs with (G1): the chain is unlinked before we ask who may still look.
        fence(Ordering::SeqCst);
        domain(|domain| {
            let waits_for = domain.pins.clone();
            domain.retired.push(Retired { chain, layout, waits_for });
        });
        collect();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // ORDERING: (G3) Release, pairs with (G4): we have looked.
        self.0.0.store(1, Ordering::Release);
        domain(|domain| domain.pins.retain(|pin| !Arc::ptr_eq(pin, &self.0)));
        collect();
    }
}

/// Gives on every chain whose grace period is over.
fn collect() {
    while let Some(Retired { chain, layout, waits_for }) = domain(Domain::over) {
        for pin in waits_for {
            // ORDERING: (G4) Acquire, pairs with (G3): the guard's owner has looked. (An RMW, since that sees the latest.)
            let gone = pin.0.fetch_add(0, Ordering::Acquire);
            assert_eq!(gone, 1, "a guard that is still there was not waited for");
        }
        give(chain, layout);
    }
}

impl Domain {
    fn over(&mut self) -> Option<Retired> {
        let is_there = |pin| self.pins.iter().any(|there| Arc::ptr_eq(there, pin));
        let over = self.retired.iter().position(|one| !one.waits_for.iter().any(is_there))?;
        Some(self.retired.swap_remove(over))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
