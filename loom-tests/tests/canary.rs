//! Is the checker complete? Run with `cargo xtask test --only canary`.
//!
//! Two questions. Random small programs: does loom reach every outcome that plain interleaving reaches? That is brute
//! force on one side and loom on the other, and stock loom 0.7.2 fails it (its issues 166 and 392). Litmus tests: what
//! does it make of weak memory? There the known gaps are pinned as they are, so that a new loom shows itself here.
#![cfg(loom)]

#[path = "canary/litmus.rs"]
mod litmus;
#[path = "canary/random.rs"]
mod random;
