//! rtrb's ring buffer.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

/// `rtrb::RingBuffer`; batches by its partial slices.
#[derive(Debug)]
pub struct Rtrb;

impl Subject for Rtrb {
    const KIND: Kind =
        Kind::new("rtrb", "rtrb", Origin::Package("rtrb"), Role::Rival, Ends::SPSC).native();
    type Producer<T: Payload> = Producer<T>;
    type Consumer<T: Payload> = Consumer<T>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = RingBuffer::new(capacity);
        (vec![tx], vec![rx])
    }
}

impl<T: Payload> Produce<T> for Producer<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        Producer::push(self, item).is_ok()
    }

    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        self.push_partial_slice(items).0.len()
    }
}

impl<T: Payload> Consume<T> for Consumer<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        Consumer::pop(self).ok()
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let room = &mut into.spare_capacity_mut()[..max];
        let n = self.pop_partial_slice_uninit(room).0.len();
        // SAFETY: the first `n` elements of the spare capacity were just written.
        unsafe { into.set_len(into.len() + n) };
        n
    }
}
