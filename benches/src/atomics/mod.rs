//! What atomics cost, and why: experiments that the reader runs (`cargo run --release -- atomics`).
//!
//! | file | what it is for |
//! |---|---|
//! | `command` | arguments, progress, Ctrl-C, and the document |
//! | `lab` | what an experiment is given, and what it gives back |
//! | `race` | rounds in shuffled order, the A/A twin of each group, and what may be said of two rows |
//! | `team` | one sample of several threads: warm-up, window, then a clock around each operation |
//! | `ticks` | cycles, where they can be known |
//! | `locks` | the locks that are compared |
//! | `plot` | times on a logarithmic line |
//! | all others | one experiment each |
//!
//! A new experiment is a file, and a line in `ALL`.

mod aba;
mod command;
mod contention;
mod cost;
mod counting;
mod false_sharing;
mod hand_off;
mod lab;
mod locks;
mod locks_or_not;
mod ordering;
mod plot;
mod race;
mod refcount;
mod team;
mod ticks;
mod topology;

pub use command::Arguments;
pub(crate) use command::execute;

use lab::Experiment;

/// Every experiment, in the order in which they are run.
const ALL: &[Experiment] = &[
    cost::EXPERIMENT,
    contention::EXPERIMENT,
    hand_off::EXPERIMENT,
    false_sharing::EXPERIMENT,
    counting::EXPERIMENT,
    refcount::EXPERIMENT,
    locks_or_not::EXPERIMENT,
    topology::EXPERIMENT,
    ordering::EXPERIMENT,
    aba::EXPERIMENT,
];
