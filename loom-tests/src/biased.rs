//! A biased reference count: the thread that made a value counts its own references without atomics.
//!
//! ```text
//!   { local: the owner's references | shared { others' references, merged 1 } | value }
//! ```
//! *Invariant.* `local` is touched by the owner alone ([`Owned`] is not `Send`). When it falls to zero the owner *merges*: it
//! sets the lowest bit of `shared`. Of the merge and the drops of [`Shared`], exactly one finds that nobody is left, since all
//! of them are read-modify-writes of one word: the merge, if it finds no others; a drop, if it was the last after the merge.
//!
//! In Python a reference may be made by one thread and dropped by another, so that the shared part can become negative, and
//! has to be queued for the owner. Here the type of a handle says in which part it counts, so there is neither.
//!
//! *Source.* S. Gross, PEP 703, "Biased reference counting", 2023; J. Choi, T. Shull, J. Torrellas, "Biased reference counting:
//! minimizing atomic operations in garbage collection", PACT 2018.
//!
//! Edges: B1 with B1 and B2 (what each did with the value is over before it is dropped).

use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;

use raddle::sync::{AtomicUsize, Ordering, Shadow, Tracked};

/// One reference in the shared part.
const ONE: usize = 2;
/// The owner has none left.
const MERGED: usize = 1;

struct Inner<T> {
    local: Cell<usize>,
    shared: AtomicUsize,
    value: T,
    uses: Shadow,
    _allocation: Tracked,
}

/// A reference of the thread that made the value. `SOUND` is what a model takes away to see it fail.
pub struct Owned<T, const SOUND: bool = true>(NonNull<Inner<T>>, PhantomData<*const T>);

/// A reference of any thread.
pub struct Shared<T, const SOUND: bool = true>(NonNull<Inner<T>>);

// SAFETY: it counts in the atomic part only; the value is read through it, and dropped by whoever is last.
unsafe impl<T: Send + Sync, const SOUND: bool> Send for Shared<T, SOUND> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync, const SOUND: bool> Sync for Shared<T, SOUND> {}

/// The ordering of what may be the last access.
const fn last(sound: bool) -> Ordering {
    if sound { Ordering::AcqRel } else { Ordering::Relaxed }
}

/// Drops the value, and gives the memory back.
///
/// # Safety
/// Nobody has a reference any more, and what they did happens before.
unsafe fn free<T>(inner: NonNull<Inner<T>>) {
    // SAFETY: it came from a box, and the caller has the last pointer to it.
    let inner = unsafe { Box::from_raw(inner.as_ptr()) };
    inner.uses.write(0);
}

impl<T, const SOUND: bool> Owned<T, SOUND> {
    /// The first reference.
    pub fn new(value: T) -> Self {
        let (shared, uses) = (AtomicUsize::new(0), Shadow::new(1));
        let inner = Inner { local: Cell::new(1), shared, value, uses, _allocation: Tracked::new() };
        Self(NonNull::from(Box::leak(Box::new(inner))), PhantomData)
    }

    fn inner(&self) -> &Inner<T> {
        // SAFETY: it is counted, so the value is alive.
        unsafe { self.0.as_ref() }
    }

    /// A reference that may go to another thread.
    pub fn share(&self) -> Shared<T, SOUND> {
        // Relaxed: made from one that exists, as by `Arc`.
        self.inner().shared.fetch_add(ONE, Ordering::Relaxed);
        Shared(self.0)
    }
}

impl<T, const SOUND: bool> Clone for Owned<T, SOUND> {
    #[inline]
    fn clone(&self) -> Self {
        let local = &self.inner().local;
        local.set(local.get() + 1);
        Self(self.0, PhantomData)
    }
}

impl<T, const SOUND: bool> Drop for Owned<T, SOUND> {
    #[inline]
    fn drop(&mut self) {
        let Inner { local, shared, .. } = self.inner();
        local.set(local.get() - 1);
        if local.get() > 0 {
            return;
        }
        // ORDERING: (B2) AcqRel, pairs with (B1): who drops the value sees that all others are done with it.
        if shared.fetch_or(MERGED, last(SOUND)) == 0 {
            // SAFETY: there was no other reference, and only a reference makes another.
            unsafe { free(self.0) };
        }
    }
}

impl<T, const SOUND: bool> Deref for Owned<T, SOUND> {
    type Target = T;
    fn deref(&self) -> &T {
        self.inner().uses.read(0);
        &self.inner().value
    }
}

impl<T, const SOUND: bool> Shared<T, SOUND> {
    fn inner(&self) -> &Inner<T> {
        // SAFETY: it is counted, so the value is alive.
        unsafe { self.0.as_ref() }
    }
}

impl<T, const SOUND: bool> Clone for Shared<T, SOUND> {
    #[inline]
    fn clone(&self) -> Self {
        self.inner().shared.fetch_add(ONE, Ordering::Relaxed);
        Self(self.0)
    }
}

impl<T, const SOUND: bool> Drop for Shared<T, SOUND> {
    #[inline]
    fn drop(&mut self) {
        // ORDERING: (B1) AcqRel, pairs with (B1, B2): who drops the value sees that all others are done with it.
        if self.inner().shared.fetch_sub(ONE, last(SOUND)) == ONE | MERGED {
            // SAFETY: the owner has none left and this was the last of the others.
            unsafe { free(self.0) };
        }
    }
}

impl<T, const SOUND: bool> Deref for Shared<T, SOUND> {
    type Target = T;
    fn deref(&self) -> &T {
        self.inner().uses.read(0);
        &self.inner().value
    }
}

impl<T, const SOUND: bool> core::fmt::Debug for Owned<T, SOUND> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Owned").finish_non_exhaustive()
    }
}

impl<T, const SOUND: bool> core::fmt::Debug for Shared<T, SOUND> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_dropped_with_its_last_reference_whosever_that_is() {
        for owner_first in [false, true] {
            let witness = std::sync::Arc::new(());
            let owned = Owned::<_>::new(std::sync::Arc::clone(&witness));
            let copy = owned.clone();
            let shared = copy.share().clone();
            drop(copy);
            assert_eq!(std::sync::Arc::strong_count(&owned), 2);
            if owner_first {
                drop(owned);
                assert_eq!(std::sync::Arc::strong_count(&shared), 2);
                std::thread::spawn(move || drop(shared)).join().unwrap();
            } else {
                std::thread::spawn(move || drop(shared)).join().unwrap();
                assert_eq!(std::sync::Arc::strong_count(&witness), 2);
                drop(owned);
            }
            assert_eq!(std::sync::Arc::strong_count(&witness), 1);
        }
    }
}
