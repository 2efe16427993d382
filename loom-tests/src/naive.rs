//! The stack of `docs/aba.md`: it reuses nodes at once, and so it is wrong. Nodes are indices, so that it is wrong but not
//! undefined. The comparer's `atomics aba` runs it too, so it is there without the checker as well.

use raddle::stack::{IndexStack, Stack};
use raddle::sync::{AtomicU32, AtomicU64, Ordering};

/// A stack of small numbers, right or wrong.
pub trait Indices: Send + Sync + 'static {
    /// A stack with the numbers below `n` in it, 0 on top.
    fn full(n: u32) -> Self;
    /// Puts an index on top.
    fn push(&self, index: u32);
    /// Takes the topmost index.
    fn pop(&self) -> Option<u32>;
}

impl Indices for IndexStack {
    fn full(n: u32) -> Self {
        Self::full(n)
    }
    fn push(&self, index: u32) {
        self.push(index);
    }
    fn pop(&self) -> Option<u32> {
        self.pop()
    }
}

impl Indices for Stack<u32> {
    fn full(n: u32) -> Self {
        (0..n).rev().collect()
    }
    fn push(&self, index: u32) {
        self.push(index);
    }
    fn pop(&self) -> Option<u32> {
        self.pop()
    }
}

const NONE: u32 = u32::MAX;
/// One in the upper half of the head's word, where the tag is.
const TAG: u64 = 1 << 32;

/// The same without a tag; or, to see what a tag does, with one.
///
/// ```text
///   head { tag 32, index 32 }
/// ```
#[derive(Debug)]
pub struct Naive {
    head: AtomicU64,
    links: Vec<AtomicU32>,
    /// What a push adds to the tag: nothing, and that is what is wrong.
    step: u64,
}

/// What the first half of a pop saw.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    head: u64,
    below: u32,
}

/// The index in a head's word.
#[expect(clippy::cast_possible_truncation, reason = "the lower half of a word")]
const fn index(head: u64) -> u32 {
    head as u32
}

impl Naive {
    fn new(n: u32, step: u64) -> Self {
        let link = |i| AtomicU32::new(if i + 1 < n { i + 1 } else { NONE });
        Self { head: AtomicU64::new(0), links: (0..n).map(link).collect(), step }
    }

    /// As [`Indices::full`], but each push counts a tag up, as `IndexStack` does.
    pub fn tagged(n: u32) -> Self {
        Self::new(n, TAG)
    }

    /// The tag of the head.
    pub fn tag(&self) -> u64 {
        self.head.load(Ordering::Relaxed) / TAG
    }

    /// The first half of a pop: the head, and what is below it.
    pub fn look(&self) -> Option<Look> {
        let head = self.head.load(Ordering::Acquire);
        // Between here and the exchange, the top may be popped, and pushed again on top of something else.
        let link = self.links.get(index(head) as usize)?;
        Some(Look { head, below: link.load(Ordering::Relaxed) })
    }

    /// The second half: the top, if the head is still the same.
    pub fn exchange(&self, look: Look) -> Option<u32> {
        let new = look.head - u64::from(index(look.head)) + u64::from(look.below);
        let relaxed = Ordering::Relaxed;
        self.head.compare_exchange(look.head, new, relaxed, relaxed).ok().map(index)
    }

    /// The indices from the top down, `most` of them at most: a stack that is broken may go round in circles.
    pub fn indices(&self, most: usize) -> Vec<u32> {
        let below = |&top: &u32| Some(self.links.get(top as usize)?.load(Ordering::Relaxed));
        let top = index(self.head.load(Ordering::Relaxed));
        let all = core::iter::successors(Some(top), below);
        all.take_while(|&index| index != NONE).take(most).collect()
    }
}

impl Indices for Naive {
    fn full(n: u32) -> Self {
        Self::new(n, 0)
    }

    fn push(&self, pushed: u32) {
        loop {
            let head = self.head.load(Ordering::Relaxed);
            self.links[pushed as usize].store(index(head), Ordering::Relaxed);
            let new = (head - u64::from(index(head)) + u64::from(pushed)).wrapping_add(self.step);
            let (release, relaxed) = (Ordering::Release, Ordering::Relaxed);
            if self.head.compare_exchange(head, new, release, relaxed).is_ok() {
                return;
            }
        }
    }

    fn pop(&self) -> Option<u32> {
        loop {
            let popped = self.exchange(self.look()?);
            if popped.is_some() {
                return popped;
            }
        }
    }
}

/// One thread pops; another pops twice and pushes the first one back. Says what the first got, and what is left: if one
/// index is there twice, or in hand and there, two owners have the same slot.
///
/// # Panics
/// If the other thread does.
#[cfg(loom)]
pub fn pop_beside_pop_pop_push<S: Indices>() -> (Option<u32>, Vec<u32>) {
    let stack = loom::sync::Arc::new(S::full(2));
    let other = loom::thread::spawn({
        let stack = loom::sync::Arc::clone(&stack);
        move || {
            let (a, b) = (stack.pop(), stack.pop());
            if let Some(a) = a {
                stack.push(a);
            }
            b
        }
    });
    let mine = stack.pop();
    let theirs = other.join().unwrap();
    // In someone's hands, or still in the stack.
    let mut owned: Vec<u32> = mine.into_iter().chain(theirs).collect();
    owned.extend((0..3).map_while(|_| stack.pop()));
    owned.sort_unstable();
    (mine, owned)
}
