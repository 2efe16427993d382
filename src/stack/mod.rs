//! Stacks.
mod chain;
mod indices;
mod treiber;
pub use chain::PopAll;
pub use treiber::Stack;
