//! rayon: a parallel iterator over what several threads pop from one place.
//!
//! rayon splits the work as often as it has threads to spare; here every part is the same: pop, and hand on. So nothing is
//! divided beforehand, whoever is quick takes more, and there is no lock around the source, as `par_bridge` needs one.

use rayon::iter::ParallelIterator;
use rayon::iter::plumbing::{Folder, UnindexedConsumer, UnindexedProducer, bridge_unindexed};

/// What `pop` gives, called by any number of threads, each until it gives nothing.
pub(crate) fn drain<T: Send>(
    pop: impl Fn() -> Option<T> + Sync + Send,
) -> impl ParallelIterator<Item = T> {
    Popped(pop)
}

struct Popped<F>(F);

impl<T: Send, F: Fn() -> Option<T> + Sync + Send> ParallelIterator for Popped<F> {
    type Item = T;

    fn drive_unindexed<C: UnindexedConsumer<T>>(self, consumer: C) -> C::Result {
        bridge_unindexed(Part(&self.0), consumer)
    }
}

struct Part<'a, F>(&'a F);

impl<T: Send, F: Fn() -> Option<T> + Sync> UnindexedProducer for Part<'_, F> {
    type Item = T;

    fn split(self) -> (Self, Option<Self>) {
        let other = Part(self.0);
        (self, Some(other))
    }

    fn fold_with<G: Folder<T>>(self, mut folder: G) -> G {
        // Asked before each pop: what nobody wants stays where it is.
        while !folder.full() {
            match (self.0)() {
                Some(item) => folder = folder.consume(item),
                None => break,
            }
        }
        folder
    }
}
