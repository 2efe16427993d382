//! gil's SPSC channel.

use core::num::NonZeroUsize;

use gil::spsc::{Receiver, Sender};

use crate::cell::Topology;
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

/// `gil::spsc::channel`; batches by its buffers, each up to the end of the ring.
#[derive(Debug)]
pub struct Gil;

impl Subject for Gil {
    const KIND: Kind =
        Kind::new("gil", "gil spsc", Origin::Package("gil"), Role::Rival, Ends::SPSC)
            .native()
            .note("rounds its memory up to a power of two");
    type Producer<T: Payload> = Sender<T>;
    type Consumer<T: Payload> = Receiver<T>;

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let (tx, rx) = gil::spsc::channel(NonZeroUsize::MIN.saturating_add(capacity - 1));
        (vec![tx], vec![rx])
    }
}

impl<T: Payload> Produce<T> for Sender<T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }

    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        let room = self.write_buffer();
        let n = room.len().min(items.len());
        for (slot, item) in room.iter_mut().zip(items) {
            slot.write(*item);
        }
        // SAFETY: `n` is at most the length of the buffer, whose first `n` elements were just written.
        unsafe { self.commit(n) };
        n
    }
}

impl<T: Payload> Consume<T> for Receiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.try_recv()
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let mut items = self.read_guard();
        let n = items.len().min(max);
        into.extend_from_slice(&items.as_slice()[..n]);
        items.advance(n);
        n
    }
}
