//! The wide ends of crates whose narrow ones stand elsewhere: gil, nexus-queue, crossfire.

use core::num::NonZeroUsize;

use crossfire::{MRx, MTx, Rx};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::{CHANNEL, many, one};

const POWER: &str = "rounds its capacity up to a power of two";

const fn rival(id: &'static str, title: &'static str, package: &'static str, ends: Ends) -> Kind {
    Kind::new(id, title, Origin::Package(package), Role::Rival, ends)
}

/// A subject whose ends are `$tx` and `$rx`, with payload `T`.
macro_rules! wide {
    (
        $(#[$doc:meta])+
        $name:ident = $kind:expr;
        open($capacity:ident) = $open:expr, $ins:ident -> $outs:ident;
        $tx:ty: |$from:ident, $item:ident| $push:expr;
        $rx:ty: |$end:ident| $pop:expr;
    ) => {
        $(#[$doc])+
        #[derive(Debug)]
        pub struct $name;

        impl Subject for $name {
            const KIND: Kind = $kind;
            type Producer<T: Payload> = $tx;
            type Consumer<T: Payload> = $rx;

            fn open<T: Payload>($capacity: usize, topology: Topology) -> Handles<Self, T> {
                let (tx, rx) = $open;
                ($ins(tx, topology.producers), $outs(rx, topology.consumers))
            }
        }

        impl<T: Payload> Produce<T> for $tx {
            #[inline]
            fn push(&mut self, $item: T) -> bool {
                let $from = self;
                $push.is_ok()
            }
        }

        impl<T: Payload> Consume<T> for $rx {
            #[inline]
            fn pop(&mut self) -> Option<T> {
                let $end = self;
                $pop
            }
        }
    };
}

/// A capacity as gil takes it.
fn at_least_one(capacity: usize) -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(capacity - 1)
}

wide! {
    /// `gil::mpsc::channel`.
    GilMpsc = rival("gil-mpsc", "gil mpsc", "gil", Ends::MPSC);
    open(capacity) = gil::mpsc::channel(at_least_one(capacity)), many -> one;
    gil::mpsc::Sender<T>: |end, item| end.try_send(item);
    gil::mpsc::Receiver<T>: |end| end.try_recv();
}

wide! {
    /// `gil::spmc::channel`.
    GilSpmc = rival("gil-spmc", "gil spmc", "gil", Ends::SPMC);
    open(capacity) = gil::spmc::channel(at_least_one(capacity)), one -> many;
    gil::spmc::Sender<T>: |end, item| end.try_send(item);
    gil::spmc::Receiver<T>: |end| end.try_recv();
}

wide! {
    /// `gil::mpmc::channel`.
    GilMpmc = rival("gil-mpmc", "gil mpmc", "gil", Ends::MPMC);
    open(capacity) = gil::mpmc::channel(at_least_one(capacity)), many -> many;
    gil::mpmc::Sender<T>: |end, item| end.try_send(item);
    gil::mpmc::Receiver<T>: |end| end.try_recv();
}

wide! {
    /// `nexus_queue::mpsc::ring_buffer`.
    NexusMpsc = rival("nexus-mpsc", "nexus-queue mpsc", "nexus-queue", Ends::MPSC).note(POWER);
    open(capacity) = nexus_queue::mpsc::ring_buffer(capacity), many -> one;
    nexus_queue::mpsc::Producer<T>: |end, item| nexus_queue::mpsc::Producer::push(end, item);
    nexus_queue::mpsc::Consumer<T>: |end| nexus_queue::mpsc::Consumer::pop(end);
}

wide! {
    /// `nexus_queue::spmc::ring_buffer`.
    NexusSpmc = rival("nexus-spmc", "nexus-queue spmc", "nexus-queue", Ends::SPMC).note(POWER);
    open(capacity) = nexus_queue::spmc::ring_buffer(capacity), one -> many;
    nexus_queue::spmc::Producer<T>: |end, item| nexus_queue::spmc::Producer::push(end, item);
    nexus_queue::spmc::Consumer<T>: |end| nexus_queue::spmc::Consumer::pop(end);
}

wide! {
    /// `crossfire::mpsc::bounded_blocking`.
    CrossfireMpsc = rival("crossfire-mpsc", "crossfire mpsc", "crossfire", Ends::MPSC)
        .note(CHANNEL);
    open(capacity) = crossfire::mpsc::bounded_blocking(capacity), many -> one;
    MTx<crossfire::mpsc::Array<T>>: |end, item| end.try_send(item);
    Rx<crossfire::mpsc::Array<T>>: |end| end.try_recv().ok();
}

wide! {
    /// `crossfire::mpmc::bounded_blocking`.
    CrossfireMpmc = rival("crossfire-mpmc", "crossfire mpmc", "crossfire", Ends::MPMC)
        .note(CHANNEL);
    open(capacity) = crossfire::mpmc::bounded_blocking(capacity), many -> many;
    MTx<crossfire::mpmc::Array<T>>: |end, item| end.try_send(item);
    MRx<crossfire::mpmc::Array<T>>: |end| end.try_recv().ok();
}
