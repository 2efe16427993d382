//! One suite for every kind of queue: a property is a file, a kind is an entry below.
//!
//! Each property is compiled once per kind, as plain code on that kind's own handles (no trait stands in between), so
//! that what compiles for it is tested too. A kind lists the properties that make sense for it.

#![allow(clippy::duplicate_mod, reason = "see above")]

mod items;
#[macro_use]
mod kinds;
#[path = "../common/rng.rs"]
mod rng;

kinds! {
    spsc_bounded: raddle::spsc::bounded,
    |capacity| raddle::spsc::bounded(capacity),
    Spec { exact_up_to: 64, items_per_line: None },
    has { batch bounded chunks close drops fifo observers panics shapes stress };

    spsc_in_lines_of_1: raddle::spsc::bounded,
    |capacity| raddle::spsc::bounded_in_lines_of(1, capacity),
    Spec { exact_up_to: usize::MAX, items_per_line: Some(1) },
    has { batch bounded chunks close drops fifo observers panics shapes stress };

    spsc_in_lines_of_2: raddle::spsc::bounded,
    |capacity| raddle::spsc::bounded_in_lines_of(2, capacity),
    Spec { exact_up_to: 0, items_per_line: Some(2) },
    has { batch bounded chunks close drops fifo observers panics shapes stress };

    spsc_in_lines_of_3: raddle::spsc::bounded,
    |capacity| raddle::spsc::bounded_in_lines_of(3, capacity),
    Spec { exact_up_to: 0, items_per_line: Some(3) },
    has { batch bounded chunks close drops fifo observers panics shapes stress };
}

/// rustfmt doesn't look into macros; it does look here.
#[cfg(any())]
#[path = "."]
mod for_rustfmt {
    mod batch;
    mod bounded;
    mod chunks;
    mod close;
    mod drops;
    mod fifo;
    mod observers;
    mod panics;
    mod shapes;
    mod stress;
}
