//! What it takes to get a line from one core to another.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::thread;
use std::time::Instant;

use crossbeam_utils::CachePadded;
use serde_json::json;

use super::lab::{Experiment, Finding, Lab, Stop, note};
use super::race::{self, Contestant, Race};
use crate::machine;
use crate::report::section::digits;
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "hand-off",
    question: "How long does a line travel from one core to another?",
    run,
};

/// CPUs whose pairs are measured: 28 pairs, and a table that fits.
const MOST_CPUS: usize = 8;
const WINDOW: Duration = Duration::from_millis(5);
/// Hand-overs between two looks at the clock.
const BATCH: u64 = 256;
/// A pair that has not begun after this long can't run at the same time.
const PATIENCE: Duration = Duration::from_secs(2);
const PAIRS: &str = "pairs of CPUs";

/// Nanoseconds for one way between two CPUs: one thread makes the word odd, the other even.
fn bounce(a: usize, b: usize) -> Result<f64, Stop> {
    let word = CachePadded::new(AtomicU64::new(0));
    let over = CachePadded::new(AtomicBool::new(false));
    // Relaxed: nothing but the word itself is handed over.
    let turn = |mine: u64| {
        let mut seen = word.load(Ordering::Relaxed);
        while seen % 2 != mine && !over.load(Ordering::Relaxed) {
            seen = word.load(Ordering::Relaxed);
        }
        word.store(seen + 1, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        let partner = scope.spawn(|| {
            let pinned = machine::pin(Some(b));
            while !over.load(Ordering::Relaxed) {
                turn(1);
            }
            pinned
        });
        let leader = scope.spawn(|| {
            let pinned = machine::pin(Some(a));
            let begun = Instant::now();
            while word.load(Ordering::Relaxed) < 64 && begun.elapsed() < PATIENCE {
                let seen = word.load(Ordering::Relaxed);
                if seen.is_multiple_of(2) {
                    word.store(seen + 1, Ordering::Relaxed);
                }
            }
            let answered = word.load(Ordering::Relaxed) >= 64;
            let start = Instant::now();
            let first = word.load(Ordering::Relaxed);
            while answered && start.elapsed() < WINDOW {
                for _ in 0..BATCH {
                    turn(0);
                }
            }
            let (elapsed, last) = (start.elapsed(), word.load(Ordering::Relaxed));
            over.store(true, Ordering::Relaxed);
            (pinned && answered).then(|| elapsed.as_nanos() as f64 / (last - first) as f64)
        });
        let [partner, leader] = [partner.join().map(|pinned| pinned.then_some(0.0)), leader.join()]
            .map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        partner.and(leader).ok_or_else(|| {
            Stop::Cannot(format!(
                "CPUs {a} and {b}: threads were not seen there, so that there is no pair to measure"
            ))
        })
    })
}

fn name(a: usize, b: usize) -> String {
    format!("{a} and {b}")
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let cpus: Vec<_> = lab.placement.cpus.iter().copied().take(MOST_CPUS).collect();
    if cpus.len() < 2 {
        return Err(Stop::Cannot(
            "it takes two CPUs to which threads can be pinned, and here there are not so many"
                .to_owned(),
        ));
    }
    let pairs: Vec<_> = pairs(&cpus);
    let contestants = pairs
        .iter()
        .map(|&(a, b)| Contestant::new(PAIRS, name(a, b), move || bounce(a, b)))
        .collect();
    let budget = lab.budget(2.0);
    let race = race::run(lab, contestants, WINDOW * 2, budget)?;

    let mut text = String::new();
    note(&mut text, "ns for one way, between CPUs:");
    let labels: Vec<_> = cpus.iter().map(|cpu| format!("CPU {cpu}")).collect();
    let mut header = vec![""];
    header.extend(labels.iter().map(|label| &**label));
    let right: Vec<_> = (1..header.len()).collect();
    let mut table = plain_table(&header, &right, 2);
    for (row, &a) in cpus.iter().enumerate() {
        let cells = cpus.iter().map(|&b| match (a, b) {
            (a, b) if a == b => "-".to_owned(),
            (a, b) => digits(time(&race, &pairs, a, b)),
        });
        table.add_row([labels[row].clone()].into_iter().chain(cells));
    }
    text.push_str(&print(&table, "  "));
    if cpus.len() < lab.placement.cpus.len() {
        note(&mut text, format!("the first {MOST_CPUS} CPUs only, distinct cores first"));
    }
    note(&mut text, race.noise());
    let words = words(&race, &pairs, |ns| lab.ticks.cycles(ns));
    Ok(Finding { text, words, data: json!({ "cpus": cpus, "race": race.json() }) })
}

fn pairs(cpus: &[usize]) -> Vec<(usize, usize)> {
    let rest = |i: usize| cpus[i + 1..].iter();
    cpus.iter().enumerate().flat_map(|(i, &a)| rest(i).map(move |&b| (a, b))).collect()
}

/// The time between two CPUs, whichever of them is named first.
fn time(race: &Race<f64>, pairs: &[(usize, usize)], a: usize, b: usize) -> f64 {
    let (a, b) = if pairs.contains(&(a, b)) { (a, b) } else { (b, a) };
    race.ns(PAIRS, &name(a, b)).median
}

fn words(race: &Race<f64>, pairs: &[(usize, usize)], cycles: impl Fn(f64) -> String) -> String {
    let mut sorted: Vec<_> =
        pairs.iter().map(|&(a, b)| (time(race, pairs, a, b), name(a, b))).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some((least, near)), Some((most, far))) = (sorted.first(), sorted.last()) else {
        return "There is no pair of CPUs.".to_owned();
    };
    let one = format!(
        "Between CPUs {near} a line travels {} ns one way ({} cycles)",
        digits(*least),
        cycles(*least)
    );
    if sorted.len() == 1 {
        return format!(
            "{one}: whoever waits for a word that another core writes waits at least so long."
        );
    }
    let ratio = race.ratio((PAIRS, far), (PAIRS, near));
    if ratio.is_slower() {
        format!(
            "{one}, between CPUs {far} {} ns, {} as long: it matters which cores talk to each other.",
            digits(*most),
            ratio.times()
        )
    } else {
        format!("{one}, and no pair takes clearly longer: it doesn't matter which cores talk.")
    }
}

#[cfg(test)]
mod tests {
    use super::super::race::tests::race;
    use super::*;

    #[test]
    fn pairs_are_all_and_each_once() {
        assert_eq!(pairs(&[4, 2, 7]), [(4, 2), (4, 7), (2, 7)]);
        assert!(pairs(&[1]).is_empty());
    }

    #[test]
    fn the_words_follow_the_figures() {
        let said = |times: &[f64], noise| {
            let all = [(0, 1), (0, 2), (1, 2)];
            let names = all.map(|(a, b)| name(a, b));
            let times: Vec<_> =
                names.iter().zip(times).map(|(name, &ns)| (PAIRS, &**name, ns)).collect();
            words(&race(&times, noise), &all[..times.len()], |_| "many".to_owned())
        };
        assert!(said(&[50.0], 1.1).starts_with("Between CPUs 0 and 1 a line travels 50.0 ns"));
        let text = said(&[50.0, 100.0, 60.0], 1.1);
        assert!(text.contains("between CPUs 0 and 2 100 ns, 2.00x") && text.contains("it matters"));
        assert!(said(&[50.0, 52.0, 51.0], 1.1).contains("no pair takes clearly longer"));
    }
}
