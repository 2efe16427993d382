//! The fan-in: bounded, many producers, one consumer, lock-free. Items go over by stores.
//!
//! ```text
//!   line      0          1          2          3            4 lines of 3 slots
//!   slots  | i i . |  | . . . |  | i s i |  | t i h |       i: full, .: not, s: skipped, h: claimed by a producer that is late,
//!                ^ tail (lap 1)                               t: taken
//!                                              ^ head (lap 0)
//! ```
//!
//! An *index* says which use of which slot is meant: lap, line, slot. A producer finds the line of `tail` to be of its
//! lap, claims slots of it by moving `tail`, writes, and fills each by a store to the slot's own byte. The consumer
//! takes what is full at `head`, and behind a line's last slot says by a store to the line's word that it is of the
//! next lap. `line` has the steps.
//!
//! *Nobody waits.* If slot `head` was claimed by a producer that doesn't come to fill it, though others behind it have
//! come, the consumer looks a few times (they are usually fast) and *skips* it; from then on it looks at it whenever it
//! looks for more, until it finds it full, and takes it then. A line that it leaves with a skipped slot is *out*: both
//! ends step over it, in as many laps as it takes. A producer never waits for anything, and its push is never undone: a
//! thread frozen in the middle of an operation takes a line out of use (in a batch: the lines of up to 32 slots), and
//! nothing else.
//!
//! *Order.* The consumer looks from the last to the first: at slot `head` and those behind, then at the skipped ones,
//! the last first. What it delivers is the first that it saw full, at a time when none before it was: for it looked at
//! those afterwards (and F1 with F2 shows it what was pushed before the full one's push began). So an item goes before
//! another in spite of its index only if the other's push was still in flight, and had begun: then either may be first.
//! What was found is *decided*: an item that is to come next, since it was shown, say, comes next, also if a skipped
//! slot is filled meanwhile.
//!
//! *Empty* is said if neither the slots before the `tail` that was seen in that call are full (but for that of a push
//! that has claimed the last of them, it has skipped those that are not), nor then any skipped one. A push that was
//! over before the call began had moved `tail`. So a pop goes over each slot and each line at most once, skips none
//! twice, and is wait-free.
//!
//! *Full* is said if the line of `tail` is of a lap before. A line's word is written in the order of laps, so the
//! consumer hasn't left that line; all slots from there to `tail` are claimed, or in lines that are out. With several
//! slots to a line one line is in reserve, and with one none is needed: then items and operations in flight are as many
//! as were asked for. Unless `tail` is newer than the word: somebody moved it there who had seen more than we; so we
//! look again, with what they saw (`many`: F6 with F7).
//!
//! *Lines that are out.* The consumer alone says so, and for which lap: the one in which it will come by next.
//! Producers may be a lap ahead, and have stepped over the line by the time that its last skipped slot is taken; so it
//! comes back for the lap after, which neither end has begun there. The consumer never passes the `tail` it has seen,
//! so if all lines are out, both ends stand still.
//!
//! *How many are in* is said of indices and of the number of those skipped, which is counted before `head` moves on (F8
//! with F9).
//!
//! *Sources.* Vyukov, "Bounded MPMC queue" (1024cores.net), for the laps; Wang et al., "BBQ", USENIX ATC 2022, for both
//! ends that meet a block at a time; Giacomoni et al., "FastForward", PPoPP 2008, for publication beside the data.
//!
//! Edges: F8 with F9 (what is skipped still counts).

use core::fmt;
use core::mem::needs_drop;

use super::grid::{Grid, Heap, ManyPush, OnGrid, View, view};
use super::{Claim, Place, PopRuns, Run, fetch_ahead};
use crate::cacheline::CachePadded;
use crate::cardinality::{Many, One};
use crate::sync::{AtomicUsize, Ordering, fence};

mod line;
mod many;
mod one;

use line::{Header, Link, Look, Stage};

type Lines<T> = Heap<Header, T>;

/// A bounded queue for many producers and one consumer. See the head of the file.
pub struct FanIn<T> {
    tail: CachePadded<AtomicUsize>,
    end: CachePadded<End>,
    lines: Lines<T>,
    grid: Grid,
}

/// Where the consumer is. Written by it alone.
#[derive(Debug)]
struct End {
    head: AtomicUsize,
    /// Up to here the slots from `head` on come next, and are full.
    decided: AtomicUsize,
    /// The skipped slot that comes before those, or [`NONE`]; as an index of a lap before.
    chosen: AtomicUsize,
    /// How many slots are skipped.
    skipped: AtomicUsize,
    /// The line that was put out last, of those that are.
    out: AtomicUsize,
}

/// No index: there is no such slot.
const NONE: usize = usize::MAX;

impl<T> FanIn<T> {
    /// A queue that holds at least `capacity` items.
    ///
    /// # Panics
    /// If `capacity` is 0, or needs more memory than there can be.
    pub(crate) fn new(capacity: usize) -> Self {
        let (lines, grid) = Lines::for_capacity(capacity);
        Self::on(lines, grid)
    }

    /// The same with `slots` to a line: see [`Heap::with_lines_of`].
    ///
    /// # Panics
    /// As for `new`.
    pub(crate) fn with_lines_of(slots: usize, capacity: usize) -> Self {
        let (lines, grid) = Lines::with_lines_of(slots, capacity);
        Self::on(lines, grid)
    }

    fn on(lines: Lines<T>, grid: Grid) -> Self {
        let end = End {
            head: AtomicUsize::new(0),
            decided: AtomicUsize::new(0),
            chosen: AtomicUsize::new(NONE),
            skipped: AtomicUsize::new(0),
            out: AtomicUsize::new(Link::NONE.0),
        };
        Self {
            tail: CachePadded::new(AtomicUsize::new(0)),
            end: CachePadded::new(end),
            lines,
            grid,
        }
    }
}

impl End {
    #[inline(always)]
    fn head(&self) -> usize {
        // Relaxed, here and below: the consumer's own.
        self.head.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn decided(&self) -> usize {
        self.decided.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn decide(&self, index: usize) {
        self.decided.store(index, Ordering::Relaxed);
    }

    #[inline(always)]
    fn chosen(&self) -> usize {
        self.chosen.load(Ordering::Relaxed)
    }

    fn choose(&self, number: usize) {
        self.chosen.store(number, Ordering::Relaxed);
    }

    #[inline(always)]
    fn skipped(&self) -> usize {
        self.skipped.load(Ordering::Relaxed)
    }

    fn set_skipped(&self, n: usize) {
        self.skipped.store(n, Ordering::Relaxed);
        // ORDERING: (F8) Release, pairs with (F9): who sees `head` behind a slot that was skipped sees that it counts.
        fence(Ordering::Release);
    }

    fn out(&self) -> Link {
        Link(self.out.load(Ordering::Relaxed))
    }

    fn set_out(&self, link: Link) {
        self.out.store(link.0, Ordering::Relaxed);
    }

    /// The slots before `index` are taken or skipped, or those of a line that both ends step over.
    #[inline(always)]
    fn go_to(&self, index: usize) {
        self.head.store(index, Ordering::Relaxed);
    }

    /// `head`, and how many slots before it are skipped.
    fn observe(&self) -> (usize, usize) {
        // ORDERING: (F9) Acquire, pairs with (F8): the skipped ones before `head` are counted.
        let head = self.head.load(Ordering::Acquire);
        (head, self.skipped())
    }
}

/// What is rarely done: out of line, and without a [`View`] that would have to be in memory for it.
impl<T> FanIn<T> {
    #[cold]
    #[inline(never)]
    fn stage(&self, index: usize, look: Look) -> Stage {
        view!(self, |view| view.stage(index, look))
    }

    #[cold]
    #[inline(never)]
    fn decide(&self) -> usize {
        view!(self, |view| view.decide())
    }

    #[cold]
    #[inline(never)]
    fn has_skipped(&self) -> bool {
        view!(self, |view| view.find_skipped()).is_some()
    }

    #[cold]
    #[inline(never)]
    fn put_out(&self, index: usize) {
        view!(self, |view| view.put_out(index));
    }

    #[cold]
    #[inline(never)]
    fn take_skipped(&self, number: usize) {
        view!(self, |view| view.take_skipped(number));
    }
}

// SAFETY: an index is claimed once, a slot is handed over once per index (see `line`), and leftovers are dropped with the
// queue.
unsafe impl<T> OnGrid for FanIn<T> {
    type Item = T;
    type Producers = Many;
    type Consumers = One;
    type Lines = Lines<T>;

    #[inline(always)]
    fn lines(&self) -> &Lines<T> {
        &self.lines
    }

    #[inline(always)]
    fn grid(&self) -> Grid {
        self.grid
    }

    #[inline(always)]
    fn head(&self) -> usize {
        self.end.head()
    }

    #[inline(always)]
    fn tail(&self) -> usize {
        // Relaxed: a number; slots go over with their lines.
        self.tail.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn vacancy(view: View<'_, Self>) -> Option<Claim<T>> {
        let claim = view.only(Self::claim_to_push(view, 1))?;
        fetch_ahead(claim.item);
        Some(claim)
    }

    #[inline(always)]
    fn put(view: View<'_, Self>, index: usize) -> bool {
        view.header(index).fill(view.slot(index));
        true
    }

    #[inline(always)]
    fn front(view: View<'_, Self>) -> Option<Claim<T>> {
        let claim = view.front()?;
        fetch_ahead(claim.item);
        Some(claim)
    }

    #[inline(always)]
    fn take(view: View<'_, Self>, index: usize) {
        view.take(index);
    }

    fn len(view: View<'_, Self>) -> usize {
        let (head, skipped) = view.queue.end.observe();
        (view.grid.len(head, view.queue.tail()) + skipped).min(view.capacity())
    }

    fn is_full(view: View<'_, Self>) -> bool {
        view.is_full()
    }
}

// SAFETY: a full slot that comes next is the consumer's until its line is vacated, or the slot taken. A walk doesn't meet its own
// slots: after a lap their line is not of the lap after.
unsafe impl<T> PopRuns for FanIn<T> {
    type PopPlace = Place<usize>;

    const POP_RUN: usize = Lines::<T>::FIT;

    #[inline(always)]
    fn consumer_place(&self, _seat: &()) -> Place<usize> {
        Place::before(self.head())
    }

    #[inline(always)]
    unsafe fn filled_from(&self, place: &mut Place<usize>, max: usize) -> Run<T> {
        view!(self, |view| view.filled_from(place, max))
    }

    #[inline(always)]
    unsafe fn release(&self, place: &Place<usize>, n: usize) {
        if n > 0 {
            view!(self, |view| view.release(place, n));
        }
    }

    #[inline(always)]
    unsafe fn settle_pop(&self, _seat: &mut (), place: &Place<usize>) {
        self.end.go_to(place.next);
    }
}

impl<T> Drop for FanIn<T> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            // SAFETY: with exclusive access, this is the only consumer.
            unsafe { super::drop_all(self, &mut ()) };
        }
    }
}

impl<T> fmt::Debug for FanIn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanIn").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests;
