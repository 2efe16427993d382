//! `Max` and `Min`: the extreme of what was recorded.
//!
//! A cell holds how far the best record is from the worst possible one, so that 0, with which cells begin, loses against
//! everything. The worst possible record itself is then no more than nothing: a flag of its own says that there was one.

use core::fmt;
use core::marker::PhantomData;

use super::meter::{Fold, Meter, Most};
use super::number::Number;
use super::roster::Claim;
use crate::sync::{AtomicU64, AtomicUsize, Ordering, const_fn};

/// The greatest unsigned number recorded. See [`Extreme`].
pub type Max = Extreme<u64, Greatest>;
/// The least unsigned number recorded. See [`Extreme`].
pub type Min = Extreme<u64, Least>;
/// The greatest signed number recorded. See [`Extreme`].
pub type SignedMax = Extreme<i64, Greatest>;
/// The least signed number recorded. See [`Extreme`].
pub type SignedMin = Extreme<i64, Least>;

/// Which of two records stays. Sealed.
pub trait Direction: sealed::Sealed + 'static {
    /// From a number's rank to how good it is, and back.
    #[doc(hidden)]
    fn turn(rank: u64) -> u64;
}

/// The greater one.
#[derive(Debug)]
pub enum Greatest {}

impl Direction for Greatest {
    #[inline(always)]
    fn turn(rank: u64) -> u64 {
        rank
    }
}

/// The lesser one.
#[derive(Debug)]
pub enum Least {}

impl Direction for Least {
    #[inline(always)]
    fn turn(rank: u64) -> u64 {
        !rank
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Greatest {}
    impl Sealed for super::Least {}
}

/// The extreme of the numbers that many threads record, each in a cell of its own: [`Max`], [`Min`], [`SignedMax`],
/// [`SignedMin`].
///
/// There is no `take`: a cell is its owner's to write, and a record can't be subtracted as an addition can. For the extreme
/// of a while, use a new one for each while, or [`reset`](Self::reset) one that is not shared at the moment.
///
/// ```
/// use raddle::counter::{Max, SignedMin};
///
/// static LONGEST: Max = Max::new();
/// static COLDEST: SignedMin = SignedMin::new();
///
/// std::thread::scope(|scope| {
///     for n in 0..4 {
///         scope.spawn(move || {
///             LONGEST.record(n);
///             COLDEST.record(-(n as i64));
///         });
///     }
/// });
/// assert_eq!((LONGEST.get(), COLDEST.get()), (Some(3), Some(-3)));
/// ```
pub struct Extreme<T: Number, D: Direction> {
    meter: Meter<Most>,
    /// 1 if the worst possible number was recorded.
    worst: AtomicUsize,
    number: PhantomData<(T, fn() -> D)>,
}

impl<T: Number, D: Direction> Extreme<T, D> {
    const_fn! {
        /// Nothing recorded. It allocates nothing, and has no place in the threads' blocks before it is first used.
        ///
        /// ```
        /// static LONGEST: raddle::counter::Max = raddle::counter::Max::new();
        /// assert_eq!(LONGEST.get(), None);
        /// ```
        #[must_use]
        pub fn new() -> Self {
            Self { meter: Meter::new(), worst: AtomicUsize::new(0), number: PhantomData }
        }
    }

    /// Records `n`.
    ///
    /// ```
    /// let least = raddle::counter::Min::new();
    /// least.record(3);
    /// least.record(5);
    /// assert_eq!(least.get(), Some(3));
    /// ```
    #[inline(always)]
    pub fn record(&self, n: T) {
        match D::turn(n.rank()) {
            0 => self.record_worst(),
            n => self.meter.put(n),
        }
    }

    #[cold]
    fn record_worst(&self) {
        // The load spares the line a change of owner each time.
        if self.worst.load(Ordering::Relaxed) == 0 {
            self.worst.store(1, Ordering::Relaxed);
        }
    }

    /// The extreme, if anything was recorded. As with [`Sum::sum`](super::Sum::sum), what was recorded before the call
    /// counts, and what is under way may.
    ///
    /// ```
    /// let greatest = raddle::counter::SignedMax::new();
    /// assert_eq!(greatest.get(), None);
    /// greatest.record(i64::MIN);
    /// assert_eq!(greatest.get(), Some(i64::MIN));
    /// ```
    #[must_use]
    pub fn get(&self) -> Option<T> {
        let total = self.meter.total();
        if total == 0 && self.worst.load(Ordering::Relaxed) == 0 {
            return None;
        }
        Some(T::from_rank(D::turn(total)))
    }

    /// A handle with a cell of its own, on a line of its own, as [`Sum::local`](super::Sum::local) gives.
    ///
    /// ```
    /// let greatest = raddle::counter::Max::new();
    /// let mut local = greatest.local();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || local.record(3));
    ///     greatest.record(2);
    /// });
    /// assert_eq!(greatest.get(), Some(3));
    /// ```
    #[must_use]
    pub fn local(&self) -> LocalExtreme<'_, T, D> {
        LocalExtreme { claim: self.meter.local(), extreme: self }
    }

    /// Forgets what was recorded.
    ///
    /// ```
    /// let mut greatest = raddle::counter::Max::new();
    /// greatest.record(3);
    /// greatest.reset();
    /// assert_eq!(greatest.get(), None);
    /// ```
    pub fn reset(&mut self) {
        self.meter.reset();
        self.worst = AtomicUsize::new(0);
    }
}

impl<T: Number, D: Direction> Default for Extreme<T, D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Number + fmt::Debug, D: Direction> fmt::Debug for Extreme<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extreme").field("get", &self.get()).finish_non_exhaustive()
    }
}

/// The owner of a cell of a [`Max`] or [`Min`]: see [`Extreme::local`].
pub struct LocalExtreme<'a, T: Number, D: Direction> {
    claim: Claim<'a, AtomicU64>,
    extreme: &'a Extreme<T, D>,
}

impl<T: Number, D: Direction> LocalExtreme<'_, T, D> {
    /// Records `n`.
    ///
    /// ```
    /// let least = raddle::counter::SignedMin::new();
    /// least.local().record(-3);
    /// assert_eq!(least.get(), Some(-3));
    /// ```
    #[inline(always)]
    pub fn record(&mut self, n: T) {
        match D::turn(n.rank()) {
            0 => self.extreme.record_worst(),
            n => Most::put(self.claim.own(), n),
        }
    }
}

impl<T: Number, D: Direction> fmt::Debug for LocalExtreme<'_, T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalExtreme").finish_non_exhaustive()
    }
}
