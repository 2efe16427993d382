//! Stacks: last in, first out, for any number of threads.
#[cfg(feature = "std")]
mod chain;
#[cfg(target_has_atomic = "64")]
mod indices;
#[cfg(feature = "rayon")]
mod rayon;
#[cfg(feature = "std")]
mod treiber;

#[cfg(feature = "std")]
pub use chain::{IntoIter, PopAll};
#[cfg(target_has_atomic = "64")]
pub use indices::IndexStack;
#[cfg(feature = "std")]
pub use treiber::Stack;
