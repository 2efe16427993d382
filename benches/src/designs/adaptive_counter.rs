//! One word for as long as nobody minds, and padded cells from the first lost race on: Java's `LongAdder`.
//!
//! ```text
//!   base [ 17 ]      cells   none, until a compare-exchange of the base fails; then as many as there are cores,
//!                            each thread at the one its number says, and at another after a failure there
//! ```
//!
//! After Doug Lea's `Striped64` (2011, OpenJDK). There the table doubles; here it comes whole, since cores are few.

use core::cell::Cell;
use std::sync::OnceLock;

use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicU64, AtomicUsize, Ordering};

/// See the head of the file.
#[derive(Debug)]
pub struct AdaptiveCounter {
    base: AtomicU64,
    cores: usize,
    cells: OnceLock<Box<[CachePadded<AtomicU64>]>>,
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Which cell this thread tries first.
    static PROBE: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
}

/// Whether `word` got `n` added at the first try.
#[inline(always)]
fn try_add(word: &AtomicU64, n: u64) -> bool {
    let old = word.load(Ordering::Relaxed);
    let new = old.wrapping_add(n);
    word.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

impl AdaptiveCounter {
    /// At most so many cells, rounded up to a power of two.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        let cores = cores.max(1).next_power_of_two();
        Self { base: AtomicU64::new(0), cores, cells: OnceLock::new() }
    }

    /// Adds `n`.
    #[inline(always)]
    pub fn add(&self, n: u64) {
        match self.cells.get().map(|cells| &**cells) {
            None if try_add(&self.base, n) => {}
            cells => self.add_to(cells, n),
        }
    }

    #[inline(never)]
    fn add_to(&self, cells: Option<&[CachePadded<AtomicU64>]>, n: u64) {
        let cells = cells.unwrap_or_else(|| {
            self.cells.get_or_init(|| (0..self.cores).map(|_| CachePadded::default()).collect())
        });
        PROBE.with(|probe| {
            while !try_add(&cells[probe.get() & (cells.len() - 1)], n) {
                probe.set(probe.get() + 1);
            }
        });
    }

    /// What was added.
    #[must_use]
    pub fn sum(&self) -> u64 {
        let cells = self.cells.get().map_or(&[][..], |cells| cells);
        let cells = cells.iter().map(|cell| cell.load(Ordering::Relaxed));
        cells.fold(self.base.load(Ordering::Relaxed), u64::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_lose_nothing() {
        let counter = AdaptiveCounter::new(3);
        let add = || (0..50_000).for_each(|_| counter.add(1));
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
        assert_eq!(counter.sum(), 200_000);
    }

    #[test]
    fn both_the_base_and_the_cells_count() {
        let counter = AdaptiveCounter::new(3);
        counter.add(2);
        assert!(counter.cells.get().is_none());
        counter.add_to(None, 3);
        counter.add(4);
        assert_eq!((counter.cells.get().map(|cells| cells.len()), counter.sum()), (Some(4), 9));
    }
}
