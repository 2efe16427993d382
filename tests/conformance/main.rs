//! One suite for every kind of queue: a property is a file, a kind is an entry below.
//!
//! Each property is compiled once per kind, as plain code on that kind's own handles (no trait stands in between), so
//! that what compiles for it is tested too. A kind has the properties that make sense for it, see `kinds`.

#![allow(clippy::duplicate_mod, reason = "see above")]

mod affinity;
mod items;
#[macro_use]
mod kinds;
#[cfg(not(loom))] // in a model its constructor is not `const`
mod fixed;
mod race;
#[path = "../common/rng.rs"]
mod rng;

kinds! {
    spsc_bounded: raddle::spsc::bounded, One to One,
    Lines { exact_up_to: 64, items_per_line: None },
    |capacity| raddle::spsc::bounded(capacity);

    spsc_in_lines_of_1: raddle::spsc::bounded, One to One,
    Lines { exact_up_to: usize::MAX, items_per_line: Some(1) },
    |capacity| raddle::spsc::bounded_in_lines_of(1, capacity);

    spsc_in_lines_of_2: raddle::spsc::bounded, One to One,
    Lines { exact_up_to: 0, items_per_line: Some(2) },
    |capacity| raddle::spsc::bounded_in_lines_of(2, capacity);

    spsc_in_lines_of_3: raddle::spsc::bounded, One to One,
    Lines { exact_up_to: 0, items_per_line: Some(3) },
    |capacity| raddle::spsc::bounded_in_lines_of(3, capacity);

    spsc_unbounded: raddle::spsc::unbounded, One to One, Unbounded,
    |_capacity| raddle::spsc::unbounded();

    spsc_in_segments_of_1: raddle::spsc::unbounded, One to One, Unbounded,
    |_capacity| raddle::spsc::unbounded_in_segments_of(1);

    spsc_in_segments_of_2: raddle::spsc::unbounded, One to One, Unbounded,
    |_capacity| raddle::spsc::unbounded_in_segments_of(2);

    spsc_in_segments_of_3: raddle::spsc::unbounded, One to One, Unbounded,
    |_capacity| raddle::spsc::unbounded_in_segments_of(3);

    mpsc_bounded: raddle::mpsc::bounded, Many to One, Words { exact_up_to: 64, words_per_line: 6 },
    |capacity| raddle::mpsc::bounded(capacity);

    mpsc_in_lines: raddle::mpsc::bounded, Many to One, Words { exact_up_to: 0, words_per_line: 6 },
    |capacity| raddle::mpsc::bounded_in_lines_of(7, capacity);

    mpsc_unbounded: raddle::mpsc::unbounded, Many to One, Unbounded,
    |_capacity| raddle::mpsc::unbounded();

    mpsc_in_segments_of_1: raddle::mpsc::unbounded, Many to One, Unbounded,
    |_capacity| raddle::mpsc::unbounded_in_segments_of(1);

    mpsc_in_segments_of_2: raddle::mpsc::unbounded, Many to One, Unbounded,
    |_capacity| raddle::mpsc::unbounded_in_segments_of(2);

    mpsc_in_segments_of_3: raddle::mpsc::unbounded, Many to One, Unbounded,
    |_capacity| raddle::mpsc::unbounded_in_segments_of(3);

    spmc_bounded: raddle::spmc::bounded, One to Many, Words { exact_up_to: 64, words_per_line: 7 },
    |capacity| raddle::spmc::bounded(capacity);

    spmc_in_lines: raddle::spmc::bounded, One to Many, Words { exact_up_to: 0, words_per_line: 7 },
    |capacity| raddle::spmc::bounded_in_lines_of(7, capacity);

    spmc_unbounded: raddle::spmc::unbounded, One to Many, Unbounded,
    |_capacity| raddle::spmc::unbounded();

    spmc_in_segments_of_1: raddle::spmc::unbounded, One to Many, Unbounded,
    |_capacity| raddle::spmc::unbounded_in_segments_of(1);

    spmc_in_segments_of_2: raddle::spmc::unbounded, One to Many, Unbounded,
    |_capacity| raddle::spmc::unbounded_in_segments_of(2);

    spmc_in_segments_of_3: raddle::spmc::unbounded, One to Many, Unbounded,
    |_capacity| raddle::spmc::unbounded_in_segments_of(3);

    mpmc_bounded: raddle::mpmc::bounded, Many to Many, Words { exact_up_to: 64, words_per_line: 7 },
    |capacity| raddle::mpmc::bounded(capacity);

    mpmc_in_lines: raddle::mpmc::bounded, Many to Many, Words { exact_up_to: 0, words_per_line: 7 },
    |capacity| raddle::mpmc::bounded_in_lines_of(7, capacity);

    mpmc_unbounded: raddle::mpmc::unbounded, Many to Many, Unbounded,
    |_capacity| raddle::mpmc::unbounded();

    mpmc_in_segments_of_1: raddle::mpmc::unbounded, Many to Many, Unbounded,
    |_capacity| raddle::mpmc::unbounded_in_segments_of(1);

    mpmc_in_segments_of_2: raddle::mpmc::unbounded, Many to Many, Unbounded,
    |_capacity| raddle::mpmc::unbounded_in_segments_of(2);

    mpmc_in_segments_of_3: raddle::mpmc::unbounded, Many to Many, Unbounded,
    |_capacity| raddle::mpmc::unbounded_in_segments_of(3);
}

/// rustfmt doesn't look into macros; it does look here.
#[cfg(any())]
#[path = "."]
mod for_rustfmt {
    mod batch;
    mod bounded;
    mod close;
    mod crowd;
    mod drops;
    mod fifo;
    mod force;
    mod many_consumers;
    mod many_producers;
    mod observers;
    mod one_consumer;
    mod one_producer;
    mod panics;
    mod read_chunks;
    mod shapes;
    mod stress;
    mod unbounded;
    mod write_chunks;
}
