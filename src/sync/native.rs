//! The production arm: `core`'s own types, and trackers of size zero.

pub use core::hint::spin_loop;
#[cfg(target_has_atomic = "64")]
pub use core::sync::atomic::AtomicU64;
pub use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, fence};
#[cfg(feature = "std")]
pub use std::sync::Mutex;

/// An array of equal values, each made anew; in a constant where the arm's atomics allow it.
macro_rules! array {
    ($value:expr; $n:expr) => {
        [const { $value }; $n]
    };
}
pub(crate) use array;

/// Pointers to nothing, as the first value of a table.
pub const fn null_pointers<T, const N: usize>() -> [AtomicPtr<T>; N] {
    array![AtomicPtr::new(core::ptr::null_mut()); N]
}

/// How many counters share the first chunk of a thread's block: as many cells of 8 bytes as fill what writers must be apart.
pub const CELLS: usize = align_of::<crossbeam_utils::CachePadded<u8>>() / 8;

/// A constructor that is `const` here; a model checker's atomics can't be made in constants.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($function:tt)+) => {
        $(#[$attribute])* $visibility const fn $($function)+
    };
}
pub(crate) use const_fn;

/// One value per thread, as by `std::thread_local`.
#[cfg(feature = "std")]
macro_rules! per_thread {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = const { $value:expr };) => {
        std::thread_local! { $(#[$attribute])* static $name: $type = const { $value }; }
    };
}
#[cfg(feature = "std")]
pub(crate) use per_thread;

/// How many bits of an address are not 0 (but for bits that alignment makes so): user space of 64-bit processors lies below
/// 2^48, unless a program asks for more. Where the allocator marks its pointers in the upper bits, or the kernel's half is
/// used, all count.
pub const ADDRESS_BITS: u32 = if cfg!(all(
    target_pointer_width = "64",
    any(target_os = "linux", target_vendor = "apple", windows, target_os = "freebsd")
)) {
    48
} else {
    usize::BITS
};

/// How many steps of [`Backoff`](crate::Backoff) to wait for another thread in the middle of an operation, before it is
/// taken for stalled: 1 + 2 + .. + 32 pauses, a few times what the rest of its operation takes it.
pub const PATIENCE: u32 = 6;

/// At which step to begin, where the other may fill many slots one by one: with the longest pause. Measured in
/// `docs/segments.md`.
pub const LATE: u32 = 5;

/// The logarithms of the shortest and the longest pause of who lost a compare-exchange: 128 to 512 pauses. Measured in
/// `docs/stack.md` and `docs/ring.md`.
pub const LOSS: (u32, u32) = (7, 9);

/// The same where the loser tries with a value that is old by then: 7 to 255 pauses. Measured in `docs/segments.md`.
pub const RETRY: (u32, u32) = (3, 8);

/// The longest an end keeps away that has met the other, before it says so, in pauses. Measured in `docs/contention.md`.
pub const SLIP: Option<u32> = Some(256);

/// Lets another thread run; without an operating system (no feature `std`) it can only pause the processor.
#[inline]
pub fn yield_now() {
    #[cfg(feature = "std")]
    std::thread::yield_now();
    #[cfg(not(feature = "std"))]
    spin_loop();
}

/// Asks for the cache line at `address`, which is likely to be read soon. It may be any address.
#[inline(always)]
pub fn prefetch_read<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse", not(miri)))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint; it reads nothing that the program could see, and never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse", not(miri))))]
    let _ = address;
}

/// Asks for the cache line at `address`, for writing: no other cache keeps a copy. It may be any address.
#[inline(always)]
pub fn prefetch_write<T>(address: *const T) {
    // By hand, since the compiler emits `prefetchw` only for processors it is told have it; the others of this
    // architecture take it for a no-op (Intel SDM vol. 2B, AMD APM vol. 3, "PREFETCHW").
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint; it changes nothing that the program could see, and never faults.
    unsafe {
        core::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}

/// `actual`, which `expected` was found to equal, in such a way that what is done with it doesn't wait for the load of
/// `actual`, but for the comparison only if that was wrongly predicted.
///
/// By hand, since a compiler is right to think that of two equal pointers it may take either. Not `pure`, lest it makes the
/// branch before it a conditional move, which would wait.
///
/// *Source.* P. Vognsen, F. Mazzoli, "Beating the L1 cache with value speculation", 2021.
#[inline(always)]
#[cfg_attr(
    any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))),
    allow(unused_variables, reason = "only where we know the assembler's constraints")
)]
pub fn foreseen<T>(expected: *mut T, actual: *mut T) -> *mut T {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    {
        let mut pointer = expected;
        #[allow(clippy::pointers_in_nomem_asm_block, reason = "nothing is read through them here")]
        // SAFETY: no instruction at all. For the compiler the result comes from both: the address of either, the right
        // to use it from `actual`.
        unsafe {
            core::arch::asm!("/* {0} {1} */", inout(reg) pointer, in(reg) actual, options(nomem, nostack, preserves_flags));
        }
        pointer
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    actual
}

/// Stands for `n` memory slots in a race detector; here there is none, so it is nothing.
///
/// Memory that is handed out as slices can't consist of a model checker's cells, so a structure keeps its slots as plain
/// memory, one `Shadow` beside them, and tells the shadow of each access.
#[derive(Debug)]
pub struct Shadow;

impl Shadow {
    /// Shadows of `n` slots.
    #[inline(always)]
    pub const fn new(_n: usize) -> Self {
        Self
    }

    /// Slot `i` is read here.
    #[inline(always)]
    pub fn read(&self, _i: usize) {}

    /// Slot `i` is written, or moved out of, here.
    #[inline(always)]
    pub fn write(&self, _i: usize) {}
}

/// An allocation that a model reports if it is never freed, or freed while it may still be in use; here nothing.
#[derive(Debug)]
pub struct Tracked;

impl Tracked {
    /// Starts tracking; dropping it is the free.
    #[inline(always)]
    #[expect(clippy::new_without_default, reason = "an arm's vocabulary, not a value type")]
    pub const fn new() -> Self {
        Self
    }

    /// The allocation is used here.
    #[inline(always)]
    pub fn used(&self) {}

    /// All uses by others are over here, as before a free.
    #[inline(always)]
    pub fn alone(&self) {}
}
