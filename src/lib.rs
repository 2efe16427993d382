#![doc = include_str!("guide_links.md")]
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
#[cfg(feature = "rayon")]
mod parallel;
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

/// A page of the guide, whose links rustdoc finds by the names in `guide_links.md`.
macro_rules! page {
    ($(#[$attribute:meta])* $name:ident, $file:literal) => {
        #[doc = include_str!("guide_links.md")]
        #[doc = include_str!(concat!("../docs/", $file))]
        $(#[$attribute])*
        pub mod $name {}
    };
}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/README.md")]
pub mod guide {
    page!(atomics, "atomics.md");
    page!(memory_order, "memory-order.md");
    page!(cost, "cost.md");
    page!(
        #[cfg(all(feature = "std", target_has_atomic = "64"))]
        contention,
        "contention.md"
    );
    page!(cache_lines, "cache-lines.md");
    page!(flags, "flags.md");
    page!(updates, "updates.md");
    page!(aba, "aba.md");
    page!(promises, "promises.md");
    page!(locks, "locks.md");
    page!(
        #[cfg(all(feature = "std", target_has_atomic = "64"))]
        counters,
        "counters.md"
    );
    page!(choosing, "choosing.md");
    page!(model_checking, "model-checking.md");
    page!(spsc, "spsc.md");
    page!(fans, "fans.md");
    page!(ring, "ring.md");
    page!(segments, "segments.md");
    page!(stack, "stack.md");
    page!(measuring, "measuring.md");
    page!(evidence, "evidence.md");
    page!(progress, "progress.md");
    page!(bugs, "bugs.md");
    page!(models, "models.md");
    page!(orderings, "orderings.md");
}
