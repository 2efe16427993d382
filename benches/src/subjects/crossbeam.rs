//! crossbeam-queue's `ArrayQueue`, crossbeam-channel's bounded channel.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Batch, Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

/// `crossbeam_queue::ArrayQueue`.
#[derive(Debug)]
pub struct ArrayQueue;

impl Subject for ArrayQueue {
    const KIND: Kind = Kind {
        id: "array-queue",
        title: "crossbeam ArrayQueue",
        origin: Origin::Package("crossbeam-queue"),
        role: Role::Rival,
        ends: Ends::MPMC,
        batch: Batch::Looped,
        note: "",
    };
    type Producer<T: Payload> = Arc<crossbeam_queue::ArrayQueue<T>>;
    type Consumer<T: Payload> = Arc<crossbeam_queue::ArrayQueue<T>>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(crossbeam_queue::ArrayQueue::new(capacity));
        (vec![queue.clone(); topology.producers], vec![queue; topology.consumers])
    }
}

impl<T: Payload> Produce<T> for Arc<crossbeam_queue::ArrayQueue<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        (**self).push(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Arc<crossbeam_queue::ArrayQueue<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        (**self).pop()
    }
}

/// `crossbeam_channel::bounded`, by `try_send` and `try_recv`.
#[derive(Debug)]
pub struct Channel;

impl Subject for Channel {
    const KIND: Kind = Kind {
        id: "crossbeam-channel",
        title: "crossbeam-channel",
        origin: Origin::Package("crossbeam-channel"),
        role: Role::Rival,
        ends: Ends::MPMC,
        batch: Batch::Looped,
        note: "a channel, by try_send and try_recv",
    };
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = crossbeam_channel::bounded(capacity);
        (vec![tx; topology.producers], vec![rx; topology.consumers])
    }
}

impl<T: Payload> Produce<T> for Sender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Receiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}
