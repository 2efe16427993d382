//! Queues on a [`Grid`]: what they share, and with it what the floor above asks of each.
//!
//! They differ in what a line's header says, and in how the ends take turns. A [`View`] is a queue with the number of slots
//! to its lines a constant: what a queue does, it does through one; [`view`] makes them.

use core::cell::Cell;
use core::ops::Deref;

use super::{Grid, Header, Store, Way};
use crate::backoff::Backoff;
use crate::cardinality::{Cardinality, Many};
use crate::raw::{Claim, Claims, Feed, PopClaims, PushClaims, RawQueue, copy_run};
use crate::sync::AtomicUsize;

/// A queue on a grid. Who calls its methods, or those of [`ManyPush`] and [`ManyPop`], promises what [`RawQueue`] asks for.
///
/// # Safety
/// As for [`RawQueue`], and `lines` are those of the `grid`.
pub unsafe trait OnGrid: Sized {
    /// What is moved.
    type Item;
    /// How many handles push.
    type Producers: Cardinality;
    /// How many handles pop.
    type Consumers: Cardinality;
    /// Where the lines are.
    type Lines: Store<Self::Item>;

    fn lines(&self) -> &Self::Lines;

    fn grid(&self) -> Grid;

    /// See [`RawQueue::vacancy`], as for those below.
    fn vacancy(view: View<'_, Self>) -> Option<Claim<Self::Item>>;

    fn put(view: View<'_, Self>, index: usize) -> bool;

    fn retract(_view: View<'_, Self>, _index: usize) {
        unreachable!("no producer's slot is passed over");
    }

    fn front(view: View<'_, Self>) -> Option<Claim<Self::Item>>;

    fn take(view: View<'_, Self>, index: usize);

    /// The index of the next pop.
    fn head(&self) -> usize;

    /// The index of the next push.
    fn tail(&self) -> usize;

    fn len(view: View<'_, Self>) -> usize;

    fn is_full(view: View<'_, Self>) -> bool;
}

/// A queue on a grid for [`Many`] producers.
///
/// # Safety
/// As for [`PushClaims`].
pub unsafe trait ManyPush: OnGrid<Producers = Many> {
    /// Claims up to `max` vacant slots; none if the queue is full.
    fn claim_to_push(view: View<'_, Self>, max: usize) -> Claims;

    /// See [`PushClaims::fill`].
    fn fill(view: View<'_, Self>, claims: &Claims, feed: &mut impl Feed<Self::Item>) -> usize;
}

/// A queue on a grid for [`Many`] consumers.
///
/// # Safety
/// As for [`PopClaims`].
pub unsafe trait ManyPop: OnGrid<Consumers = Many> {
    /// Claims up to `max` filled slots; none if the queue is empty.
    fn claim_to_pop(view: View<'_, Self>, max: usize) -> Claims;

    /// Gives `n` slots of a line from `index` on, claimed and emptied, back.
    fn vacate(view: View<'_, Self>, index: usize, n: usize);
}

/// A queue whose lines have so many slots.
#[derive(Debug)]
pub struct View<'a, Q> {
    pub(in crate::raw) queue: &'a Q,
    pub(in crate::raw) grid: Grid,
}

impl<Q> Clone for View<'_, Q> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q> Copy for View<'_, Q> {}

impl<Q> Deref for View<'_, Q> {
    type Target = Grid;

    #[inline(always)]
    fn deref(&self) -> &Grid {
        &self.grid
    }
}

/// The header of a line of `Q`.
type HeaderOf<Q> = <<Q as OnGrid>::Lines as Store<<Q as OnGrid>::Item>>::Header;

impl<'a, Q: OnGrid> View<'a, Q> {
    /// How many slots a line has, if not one.
    pub(in crate::raw) const FIT: usize = Q::Lines::FIT;

    #[inline(always)]
    pub(in crate::raw) fn new(queue: &'a Q, slots: usize) -> Self {
        Self { queue, grid: queue.grid().of_slots(slots) }
    }

    /// How many slots a line has.
    #[inline(always)]
    pub(in crate::raw) fn slots_of(queue: &Q) -> usize {
        queue.lines().slots()
    }

    /// The header of the line of `index`.
    #[inline(always)]
    pub(in crate::raw) fn header(self, index: usize) -> &'a HeaderOf<Q> {
        // SAFETY: indices come from the grid of these lines, which turns at the last.
        unsafe { self.queue.lines().header(self.line(index), self.slots) }
    }

    /// The place of the item of slot `index`.
    #[inline(always)]
    pub(in crate::raw) fn item(self, index: usize) -> *mut Q::Item {
        // SAFETY: as in `header`, and at the last slot.
        unsafe { self.queue.lines().item(self.line(index), self.slot(index), self.slots) }
    }

    /// `n` slots from `index` on, on one line, which are the caller's to write to, or to move out of.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(in crate::raw) fn touch(self, index: usize, n: usize) -> *mut Q::Item {
        self.header(index).touch(self.slot(index), n);
        self.item(index)
    }

    /// The claim on slot `index`.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(in crate::raw) fn at(self, index: usize) -> Claim<Q::Item> {
        Claim { item: self.touch(index, 1), number: index }
    }

    /// The only one of these claims, if there is one.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    pub(in crate::raw) fn only(self, claims: Claims) -> Option<Claim<Q::Item>> {
        if claims.len > 0 { Some(self.at(claims.first)) } else { None }
    }

    /// The claim number `i` of several.
    fn nth_claim(self, claims: &Claims, i: usize) -> Claim<Q::Item> {
        let mut before = self.runs(claims.first, i);
        before.by_ref().for_each(drop);
        self.at(before.index)
    }
}

/// For whoever is late at an index: it is not carried on to the next.
#[derive(Default)]
struct Patience {
    index: Cell<usize>,
    steps: Backoff,
}

impl Patience {
    fn at(&self, index: usize) -> &Backoff {
        if self.index.replace(index) != index {
            self.steps.reset();
        }
        &self.steps
    }
}

impl<Q: OnGrid> View<'_, Q> {
    /// Claims up to `max` slots at an end of [`Many`], whose `index` is a word and how to see it; none if the end can't go on.
    ///
    /// `ready` says how many slots are ready from an index on, on its line, or what it saw instead; of that, `clear` makes a way.
    #[inline(always)]
    pub(in crate::raw) fn claim<L>(
        self,
        (word, seen): (&AtomicUsize, impl Fn(&Q) -> usize),
        max: usize,
        ready: impl Fn(Self, usize) -> Result<usize, L>,
        clear: impl Fn(Self, usize, L, &Backoff) -> Way,
    ) -> Claims {
        let (patience, race) = (Patience::default(), Backoff::new());
        loop {
            let first = seen(self.queue);
            let here = match ready(self, first) {
                Ok(here) => here,
                Err(look) => {
                    match clear(self, first, look, patience.at(first)) {
                        Way::Open => {}
                        Way::There => return Claims { first, len: 1 },
                        Way::Spent => Many::pass(word, first, self.next_line(first)),
                        Way::Closed => return Claims { first, len: 0 },
                    }
                    continue;
                }
            };
            let on = |line| ready(self, line).unwrap_or(0);
            let (len, next) = self.claimed(first, here, max, on);
            if Many::claim(word, first, next) {
                return Claims { first, len };
            }
            race.lose();
        }
    }
}

/// Evaluates `$call` with a [`View`] of `$queue`: its number of slots is a constant, so its arithmetic is shifts, or nothing at
/// all. (A macro, since a closure may not be inlined.)
macro_rules! view {
    ($queue:expr, |$view:ident| $call:expr) => {
        match View::slots_of($queue) {
            #[cfg(any(test, loom, shuttle))]
            slots if slots != 1 && slots != View::<Self>::FIT => {
                let $view = View::new($queue, slots);
                $call
            }
            slots if slots == 1 || View::<Self>::FIT == 1 => {
                let $view = View::new($queue, 1);
                $call
            }
            _ => {
                let $view = View::new($queue, View::<Self>::FIT);
                $call
            }
        }
    };
}
pub(in crate::raw) use view;

// SAFETY: as the queue promises.
unsafe impl<Q: OnGrid> RawQueue for Q {
    type Item = Q::Item;
    type Producers = Q::Producers;
    type Consumers = Q::Consumers;
    type PushSeat = ();
    /// All that a consumer knows lies in the queue, which needs it once more to drop what is left.
    type PopSeat = ();

    fn seats(&self) -> ((), ()) {
        ((), ())
    }

    #[inline(always)]
    unsafe fn vacancy(&self, _seat: &mut ()) -> Option<Claim<Q::Item>> {
        view!(self, |view| Q::vacancy(view))
    }

    #[inline(always)]
    unsafe fn put(&self, _seat: &mut (), claim: &Claim<Q::Item>) -> bool {
        view!(self, |view| Q::put(view, claim.number))
    }

    unsafe fn retract(&self, claim: Claim<Q::Item>) {
        view!(self, |view| Q::retract(view, claim.number));
    }

    #[inline(always)]
    unsafe fn front(&self, _seat: &mut ()) -> Option<Claim<Q::Item>> {
        view!(self, |view| Q::front(view))
    }

    #[inline(always)]
    unsafe fn take(&self, _seat: &mut (), claim: Claim<Q::Item>) {
        view!(self, |view| Q::take(view, claim.number));
    }

    fn passed_by_producers(&self, _seat: &()) -> usize {
        self.grid().passed(self.tail())
    }

    fn passed_by_consumers(&self, _seat: &()) -> usize {
        self.grid().passed(self.head())
    }

    fn capacity(&self) -> usize {
        self.grid().capacity()
    }

    fn len_to_producer(&self, _seat: &()) -> usize {
        view!(self, |view| Q::len(view))
    }

    fn len_to_consumer(&self, _seat: &()) -> usize {
        view!(self, |view| Q::len(view))
    }

    fn is_full_to_producer(&self, _seat: &()) -> bool {
        view!(self, |view| Q::is_full(view))
    }

    fn is_full_to_consumer(&self, _seat: &()) -> bool {
        view!(self, |view| Q::is_full(view))
    }
}

// SAFETY: as the queue promises.
unsafe impl<Q: ManyPush> PushClaims for Q {
    unsafe fn vacancies(&self, max: usize) -> Claims {
        view!(self, |view| Q::claim_to_push(view, max))
    }

    unsafe fn vacancy_at(&self, claims: &Claims, i: usize) -> Claim<Q::Item> {
        view!(self, |view| view.nth_claim(claims, i))
    }

    #[inline]
    unsafe fn fill(&self, claims: &Claims, feed: &mut impl Feed<Q::Item>) -> usize {
        view!(self, |view| Q::fill(view, claims, feed))
    }
}

// SAFETY: as the queue promises.
unsafe impl<Q: ManyPop> PopClaims for Q {
    unsafe fn fronts(&self, max: usize) -> Claims {
        view!(self, |view| Q::claim_to_pop(view, max))
    }

    unsafe fn front_at(&self, claims: &Claims, i: usize) -> Option<Claim<Q::Item>> {
        Some(view!(self, |view| view.nth_claim(claims, i)))
    }

    #[inline]
    unsafe fn empty(&self, claims: &Claims, to: *mut Q::Item) -> usize {
        // SAFETY: passed on to the caller.
        unsafe { view!(self, |view| view.empty(claims, to)) };
        claims.len
    }
}

impl<Q: ManyPop> View<'_, Q> {
    /// See [`PopClaims::empty`].
    ///
    /// # Safety
    /// The claims are the caller's, and there is room.
    #[inline(always)]
    unsafe fn empty(self, claims: &Claims, mut to: *mut Q::Item) {
        // By hand, since `runs` would take 2 % more instructions.
        let (mut index, mut left) = (claims.first, claims.len);
        while left > 0 {
            let n = left.min(self.slots - self.slot(index));
            let items = self.touch(index, n);
            // SAFETY: slots of one line, full and claimed, and room for all that are left.
            unsafe { copy_run(items, to, n, self.slots) };
            to = to.wrapping_add(n);
            Q::vacate(self, index, n);
            (left, index) = (left - n, self.nth(index, n));
        }
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
impl<Q: OnGrid> View<'_, Q> {
    /// Makes the queue, which is new, as if it had gone round until `laps` before the last, but for where its ends are: there.
    pub(in crate::raw) fn go_round(self, laps: usize) -> usize {
        let first = laps.wrapping_mul(self.lap()).wrapping_neg();
        let mut line = 0;
        while line < self.lap() {
            self.header(line).set_lap(first);
            line = self.next_line(line);
        }
        first
    }
}
