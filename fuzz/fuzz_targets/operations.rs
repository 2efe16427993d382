//! Operations on one thread, against a model of the standard library. The first byte says which structure; the others are
//! a program for any of them.
//!
//! `cargo xtask fuzz --seconds 60` runs it. The files of `corpus/operations` also run on stable, for every structure,
//! in `tests/vecdeque`; one that fails goes there, minimised.

#![no_main]

#[path = "../../tests/vecdeque/kinds.rs"]
mod kinds;
#[path = "../../tests/vecdeque/others.rs"]
mod others;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, program)) = bytes.split_first() else { return };
    let all = kinds::ALL.len() + others::ALL.len();
    let mut kinds = kinds::ALL.iter().chain(others::ALL);
    let (_, run_ops) = kinds.nth(usize::from(kind) % all).expect("one of them");
    run_ops(program);
});
