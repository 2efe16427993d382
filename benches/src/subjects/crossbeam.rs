//! crossbeam: the queues, the channels, the work-stealing deque.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use crossbeam_deque::{Steal, Stealer, Worker};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::{CHANNEL, many};

/// `crossbeam_queue::ArrayQueue`.
#[derive(Debug)]
pub struct ArrayQueue;

impl Subject for ArrayQueue {
    const KIND: Kind = Kind::new(
        "array-queue",
        "crossbeam ArrayQueue",
        Origin::Package("crossbeam-queue"),
        Role::Rival,
        Ends::MPMC,
    );
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

/// `crossbeam_queue::SegQueue`.
#[derive(Debug)]
pub struct SegQueue;

impl Subject for SegQueue {
    const KIND: Kind = Kind::new(
        "seg-queue",
        "crossbeam SegQueue",
        Origin::Package("crossbeam-queue"),
        Role::Rival,
        Ends::MPMC,
    )
    .unbounded();
    type Producer<T: Payload> = Arc<crossbeam_queue::SegQueue<T>>;
    type Consumer<T: Payload> = Arc<crossbeam_queue::SegQueue<T>>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(crossbeam_queue::SegQueue::new());
        (vec![queue.clone(); topology.producers], vec![queue; topology.consumers])
    }
}

impl<T: Payload> Produce<T> for Arc<crossbeam_queue::SegQueue<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        (**self).push(item);
        true
    }
}

impl<T: Payload> Consume<T> for Arc<crossbeam_queue::SegQueue<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        (**self).pop()
    }
}

/// `crossbeam_channel::bounded`, by `try_send` and `try_recv`.
#[derive(Debug)]
pub struct Channel;

impl Subject for Channel {
    const KIND: Kind = Kind::new(
        "crossbeam-channel",
        "crossbeam-channel",
        Origin::Package("crossbeam-channel"),
        Role::Rival,
        Ends::MPMC,
    )
    .note(CHANNEL);
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = crossbeam_channel::bounded(capacity);
        (vec![tx; topology.producers], vec![rx; topology.consumers])
    }
}

/// `crossbeam_channel::unbounded`, by `try_send` and `try_recv`.
#[derive(Debug)]
pub struct UnboundedChannel;

impl Subject for UnboundedChannel {
    const KIND: Kind = Kind { id: "channel-unbounded", ..Channel::KIND }.unbounded();
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = crossbeam_channel::unbounded();
        (many(tx, topology.producers), many(rx, topology.consumers))
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

/// `crossbeam_deque::Worker`, first in, first out: its owner pushes, the others steal.
#[derive(Debug)]
pub struct Deque;

/// A thief with a deque of its own for what it steals in batches.
#[derive(Debug)]
pub struct Thief<T> {
    from: Stealer<T>,
    own: Worker<T>,
}

impl Subject for Deque {
    const KIND: Kind = Kind::new(
        "deque",
        "crossbeam-deque",
        Origin::Package("crossbeam-deque"),
        Role::Rival,
        Ends::SPMC,
    )
    .native()
    .unbounded()
    .note("a work-stealing deque, its owner pushes; a lost race counts as empty");
    type Producer<T: Payload> = Worker<T>;
    type Consumer<T: Payload> = Thief<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let worker = Worker::new_fifo();
        let thief = |_| Thief { from: worker.stealer(), own: Worker::new_fifo() };
        let thieves = (0..topology.consumers).map(thief).collect();
        (vec![worker], thieves)
    }
}

impl<T: Payload> Produce<T> for Worker<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        Worker::push(self, item);
        true
    }
}

impl<T: Payload> Consume<T> for Thief<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.from.steal().success()
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let Steal::Success(first) = self.from.steal_batch_with_limit_and_pop(&self.own, max) else {
            return 0;
        };
        let before = into.len();
        into.push(first);
        into.extend(core::iter::from_fn(|| self.own.pop()));
        into.len() - before
    }
}
