//! ringbuf's heap ring.

use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

/// `ringbuf::HeapRb`, split with its caching wrappers; batches by its slices.
#[derive(Debug)]
pub struct Ringbuf;

impl Subject for Ringbuf {
    const KIND: Kind =
        Kind::new("ringbuf", "ringbuf HeapRb", Origin::Package("ringbuf"), Role::Rival, Ends::SPSC)
            .native();
    type Producer<T: Payload> = HeapProd<T>;
    type Consumer<T: Payload> = HeapCons<T>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = HeapRb::new(capacity).split();
        (vec![tx], vec![rx])
    }
}

impl<T: Payload> Produce<T> for HeapProd<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_push(item).is_ok()
    }

    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        self.push_slice(items)
    }
}

impl<T: Payload> Consume<T> for HeapCons<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_pop()
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let n = self.pop_slice_uninit(&mut into.spare_capacity_mut()[..max]);
        // SAFETY: the first `n` elements of the spare capacity were just written.
        unsafe { into.set_len(into.len() + n) };
        n
    }
}
