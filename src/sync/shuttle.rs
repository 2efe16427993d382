//! The shuttle arm: one thread runs at a time, and each access to an atomic is a step before which a scheduler may take
//! the thread off. Sequentially consistent: for progress and for histories, not for orderings.

pub use shuttle::hint::spin_loop;
pub use shuttle::sync::Mutex;
pub use shuttle::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence};
pub use shuttle::thread::yield_now;

/// See the native arm; a queue that is made in a model is no constant.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($function:tt)+) => {
        $(#[$attribute])* $visibility fn $($function)+
    };
}
pub(crate) use const_fn;

/// See the native arm.
macro_rules! array {
    ($value:expr; $n:expr) => {
        core::array::from_fn::<_, { $n }, _>(|_| $value)
    };
}
pub(crate) use array;

/// One value per thread, as by `std::thread_local`.
macro_rules! per_thread {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = const { $value:expr };) => {
        shuttle::thread_local! { $(#[$attribute])* static $name: $type = $value; }
    };
}
pub(crate) use per_thread;

/// One value per execution, shared by its threads.
macro_rules! per_execution {
    (static $name:ident: $type:ty = $value:expr;) => {
        shuttle::lazy_static! { static ref $name: $type = $value; }
    };
}
pub(crate) use per_execution;

/// See the native arm.
pub const ADDRESS_BITS: u32 = 48;

/// See the native arm; here, so few that a search stays small.
pub const PATIENCE: u32 = 1;

/// As [`PATIENCE`].
pub const LATE: u32 = 0;

/// See the native arm; here a loser tries again at once.
pub const LOSS: (u32, u32) = (0, 0);

/// As [`LOSS`].
pub const RETRY: (u32, u32) = (0, 0);

/// See the native arm; here nobody pauses.
pub const SLIP: Option<u32> = None;

/// See the native arm; here, so few that a search soon needs a second chunk.
pub const CELLS: usize = 1;

/// See the native arm.
pub fn null_pointers<T, const N: usize>() -> [AtomicPtr<T>; N] {
    core::array::from_fn(|_| AtomicPtr::new(core::ptr::null_mut()))
}

/// See the native arm.
pub fn foreseen<T>(_expected: *mut T, actual: *mut T) -> *mut T {
    actual
}

/// A hint, which is no step.
pub fn prefetch_read<T>(_address: *const T) {}

/// A hint, which is no step.
pub fn prefetch_write<T>(_address: *const T) {}

/// Nothing, as on the native arm: races are loom's to find.
#[derive(Debug)]
pub struct Shadow;

impl Shadow {
    /// Shadows of `n` slots.
    pub const fn new(_n: usize) -> Self {
        Self
    }

    /// Slot `i` is read here.
    pub fn read(&self, _i: usize) {}

    /// Slot `i` is written, or moved out of, here.
    pub fn write(&self, _i: usize) {}
}

/// Nothing, as on the native arm: leaks are loom's to find.
#[derive(Debug)]
pub struct Tracked;

impl Tracked {
    /// Starts tracking; dropping it is the free.
    #[expect(clippy::new_without_default, reason = "an arm's vocabulary, not a value type")]
    pub const fn new() -> Self {
        Self
    }

    /// The allocation is used here.
    pub fn used(&self) {}

    /// All uses by others are over here, as before a free.
    pub fn alone(&self) {}
}
