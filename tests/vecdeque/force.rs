//! What a bounded queue does besides where there may be many consumers: evict.

use raddle::PushError;

use super::run_ops::{Item, Run};

impl<I: Item> Run<I> {
    pub(super) fn front(&mut self) {
        let (id, item) = self.make();
        let closed = self.closed_to_producer();
        let Some(tx) = self.tx.last_mut() else { return };
        match tx.force_push(item) {
            Ok(mut evicted) => {
                assert!(!closed);
                if self.model.len() == self.capacity {
                    let oldest = self.model.pop_front();
                    assert!(evicted.next().is_some_and(|item| item.is(oldest.expect("full"))));
                }
                assert!(evicted.next().is_none());
                self.model.push_back(id);
            }
            Err(PushError::Closed(item)) => assert!(closed && item.is(id)),
            Err(PushError::Full(_)) => panic!("by force there is always room"),
        }
    }
}
