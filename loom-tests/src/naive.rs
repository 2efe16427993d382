//! The stack of `docs/aba.md`: it reuses nodes at once, and so it is wrong. Nodes are indices, so that it is wrong but not
//! undefined.

use raddle::stack::IndexStack;
use raddle::sync::{AtomicUsize, Ordering};

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

const NONE: usize = usize::MAX;

/// The same without a tag.
#[derive(Debug)]
pub struct Naive {
    head: AtomicUsize,
    links: Vec<AtomicUsize>,
}

impl Indices for Naive {
    fn full(n: u32) -> Self {
        let n = n as usize;
        let link = |i| AtomicUsize::new(if i + 1 < n { i + 1 } else { NONE });
        Self { head: AtomicUsize::new(0), links: (0..n).map(link).collect() }
    }

    fn push(&self, index: u32) {
        loop {
            let below = self.head.load(Ordering::Relaxed);
            self.links[index as usize].store(below, Ordering::Relaxed);
            let (release, relaxed) = (Ordering::Release, Ordering::Relaxed);
            if self.head.compare_exchange(below, index as usize, release, relaxed).is_ok() {
                return;
            }
        }
    }

    fn pop(&self) -> Option<u32> {
        loop {
            let top = self.head.load(Ordering::Acquire);
            if top == NONE {
                return None;
            }
            // Between here and the exchange, `top` may be popped, and pushed again on top of something else.
            let next = self.links[top].load(Ordering::Relaxed);
            let relaxed = Ordering::Relaxed;
            if self.head.compare_exchange(top, next, relaxed, relaxed).is_ok() {
                return u32::try_from(top).ok();
            }
        }
    }
}

/// One thread pops; another pops twice and pushes the first one back. Says what the first got, and what is left: if one
/// index is there twice, or in hand and there, two owners have the same slot.
///
/// # Panics
/// If the other thread does.
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
