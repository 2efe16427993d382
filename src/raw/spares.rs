//! Free memory that is kept for use again.
//!
//! Edges: R1 with R2 (it goes over).

use crate::sync::{AtomicUsize, Ordering};

/// How many empty segments an unbounded queue keeps.
pub(super) const SPARES: usize = 4;

/// Up to `N` addresses, given and taken by any thread.
pub(super) struct Spares<const N: usize>([AtomicUsize; N]);

impl<const N: usize> Spares<N> {
    /// None yet.
    pub(super) fn new() -> Self {
        Self([(); N].map(|()| AtomicUsize::new(0)))
    }

    /// Takes one, if there is any.
    pub(super) fn take(&self) -> Option<usize> {
        for spare in &self.0 {
            // Relaxed: a look, so that an empty place costs no more.
            if spare.load(Ordering::Relaxed) != 0 {
                // ORDERING: (R2) Acquire, pairs with (R1): it was made as new.
                let address = spare.swap(0, Ordering::Acquire);
                if address != 0 {
                    return Some(address);
                }
            }
        }
        None
    }

    /// Keeps `address`, if there is room; says whether it did.
    #[must_use]
    pub(super) fn keep(&self, address: usize) -> bool {
        self.0.iter().any(|spare| {
            // ORDERING: (R1) Release, pairs with (R2): it was made as new.
            spare.compare_exchange(0, address, Ordering::Release, Ordering::Relaxed).is_ok()
        })
    }
}
