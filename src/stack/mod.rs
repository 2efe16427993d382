//! Stacks: last in, first out, for any number of threads at both ends.
//!
//! | | [`Stack`] | [`IndexStack`] |
//! |---|---|---|
//! | holds | values of any type | the numbers below a capacity |
//! | grows | yes | no |
//! | ABA is stopped by | epochs: a node is reused after its grace period | a 32-bit tag beside the index |
//! | allocates | when it grows, and once in 256 pops | at construction |
//! | needs | `std` | `alloc`, and 64-bit atomics |
//! | is for | handing over work in bursts, last first; collecting results | the free list of a pool or allocator |
//!
//! A stack wins where the consumer takes *all* at once (`pop_all` costs one exchange for any number), where the order doesn't
//! matter and the warmest value is the best one (buffers, connections), or where a producer must never wait. For a stream in
//! order take a queue. And below two threads' contention, a `Mutex<Vec>` is faster: [`guide::stack`](crate::guide::stack)
//! has the figures, [`guide::aba`](crate::guide::aba) the problem that makes stacks hard.
//!
//! # Progress
//! All operations are lock-free: while some retry, others succeed. None waits for another thread, wherever that one stops.
//! Where a number is given it holds for one attempt; the number of attempts is unbounded because each failure is another
//! thread's success.
//!
//! | operation | progress | atomic operations of one attempt, and besides |
//! |---|---|---|
//! | `Stack::push` | lock-free | 3; besides 1 if a spare node is at hand, 4 if the depot has some; otherwise it allocates |
//! | `push_all`, `extend` | lock-free | 3 for all; besides, per value, as `push` |
//! | `pop` | lock-free | 3 and a guard's 4; besides 1, and once per batch of 256 (64 large ones) the epoch's queue |
//! | `pop_all` | lock-free | 2; the iterator 1 per value, and 1 or the epoch's queue when it is dropped |
//! | `peek` | lock-free | 1 and a guard's 4 |
//! | `peek_mut`, `is_empty` | wait-free | 1 |
//! | `drop`, `into_iter` | wait-free per value | 2, and 1 per value |
//! | `IndexStack::push`, `pop` | lock-free | 3; besides 1 |
//! | `IndexStack::is_empty` | wait-free | 1 |
//!
//! A guard's 4 are crossbeam-epoch's; once in 128 times it also looks for grace periods that are over, eight batches at most,
//! whose nodes it keeps or gives to the allocator. So a pop may, seldom, free many nodes that another thread's `pop_all` left
//! behind. The allocator may take locks of its own.
//!
//! # Memory
//! A value leaves the stack when it is popped, and is never kept, moved or dropped later by the stack. Nodes are kept: they
//! are reused when all threads that were in `pop` or `peek` as they were popped have left it. A thread that is *frozen* there
//! stops nobody, but from then on no node comes back: pushes allocate, and memory grows with the number of pops. (The index
//! stack has no such weakness.)
//!
//! In steady state pushes don't allocate, whichever thread pops and by whatever operation. What is kept for that: per thread,
//! and per size of node (8 bytes and the value, in steps of 16), 128 KiB of spare nodes and as much of surplus, or four batches
//! of large ones; per stack 128 KiB, in its depot; and what is in its grace period. A thread gives its nodes back when it ends,
//! a stack when it is dropped.
#[cfg(feature = "std")]
mod chain;
#[cfg(target_has_atomic = "64")]
mod indices;
#[cfg(feature = "rayon")]
mod rayon;
#[cfg(feature = "std")]
mod treiber;

#[cfg(feature = "std")]
pub use chain::{IntoIter, PopAll};
#[cfg(target_has_atomic = "64")]
pub use indices::IndexStack;
#[cfg(feature = "std")]
pub use treiber::Stack;
