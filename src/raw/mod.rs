//! Mechanisms: how values move from one end to the other.
//!
//! | file | bounded | producers x consumers | serves |
//! |---|---|---|---|
//! | `lines`, in a ring | yes | one x one | `spsc::bounded` |
//! | `lines`, in a chain | no | one x one | `spsc::unbounded` |
//! | `fan_in` | yes | many x one | `mpsc::bounded` |
//! | `fan_out` | yes | one x many | `spmc::bounded` |
//! | `ring` | yes | many x many | `mpmc::bounded`, `mpmc::Fixed` |
//! | `segments` (of `slot`s) | no | any x any | `mpsc::unbounded`, `spmc::unbounded`, `mpmc::unbounded` |
//!
//! A mechanism moves values, and knows nothing of handles, of closing or of waiting. Words used throughout:
//! *index*: how many places an end has gone since the queue was made; *line*: a header and the slots whose state it
//! tells; *lap*: one round through the ring; *run*: slots that lie side by side in memory.

mod fan_in;
mod fan_out;
mod grid;
mod lines;
mod ring;
mod segments;
mod slot;
mod spares;
#[cfg(all(test, not(loom), not(shuttle)))]
mod tests;

pub(crate) use fan_in::FanIn;
pub(crate) use fan_out::FanOut;
pub(crate) use lines::{LineChain, LineRing};
pub(crate) use ring::{Ring, Slot};
pub(crate) use segments::Segments;

use core::ptr::{copy_nonoverlapping, null_mut};

use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many, One};
use crate::sync::{PATIENCE, prefetch_write};

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

    /// Claims the slot for the next item, if the queue is not full.
    ///
    /// In two steps, this and [`put`](Self::put), so that the item is written in place: any detour through memory shows.
    ///
    /// # Safety
    /// The caller acts for a producer handle, whose `seat` this is (from [`seats`](Self::seats), and used for nothing but
    /// this queue). It writes an item to the slot and calls `put` before anything else.
    unsafe fn vacancy(&self, seat: &mut Self::PushSeat) -> Option<Claim<Self::Item>>;

    /// Hands the item that was written to the slot to the consumers; false if a consumer has passed it over meanwhile.
    ///
    /// # Safety
    /// `claim` is what [`vacancy`](Self::vacancy) gave last for this `seat`, and holds an item. After `false` the caller moves
    /// the item out and calls [`retract`](Self::retract).
    unsafe fn put(&self, seat: &mut Self::PushSeat, claim: &Claim<Self::Item>) -> bool;

    /// Gives up a slot that was passed over.
    ///
    /// # Safety
    /// [`put`](Self::put) returned false for `claim`, and the item is the caller's now.
    unsafe fn retract(&self, claim: Claim<Self::Item>);

    /// Claims the slot with the oldest item, if there is one.
    ///
    /// # Safety
    /// The caller acts for a consumer handle, whose `seat` this is, as for [`vacancy`](Self::vacancy). It moves the item out
    /// of the slot and calls [`take`](Self::take) before anything else.
    unsafe fn front(&self, seat: &mut Self::PopSeat) -> Option<Claim<Self::Item>>;

    /// Hands the slot, from which the item was moved, back to the producers.
    ///
    /// # Safety
    /// `claim` is what [`front`](Self::front) gave last for this `seat`, and its item is the caller's now.
    unsafe fn take(&self, seat: &mut Self::PopSeat, claim: Claim<Self::Item>);

    /// Keeps the seat of the last consumer, so that the queue can drop what comes in after it.
    ///
    /// # Safety
    /// The caller is the last consumer handle, whose `seat` this is, and won't act again.
    unsafe fn leave(&self, _seat: &mut Self::PopSeat) {}

    /// How many slots the producers have passed since the queue was made, and perhaps came round to 0, as the producer of `seat`
    /// sees it; always 0 where it is of no use to know how far they got between two answers.
    fn passed_by_producers(&self, _seat: &Self::PushSeat) -> usize {
        0
    }

    /// As [`passed_by_producers`](Self::passed_by_producers).
    fn passed_by_consumers(&self, _seat: &Self::PopSeat) -> usize {
        0
    }

    /// The number of items it holds at most; `usize::MAX` if only memory ends it.
    fn capacity(&self) -> usize;

    /// How many items are in, at most, as the producer of `seat` sees it.
    fn len_to_producer(&self, seat: &Self::PushSeat) -> usize;

    /// How many items are in, at least, as the consumer of `seat` sees it.
    fn len_to_consumer(&self, seat: &Self::PopSeat) -> usize;

    /// Whether a push would be refused, as the producer of `seat` sees it.
    fn is_full_to_producer(&self, seat: &Self::PushSeat) -> bool {
        self.len_to_producer(seat) >= self.capacity()
    }

    /// Whether a push would be refused, as the consumer of `seat` sees it.
    fn is_full_to_consumer(&self, seat: &Self::PopSeat) -> bool {
        self.len_to_consumer(seat) >= self.capacity()
    }
}

/// Pushes `item`, or gives it back if the queue is full.
///
/// # Safety
/// The caller acts for a producer handle, whose `seat` this is.
#[inline(always)]
pub(crate) unsafe fn push<Q: RawQueue>(
    queue: &Q,
    seat: &mut Q::PushSeat,
    mut item: Q::Item,
) -> Result<(), Q::Item> {
    loop {
        // SAFETY: passed on to the caller.
        let Some(claim) = (unsafe { queue.vacancy(seat) }) else {
            return Err(item);
        };
        // SAFETY: the slot is the caller's, and empty.
        unsafe { claim.item.write(item) };
        // SAFETY: it holds the item now.
        if unsafe { queue.put(seat, &claim) } {
            return Ok(());
        }
        // SAFETY: passed over, and so still the caller's.
        item = unsafe { claim.item.read() };
        // SAFETY: the item has moved.
        unsafe { queue.retract(claim) };
    }
}

/// Pops the oldest item, if there is one.
///
/// # Safety
/// The caller acts for a consumer handle, whose `seat` this is.
#[inline(always)]
pub(crate) unsafe fn pop<Q: RawQueue>(queue: &Q, seat: &mut Q::PopSeat) -> Option<Q::Item> {
    // SAFETY: passed on to the caller.
    let claim = unsafe { queue.front(seat) }?;
    // SAFETY: the slot holds an item, which is moved out.
    let item = unsafe { claim.item.read() };
    // SAFETY: this claim.
    unsafe { queue.take(seat, claim) };
    Some(item)
}

/// Pops and drops what `queue` holds, also when the drop of an item panics; but no more than it can hold at once, since a
/// producer that doesn't know yet that no consumer is left may be filling it.
///
/// # Safety
/// The caller acts for a consumer handle, whose `seat` this is.
pub(crate) unsafe fn drop_all<Q: RawQueue>(queue: &Q, seat: &mut Q::PopSeat) {
    /// A claim whose item is dropped in its place: a local of its size might not fit on the stack. Its drop hands the slot back.
    struct Front<'a, Q: RawQueue>(&'a Q, &'a mut Q::PopSeat, Claim<Q::Item>);
    impl<Q: RawQueue> Drop for Front<'_, Q> {
        fn drop(&mut self) {
            let Claim { item, number } = self.2;
            // SAFETY: this claim, whose item is dropped, or was about to be when it panicked.
            unsafe { self.0.take(self.1, Claim { item, number }) };
        }
    }
    let mut left = queue.capacity();
    despite_a_panic(|| {
        while left > 0 {
            // SAFETY: passed on to the caller.
            let Some(claim) = (unsafe { queue.front(seat) }) else { break };
            left -= 1;
            let front = Front(queue, &mut *seat, claim);
            // SAFETY: the slot holds an item, which nobody looks at again.
            unsafe { front.2.item.drop_in_place() };
        }
    });
}

/// Calls `rest`, which drops item after item and panics if one of them does; after a panic calls it again for what is
/// left (without one there is nothing left). A second panic aborts, as it does in `Vec`.
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

/// A slot that is the caller's to write to, or to move the item out of.
#[derive(Debug)]
pub struct Claim<T> {
    /// Its place in memory.
    pub item: *mut T,
    /// What the queue knows it by.
    pub number: usize,
}

/// On a walk at a `One` end: the slot at `last` was walked over, `next` comes next.
#[derive(Clone, Copy, Debug)]
pub struct Place<I> {
    last: I,
    next: I,
}

impl<I: Copy> Place<I> {
    /// Before the slot at `next`, where the walk begins.
    fn before(next: I) -> Self {
        Self { last: next, next }
    }

    fn walk_over(&mut self, last: I, next: I) {
        *self = Self { last, next };
    }
}

/// Most slots that are claimed with one step: so many does a thread take with it that is frozen right then.
pub(crate) const MOST_AT_ONCE: usize = 32;

/// Whether the holder of a slot has had its time: a few times what it takes to copy so many `bytes`, and go on. If not, waits
/// a little; at first as long as that step says.
#[inline]
fn is_overdue(patience: &Backoff, bytes: usize, first: u32) -> bool {
    // A pause beyond the first few is 64 long, more than the copy of a KiB takes.
    let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    let is_overdue = patience.is_at_least(PATIENCE.saturating_add(kib));
    if !is_overdue {
        patience.spin_from(first);
    }
    is_overdue
}

/// How many bytes ahead to ask for slots. Measured in `docs/contention.md`.
const AHEAD: usize = 256;

/// Asks for the line that lies [`AHEAD`] bytes behind the item of a slot, to write to. Where a slot is filled by a locked step, who
/// does it waits for the line, last written on another core, and does nothing meanwhile. (Not for large items: that would be
/// one of many lines, and in the next slot.)
#[inline(always)]
fn fetch_ahead<T>(item: *const T) {
    if size_of::<T>() < AHEAD {
        prefetch_write(item.wrapping_byte_add(AHEAD));
    }
}

/// Slots claimed with one step.
#[derive(Clone, Copy, Debug)]
pub struct Claims {
    /// What the queue knows the first by.
    pub first: usize,
    /// How many.
    pub len: usize,
}

/// What [`Many`] producers do with several items.
///
/// # Safety
/// Each claim must be the caller's alone.
pub unsafe trait PushClaims: RawQueue<Producers = Many, PushSeat = ()> {
    /// Claims up to `max` vacant slots (`max > 0`), none if the queue is full.
    ///
    /// # Safety
    /// The caller acts for a producer handle. It writes to each claim in turn and calls [`put`](RawQueue::put) for it.
    unsafe fn vacancies(&self, max: usize) -> Claims;

    /// The claim number `i`.
    ///
    /// # Safety
    /// `claims` is what [`vacancies`](Self::vacancies) gave last, with more than `i` slots; each is asked for once.
    unsafe fn vacancy_at(&self, claims: &Claims, i: usize) -> Claim<Self::Item>;

    /// Pushes items of `feed` to all of the claims, in order, and says how many went in; the others are back in the feed.
    ///
    /// A slot that a consumer has passed over meanwhile is left out: its item goes into the next slot, so that a producer's
    /// order is kept.
    ///
    /// # Safety
    /// `claims` is what [`vacancies`](Self::vacancies) gave last; the feed has as many items, and doesn't panic.
    unsafe fn fill(&self, claims: &Claims, feed: &mut impl Feed<Self::Item>) -> usize {
        let mut done = 0;
        for i in 0..claims.len {
            // SAFETY: one of the claims, for the first time.
            let claim = unsafe { self.vacancy_at(claims, i) };
            // SAFETY: the slot is the caller's, and empty.
            unsafe { claim.item.write(feed.next()) };
            // SAFETY: it holds the item now.
            if unsafe { self.put(&mut (), &claim) } {
                done += 1;
            } else {
                // SAFETY: passed over, and so still the caller's.
                feed.back(unsafe { claim.item.read() });
                // SAFETY: the item has moved.
                unsafe { self.retract(claim) };
            }
        }
        done
    }
}

/// Items on their way into a queue.
pub trait Feed<T> {
    /// How many are left.
    fn len(&self) -> usize;

    /// The next one, which is there.
    fn next(&mut self) -> T;

    /// The one that came last, of those that are not back yet, which didn't go in.
    fn back(&mut self, item: T);
}

/// What [`Many`] consumers do with several items.
///
/// # Safety
/// Each claim must be the caller's alone.
pub unsafe trait PopClaims: RawQueue<Consumers = Many, PopSeat = ()> {
    /// Claims up to `max` slots with the oldest items (`max > 0`), none if the queue is empty.
    ///
    /// # Safety
    /// The caller acts for a consumer handle. It moves the item out of each claim in turn and calls
    /// [`take`](RawQueue::take) for it.
    unsafe fn fronts(&self, max: usize) -> Claims;

    /// The claim number `i`; none if its producer didn't come and it was passed over.
    ///
    /// # Safety
    /// `claims` is what [`fronts`](Self::fronts) gave last, with more than `i` slots; each is asked for once.
    unsafe fn front_at(&self, claims: &Claims, i: usize) -> Option<Claim<Self::Item>>;

    /// Moves the items of all claims to `to`, in order, and says how many there were.
    ///
    /// # Safety
    /// `claims` is what [`fronts`](Self::fronts) gave last; there is room for so many.
    unsafe fn empty(&self, claims: &Claims, to: *mut Self::Item) -> usize {
        let mut done = 0;
        for i in 0..claims.len {
            // SAFETY: one of the claims, for the first time.
            let Some(claim) = (unsafe { self.front_at(claims, i) }) else { continue };
            // SAFETY: the slot holds an item, which is moved out, and there is room.
            unsafe { to.add(done).write(claim.item.read()) };
            // SAFETY: this claim.
            unsafe { self.take(&mut (), claim) };
            done += 1;
        }
        done
    }
}

/// What a bounded queue does besides, where any handle may take an item out.
///
/// # Safety
/// As for [`RawQueue`].
pub unsafe trait Overwrite: RawQueue<Consumers = Many> {
    /// Puts `item` in the place of the oldest one, if the queue is full, and returns that.
    ///
    /// # Errors
    /// `item`, if the queue is not full, or no more; with the oldest item, if that had to go out on its own to make room.
    ///
    /// # Safety
    /// The caller acts for a producer handle.
    unsafe fn replace(&self, item: Self::Item) -> Result<Self::Item, Refused<Self::Item>>;
}

/// An item that didn't replace another.
#[derive(Debug)]
pub struct Refused<T> {
    /// What was to be put in.
    pub item: T,
    /// The oldest item, if that was taken out already.
    pub oldest: Option<T>,
}

/// Slots side by side: `len` of them from `start` on.
#[derive(Debug)]
pub struct Run<T> {
    /// The first slot.
    pub start: *mut T,
    /// How many slots; zero when there is nothing.
    pub len: usize,
}

impl<T> Run<T> {
    const NONE: Self = Self { start: null_mut(), len: 0 };

    /// The slot at `item`, if `there`.
    #[inline(always)]
    fn of_one(there: bool, item: impl FnOnce() -> *mut T) -> Self {
        if there { Self { start: item(), len: 1 } } else { Self { start: null_mut(), len: 0 } }
    }
}

/// Copies `n` items between a run and other memory, without a call: `usual` of them at once, other numbers one by one.
///
/// # Safety
/// As for [`copy_nonoverlapping`].
#[inline(always)]
pub(crate) unsafe fn copy_run<T>(from: *const T, to: *mut T, n: usize, usual: usize) {
    if n == usual {
        // SAFETY: passed on to the caller.
        unsafe { copy_nonoverlapping(from, to, usual) };
    } else {
        for i in 0..n {
            // SAFETY: passed on to the caller.
            unsafe { copy_nonoverlapping(from.add(i), to.add(i), 1) };
        }
    }
}

/// What a [`One`] producer can do besides: act on runs of slots, at a place that it walks on with.
///
/// # Safety
/// Runs must be in bounds, aligned and exclusively the caller's until they are published.
pub unsafe trait PushRuns: RawQueue<Producers = One> {
    /// Between two slots: the next run starts here.
    type PushPlace: Copy;

    /// How long a run usually is in the middle of many.
    const PUSH_RUN: usize;

    /// Where the producer of `seat` pushes next.
    fn producer_place(&self, seat: &Self::PushSeat) -> Self::PushPlace;

    /// The vacant run from `place` on, at most `max` slots, and moves `place` behind it.
    ///
    /// # Safety
    /// The caller acts for the producer; `place` was its [`producer_place`](Self::producer_place), and what was pushed since
    /// lies before it.
    unsafe fn vacant_from(&self, place: &mut Self::PushPlace, max: usize) -> Run<Self::Item>;

    /// Hands the slots before `place` to the consumers. [`settle_push`](Self::settle_push) must follow before anything else is
    /// pushed; further runs may come in between.
    ///
    /// If a consumer has passed over a slot meanwhile, its item moves on to the next, with those that follow it; then `place` does,
    /// too.
    ///
    /// # Safety
    /// The caller acts for the producer; `place` is right behind a run of [`vacant_from`](Self::vacant_from), and all slots
    /// before it are initialised, and `behind` slots after it.
    unsafe fn publish(&self, place: &mut Self::PushPlace, behind: usize);

    /// Moves the producer of `seat` to `place`, before which everything is published.
    ///
    /// # Safety
    /// The caller acts for the producer, whose `seat` this is.
    unsafe fn settle_push(&self, seat: &mut Self::PushSeat, place: &Self::PushPlace);

    /// Pushes up to `n` items, as many as there is room for, and says how many. `fill(done, slots, len)` writes `len` of them, those
    /// after the first `done`, and doesn't panic.
    ///
    /// # Safety
    /// The caller acts for the producer, whose `seat` this is. `fill` writes all the slots that it gets.
    #[inline(always)]
    unsafe fn push_runs(
        &self,
        seat: &mut Self::PushSeat,
        n: usize,
        mut fill: impl FnMut(usize, *mut Self::Item, usize),
    ) -> usize {
        let (mut place, mut done) = (self.producer_place(seat), 0);
        while done < n {
            // SAFETY: passed on to the caller; nothing is pushed but what lies before `place`.
            let run = unsafe { self.vacant_from(&mut place, n - done) };
            if run.len == 0 {
                break;
            }
            fill(done, run.start, run.len);
            // SAFETY: this run was written just now.
            unsafe { self.publish(&mut place, 0) };
            done += run.len;
        }
        if done > 0 {
            // SAFETY: passed on to the caller.
            unsafe { self.settle_push(seat, &place) };
        }
        done
    }

    /// Pushes copies of up to `n` items from `from` on, in order, as many as there is room for, and says how many.
    ///
    /// # Safety
    /// The caller acts for the producer, whose `seat` this is. There are `n` items, and the copies are as good as they.
    #[inline(always)]
    unsafe fn copy_in(
        &self,
        seat: &mut Self::PushSeat,
        from: *const Self::Item,
        n: usize,
    ) -> usize {
        let fill = |done, slots, len| {
            // SAFETY: `len` slots of the queue's, and as many of the `n - done` items that are left.
            unsafe { copy_run(from.add(done), slots, len, Self::PUSH_RUN) };
        };
        // SAFETY: passed on to the caller; all slots are written.
        unsafe { self.push_runs(seat, n, fill) }
    }
}

/// What a [`One`] consumer can do besides: act on runs of slots, at a place that it walks on with.
///
/// # Safety
/// Runs must be in bounds, aligned, initialised and exclusively the caller's until they are released.
pub unsafe trait PopRuns: RawQueue<Consumers = One> {
    /// Between two slots: the next run starts here.
    type PopPlace: Copy;

    /// How long a run usually is in the middle of many.
    const POP_RUN: usize;

    /// Where the consumer of `seat` pops next.
    fn consumer_place(&self, seat: &Self::PopSeat) -> Self::PopPlace;

    /// The filled run from `place` on, at most `max` slots, and moves `place` behind it.
    ///
    /// # Safety
    /// The caller acts for the consumer; `place` was its [`consumer_place`](Self::consumer_place), and what was popped since
    /// lies before it.
    unsafe fn filled_from(&self, place: &mut Self::PopPlace, max: usize) -> Run<Self::Item>;

    /// Hands the last `n` slots before `place` back to the producers. [`settle_pop`](Self::settle_pop) must follow before
    /// anything else is popped; further runs may come in between.
    ///
    /// # Safety
    /// The caller acts for the consumer; `place` is right behind a run of `n` slots from [`filled_from`](Self::filled_from),
    /// and no slot before it holds anything any more that must be dropped.
    unsafe fn release(&self, place: &Self::PopPlace, n: usize);

    /// Moves the consumer of `seat` to `place`, before which everything is released.
    ///
    /// # Safety
    /// The caller acts for the consumer, whose `seat` this is.
    unsafe fn settle_pop(&self, seat: &mut Self::PopSeat, place: &Self::PopPlace);

    /// Moves up to `n` items to `to`, in order, as many as there are, and says how many.
    ///
    /// # Safety
    /// The caller acts for the consumer, whose `seat` this is. There is room for `n` items.
    #[inline(always)]
    unsafe fn move_out(&self, seat: &mut Self::PopSeat, to: *mut Self::Item, n: usize) -> usize {
        let (mut place, mut done) = (self.consumer_place(seat), 0);
        while done < n {
            // SAFETY: passed on to the caller; all that was popped since lies before `place`.
            let run = unsafe { self.filled_from(&mut place, n - done) };
            if run.len == 0 {
                break;
            }
            // SAFETY: filled slots, and room for `n - done` more items.
            unsafe { copy_run(run.start, to.add(done), run.len, Self::POP_RUN) };
            // SAFETY: the items of this run have moved.
            unsafe { self.release(&place, run.len) };
            // Now, so that producers see the room, and where the consumer is, while it goes on.
            // SAFETY: passed on to the caller.
            unsafe { self.settle_pop(seat, &place) };
            done += run.len;
        }
        done
    }
}
