//! What all nodes have in common: a link, and a layout that nodes of other types may share.
//!
//! ```text
//!   Header            Node<T>                                 Chain
//!   +------+          +--------+-----------+     first --> [h] -> [h] -> [h] <-- last,  len = 3
//!   | next |          | Header | value: T  |
//!   +------+          +--------+-----------+
//! ```
//!
//! A header is made when the node is allocated and dropped when it is freed: in between the node may be reused, also for a
//! value of another type whose node has the same [`layout`]. The last link of a chain means nothing.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::ptr;

use crate::sync::{AtomicPtr, Ordering, Shadow, Tracked};

/// The beginning of every node.
pub(crate) struct Header {
    /// The node below. Others may still read it while the node waits for its grace period, so it is atomic to the end.
    pub(crate) next: AtomicPtr<Header>,
    /// What a race detector knows of the value.
    pub(crate) shadow: Shadow,
    tracked: Tracked,
}

/// Nodes up to this size, and of no more than this alignment, are rounded up to a multiple of [`STEP`], so that many types
/// share one layout.
pub(super) const SMALL: usize = 256;
pub(super) const STEP: usize = 16;

/// The layout of the memory of a node of type `N`.
pub(crate) const fn layout<N>() -> Layout {
    let exact = Layout::new::<N>();
    if exact.align() > STEP || exact.size() > SMALL {
        return exact;
    }
    let Ok(rounded) = Layout::from_size_align(exact.size().next_multiple_of(STEP), STEP) else {
        panic!("a small layout")
    };
    rounded
}

/// Nodes linked by `next`, from `first` to `last`; none, if `len` is 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    pub(crate) first: *mut Header,
    pub(crate) last: *mut Header,
    pub(crate) len: usize,
}

impl Chain {
    pub(crate) const EMPTY: Self = Self { first: ptr::null_mut(), last: ptr::null_mut(), len: 0 };

    pub(crate) const fn one(node: *mut Header) -> Self {
        Self { first: node, last: node, len: 1 }
    }

    /// Links `below` under the last node.
    ///
    /// # Safety
    /// `self` is not empty; its nodes are alive, and the caller's to link.
    #[inline(always)]
    pub(crate) unsafe fn link(self, below: *mut Header) {
        // SAFETY: alive, as the caller says.
        let last = unsafe { &*self.last };
        // Relaxed: who reads a link of a node that changed hands got it with an edge of the word that hands it over.
        last.next.store(below, Ordering::Relaxed);
    }

    /// This chain with `below` under it.
    ///
    /// # Safety
    /// As for [`link`](Self::link).
    #[inline(always)]
    pub(crate) unsafe fn on(self, below: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { self.link(below.first) };
        let last = if below.len == 0 { self.last } else { below.last };
        Self { first: self.first, last, len: self.len + below.len }
    }

    /// Gives the memory back to the allocator.
    ///
    /// # Safety
    /// The nodes are alive, of this `layout`, without a value, and the caller's alone.
    #[cold]
    pub(crate) unsafe fn free(self, layout: Layout) {
        let mut node = self.first;
        for _ in 0..self.len {
            // SAFETY: a node of the chain, alive until the next statement.
            let next = unsafe { (*node).next.load(Ordering::Relaxed) };
            // SAFETY: alive and ours; `next` was read.
            unsafe { free(node, layout) };
            node = next;
        }
    }
}

/// A new node without a value.
#[cold]
pub(crate) fn allocate(layout: Layout) -> *mut Header {
    // SAFETY: a node begins with a header, whose size is not 0.
    let node = unsafe { alloc(layout) }.cast::<Header>();
    if node.is_null() {
        handle_alloc_error(layout);
    }
    let header = Header {
        next: AtomicPtr::new(ptr::null_mut()),
        shadow: Shadow::new(1),
        tracked: Tracked::new(),
    };
    // SAFETY: freshly allocated, with the layout of a type that begins with a header.
    unsafe { node.write(header) };
    node
}

/// Gives a node's memory back to the allocator.
///
/// # Safety
/// As for [`Chain::free`].
pub(crate) unsafe fn free(node: *mut Header, layout: Layout) {
    // SAFETY: alive and the caller's alone.
    unsafe { (*node).tracked.used() };
    // SAFETY: as above; it is not used after this.
    unsafe { node.drop_in_place() };
    // SAFETY: allocated above, with this layout.
    unsafe { dealloc(node.cast(), layout) };
}
