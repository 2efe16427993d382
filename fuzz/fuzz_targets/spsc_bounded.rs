//! Operations on `spsc::bounded` against a `VecDeque`: `cargo +nightly fuzz run spsc_bounded`.
//!
//! The files of `corpus/spsc_bounded` also run on stable, in `tests/vecdeque`. One that fails goes there, minimised.

#![no_main]

#[path = "../../tests/vecdeque/run_ops.rs"]
mod run_ops;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run_ops::run_ops(bytes));
