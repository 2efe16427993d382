//! A push that always has its way: into a full queue, in the place of the oldest item.

use alloc::collections::VecDeque;
use core::iter::FusedIterator;

use crate::backoff::Backoff;
use crate::raw::{self, Overwrite, Refused};

/// Puts `item` in, and returns what had to give way; or `item`, once the queue `is_closed`.
pub(super) fn push<Q: Overwrite>(
    queue: &Q,
    seat: &mut Q::PushSeat,
    mut item: Q::Item,
    is_closed: impl Fn() -> bool,
) -> Result<Evicted<Q::Item>, Q::Item> {
    let mut evicted = Evicted::default();
    let patience = Backoff::new();
    while !is_closed() {
        // SAFETY: the caller has a producer handle, borrowed mutably if it is the only one, and its seat.
        item = match unsafe { raw::push(queue, seat, item) } {
            Ok(()) => return Ok(evicted),
            Err(item) => item,
        };
        // SAFETY: likewise.
        item = match unsafe { queue.replace(item) } {
            Ok(oldest) => {
                evicted.add(oldest);
                return Ok(evicted);
            }
            Err(Refused { item, oldest }) => {
                match oldest {
                    Some(oldest) => evicted.add(oldest),
                    // Somebody is between claiming a slot and handing it over.
                    None => patience.snooze(),
                }
                item
            }
        };
    }
    Err(item)
}

/// The items that gave way to one that was pushed by force, oldest first: none or one, or a line of them.
#[derive(Debug)]
pub struct Evicted<T> {
    first: Option<T>,
    others: VecDeque<T>,
}

impl<T> Default for Evicted<T> {
    fn default() -> Self {
        Self { first: None, others: VecDeque::new() }
    }
}

impl<T> Evicted<T> {
    fn add(&mut self, item: T) {
        match self.first {
            None => self.first = Some(item),
            Some(_) => self.others.push_back(item),
        }
    }
}

impl<T> Iterator for Evicted<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.first.take().or_else(|| self.others.pop_front())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.first.is_some()) + self.others.len();
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Evicted<T> {}
impl<T> FusedIterator for Evicted<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gave_way_comes_back_in_its_order() {
        for n in 0..5 {
            let mut evicted = Evicted::default();
            (0..n).for_each(|i| evicted.add(i));
            for i in 0..n {
                assert_eq!((evicted.len(), evicted.next()), (n - i, Some(i)));
            }
            assert_eq!((evicted.len(), evicted.next(), evicted.next()), (0, None, None));
        }
    }
}
