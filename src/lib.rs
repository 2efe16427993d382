#![doc = include_str!("../README.md")]
//!
//! # Progress
//! Where an operation is **wait-free** it takes a bounded number of its own steps, whatever other threads do or fail to
//! do. **Lock-free** is one that may have to try again, but only because another thread's succeeded. The tables of the doors
//! ([`spsc`], [`stack`]) say which is which, and what each costs.
//!
//! # Features
//! - `std` (default): brings [`stack::Stack`] and the [`counter`]s, and [`Backoff`] yields to the operating system. Without
//!   it the crate needs `core`, `alloc` and crossbeam-utils only.
//! - `rayon`: [`stack::Stack`] takes rayon's parallel iterators.
//! - `latency`: `counter::LatencyRecorder`, and counters as Prometheus text.
//! - `loom`: together with `--cfg loom`, every atomic is loom's; see [`guide::model_checking`].
//! - `shuttle`: together with `--cfg shuttle`, every atomic is shuttle's; see [`guide::progress`].
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
pub mod mpmc;
pub mod mpsc;
pub mod queue;
mod raw;
#[cfg(feature = "std")]
mod reclaim;
pub mod spmc;
pub mod spsc;
pub mod stack;
#[doc(hidden)]
pub mod sync;

pub use backoff::Backoff;
pub use queue::{PopError, PushError};

/// The guide: the pages of `docs/`, whose every snippet is compiled and run.
pub mod guide {
    #[doc = include_str!("../docs/spsc.md")]
    pub mod spsc {}

    #[doc = include_str!("../docs/ring.md")]
    pub mod ring {}

    #[doc = include_str!("../docs/segments.md")]
    pub mod segments {}

    #[doc = include_str!("../docs/stack.md")]
    pub mod stack {}

    #[doc = include_str!("../docs/aba.md")]
    pub mod aba {}

    #[cfg(all(feature = "std", target_has_atomic = "64"))]
    #[doc = include_str!("../docs/counters.md")]
    pub mod counters {}

    #[doc = include_str!("../docs/cache-lines.md")]
    pub mod cache_lines {}

    #[doc = include_str!("../docs/model-checking.md")]
    pub mod model_checking {}

    #[doc = include_str!("../docs/progress.md")]
    pub mod progress {}

    #[doc = include_str!("../docs/measuring.md")]
    pub mod measuring {}
}
