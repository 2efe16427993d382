//! The threads of a sample.
//!
//! What a thread does is different for each kind, so its loops are compiled for each; what it takes to start and join threads
//! is much more code, and is compiled once: work comes in boxes.

use std::thread::{self, ScopedJoinHandle};

/// What one thread does, and what it leaves.
pub(super) type Work<'a, R> = Box<dyn FnOnce() -> R + Send + 'a>;

/// Something that is kept until all threads have ended: no queue is measured, or judged, while it closes.
pub(super) type Kept<'a> = Box<dyn Send + 'a>;

/// Does all `work` at once, one thread each, and `meanwhile` here; what that said, and what they left, in their order.
pub(super) fn all<R: Send>(work: Vec<Work<'_, R>>, meanwhile: &dyn Fn() -> bool) -> (bool, Vec<R>) {
    let (said, left, _) = both(work, Vec::<Work<'_, ()>>::new(), meanwhile);
    (said, left)
}

/// As [`all`], of two sorts of work.
pub(super) fn both<A: Send, B: Send>(
    first: Vec<Work<'_, A>>,
    second: Vec<Work<'_, B>>,
    meanwhile: &dyn Fn() -> bool,
) -> (bool, Vec<A>, Vec<B>) {
    thread::scope(|scope| {
        let first: Vec<_> = first.into_iter().map(|work| scope.spawn(work)).collect();
        let second: Vec<_> = second.into_iter().map(|work| scope.spawn(work)).collect();
        (meanwhile(), join(first), join(second))
    })
}

/// The results of all threads; a panic in one of them goes on here.
pub(crate) fn join<R>(threads: Vec<ScopedJoinHandle<'_, R>>) -> Vec<R> {
    let join = |thread: ScopedJoinHandle<'_, R>| {
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    };
    threads.into_iter().map(join).collect()
}
