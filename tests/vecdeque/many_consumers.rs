//! What many consumers do besides: come and go.

use super::run_ops::{Item, Run};

impl<I: Item> Run<I> {
    pub(super) fn consume(&mut self, n: usize, end: u8) {
        let Some(rx) = self.rx.last() else { return };
        let other = rx.clone();
        assert_eq!((other.len(), other.is_closed()), (self.model.len(), self.tx.is_empty()));
        match end {
            0..=99 => self.rx.push(other),
            100..=199 => {
                drop(other);
                drop(self.rx.swap_remove(n % self.rx.len()));
                if self.rx.is_empty() {
                    self.model.clear();
                }
            }
            _ => {
                let by = n % self.rx.len();
                self.rx.rotate_left(by);
            }
        }
    }
}
