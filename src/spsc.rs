//! One producer, one consumer: the fastest there is, and the first choice wherever the topology allows it.

use crate::raw::LineRing;

/// Names of the handles of [`bounded`](fn@bounded).
pub mod bounded {
    use crate::queue;
    use crate::raw::LineRing;

    /// The producing end.
    pub type Producer<T> = queue::Producer<LineRing<T>>;
    /// The consuming end.
    pub type Consumer<T> = queue::Consumer<LineRing<T>>;
    /// Slots reserved at the producing end.
    pub type WriteChunk<'a, T> = queue::WriteChunk<'a, LineRing<T>>;
    /// Items shown at the consuming end.
    pub type ReadChunk<'a, T> = queue::ReadChunk<'a, LineRing<T>>;
    /// An iterator that pops.
    pub type Drain<'a, T> = queue::Drain<'a, LineRing<T>>;
}

/// A queue that holds up to `capacity` items.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(LineRing::new(capacity))
}

/// A queue with so many items to a line, for models (few) and measurements. Exempt from semantic versioning.
#[doc(hidden)]
#[must_use]
pub fn bounded_in_lines_of<T>(
    items: usize,
    capacity: usize,
) -> (bounded::Producer<T>, bounded::Consumer<T>) {
    crate::queue::pair(LineRing::with_lines_of(items, capacity))
}
