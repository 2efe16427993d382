//! The comparer.
fn main() {}
