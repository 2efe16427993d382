//! Operations on `stack::Stack` against a `Vec`.
//!
//! `cargo xtask fuzz --seconds 60` runs all targets. The files of `corpus` also run on stable, for every kind, in
//! `tests/vecdeque`; one that fails goes there, minimised.

#![no_main]

#[path = "../../tests/vecdeque/others.rs"]
mod others;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| others::stack(bytes));
