//! Our designs that lost: measured, never recommended.

use std::sync::Arc;

use crate::cell::Topology;
use crate::designs::credit::Credit;
use crate::designs::line_word::LineWord;
use crate::designs::stamped_ring::StampedRing;
use crate::designs::{cached_index, slot_flag};
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::many;

/// [`cached_index`]; batches by its slices.
#[derive(Debug)]
pub struct CachedIndex;

impl Subject for CachedIndex {
    const KIND: Kind =
        Kind::new("cached-index", "design: cached index", Origin::Here, Role::Design, Ends::SPSC)
            .native()
            .note("a design, not a product");
    type Producer<T: Payload> = cached_index::Producer<T>;
    type Consumer<T: Payload> = cached_index::Consumer<T>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = cached_index::bounded(capacity);
        (vec![tx], vec![rx])
    }
}

impl<T: Payload> Produce<T> for cached_index::Producer<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        cached_index::Producer::push(self, item).is_ok()
    }

    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        self.push_slice(items)
    }
}

impl<T: Payload> Consume<T> for cached_index::Consumer<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        cached_index::Consumer::pop(self).ok()
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        self.pop_into(into, max)
    }
}

/// [`slot_flag`].
#[derive(Debug)]
pub struct SlotFlag;

impl Subject for SlotFlag {
    const KIND: Kind =
        Kind::new("slot-flag", "design: slot flag", Origin::Here, Role::Design, Ends::SPSC)
            .note("a design, not a product");
    type Producer<T: Payload> = slot_flag::Producer<T>;
    type Consumer<T: Payload> = slot_flag::Consumer<T>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = slot_flag::bounded(capacity);
        (vec![tx], vec![rx])
    }
}

impl<T: Payload> Produce<T> for slot_flag::Producer<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        slot_flag::Producer::push(self, item).is_ok()
    }
}

impl<T: Payload> Consume<T> for slot_flag::Consumer<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        slot_flag::Consumer::pop(self).ok()
    }
}

/// A wide design, shared by reference; batches by its slices, if it has them.
macro_rules! shared {
    ($name:ident, $id:literal, $title:literal, $queue:ident $(, $native:ident: $push:ident, $pop:ident)?) => {
        #[doc = concat!("[`", stringify!($queue), "`].")]
        #[derive(Debug)]
        pub struct $name;

        impl Subject for $name {
            const KIND: Kind = Kind::new($id, $title, Origin::Here, Role::Design, Ends::MPMC)
                $(.$native())?
                .note("a design, not a product");
            type Producer<T: Payload> = Arc<$queue<T>>;
            type Consumer<T: Payload> = Arc<$queue<T>>;

            fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
                let queue = Arc::new($queue::new(capacity));
                (many(queue.clone(), topology.producers), many(queue, topology.consumers))
            }
        }

        impl<T: Payload> Produce<T> for Arc<$queue<T>> {
            #[inline]
            fn push(&mut self, item: T) -> bool {
                (**self).push(item).is_ok()
            }

            $(#[inline]
            fn push_batch(&mut self, items: &[T]) -> usize {
                (**self).$push(items)
            })?
        }

        impl<T: Payload> Consume<T> for Arc<$queue<T>> {
            #[inline]
            fn pop(&mut self) -> Option<T> {
                (**self).pop()
            }

            $(#[inline]
            fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
                (**self).$pop(into, max)
            })?
        }
    };
}

shared!(Stamped, "stamped-ring", "design: stamped ring", StampedRing);
shared!(Credits, "credit", "design: credit", Credit);
shared!(LineWords, "line-word", "design: line word", LineWord, native: push_slice, pop_into);
