//! What the figures say: `summary` computes, `table`, `verdict` and `json` tell.

pub mod json;
pub mod summary;
pub mod table;
pub mod verdict;

/// The method, in words that a reader of the figures needs.
pub const METHOD: &str = "\
Each round measures every kind once in every cell, in shuffled order, on a fresh
queue. A sample warms up (two laps of the ring, at least 10 ms), then counts in
a window of fixed time, then drains and verifies count, checksum and order of
all messages. Ratios are taken within a round; shown is their median with its
95 % interval (bootstrap over rounds). The A/A pair is one kind measured twice:
its interval is the noise floor. Between failed tries every kind waits the same:
crossbeam's Backoff::snooze (spins, then yields; never sleeps).
";
