//! This workspace's own queues.

use raddle::spsc::bounded::{Consumer, Producer};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Batch, Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

/// `raddle::spsc::bounded`; batches by `push_slice` and `pop_into`.
#[derive(Debug)]
pub struct Raddle;

impl Subject for Raddle {
    const KIND: Kind = Kind {
        id: "raddle",
        title: "raddle spsc::bounded",
        origin: Origin::Package("raddle"),
        role: Role::Ours,
        ends: Ends::SPSC,
        batch: Batch::Native,
        note: "holds up to two lines' worth of items more than asked",
    };
    type Producer<T: Payload> = Producer<T>;
    type Consumer<T: Payload> = Consumer<T>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = raddle::spsc::bounded(capacity);
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
        self.push_slice(items).unwrap_or(0)
    }
}

impl<T: Payload> Consume<T> for Consumer<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        Consumer::pop(self).ok()
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        self.pop_into(into, max).unwrap_or(0)
    }
}
