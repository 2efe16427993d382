//! The comparer: which queue is fastest *here*, by how much, and how sure is that?
//!
//! | module | what it answers |
//! |---|---|
//! | [`arguments`], [`cli`] | what is asked, and is it possible? |
//! | [`cell`], [`plan`] | which questions, how often, for how long? |
//! | [`subject`], [`subjects`] | who is asked, and how are they called? |
//! | [`designs`] | our designs that lost |
//! | [`driver`], [`message`] | one sample: what happened, and did everything arrive? |
//! | [`memory`] | what does a full queue take? |
//! | [`run`], [`progress`] | all samples |
//! | [`stats`], [`report`] | what follows from them? |
//! | [`machine`] | where was it? |
//! | [`atomics`] | what do atomics cost here, and why? |
//!
//! A new kind is one adapter in `subjects` and one line in [`subjects::ALL`]; a new topology is one more [`cell::Cell`].

pub mod arguments;
pub mod atomics;
pub mod cell;
pub mod cli;
pub mod designs;
pub mod driver;
pub mod machine;
pub mod memory;
pub mod message;
pub mod plan;
pub mod progress;
pub mod report;
pub mod run;
pub mod stats;
pub mod subject;
pub mod subjects;
