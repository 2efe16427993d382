//! What one consumer does besides: look at items in place.

use super::run_ops::{Item, Run};

impl<I: Item> Run<I> {
    pub(super) fn consume(&mut self, n: usize, end: u8) {
        let nothing = self.nothing_to_pop();
        let Some(rx) = self.rx.last_mut() else { return };
        let chunk = match rx.read(n) {
            Ok(chunk) => chunk,
            Err(error) => return assert!(self.model.is_empty() && n > 0 && error == nothing),
        };
        assert_eq!(chunk.len(), n.min(self.model.len()));
        assert_eq!(chunk.runs().map(<[I]>::len).sum::<usize>(), chunk.len());
        assert!(chunk.runs().flatten().zip(&self.model).all(|(item, &id)| item.is(id)));
        match end {
            0..=19 => {} // not released: all stay
            _ => {
                let k = usize::from(end) % (chunk.len() + 1);
                chunk.release(k);
                self.model.drain(..k);
            }
        }
    }

    pub(super) fn front(&mut self) {
        let nothing = self.nothing_to_pop();
        let Some(rx) = self.rx.last_mut() else { return };
        match rx.peek() {
            Ok(item) => assert!(self.model.front().is_some_and(|&id| item.is(id))),
            Err(error) => assert!(self.model.is_empty() && error == nothing),
        }
    }
}
