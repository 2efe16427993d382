//! A list of things that have one owner at a time: claimed, given back, claimed by the next, and never freed meanwhile.
//!
//! ```text
//!   head -> [ next | value  ] -> [ next | value  ] -> [ next | value  ]     every node, for readers: no lock
//!              held                vacant  <----------- held
//!   vacant ----------------------------^                                   nodes without owner, under the lock
//! ```
//!
//! *Invariant.* A node stays in the list, where it is, until the roster is dropped. A value keeps what its owners left in it.
//!
//! *One owner at a time, without an edge of our own.* Claiming and giving back pass the lock, so a new owner sees all that
//! the old one did. A node is made only when none is vacant, under the same lock: there are never more nodes than there
//! were owners at one time.
//!
//! *Readers never wait, nor make others wait.* They follow `head` and `next`. A node is complete before `head` shows it (H1
//! to H2), and so is all that is behind it, since nodes are added under the lock.
//!
//! Edges: H1 with H2 (nodes).

use alloc::boxed::Box;
use core::fmt;
use core::iter;
use core::ptr;
use std::sync::PoisonError;

use crate::cacheline::CachePadded;
use crate::sync::{AtomicPtr, Mutex, Ordering, Shadow, Tracked, const_fn};

/// See the head of the file.
pub struct Roster<V> {
    head: AtomicPtr<CachePadded<Node<V>>>,
    /// The first node without an owner. The lock is held for a few instructions, and while a node is made.
    vacant: Mutex<Vacant<V>>,
}

struct Vacant<V>(*mut CachePadded<Node<V>>);

// SAFETY: it is an address; what it leads to are shared references to nodes, which `Roster` hands out under its own bounds.
unsafe impl<V> Send for Vacant<V> {}

struct Node<V> {
    value: V,
    /// Written before the node is shown, never after.
    next: AtomicPtr<CachePadded<Node<V>>>,
    /// The next node without an owner; used under the lock only.
    vacant: AtomicPtr<CachePadded<Node<V>>>,
    /// What only the owner may do.
    owner: Shadow,
    tracked: Tracked,
}

/// The right to act as the owner of a value, given back when dropped.
pub struct Claim<'a, V> {
    roster: &'a Roster<V>,
    node: &'a CachePadded<Node<V>>,
}

impl<V> Roster<V> {
    const_fn! {
        /// No node.
        pub fn new() -> Self {
            Self {
                head: AtomicPtr::new(ptr::null_mut()),
                vacant: Mutex::new(Vacant(ptr::null_mut())),
            }
        }
    }

    /// The value that was given back last, or else a new one.
    pub fn claim(&self, make: impl FnOnce() -> V) -> Claim<'_, V> {
        let mut vacant = self.vacant.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: nodes live as long as the roster, which `self` borrows.
        if let Some(node) = unsafe { vacant.0.as_ref() } {
            // Relaxed, here and in `drop`: under the lock.
            vacant.0 = node.vacant.load(Ordering::Relaxed);
            return Claim { roster: self, node };
        }
        let node = Box::leak(Box::new(CachePadded::new(Node {
            value: make(),
            // Relaxed: nodes are added under the lock.
            next: AtomicPtr::new(self.head.load(Ordering::Relaxed)),
            vacant: AtomicPtr::new(ptr::null_mut()),
            owner: Shadow::new(1),
            tracked: Tracked::new(),
        })));
        // ORDERING: (H1) Release, pairs with (H2): a node is complete before a reader gets to it.
        self.head.store(node, Ordering::Release);
        Claim { roster: self, node }
    }

    /// Every value, with an owner or without.
    pub fn iter(&self) -> impl Iterator<Item = &V> {
        // ORDERING: (H2) Acquire, pairs with (H1): the node, and all behind it.
        let mut next = self.head.load(Ordering::Acquire);
        iter::from_fn(move || {
            // SAFETY: nodes live as long as the roster, which `self` borrows.
            let node = unsafe { next.as_ref() }?;
            node.tracked.used();
            // Relaxed: see the field.
            next = node.next.load(Ordering::Relaxed);
            Some(&node.value)
        })
    }
}

impl<V> Default for Roster<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Drop for Roster<V> {
    fn drop(&mut self) {
        // Relaxed: nobody else is left.
        let mut next = self.head.load(Ordering::Relaxed);
        while !next.is_null() {
            // SAFETY: leaked by `claim`, in the list once, and no reference to it is left.
            let node = unsafe { Box::from_raw(next) };
            next = node.next.load(Ordering::Relaxed);
        }
    }
}

impl<'a, V> Claim<'a, V> {
    /// The value, for something that only its owner may do.
    #[inline(always)]
    pub fn own(&mut self) -> &'a V {
        self.node.owner.write(0);
        &self.node.value
    }

    /// Keeps the claim for ever: nobody will be the next owner.
    #[cfg(all(
        feature = "latency",
        not(any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle")))
    ))]
    pub(super) fn keep(self) -> &'a V {
        let value = &self.node.value;
        core::mem::forget(self);
        value
    }
}

impl<V> Drop for Claim<'_, V> {
    fn drop(&mut self) {
        let mut vacant = self.roster.vacant.lock().unwrap_or_else(PoisonError::into_inner);
        self.node.vacant.store(vacant.0, Ordering::Relaxed);
        vacant.0 = ptr::from_ref(self.node).cast_mut();
    }
}

impl<V> fmt::Debug for Roster<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").finish_non_exhaustive()
    }
}

impl<V> fmt::Debug for Claim<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").finish_non_exhaustive()
    }
}
