//! The one allocation behind a queue's handles: closing, and who frees it.
//!
//! | bit | set | means |
//! |---|---|---|
//! | `NO_PRODUCER` | when the last producer goes | nothing will be pushed any more |
//! | `NO_CONSUMER` | when the last consumer goes, before it drops what is left | a push would be in vain |
//! | `PRODUCERS_DONE`, `CONSUMERS_DONE` | by an end's last act | that end never touches the allocation again |
//!
//! *Closed means empty for ever.* A pop that finds nothing looks at `NO_PRODUCER` and, if it is set, at the queue once
//! more: everything was pushed before the bit was set (X1 to X2).
//!
//! *Freed once, and last.* Both ends set their `DONE` bit with one read-modify-write on the same word (X1), so exactly
//! one of them finds the other's bit set, and it sees all that the other did.
//!
//! *Nothing is lost.* An item whose push said `Ok` is popped, or dropped by the last consumer as it goes, or, if it
//! slipped in after that (the producer had not seen `NO_CONSUMER` yet), dropped with the allocation.
//!
//! *The last handle of an end* ends it. Where there may be many, they are counted; the last one sees all that the others
//! did (X3).
//!
//! Edges: X1 with X2 (the last pushes), X1 with itself (the other end's last acts), X3 with itself and X4 with
//! itself (what an end's other handles did).

use alloc::boxed::Box;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::slip::Slip;
use super::{Consumer, PopError, Producer, PushError};
use crate::cardinality::Cardinality;
use crate::raw::{self, RawQueue};
use crate::sync::{AtomicUsize, Ordering, Tracked};

const NO_PRODUCER: usize = 1;
const PRODUCERS_DONE: usize = 2;
const NO_CONSUMER: usize = 4;
const CONSUMERS_DONE: usize = 8;

struct Block<Q> {
    queue: Q,
    closed: AtomicUsize,
    /// How many handles there are, at ends that may have many.
    producers: AtomicUsize,
    consumers: AtomicUsize,
    tracked: Tracked,
}

/// A handle's share in the allocation. `leave_producer` or `leave_consumer` is its last use.
pub(super) struct Shared<Q: RawQueue> {
    block: NonNull<Block<Q>>,
    owns: PhantomData<Block<Q>>,
}

/// Two handles on `queue`.
pub(crate) fn pair<Q: RawQueue>(
    queue: Q,
) -> (Producer<Q, Q::Producers>, Consumer<Q, Q::Consumers>) {
    let (push_seat, pop_seat) = queue.seats();
    let block = Block {
        queue,
        closed: AtomicUsize::new(0),
        producers: AtomicUsize::new(1),
        consumers: AtomicUsize::new(1),
        tracked: Tracked::new(),
    };
    let block = NonNull::from(Box::leak(Box::new(block)));
    let share = || Shared { block, owns: PhantomData };
    (Producer::new(share(), push_seat), Consumer::new(share(), pop_seat))
}

impl<Q: RawQueue> Shared<Q> {
    #[inline(always)]
    fn block(&self) -> &Block<Q> {
        // SAFETY: the block is freed by `end_*` only, after which no share of it is used.
        let block = unsafe { self.block.as_ref() };
        block.tracked.used();
        block
    }

    #[inline(always)]
    pub(super) fn queue(&self) -> &Q {
        &self.block().queue
    }

    /// Whether a push would be in vain.
    #[inline(always)]
    pub(super) fn no_consumer(&self) -> bool {
        // Relaxed: the caller gives up and touches nothing on the strength of it.
        self.block().closed.load(Ordering::Relaxed) & NO_CONSUMER != 0
    }

    /// Whether nothing will be pushed any more; all that was is visible from here on.
    pub(super) fn no_producer(&self) -> bool {
        // ORDERING: (X2) Acquire, pairs with (X1): the second look finds the last pushes.
        self.block().closed.load(Ordering::Acquire) & NO_PRODUCER != 0
    }

    /// The answer of a producer that found no room for `item`.
    #[inline(always)]
    pub(super) fn full<T>(
        &self,
        slip: &Slip<Q::Producers>,
        seat: &Q::PushSeat,
        item: T,
    ) -> PushError<T> {
        let queue = self.queue();
        slip.keep(|| queue.passed_by_producers(seat), queue.capacity());
        PushError::Full(item)
    }

    /// The answer of a consumer that found nothing, for the reason `why`.
    #[inline(always)]
    pub(super) fn nothing(
        &self,
        slip: &Slip<Q::Consumers>,
        seat: &Q::PopSeat,
        why: PopError,
    ) -> PopError {
        if why == PopError::Empty {
            let queue = self.queue();
            slip.keep(|| queue.passed_by_consumers(seat), queue.capacity());
        }
        why
    }

    /// What `look` finds; if it finds nothing, whether it ever will.
    #[inline(always)]
    pub(super) fn look<R>(&self, mut look: impl FnMut() -> Option<R>) -> Result<R, PopError> {
        let mut is_last = false;
        loop {
            if let Some(found) = look() {
                return Ok(found);
            }
            self.look_again(&mut is_last)?;
        }
    }

    /// What finding nothing means; `Ok` if it takes one more look.
    #[inline(always)]
    pub(super) fn look_again(&self, is_last: &mut bool) -> Result<(), PopError> {
        if *is_last {
            return Err(PopError::Closed);
        }
        // Something may have come in between; but not after the next look.
        *is_last = true;
        if self.no_producer() { Ok(()) } else { Err(PopError::Empty) }
    }

    /// A share for one more producer.
    pub(super) fn join_producer(&self) -> Self {
        Q::Producers::join(&self.block().producers);
        Self { ..*self }
    }

    /// A share for one more consumer.
    pub(super) fn join_consumer(&self) -> Self {
        Q::Consumers::join(&self.block().consumers);
        Self { ..*self }
    }

    /// A producer's last act.
    ///
    /// # Safety
    /// This share, a producer's, is not used again.
    pub(super) unsafe fn leave_producer(&self) {
        // ORDERING: (X3) AcqRel, pairs with (X3): the last to go has all that the others did behind it.
        if Q::Producers::leave(&self.block().producers, Ordering::AcqRel) {
            // SAFETY: the last producer; the rest is passed on to the caller.
            unsafe { self.end(NO_PRODUCER | PRODUCERS_DONE, CONSUMERS_DONE) };
        }
    }

    /// A consumer's last act; the last one drops what is left.
    ///
    /// # Safety
    /// This share, a consumer's, is not used again, and neither is this `seat`.
    pub(super) unsafe fn leave_consumer(&self, seat: &mut Q::PopSeat) {
        struct End<'a, Q: RawQueue>(&'a Shared<Q>, &'a mut Q::PopSeat);
        impl<Q: RawQueue> Drop for End<'_, Q> {
            fn drop(&mut self) {
                // SAFETY: made by the last consumer only, as its last act.
                unsafe { self.0.queue().leave(self.1) };
                // SAFETY: likewise.
                unsafe { self.0.end(CONSUMERS_DONE, PRODUCERS_DONE) };
            }
        }
        // ORDERING: (X4) AcqRel, pairs with (X4): as for X3.
        if !Q::Consumers::leave(&self.block().consumers, Ordering::AcqRel) {
            return;
        }
        // Relaxed: see `no_consumer`.
        self.block().closed.fetch_or(NO_CONSUMER, Ordering::Relaxed);
        let end = End(self, seat);
        // SAFETY: the caller acts for the consumers; `end` is dropped afterwards, also when an item's drop panics.
        unsafe { raw::drop_all(self.queue(), &mut *end.1) };
    }

    /// # Safety
    /// The end that `mine` belongs to has no handle any more; this share is not used again.
    unsafe fn end(&self, mine: usize, others: usize) {
        // ORDERING: (X1) AcqRel, pairs with (X1, X2): what this end did is done before its bit says so, and if the other
        // end's bit is there, so is what that one did.
        if self.block().closed.fetch_or(mine, Ordering::AcqRel) & others != 0 {
            // SAFETY: the other end is done too, and its bit was there first, so it doesn't free.
            drop(unsafe { Box::from_raw(self.block.as_ptr()) });
        }
    }
}
