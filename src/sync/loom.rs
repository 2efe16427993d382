//! The loom arm: weak memory, races and leaks.

use alloc::boxed::Box;
use core::fmt;

use super::Ordering;
use super::site::{self, Kind};

pub use loom::hint::spin_loop;
pub use loom::sync::Mutex;
pub use loom::thread::yield_now;

/// See the native arm; here a constructor isn't `const`.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($function:tt)+) => {
        $(#[$attribute])* $visibility fn $($function)+
    };
}
pub(crate) use const_fn;

/// One value per thread, as by `std::thread_local`.
macro_rules! per_thread {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = const { $value:expr };) => {
        loom::thread_local! { $(#[$attribute])* static $name: $type = $value; }
    };
}
pub(crate) use per_thread;

/// One value per execution of a model, shared by its threads.
macro_rules! per_execution {
    (static $name:ident: $type:ty = $value:expr;) => {
        loom::lazy_static! { static ref $name: $type = $value; }
    };
}
pub(crate) use per_execution;

/// See the native arm; here a loser tries again at once, since to loom a pause is a yield, which hides interleavings.
pub const LOSS: (u32, u32) = (0, 0);

/// As [`LOSS`].
pub const RETRY: (u32, u32) = (0, 0);

/// See the native arm; here nobody pauses: likewise.
pub const SLIP: Option<u32> = None;

/// A hint, which changes nothing that a model could see.
pub fn prefetch_read<T>(_address: *const T) {}

/// A hint, which changes nothing that a model could see.
pub fn prefetch_write<T>(_address: *const T) {}

/// `actual`: a model has no caches to wait for.
pub fn foreseen<T>(_expected: *mut T, actual: *mut T) -> *mut T {
    actual
}

/// loom's atomic integers, with each ordering passed through [`site`]. (The callers are outside the macro, so
/// that each access keeps a location of its own.)
macro_rules! atomic {
    ($($name:ident($integer:ty)),+) => {$(
        /// loom's atomic of the same name, with each ordering passed through [`site`].
        pub struct $name(loom::sync::atomic::$name);

        impl $name {
            /// As in `core`.
            #[track_caller]
            pub fn new(value: $integer) -> Self {
                Self(loom::sync::atomic::$name::new(value))
            }

            /// As in `core`.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $integer {
                self.0.load(site::order(Kind::Load, order))
            }

            /// As in `core`.
            #[track_caller]
            pub fn store(&self, value: $integer, order: Ordering) {
                self.0.store(value, site::order(Kind::Store, order));
            }

            /// As in `core`.
            #[track_caller]
            pub fn swap(&self, value: $integer, order: Ordering) -> $integer {
                self.0.swap(value, site::order(Kind::Rmw, order))
            }

            /// As in `core`.
            #[track_caller]
            pub fn fetch_add(&self, value: $integer, order: Ordering) -> $integer {
                self.0.fetch_add(value, site::order(Kind::Rmw, order))
            }

            /// As in `core`.
            #[track_caller]
            pub fn fetch_sub(&self, value: $integer, order: Ordering) -> $integer {
                self.0.fetch_sub(value, site::order(Kind::Rmw, order))
            }

            /// As in `core`.
            #[track_caller]
            pub fn fetch_max(&self, value: $integer, order: Ordering) -> $integer {
                self.0.fetch_max(value, site::order(Kind::Rmw, order))
            }

            /// As in `core`.
            #[track_caller]
            pub fn fetch_or(&self, value: $integer, order: Ordering) -> $integer {
                self.0.fetch_or(value, site::order(Kind::Rmw, order))
            }

            /// As in `core`.
            ///
            /// # Errors
            /// The value found, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $integer,
                new: $integer,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$integer, $integer> {
                let success = site::order(Kind::Rmw, success);
                let failure = site::order(Kind::Failure, failure);
                self.0.compare_exchange(current, new, success, failure)
            }

            /// As in `core`, but it never fails by accident: loom doesn't model that.
            ///
            /// # Errors
            /// The value found, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $integer,
                new: $integer,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$integer, $integer> {
                self.compare_exchange(current, new, success, failure)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )+};
}

atomic!(AtomicUsize(usize), AtomicU8(u8), AtomicU32(u32), AtomicU64(u64));

/// loom's atomic of the same name, with each ordering passed through [`site`].
pub struct AtomicPtr<T>(loom::sync::atomic::AtomicPtr<T>);

impl<T> AtomicPtr<T> {
    /// As in `core`.
    #[track_caller]
    pub fn new(pointer: *mut T) -> Self {
        Self(loom::sync::atomic::AtomicPtr::new(pointer))
    }

    /// As in `core`.
    #[track_caller]
    pub fn load(&self, order: Ordering) -> *mut T {
        self.0.load(site::order(Kind::Load, order))
    }

    /// As in `core`.
    #[track_caller]
    pub fn store(&self, pointer: *mut T, order: Ordering) {
        self.0.store(pointer, site::order(Kind::Store, order));
    }

    /// As in `core`.
    #[track_caller]
    pub fn swap(&self, pointer: *mut T, order: Ordering) -> *mut T {
        self.0.swap(pointer, site::order(Kind::Rmw, order))
    }

    /// As in `core`.
    ///
    /// # Errors
    /// The pointer found, if it is not `current`.
    #[track_caller]
    pub fn compare_exchange(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        let success = site::order(Kind::Rmw, success);
        let failure = site::order(Kind::Failure, failure);
        self.0.compare_exchange(current, new, success, failure)
    }

    /// As in `core`, but it never fails by accident: loom doesn't model that.
    ///
    /// # Errors
    /// The pointer found, if it is not `current`.
    #[track_caller]
    pub fn compare_exchange_weak(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.compare_exchange(current, new, success, failure)
    }
}

impl<T> fmt::Debug for AtomicPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtomicPtr")
    }
}

/// As in `core`; when a mutant makes it relaxed, it is none.
#[track_caller]
pub fn fence(order: Ordering) {
    match site::order(Kind::Fence, order) {
        Ordering::Relaxed => {}
        order => loom::sync::atomic::fence(order),
    }
}

/// See the native arm.
pub const ADDRESS_BITS: u32 = 48;

/// See the native arm; here none: a model runs a thread that waits only after all others, and so would never see the end of
/// its patience. What it finds after waiting, it finds in another interleaving as well.
pub const PATIENCE: u32 = 0;

/// As [`PATIENCE`].
pub const LATE: u32 = 0;

/// See the native arm.
pub fn null_pointers<T, const N: usize>() -> [AtomicPtr<T>; N] {
    core::array::from_fn(|_| AtomicPtr::new(core::ptr::null_mut()))
}

/// See the native arm; here, so few that a model soon needs a second chunk.
pub const CELLS: usize = 1;

/// One loom cell per slot: loom reports a race of two accesses that no happens-before edge orders.
pub struct Shadow(Box<[loom::cell::UnsafeCell<()>]>);

// SAFETY: there is nothing in the cells that could be torn; that accesses meet is what loom is to find.
unsafe impl Sync for Shadow {}

impl Shadow {
    /// Shadows of `n` slots.
    #[track_caller]
    pub fn new(n: usize) -> Self {
        Self((0..n).map(|_| loom::cell::UnsafeCell::new(())).collect())
    }

    /// Slot `i` is read here.
    #[track_caller]
    pub fn read(&self, i: usize) {
        self.0[i].with(|_| ());
    }

    /// Slot `i` is written, or moved out of, here.
    #[track_caller]
    pub fn write(&self, i: usize) {
        self.0[i].with_mut(|_| ());
    }
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shadow")
    }
}

/// An allocation that the model reports if it is never freed, or freed while it may still be in use.
pub struct Tracked {
    _leak: loom::alloc::Track<()>,
    uses: loom::cell::UnsafeCell<()>,
}

impl Tracked {
    /// Starts tracking; dropping it is the free.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "an arm's vocabulary, not a value type")]
    pub fn new() -> Self {
        Self { _leak: loom::alloc::Track::new(()), uses: loom::cell::UnsafeCell::new(()) }
    }

    /// The allocation is used here: an unordered free is a race.
    #[track_caller]
    pub fn used(&self) {
        self.uses.with(|_| ());
    }

    /// All uses by others are over here, as before a free: an unordered one is a race.
    #[track_caller]
    pub fn alone(&self) {
        self.uses.with_mut(|_| ());
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.uses.with_mut(|_| ());
    }
}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracked")
    }
}

/// See the native arm.
macro_rules! array {
    ($value:expr; $n:expr) => {
        core::array::from_fn::<_, { $n }, _>(|_| $value)
    };
}
pub(crate) use array;
