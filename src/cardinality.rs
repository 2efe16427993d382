//! How many handles an end has: one, or many. A topology is two of these.

/// Exactly one handle at this end: it acts through `&mut self` and pays for no arbitration.
#[derive(Debug)]
pub enum One {}
