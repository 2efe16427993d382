//! The comparer.
