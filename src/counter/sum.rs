//! Counters: sums of what was added.
//!
//! *`take` is exact because it takes nothing away.* It remembers the total up to which everything was taken, and returns
//! the difference. Each take that returns something moves `taken` from what the one before left there to its own total, by
//! one compare-exchange: the totals form a chain, so every addition falls between two links. The later total is never short
//! of the earlier, since its reader has seen the other's `taken` (T1 to T2), and so reads each cell no earlier than it did.
//! For the same reason `sum`, which looks at `taken` first (T1 to T3), never falls below what was taken.
//!
//! Edges: T1 with T2, T3 (what was taken).

use core::fmt;
use core::marker::PhantomData;

use super::meter::{Add, Fold, Meter};
use super::number::Number;
use super::registry::{Registry, Seat};
use super::roster::Claim;
use crate::sync::{AtomicU64, Ordering, const_fn};

/// A counter of unsigned numbers. See [`Sum`].
pub type Counter = Sum<u64>;
/// A counter of signed numbers, which may go down. See [`Sum`].
pub type SignedCounter = Sum<i64>;

/// A number that many threads add to, each in a cell of its own: [`Counter`] or [`SignedCounter`].
///
/// Arithmetic is modulo 2^64, as of `wrapping_add`; the sum is right whenever it fits, whatever the cells hold.
///
/// ```
/// use raddle::counter::{Counter, SignedCounter};
///
/// static REQUESTS: Counter = Counter::new();
/// static OPEN: SignedCounter = SignedCounter::new();
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| {
///             REQUESTS.increment();
///             OPEN.add(1);
///             OPEN.add(-1);
///         });
///     }
/// });
/// assert_eq!((REQUESTS.sum(), OPEN.sum()), (4, 0));
/// ```
pub struct Sum<T: Number> {
    meter: Meter<Add>,
    /// The total up to which everything was taken.
    taken: AtomicU64,
    number: PhantomData<T>,
}

impl<T: Number> Sum<T> {
    const_fn! {
        /// Zero. It allocates nothing, and has no place in the threads' blocks before it is first used.
        ///
        /// ```
        /// static HITS: raddle::counter::Counter = raddle::counter::Counter::new();
        /// HITS.add(2);
        /// assert_eq!(HITS.sum(), 2);
        /// ```
        #[must_use]
        pub fn new() -> Self {
            Self { meter: Meter::new(), taken: AtomicU64::new(0), number: PhantomData }
        }
    }

    /// Adds `n`.
    ///
    /// ```
    /// let balance = raddle::counter::SignedCounter::new();
    /// balance.add(5);
    /// balance.add(-7);
    /// assert_eq!(balance.sum(), -2);
    /// ```
    #[inline(always)]
    pub fn add(&self, n: T) {
        self.meter.put(n.to_bits());
    }

    /// Adds one.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// counter.increment();
    /// assert_eq!(counter.sum(), 1);
    /// ```
    #[inline(always)]
    pub fn increment(&self) {
        self.add(T::ONE);
    }

    /// What was added, less what was [taken](Self::take).
    ///
    /// It contains every addition that happened before the call, and may contain those that are under way; it is not a
    /// snapshot of all threads at one instant. Beside a `take` that is under way it may still contain what is being taken,
    /// and additions from after it; never less than is left.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| counter.add(40));
    ///     counter.add(2);
    /// });
    /// assert_eq!(counter.sum(), 42);
    /// ```
    #[must_use]
    pub fn sum(&self) -> T {
        self.sum_by(Meter::total)
    }

    fn sum_by(&self, total: impl Fn(&Meter<Add>) -> u64) -> T {
        // ORDERING: (T3) Acquire, pairs with (T1): the total read next is no less than what was taken.
        let taken = self.taken.load(Ordering::Acquire);
        T::from_bits(total(&self.meter).wrapping_sub(taken))
    }

    /// Returns what was added since the last take, and takes it: each addition is in exactly one `take`, or else in the
    /// final [`sum`](Self::sum). It writes to no thread's cell, so adders don't notice.
    ///
    /// Of a signed counter, takes that run at the same time share the additions among themselves in any way: with what is
    /// left they add up to what was added.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// counter.add(3);
    /// assert_eq!(counter.take(), 3);
    /// counter.increment();
    /// assert_eq!((counter.sum(), counter.take(), counter.take()), (1, 1, 0));
    /// ```
    #[must_use = "what is taken is not in the sum any more"]
    pub fn take(&self) -> T {
        self.take_by(Meter::total)
    }

    fn take_by(&self, total: impl Fn(&Meter<Add>) -> u64) -> T {
        loop {
            // ORDERING: (T2) Acquire, pairs with (T1): the total read next is no less than what was taken.
            let taken = self.taken.load(Ordering::Acquire);
            let total = total(&self.meter);
            if total == taken {
                return T::from_bits(0);
            }
            // ORDERING: (T1) Release, pairs with (T2, T3): this total was read before others see it.
            let swap = self.taken.compare_exchange_weak(
                taken,
                total,
                Ordering::Release,
                Ordering::Relaxed,
            );
            if swap.is_ok() {
                return T::from_bits(total.wrapping_sub(taken));
            }
        }
    }

    /// A handle with a cell of its own, on a line of its own, whose [`add`](Local::add) is a plain load and store.
    ///
    /// What it added stays in the counter when it is dropped; the next handle adopts its cell. A counter keeps as many such
    /// cells ([`PAD`](crate::cacheline::PAD) bytes each) as there were handles at one time.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// std::thread::scope(|scope| {
    ///     let mut local = counter.local();
    ///     scope.spawn(move || (0..1000).for_each(|_| local.increment()));
    ///     counter.increment();
    /// });
    /// assert_eq!(counter.sum(), 1001);
    /// ```
    #[must_use]
    pub fn local(&self) -> Local<'_, T> {
        Local { claim: self.meter.local(), number: PhantomData }
    }

    /// Back to zero, what was taken included.
    ///
    /// ```
    /// let mut counter = raddle::counter::Counter::new();
    /// counter.add(3);
    /// counter.reset();
    /// assert_eq!((counter.sum(), counter.take()), (0, 0));
    /// ```
    pub fn reset(&mut self) {
        self.meter.reset();
        self.taken = AtomicU64::new(0);
    }

    /// All that was ever added, [taken](Self::take) or not.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// counter.add(3);
    /// assert_eq!((counter.take(), counter.sum(), counter.total()), (3, 0, 3));
    /// ```
    #[must_use]
    pub fn total(&self) -> T {
        T::from_bits(self.meter.total())
    }

    /// [`add`](Self::add) with a model's own registry.
    #[doc(hidden)]
    pub fn add_in(&self, registry: &Registry, seat: &mut Seat<'_>, n: T) {
        self.meter.put_in(registry, seat, n.to_bits());
    }

    /// [`sum`](Self::sum) with a model's own registry.
    #[doc(hidden)]
    pub fn sum_in(&self, registry: &Registry) -> T {
        self.sum_by(|meter| meter.total_in(registry))
    }

    /// [`take`](Self::take) with a model's own registry.
    #[doc(hidden)]
    pub fn take_in(&self, registry: &Registry) -> T {
        self.take_by(|meter| meter.total_in(registry))
    }

    /// `drop` with a model's own registry.
    #[doc(hidden)]
    pub fn drop_in(self, registry: &Registry) {
        self.meter.retire_in(registry);
    }
}

impl<T: Number> Default for Sum<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Number + fmt::Debug> fmt::Debug for Sum<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sum").field("sum", &self.sum()).finish_non_exhaustive()
    }
}

/// Adds from several threads, as an iterator does: `counter.extend(..)` for a shared counter.
impl<T: Number> Extend<T> for &Sum<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, numbers: I) {
        numbers.into_iter().for_each(|n| self.add(n));
    }
}

/// The owner of a cell of a counter: see [`Sum::local`].
///
/// It may go from thread to thread, and one at a time acts.
pub struct Local<'a, T: Number> {
    claim: Claim<'a, AtomicU64>,
    number: PhantomData<T>,
}

impl<T: Number> Local<'_, T> {
    /// Adds `n`.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// counter.local().add(3);
    /// assert_eq!(counter.sum(), 3);
    /// ```
    #[inline(always)]
    pub fn add(&mut self, n: T) {
        Add::put(self.claim.own(), n.to_bits());
    }

    /// Adds one.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// counter.local().increment();
    /// assert_eq!(counter.sum(), 1);
    /// ```
    #[inline(always)]
    pub fn increment(&mut self) {
        self.add(T::ONE);
    }
}

impl<T: Number> fmt::Debug for Local<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}
