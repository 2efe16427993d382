//! What each operation does while another thread is frozen in the middle of one.
//!
//! Run with `cargo xtask test --only progress`. Without `--cfg shuttle` this crate is empty.
//!
//! | part | what it is for |
//! |---|---|
//! | `src/search.rs` | the scheduler: steps, freezing, operations that don't end |
//! | `src/plan.rs` | who is next: every schedule with few preemptions; turns; random priorities; bytes |
//! | `src/case.rs`, `src/counts.rs` | one case and its judge: queues and stacks, counters |
//! | `src/kind.rs`, `src/shared.rs`, `src/op.rs`, `src/item.rs` | the structures, what threads do, and items that must be dropped once |
//! | `src/history.rs`, `src/linear.rs`, `tests/linear.rs` | whether histories are linearizable |
//! | `src/schedule.rs`, `tests/schedule.rs` | operations and a schedule out of any bytes, for the fuzzer in `fuzz/` |
//! | `src/doors.rs` | what the documentation says, to be compared |
//! | `src/twins.rs`, `tests/must_fail.rs` | queues that are not lock-free: the checks must say so |

#[cfg(shuttle)]
pub mod case;
#[cfg(shuttle)]
pub mod counts;
#[cfg(shuttle)]
pub mod doors;
#[cfg(shuttle)]
pub mod history;
#[cfg(shuttle)]
pub mod item;
#[cfg(shuttle)]
pub mod kind;
#[cfg(shuttle)]
pub mod linear;
#[cfg(shuttle)]
pub mod op;
#[cfg(shuttle)]
mod plan;
#[cfg(shuttle)]
pub mod schedule;
#[cfg(shuttle)]
pub mod search;
#[cfg(shuttle)]
pub mod shared;
#[cfg(shuttle)]
pub mod twins;
