//! Rounds: every contestant once per round, in shuffled order; of each group one contestant runs twice, under two names,
//! and what it seems to differ by from itself is the group's noise floor.

use core::time::Duration;
use std::time::Instant;

use fastrand::Rng;
use serde::Serialize;
use serde_json::{Value, json};

use super::lab::{Lab, Stop};
use crate::plan::LEAST_ROUNDS;
use crate::report::section::{digits, interval};
use crate::run::shuffled;
use crate::stats::{self, Interval};

/// More rounds tell nothing new.
const MOST_ROUNDS: usize = 15;
/// A race that takes longer than this many times its budget ends after the current round.
const PATIENCE: f64 = 1.3;

/// A sample with a time.
pub(super) trait Timed: Serialize {
    /// Nanoseconds per operation.
    fn ns(&self) -> f64;
}

impl Timed for f64 {
    fn ns(&self) -> f64 {
        *self
    }
}

type Take<'a, S> = Box<dyn Fn() -> Result<S, Stop> + 'a>;

/// Who is measured, and how.
pub(super) struct Contestant<'a, S> {
    group: String,
    name: String,
    take: Take<'a, S>,
}

impl<'a, S> Contestant<'a, S> {
    /// One of `group`, among which comparisons are surest.
    pub(super) fn new(
        group: impl Into<String>,
        name: impl Into<String>,
        take: impl Fn() -> Result<S, Stop> + 'a,
    ) -> Self {
        Self { group: group.into(), name: name.into(), take: Box::new(take) }
    }
}

/// All samples of one contestant.
#[derive(Debug, Clone)]
pub(super) struct Row<S> {
    pub(super) group: String,
    pub(super) name: String,
    /// Measured once more only to see what noise does.
    pub(super) twin: bool,
    pub(super) samples: Vec<S>,
}

impl<S: Timed> Row<S> {
    fn times(&self) -> Vec<f64> {
        self.samples.iter().map(Timed::ns).collect()
    }
}

/// A race that was run.
#[derive(Debug, Clone)]
pub(super) struct Race<S> {
    pub(super) rows: Vec<Row<S>>,
    pub(super) rounds: usize,
    seed: u64,
}

/// What one row's time is to another's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Ratio {
    pub(super) interval: Interval,
    /// Whether it excludes one, and is more than noise.
    pub(super) clear: bool,
}

impl Ratio {
    /// Such as `3.10x [3.00, 3.20]`.
    pub(super) fn times(&self) -> String {
        interval(self.interval).replacen(' ', "x ", 1)
    }

    /// A half sentence on `a` against `b`.
    pub(super) fn words(&self, a: &str, b: &str) -> String {
        let times = self.times();
        if self.clear {
            format!("{a} takes {times} the time of {b}")
        } else {
            format!("between {a} and {b} there is no clear difference ({times})")
        }
    }

    /// Clearly more than one.
    pub(super) fn is_slower(&self) -> bool {
        self.clear && self.interval.median > 1.0
    }
}

/// Runs a race: as many rounds of samples that take about `each` as fit into `budget`.
///
/// # Errors
///
/// Those of a sample, and [`Stop::Interrupted`] between two of them.
pub(super) fn run<S: Timed>(
    lab: &mut Lab<'_>,
    contestants: Vec<Contestant<'_, S>>,
    each: Duration,
    budget: Duration,
) -> Result<Race<S>, Stop> {
    let mut rows: Vec<Row<S>> = Vec::new();
    // Contestants, the twin of each group's first after all others.
    let mut takes: Vec<&Take<'_, S>> = Vec::new();
    for twin in [false, true] {
        for (i, Contestant { group, name, take }) in contestants.iter().enumerate() {
            let first = contestants[..i].iter().all(|other| other.group != *group);
            if !twin || first {
                let (group, name) = (group.clone(), name.clone());
                rows.push(Row { group, name, twin, samples: Vec::new() });
                takes.push(take);
            }
        }
    }
    let start = Instant::now();
    let round = each * u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let planned = budget.as_nanos() / round.as_nanos().max(1);
    let planned = usize::try_from(planned).unwrap_or(MOST_ROUNDS).clamp(LEAST_ROUNDS, MOST_ROUNDS);
    let mut rounds = 0;
    while rounds < planned {
        for index in shuffled(rows.len(), &mut lab.rng) {
            lab.go_on()?;
            rows[index].samples.push(takes[index]()?);
        }
        rounds += 1;
        if rounds >= LEAST_ROUNDS && start.elapsed() > budget.mul_f64(PATIENCE) {
            break;
        }
    }
    lab.rounds = Some(lab.rounds.map_or(rounds, |least| least.min(rounds)));
    Ok(Race { rows, rounds, seed: lab.seed })
}

impl<S: Timed> Race<S> {
    fn rng(&self) -> Rng {
        Rng::with_seed(self.seed)
    }

    /// The row of that name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(super) fn row(&self, group: &str, name: &str) -> &Row<S> {
        let is = |row: &&Row<S>| !row.twin && row.group == group && row.name == name;
        let row = self.rows.iter().find(is);
        row.unwrap_or_else(|| panic!("no contestant {name} in {group}"))
    }

    /// Its time.
    pub(super) fn ns(&self, group: &str, name: &str) -> Interval {
        stats::median_interval(&self.row(group, name).times(), &mut self.rng())
    }

    /// The groups, in order, each with the name of the contestant that has a twin and the ratio of the two.
    pub(super) fn twins(&self) -> Vec<(&str, &str, Interval)> {
        let twins = self.rows.iter().filter(|row| row.twin);
        twins
            .map(|twin| {
                let first = self.row(&twin.group, &twin.name);
                let ratio = stats::paired_ratio(&twin.times(), &first.times(), &mut self.rng());
                (&*twin.group, &*twin.name, ratio)
            })
            .collect()
    }

    fn floor(&self, group: &str) -> f64 {
        let twin = self.twins().into_iter().find(|(of, ..)| *of == group);
        twin.map_or(1.0, |(.., ratio)| ratio.floor())
    }

    /// The time of `a` by the time of `b`, both as group and name; of two groups, the noisier one decides what is clear.
    pub(super) fn ratio(&self, a: (&str, &str), b: (&str, &str)) -> Ratio {
        let [a_times, b_times] = [a, b].map(|(group, name)| self.row(group, name).times());
        let interval = stats::paired_ratio(&a_times, &b_times, &mut self.rng());
        let floor = self.floor(a.0).max(self.floor(b.0));
        Ratio { interval, clear: stats::is_clear(&interval, floor) }
    }

    /// The noise floors in words, rounds included.
    pub(super) fn noise(&self) -> String {
        let twins = self.twins();
        let floors: Vec<_> = twins
            .iter()
            .map(|(group, name, ratio)| {
                format!("{group} {}x (A/A of {name}: {})", digits(ratio.floor()), interval(*ratio))
            })
            .collect();
        format!("{} rounds; noise floors: {}", self.rounds, floors.join("; "))
    }

    /// Every sample, and what follows.
    pub(super) fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "group": row.group,
                "name": row.name,
                "twin": row.twin,
                "ns": stats::median_interval(&row.times(), &mut self.rng()),
                "samples": row.samples,
            })
        });
        let floors = self.twins().into_iter().map(|(group, name, ratio)| {
            json!({ "group": group, "name": name, "twin_ratio": ratio, "factor": ratio.floor() })
        });
        json!({
            "rounds": self.rounds,
            "rows": rows.collect::<Vec<_>>(),
            "noise_floors": floors.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use core::cell::Cell;
    use core::sync::atomic::AtomicBool;

    use super::super::ticks::Ticks;
    use super::*;
    use crate::machine::Placement;

    /// A race with these times, each the same in all of `rounds`, whose twins differ from their first by `noise`.
    pub(in super::super) fn race(times: &[(&str, &str, f64)], noise: f64) -> Race<f64> {
        let row = |group: &str, name: &str, twin, ns| Row {
            group: group.to_owned(),
            name: name.to_owned(),
            twin,
            samples: vec![ns; 5],
        };
        let mut rows: Vec<_> =
            times.iter().map(|&(group, name, ns)| row(group, name, false, ns)).collect();
        for (i, &(group, name, ns)) in times.iter().enumerate() {
            if times[..i].iter().all(|(other, ..)| *other != group) {
                rows.push(row(group, name, true, ns * noise));
            }
        }
        Race { rows, rounds: 5, seed: 1 }
    }

    #[test]
    fn every_contestant_runs_once_per_round_and_the_first_of_each_group_twice() {
        let placement = Placement { cpus: Vec::new() };
        let stop = AtomicBool::new(false);
        let mut lab = Lab {
            placement: &placement,
            ticks: Ticks { per_ns: None, adds_per_ns: None },
            rng: Rng::with_seed(1),
            seed: 1,
            quick: true,
            rounds: None,
            interrupted: &stop,
        };
        let counts: [Cell<usize>; 3] = Default::default();
        let contestants = |stop_after: usize| {
            let (counts, stop) = (&counts, &stop);
            [("g", "a"), ("g", "b"), ("h", "c")].iter().enumerate().map(
                move |(i, (group, name))| {
                    Contestant::new(*group, *name, move || {
                        counts[i].set(counts[i].get() + 1);
                        stop.store(
                            counts[i].get() >= stop_after,
                            core::sync::atomic::Ordering::Relaxed,
                        );
                        Ok(i as f64 + 1.0)
                    })
                },
            )
        };
        let (each, budget) = (Duration::from_millis(1), Duration::from_millis(20));
        let race = run(&mut lab, contestants(usize::MAX).collect(), each, budget).unwrap();
        assert_eq!((race.rounds, race.rows.len()), (4, 5));
        assert_eq!(counts.each_ref().map(Cell::get), [8, 4, 8]);
        assert_eq!(race.ns("g", "b").median, 2.0);
        let error = run(&mut lab, contestants(9).collect(), each, budget).unwrap_err();
        assert_eq!(error, Stop::Interrupted);
    }

    #[test]
    fn a_difference_within_the_noise_is_not_called_one() {
        let times = [("g", "a", 10.0), ("g", "b", 13.0), ("h", "c", 10.0)];
        let quiet = race(&times, 1.1);
        let ratio = quiet.ratio(("g", "b"), ("g", "a"));
        assert!(ratio.is_slower());
        assert_eq!(ratio.words("b", "a"), "b takes 1.30x [1.30, 1.30] the time of a");
        assert!(!quiet.ratio(("g", "a"), ("g", "b")).is_slower());
        let noisy = race(&times, 1.5);
        let ratio = noisy.ratio(("g", "b"), ("g", "a"));
        assert!(!ratio.is_slower() && ratio.words("b", "a").contains("no clear difference"));
        assert!(noisy.noise().contains("g 1.50x (A/A of a: 1.50 [1.50, 1.50]); h 1.50x"));
    }
}
