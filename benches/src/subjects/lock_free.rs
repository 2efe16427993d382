//! Queues of many ends that are lock-free, or deques that are: lfqueue, st3.

use std::sync::Arc;

use lfqueue::{AllocBoundedQueue, UnboundedQueue};
use st3::fifo::{Stealer, Worker};

use crate::cell::{Cell, Topology};
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::many;

const POWER: &str = "its capacity is a power of two";

fn is_power(cell: &Cell) -> Option<String> {
    let lap = cell.capacity.lap();
    (!lap.is_power_of_two()).then(|| format!("{POWER}, not {lap}"))
}

/// `lfqueue::AllocBoundedQueue`.
#[derive(Debug)]
pub struct Lf;

impl Subject for Lf {
    const KIND: Kind =
        Kind::new("lfqueue", "lfqueue", Origin::Package("lfqueue"), Role::Rival, Ends::MPMC)
            .note("SCQ, lock-free");
    type Producer<T: Payload> = Arc<AllocBoundedQueue<T>>;
    type Consumer<T: Payload> = Arc<AllocBoundedQueue<T>>;

    fn refuses(cell: &Cell) -> Option<String> {
        is_power(cell)
    }

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(AllocBoundedQueue::new(capacity));
        (many(queue.clone(), topology.producers), many(queue, topology.consumers))
    }
}

impl<T: Payload> Produce<T> for Arc<AllocBoundedQueue<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.enqueue(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Arc<AllocBoundedQueue<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.dequeue()
    }
}

/// `lfqueue::UnboundedQueue`, by its plain calls.
#[derive(Debug)]
pub struct UnboundedLf;

impl Subject for UnboundedLf {
    const KIND: Kind = Kind { id: "lfqueue-unbounded", ..Lf::KIND }
        .unbounded()
        .note("LSCQ, segments of 1024; takes a hazard pointer per call");
    type Producer<T: Payload> = Arc<UnboundedQueue<T>>;
    type Consumer<T: Payload> = Arc<UnboundedQueue<T>>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(UnboundedQueue::with_segment_size(1024));
        (many(queue.clone(), topology.producers), many(queue, topology.consumers))
    }
}

impl<T: Payload> Produce<T> for Arc<UnboundedQueue<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.enqueue(item);
        true
    }
}

impl<T: Payload> Consume<T> for Arc<UnboundedQueue<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.dequeue()
    }
}

/// `st3::fifo::Worker`: its owner pushes, the others steal.
#[derive(Debug)]
pub struct St3;

/// A thief with a deque of its own, which `st3` asks for.
#[derive(Debug)]
pub struct Thief<T> {
    from: Stealer<T>,
    own: Worker<T>,
}

impl Subject for St3 {
    const KIND: Kind =
        Kind::new("st3", "st3 fifo", Origin::Package("st3"), Role::Rival, Ends::SPMC)
            .native()
            .note("a work-stealing deque, its owner pushes; a lost race counts as empty");
    type Producer<T: Payload> = Worker<T>;
    type Consumer<T: Payload> = Thief<T>;

    fn refuses(cell: &Cell) -> Option<String> {
        is_power(cell)
    }

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let worker = Worker::new(capacity);
        let thief = |_| Thief { from: worker.stealer(), own: Worker::new(capacity) };
        let thieves = (0..topology.consumers).map(thief).collect();
        (vec![worker], thieves)
    }
}

impl<T: Payload> Produce<T> for Worker<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        Worker::push(self, item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Thief<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.from.steal_and_pop(&self.own, |_| 1).ok().map(|(item, _)| item)
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let Ok((last, others)) = self.from.steal_and_pop(&self.own, |n| n.min(max)) else {
            return 0;
        };
        // What it hands out is the last one of the batch; the others went to the own deque.
        into.extend(core::iter::from_fn(|| self.own.pop()));
        into.push(last);
        others + 1
    }
}
