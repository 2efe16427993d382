//! Chains of values.
use core::marker::PhantomData;
use core::ptr;

use super::treiber::Node;
use crate::reclaim::{self, Chain, Depot, Header};
use crate::sync::Ordering;

/// The values of a stack.
pub struct PopAll<'a, T> {
    next: *mut Header,
    done: Chain,
    depot: &'a Depot,
    _values: PhantomData<T>,
}

impl<'a, T> PopAll<'a, T> {
    pub(super) fn new(first: *mut Header, depot: &'a Depot) -> Self {
        let done = Chain { first, last: ptr::null_mut(), len: 0 };
        Self { next: first, done, depot, _values: PhantomData }
    }
}

impl<T> Iterator for PopAll<'_, T> {
    type Item = T;
    #[inline]
    fn next(&mut self) -> Option<T> {
        let node = self.next;
        // SAFETY: x
        self.next = unsafe { node.as_ref() }?.next.load(Ordering::Relaxed);
        self.done.last = node;
        self.done.len += 1;
        // SAFETY: x
        Some(unsafe { Node::get(node) })
    }
}

impl<T> Drop for PopAll<'_, T> {
    fn drop(&mut self) {
        while let Some(_) = self.next() {}
        if self.done.len > 0 {
            // SAFETY: x
            reclaim::with(|local| unsafe { local.retire::<Node<T>>(self.done, self.depot) });
        }
    }
}
