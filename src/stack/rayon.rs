//! rayon: parallel iterators into a stack and out of it.

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::Stack;
use super::chain::Pile;
use crate::parallel;

impl<T: Send> Stack<T> {
    /// A parallel iterator that pops until each of its threads has found the stack empty; what it has not popped stays.
    ///
    /// It never waits: *empty* ends it, also while others push. A job that waits in a pool for values may wait for a job
    /// that its own thread would have to run; so don't. (For values that take less than a microsecond each, take
    /// [`pop_all`](Self::pop_all) and a plain loop: threads that pop meet at the head.)
    ///
    /// Feature `rayon`.
    ///
    /// ```
    /// use rayon::iter::ParallelIterator;
    ///
    /// let stack = raddle::stack::Stack::from_iter(1..=3);
    /// assert_eq!(stack.par_drain().map(|i| i * i).sum::<i32>(), 14);
    /// ```
    pub fn par_drain(&self) -> impl ParallelIterator<Item = T> {
        parallel::drain(|| self.pop())
    }
}

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
