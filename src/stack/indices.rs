//! The index stack: a Treiber stack of small numbers, whose links lie in an array and whose head carries a tag.
//!
//! ```text
//!   head                              links, one per index
//!   +-----------+-----------+         +------+-----+------+------+
//!   | tag    32 | index  32 |         | NONE | OUT |  0   |  2   |      3 on top, then 2, 0; 1 is out
//!   +-----------+-----------+         +------+-----+------+------+
//!        17           3                  0      1     2      3
//! ```
//!
//! *Invariant.* From the head's index, following links, one finds each index that is in the stack once, then [`NONE`]. The
//! link of an index that is out says [`OUT`].
//!
//! *ABA.* A pop that read index `i` and its link may be held up while `i` is popped and pushed again. Links are never freed,
//! so it may look at any time, without a guard; and each push counts the tag up, so its exchange fails although `i` is on top
//! again. It would succeed after exactly 2^32 pushes (or a multiple) within one pop: three minutes of doing nothing else at
//! 20 million a second, with the last of them landing on the very index. See `docs/aba.md`.
//!
//! *Why it is right.* As for the stack of nodes: an operation takes effect at its compare-exchange. The head is changed by
//! read-modify-writes only, so who acquires it (I2) sees the links that were released with it (I1), and all that the pusher
//! did with what the index stands for.
//!
//! *Source.* The tag: IBM System/370 Principles of Operation, appendix A, "Multiprogramming and multiprocessing examples", 1970s;
//! R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986.
//!
//! Edges: I1 with I2 (links go over, and what the indices stand for).

use alloc::boxed::Box;
use core::fmt;

use crate::backoff::Backoff;
use crate::cacheline::CachePadded;
use crate::sync::{AtomicU32, AtomicU64, Ordering, prefetch_write};

/// No index.
const NONE: u32 = u32::MAX;
/// The link of an index that isn't in the stack.
const OUT: u32 = u32::MAX - 1;

/// The head: `{ tag, index }`.
#[derive(Clone, Copy)]
struct Head {
    tag: u32,
    index: u32,
}

impl Head {
    #[inline(always)]
    const fn word(self) -> u64 {
        (self.tag as u64) << 32 | self.index as u64
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a word")]
    const fn from(word: u64) -> Self {
        Self { tag: (word >> 32) as u32, index: word as u32 }
    }
}

/// A stack of the numbers below a capacity, each in it once or not: the free list of a pool, an arena, an allocator.
///
/// Lock-free, and once it is made it never allocates or frees; it needs no operating system and no epochs. What a thread did
/// with a slot before it pushed the slot's index is seen by the thread that pops it.
///
/// ```
/// use raddle::stack::IndexStack;
///
/// let free = IndexStack::full(2); // both slots are free
/// let (a, b) = (free.pop().unwrap(), free.pop().unwrap());
/// assert_eq!((a, b, free.pop()), (0, 1, None));
/// free.push(a);
/// assert_eq!(free.pop(), Some(a));
/// ```
///
/// Numbers are not guarded by the type: who pushes an index that it did not pop gets a panic at best, or an index that two
/// threads think is theirs. Code that builds `unsafe` on it must keep count itself.
pub struct IndexStack {
    head: CachePadded<AtomicU64>,
    links: Box<[AtomicU32]>,
}

impl IndexStack {
    /// An empty stack for the numbers below `capacity`, all of which are out.
    ///
    /// ```
    /// let stack = raddle::stack::IndexStack::empty(8);
    /// assert_eq!(stack.pop(), None);
    /// stack.push(7);
    /// ```
    ///
    /// # Panics
    /// If `capacity` is 0 or more than `u32::MAX - 1`.
    #[must_use]
    pub fn empty(capacity: u32) -> Self {
        Self::new(capacity, NONE, |_| OUT)
    }

    /// A stack with all numbers below `capacity` in it, 0 on top.
    ///
    /// ```
    /// let free = raddle::stack::IndexStack::full(3);
    /// assert!(std::iter::from_fn(|| free.pop()).eq(0..3));
    /// ```
    ///
    /// # Panics
    /// If `capacity` is 0 or more than `u32::MAX - 1`.
    #[must_use]
    pub fn full(capacity: u32) -> Self {
        Self::new(capacity, 0, |index| if index + 1 < capacity { index + 1 } else { NONE })
    }

    fn new(capacity: u32, index: u32, link: impl Fn(u32) -> u32) -> Self {
        assert!(
            (1..=OUT).contains(&capacity),
            "raddle: an index stack needs a capacity of 1 to {OUT}, got {capacity}"
        );
        Self {
            head: CachePadded::new(AtomicU64::new(Head { tag: 0, index }.word())),
            links: (0..capacity).map(|index| AtomicU32::new(link(index))).collect(),
        }
    }

    /// Puts `index` on top.
    ///
    /// Lock-free.
    ///
    /// # Panics
    /// If `index` is not below the capacity, or is in the stack already. (The latter is certain only if nobody else pushes or
    /// pops that index at the same time.)
    #[inline]
    pub fn push(&self, index: u32) {
        let link = match self.links.get(index as usize) {
            Some(link) if link.load(Ordering::Relaxed) == OUT => link,
            _ => self.refuse(index),
        };
        let backoff = Backoff::new();
        loop {
            // Relaxed: only compared.
            let head = self.head.load(Ordering::Relaxed);
            let Head { tag, index: below } = Head::from(head);
            link.store(below, Ordering::Relaxed);
            let new = Head { tag: tag.wrapping_add(1), index }.word();
            // ORDERING: (I1) Release, pairs with (I2): the link, and what was done with the slot.
            let pushed =
                self.head.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed);
            if pushed.is_ok() {
                return;
            }
            backoff.lose();
        }
    }

    /// Takes the topmost index; `None` if there is none.
    ///
    /// Lock-free.
    #[inline]
    pub fn pop(&self) -> Option<u32> {
        prefetch_write(&raw const *self.head);
        let backoff = Backoff::new();
        loop {
            // ORDERING: (I2) Acquire, pairs with (I1): the link of the index, and the slot that it stands for.
            let head = self.head.load(Ordering::Acquire);
            let Head { tag, index } = Head::from(head);
            if index == NONE {
                return None;
            }
            let link = &self.links[index as usize];
            // Of somebody else's by now, perhaps; then the exchange fails.
            let new = Head { tag, index: link.load(Ordering::Relaxed) }.word();
            let relaxed = Ordering::Relaxed;
            // Relaxed: what our successors need was released by the pushers.
            if self.head.compare_exchange_weak(head, new, relaxed, relaxed).is_ok() {
                link.store(OUT, Ordering::Relaxed);
                return Some(index);
            }
            backoff.lose();
        }
    }

    /// Whether there was no index in it a moment ago; somebody else may have changed that since. Wait-free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Head::from(self.head.load(Ordering::Relaxed)).index == NONE
    }

    /// All indices are below this.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        u32::try_from(self.links.len()).unwrap_or(OUT)
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self, index: u32) -> ! {
        let capacity = self.capacity();
        assert!(
            index < capacity,
            "raddle: index {index} pushed to a stack of those below {capacity}"
        );
        panic!("raddle: index {index} pushed to a stack that it is in already");
    }
}

impl fmt::Debug for IndexStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexStack")
            .field("capacity", &self.capacity())
            .field("is_empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests {
    use super::*;

    /// After 2^32 pushes the tag begins anew, and no push leaves it as it was.
    #[test]
    fn the_tag_comes_round() {
        let stack = IndexStack::full(2);
        let head = || Head::from(stack.head.load(Ordering::Relaxed));
        let start = u32::MAX - 2;
        stack.head.store(Head { tag: start, ..head() }.word(), Ordering::Relaxed);
        for pushes in (0..8).step_by(2) {
            assert_eq!(head().tag, start.wrapping_add(pushes));
            assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Some(0), Some(1), None));
            stack.push(1);
            stack.push(0);
        }
    }
}
