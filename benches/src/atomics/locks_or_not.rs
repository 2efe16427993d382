//! Lock, or no lock? One piece of work on shared items, done in four ways.
//!
//! An operation takes the oldest item, works on it for a while, and puts it back. Under a lock the work is done *inside*; or
//! the lock is held only to take and to put, and the work is done outside, as it always is with a lock-free queue.

use core::hint::black_box;
use core::time::Duration;
use std::collections::VecDeque;
use std::thread;
use std::time::Instant;

use crossbeam_utils::Backoff;
use raddle::mpmc;
use serde_json::json;

use super::lab::{Experiment, Finding, Lab, Stop, expect, listed, note, threads};
use super::locks::{Guarded, Lock, Std, TestTestAndSet};
use super::race::{self, Contestant, Race, Timed};
use super::team::{self, Sample, Team, Work, each};
use crate::report::section::digits;
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "locks-or-not",
    question: "When is a lock the better choice, and what if its holder loses the CPU?",
    run,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    MutexInside,
    SpinInside,
    MutexOutside,
    Queue,
}

const MUTEX: &str = "Mutex around the work";
const SPIN: &str = "spin lock around the work";
const OUTSIDE: &str = "Mutex to take and put";
const QUEUE: &str = "raddle mpmc queue";
const WAYS: [(Way, &str); 4] = [
    (Way::MutexInside, MUTEX),
    (Way::SpinInside, SPIN),
    (Way::MutexOutside, OUTSIDE),
    (Way::Queue, QUEUE),
];

/// Nanoseconds of work, about.
const LENGTHS: [u64; 3] = [0, 100, 2000];
/// How long a holder sleeps, and lets the others be.
const NAP: Duration = Duration::from_millis(2);

/// So many turns of dependent arithmetic.
#[inline]
fn toil(turns: u64) {
    let mut value = turns;
    for _ in 0..turns {
        value = black_box(value.wrapping_mul(31));
    }
}

/// Nanoseconds that a turn takes.
fn turn_ns() -> f64 {
    let start = Instant::now();
    toil(200_000);
    start.elapsed().as_nanos() as f64 / 200_000.0
}

/// Where the last thread sleeps, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nap {
    Never,
    /// Where it works, and then between two operations.
    Inside(Duration),
    /// Between two operations only, for as long in all.
    Outside(Duration),
}

/// Takes, works, puts back.
fn turn<'a>(
    id: usize,
    team: Team<'a>,
    nap: Nap,
    turns: u64,
    go: impl Fn(&dyn Fn()) + 'a,
) -> Work<'a> {
    let last = id + 1 == team.threads;
    match nap {
        Nap::Inside(nap) if last => Box::new(move |_| {
            go(&|| thread::sleep(nap));
            thread::sleep(nap);
        }),
        Nap::Outside(nap) if last => Box::new(move |_| {
            go(&|| toil(turns));
            thread::sleep(2 * nap);
        }),
        _ => each(move || go(&|| toil(turns))),
    }
}

fn items(threads: usize) -> VecDeque<u64> {
    (0..2 * threads as u64).collect()
}

fn inside<L: Lock>(team: &Team<'_>, nap: Nap, turns: u64) -> (Sample, usize) {
    let queue = Guarded::<L, _>::new(items(team.threads));
    let go = |work: &dyn Fn()| {
        queue.with(|queue| {
            let item = queue.pop_front();
            work();
            queue.extend(item);
        });
    };
    (team.sample(&|id| turn(id, *team, nap, turns, go)), queue.into_inner().len())
}

fn outside(team: &Team<'_>, nap: Nap, turns: u64) -> (Sample, usize) {
    let queue = Guarded::<Std, _>::new(items(team.threads));
    let go = |work: &dyn Fn()| {
        // There are more items than threads.
        let item = queue.with(VecDeque::pop_front);
        work();
        queue.with(|queue| queue.extend(item));
    };
    (team.sample(&|id| turn(id, *team, nap, turns, go)), queue.into_inner().len())
}

fn lock_free(team: &Team<'_>, nap: Nap, turns: u64) -> (Sample, usize) {
    let all = items(team.threads);
    let (tx, rx) = mpmc::bounded::<u64>(2 * all.len());
    for item in all {
        // The queue has room for twice as many.
        let _ = tx.push(item);
    }
    let go = |work: &dyn Fn()| {
        let backoff = Backoff::new();
        let item = loop {
            match rx.pop() {
                Ok(item) => break item,
                Err(_) => backoff.snooze(),
            }
        };
        work();
        while tx.push(item).is_err() {
            backoff.snooze();
        }
    };
    let sample = team.sample(&|id| turn(id, *team, nap, turns, go));
    (sample, core::iter::from_fn(|| rx.pop().ok()).count())
}

fn sample(way: Way, team: &Team<'_>, nap: Nap, turns: u64) -> Result<Sample, Stop> {
    let (sample, left) = match way {
        Way::MutexInside => inside::<Std>(team, nap, turns),
        Way::SpinInside => inside::<TestTestAndSet>(team, nap, turns),
        Way::MutexOutside => outside(team, nap, turns),
        Way::Queue => lock_free(team, nap, turns),
    };
    expect("items left", 2 * team.threads as u64, left as u64)?;
    Ok(sample)
}

fn group(length: u64, crowd: usize) -> String {
    format!("{length} ns, {}", threads(crowd))
}

const AWAKE: &str = "outside";
const ASLEEP: &str = "inside";

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let (placement, cpus) = (lab.placement, lab.cpus());
    let mut crowds = vec![1, cpus, 2 * cpus];
    crowds.dedup();
    let per_turn = turn_ns();
    let turns = |length: u64| (length as f64 / per_turn).round() as u64;
    let team = |threads| Team {
        look: 4,
        calls: Duration::from_millis(2),
        ..Team::new(placement, threads, Duration::from_millis(5))
    };
    let mut contestants = Vec::new();
    for length in LENGTHS {
        for &crowd in &crowds {
            for (way, name) in WAYS {
                contestants.push(Contestant::new(group(length, crowd), name, move || {
                    sample(way, &team(crowd), Nap::Never, turns(length))
                }));
            }
        }
    }
    let budget = lab.budget(4.5);
    let race = race::run(lab, contestants, team(1).cost(), budget)?;

    let many = cpus.max(2);
    let sleepy = Team { counted: many - 1, look: 4, ..Team::new(placement, many, 6 * NAP) };
    let mut contestants = Vec::new();
    for (way, name) in WAYS {
        for (state, nap) in [(AWAKE, Nap::Outside(NAP)), (ASLEEP, Nap::Inside(NAP))] {
            contestants.push(Contestant::new(name, state, move || {
                sample(way, &sleepy, nap, turns(LENGTHS[1]))
            }));
        }
    }
    let budget = lab.budget(1.5);
    let nap = race::run(lab, contestants, sleepy.cost() + 2 * NAP, budget)?;

    let mut text = String::new();
    for length in LENGTHS {
        let head = format!("work of {length} ns");
        let columns = crowds.iter().map(|&crowd| threads(crowd));
        let mut header = vec![head];
        header.extend(columns);
        header.extend(["p99.9", "worst"].map(str::to_owned));
        let header: Vec<_> = header.iter().map(|head| &**head).collect();
        let mut table = plain_table(&header, &(1..header.len()).collect::<Vec<_>>(), 2);
        for (_, name) in WAYS {
            let mut row = vec![name.to_owned()];
            row.extend(crowds.iter().map(|&n| digits(race.ns(&group(length, n), name).median)));
            let most = group(length, crowds[crowds.len() - 1]);
            let taken = team::calls(&race.row(&most, name).samples);
            row.extend([0.999, 1.0].map(|quantile| team::quantile(&taken, quantile)));
            table.add_row(row);
        }
        text.push_str(&print(&table, "  "));
    }
    note(
        &mut text,
        "ns per operation, of all threads together: take an item, work on it, put it back. p99.9 \
         and worst: of single operations with the most threads.",
    );
    let header = [&format!("one of {many} sleeps"), AWAKE, ASLEEP, "ratio", "cpu ns"];
    let mut table = plain_table(&header, &[1, 2, 3, 4], 2);
    for (_, name) in WAYS {
        let cpu: Option<Vec<_>> =
            nap.row(name, ASLEEP).samples.iter().map(|sample| sample.cpu_ns).collect();
        table.add_row([
            name.to_owned(),
            digits(nap.ns(name, AWAKE).median),
            digits(nap.ns(name, ASLEEP).median),
            nap.ratio((name, ASLEEP), (name, AWAKE)).times(),
            cpu.map_or_else(|| "unknown".to_owned(), |cpu| digits(crate::stats::median(&cpu))),
        ]);
    }
    text.push_str(&print(&table, "  "));
    note(
        &mut text,
        format!(
            "ns per operation of the others while one thread sleeps for {} ms at a time: between \
             two operations only, or, every second time, inside of one, with the lock in its hands, \
             or an item.",
            NAP.as_millis()
        ),
    );
    note(&mut text, race.noise().split("; noise").next().unwrap_or_default());
    let words = words(&race, &nap, cpus.max(2).min(crowds[crowds.len() - 1]));
    let data = json!({ "race": race.json(), "holder_sleeps": nap.json() });
    Ok(Finding { text, words, data })
}

fn words<S: Timed>(race: &Race<S>, nap: &Race<S>, crowd: usize) -> String {
    let winners = |length| {
        let group = group(length, crowd);
        let mut times = WAYS.map(|(_, name)| (race.ns(&group, name).median, name));
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = times[0].1;
        let level = times.map(|(_, name)| name).into_iter();
        let level: Vec<_> =
            level.filter(|name| !race.ratio((&group, name), (&group, best)).is_slower()).collect();
        listed(&level)
    };
    let wins: Vec<_> =
        LENGTHS.iter().map(|&length| format!("{length} ns: {}", winners(length))).collect();
    let held: Vec<_> = WAYS
        .iter()
        .map(|(_, name)| {
            let ratio = nap.ratio((name, ASLEEP), (name, AWAKE));
            let clear = if ratio.clear { "" } else { ", unclear" };
            format!("{name} {}{clear}", ratio.times())
        })
        .collect();
    format!(
        "With {}, fastest or not clearly slower at a work of {}. While one thread slept inside \
         half of the time, the others' operations took, compared with one that sleeps outside: {}.",
        threads(crowd),
        wins.join("; "),
        held.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::race::tests::race;
    use super::*;

    #[test]
    fn the_words_follow_the_figures() {
        let groups = LENGTHS.map(|length| group(length, 2));
        let said = |queue: f64, asleep: f64| {
            let mut times = Vec::new();
            for group in &groups {
                for (_, name) in WAYS {
                    times.push((&**group, name, if name == QUEUE { queue } else { 100.0 }));
                }
            }
            let naps: Vec<_> = WAYS
                .iter()
                .flat_map(|(_, name)| [(*name, AWAKE, 10.0), (*name, ASLEEP, asleep)])
                .collect();
            words(&race(&times, 1.1), &race(&naps, 1.1), 2)
        };
        let text = said(50.0, 20.0);
        assert!(text.contains("0 ns: raddle mpmc queue; 100 ns: raddle mpmc queue;"), "{text}");
        assert!(text.contains("spin lock around the work 2.00x [2.00, 2.00];"), "{text}");
        let text = said(101.0, 10.0);
        assert!(text.contains("take and put and raddle mpmc queue"), "{text}");
        assert!(text.contains("raddle mpmc queue 1.00x [1.00, 1.00], unclear"), "{text}");
    }

    #[test]
    fn no_way_loses_an_item() {
        let placement = crate::machine::Placement { cpus: Vec::new() };
        for (way, name) in WAYS {
            let nap = Duration::from_micros(200);
            for nap in [Nap::Never, Nap::Inside(nap), Nap::Outside(nap)] {
                let team =
                    Team { counted: 1, ..Team::new(&placement, 2, Duration::from_millis(1)) };
                assert!(sample(way, &team, nap, 10).unwrap().total() > 0, "{name}");
            }
        }
    }
}
