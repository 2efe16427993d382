//! Models of every raddle mechanism, and what keeps them honest.
//!
//! Run them with `cargo xtask test --only canary --only models --only mutants`: loom's published source has a known
//! hole, which xtask mends in a copy first, so a plain `cargo test` runs none of them (without `--cfg loom` this crate
//! holds two examples and no model). `RADDLE_LOOM_PREEMPTIONS=3` raises every model's bound for a long run.
//!
//! | part | what it is for |
//! |---|---|
//! | `src/models/` | the models, one file per mechanism |
//! | `src/model.rs` | the harness: counts executions, collects outcomes, asserts both |
//! | `src/item.rs` | items that must be dropped once |
//! | `src/naive.rs` | the stack that must fail: it reuses nodes at once |
//! | `src/biased.rs` | a reference count whose owner counts without atomics; with `naive`, the comparer runs it too |
//! | `src/bin/mutants.rs` | runs the models; weakens one ordering at a time and runs those that reach it |
//! | `tests/canary.rs` | is the checker complete? random programs against brute force, pinned litmus tests |
//! | `tests/must_fail.rs` | is the harness able to fail? |
//! | `survivors.toml` | orderings whose weaker form no model catches, and why they stay |
//!
//! # Writing a model
//! A model is a function from `Model` to `Checked`; `models!` makes it a test and gives it to the mutants. It must
//! state how many executions it needs at least and every outcome it must see: a model that misses one is as red as one
//! that sees another. Write `.at_least(1)` and an empty set first; the failure says what was measured.
//!
//! ```
//! # #[cfg(loom)]
//! # mod example {
//! use loom::sync::Arc;
//! use loom::thread;
//! use raddle::sync::{AtomicUsize, Ordering};
//! use raddle_loom_tests::{Checked, Model, models};
//!
//! models![a_flag_is_seen_or_not];
//!
//! fn a_flag_is_seen_or_not(model: Model) -> Checked {
//!     model.preemptions(2).at_least(2).check_outcomes(
//!         || {
//!             let flag = Arc::new(AtomicUsize::new(0));
//!             let setter = thread::spawn({
//!                 let flag = Arc::clone(&flag);
//!                 move || flag.store(1, Ordering::Relaxed)
//!             });
//!             let seen = flag.load(Ordering::Relaxed);
//!             setter.join().unwrap();
//!             seen
//!         },
//!         [0, 1],
//!     )
//! }
//! # }
//! ```
//!
//! Bounds to keep in mind: at most five threads, the main one included; a loop that waits must call
//! `raddle::sync::yield_now` or `spin_loop`; loom sees only facade atomics, `Shadow` and `Tracked`; `tests/canary.rs`
//! lists what it can't show (a weak compare-exchange that fails for no reason, a failed one that reads an old value,
//! load buffering, the total order of `SeqCst` accesses).

pub mod biased;
#[cfg(loom)]
mod item;
#[cfg(loom)]
mod model;
#[cfg(loom)]
pub mod models;
pub mod naive;

#[cfg(loom)]
pub use item::{Drops, Item, counted};
#[cfg(loom)]
pub use model::{Checked, Model};

/// Registers models: each becomes a test, and an entry of the file's `MODELS`.
///
/// An entry's name is the function's with its file in front, as in `facade::a_release_publishes`.
#[cfg(loom)]
#[macro_export]
macro_rules! models {
    ($($model:ident),+ $(,)?) => {
        /// The models of this file, by name.
        pub const MODELS: &[(&str, fn())] = &[$((
            concat!(module_path!(), "::", stringify!($model)),
            || {
                let name = concat!(module_path!(), "::", stringify!($model));
                let _: $crate::Checked = $model($crate::Model::new(name));
            },
        )),+];

        #[cfg(test)]
        mod model {
            $(#[test]
            fn $model() {
                let (_, run) = super::MODELS
                    .iter()
                    .find(|(name, _)| name.ends_with(concat!("::", stringify!($model))))
                    .expect("the table above names it");
                run();
            })+
        }
    };
}

#[cfg(all(test, not(loom)))]
mod tests {
    #[test]
    fn models_need_the_checker() {
        println!(
            "no model ran: this build is without `--cfg loom`; use `cargo xtask test --only models`"
        );
    }
}
