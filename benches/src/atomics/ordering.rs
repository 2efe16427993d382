//! Litmus tests: four small programs, and how often each outcome is seen here.
//!
//! ```text
//!   SB  store buffering     x = 1; a = y        | y = 1; b = x            weak: a = 0, b = 0
//!   MP  message passing     x = 1; y = 1        | a = y; b = x            weak: a = 1, b = 0
//!   LB  load buffering      a = x; y = 1        | b = y; x = 1            weak: a = 1, b = 1
//!   IRIW  independent reads of independent writes
//!       x = 1 | y = 1 | a = x; b = y | c = y; d = x                       weak: a = 1, b = 0, c = 1, d = 0
//! ```
//! The threads go over a row of pairs of words, together from a barrier on, so that they meet at many of them; then the
//! results are read and the words set back.
//!
//! *Sources.* Names: J. Alglave, L. Maranget, M. Tautschnig, "Herding cats", TOPLAS 36 (2), 2014. What is allowed: C++20,
//! [intro.races] and [atomics.order], which Rust's `std::sync::atomic` follows. x86: P. Sewell et al., "x86-TSO", CACM 53
//! (7), 2010. The model checker's column is pinned by `loom-tests/tests/canary/litmus.rs`.

use core::hint::black_box;
use core::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence};
use core::time::Duration;
use std::thread;
use std::time::Instant;

use crossbeam_utils::{Backoff, CachePadded};
use fastrand::Rng;
use serde::Serialize;
use serde_json::json;

use super::lab::{Experiment, Finding, Lab, Stop, listed, note};
use crate::cell::Cores;
use crate::machine::{self, Placement};
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "ordering",
    question: "Which outcomes of the classic litmus tests are seen here, and which may be?",
    run,
};

/// Two words on lines of their own.
#[derive(Default)]
struct Pair {
    x: CachePadded<AtomicU32>,
    y: CachePadded<AtomicU32>,
}

/// What a thread does with a pair; it returns what it read, the first of two in the upper bit.
type Part = fn(&Pair) -> u8;

/// A program with its orderings.
struct Litmus {
    test: &'static str,
    orderings: &'static str,
    parts: &'static [Part],
    /// What each thread reads in the weak outcome.
    weak: &'static [u8],
    /// Whether the language allows the weak outcome.
    allowed: bool,
    /// Whether the model checker shows it.
    checker: &'static str,
}

fn store_load(first: &AtomicU32, second: &AtomicU32, store: Ordering, load: Ordering) -> u8 {
    first.store(1, store);
    second.load(load) as u8
}

fn fenced(first: &AtomicU32, second: &AtomicU32) -> u8 {
    first.store(1, Relaxed);
    fence(SeqCst);
    second.load(Relaxed) as u8
}

fn load_store(first: &AtomicU32, second: &AtomicU32, load: Ordering, store: Ordering) -> u8 {
    let seen = first.load(load);
    second.store(1, store);
    seen as u8
}

fn send(pair: &Pair, publish: Ordering) -> u8 {
    pair.x.store(1, Relaxed);
    pair.y.store(1, publish);
    0
}

fn read_both(first: &AtomicU32, second: &AtomicU32, order: Ordering) -> u8 {
    let upper = first.load(order);
    (upper << 1 | second.load(order)) as u8
}

fn read_fenced(first: &AtomicU32, second: &AtomicU32) -> u8 {
    let upper = first.load(Relaxed);
    fence(SeqCst);
    (upper << 1 | second.load(Relaxed)) as u8
}

fn write(word: &AtomicU32, order: Ordering) -> u8 {
    word.store(1, order);
    0
}

const SHOWS: &str = "shows it";
const NEVER: &str = "never";
const TOO_MUCH: &str = "shows it (!)";
const TOO_LITTLE: &str = "never (!)";

const TESTS: [Litmus; 12] = [
    Litmus {
        test: "SB",
        orderings: "Relaxed",
        parts: &[
            |p| store_load(&p.x, &p.y, Relaxed, Relaxed),
            |p| store_load(&p.y, &p.x, Relaxed, Relaxed),
        ],
        weak: &[0, 0],
        allowed: true,
        checker: SHOWS,
    },
    Litmus {
        test: "SB",
        orderings: "Release/Acquire",
        parts: &[
            |p| store_load(&p.x, &p.y, Release, Acquire),
            |p| store_load(&p.y, &p.x, Release, Acquire),
        ],
        weak: &[0, 0],
        allowed: true,
        checker: SHOWS,
    },
    Litmus {
        test: "SB",
        orderings: "SeqCst",
        parts: &[
            |p| store_load(&p.x, &p.y, SeqCst, SeqCst),
            |p| store_load(&p.y, &p.x, SeqCst, SeqCst),
        ],
        weak: &[0, 0],
        allowed: false,
        checker: TOO_MUCH,
    },
    Litmus {
        test: "SB",
        orderings: "SeqCst fence",
        parts: &[|p| fenced(&p.x, &p.y), |p| fenced(&p.y, &p.x)],
        weak: &[0, 0],
        allowed: false,
        checker: NEVER,
    },
    Litmus {
        test: "MP",
        orderings: "Relaxed",
        parts: &[|p| send(p, Relaxed), |p| read_both(&p.y, &p.x, Relaxed)],
        weak: &[0, 0b10],
        allowed: true,
        checker: SHOWS,
    },
    Litmus {
        test: "MP",
        orderings: "Release/Acquire",
        parts: &[|p| send(p, Release), |p| read_both(&p.y, &p.x, Acquire)],
        weak: &[0, 0b10],
        allowed: false,
        checker: NEVER,
    },
    Litmus {
        test: "LB",
        orderings: "Relaxed",
        parts: &[
            |p| load_store(&p.x, &p.y, Relaxed, Relaxed),
            |p| load_store(&p.y, &p.x, Relaxed, Relaxed),
        ],
        weak: &[1, 1],
        allowed: true,
        checker: TOO_LITTLE,
    },
    Litmus {
        test: "LB",
        orderings: "Acquire/Release",
        parts: &[
            |p| load_store(&p.x, &p.y, Acquire, Release),
            |p| load_store(&p.y, &p.x, Acquire, Release),
        ],
        weak: &[1, 1],
        allowed: false,
        checker: NEVER,
    },
    Litmus {
        test: "IRIW",
        orderings: "Relaxed",
        parts: &[
            |p| write(&p.x, Relaxed),
            |p| write(&p.y, Relaxed),
            |p| read_both(&p.x, &p.y, Relaxed),
            |p| read_both(&p.y, &p.x, Relaxed),
        ],
        weak: &[0, 0, 0b10, 0b10],
        allowed: true,
        checker: SHOWS,
    },
    Litmus {
        test: "IRIW",
        orderings: "Release/Acquire",
        parts: &[
            |p| write(&p.x, Release),
            |p| write(&p.y, Release),
            |p| read_both(&p.x, &p.y, Acquire),
            |p| read_both(&p.y, &p.x, Acquire),
        ],
        weak: &[0, 0, 0b10, 0b10],
        allowed: true,
        checker: SHOWS,
    },
    Litmus {
        test: "IRIW",
        orderings: "SeqCst",
        parts: &[
            |p| write(&p.x, SeqCst),
            |p| write(&p.y, SeqCst),
            |p| read_both(&p.x, &p.y, SeqCst),
            |p| read_both(&p.y, &p.x, SeqCst),
        ],
        weak: &[0, 0, 0b10, 0b10],
        allowed: false,
        checker: TOO_MUCH,
    },
    Litmus {
        test: "IRIW",
        orderings: "SeqCst fence",
        parts: &[
            |p| write(&p.x, Relaxed),
            |p| write(&p.y, Relaxed),
            |p| read_fenced(&p.x, &p.y),
            |p| read_fenced(&p.y, &p.x),
        ],
        weak: &[0, 0, 0b10, 0b10],
        allowed: false,
        checker: NEVER,
    },
];

/// The most turns of nothing by which a thread may be late.
const LEAD: u32 = 1000;

/// How often each outcome was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Counts {
    tries: u64,
    weak: u64,
    /// Of two threads: 00, 01, 10, 11; of four none.
    outcomes: Option<[u64; 4]>,
}

/// The two results of a test of two threads: of MP both are the second's.
fn outcome(test: &str, read: [u8; 2]) -> usize {
    usize::from(if test == "MP" { read[1] } else { read[0] << 1 | read[1] })
}

/// Where all threads wait for each other.
#[derive(Default)]
struct Line {
    arrived: CachePadded<AtomicUsize>,
}

impl Line {
    /// Waits until `n` threads have come as often as this one, whose turn it is for the `turn`th time.
    fn meet(&self, n: usize, turn: &mut usize) {
        *turn += n;
        self.arrived.fetch_add(1, AcqRel);
        let backoff = Backoff::new();
        while self.arrived.load(Acquire) < *turn {
            backoff.snooze();
        }
    }
}

/// Runs a test for a time.
fn tries(test: &Litmus, placement: &Placement, time: Duration) -> Counts {
    let n = test.parts.len();
    // Threads that take turns on a CPU meet only if each has much to do.
    let length = if placement.oversubscribed(n) { 8192 } else { 64 };
    let pairs: Vec<Pair> = (0..length).map(|_| Pair::default()).collect();
    let reads: Vec<Vec<AtomicU8>> =
        (0..n).map(|_| (0..length).map(|_| AtomicU8::new(0)).collect()).collect();
    let (line, over) = (Line::default(), AtomicBool::new(false));
    let counts: [AtomicU64; 6] = Default::default();
    let begun = Instant::now();
    thread::scope(|scope| {
        for id in 0..n {
            let (pairs, reads, line, over, counts) = (&pairs, &reads, &line, &over, &counts);
            scope.spawn(move || {
                machine::pin(placement.core(id, n, Cores::All));
                let (part, mut turn) = (test.parts[id], 0);
                let mut rng = Rng::with_seed(id as u64);
                loop {
                    line.meet(n, &mut turn);
                    if over.load(Relaxed) {
                        break;
                    }
                    // Who was last at the line would be the first to leave it.
                    (0..rng.u32(..LEAD)).for_each(|_| black_box(()));
                    for (pair, read) in pairs.iter().zip(&reads[id]) {
                        read.store(part(pair), Relaxed);
                    }
                    line.meet(n, &mut turn);
                    if id > 0 {
                        continue;
                    }
                    // All are at the line again, or on their way to it.
                    tally(test, reads, counts);
                    for pair in pairs {
                        pair.x.store(0, Relaxed);
                        pair.y.store(0, Relaxed);
                    }
                    over.store(begun.elapsed() >= time, Relaxed);
                }
            });
        }
    });
    let [zero, one, two, three, weak, tries] = counts.map(AtomicU64::into_inner);
    Counts { tries, weak, outcomes: (n == 2).then_some([zero, one, two, three]) }
}

fn tally(test: &Litmus, reads: &[Vec<AtomicU8>], counts: &[AtomicU64; 6]) {
    let add = |i: usize| counts[i].store(counts[i].load(Relaxed) + 1, Relaxed);
    for i in 0..reads[0].len() {
        let read = |id: usize| reads[id][i].load(Relaxed);
        if reads.len() == 2 {
            add(outcome(test.test, [read(0), read(1)]));
        }
        if (0..reads.len()).all(|id| read(id) == test.weak[id]) {
            add(4);
        }
        add(5);
    }
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let time = lab.budget(5.0) / TESTS.len() as u32;
    let mut all = Vec::new();
    for test in &TESTS {
        lab.go_on()?;
        all.push(tries(test, lab.placement, time));
    }
    let text = text(&all, lab.cpus());
    for (test, counts) in TESTS.iter().zip(&all) {
        if !test.allowed && counts.weak > 0 {
            return Err(Stop::Broken(format!(
                "{} with {}: the outcome that the language forbids was seen {} times",
                test.test, test.orderings, counts.weak
            )));
        }
    }
    let data = TESTS.iter().zip(&all).map(|(test, counts)| {
        json!({
            "test": test.test,
            "orderings": test.orderings,
            "counts": counts,
            "language": language(test),
            "model_checker": test.checker,
        })
    });
    Ok(Finding { text, words: words(&all, lab.cpus()), data: data.collect() })
}

fn language(test: &Litmus) -> &'static str {
    if test.allowed { "allowed" } else { "forbidden" }
}

fn text(all: &[Counts], cpus: usize) -> String {
    let header = ["", "orderings", "00", "01", "10", "11", "weak", "is", "checker"];
    let mut table = plain_table(&header, &[2, 3, 4, 5], 2);
    let mut wide =
        plain_table(&["", "orderings", "disagree", "others", "weak", "is", "checker"], &[2, 3], 2);
    for (test, counts) in TESTS.iter().zip(all) {
        let mut row = vec![test.test.to_owned(), test.orderings.to_owned()];
        match counts.outcomes {
            Some(outcomes) => {
                row.extend(outcomes.map(short));
                let weak = outcome(test.test, [test.weak[0], test.weak[1]]);
                row.push(format!("{weak:02b}"));
            }
            None => row.extend([
                short(counts.weak),
                short(counts.tries - counts.weak),
                "disagree".to_owned(),
            ]),
        }
        row.extend([language(test).to_owned(), test.checker.to_owned()]);
        if counts.outcomes.is_some() {
            table.add_row(row)
        } else {
            wide.add_row(row)
        };
    }
    let mut text = print(&table, "  ");
    text.push_str(&print(&wide, "  "));
    note(
        &mut text,
        "SB: x=1, read y | y=1, read x. MP: x=1, y=1 | read y, read x. LB: read x, y=1 | read y, \
         x=1. IRIW: x=1 | y=1 | read x, read y | read y, read x, and the readers disagree about \
         which came first. Columns: what was read.",
    );
    note(
        &mut text,
        "is: by the language, C++20 [intro.races] and [atomics.order], which Rust follows. \
         checker: loom; (!) where it differs: it never shows a load that reads a store \
         still to come (LB), and runs SeqCst accesses as AcqRel, so that models need a SeqCst fence.",
    );
    if cpus < 4 {
        note(
            &mut text,
            format!(
                "independent reads need four threads at once, and here at most {cpus} run: \
                 threads that take turns on a CPU see each other in order, so a zero says nothing \
                 about the processor"
            ),
        );
    }
    if cpus < 2 {
        note(&mut text, "with one CPU that holds for all tests");
    }
    text
}

/// A count in at most six characters.
fn short(count: u64) -> String {
    match count {
        0..100_000 => count.to_string(),
        100_000..10_000_000 => format!("{}k", count / 1000),
        _ => format!("{}M", count / 1_000_000),
    }
}

fn words(all: &[Counts], cpus: usize) -> String {
    let named = |test: &Litmus| format!("{} {}", test.test, test.orderings);
    let tests = || TESTS.iter().zip(all).filter(|(test, _)| test.allowed);
    let seen: Vec<_> = tests()
        .filter(|(_, counts)| counts.weak > 0)
        .map(|(test, Counts { weak, tries, .. })| {
            format!("{} ({} of {} tries)", named(test), short(*weak), short(*tries))
        })
        .collect();
    let unseen: Vec<_> =
        tests().filter(|(_, counts)| counts.weak == 0).map(|(test, _)| named(test)).collect();
    let seen = if seen.is_empty() {
        "Of the weak outcomes that the language allows, none was seen here".to_owned()
    } else {
        format!("Weak outcomes that were seen here: {}", listed(&seen))
    };
    let unseen = if unseen.is_empty() {
        String::new()
    } else {
        format!("; allowed, but not seen: {}", listed(&unseen))
    };
    let few = if cpus < 2 { " (one CPU: no two threads ran at a time)" } else { "" };
    format!(
        "{seen}{unseen}{few}. Nothing forbidden was seen; what this machine doesn't show, the \
         compiler or another machine may."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(weak: impl Fn(&Litmus) -> u64) -> Vec<Counts> {
        let counts = |test: &Litmus| Counts {
            tries: 200_000,
            weak: weak(test),
            outcomes: (test.parts.len() == 2).then_some([123_456_789; 4]),
        };
        TESTS.iter().map(counts).collect()
    }

    #[test]
    fn each_part_reads_and_writes_what_its_test_says() {
        for test in &TESTS {
            let pair = Pair::default();
            // One after the other: never the weak outcome.
            let reads: Vec<_> = test.parts.iter().map(|part| part(&pair)).collect();
            assert_ne!(reads, test.weak, "{} {}", test.test, test.orderings);
            let expected: &[u8] = match test.test {
                "SB" | "LB" => &[0, 1],
                "MP" => &[0, 0b11],
                _ => &[0, 0, 0b11, 0b11],
            };
            assert_eq!(reads, expected, "{} {}", test.test, test.orderings);
            assert_eq!((pair.x.load(Relaxed), pair.y.load(Relaxed)), (1, 1));
        }
    }

    #[test]
    fn every_try_has_one_outcome() {
        let placement = Placement { cpus: Vec::new() };
        for test in &TESTS {
            let Counts { tries, weak, outcomes } = tries(test, &placement, Duration::ZERO);
            assert!(tries > 0 && weak <= tries);
            assert!(outcomes.is_none_or(|all| all.iter().sum::<u64>() == tries));
        }
    }

    #[test]
    fn the_words_follow_the_counts() {
        let text = words(&counts(|_| 0), 2);
        assert!(text.contains("none was seen here; allowed, but not seen: SB Relaxed"), "{text}");
        let text = words(&counts(|test| u64::from(test.allowed)), 1);
        assert!(
            text.contains("SB Relaxed (1 of 200k tries)") && text.contains("one CPU"),
            "{text}"
        );
        assert!(!text.contains("not seen:"), "{text}");
    }

    #[test]
    fn the_table_fits_into_80_columns() {
        let text = text(&counts(|_| 99_999), 1);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
