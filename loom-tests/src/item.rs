//! Items that must be dropped, and once.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use raddle::sync::Tracked;

/// An item that counts its drops, and that loom misses if it is never dropped.
#[derive(Debug)]
pub struct Item(
    Arc<AtomicUsize>,
    #[expect(dead_code, reason = "it is there to be dropped")] Tracked,
);

impl Drop for Item {
    fn drop(&mut self) {
        // Not loom's: a count that the model doesn't see.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// How many items were dropped.
#[derive(Debug)]
pub struct Drops(Arc<AtomicUsize>);

impl Drops {
    /// So many until now.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A count of drops, and what makes the items that it counts.
pub fn counted() -> (Drops, impl Fn() -> Item + Clone + Send + 'static) {
    let drops = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&drops);
    (Drops(drops), move || Item(Arc::clone(&counter), Tracked::new()))
}
