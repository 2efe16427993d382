//! Five ways for several threads to count together, and one that is wrong.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Mutex;

use crossbeam_utils::CachePadded;
use raddle::counter::Counter;
use serde::Serialize;
use serde_json::json;

use super::lab::{Experiment, Finding, Lab, Stop, expect, listed, note, threads};
use super::race::{self, Contestant, Race, Timed};
use super::team::{Sample, Team, Work, each};
use crate::report::section::digits;
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "counting",
    question: "How should threads count together, and what does a reader change?",
    run,
};

const WINDOW: Duration = Duration::from_millis(6);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Atomic,
    Buffer(u64),
    Sharded,
    Owner,
    Mutex,
    Lost,
}

const ATOMIC: &str = "one atomic, fetch_add";
const SHARDED: &str = "raddle Counter (sharded)";
const OWNER: &str = "raddle local() (owner-only)";
const LOST: &str = "load, add, store: WRONG";
const WAYS: [(Way, &str); 9] = [
    (Way::Atomic, ATOMIC),
    (Way::Buffer(4), "local buffer, flushed every 4"),
    (Way::Buffer(16), "local buffer, every 16"),
    (Way::Buffer(64), "local buffer, every 64"),
    (Way::Buffer(1024), "local buffer, every 1024"),
    (Way::Sharded, SHARDED),
    (Way::Owner, OWNER),
    (Way::Mutex, "std Mutex"),
    (Way::Lost, LOST),
];

/// One sample, and what became of the count.
#[derive(Debug, Clone, Serialize)]
struct Counted {
    sample: Sample,
    /// The share of the additions that is missing in the sum.
    lost: f64,
}

impl Timed for Counted {
    fn ns(&self) -> f64 {
        self.sample.ns
    }
}

/// A thread that looks at the sum about once in a microsecond.
fn reader<'a>(look: impl Fn() -> u64 + 'a) -> Work<'a> {
    each(move || {
        core::hint::black_box(look());
        for _ in 0..32 {
            core::hint::spin_loop();
        }
    })
}

/// Adds to a local count, and to the shared one when it is full or dropped.
struct Buffer<'a> {
    shared: &'a AtomicU64,
    held: u64,
    limit: u64,
}

impl Buffer<'_> {
    #[inline]
    fn add(&mut self) {
        // Volatile: the compiler would do the additions of many turns at once.
        self.held = core::hint::black_box(self.held) + 1;
        if self.held >= self.limit {
            self.shared.fetch_add(self.held, Ordering::Relaxed);
            self.held = 0;
        }
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        self.shared.fetch_add(self.held, Ordering::Relaxed);
    }
}

fn sample(way: Way, team: &Team<'_>) -> Result<Counted, Stop> {
    let adders = team.counted;
    let relaxed = Ordering::Relaxed;
    let word = CachePadded::new(AtomicU64::new(0));
    let read = || word.load(relaxed);
    let (sample, sum) = match way {
        Way::Atomic => {
            let add = || {
                word.fetch_add(1, relaxed);
            };
            let sample = team.sample(&|id| if id < adders { each(add) } else { reader(read) });
            (sample, read())
        }
        Way::Lost => {
            let add = || word.store(word.load(relaxed) + 1, relaxed);
            let sample = team.sample(&|id| if id < adders { each(add) } else { reader(read) });
            (sample, read())
        }
        Way::Buffer(limit) => {
            let sample = team.sample(&|id| {
                if id < adders {
                    let mut buffer = Buffer { shared: &word, held: 0, limit };
                    each(move || buffer.add())
                } else {
                    reader(read)
                }
            });
            (sample, read())
        }
        Way::Sharded => {
            let counter = Counter::new();
            let sample = team.sample(&|id| {
                if id < adders { each(|| counter.increment()) } else { reader(|| counter.sum()) }
            });
            (sample, counter.sum())
        }
        Way::Owner => {
            let counter = Counter::new();
            let sample = team.sample(&|id| {
                if id < adders {
                    let mut local = counter.local();
                    each(move || local.increment())
                } else {
                    reader(|| counter.sum())
                }
            });
            (sample, counter.sum())
        }
        Way::Mutex => {
            let count = CachePadded::new(Mutex::new(0_u64));
            let locked = || count.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let sample = team.sample(&|id| {
                if id < adders { each(|| *locked() += 1) } else { reader(|| *locked()) }
            });
            (sample, *locked())
        }
    };
    let total = sample.total();
    if way != Way::Lost {
        expect("additions in the sum", total, sum)?;
    }
    // What is written back late undoes others' additions, but makes up none.
    if sum > total {
        return Err(Stop::Broken(format!("{sum} counted of {total} additions")));
    }
    Ok(Counted { lost: 1.0 - sum as f64 / total as f64, sample })
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let (budget, placement, cpus) = (lab.budget(6.0), lab.placement, lab.cpus());
    let all = cpus.max(2);
    let fewer = all - 1;
    let adding = |n| format!("{} adding", threads(n));
    let groups = [
        (adding(all), all, 0),
        (adding(fewer), fewer, 0),
        (format!("{}, 1 reading", adding(fewer)), fewer, 1),
    ];
    let team = |adders, readers| Team {
        counted: adders,
        ..Team::new(placement, adders + readers, WINDOW)
    };
    let mut contestants = Vec::new();
    for (group, adders, readers) in &groups {
        for (way, name) in WAYS {
            let team = team(*adders, *readers);
            contestants.push(Contestant::new(&**group, name, move || sample(way, &team)));
        }
    }
    let race = race::run(lab, contestants, team(1, 0).cost(), budget)?;

    let mut text = String::new();
    note(&mut text, "ns per addition, of all threads together:");
    let heads = groups.each_ref().map(|(_, adders, readers)| {
        format!("{adders} add{}", if *readers == 0 { "" } else { ", 1 reads" })
    });
    let header = ["", &heads[0], &heads[1], &heads[2], "lost"];
    let mut table = plain_table(&header, &[1, 2, 3, 4], 2);
    for (way, name) in WAYS {
        let mut row = vec![name.to_owned()];
        row.extend(groups.each_ref().map(|(group, ..)| digits(race.ns(group, name).median)));
        row.push(match way {
            Way::Lost => format!("{:.1} %", 100.0 * lost(&race, &groups[0].0)),
            _ => "none".to_owned(),
        });
        table.add_row(row);
    }
    text.push_str(&print(&table, "  "));
    note(
        &mut text,
        format!(
            "lost: of the additions of {} threads, those missing in the sum; of all others, every \
             addition was found. A reader sums about once in a microsecond; of a buffered count it \
             sees too little.",
            all
        ),
    );
    note(&mut text, race.noise());
    let words = words(&race, &groups.map(|(group, ..)| group), lost(&race, &adding(all)));
    Ok(Finding { text, words, data: json!({ "race": race.json() }) })
}

/// The median share of what was lost.
fn lost(race: &Race<Counted>, group: &str) -> f64 {
    let shares: Vec<_> = race.row(group, LOST).samples.iter().map(|counted| counted.lost).collect();
    crate::stats::median(&shares)
}

fn words<S: Timed>(race: &Race<S>, groups: &[String; 3], lost: f64) -> String {
    let [all, alone, read] = groups;
    let best = |group: &str| {
        let right = WAYS.into_iter().filter(|(way, _)| *way != Way::Lost);
        let mut times: Vec<_> =
            right.map(|(_, name)| (race.ns(group, name).median, name)).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let first = times[0].1;
        // All that are not clearly slower than the first.
        let level = times.iter().map(|(_, name)| *name);
        let level: Vec<_> =
            level.filter(|name| !race.ratio((group, name), (group, first)).is_slower()).collect();
        listed(&level)
    };
    let wrong = if lost > 0.0 {
        format!("a load, an addition and a store lost {:.1} % of the additions", 100.0 * lost)
    } else {
        "a load, an addition and a store lost nothing here, by luck".to_owned()
    };
    let dearer = race.ratio((all, ATOMIC), (all, OWNER));
    let reader = race.ratio((read, ATOMIC), (alone, ATOMIC));
    let cell = race.ratio((read, OWNER), (alone, OWNER));
    format!(
        "With {all}, fastest or not clearly slower: {}; {}, and {wrong}. With a reader, {}, and {}.",
        best(all),
        dearer.words("one atomic", "an owner's cell"),
        reader.words("an addition to one atomic", "the same without"),
        cell.words("one to an owner's cell", "the same without"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::race::tests::race;
    use super::*;

    #[test]
    fn the_words_follow_the_figures() {
        let groups = ["2 threads adding", "1 thread adding", "with reader"].map(str::to_owned);
        let said = |atomic: f64, sharded: f64, read: f64, lost| {
            let mut times = Vec::new();
            for group in &groups {
                for (_, name) in WAYS {
                    let ns = match name {
                        OWNER => 1.0,
                        SHARDED => sharded,
                        ATOMIC if *group == groups[2] => read,
                        ATOMIC => atomic,
                        _ => 50.0,
                    };
                    times.push((&**group, name, ns));
                }
            }
            words(&race(&times, 1.1), &groups, lost)
        };
        let text = said(40.0, 2.0, 40.0, 0.25);
        assert!(
            text.contains("slower: raddle local() (owner-only); one atomic takes 40.0x"),
            "{text}"
        );
        assert!(text.contains("lost 25.0 % of the additions"), "{text}");
        assert!(
            text.contains("atomic and the same without there is no clear difference"),
            "{text}"
        );
        let text = said(1.0, 1.05, 80.0, 0.0);
        assert!(
            text.contains("(owner-only) and raddle Counter (sharded); between one atomic"),
            "{text}"
        );
        assert!(text.contains("lost nothing here, by luck"), "{text}");
        assert!(text.contains("an addition to one atomic takes 80.0x"), "{text}");
    }

    #[test]
    fn a_buffer_keeps_nothing_back() {
        let shared = AtomicU64::new(0);
        let mut buffer = Buffer { shared: &shared, held: 0, limit: 4 };
        (0..10).for_each(|_| buffer.add());
        assert_eq!(shared.load(Ordering::Relaxed), 8);
        drop(buffer);
        assert_eq!(shared.load(Ordering::Relaxed), 10);
    }

    #[test]
    fn every_right_way_finds_every_addition() {
        let placement = crate::machine::Placement { cpus: Vec::new() };
        for (way, name) in WAYS {
            let team = Team { counted: 2, ..Team::new(&placement, 3, Duration::from_millis(2)) };
            let counted = sample(way, &team).unwrap();
            assert!(counted.sample.total() > 0 && (0.0..1.0).contains(&counted.lost), "{name}");
        }
    }
}
