//! A counter of padded words, as many as there are cores; each thread adds to one of them with a locked add.
//!
//! ```text
//!   words   [ 12 ]  [ 7 ]  [ 0 ]  [ 31 ]      a line each
//!              ^ threads 0, 4, 8 ..
//! ```
//!
//! The number of words doesn't grow with the threads, nor with the counters' age; every counter pays all of them at once.

use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicU64, AtomicUsize, Ordering};

/// See the head of the file.
#[derive(Debug)]
pub struct StripedCounter {
    /// A power of two.
    words: Box<[CachePadded<AtomicU64>]>,
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Which word this thread takes: the number of threads before it.
    static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

impl StripedCounter {
    /// Words for so many cores.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        let words = cores.max(1).next_power_of_two();
        Self { words: (0..words).map(|_| CachePadded::new(AtomicU64::new(0))).collect() }
    }

    /// Adds `n`.
    #[inline(always)]
    pub fn add(&self, n: u64) {
        let number = NUMBER.with(|number| *number);
        self.words[number & (self.words.len() - 1)].fetch_add(n, Ordering::Relaxed);
    }

    /// What was added.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.words.iter().map(|word| word.load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_lose_nothing_and_use_all_words() {
        let counter = StripedCounter::new(3);
        let add = || (0..10_000).for_each(|_| counter.add(1));
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
        assert_eq!((counter.sum(), counter.words.len()), (40_000, 4));
        let used = counter.words.iter().filter(|word| word.load(Ordering::Relaxed) > 0).count();
        assert!(used > 1, "all in one word");
    }
}
