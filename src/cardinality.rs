//! How many handles an end has: one, or many. A topology is two of these.
//!
//! The choice is a type, never an `if`: a handle of an end with [`One`] acts through `&mut self`, which is the proof
//! that nobody else acts at that end, and so needs no read-modify-write to take its turn. Cloning such a handle, or
//! acting through a shared reference, does not compile.

/// The number of handles at one end of a queue: [`One`], so far. Sealed.
pub trait Cardinality: sealed::Sealed {}

/// Exactly one handle, which acts through `&mut self`.
#[derive(Debug)]
pub enum One {}

impl Cardinality for One {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::One {}
}
