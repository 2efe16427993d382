//! raddle
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod backoff;
pub mod cacheline;
mod cardinality;
pub mod queue;
mod raw;
pub mod spsc;
#[doc(hidden)]
pub mod sync;

pub use backoff::Backoff;
pub use queue::{PopError, PushError};
