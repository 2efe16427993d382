//! rayon: parallel iterators into a stack. (Out of it: `stack.pop_all().par_bridge()`.)

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::Stack;
use super::chain::Pile;

impl<T: Send> ParallelExtend<T> for &Stack<T> {
    /// Each of rayon's pieces goes in as by [`push_all`](Stack::push_all), one compare-exchange each; the order of pieces is
    /// that of their completion.
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, values: I) {
        let stack = *self;
        let add = |mut pile: Pile<T>, value| {
            pile.add(value, stack.depot());
            pile
        };
        values.into_par_iter().fold(Pile::new, add).for_each(|pile| stack.push_pile(pile));
    }
}

impl<T: Send> ParallelExtend<T> for Stack<T> {
    /// As for `&Stack`.
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, values: I) {
        (&*self).par_extend(values);
    }
}

impl<T: Send> FromParallelIterator<T> for Stack<T> {
    /// As [`ParallelExtend`] to an empty stack.
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(values: I) -> Self {
        let mut stack = Self::new();
        stack.par_extend(values);
        stack
    }
}
