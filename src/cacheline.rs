//! Cache lines: how big they are, how to keep writers apart, and how to lay data out in whole ones.
//!
//! Contention is cache lines changing owner. Data that two threads write must be [`PAD`] apart ([`CachePadded`] does
//! that); data that travels from one thread to another should travel in as few lines as possible, together with the
//! word that announces it ([`Lines`] does that).

use alloc::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use core::marker::PhantomData;
use core::ptr::NonNull;

pub use crossbeam_utils::CachePadded;

/// Bytes that one transfer between two cores moves.
///
/// 64 on x86-64 (Intel SDM vol. 3A, 13.1; AMD APM vol. 2, 7.6), on most aarch64 cores and on RISC-V; 128 on Apple's
/// aarch64 cores (`sysctl hw.cachelinesize`) and POWER; 32 on most 32-bit Arm and MIPS; 256 on s390x.
pub const LINE: usize = if cfg!(any(
    all(target_arch = "aarch64", target_vendor = "apple"),
    target_arch = "powerpc64"
)) {
    128
} else if cfg!(target_arch = "s390x") {
    256
} else if cfg!(any(target_arch = "arm", target_arch = "mips", target_arch = "mips32r6")) {
    32
} else {
    64
};

/// Bytes that two writers must be apart so that neither slows the other: the alignment of [`CachePadded`].
///
/// More than [`LINE`] where the hardware prefetches lines in pairs (128 on x86-64: Intel's optimization manual, "spatial
/// prefetcher"); the table and its sources are crossbeam-utils'.
pub const PAD: usize = align_of::<CachePadded<u8>>();
