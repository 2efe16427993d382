//! The locks that are compared: std's, and three that spin.
//!
//! | edge | from, to | what would go wrong without it |
//! |---|---|---|
//! | (A1) -> (A2) | unlocking, locking: test-and-set | the next holder could miss what the last one wrote |
//! | (B1) -> (B2) | unlocking, locking: test-and-test-and-set | the same |
//! | (T1) -> (T2) | unlocking, one's turn has come: ticket | the same |

use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crossbeam_utils::{Backoff, CachePadded};

/// A lock without data.
///
/// # Safety
///
/// Of the closures given to [`hold`](Self::hold), one runs at a time, and sees what those before it wrote.
pub(super) unsafe trait Lock: Default + Sync {
    /// Runs `critical` while nobody else does.
    fn hold<R>(&self, critical: impl FnOnce() -> R) -> R;
}

/// What a lock protects, on lines of its own together with it.
#[derive(Debug, Default)]
pub(super) struct Guarded<L, T> {
    inner: CachePadded<(L, UnsafeCell<T>)>,
}

// SAFETY: the value is reached through the lock only, by one thread at a time.
unsafe impl<L: Lock, T: Send> Sync for Guarded<L, T> {}

impl<L: Lock, T> Guarded<L, T> {
    pub(super) fn new(value: T) -> Self {
        Self { inner: CachePadded::new((L::default(), UnsafeCell::new(value))) }
    }

    /// Runs `critical` on the value, under the lock.
    #[inline]
    pub(super) fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R {
        let (lock, value) = &*self.inner;
        lock.hold(|| {
            // SAFETY: the lock lets one closure run at a time, and the reference ends with it.
            critical(unsafe { &mut *value.get() })
        })
    }

    pub(super) fn into_inner(self) -> T {
        self.inner.into_inner().1.into_inner()
    }
}

/// std's, which lets threads that wait for long sleep.
#[derive(Debug, Default)]
pub(super) struct Std(Mutex<()>);

// SAFETY: a mutex.
unsafe impl Lock for Std {
    #[inline]
    fn hold<R>(&self, critical: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        critical()
    }
}

/// Test-and-set: exchanges until it finds the lock free, and so takes the line from the holder again and again.
#[derive(Debug, Default)]
pub(super) struct TestAndSet(AtomicBool);

// SAFETY: `true` is put there by one thread at a time that found `false`; (A1) -> (A2).
unsafe impl Lock for TestAndSet {
    #[inline]
    fn hold<R>(&self, critical: impl FnOnce() -> R) -> R {
        // ORDERING: (A2) Acquire, pairs with (A1): the holder sees what the last one wrote.
        while self.0.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        let result = critical();
        // ORDERING: (A1) Release, pairs with (A2): hands on what was written.
        self.0.store(false, Ordering::Release);
        result
    }
}

/// Test-and-test-and-set: reads until the lock looks free, and after a lost exchange spins twice as long as before.
/// It never yields: who waits for a holder without a CPU waits in vain.
#[derive(Debug, Default)]
pub(super) struct TestTestAndSet(AtomicBool);

// SAFETY: as the one before; (B1) -> (B2).
unsafe impl Lock for TestTestAndSet {
    #[inline]
    fn hold<R>(&self, critical: impl FnOnce() -> R) -> R {
        let backoff = Backoff::new();
        // ORDERING: (B2) Acquire, pairs with (B1): the holder sees what the last one wrote.
        while self.0.swap(true, Ordering::Acquire) {
            backoff.spin();
            while self.0.load(Ordering::Relaxed) {
                spin_loop();
            }
        }
        let result = critical();
        // ORDERING: (B1) Release, pairs with (B2): hands on what was written.
        self.0.store(false, Ordering::Release);
        result
    }
}

/// First come, first served. It yields after a few hundred turns: where threads share CPUs, the next in line may have none.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    next: AtomicU32,
    serving: AtomicU32,
}

/// Turns before a waiting thread gives its CPU away.
const TURNS: u32 = 256;

// SAFETY: tickets differ, one is served at a time; (T1) -> (T2).
unsafe impl Lock for Ticket {
    #[inline]
    fn hold<R>(&self, critical: impl FnOnce() -> R) -> R {
        let own = self.next.fetch_add(1, Ordering::Relaxed);
        let mut turns = 0;
        // ORDERING: (T2) Acquire, pairs with (T1): the holder sees what the last one wrote.
        while self.serving.load(Ordering::Acquire) != own {
            turns += 1;
            if turns < TURNS { spin_loop() } else { std::thread::yield_now() }
        }
        let result = critical();
        // ORDERING: (T1) Release, pairs with (T2): hands on what was written.
        self.serving.store(own.wrapping_add(1), Ordering::Release);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loses_nothing<L: Lock>() {
        let guarded = Guarded::<L, u64>::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        guarded.with(|n| *n += 1);
                    }
                });
            }
        });
        assert_eq!(guarded.into_inner(), 6_000);
    }

    #[test]
    fn no_lock_loses_an_addition() {
        loses_nothing::<Std>();
        loses_nothing::<TestAndSet>();
        loses_nothing::<TestTestAndSet>();
        loses_nothing::<Ticket>();
    }
}
