//! Counters that threads add to without disturbing each other.
//!
//! ```
//! use raddle::counter::{Counter, Max};
//!
//! static REQUESTS: Counter = Counter::new();
//! static LARGEST: Max = Max::new();
//!
//! std::thread::scope(|scope| {
//!     for bytes in [300, 100, 200] {
//!         scope.spawn(move || {
//!             REQUESTS.increment();
//!             LARGEST.record(bytes);
//!         });
//!     }
//! });
//! assert_eq!((REQUESTS.sum(), LARGEST.get()), (3, Some(300)));
//! assert_eq!((REQUESTS.take(), REQUESTS.sum()), (3, 0)); // exact: nothing twice, nothing lost
//! ```
//!
//! How it works, what it costs in time and bytes, and what lost: [`guide::counters`](crate::guide::counters).
//!
//! # Progress
//! | operation | progress | atomic operations | allocates |
//! |---|---|---|---|
//! | `add`, `increment`, `record` | wait-free after the thread's first use of the counter | 4: the place, the chunk, load, store; no read-modify-write | no |
//! | the thread's first use of a counter | blocks while another thread is in its own first use, drops a counter or ends | | a block per thread, a chunk per 16, 32, 64 .. counters, unless adopted |
//! | the same in a destructor of a thread-local, after the thread's block has gone back | wait-free where the processor has a fetch-and-add | a read-modify-write of a word of the counter's | no |
//! | `add`, `record` of a `local()` handle | wait-free | load, store | no |
//! | `local()`, dropping the handle | blocks on others who do the same to this counter | | [`PAD`](crate::cacheline::PAD) bytes, unless adopted |
//! | `sum`, `get` | wait-free but for threads that come for the first time meanwhile | 3 per thread that ever counted at one time, and 2 per `local()` | no |
//! | `take` | lock-free: it tries again only when another take has succeeded | those of `sum`, and a compare-exchange | no |
//! | dropping a counter, `reset` | blocks as a first use does | 3 per thread that ever counted at one time | perhaps a word in a list |
//!
//! No operation makes a thread wait that counts with a cell it has.
//!
//! # What it is not for
//! A counter whose value decides something (the last reference, the next ticket) must be one atomic. A signal handler that
//! adds to a counter of the thread it interrupts can lose an addition; a `fork`ed child begins with its parent's values, and
//! the same place in two copies of this crate (two versions, or a library loaded at run time) is two registries.
//!
//! | file | |
//! |---|---|
//! | `sum`, `extreme` | what counts: [`Counter`], [`Max`], [`Min`], their signed forms, and handles |
//! | `window` | [`Window`] and [`PerSecond`]: lately |
//! | `latency`, `prometheus` | `LatencyRecorder`, and all of it as text (feature `latency`) |
//! | `number` | `u64` and `i64` as 64 bits |
//! | `meter` | what they have in common: cells with one owner, and a word for those who have none |
//! | `registry`, `block` | a place for each counter, a block of cells for each thread |
//! | `roster` | a list of things with one owner at a time |
//! | `home` | the process's registry, and the thread-locals |

mod block;
mod extreme;
#[cfg_attr(
    any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle")),
    path = "home_modelled.rs"
)]
mod home;
#[cfg(all(
    feature = "latency",
    not(any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle")))
))]
mod latency;
mod meter;
mod number;
#[cfg(all(
    feature = "latency",
    not(any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle")))
))]
pub mod prometheus;
#[cfg(feature = "rayon")]
mod rayon;
mod registry;
mod roster;
mod sum;
mod window;

pub use extreme::{
    Direction, Extreme, Greatest, Least, LocalExtreme, Max, Min, SignedMax, SignedMin,
};
#[cfg(all(
    feature = "latency",
    not(any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle")))
))]
pub use latency::{LatencyRecorder, Snapshot};
pub use number::Number;
pub use sum::{Counter, Local, SignedCounter, Sum};
pub use window::{PerSecond, Recent, Window};

/// The mechanism, for models. Exempt from semantic versioning.
#[doc(hidden)]
pub mod parts {
    pub use super::meter::{Add, Fold, Meter, Most};
    pub use super::registry::{Registry, Seat};
    pub use super::roster::{Claim, Roster};
}
