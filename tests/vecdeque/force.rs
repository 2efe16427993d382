//! What a bounded queue does besides where there may be many consumers: evict.

use raddle::PushError;

use super::run_ops::{Item, Run};

impl<I: Item> Run<I> {
    pub(super) fn front(&mut self) {
        let (id, item) = self.make();
        let closed = self.closed_to_producer();
        let Some(tx) = self.tx.last_mut() else { return };
        match tx.force_push(item) {
            Ok(evicted) => {
                assert!(!closed);
                // Of a line all that are left; and only if there was no room.
                let most = if self.capacity == self.asked { 1 } else { 7 };
                assert!(
                    evicted.len() <= most && (evicted.len() == 0 || self.model.len() >= self.asked)
                );
                assert!(evicted.len() > 0 || self.model.len() < self.capacity);
                for item in evicted {
                    let oldest = self.model.pop_front();
                    assert!(item.is(oldest.expect("no more than were inside")));
                }
                self.model.push_back(id);
            }
            Err(PushError::Closed(item)) => assert!(closed && item.is(id)),
            Err(PushError::Full(_)) => panic!("by force there is always room"),
        }
    }
}
