//! How nodes die: not before nobody can look at them any more, and then to be used again.
//!
//! | file | what is in it |
//! |---|---|
//! | `node.rs` | the header that all nodes begin with, chains of nodes, and their layout |
//! | `local.rs` | what a thread keeps: `pin`, `retire`, `take`; and the depot of a stack |
//! | `epoch.rs` | the grace period: crossbeam-epoch |
//! | `model.rs` | the grace period of models, which says no more than crossbeam-epoch promises, and says it at once |

#[cfg(not(any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle"))))]
#[path = "epoch.rs"]
mod grace;
#[cfg(any(all(loom, feature = "loom"), all(shuttle, feature = "shuttle")))]
#[path = "model.rs"]
mod grace;
mod local;
mod node;

pub(crate) use local::{Depot, with};
pub(crate) use node::{Chain, Header, free, layout};
