//! Operations on `spsc::bounded` against a `VecDeque`.
//!
//! Run it with a folder of its own for what it finds, so that the committed corpus stays small:
//! `mkdir -p target/corpus && cargo +nightly fuzz run spsc_bounded target/corpus fuzz/corpus/spsc_bounded`.
//!
//! The files of `corpus/spsc_bounded` also run on stable, in `tests/vecdeque`. One that fails goes there, minimised.

#![no_main]

#[path = "../../tests/vecdeque/run_ops.rs"]
mod run_ops;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run_ops::run_ops(bytes));
