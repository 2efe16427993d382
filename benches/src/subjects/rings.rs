//! Further queues: nexus-queue, concurrent-queue, thingbuf.

use std::sync::Arc;

use concurrent_queue::ConcurrentQueue;
use nexus_queue::spsc::{Consumer, Producer};
use thingbuf::ThingBuf;

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::many;

/// `nexus_queue::spsc::ring_buffer`.
#[derive(Debug)]
pub struct Nexus;

impl Subject for Nexus {
    const KIND: Kind = Kind::new(
        "nexus",
        "nexus-queue spsc",
        Origin::Package("nexus-queue"),
        Role::Rival,
        Ends::SPSC,
    )
    .note("rounds its capacity up to a power of two");
    type Producer<T: Payload> = Producer<T>;
    type Consumer<T: Payload> = Consumer<T>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = nexus_queue::spsc::ring_buffer(capacity);
        (vec![tx], vec![rx])
    }
}

impl<T: Payload> Produce<T> for Producer<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        Producer::push(self, item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Consumer<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        Consumer::pop(self)
    }
}

/// `concurrent_queue::ConcurrentQueue::bounded`.
#[derive(Debug)]
pub struct Concurrent;

impl Subject for Concurrent {
    const KIND: Kind = Kind::new(
        "concurrent",
        "concurrent-queue",
        Origin::Package("concurrent-queue"),
        Role::Rival,
        Ends::MPMC,
    );
    type Producer<T: Payload> = Arc<ConcurrentQueue<T>>;
    type Consumer<T: Payload> = Arc<ConcurrentQueue<T>>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(ConcurrentQueue::bounded(capacity));
        (vec![queue.clone(); topology.producers], vec![queue; topology.consumers])
    }
}

/// `concurrent_queue::ConcurrentQueue::unbounded`.
#[derive(Debug)]
pub struct UnboundedConcurrent;

impl Subject for UnboundedConcurrent {
    const KIND: Kind = Kind { id: "concurrent-unbounded", ..Concurrent::KIND }.unbounded();
    type Producer<T: Payload> = Arc<ConcurrentQueue<T>>;
    type Consumer<T: Payload> = Arc<ConcurrentQueue<T>>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        (many(queue.clone(), topology.producers), many(queue, topology.consumers))
    }
}

impl<T: Payload> Produce<T> for Arc<ConcurrentQueue<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        (**self).push(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Arc<ConcurrentQueue<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        (**self).pop().ok()
    }
}

/// `thingbuf::ThingBuf`.
#[derive(Debug)]
pub struct Thing;

impl Subject for Thing {
    const KIND: Kind = Kind::new(
        "thingbuf",
        "thingbuf ThingBuf",
        Origin::Package("thingbuf"),
        Role::Rival,
        Ends::MPMC,
    );
    type Producer<T: Payload> = Arc<ThingBuf<T>>;
    type Consumer<T: Payload> = Arc<ThingBuf<T>>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(ThingBuf::new(capacity));
        (vec![queue.clone(); topology.producers], vec![queue; topology.consumers])
    }
}

impl<T: Payload> Produce<T> for Arc<ThingBuf<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        (**self).push(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Arc<ThingBuf<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        (**self).pop()
    }
}
