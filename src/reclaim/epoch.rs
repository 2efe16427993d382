//! The grace period of production builds: crossbeam-epoch, with a collector of our own.
//!
//! Of our own, so that a guard which some other crate keeps for long (or leaks) can't stop the reuse of our nodes: ours are
//! held for the length of one operation.
//!
//! *Source.* K. Fraser, "Practical lock-freedom", PhD thesis, University of Cambridge, 2004, section 5.2.3.

use core::alloc::Layout;
use core::cell::OnceCell;
use std::sync::OnceLock;

use crossbeam_epoch::{Collector, LocalHandle};

use super::local::give;
use super::node::{self, Chain};

/// What keeps nodes that were retired from now on as they are.
pub(crate) use crossbeam_epoch::Guard;

/// So many nodes of a thread enter their grace period together: the more, the less each costs, since each batch costs an
/// allocation in crossbeam-epoch; but all of them are cold by the time they return. Measured in `docs/stack.md`.
pub(super) const fn batch(layout: Layout) -> usize {
    let fit = 32 * 1024 / layout.size();
    if fit < 64 {
        64
    } else if fit < 256 {
        fit
    } else {
        256
    }
}

/// The same for nodes that come by chains: more, since who takes a thousand nodes at a time would otherwise pay the epoch each
/// time; but few against what is kept.
pub(super) const fn pile(layout: Layout) -> usize {
    let (four, share) = (4 * batch(layout), limit(layout) / 4);
    if four < share { four } else { share }
}

/// How many spare nodes a thread, or a stack, keeps at most: four batches at least, since that many are under way at a time.
pub(super) const fn limit(layout: Layout) -> usize {
    let fit = 128 * 1024 / layout.size();
    if fit < 4 * batch(layout) { 4 * batch(layout) } else { fit }
}

static COLLECTOR: OnceLock<Collector> = OnceLock::new();

/// A thread's place among those whose guards count.
pub(super) struct Handle(OnceCell<LocalHandle>);

impl Handle {
    pub(super) const fn new() -> Self {
        Self(OnceCell::new())
    }

    #[inline(always)]
    pub(super) fn pin(&self) -> Guard {
        match self.0.get() {
            Some(handle) => handle.pin(),
            None => self.register(),
        }
    }

    #[cold]
    fn register(&self) -> Guard {
        self.0.get_or_init(|| COLLECTOR.get_or_init(Collector::new).register()).pin()
    }

    /// Has `chain`, nodes of type `N`, given to the thread that notices the end of their grace period.
    ///
    /// # Safety
    /// As for `Local::retire`.
    pub(super) unsafe fn defer<N>(&self, chain: Chain) {
        let guard = self.pin();
        // Three words: crossbeam-epoch keeps them without an allocation.
        // SAFETY: the nodes are unlinked, so at the end of the grace period they are nobody's.
        unsafe { guard.defer_unchecked(move || give(chain, node::layout::<N>())) };
        guard.flush();
    }

    /// As [`defer`](Self::defer), for nodes of a type that is not known any more; this allocates.
    ///
    /// # Safety
    /// As for `defer`.
    pub(super) unsafe fn defer_of(&self, chain: Chain, layout: Layout) {
        let guard = self.pin();
        // SAFETY: as above.
        unsafe { guard.defer_unchecked(move || give(chain, layout)) };
        guard.flush();
    }
}
