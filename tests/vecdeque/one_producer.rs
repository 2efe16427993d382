//! What one producer does besides: write in place.

use core::mem::forget;

use raddle::PushError;

use super::Producer;
use super::run_ops::{Item, Run};

impl<I: Item> Run<I> {
    pub(super) fn produce(&mut self, n: usize, write: u8, end: u8) {
        let (closed, inside) = (self.closed_to_producer(), self.model.len());
        let n = if self.capacity == usize::MAX { n.min(300) } else { n };
        let Some(tx) = self.tx.last_mut() else { return };
        let full = tx.is_full();
        let mut chunk = match tx.reserve(n) {
            Ok(chunk) => chunk,
            Err(PushError::Full(())) => return assert!(!closed && full && n > 0),
            Err(PushError::Closed(())) => return assert!(closed),
        };
        assert!(chunk.len() <= n && inside + chunk.len() <= self.capacity);
        assert!(chunk.len() >= n.min(self.asked.saturating_sub(inside)));
        let whole = chunk.len() < n;
        let ids: Vec<_> = (self.next..).take(usize::from(write) % (chunk.len() + 1)).collect();
        self.next += ids.len() as u64;
        let (by_one, by_fill) = ids.split_at(ids.len() / 2);
        by_one.iter().for_each(|&id| chunk.write(I::new(id)));
        assert_eq!(chunk.fill(by_fill.iter().map(|&id| I::new(id))), by_fill.len());
        assert_eq!(chunk.written(), ids.len());
        match end {
            0..=9 => drop(chunk),
            10..=19 if !I::OWNS_MEMORY => {
                forget(chunk);
                self.leaked.extend(ids);
            }
            _ => {
                let k = usize::from(end) % (ids.len() + 1);
                let all = k == chunk.len();
                chunk.commit(k);
                self.model.extend(&ids[..k]);
                assert!(!(whole && all) || self.tx.last().is_some_and(Producer::is_full));
            }
        }
    }
}
