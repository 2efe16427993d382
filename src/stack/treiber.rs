//! The Treiber stack.
//!
//! Edges: S1 with S2, S3, S4.

use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr;

use super::chain::PopAll;
use crate::backoff::Backoff;
use crate::cacheline::CachePadded;
use crate::reclaim::{self, Chain, Depot, Header};
use crate::sync::{AtomicPtr, LOSSES, Ordering, const_fn};

#[repr(C)]
pub(super) struct Node<T> {
    pub(super) header: Header,
    pub(super) value: MaybeUninit<T>,
}

/// A stack.
pub struct Stack<T> {
    head: CachePadded<AtomicPtr<Header>>,
    depot: Depot,
    /// Invariant in `T`, since a shared stack both takes and gives values.
    _values: PhantomData<*mut T>,
}

// SAFETY: values go from thread to thread (S1 to S2, S3), hence `T: Send`; no reference to one ever does.
unsafe impl<T: Send> Sync for Stack<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Stack<T> {}

impl<T> Stack<T> {
    const_fn! {
        /// An empty stack.
        #[must_use]
        pub fn new() -> Self {
            let head = CachePadded::new(AtomicPtr::new(ptr::null_mut()));
            Self { head, depot: Depot::new(), _values: PhantomData }
        }
    }

    /// Puts `value` on top.
    #[inline]
    pub fn push(&self, value: T) {
        let node = reclaim::with(|local| local.take::<Node<T>>(&self.depot));
        // SAFETY: a spare node of this type, which is ours until it is linked.
        unsafe { Node::put(node, value) };
        // SAFETY: as above.
        unsafe { self.link(Chain::one(node)) };
    }

    /// Puts a chain on top.
    ///
    /// # Safety
    /// Its nodes hold values, and are the caller's, who gives them up.
    #[inline(always)]
    unsafe fn link(&self, chain: Chain) {
        let backoff = Backoff::new();
        loop {
            let below = self.head.load(Ordering::Relaxed);
            // SAFETY: not empty; ours until the next statement succeeds.
            unsafe { chain.link(below) };
            let (new, release) = (chain.first, Ordering::Release);
            if self.head.compare_exchange_weak(below, new, release, Ordering::Relaxed).is_ok() {
                return;
            }
            backoff.lose(LOSSES);
        }
    }

    /// Takes the value on top.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        reclaim::with(|local| {
            let _guard = local.pin();
            let backoff = Backoff::new();
            loop {
                let top = self.head.load(Ordering::Acquire);
                // SAFETY: not freed before our guard goes.
                let next = unsafe { top.as_ref() }?.next.load(Ordering::Relaxed);
                let relaxed = Ordering::Relaxed;
                if self.head.compare_exchange_weak(top, next, relaxed, relaxed).is_ok() {
                    // SAFETY: ours.
                    let value = unsafe { Node::get(top) };
                    // SAFETY: ours.
                    unsafe { local.retire::<Node<T>>(Chain::one(top), &self.depot) };
                    return Some(value);
                }
                backoff.lose(LOSSES);
            }
        })
    }

    /// Takes all.
    pub fn pop_all(&self) -> PopAll<'_, T> {
        let head = &self.head;
        if self.is_empty() {
            return PopAll::new(ptr::null_mut(), &self.depot);
        }
        PopAll::new(head.swap(ptr::null_mut(), Ordering::Acquire), &self.depot)
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }
}

impl<T> Node<T> {
    #[inline(always)]
    pub(super) unsafe fn put(node: *mut Header, value: T) {
        // SAFETY: x
        unsafe { (*node).shadow.write(0) };
        // SAFETY: x
        unsafe { (*node.cast::<Self>()).value.write(value) };
    }

    #[inline(always)]
    pub(super) unsafe fn get(node: *mut Header) -> T {
        // SAFETY: x
        unsafe { (*node).shadow.read(0) };
        // SAFETY: x
        unsafe { (*node.cast::<Self>()).value.assume_init_read() }
    }
}

impl<T> Default for Stack<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Stack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("is_empty", &self.is_empty()).finish_non_exhaustive()
    }
}
