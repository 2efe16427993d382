//! Mechanisms: how values move from one end to the other.
//!
//! | file | bounded | producers x consumers | serves |
//! |---|---|---|---|
//! | `line_ring` | yes | one x one | `spsc::bounded` |
//!
//! A mechanism moves values, and knows nothing of handles, of closing or of waiting. Words used throughout:
//! *index*: how many items an end has moved since the queue was made; *line*: a header and the slots whose state it
//! tells; *lap*: one round through the ring; *run*: slots that lie side by side in memory.

mod line_ring;

pub(crate) use line_ring::LineRing;

use core::ptr::copy_nonoverlapping;

use crate::cardinality::Cardinality;

/// What the queue floor asks of a mechanism.
///
/// # Safety
/// The implementation must move each pushed item to exactly one pop, or drop it, and must allow one thread per handle to
/// act at the same time, as many handles as its cardinalities say.
pub unsafe trait RawQueue {
    /// What is moved.
    type Item;
    /// How many handles push.
    type Producers: Cardinality;
    /// How many handles pop.
    type Consumers: Cardinality;
    /// What a producer handle remembers between pushes.
    type PushSeat;
    /// What a consumer handle remembers between pops.
    type PopSeat;

    /// The seats of a queue that nothing was pushed to.
    fn seats(&self) -> (Self::PushSeat, Self::PopSeat);

    /// The slot for the next item, if the queue is not full.
    ///
    /// In two steps, this and [`put`](Self::put), so that the item is written in place: any detour through memory shows.
    ///
    /// # Safety
    /// The caller acts for a producer handle, whose `seat` this is (from [`seats`](Self::seats), and used for nothing but
    /// this queue). It writes an item to the slot and calls `put` before anything else.
    unsafe fn vacancy(&self, seat: &mut Self::PushSeat) -> Option<Slot<Self::Item>>;

    /// Hands the item that was written to `slot` to the consumers.
    ///
    /// # Safety
    /// `slot` is what [`vacancy`](Self::vacancy) gave last for this `seat`, and holds an item.
    unsafe fn put(&self, seat: &mut Self::PushSeat, slot: Slot<Self::Item>);

    /// The slot with the oldest item, if there is one.
    ///
    /// # Safety
    /// The caller acts for a consumer handle, whose `seat` this is, as for [`vacancy`](Self::vacancy). It moves the item out
    /// of the slot and calls [`take`](Self::take) before anything else.
    unsafe fn front(&self, seat: &mut Self::PopSeat) -> Option<Slot<Self::Item>>;

    /// Hands `slot`, from which the item was moved, back to the producers.
    ///
    /// # Safety
    /// `slot` is what [`front`](Self::front) gave last for this `seat`, and its item is the caller's now.
    unsafe fn take(&self, seat: &mut Self::PopSeat, slot: Slot<Self::Item>);

    /// Keeps the seat of the last consumer, so that the queue can drop what comes in after it.
    ///
    /// # Safety
    /// The caller is the last consumer handle, whose `seat` this is, and won't act again.
    unsafe fn leave(&self, seat: &mut Self::PopSeat);

    /// The number of items it holds at most.
    fn capacity(&self) -> usize;

    /// How many items are in, at most, as the producer of `seat` sees it.
    fn len_to_producer(&self, seat: &Self::PushSeat) -> usize;

    /// How many items are in, at least, as the consumer of `seat` sees it.
    fn len_to_consumer(&self, seat: &Self::PopSeat) -> usize;

    /// Whether a push would be refused, as the producer of `seat` sees it.
    fn is_full_to_producer(&self, seat: &Self::PushSeat) -> bool;

    /// Whether a push would be refused, as the consumer of `seat` sees it.
    fn is_full_to_consumer(&self, seat: &Self::PopSeat) -> bool;
}

/// Pops and drops whatever `queue` holds, also when the drop of an item panics; but no more than it can hold at once, since
/// a producer may be filling it.
///
/// # Safety
/// The caller acts for a consumer handle, whose `seat` this is.
pub(crate) unsafe fn drop_all<Q: RawQueue>(queue: &Q, seat: &mut Q::PopSeat) {
    let mut left = queue.capacity();
    despite_a_panic(|| {
        // SAFETY: passed on to the caller.
        while let Some(slot) = (left > 0).then(|| unsafe { queue.front(seat) }).flatten() {
            // SAFETY: the slot holds an item, which is moved out.
            let item = unsafe { slot.item.read() };
            // SAFETY: this slot.
            unsafe { queue.take(seat, slot) };
            left -= 1;
            drop(item);
        }
    });
}

/// Calls `rest`, which drops item after item and panics if one of them does; after a panic calls it again for what is
/// left. A second panic aborts, as it does in `Vec`.
pub(crate) fn despite_a_panic(rest: impl FnMut()) {
    struct Again<F: FnMut()>(F);
    impl<F: FnMut()> Drop for Again<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let mut again = Again(rest);
    (again.0)();
}

/// Where an item goes, or is.
#[derive(Debug)]
pub struct Slot<T> {
    /// Its place in memory.
    pub item: *mut T,
    /// What the queue knows it by.
    pub number: usize,
}

/// Slots side by side: `len` of them from `start` on.
#[derive(Debug)]
pub struct Run<T> {
    /// The first slot.
    pub start: *mut T,
    /// How many slots; zero when there is nothing.
    pub len: usize,
}

/// Copies `n` items between a run of `Q` and other memory, without a call: as many as usual at once, fewer one by one.
///
/// # Safety
/// As for [`copy_nonoverlapping`].
#[inline(always)]
pub(crate) unsafe fn copy_run<Q: Runs>(from: *const Q::Item, to: *mut Q::Item, n: usize) {
    if n == Q::RUN {
        // SAFETY: passed on to the caller.
        unsafe { copy_nonoverlapping(from, to, Q::RUN) };
    } else {
        for i in 0..n {
            // SAFETY: passed on to the caller.
            unsafe { copy_nonoverlapping(from.add(i), to.add(i), 1) };
        }
    }
}

/// What `One` ends can do besides: act on runs of slots, at a place that they walk on with.
///
/// # Safety
/// Runs must be in bounds, aligned and exclusively the caller's until they are published or released; those of the
/// consumer's side must be initialised.
pub unsafe trait Runs: RawQueue {
    /// Between two slots: the next run starts here.
    type Place: Copy;

    /// How long a run usually is in the middle of many.
    const RUN: usize;

    /// Where the producer of `seat` pushes next.
    fn producer_place(&self, seat: &Self::PushSeat) -> Self::Place;

    /// The vacant run from `place` on, at most `max` slots, and moves `place` behind it.
    ///
    /// # Safety
    /// The caller acts for the producer; `place` was its [`producer_place`](Self::producer_place), and what was pushed since
    /// lies before it.
    unsafe fn vacant_from(&self, place: &mut Self::Place, max: usize) -> Run<Self::Item>;

    /// Hands the slots before `place` to the consumer. [`settle_push`](Self::settle_push) must follow before anything else is
    /// pushed; further runs may come in between.
    ///
    /// # Safety
    /// The caller acts for the producer; `place` is right behind a run of [`vacant_from`](Self::vacant_from), and all slots
    /// before it are initialised.
    unsafe fn publish(&self, place: &Self::Place);

    /// Moves the producer of `seat` to `place`, before which everything is published.
    ///
    /// # Safety
    /// The caller acts for the producer, whose `seat` this is.
    unsafe fn settle_push(&self, seat: &mut Self::PushSeat, place: &Self::Place);

    /// Where the consumer of `seat` pops next.
    fn consumer_place(&self, seat: &Self::PopSeat) -> Self::Place;

    /// The filled run from `place` on, at most `max` slots, and moves `place` behind it.
    ///
    /// # Safety
    /// The caller acts for the consumer; `place` was its [`consumer_place`](Self::consumer_place), and what was popped since
    /// lies before it.
    unsafe fn filled_from(&self, place: &mut Self::Place, max: usize) -> Run<Self::Item>;

    /// Hands the last `n` slots before `place` back to the producer. [`settle_pop`](Self::settle_pop) must follow before
    /// anything else is popped; further runs may come in between.
    ///
    /// # Safety
    /// The caller acts for the consumer; `place` is right behind a run of `n` slots from [`filled_from`](Self::filled_from),
    /// and no slot before it holds anything any more that must be dropped.
    unsafe fn release(&self, place: &Self::Place, n: usize);

    /// Moves the consumer of `seat` to `place`, before which everything is released.
    ///
    /// # Safety
    /// The caller acts for the consumer, whose `seat` this is.
    unsafe fn settle_pop(&self, seat: &mut Self::PopSeat, place: &Self::Place);
}
