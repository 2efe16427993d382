//! Operations of some threads, and a schedule: `progress-tests/src/schedule.rs` says what the bytes mean.
//!
//! `cargo xtask fuzz --seconds 60` runs it, with `--cfg shuttle`. The files of `corpus/schedule` also run on stable, in
//! `progress-tests/tests/schedule.rs`; one that fails goes there, minimised.

#![no_main]

#[cfg(not(shuttle))]
compile_error!("`RUSTFLAGS='--cfg shuttle'` is missing: `cargo xtask fuzz` gives it");

#[cfg(shuttle)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(why) = raddle_progress_tests::schedule::run(bytes) {
        panic!("{why}");
    }
});
