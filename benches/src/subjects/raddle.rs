//! This workspace's own queues: one line per door.

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};
use crate::subjects::{many, one};

const ROUNDED: &str = "holds up to two lines' worth of items more than asked";

const fn ours(id: &'static str, title: &'static str, ends: Ends) -> Kind {
    Kind::new(id, title, Origin::Package("raddle"), Role::Ours, ends).native()
}

/// A subject of `raddle::$door::$bound`, batches by `push_slice` and `pop_into`.
macro_rules! door {
    (@open $door:ident::bounded($capacity:ident)) => { ::raddle::$door::bounded($capacity) };
    (@open $door:ident::unbounded($capacity:ident)) => {{
        let _ = $capacity;
        ::raddle::$door::unbounded()
    }};
    ($name:ident, $kind:expr, $door:ident::$bound:ident, $tx:ident -> $rx:ident) => {
        #[doc = concat!("`raddle::", stringify!($door), "::", stringify!($bound), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl Subject for $name {
            const KIND: Kind = $kind;
            type Producer<T: Payload> = ::raddle::$door::$bound::Producer<T>;
            type Consumer<T: Payload> = ::raddle::$door::$bound::Consumer<T>;

            fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
                let (tx, rx) = door!(@open $door::$bound(capacity));
                ($tx(tx, topology.producers), $rx(rx, topology.consumers))
            }
        }

        // By path: an end for many pushes through `&self`, where a method call would find the trait's own.
        impl<T: Payload> Produce<T> for ::raddle::$door::$bound::Producer<T> {
            #[inline]
            fn push(&mut self, item: T) -> bool {
                ::raddle::$door::$bound::Producer::push(self, item).is_ok()
            }

            #[inline]
            fn push_batch(&mut self, items: &[T]) -> usize {
                self.push_slice(items).unwrap_or(0)
            }
        }

        impl<T: Payload> Consume<T> for ::raddle::$door::$bound::Consumer<T> {
            #[inline]
            fn pop(&mut self) -> Option<T> {
                ::raddle::$door::$bound::Consumer::pop(self).ok()
            }

            #[inline]
            fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
                self.pop_into(into, max).unwrap_or(0)
            }
        }
    };
}

door!(
    SpscBounded,
    ours("raddle-spsc", "raddle spsc::bounded", Ends::SPSC).note(ROUNDED),
    spsc::bounded, one -> one
);
door!(
    MpscBounded,
    ours("raddle-mpsc", "raddle mpsc::bounded", Ends::MPSC).note(ROUNDED),
    mpsc::bounded, many -> one
);
door!(
    SpmcBounded,
    ours("raddle-spmc", "raddle spmc::bounded", Ends::SPMC).note(ROUNDED),
    spmc::bounded, one -> many
);
door!(
    MpmcBounded,
    ours("raddle-mpmc", "raddle mpmc::bounded", Ends::MPMC).note(ROUNDED),
    mpmc::bounded, many -> many
);
door!(
    SpscUnbounded,
    ours("raddle-spsc-unbounded", "raddle spsc::unbounded", Ends::SPSC).unbounded(),
    spsc::unbounded, one -> one
);
door!(
    MpscUnbounded,
    ours("raddle-mpsc-unbounded", "raddle mpsc::unbounded", Ends::MPSC).unbounded(),
    mpsc::unbounded, many -> one
);
door!(
    SpmcUnbounded,
    ours("raddle-spmc-unbounded", "raddle spmc::unbounded", Ends::SPMC).unbounded(),
    spmc::unbounded, one -> many
);
door!(
    MpmcUnbounded,
    ours("raddle-mpmc-unbounded", "raddle mpmc::unbounded", Ends::MPMC).unbounded(),
    mpmc::unbounded, many -> many
);
