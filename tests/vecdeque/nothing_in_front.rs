//! Nothing: an unbounded queue of many consumers neither shows its front nor evicts it.

use super::run_ops::{Item, Run};

impl<I: Item> Run<I> {
    pub(super) fn front(&mut self) {}
}
