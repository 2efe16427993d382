#![doc = include_str!("../README.md")]
//!
//! # Progress
//! Where an operation is **wait-free** it takes a bounded number of its own steps, whatever other threads do or fail to
//! do; the tables of the doors ([`spsc`]) say which are, and what each costs.
//!
//! # Features
//! - `std` (default): [`Backoff`] yields to the operating system. Without it the crate needs `core` and `alloc` only.
//!   It also brings the [`counter`]s.
//! - `latency`: `counter::LatencyRecorder`, and counters as Prometheus text.
//! - `loom`: together with `--cfg loom`, every atomic is loom's; see [`guide::model_checking`].
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod backoff;
pub mod cacheline;
mod cardinality;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub mod counter;
pub mod queue;
mod raw;
pub mod spsc;
#[doc(hidden)]
pub mod sync;

pub use backoff::Backoff;
pub use queue::{PopError, PushError};

/// The guide: the pages of `docs/`, whose every snippet is compiled and run.
pub mod guide {
    #[doc = include_str!("../docs/spsc.md")]
    pub mod spsc {}

    #[cfg(all(feature = "std", target_has_atomic = "64"))]
    #[doc = include_str!("../docs/counters.md")]
    pub mod counters {}

    #[doc = include_str!("../docs/cache-lines.md")]
    pub mod cache_lines {}

    #[doc = include_str!("../docs/model-checking.md")]
    pub mod model_checking {}

    #[doc = include_str!("../docs/measuring.md")]
    pub mod measuring {}
}
