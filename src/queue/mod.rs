//! Handles: who may act. The same types serve every door; a door names them for its topology.
//!
//! | file | |
//! |---|---|
//! | `shared` | the one allocation behind the handles; closing, and who frees it |
//! | `producer`, `consumer` | the handles |
//! | `chunk` | several slots at once, in place |
//! | `error` | why an operation did nothing |

mod chunk;
mod consumer;
mod error;
mod producer;
mod shared;

pub use chunk::{ReadChunk, WriteChunk};
pub use consumer::{Consumer, Drain};
pub use error::{PopError, PushError};
pub use producer::Producer;
pub(crate) use shared::pair;
