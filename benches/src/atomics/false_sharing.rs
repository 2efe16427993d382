//! What words cost that have nothing to do with each other, but a line in common.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use super::lab::{Experiment, Finding, Lab, Stop, note};
use super::race::{self, Contestant, Race};
use super::team::{Sample, Team, each};
use crate::report::section::{digits, interval};
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "false-sharing",
    question: "What does it cost that two threads' words lie close together?",
    run,
};

const WINDOW: Duration = Duration::from_millis(8);

/// Eight 64-byte lines, from the start of a page.
#[repr(align(4096))]
struct Page([AtomicU64; 64]);

impl Page {
    fn new() -> Box<Self> {
        Box::new(Self(core::array::from_fn(|_| AtomicU64::new(0))))
    }

    /// The word at a distance of so many bytes.
    fn at(&self, bytes: usize) -> &AtomicU64 {
        &self.0[bytes / 8]
    }
}

const WRITERS: &str = "two counters";
const APART: [(usize, &str); 5] = [
    (8, "same line, 8 bytes apart"),
    (64, "64 bytes apart, one pair of lines"),
    (128, "128 bytes apart"),
    (256, "256 bytes apart"),
    (0, "one counter, one thread"),
];
const READER: &str = "reading beside a writer";
const BESIDE: [(usize, &str); 4] = [
    (8, "constant in the line of the hot word"),
    (64, "constant 64 bytes from it"),
    (128, "constant 128 bytes from it"),
    (0, "constant, and nobody writes"),
];
const GROUPING: &str = "four words per thread";
const MIXED: &str = "the threads' words alternate";
const GROUPED: &str = "grouped by writer, 128 bytes apart";

/// An addition by the only writer.
fn bump(word: &AtomicU64) {
    word.store(word.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Two threads, each of which counts in its own word; at distance 0, one thread alone.
fn counters(team: Team<'_>, bytes: usize) -> Sample {
    let page = Page::new();
    let threads = if bytes == 0 { 1 } else { 2 };
    let team = Team { threads, counted: 1, ..team };
    team.sample(&|id| {
        let word = page.at(id * bytes);
        each(|| bump(word))
    })
}

/// One thread reads a constant, the other writes a word at that distance from it; at distance 0, nobody writes.
fn constant(team: Team<'_>, bytes: usize) -> Sample {
    let page = Page::new();
    let threads = if bytes == 0 { 1 } else { 2 };
    let team = Team { threads, counted: 1, ..team };
    team.sample(&|id| {
        let word = if id == 0 { page.at(0) } else { page.at(bytes) };
        if id == 0 {
            each(|| {
                black_box(word.load(Ordering::Relaxed));
            })
        } else {
            each(|| bump(word))
        }
    })
}

/// Two threads, each of which counts in four words in turn.
fn groups(team: Team<'_>, grouped: bool) -> Sample {
    let page = Page::new();
    let team = Team { threads: 2, counted: 2, ..team };
    team.sample(&|id| {
        let own: [&AtomicU64; 4] = core::array::from_fn(|i| {
            page.at(if grouped { 128 * id + 8 * i } else { 8 * (2 * i + id) })
        });
        let mut i = 0;
        each(move || {
            bump(own[i % 4]);
            i += 1;
        })
    })
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    if lab.cpus() < 2 {
        return Err(Stop::Cannot(
            "with one CPU, only one cache ever has the line, so that nothing can be shared falsely"
                .to_owned(),
        ));
    }
    let (budget, placement) = (lab.budget(3.0), lab.placement);
    let team = Team::new(placement, 2, WINDOW);
    let mut contestants = Vec::new();
    for (bytes, name) in APART {
        contestants.push(Contestant::new(WRITERS, name, move || Ok(counters(team, bytes))));
    }
    for (bytes, name) in BESIDE {
        contestants.push(Contestant::new(READER, name, move || Ok(constant(team, bytes))));
    }
    for (grouped, name) in [(false, MIXED), (true, GROUPED)] {
        contestants.push(Contestant::new(GROUPING, name, move || Ok(groups(team, grouped))));
    }
    let race = race::run(lab, contestants, team.cost(), budget)?;

    let mut text = String::new();
    for (group, unit) in [
        (WRITERS, "ns per addition of the first thread"),
        (READER, "ns per read"),
        (GROUPING, "ns per addition, of both"),
    ] {
        let mut table = plain_table(&[group, unit], &[1], 2);
        for row in race.rows.iter().filter(|row| !row.twin && row.group == group) {
            table.add_row([row.name.clone(), interval(race.ns(group, &row.name))]);
        }
        text.push_str(&print(&table, "  "));
    }
    note(
        &mut text,
        "an addition is a load and a store of the thread that owns the word: no thread ever \
         touches another's.",
    );
    note(&mut text, race.noise());
    let pinned = race.rows.iter().all(|row| row.samples.iter().all(|sample| sample.pinned));
    if !pinned {
        note(&mut text, "UNPINNED: where both threads ran on one CPU, nothing was shared");
    }
    Ok(Finding { text, words: words(&race), data: race.json() })
}

fn words<S: race::Timed>(race: &Race<S>) -> String {
    let apart = |a: usize, b: usize| race.ratio((WRITERS, APART[a].1), (WRITERS, APART[b].1));
    let (same, pair) = (apart(0, 2), apart(1, 2));
    let lines = if pair.is_slower() {
        format!("64 bytes are not enough here ({} that of 128)", pair.times())
    } else {
        format!("64 bytes apart is no clear loss against 128 ({})", pair.times())
    };
    let read = race.ratio((READER, BESIDE[0].1), (READER, BESIDE[2].1));
    let grouping = race.ratio((GROUPING, MIXED), (GROUPING, GROUPED));
    format!(
        "{} ({} against {} ns{}); {lines}. {}, and {}.",
        upper(same.words("an addition in a shared line", "one 128 bytes away")),
        digits(race.ns(WRITERS, APART[0].1).median),
        digits(race.ns(WRITERS, APART[2].1).median),
        if same.is_slower() { "; and no thread touches the other's word" } else { "" },
        upper(read.words("reading a constant beside a hot word", "reading it 128 bytes away")),
        grouping.words("mixing the words of two writers", "grouping them by writer"),
    )
}

fn upper(text: String) -> String {
    text[..1].to_uppercase() + &text[1..]
}

#[cfg(test)]
mod tests {
    use super::super::race::tests::race;
    use super::*;

    fn said(pair: f64, shared: f64, noise: f64) -> String {
        let mut times = Vec::new();
        for ((_, name), ns) in APART.into_iter().zip([shared, pair, 1.0, 1.0, 1.0]) {
            times.push((WRITERS, name, ns));
        }
        for ((_, name), ns) in BESIDE.into_iter().zip([shared, pair, 1.0, 1.0]) {
            times.push((READER, name, ns));
        }
        times.extend([(GROUPING, MIXED, shared), (GROUPING, GROUPED, 1.0)]);
        words(&race(&times, noise))
    }

    #[test]
    fn the_words_follow_the_figures() {
        let text = said(1.0, 8.0, 1.1);
        assert!(text.starts_with("An addition in a shared line takes 8.00x"), "{text}");
        assert!(text.contains("64 bytes apart is no clear loss"), "{text}");
        assert!(said(3.0, 8.0, 1.1).contains("64 bytes are not enough here (3.00x"));
        assert!(said(1.0, 8.0, 9.0).starts_with("Between an addition in a shared line and one"));
    }

    #[test]
    fn words_lie_where_they_are_said_to() {
        let page = Page::new();
        let start = page.at(0).as_ptr() as usize;
        assert_eq!(start % 4096, 0);
        for bytes in [8, 64, 128, 256] {
            assert_eq!(page.at(bytes).as_ptr() as usize - start, bytes);
        }
    }
}
