//! What people have at hand: the standard library's channels, and a deque behind a mutex.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::{CHANNEL, many};

/// `std::sync::mpsc::sync_channel`, by `try_send` and `try_recv`.
#[derive(Debug)]
pub struct SyncChannel;

impl Subject for SyncChannel {
    const KIND: Kind =
        Kind::new("sync-channel", "std sync_channel", Origin::Std, Role::Rival, Ends::MPSC)
            .note(CHANNEL);
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

/// `std::sync::mpsc::channel`, by `send`, which never waits, and `try_recv`.
#[derive(Debug)]
pub struct StdChannel;

impl Subject for StdChannel {
    const KIND: Kind =
        Kind::new("std-mpsc", "std mpsc::channel", Origin::Std, Role::Rival, Ends::MPSC)
            .unbounded()
            .note(CHANNEL);
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = mpsc::channel();
        (many(tx, topology.producers), vec![rx])
    }
}

impl<T: Payload> Produce<T> for Sender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.send(item).is_ok()
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

/// The same without a limit.
#[derive(Debug)]
pub struct UnboundedMutexDeque;

impl Subject for UnboundedMutexDeque {
    const KIND: Kind = Kind { id: "mutex-unbounded", ..MutexDeque::KIND }.unbounded();
    type Producer<T: Payload> = Locked<T>;
    type Consumer<T: Payload> = Locked<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let handle = Locked { queue: Arc::default(), capacity: usize::MAX };
        (many(handle.clone(), topology.producers), many(handle, topology.consumers))
    }
}

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
    const KIND: Kind = Kind::new("mutex", "Mutex<VecDeque>", Origin::Std, Role::Rival, Ends::MPMC)
        .native()
        .note("a batch moves under one lock");
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
