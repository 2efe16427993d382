//! The textbook's stack: Treiber's, a node allocated per push, and freed by crossbeam-epoch; with elimination if asked for.
//!
//! ```text
//!   head -> [ next | value ] -> [ next | value ] -> null        slot: null, a node on offer, or TAKEN
//! ```
//!
//! Elimination (Hendler, Shavit, Yerushalmi, "A Scalable Lock-free Stack Algorithm", SPAA 2004), with one slot: a push that
//! lost a race offers its node for a while, and a pop that lost one takes what is on offer. An offer is withdrawn by a swap,
//! which says whether it was taken. A node that was on offer was never linked, so nobody else looks at it.
//!
//! | edge | from, to | what would go wrong without it |
//! |---|---|---|
//! | (E1) -> (E2) | a push, the pop that finds it | the link and the value could be unseen |
//! | (E3) -> (E4) | an offer, who takes it | as above |

use core::mem::ManuallyDrop;
use core::ptr;

use crossbeam_epoch::{Atomic, Owned, Shared, pin};
use crossbeam_utils::Backoff;
use raddle::cacheline::CachePadded;
use raddle::sync::{AtomicPtr, Ordering, spin_loop};

/// How long an offer stands, in pauses.
const PATIENCE: usize = 256;

#[derive(Debug)]
struct Node<T> {
    next: Atomic<Node<T>>,
    value: ManuallyDrop<T>,
}

/// See the head of the file.
#[derive(Debug)]
pub struct EpochStack<T, const ELIMINATE: bool = false> {
    head: CachePadded<Atomic<Node<T>>>,
    slot: CachePadded<AtomicPtr<Node<T>>>,
}

// SAFETY: values go from thread to thread, and no reference to one does.
unsafe impl<T: Send, const ELIMINATE: bool> Sync for EpochStack<T, ELIMINATE> {}
// SAFETY: as above.
unsafe impl<T: Send, const ELIMINATE: bool> Send for EpochStack<T, ELIMINATE> {}

/// What stands in the slot when an offer was taken: no node has this address.
fn taken<T>() -> *mut Node<T> {
    ptr::without_provenance_mut(1)
}

impl<T, const ELIMINATE: bool> Default for EpochStack<T, ELIMINATE> {
    fn default() -> Self {
        let slot = CachePadded::new(AtomicPtr::new(ptr::null_mut()));
        Self { head: CachePadded::new(Atomic::null()), slot }
    }
}

impl<T, const ELIMINATE: bool> EpochStack<T, ELIMINATE> {
    /// Puts `value` on top.
    pub fn push(&self, value: T) {
        let guard = pin();
        let mut node = Owned::new(Node { next: Atomic::null(), value: ManuallyDrop::new(value) });
        let backoff = Backoff::new();
        loop {
            let head = self.head.load(Ordering::Relaxed, &guard);
            node.next.store(head, Ordering::Relaxed);
            // ORDERING: (E1) Release, pairs with (E2): link and value are written before they can be reached.
            let pushed = self.head.compare_exchange(
                head,
                node,
                Ordering::Release,
                Ordering::Relaxed,
                &guard,
            );
            match pushed {
                Ok(_) => return,
                Err(lost) => node = lost.new,
            }
            if ELIMINATE {
                match self.offer(node) {
                    Ok(()) => return,
                    Err(back) => node = back,
                }
            } else {
                backoff.spin();
            }
        }
    }

    /// Says whether a pop took `node`; otherwise it comes back.
    fn offer(&self, node: Owned<Node<T>>) -> Result<(), Owned<Node<T>>> {
        let node = Box::into_raw(node.into_box());
        let null = ptr::null_mut();
        // ORDERING: (E3) Release, pairs with (E4): the value is written.
        let put =
            self.slot.compare_exchange(null, node, Ordering::Release, Ordering::Relaxed).is_ok();
        if put {
            for _ in 0..PATIENCE {
                if self.slot.load(Ordering::Relaxed) != node {
                    break;
                }
                spin_loop();
            }
            if self.slot.swap(null, Ordering::Relaxed) == taken() {
                return Ok(());
            }
        }
        // SAFETY: from a box above, and not given away: nobody else puts a node where ours is on offer, or none was.
        Err(unsafe { Box::from_raw(node) }.into())
    }

    /// Takes the topmost value.
    pub fn pop(&self) -> Option<T> {
        let guard = pin();
        let backoff = Backoff::new();
        loop {
            // ORDERING: (E2) Acquire, pairs with (E1): link and value.
            let head = self.head.load(Ordering::Acquire, &guard);
            // SAFETY: found under the guard.
            let node = unsafe { head.as_ref() }?;
            let next = node.next.load(Ordering::Relaxed, &guard);
            let relaxed = Ordering::Relaxed;
            if self.head.compare_exchange(head, next, relaxed, relaxed, &guard).is_ok() {
                // SAFETY: ours since the exchange; the node is dropped without its value.
                let value = unsafe { ptr::read(&raw const *node.value) };
                // SAFETY: unlinked.
                unsafe { guard.defer_destroy(head) };
                return Some(value);
            }
            if ELIMINATE {
                if let Some(value) = self.accept() {
                    return Some(value);
                }
            } else {
                backoff.spin();
            }
        }
    }

    /// Takes what is on offer.
    fn accept(&self) -> Option<T> {
        let node = self.slot.load(Ordering::Relaxed);
        if node.is_null() || node == taken() {
            return None;
        }
        // ORDERING: (E4) Acquire, pairs with (E3): the value.
        let won =
            self.slot.compare_exchange(node, taken(), Ordering::Acquire, Ordering::Relaxed).is_ok();
        // SAFETY: given away by its owner, and by nobody else.
        won.then(|| ManuallyDrop::into_inner(unsafe { Box::from_raw(node) }.value))
    }
}

impl<T, const ELIMINATE: bool> Drop for EpochStack<T, ELIMINATE> {
    fn drop(&mut self) {
        // SAFETY: nobody else is left.
        let guard = unsafe { crossbeam_epoch::unprotected() };
        let mut at = self.head.swap(Shared::null(), Ordering::Relaxed, guard);
        while !at.is_null() {
            // SAFETY: in the stack, so it is there, and ours.
            let node = *unsafe { at.into_owned() }.into_box();
            at = node.next.load(Ordering::Relaxed, guard);
            drop(ManuallyDrop::into_inner(node.value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    fn nothing_is_lost<const ELIMINATE: bool>() {
        const N: usize = 20_000;
        let (stack, dropped) = (EpochStack::<_, ELIMINATE>::default(), Arc::new(()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..N {
                        stack.push(dropped.clone());
                        while stack.pop().is_none() {}
                    }
                    stack.push(dropped.clone());
                });
            }
        });
        assert_eq!(Arc::strong_count(&dropped), 5);
        drop(stack);
        assert_eq!(Arc::strong_count(&dropped), 1);
    }

    #[test]
    fn threads_lose_nothing_and_drop_everything_once() {
        nothing_is_lost::<false>();
        nothing_is_lost::<true>();
    }

    #[test]
    fn the_last_one_in_is_the_first_one_out() {
        let stack = EpochStack::<_>::default();
        (0..5).for_each(|i| stack.push(i));
        assert!((0..5).rev().all(|i| stack.pop() == Some(i)) && stack.pop().is_none());
    }
}
