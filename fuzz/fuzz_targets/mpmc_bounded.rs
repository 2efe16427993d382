//! Operations on `mpmc::bounded` against a `VecDeque`.
//!
//! `cargo xtask fuzz --seconds 60` runs all targets. The files of `corpus` also run on stable, for every kind, in
//! `tests/vecdeque`; one that fails goes there, minimised.

#![no_main]

#[path = "../../tests/vecdeque/kinds.rs"]
mod kinds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kinds::mpmc_bounded::run_ops(bytes));
