//! Operations on `spmc::bounded` against a `VecDeque`.
//!
//! Run it with a folder of its own for what it finds, so that the committed corpus stays small:
//! `mkdir -p target/corpus && cargo +nightly fuzz run spmc_bounded target/corpus fuzz/corpus/spsc_bounded`.
//!
//! The files of `corpus` also run on stable, for every kind, in `tests/vecdeque`. One that fails goes there, minimised.

#![no_main]

#[path = "../../tests/vecdeque/kinds.rs"]
mod kinds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kinds::spmc_bounded::run_ops(bytes));
