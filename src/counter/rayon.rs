//! rayon: parallel sums.

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::number::Number;
use super::sum::Sum;

impl<T: Number + Send + Sync> ParallelExtend<T> for &Sum<T> {
    /// Adds all values: each of rayon's pieces is added up by itself, and then to the counter by one
    /// [`add`](Sum::add). If the iterator panics, the pieces that were complete are counted.
    ///
    /// ```
    /// use raddle::counter::Counter;
    /// use rayon::iter::{IntoParallelIterator, ParallelExtend, ParallelIterator};
    ///
    /// static BYTES: Counter = Counter::new();
    /// let words = ["warp", "weft", "selvage"];
    /// (&BYTES).par_extend(words.into_par_iter().map(|word| word.len() as u64));
    /// assert_eq!(BYTES.sum(), 15);
    /// ```
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, values: I) {
        let counter = *self;
        let add = |sum: u64, value: T| sum.wrapping_add(value.to_bits());
        let pieces = values.into_par_iter().fold(|| 0, add);
        pieces.for_each(|sum| counter.add(T::from_bits(sum)));
    }
}

impl<T: Number + Send + Sync> ParallelExtend<T> for Sum<T> {
    /// As for `&Sum`.
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, values: I) {
        (&*self).par_extend(values);
    }
}

impl<T: Number + Send + Sync> FromParallelIterator<T> for Sum<T> {
    /// As [`ParallelExtend`] to a new counter.
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(values: I) -> Self {
        let mut counter = Self::new();
        counter.par_extend(values);
        counter
    }
}
