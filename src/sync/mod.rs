//! The facade: the only place that names `core`'s atomics or a model checker.
//!
//! | arm | chosen by | what it is for |
//! |---|---|---|
//! | `native` | nothing: the default | production; re-exports `core`, costs nothing |
//! | `loom` | `--cfg loom` and feature `loom` | weak memory: every interleaving and every stale value |
//! | `shuttle` | `--cfg shuttle` and feature `shuttle` | progress: threads that are frozen, schedules that are counted |
//!
//! An arm provides, under these names: `ADDRESS_BITS`, `AtomicPtr`, `AtomicU32`, `AtomicU64` (where there is one), `AtomicUsize`, `CELLS`,
//! `LATE`, `LOSS`, `Mutex` (with `std`), `PATIENCE`, `RETRY`, `SLIP`, `Shadow`, `Tracked`, `array`, `const_fn`, `fence`, `null_pointers`,
//! `per_thread`, `prefetch_read`, `prefetch_write`, `spin_loop`, `yield_now`. (A model arm besides: `per_execution`.) A
//! further arm is one more file here and one more line below; nothing above this folder changes, because algorithms see
//! these names only. The methods of model arms are `#[track_caller]`: an ordering's *site* is the source location that asks for it,
//! which is how `site` can weaken one ordering at a time without a trace of it in the algorithms. Hence the house
//! rule: no atomic access inside a macro or through a function path, where many accesses would share one location.
//!
//! Hidden from the documentation and exempt from semantic versioning: the models, the mutants and the designs that lost
//! are written on it, applications are not.

pub use core::sync::atomic::Ordering;

#[cfg(not(any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle"))))]
#[path = "native.rs"]
mod arm;

#[cfg(all(loom, feature = "loom"))]
#[path = "loom.rs"]
mod arm;

#[cfg(all(shuttle, feature = "shuttle", not(all(loom, feature = "loom"))))]
#[path = "shuttle.rs"]
mod arm;

#[cfg(all(loom, feature = "loom"))]
pub mod site;

pub use arm::*;
