//! Further channels, all by `try_send` and `try_recv`: kanal, flume, crossfire, rapidfire, tokio.

use crossfire::spsc::Array;
use crossfire::{Rx, Tx};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::{CHANNEL, many};

/// `kanal::bounded`.
#[derive(Debug)]
pub struct Kanal;

impl Subject for Kanal {
    const KIND: Kind =
        Kind::new("kanal", "kanal", Origin::Package("kanal"), Role::Rival, Ends::MPMC)
            .note(CHANNEL);
    type Producer<T: Payload> = kanal::Sender<T>;
    type Consumer<T: Payload> = kanal::Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = kanal::bounded(capacity);
        (vec![tx; topology.producers], vec![rx; topology.consumers])
    }
}

/// `kanal::unbounded`.
#[derive(Debug)]
pub struct UnboundedKanal;

impl Subject for UnboundedKanal {
    const KIND: Kind = Kind { id: "kanal-unbounded", ..Kanal::KIND }.unbounded();
    type Producer<T: Payload> = kanal::Sender<T>;
    type Consumer<T: Payload> = kanal::Receiver<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = kanal::unbounded();
        (many(tx, topology.producers), many(rx, topology.consumers))
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
    const KIND: Kind =
        Kind::new("flume", "flume", Origin::Package("flume"), Role::Rival, Ends::MPMC)
            .note(CHANNEL);
    type Producer<T: Payload> = flume::Sender<T>;
    type Consumer<T: Payload> = flume::Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = flume::bounded(capacity);
        (vec![tx; topology.producers], vec![rx; topology.consumers])
    }
}

/// `flume::unbounded`.
#[derive(Debug)]
pub struct UnboundedFlume;

impl Subject for UnboundedFlume {
    const KIND: Kind = Kind { id: "flume-unbounded", ..Flume::KIND }.unbounded();
    type Producer<T: Payload> = flume::Sender<T>;
    type Consumer<T: Payload> = flume::Receiver<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = flume::unbounded();
        (many(tx, topology.producers), many(rx, topology.consumers))
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
    const KIND: Kind = Kind::new(
        "crossfire",
        "crossfire spsc",
        Origin::Package("crossfire"),
        Role::Rival,
        Ends::SPSC,
    )
    .note(CHANNEL);
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
    const KIND: Kind = Kind::new(
        "rapidfire",
        "rapidfire mpsc",
        Origin::Package("rapidfire"),
        Role::Rival,
        Ends::MPSC,
    )
    .note(CHANNEL);
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

/// `tokio::sync::mpsc::channel`.
#[derive(Debug)]
pub struct Tokio;

impl Subject for Tokio {
    const KIND: Kind =
        Kind::new("tokio", "tokio mpsc", Origin::Package("tokio"), Role::Rival, Ends::MPSC)
            .note(CHANNEL);
    type Producer<T: Payload> = tokio::sync::mpsc::Sender<T>;
    type Consumer<T: Payload> = tokio::sync::mpsc::Receiver<T>;

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = tokio::sync::mpsc::channel(capacity);
        (many(tx, topology.producers), vec![rx])
    }
}

impl<T: Payload> Produce<T> for tokio::sync::mpsc::Sender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for tokio::sync::mpsc::Receiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}

/// `tokio::sync::mpsc::unbounded_channel`.
#[derive(Debug)]
pub struct UnboundedTokio;

impl Subject for UnboundedTokio {
    const KIND: Kind = Kind { id: "tokio-unbounded", ..Tokio::KIND }.unbounded();
    type Producer<T: Payload> = tokio::sync::mpsc::UnboundedSender<T>;
    type Consumer<T: Payload> = tokio::sync::mpsc::UnboundedReceiver<T>;

    fn open<T: Payload>(_capacity: usize, topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = tokio::sync::mpsc::unbounded_channel();
        (many(tx, topology.producers), vec![rx])
    }
}

impl<T: Payload> Produce<T> for tokio::sync::mpsc::UnboundedSender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for tokio::sync::mpsc::UnboundedReceiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}
