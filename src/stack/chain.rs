//! Values in chains of nodes that nobody else can reach: before they are pushed together, and after.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem::forget;
use core::ptr;

use super::treiber::Node;
use crate::reclaim::{self, Chain, Depot, Header};
use crate::sync::{Ordering, foreseen};

/// Takes the next value out of its node, which `at` is and moves on from.
///
/// # Safety
/// The chain that begins at `at` ends with null, its nodes hold values, and are the caller's.
#[inline(always)]
unsafe fn next<T>(at: &mut *mut Header) -> Option<(*mut Header, T)> {
    let node = *at;
    // SAFETY: alive, as it is the caller's.
    *at = unsafe { node.as_ref() }?.next.load(Ordering::Relaxed);
    // SAFETY: passed on to the caller; it is out of the chain now, so nobody reads it twice.
    Some((node, unsafe { Node::get(node) }))
}

/// Drops what is left, also when a value's drop panics; of two that panic the second aborts, as everywhere.
fn drop_all<I: Iterator>(values: &mut I) {
    struct Rest<'a, I: Iterator>(&'a mut I);

    impl<I: Iterator> Drop for Rest<'_, I> {
        fn drop(&mut self) {
            self.0.for_each(drop);
        }
    }

    while let Some(value) = values.next() {
        let rest = Rest(&mut *values);
        drop(value);
        forget(rest);
    }
}

/// Values that are pushed together: the last one added is the topmost.
pub(super) struct Pile<T> {
    chain: Chain,
    _values: PhantomData<T>,
}

// SAFETY: the nodes, and the values in them, are this value's alone.
unsafe impl<T: Send> Send for Pile<T> {}

impl<T> Pile<T> {
    pub(super) const fn new() -> Self {
        Self { chain: Chain::EMPTY, _values: PhantomData }
    }

    /// Adds `value`, in a node that may come from `depot`.
    #[inline]
    pub(super) fn add(&mut self, value: T, depot: &Depot<Node<T>>) {
        let node = reclaim::with(|local| local.take(depot));
        // SAFETY: a spare node of this type, which is ours.
        unsafe { Node::put(node, value) };
        // SAFETY: as above, and so are those of the chain.
        self.chain = unsafe { Chain::one(node).on(self.chain) };
    }

    /// The nodes, whose values are the caller's from now on; none, if `len` is 0.
    pub(super) fn into_chain(self) -> Chain {
        let chain = self.chain;
        forget(self);
        chain
    }
}

impl<T> Drop for Pile<T> {
    fn drop(&mut self) {
        // An iterator has panicked.
        if self.chain.len > 0 {
            // SAFETY: ours, with values; the last link is null since nothing was put under the first node.
            drop(unsafe { IntoIter::<T>::new(self.chain.first) });
        }
    }
}

/// The nodes of [`PopAll`]. Apart from it, so that they are retired also if a value's drop panics.
struct Nodes<T> {
    /// The first whose value is still there.
    next: *mut Header,
    /// Those before.
    done: Chain,
    _values: PhantomData<T>,
}

impl<T> Drop for Nodes<T> {
    fn drop(&mut self) {
        if self.done.len > 0 {
            // SAFETY: out of the stack, all values taken, and never used again.
            reclaim::with(|local| unsafe { local.retire::<Node<T>>(self.done) });
        }
    }
}

/// The values that were in a stack at one moment, the topmost first. By [`Stack::pop_all`](super::Stack::pop_all).
///
/// They are the iterator's own: dropping it drops those that are left, and gives the nodes of all back for reuse. (Until then
/// the memory is in use; and leaking the iterator leaks both.)
pub struct PopAll<T> {
    nodes: Nodes<T>,
}

// SAFETY: the values are the iterator's own; nodes that others may look at are only given up, not read.
unsafe impl<T: Send> Send for PopAll<T> {}
// SAFETY: a shared iterator shows nothing of a value.
unsafe impl<T: Send> Sync for PopAll<T> {}

impl<T> PopAll<T> {
    /// # Safety
    /// The chain that begins at `first` ends with null, its nodes hold values, and are out of the stack.
    pub(super) unsafe fn new(first: *mut Header) -> Self {
        let done = Chain { first, last: ptr::null_mut(), len: 0 };
        Self { nodes: Nodes { next: first, done, _values: PhantomData } }
    }
}

impl<T> Iterator for PopAll<T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        // SAFETY: as `new` says.
        let (node, value) = unsafe { next(&mut self.nodes.next) }?;
        self.nodes.done.last = node;
        self.nodes.done.len += 1;
        Some(value)
    }

    /// What `for_each`, `sum`, `count` and the like come to.
    ///
    /// A list is read at one cache latency per node, since each says where the next one is. But nodes that were allocated
    /// in a row stay in a row as long as they are pushed, taken and reused together. So we go on to where the next node
    /// should be, and look at the link to see whether it is; the processor doesn't wait for that, unless we were wrong.
    #[inline]
    fn fold<B, F: FnMut(B, T) -> B>(mut self, init: B, mut f: F) -> B {
        let (mut node, done) = (self.nodes.next, self.nodes.done);
        let mut walk = Walk { nodes: &mut self.nodes, next: node, last: done.last, len: done.len };
        let (mut folded, mut stride) = (init, 0);
        while !node.is_null() {
            // SAFETY: alive, as it is ours.
            let next = unsafe { (*node).next.load(Ordering::Relaxed) };
            // SAFETY: as `new` says; it is out of the chain after the next statement, so nobody reads it twice.
            let value = unsafe { Node::get(node) };
            (walk.next, walk.last) = (next, node);
            walk.len += 1;
            folded = f(folded, value);
            let expected = node.wrapping_byte_offset(stride);
            node = if expected == next {
                foreseen(expected, next)
            } else {
                stride = (next.addr() as isize).wrapping_sub(node.addr() as isize);
                next
            };
        }
        drop(walk);
        folded
    }
}

/// A walk down the nodes, in registers; what it did is written down when it ends, also by a panic.
struct Walk<'a, T> {
    nodes: &'a mut Nodes<T>,
    next: *mut Header,
    last: *mut Header,
    len: usize,
}

impl<T> Drop for Walk<'_, T> {
    fn drop(&mut self) {
        self.nodes.next = self.next;
        self.nodes.done.last = self.last;
        self.nodes.done.len = self.len;
    }
}

impl<T> FusedIterator for PopAll<T> {}

impl<T> Drop for PopAll<T> {
    fn drop(&mut self) {
        drop_all(self);
    }
}

impl<T> fmt::Debug for PopAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PopAll").field("taken", &self.nodes.done.len).finish_non_exhaustive()
    }
}

/// The values of a stack that is no more, the topmost first.
///
/// Memory is given back to the allocator value by value; there is nobody to wait for.
pub struct IntoIter<T> {
    next: *mut Header,
    _values: PhantomData<T>,
}

// SAFETY: nodes and values are the iterator's own.
unsafe impl<T: Send> Send for IntoIter<T> {}
// SAFETY: a shared iterator shows nothing of a value.
unsafe impl<T: Send> Sync for IntoIter<T> {}

impl<T> IntoIter<T> {
    /// # Safety
    /// The chain that begins at `next` ends with null, its nodes hold values, and nobody else ever looks at them again.
    pub(super) unsafe fn new(next: *mut Header) -> Self {
        Self { next, _values: PhantomData }
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        // SAFETY: as `new` says.
        let (node, value) = unsafe { next(&mut self.next) }?;
        // SAFETY: its value is out, and it is ours alone.
        unsafe { reclaim::free(node, reclaim::layout::<Node<T>>()) };
        Some(value)
    }
}

impl<T> FusedIterator for IntoIter<T> {}

impl<T> Drop for IntoIter<T> {
    fn drop(&mut self) {
        drop_all(self);
    }
}

impl<T> fmt::Debug for IntoIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").finish_non_exhaustive()
    }
}
