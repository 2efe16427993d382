//! The handles of every kind, as what a producer and a consumer can do.

use std::collections::VecDeque;

use raddle::{PopError, PushError, mpmc, mpsc, spmc, spsc};

use crate::rng::Rng;

/// A producing end.
pub(crate) trait Put<T>: Send + Sized {
    fn put(&mut self, item: T) -> Result<(), PushError<T>>;
    fn put_all(&mut self, items: &mut VecDeque<T>) -> Result<(), PushError<()>>;
    /// By the ways that not all kinds have; what gave way goes to `evicted`.
    fn put_otherwise(
        &mut self,
        items: &mut VecDeque<T>,
        rng: &mut Rng,
        evicted: &mut Vec<T>,
    ) -> Result<(), PushError<()>>;
    /// So many handles, or one if there can't be more.
    fn split(self, n: usize) -> Vec<Self>;
}

/// A consuming end.
pub(crate) trait Get<T>: Send + Sized {
    fn get(&mut self) -> Result<T, PopError>;
    fn get_all(&mut self, items: &mut Vec<T>, most: usize) -> Result<(), PopError>;
    /// By the ways that not all kinds have.
    fn get_otherwise(&mut self, items: &mut Vec<T>, rng: &mut Rng) -> Result<(), PopError>;
    fn split(self, n: usize) -> Vec<Self>;
}

macro_rules! put {
    ($($door:ident::$bound:ident: $end:ident $($force:ident)?;)+) => {$(
        impl<T: Send> Put<T> for $door::$bound::Producer<T> {
            fn put(&mut self, item: T) -> Result<(), PushError<T>> {
                self.push(item)
            }

            fn put_all(&mut self, items: &mut VecDeque<T>) -> Result<(), PushError<()>> {
                self.push_from(items).map(drop)
            }

            fn put_otherwise(
                &mut self,
                items: &mut VecDeque<T>,
                rng: &mut Rng,
                evicted: &mut Vec<T>,
            ) -> Result<(), PushError<()>> {
                let _ = &evicted;
                $(if rng.below(2) == 0 {
                    return put!(@$force self, items, evicted);
                })?
                put!(@$end self, items, rng)
            }

            fn split(self, n: usize) -> Vec<Self> {
                put!(@split $end self, n)
            }
        }
    )+};
    (@force $tx:ident, $items:ident, $evicted:ident) => {{
        let Some(item) = $items.pop_front() else { return Ok(()) };
        match $tx.force_push(item) {
            Ok(out) => {
                $evicted.extend(out);
                Ok(())
            }
            Err(error) => {
                $items.push_front(error.into_inner());
                Err(PushError::Closed(()))
            }
        }
    }};
    (@One $tx:ident, $items:ident, $rng:ident) => {{
        let mut chunk = $tx.reserve(1 + $rng.below($items.len()))?;
        // All of them, since what is not committed is dropped.
        while chunk.written() < chunk.len() && !$items.is_empty() {
            chunk.write($items.pop_front().expect("it is not empty"));
        }
        chunk.commit_all();
        Ok(())
    }};
    (@Many $tx:ident, $items:ident, $rng:ident) => {{
        let _ = $rng.below(2);
        // A handle that is there for one batch.
        $tx.clone().push_from($items).map(drop)
    }};
    (@split One $tx:ident, $n:ident) => {{
        let _ = $n;
        vec![$tx]
    }};
    (@split Many $tx:ident, $n:ident) => {
        (1..$n).map(|_| $tx.clone()).collect::<Vec<_>>().into_iter().chain([$tx]).collect()
    };
}

macro_rules! get {
    ($($door:ident::$bound:ident: $end:ident;)+) => {$(
        impl<T: Send> Get<T> for $door::$bound::Consumer<T> {
            fn get(&mut self) -> Result<T, PopError> {
                self.pop()
            }

            fn get_all(&mut self, items: &mut Vec<T>, most: usize) -> Result<(), PopError> {
                self.pop_into(items, most).map(drop)
            }

            fn get_otherwise(&mut self, items: &mut Vec<T>, rng: &mut Rng) -> Result<(), PopError> {
                get!(@$end self, items, rng)
            }

            fn split(self, n: usize) -> Vec<Self> {
                put!(@split $end self, n)
            }
        }
    )+};
    (@One $rx:ident, $items:ident, $rng:ident) => {{
        $rx.peek()?;
        // Shown and left there, and then popped.
        let shown = $rx.read(1 + $rng.below(20))?.len();
        $items.extend($rx.drain().take(shown));
        Ok(())
    }};
    (@Many $rx:ident, $items:ident, $rng:ident) => {{
        let before = $items.len();
        $items.extend($rx.clone().drain().take(1 + $rng.below(20)));
        if $items.len() > before { Ok(()) } else { $rx.pop().map(|item| $items.push(item)) }
    }};
}

put! {
    spsc::bounded: One;
    spsc::unbounded: One;
    mpsc::bounded: Many;
    mpsc::unbounded: Many;
    spmc::bounded: One force;
    spmc::unbounded: One;
    mpmc::bounded: Many force;
    mpmc::unbounded: Many;
}

get! {
    spsc::bounded: One;
    spsc::unbounded: One;
    mpsc::bounded: One;
    mpsc::unbounded: One;
    spmc::bounded: Many;
    spmc::unbounded: Many;
    mpmc::bounded: Many;
    mpmc::unbounded: Many;
}
