//! The Treiber stack: a list whose head is exchanged.
//!
//! ```text
//!   line 0          nodes                                             line 1
//!   +------+     +------+---+     +------+---+     +------+---+     +-------+
//!   | head |---->| next | c |---->| next | b |---->| null | a |     | depot |  spare nodes, see `reclaim/local.rs`
//!   +------+     +------+---+     +------+---+     +------+---+     +-------+
//!
//!   push d:    a node { next: head, d }      head: c -> d, if it is still c
//!   pop:       n = c's next                  head: c -> n, if it is still c
//!   pop_all:                                 head: swapped for null
//! ```
//!
//! *Invariant.* The nodes that can be reached from `head` hold a value each, and belong to nobody; a node leaves by one
//! change of `head`, whose author owns it and its value from then on.
//!
//! *Why it is right.* A push or pop takes effect when its compare-exchange succeeds, a `pop_all` when it swaps, and a pop or
//! `peek` that finds nothing when it loads null. Contents: whoever acquires a head (S2, S3, S4) sees everything that the
//! pushers below it wrote (S1): `head` is changed by read-modify-writes only, so each value of it continues the release
//! sequence of all pushes before, and the exchanges of pop needn't release anything.
//!
//! *ABA.* A pop that reads `c` and `n` may be held up until `c` was popped, reused, and pushed on top of something else: its
//! exchange would succeed and bring `n` back. So a pop holds a guard from its load of `head` to its exchange, and a node is
//! reused only after all guards from before it was popped are gone (`docs/aba.md`). A push needs no guard: it doesn't look
//! into the head that it finds, and if that one was away and is back, to be put under the new node is what it is there for.
//!
//! *Progress.* An exchange fails because another one succeeded, so someone always gets on: lock-free. Who lost pauses for
//! some hundred nanoseconds or more, without a guard. The winner meanwhile works on lines that only its core has, which is
//! what decides the speed of this structure; fairness comes from the pauses being short against anything that matters.
//!
//! *Source.* R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986. What else was tried:
//! `docs/stack.md`.
//!
//! Edges: S1 with S2, S3, S4 (values and links go over).

use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr;

use super::chain::{IntoIter, Pile, PopAll};
use crate::backoff::Backoff;
use crate::cacheline::CachePadded;
use crate::reclaim::{self, Chain, Depot, Header};
use crate::sync::{AtomicPtr, Ordering, const_fn, prefetch_write};

/// A link and a value. The value is there while the node is in a stack, or in a chain that one thread owns.
#[repr(C)]
pub(super) struct Node<T> {
    header: Header,
    value: MaybeUninit<T>,
}

impl<T> Node<T> {
    /// Moves `value` into `node`.
    ///
    /// # Safety
    /// The node is alive, of this layout, without a value, and the caller's alone.
    #[inline(always)]
    pub(super) unsafe fn put(node: *mut Header, value: T) {
        // SAFETY: alive, as the caller says.
        unsafe { (*node).shadow.write(0) };
        // SAFETY: as above; a header is the beginning of a node.
        unsafe { (&raw mut (*node.cast::<Self>()).value).write(MaybeUninit::new(value)) };
    }

    /// Copies the value of `node`: moves it out, if nobody takes it again.
    ///
    /// # Safety
    /// The node is alive and has a value, whose copy the caller may have.
    #[inline(always)]
    pub(super) unsafe fn get(node: *mut Header) -> T {
        // SAFETY: alive, as the caller says.
        unsafe { (*node).shadow.read(0) };
        // SAFETY: as above; a header is the beginning of a node.
        unsafe { (&raw const (*node.cast::<Self>()).value).read().assume_init() }
    }
}

/// A stack that any number of threads push to and pop from: last in, first out.
///
/// It is unbounded, lock-free, and reuses its nodes, so that pushes seldom allocate. No reference to a value that is in the
/// stack ever leaves it, so a value is gone from the stack at the moment it is popped, and dropped when its new owner drops it.
/// See the [module](super) for the progress of each operation, and what is kept in memory.
///
/// ```
/// use raddle::stack::Stack;
///
/// static DONE: Stack<usize> = Stack::new();
///
/// std::thread::scope(|scope| {
///     for i in 0..4 {
///         scope.spawn(move || DONE.push(i));
///     }
/// });
/// assert_eq!(DONE.pop_all().count(), 4);
/// assert_eq!(DONE.pop(), None);
/// ```
pub struct Stack<T> {
    head: CachePadded<AtomicPtr<Header>>,
    depot: Depot<Node<T>>,
    /// Invariant in `T`, since a shared stack takes values as well as giving them.
    _values: PhantomData<*mut T>,
}

// SAFETY: values go from thread to thread (S1 to S2, S3, S4), hence `T: Send`; no reference to one does, so `T: Sync` isn't
// needed.
unsafe impl<T: Send> Sync for Stack<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Stack<T> {}

impl<T> Stack<T> {
    const_fn! {
        /// An empty stack. It allocates nothing, and can be a `static`.
        ///
        /// ```
        /// static STACK: raddle::stack::Stack<u8> = raddle::stack::Stack::new();
        /// assert!(STACK.is_empty());
        /// ```
        #[must_use]
        pub fn new() -> Self {
            let head = CachePadded::new(AtomicPtr::new(ptr::null_mut()));
            Self { head, depot: Depot::new(), _values: PhantomData }
        }
    }

    /// Puts `value` on top.
    ///
    /// ```
    /// let stack = raddle::stack::Stack::new();
    /// stack.push("a");
    /// stack.push("b");
    /// assert_eq!(stack.pop(), Some("b"));
    /// ```
    ///
    /// Lock-free; it allocates if no spare node is at hand.
    #[inline]
    pub fn push(&self, value: T) {
        let node = reclaim::with(|local| local.take(&self.depot));
        // SAFETY: a spare node of this layout, which is ours.
        unsafe { Node::put(node, value) };
        // SAFETY: as above, and now with a value.
        unsafe { self.link(Chain::one(node)) };
    }

    /// Puts all `values` on top, as if pushed one after the other with nobody in between: the last one is the topmost.
    ///
    /// However many there are, the stack is changed once, when `values` has come to its end. If `values` panics, what it gave
    /// is dropped, and the stack is as it was.
    ///
    /// ```
    /// let stack = raddle::stack::Stack::new();
    /// stack.push_all([1, 2, 3]);
    /// assert!(stack.pop_all().eq([3, 2, 1]));
    /// ```
    ///
    /// # Panics
    /// If `values` does.
    ///
    /// Lock-free, apart from the steps of `values`; it allocates if no spare node is at hand.
    pub fn push_all(&self, values: impl IntoIterator<Item = T>) {
        let mut pile = Pile::new();
        values.into_iter().for_each(|value| pile.add(value, &self.depot));
        self.push_pile(pile);
    }

    /// Puts what was piled up on top.
    pub(super) fn push_pile(&self, pile: Pile<T>) {
        let chain = pile.into_chain();
        if chain.len > 0 {
            // SAFETY: with values, and ours.
            unsafe { self.link(chain) };
        }
    }

    /// Where spare nodes are, besides a thread's own.
    #[cfg(feature = "rayon")]
    pub(super) fn depot(&self) -> &Depot<Node<T>> {
        &self.depot
    }

    /// Puts a chain on top.
    ///
    /// # Safety
    /// It isn't empty, its nodes hold values, and are the caller's, who gives them up.
    #[inline(always)]
    unsafe fn link(&self, chain: Chain) {
        let backoff = Backoff::new();
        loop {
            // Relaxed: only compared, not looked into.
            let below = self.head.load(Ordering::Relaxed);
            // SAFETY: not empty; ours until the exchange succeeds.
            unsafe { chain.link(below) };
            let new = chain.first;
            // ORDERING: (S1) Release, pairs with (S2, S3, S4): values and links are written before they can be reached.
            let linked =
                self.head.compare_exchange_weak(below, new, Ordering::Release, Ordering::Relaxed);
            if linked.is_ok() {
                return;
            }
            backoff.lose();
        }
    }

    /// Takes the topmost value; `None` if there is none.
    ///
    /// ```
    /// let stack = raddle::stack::Stack::from_iter([1, 2]);
    /// assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Some(2), Some(1), None));
    /// ```
    ///
    /// Lock-free; it allocates about once in 256 calls (64 for large values), for the grace period of the nodes.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        prefetch_write(&raw const *self.head);
        reclaim::with(|local| {
            let backoff = Backoff::new();
            loop {
                let guard = local.pin();
                // ORDERING: (S2) Acquire, pairs with (S1): the node's link, and later its value.
                let top = self.head.load(Ordering::Acquire);
                // SAFETY: found in the stack, under a guard that is still there: neither freed nor reused.
                let next = unsafe { top.as_ref() }?.next.load(Ordering::Relaxed);
                let relaxed = Ordering::Relaxed;
                // Relaxed: what our successors need was released by the pushers, see the head of the file.
                let taken = self.head.compare_exchange_weak(top, next, relaxed, relaxed);
                // Not held while we pause, lest the system takes us off with it.
                drop(guard);
                if taken.is_ok() {
                    // SAFETY: ours since the exchange, with a value.
                    let value = unsafe { Node::get(top) };
                    // SAFETY: out of the stack, without a value now.
                    if unsafe { local.retire::<Node<T>>(Chain::one(top)) } {
                        local.unload(&self.depot);
                    }
                    return Some(value);
                }
                backoff.lose();
            }
        })
    }

    /// Takes all values at once; the iterator shows the topmost first, and owns those it hasn't shown.
    ///
    /// ```
    /// let stack = raddle::stack::Stack::from_iter(["a", "b", "c"]);
    /// let mut all = stack.pop_all();
    /// stack.push("d"); // not among them
    /// assert_eq!(all.next(), Some("c"));
    /// drop(all); // and with it "b" and "a"
    /// assert_eq!(stack.pop(), Some("d"));
    /// ```
    ///
    /// Lock-free; one exchange however many there are, and a grace period for all their nodes together.
    pub fn pop_all(&self) -> PopAll<T> {
        reclaim::with(|local| local.unload(&self.depot));
        if self.is_empty() {
            // Not swapped: the line stays with whoever pushes.
            // SAFETY: nothing at all.
            return unsafe { PopAll::new(ptr::null_mut()) };
        }
        // ORDERING: (S3) Acquire, pairs with (S1): the values, and the links from the first to the last.
        let first = self.head.swap(ptr::null_mut(), Ordering::Acquire);
        // SAFETY: ours since the swap.
        unsafe { PopAll::new(first) }
    }

    /// A copy of the topmost value; `None` if there is none.
    ///
    /// Somebody else may pop it, or push over it, at any time. (Only for `Copy` values, since a reference couldn't outlive a
    /// pop by someone else.)
    ///
    /// ```
    /// let stack = raddle::stack::Stack::from_iter([1, 2]);
    /// assert_eq!(stack.peek(), Some(2));
    /// ```
    ///
    /// Lock-free: a constant number of steps, but for the grace periods that it may find at their end.
    #[must_use]
    pub fn peek(&self) -> Option<T>
    where
        T: Copy,
    {
        reclaim::with(|local| {
            let _guard = local.pin();
            // ORDERING: (S4) Acquire, pairs with (S1): the value.
            let top = self.head.load(Ordering::Acquire);
            if top.is_null() {
                return None;
            }
            // SAFETY: found in the stack under our guard. Who pops it copies the value, too; it is written only after the
            // node's grace period.
            Some(unsafe { Node::get(top) })
        })
    }

    /// The topmost value, to be changed in place.
    ///
    /// ```
    /// let mut stack = raddle::stack::Stack::from_iter([1, 2]);
    /// *stack.peek_mut().unwrap() += 5;
    /// assert_eq!(stack.pop(), Some(7));
    /// ```
    ///
    /// Wait-free.
    #[must_use]
    pub fn peek_mut(&mut self) -> Option<&mut T> {
        // Relaxed: whoever pushed did so before we got exclusive access.
        let top = self.head.load(Ordering::Relaxed).cast::<Node<T>>();
        // SAFETY: in the stack, with a value, and nobody else has access as long as the reference lives.
        let value = unsafe { &mut top.as_mut()?.value };
        // SAFETY: as above.
        Some(unsafe { value.assume_init_mut() })
    }

    /// Whether there was no value in it a moment ago; somebody else may have changed that since.
    ///
    /// ```
    /// assert!(raddle::stack::Stack::<u8>::new().is_empty());
    /// ```
    ///
    /// Wait-free: one load. It orders nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }
}

impl<T> Drop for Stack<T> {
    /// Drops all values, and gives all nodes back to the allocator: nobody is left who could look at them.
    fn drop(&mut self) {
        let first = self.head.swap(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: we have exclusive access, and nodes that threads still keep for reuse are not among these.
        drop(unsafe { IntoIter::<T>::new(first) });
    }
}

impl<T> IntoIterator for Stack<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    /// The values, the topmost first.
    fn into_iter(self) -> IntoIter<T> {
        let first = self.head.swap(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: as in `drop`, which now finds nothing.
        unsafe { IntoIter::new(first) }
    }
}

impl<T> Extend<T> for Stack<T> {
    /// As [`push_all`](Stack::push_all).
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.push_all(values);
    }
}

impl<T> Extend<T> for &Stack<T> {
    /// As [`push_all`](Stack::push_all).
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.push_all(values);
    }
}

impl<T> FromIterator<T> for Stack<T> {
    /// As [`push_all`](Stack::push_all) to an empty stack: the last one is the topmost.
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let stack = Self::new();
        stack.push_all(values);
        stack
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
