//! What the same operations cost when several threads want the same line.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram;

use super::lab::{Experiment, Finding, Lab, Stop, expect, note, threads};
use super::locks::{Guarded, Lock, Std, TestAndSet, TestTestAndSet, Ticket};
use super::plot;
use super::race::{self, Contestant, Race};
use super::team::{self, Sample, Team, each};
use crate::report::section::{digits, nanoseconds};
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "contention",
    question: "What does an operation cost when 1 to twice as many threads as CPUs want the same line?",
    run,
};

/// What bRPC's page on atomic instructions says a contended `fetch_add` may take.
const CLAIM_NS: u64 = 700;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Add,
    Loop,
    Swap,
    Std,
    TestAndSet,
    TestTestAndSet,
    Ticket,
    Clock,
}

const WAYS: [(Way, &str); 8] = [
    (Way::Add, "fetch_add"),
    (Way::Loop, "CAS loop"),
    (Way::Swap, "swap"),
    (Way::Std, "std Mutex"),
    (Way::TestAndSet, "TAS spin lock"),
    (Way::TestTestAndSet, "TTAS, backoff"),
    (Way::Ticket, "ticket lock"),
    (Way::Clock, CLOCK),
];
const ADD: &str = WAYS[0].1;
const LOOP: &str = WAYS[1].1;
const MUTEX: &str = WAYS[3].1;
/// Nothing at all: what the clock sees of itself.
const CLOCK: &str = "the clock alone";

fn sample(way: Way, team: &Team<'_>) -> Result<Sample, Stop> {
    let word = CachePadded::new(AtomicU64::new(0));
    let relaxed = Ordering::Relaxed;
    let sample = match way {
        Way::Add => team.sample(&|_| {
            each(|| {
                word.fetch_add(1, relaxed);
            })
        }),
        Way::Loop => team.sample(&|_| {
            each(|| {
                let mut seen = word.load(relaxed);
                while let Err(now) = word.compare_exchange_weak(seen, seen + 1, relaxed, relaxed) {
                    seen = now;
                }
            })
        }),
        Way::Swap => team.sample(&|id| {
            let word = &word;
            each(move || {
                word.swap(id as u64, relaxed);
            })
        }),
        Way::Std => return locked::<Std>(team),
        Way::TestAndSet => return locked::<TestAndSet>(team),
        Way::TestTestAndSet => return locked::<TestTestAndSet>(team),
        Way::Ticket => return locked::<Ticket>(team),
        Way::Clock => team.sample(&|_| each(|| core::hint::black_box(()))),
    };
    if matches!(way, Way::Add | Way::Loop) {
        expect("additions of all threads", sample.total(), word.load(relaxed))?;
    }
    Ok(sample)
}

/// An addition under a lock.
fn locked<L: Lock>(team: &Team<'_>) -> Result<Sample, Stop> {
    let count = Guarded::<L, u64>::new(0);
    // A turn under a lock may take a time slice, so these look at the phase more often.
    let team = Team { look: 4, ..*team };
    let sample = team.sample(&|_| each(|| count.with(|n| *n += 1)));
    expect("additions under the lock", sample.total(), count.into_inner())?;
    Ok(sample)
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let (crowds, placement, budget) = (lab.crowds(), lab.placement, lab.budget(6.0));
    let team = |threads| Team {
        calls: Duration::from_millis(3),
        ..Team::new(placement, threads, Duration::from_millis(10))
    };
    let mut contestants = Vec::new();
    for &crowd in &crowds {
        for (way, name) in WAYS {
            // The clock has no rival: it is there for the percentiles.
            contestants
                .push(Contestant::new(threads(crowd), name, move || sample(way, &team(crowd))));
        }
    }
    let race = race::run(lab, contestants, team(1).cost(), budget)?;

    let mut text = String::new();
    note(&mut text, "ns per operation, of all threads together:");
    let mut header = vec!["".to_owned()];
    header.extend(crowds.iter().map(|&n| threads(n)));
    let header: Vec<_> = header.iter().map(|head| &**head).collect();
    let right: Vec<_> = (1..header.len()).collect();
    let mut table = plain_table(&header, &right, 2);
    let mut curves = Vec::new();
    for (_, name) in WAYS.into_iter().filter(|(way, _)| *way != Way::Clock) {
        let points: Vec<_> =
            crowds.iter().map(|&crowd| race.ns(&threads(crowd), name).median).collect();
        table.add_row([name.to_owned()].into_iter().chain(points.iter().map(|ns| digits(*ns))));
        curves.push((name.to_owned(), points));
    }
    text.push_str(&print(&table, "  "));
    text.push_str(&plot::lines(&curves));
    let marks: Vec<_> = crowds
        .iter()
        .enumerate()
        .map(|(i, &crowd)| format!("{} {}", plot::mark(i), threads(crowd)))
        .collect();
    note(&mut text, format!("({}; + several)", marks.join(", ")));
    text.push_str(&latencies(&race, &crowds, lab.cpus()));
    note(&mut text, race.noise());
    if let Some(&most) = crowds.last().filter(|&&n| placement.oversubscribed(n)) {
        note(
            &mut text,
            format!(
                "{} are more than the CPUs: they are not pinned, and take turns on them",
                threads(most)
            ),
        );
    }
    let words = words(&race, &crowds, lab.cpus());
    Ok(Finding { text, words, data: race.json() })
}

fn taken(race: &Race<Sample>, crowd: usize, name: &str) -> Histogram<u32> {
    team::calls(&race.row(&threads(crowd), name).samples)
}

/// Percentiles of single operations, alone, with a thread per CPU, and with two.
fn latencies(race: &Race<Sample>, crowds: &[usize], cpus: usize) -> String {
    let mut text = String::new();
    let mut shown = vec![1, cpus, 2 * cpus];
    shown.dedup();
    for crowd in shown.into_iter().filter(|crowd| crowds.contains(crowd)) {
        let head = format!("one operation, {}", threads(crowd));
        let mut table =
            plain_table(&[&head, "p50", "p99", "p99.9", "max", "over 700ns"], &[1, 2, 3, 4, 5], 2);
        for (_, name) in WAYS {
            let taken = taken(race, crowd, name);
            let at = |quantile| team::quantile(&taken, quantile);
            table.add_row([
                name.to_owned(),
                at(0.5),
                at(0.99),
                at(0.999),
                at(1.0),
                percent(share_over(&taken, CLAIM_NS)),
            ]);
        }
        text.push_str(&print(&table, "  "));
    }
    text
}

/// The share of values that are greater.
fn share_over(taken: &Histogram<u32>, ns: u64) -> f64 {
    let within = taken.count_between(0, ns);
    taken.len().saturating_sub(within) as f64 / taken.len().max(1) as f64
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "none".to_owned(),
        percent if percent < 0.01 => "<0.01 %".to_owned(),
        percent => format!("{} %", digits(percent)),
    }
}

fn words(race: &Race<Sample>, crowds: &[usize], cpus: usize) -> String {
    let alone = (&*threads(1), ADD);
    // Every CPU wants the line; with one CPU, two threads on it.
    let crowd = if crowds.contains(&cpus) && cpus > 1 { cpus } else { 2 };
    let group = threads(crowd);
    let contended = race.ratio((&group, ADD), alone);
    let calls = taken(race, crowd, ADD);
    let clock = taken(race, crowd, CLOCK);
    let single = format!(
        "of single fetch_adds by {group}, half took no more than {} (of which {} is the clock) \
         and {} more than {CLAIM_NS} ns",
        nanoseconds(calls.value_at_quantile(0.5) as f64),
        nanoseconds(clock.value_at_quantile(0.5) as f64),
        percent(share_over(&calls, CLAIM_NS)),
    );
    let against = |name| race.ratio((&group, name), (&group, ADD)).words(name, ADD);
    format!(
        "{}; {single}. With {group}, {}, and {}.",
        capital(&contended.words(
            &format!("a fetch_add contended by {group}"),
            "one that has the line to itself"
        )),
        against(LOOP),
        against(MUTEX),
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_all_and_small_ones_are_not_called_none() {
        let mut taken = team::no_calls();
        assert_eq!(percent(share_over(&taken, 700)), "none");
        for ns in [10, 10, 10, 2000] {
            taken.record(ns).unwrap();
        }
        assert_eq!(percent(share_over(&taken, 700)), "25.0 %");
        taken.record_n(10, 1_000_000).unwrap();
        assert_eq!(percent(share_over(&taken, 700)), "<0.01 %");
        assert_eq!(capital("a b"), "A b");
    }

    #[test]
    fn every_way_counts_what_it_does() {
        let placement = crate::machine::Placement { cpus: Vec::new() };
        for (way, name) in WAYS {
            let calls = Duration::from_millis(1);
            let team = Team { calls, ..Team::new(&placement, 2, Duration::from_millis(1)) };
            let sample = sample(way, &team).unwrap();
            assert!(sample.total() > 0, "{name}");
        }
    }
}
