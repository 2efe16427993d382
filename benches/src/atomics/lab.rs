//! What an experiment is given, and what it gives back.

use core::fmt::Display;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use super::ticks::Ticks;
use crate::machine::Placement;
use crate::report::paragraph;

/// One question to the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Experiment {
    /// As on the command line.
    pub(super) name: &'static str,
    /// What it asks.
    pub(super) question: &'static str,
    /// How.
    pub(super) run: fn(&mut Lab<'_>) -> Result<Finding, Stop>,
}

/// Why an experiment found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ctrl-C.
    Interrupted,
    /// This machine can't show it: a sentence.
    Cannot(String),
    /// Something that must never be was seen: a sentence.
    Broken(String),
}

/// What an experiment found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// Tables, at most 80 columns wide.
    pub(super) text: String,
    /// What they say, in a sentence or two.
    pub(super) words: String,
    /// All of it, for programs.
    pub(super) data: Value,
}

/// The machine, and how much of its time there is.
#[derive(Debug)]
pub(super) struct Lab<'a> {
    pub(super) placement: &'a Placement,
    pub(super) ticks: Ticks,
    pub(super) rng: Rng,
    /// The seed of all intervals.
    pub(super) seed: u64,
    pub(super) quick: bool,
    /// The least rounds of any race until now.
    pub(super) rounds: Option<usize>,
    pub(super) interrupted: &'a AtomicBool,
}

impl Lab<'_> {
    /// CPUs that threads may run on.
    pub(super) fn cpus(&self) -> usize {
        match self.placement.cpus.len() {
            0 => std::thread::available_parallelism().map_or(1, Into::into),
            n => n,
        }
    }

    /// So many seconds; a look of them where a first look is asked for.
    pub(super) fn budget(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(if self.quick { seconds / 20.0 } else { seconds })
    }

    /// Ends the experiment after Ctrl-C.
    ///
    /// # Errors
    ///
    /// [`Stop::Interrupted`].
    pub(super) fn go_on(&self) -> Result<(), Stop> {
        if self.interrupted.load(Ordering::Relaxed) { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// The counts of threads that are tried: from one to twice the CPUs, at most eight of them.
    pub(super) fn crowds(&self) -> Vec<usize> {
        crowds(self.cpus())
    }
}

fn crowds(cpus: usize) -> Vec<usize> {
    if cpus <= 4 {
        return (1..=2 * cpus).collect();
    }
    // Doubling, and the two counts that matter; with very many CPUs the small steps go first.
    let mut crowds: Vec<_> = (0..).map(|i| 1 << i).take_while(|&n| n < cpus).collect();
    crowds.extend([cpus, 2 * cpus]);
    while crowds.len() > 8 {
        crowds.remove(2);
    }
    crowds
}

/// Fails unless two numbers that must be equal are.
///
/// # Errors
///
/// [`Stop::Broken`], with both.
pub(super) fn expect(what: &str, expected: u64, seen: u64) -> Result<(), Stop> {
    if expected == seen {
        return Ok(());
    }
    Err(Stop::Broken(format!("{what}: expected {expected}, seen {seen}")))
}

/// Appends a paragraph of plain text.
pub(super) fn note(text: &mut String, body: impl Display) {
    paragraph(text, "  ", "  ", &body.to_string());
}

/// Such as 1 thread, 2 threads.
pub(super) fn threads(n: usize) -> String {
    crate::report::counted(n, "thread")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn the_crowds_go_from_one_thread_to_twice_the_cpus() {
        assert_eq!(crowds(1), [1, 2]);
        assert_eq!(crowds(2), [1, 2, 3, 4]);
        assert_eq!(crowds(6), [1, 2, 4, 6, 12]);
        for cpus in 1..600 {
            let crowds = crowds(cpus);
            assert!(crowds.len() <= 8 && crowds.is_sorted(), "{cpus}: {crowds:?}");
            assert_eq!((crowds[0], crowds.last()), (1, Some(&(2 * cpus))));
            assert!(crowds.contains(&cpus));
        }
    }

    #[test]
    fn a_wrong_count_is_named_with_both_numbers() {
        assert_eq!(expect("sum", 3, 3), Ok(()));
        let Err(Stop::Broken(why)) = expect("sum", 3, 2) else { panic!("3 is not 2") };
        assert_eq!(why, "sum: expected 3, seen 2");
    }

    #[test]
    fn lists_are_read_aloud() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
