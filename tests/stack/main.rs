//! `stack::Stack` and `stack::IndexStack`: order, drops, panics, odd values, many threads, and against a `Vec`.

#![cfg(not(loom))] // Real threads, and stacks in statics.

mod drops;
mod indices;
#[allow(dead_code, reason = "the queues' tests use more of it")]
#[path = "../conformance/items.rs"]
mod items;
mod order;
#[cfg(feature = "rayon")]
mod rayon;
#[path = "../common/rng.rs"]
mod rng;
mod threads;
mod values;
