//! raddle
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod backoff;
pub mod cacheline;
mod cardinality;
#[doc(hidden)]
pub mod sync;

pub use backoff::Backoff;
