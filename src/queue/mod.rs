//! Handles: who may act. The same types serve every door; a door names them for its topology.
//!
//! | file | |
//! |---|---|
//! | `shared` | the one allocation behind the handles; closing, and who frees it |
//! | `producer`, `consumer` | the handles |
//! | `batch` | several items in and out at an end with many handles |
//! | `chunk` | several slots at once, in place |
//! | `fixed` | a queue without handles, for statics |
//! | `force` | a push that always has its way |
//! | `slip` | how far the ends keep apart |
//! | `rayon` | parallel iterators in and out |
//! | `error` | why an operation did nothing |

mod batch;
mod chunk;
mod consumer;
mod error;
mod fixed;
mod force;
mod producer;
#[cfg(feature = "rayon")]
mod rayon;
mod shared;
mod slip;

pub use chunk::{ReadChunk, WriteChunk};
pub use consumer::{Consumer, Drain};
pub use error::{PopError, PushError};
pub use fixed::Fixed;
pub use force::Evicted;
pub use producer::Producer;
pub(crate) use shared::pair;
