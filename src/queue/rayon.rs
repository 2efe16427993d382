//! rayon: parallel iterators into the unbounded queues with many producers, and out of queues with many consumers.
//!
//! Nothing here waits, and nothing else should within a pool: a job that waits for a push or a pop of another job keeps its
//! thread, and the other job may be one that only this thread would have run. Hence there is no `ParallelExtend` for
//! bounded queues, which would have to wait for room.

use alloc::collections::VecDeque;

use rayon::iter::{IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::{Consumer, Producer};
use crate::cardinality::{Cardinality, Many};
use crate::parallel;
use crate::raw::{PopClaims, PushClaims, Segments};

/// Items that go in together: enough to share the cost of a claim, and few to be held back.
const BATCH: usize = 64;

impl<T: Send, C: Cardinality> ParallelExtend<T> for &Producer<Segments<T, Many, C>, Many>
where
    Segments<T, Many, C>: PushClaims<Item = T> + Sync,
{
    /// Pushes all items, those of each of rayon's pieces in their order, and other pieces' in between. It never waits.
    ///
    /// An item that finds no consumer left is dropped; ask [`is_closed`](Producer::is_closed) afterwards. If the iterator panics,
    /// what was pushed stays in the queue, and up to 64 items per piece that weren't are dropped.
    ///
    /// *In a pool, don't wait for what another job will push or pop* (not in the iterator's closures either): that job may
    /// be one that your own thread would have to run. Pop until the queue is empty, and go on.
    ///
    /// ```
    /// use rayon::iter::{IntoParallelIterator, ParallelExtend};
    ///
    /// let (tx, mut rx) = raddle::mpsc::unbounded();
    /// (&tx).par_extend((0..1000).into_par_iter());
    /// assert_eq!(rx.drain().sum::<i32>(), 499_500);
    /// ```
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, items: I) {
        let producer = *self;
        let push = |mut batch: VecDeque<T>, item| {
            batch.push_back(item);
            if batch.len() == BATCH {
                push_all(producer, &mut batch);
            }
            batch
        };
        let pieces = items.into_par_iter().fold(VecDeque::new, push);
        pieces.for_each(|mut batch| push_all(producer, &mut batch));
    }
}

/// Pushes all of `batch`, or drops it if nobody is left to pop it.
fn push_all<T, C: Cardinality>(
    producer: &Producer<Segments<T, Many, C>, Many>,
    batch: &mut VecDeque<T>,
) where
    Segments<T, Many, C>: PushClaims<Item = T>,
{
    while !batch.is_empty() {
        if producer.push_from(batch).is_err() {
            batch.clear();
        }
    }
}

impl<T: Send, C: Cardinality> ParallelExtend<T> for Producer<Segments<T, Many, C>, Many>
where
    Segments<T, Many, C>: PushClaims<Item = T> + Sync,
{
    /// As for `&Producer`.
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, items: I) {
        (&*self).par_extend(items);
    }
}

impl<Q: PopClaims<Item: Send> + Sync> Consumer<Q, Many> {
    /// A parallel iterator that pops until each of its threads has found the queue empty; what it has not popped stays.
    ///
    /// It never waits: *empty* ends it, also while producers are at work. So call it again, from outside the pool, or when
    /// the pushing jobs are done; a job that waits in the pool for items may wait for a job that its own thread would have
    /// to run. Items come in no order, and each exactly once. (With one consumer: `rx.drain().par_bridge()`, which takes
    /// turns behind a lock.)
    ///
    /// Feature `rayon`.
    ///
    /// ```
    /// use rayon::iter::ParallelIterator;
    ///
    /// let (tx, rx) = raddle::mpmc::unbounded();
    /// tx.push_slice(&[1, 2, 3])?;
    /// assert_eq!(rx.par_drain().map(|i| i * i).sum::<i32>(), 14);
    /// # Ok::<(), raddle::PushError<()>>(())
    /// ```
    pub fn par_drain(&self) -> impl ParallelIterator<Item = Q::Item> {
        parallel::drain(|| self.pop().ok())
    }
}
