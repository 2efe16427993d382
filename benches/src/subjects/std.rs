//! What people have at hand: the standard library's channel, and a deque behind a mutex.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Batch, Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

/// `std::sync::mpsc::sync_channel`, by `try_send` and `try_recv`.
#[derive(Debug)]
pub struct SyncChannel;

impl Subject for SyncChannel {
    const KIND: Kind = Kind {
        id: "sync-channel",
        title: "std sync_channel",
        origin: Origin::Std,
        role: Role::Rival,
        ends: Ends::MPSC,
        batch: Batch::Looped,
        note: "a channel, by try_send and try_recv",
    };
    type Producer<T: Payload> = SyncSender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = sync_channel(capacity);
        (vec![tx; topology.producers], vec![rx])
    }
}

impl<T: Payload> Produce<T> for SyncSender<T> {
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

/// `Mutex<VecDeque>`; a batch moves under one lock.
#[derive(Debug)]
pub struct MutexDeque;

/// A handle of [`MutexDeque`].
#[derive(Debug, Clone)]
pub struct Locked<T> {
    queue: Arc<Mutex<VecDeque<T>>>,
    capacity: usize,
}

impl<T> Locked<T> {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subject for MutexDeque {
    const KIND: Kind = Kind {
        id: "mutex",
        title: "Mutex<VecDeque>",
        origin: Origin::Std,
        role: Role::Rival,
        ends: Ends::MPMC,
        batch: Batch::Native,
        note: "a batch moves under one lock",
    };
    type Producer<T: Payload> = Locked<T>;
    type Consumer<T: Payload> = Locked<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let queue = Arc::new(Mutex::new(VecDeque::with_capacity(capacity)));
        let handle = Locked { queue, capacity };
        (vec![handle.clone(); topology.producers], vec![handle; topology.consumers])
    }
}

impl<T: Payload> Produce<T> for Locked<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        let mut queue = self.lock();
        let room = queue.len() < self.capacity;
        if room {
            queue.push_back(item);
        }
        room
    }

    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        let mut queue = self.lock();
        let n = items.len().min(self.capacity - queue.len());
        queue.extend(&items[..n]);
        n
    }
}

impl<T: Payload> Consume<T> for Locked<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.lock().pop_front()
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let mut queue = self.lock();
        let n = max.min(queue.len());
        into.extend(queue.drain(..n));
        n
    }
}
