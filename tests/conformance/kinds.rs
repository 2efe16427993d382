//! What a kind promises, and how it is put through its properties.
//!
//! Every kind promises the order of each pair: what one producer pushes and one consumer gets, that consumer gets in the
//! order of the pushes. With one handle at each end that is the order of the queue.

use raddle::cacheline::Lines;

/// The promises in which kinds differ.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) producers: Handles,
    pub(crate) consumers: Handles,
    pub(crate) bound: Bound,
}

/// How many handles an end may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handles {
    One,
    Many,
}

#[derive(Clone, Copy)]
pub(crate) enum Bound {
    /// Every item finds room.
    Unbounded,
    /// Up to `exact_up_to` what was asked for; beyond, lines of so many words, or 3 items of up to 16 bytes, with one line in reserve.
    Words { exact_up_to: usize, words_per_line: usize },
    /// Up to `exact_up_to`; beyond, it is at most two lines' worth more; `None`: as many items to a line as fit.
    Lines { exact_up_to: usize, items_per_line: Option<usize> },
}

impl Handles {
    /// `n` threads at this end, if there may be so many.
    pub(crate) fn at_most(self, n: usize) -> usize {
        if self == Self::One { 1 } else { n }
    }
}

impl Spec {
    pub(crate) fn is_bounded(&self) -> bool {
        !matches!(self.bound, Bound::Unbounded)
    }

    /// The largest capacity that `asked` may come to.
    pub(crate) fn most<T>(&self, asked: usize) -> usize {
        match self.bound {
            Bound::Unbounded => usize::MAX,
            Bound::Lines { exact_up_to, items_per_line } if asked > exact_up_to => {
                asked + 2 * items_per_line.unwrap_or(Lines::<usize, T>::FIT)
            }
            Bound::Words { .. } => asked + 2 * (self.most_evicted::<T>(asked) - 1),
            Bound::Lines { .. } => asked,
        }
    }

    /// How many items may have to give way to one that is pushed by force.
    pub(crate) fn most_evicted<T>(&self, asked: usize) -> usize {
        match self.bound {
            Bound::Words { exact_up_to, words_per_line } if asked > exact_up_to => {
                match size_of::<T>() {
                    ..=6 => 7,
                    7..=8 => words_per_line,
                    9..=16 => 3,
                    _ => 1,
                }
            }
            _ => 1,
        }
    }
}

/// For each kind `name: path of its handles, producers to consumers, Bound, |capacity| constructor;`, where an end is `One` or
/// `Many`. What is special to it follows from these.
///
/// A property finds in `super` `make`, `SPEC`, the handles' types, and `producer` and `consumer` with the ways that this kind
/// has to push and to pop.
macro_rules! kinds {
    ($(
        $name:ident: $($door:ident)::+, $producers:ident to $consumers:ident,
        $bound:ident $({ $($lines:tt)* })?,
        |$capacity:ident| $make:expr;
    )+) => {$(
        #[path = "."]
        #[allow(unused_mut, reason = "where there may be many handles, they act through `&self`")]
        mod $name {
            use $($door)::+::{Consumer, Producer};

            use crate::kinds::{Bound, Handles, Spec};

            const SPEC: Spec = Spec {
                producers: Handles::$producers,
                consumers: Handles::$consumers,
                bound: Bound::$bound $({ $($lines)* })?,
            };

            fn make<T>($capacity: usize) -> (Producer<T>, Consumer<T>) {
                $make
            }

            kinds! { @producers $producers }
            kinds! { @consumers $consumers }
            kinds! { @bound $bound }
            kinds! { @force $bound $consumers }

            mod batch;
            mod close;
            mod crowd;
            mod drops;
            mod fifo;
            mod observers;
            mod panics;
            mod shapes;
            mod stress;
        }
    )+};
    (@producers One) => {
        #[path = "one_producer.rs"]
        mod producer;
        mod write_chunks;
    };
    (@producers Many) => {
        #[path = "many_producers.rs"]
        mod producer;
    };
    (@consumers One) => {
        #[path = "one_consumer.rs"]
        mod consumer;
        mod read_chunks;
    };
    (@consumers Many) => {
        #[path = "many_consumers.rs"]
        mod consumer;
    };
    (@bound Unbounded) => { mod unbounded; };
    (@bound $bounded:ident) => { mod bounded; };
    (@force Words Many) => { mod force; };
    (@force $($otherwise:tt)+) => {};
}
