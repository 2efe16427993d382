//! What many producers do besides: come and go.

use super::run_ops::{Item, Run};

impl<I: Item> Run<I> {
    pub(super) fn produce(&mut self, n: usize, which: u8, end: u8) {
        let Some(tx) = self.tx.last() else { return };
        let other = tx.clone();
        assert_eq!((other.len(), other.is_closed()), (self.model.len(), self.rx.is_empty()));
        match end {
            0..=99 => self.tx.push(other),
            100..=199 => drop(self.tx.swap_remove(usize::from(which) % self.tx.len())),
            _ => {
                let by = n % self.tx.len();
                self.tx.rotate_left(by);
            }
        }
    }
}
