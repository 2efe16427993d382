//! Further channels, all by `try_send` and `try_recv`: kanal, flume, crossfire, rapidfire.

use crossfire::spsc::Array;
use crossfire::{Rx, Tx};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Batch, Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

const NOTE: &str = "a channel, by try_send and try_recv";

/// `kanal::bounded`.
#[derive(Debug)]
pub struct Kanal;

impl Subject for Kanal {
    const KIND: Kind = Kind {
        id: "kanal",
        title: "kanal",
        origin: Origin::Package("kanal"),
        role: Role::Rival,
        ends: Ends::MPMC,
        batch: Batch::Looped,
        note: NOTE,
    };
    type Producer<T: Payload> = kanal::Sender<T>;
    type Consumer<T: Payload> = kanal::Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = kanal::bounded(capacity);
        (vec![tx; topology.producers], vec![rx; topology.consumers])
    }
}

impl<T: Payload> Produce<T> for kanal::Sender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item) == Ok(true)
    }
}

impl<T: Payload> Consume<T> for kanal::Receiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok().flatten()
    }
}

/// `flume::bounded`.
#[derive(Debug)]
pub struct Flume;

impl Subject for Flume {
    const KIND: Kind = Kind {
        id: "flume",
        title: "flume",
        origin: Origin::Package("flume"),
        role: Role::Rival,
        ends: Ends::MPMC,
        batch: Batch::Looped,
        note: NOTE,
    };
    type Producer<T: Payload> = flume::Sender<T>;
    type Consumer<T: Payload> = flume::Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = flume::bounded(capacity);
        (vec![tx; topology.producers], vec![rx; topology.consumers])
    }
}

impl<T: Payload> Produce<T> for flume::Sender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for flume::Receiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}

/// `crossfire::spsc::bounded_blocking`.
#[derive(Debug)]
pub struct Crossfire;

impl Subject for Crossfire {
    const KIND: Kind = Kind {
        id: "crossfire",
        title: "crossfire spsc",
        origin: Origin::Package("crossfire"),
        role: Role::Rival,
        ends: Ends::SPSC,
        batch: Batch::Looped,
        note: NOTE,
    };
    type Producer<T: Payload> = Tx<Array<T>>;
    type Consumer<T: Payload> = Rx<Array<T>>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = crossfire::spsc::bounded_blocking(capacity);
        (vec![tx], vec![rx])
    }
}

impl<T: Payload> Produce<T> for Tx<Array<T>> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for Rx<Array<T>> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}

/// `rapidfire::mpsc::bounded`.
#[derive(Debug)]
pub struct Rapidfire;

impl Subject for Rapidfire {
    const KIND: Kind = Kind {
        id: "rapidfire",
        title: "rapidfire mpsc",
        origin: Origin::Package("rapidfire"),
        role: Role::Rival,
        ends: Ends::MPSC,
        batch: Batch::Looped,
        note: NOTE,
    };
    type Producer<T: Payload> = rapidfire::Sender<T>;
    type Consumer<T: Payload> = rapidfire::mpsc::Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = rapidfire::mpsc::bounded(capacity);
        (vec![tx; topology.producers], vec![rx])
    }
}

impl<T: Payload> Produce<T> for rapidfire::Sender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for rapidfire::mpsc::Receiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}
