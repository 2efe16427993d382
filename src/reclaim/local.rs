//! A thread's nodes: those in their grace period that wait for company, and spare ones.
//!
//! ```text
//!            pop, pop_all                  a batch of them                 grace period over
//!   stack -----------------> limbo chain -----------------> crossbeam-epoch ----------------+
//!     ^                                                                                     |
//!     |    push               spare chain  <-------------------------------------------------+
//!     +----------------------    |  ^                                                       |
//!                                |  +--- all of it, when spare runs out --- depot of a stack
//!                                +-- surplus ------------------------------> (shared)
//! ```
//!
//! Everything here but the depot is one thread's own, so nothing is atomic that the stack itself doesn't need. Nodes go from
//! thread to thread through the epoch, and through the depot where one thread pushes and another pops; the depot is only
//! ever added to or taken whole, so it has no ABA problem and needs no guard.
//!
//! *Bounds.* Spare nodes, the surplus, and a depot are [`limit`] nodes each, about, per thread and layout, and per stack; limbo
//! is less than a [`batch`], or a [`pile`] if whole chains come. The rest is freed as soon as its grace period is over.
//!
//! *Re-entrance.* crossbeam-epoch runs [`give`] within `pin` and `flush`. So no borrow lasts across those: everything is a
//! `Cell`, and no code of users runs in this folder.
//!
//! Edges: D1 with D2 (nodes go from one thread's surplus to another's spares).

use alloc::boxed::Box;
use core::alloc::Layout;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr;

use super::grace::{Guard, Handle, batch, limit, pile};
use super::node::{self, Chain, Header, SMALL, STEP};
use crate::cacheline::CachePadded;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, const_fn, per_thread};

per_thread! {
    static LOCAL: Local = const { Local::new() };
}

/// Nodes of one layout.
struct Bin {
    /// Linked; how many is known unless they came from a depot.
    spare: Cell<*mut Header>,
    spares: Cell<usize>,
    surplus: Cell<Chain>,
    limbo: Cell<Chain>,
}

/// A bin for nodes that are large, or aligned to more than usual.
struct Large {
    layout: Layout,
    bin: Bin,
    next: *mut Large,
}

/// What a thread keeps.
pub(crate) struct Local {
    small: [Bin; SMALL / STEP],
    large: Cell<*mut Large>,
    // Dropped last.
    handle: Handle,
}

/// Runs `f`, which must not call users' code, with what this thread keeps; with something temporary if the thread is about
/// to end and has dropped it.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Local) -> R) -> R {
    match LOCAL.try_with(ptr::from_ref) {
        // SAFETY: this thread's, which is not dropped while the thread is in `f`.
        Ok(local) => f(unsafe { &*local }),
        Err(_) => with_temporary(f),
    }
}

#[cold]
fn with_temporary<R>(f: impl FnOnce(&Local) -> R) -> R {
    f(&Local::new())
}

/// Makes spare nodes of `chain`, whose grace period is over.
pub(super) fn give(chain: Chain, layout: Layout) {
    // SAFETY: only `Handle::defer` and `defer_of` cause this, whose callers gave up the nodes.
    let accept = |local: &Local| unsafe { local.bin(layout).accept(chain, layout) };
    if LOCAL.try_with(accept).is_err() {
        // SAFETY: as above.
        unsafe { chain.free(layout) };
    }
}

impl Local {
    const fn new() -> Self {
        Self {
            small: [const { Bin::new() }; SMALL / STEP],
            large: Cell::new(ptr::null_mut()),
            handle: Handle::new(),
        }
    }

    /// As long as the guard lives, no node that is retired from now on is reused or freed.
    #[inline(always)]
    pub(crate) fn pin(&self) -> Guard {
        self.handle.pin()
    }

    /// A node of type `N`, without a value: a spare one, or a new one.
    #[inline(always)]
    pub(crate) fn take<N>(&self, depot: &Depot<N>) -> *mut Header {
        let bin = self.bin(node::layout::<N>());
        let spare = bin.spare.get();
        if spare.is_null() { bin.restock(depot) } else { bin.unlink(spare) }
    }

    /// Ends the life of a chain of nodes of type `N`, without values: they become spare when no guard is left that was
    /// there before. Says whether this was a good moment for [`unload`](Self::unload).
    ///
    /// # Safety
    /// The nodes came from [`take`](Self::take) and are out of reach: only who holds a guard may still look at them. Nobody
    /// retires them again.
    #[inline(always)]
    pub(crate) unsafe fn retire<N>(&self, chain: Chain) -> bool {
        let bin = self.bin(node::layout::<N>());
        // Who still looks may find this link changed. It then holds a stale head, and its compare-exchange fails.
        // SAFETY: not empty, alive, and out of the stack.
        let limbo = unsafe { chain.on(bin.limbo.get()) };
        let layout = node::layout::<N>();
        let full = limbo.len >= if chain.len == 1 { batch(layout) } else { pile(layout) };
        if full {
            // SAFETY: all of them were retired.
            unsafe { self.defer::<N>(bin, limbo) };
        } else {
            bin.limbo.set(limbo);
        }
        full
    }

    #[cold]
    unsafe fn defer<N>(&self, bin: &Bin, limbo: Chain) {
        bin.limbo.set(Chain::EMPTY);
        // SAFETY: passed on to the caller.
        unsafe { self.handle.defer::<N>(limbo) };
    }

    /// Lets others have what is more than enough.
    #[inline]
    pub(crate) fn unload<N>(&self, depot: &Depot<N>) {
        let surplus = &self.bin(node::layout::<N>()).surplus;
        if surplus.get().len > 0 {
            // SAFETY: spare nodes, of this layout.
            unsafe { depot.put(surplus.replace(Chain::EMPTY)) };
        }
    }

    #[inline(always)]
    fn bin(&self, layout: Layout) -> &Bin {
        if layout.align() <= STEP && layout.size() <= SMALL {
            &self.small[(layout.size() - 1) / STEP]
        } else {
            self.large_bin(layout)
        }
    }

    fn large_bin(&self, layout: Layout) -> &Bin {
        let mut next = self.large.get();
        // SAFETY: a bin in the list lives as long as `self`.
        while let Some(large) = unsafe { next.as_ref() } {
            if large.layout == layout {
                return &large.bin;
            }
            next = large.next;
        }
        let large = Box::new(Large { layout, bin: Bin::new(), next: self.large.get() });
        let large = Box::into_raw(large);
        self.large.set(large);
        // SAFETY: as above.
        unsafe { &(*large).bin }
    }
}

impl Bin {
    const fn new() -> Self {
        Self {
            spare: Cell::new(ptr::null_mut()),
            spares: Cell::new(0),
            surplus: Cell::new(Chain::EMPTY),
            limbo: Cell::new(Chain::EMPTY),
        }
    }

    /// Takes `spare`, the first of the spare nodes.
    #[inline(always)]
    fn unlink(&self, spare: *mut Header) -> *mut Header {
        // SAFETY: a spare node is alive.
        let next = unsafe { (*spare).next.load(Ordering::Relaxed) };
        self.spare.set(next);
        self.spares.set(self.spares.get().saturating_sub(1));
        spare
    }

    /// A node, when there is no spare one.
    #[cold]
    fn restock<N>(&self, depot: &Depot<N>) -> *mut Header {
        let surplus = self.surplus.replace(Chain::EMPTY);
        if surplus.len > 0 {
            // SAFETY: our own spare nodes.
            unsafe { surplus.link(ptr::null_mut()) };
            self.spares.set(surplus.len);
            return self.unlink(surplus.first);
        }
        let spare = depot.take();
        if spare.is_null() {
            return node::allocate(node::layout::<N>());
        }
        // Not counted: taken for as many as we like to have.
        self.spares.set(2 * batch(node::layout::<N>()));
        self.unlink(spare)
    }

    /// Keeps `chain`, or frees it.
    ///
    /// # Safety
    /// The nodes are of this `layout`, without values, and the caller's alone.
    unsafe fn accept(&self, chain: Chain, layout: Layout) {
        let fits = |kept: usize| kept.saturating_add(chain.len) <= limit(layout);
        if self.spares.get() < 2 * batch(layout) && fits(self.spares.get()) {
            // SAFETY: ours now.
            unsafe { chain.link(self.spare.get()) };
            self.spare.set(chain.first);
            self.spares.set(self.spares.get() + chain.len);
        } else if fits(self.surplus.get().len) {
            // SAFETY: as above.
            self.surplus.set(unsafe { chain.on(self.surplus.get()) });
        } else {
            // SAFETY: passed on to the caller.
            unsafe { chain.free(layout) };
        }
    }

    /// Lets go of everything.
    fn clear(&self, layout: Layout, handle: &Handle) {
        let limbo = self.limbo.replace(Chain::EMPTY);
        if limbo.len > 0 {
            // SAFETY: they were retired, and not deferred yet.
            unsafe { handle.defer_of(limbo, layout) };
        }
        // SAFETY: our own spare nodes.
        unsafe { free_linked(self.spare.replace(ptr::null_mut()), layout) };
        // SAFETY: as above.
        unsafe { self.surplus.replace(Chain::EMPTY).free(layout) };
    }
}

/// Frees a chain of unknown length that ends with null.
///
/// # Safety
/// As for [`Chain::free`].
unsafe fn free_linked(mut node: *mut Header, layout: Layout) {
    while !node.is_null() {
        // SAFETY: alive until the next statement.
        let next = unsafe { (*node).next.load(Ordering::Relaxed) };
        // SAFETY: passed on to the caller.
        unsafe { node::free(node, layout) };
        node = next;
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        for (i, bin) in self.small.iter().enumerate() {
            let layout = Layout::from_size_align((i + 1) * STEP, STEP).expect("a small layout");
            bin.clear(layout, &self.handle);
        }
        let mut next = self.large.replace(ptr::null_mut());
        while !next.is_null() {
            // SAFETY: made by `Box::into_raw`, and out of the list.
            let large = unsafe { Box::from_raw(next) };
            large.bin.clear(large.layout, &self.handle);
            next = large.next;
        }
    }
}

/// A stack's spare nodes, of type `N`, which come from threads that pop more than they push, for those that push more.
pub(crate) struct Depot<N> {
    shelf: CachePadded<Shelf>,
    _nodes: PhantomData<fn() -> N>,
}

struct Shelf {
    first: AtomicPtr<Header>,
    /// About how many; only what is being added right now may be missing.
    len: AtomicUsize,
}

impl<N> Depot<N> {
    const_fn! {
        pub(crate) fn new() -> Self {
            let first = AtomicPtr::new(ptr::null_mut());
            let shelf = CachePadded::new(Shelf { first, len: AtomicUsize::new(0) });
            Self { shelf, _nodes: PhantomData }
        }
    }

    /// All nodes, as a chain that ends with null.
    fn take(&self) -> *mut Header {
        let Shelf { first, len } = &*self.shelf;
        // Relaxed: to see something is a reason to look, and nothing more.
        if first.load(Ordering::Relaxed).is_null() {
            return ptr::null_mut();
        }
        // ORDERING: (D2) Acquire, pairs with (D1): who had the nodes before is done with them.
        let taken = first.swap(ptr::null_mut(), Ordering::Acquire);
        len.store(0, Ordering::Relaxed);
        taken
    }

    /// Adds `chain`, or frees it if there is enough.
    ///
    /// # Safety
    /// The nodes are of this layout, at least one, without values, and the caller's alone.
    unsafe fn put(&self, chain: Chain) {
        let Shelf { first, len } = &*self.shelf;
        let layout = node::layout::<N>();
        if len.load(Ordering::Relaxed).saturating_add(chain.len) > limit(layout) {
            // SAFETY: passed on to the caller.
            return unsafe { chain.free(layout) };
        }
        // Counted first, so that `take` leaves no count behind whose nodes it took.
        len.fetch_add(chain.len, Ordering::Relaxed);
        let mut below = first.load(Ordering::Relaxed);
        loop {
            // SAFETY: not empty, and ours until the next statement succeeds.
            unsafe { chain.link(below) };
            let new = chain.first;
            // ORDERING: (D1) Release, pairs with (D2): we are done with the nodes.
            match first.compare_exchange_weak(below, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => below = now,
            }
        }
    }
}

impl<N> Drop for Depot<N> {
    fn drop(&mut self) {
        // SAFETY: spare nodes are nobody else's, and of this layout.
        unsafe { free_linked(self.take(), node::layout::<N>()) };
    }
}
