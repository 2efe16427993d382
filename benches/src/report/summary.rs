//! From samples to figures: medians, paired ratios, the noise floor, who is ahead.

use fastrand::Rng;
use serde::Serialize;

use crate::cell::{Cell, Mode};
use crate::driver::{Sample, Shares, Tries};
use crate::memory::Filled;
use crate::run::{Measured, Row};
use crate::stats::{self, Interval};
use crate::subject::{Kind, Role};

/// A cell's figures.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The cell.
    pub cell: Cell,
    /// Least time relative to the best first.
    pub lines: Vec<Line>,
    /// The A/A pair's kind, and the ratio of its twin's time to its own.
    pub twin: Option<(Kind, Interval)>,
    /// By how much a kind seems to differ from itself here.
    pub floor: f64,
    /// Kinds without a figure, each with its reason.
    pub refused: Vec<(Kind, String)>,
    /// Every sample's threads were verified on their own cores.
    pub pinned: bool,
    /// Every sample did its laps before the window.
    pub warm: bool,
}

/// One kind's figures in a cell.
#[derive(Debug, Clone)]
pub struct Line {
    /// Who it is.
    pub kind: Kind,
    /// Median time per message (pair, round trip) in nanoseconds.
    pub ns: f64,
    /// Time relative to the best product's in the same round.
    pub ratio: Interval,
    /// What the ratio means.
    pub standing: Standing,
    /// Median CPU time per message, of all threads.
    pub cpu_ns: Option<f64>,
    /// Who waited for whom.
    pub regime: Regime,
    /// Median of the samples' 99.9th percentiles of a single call, in nanoseconds.
    pub call_ns: Option<f64>,
    /// The least thread's share over all samples, at either end.
    pub shares: Shares,
    /// What a full one takes in memory.
    pub memory: Option<Filled>,
}

/// How a kind stands to the best product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is the best product.
    Best,
    /// No clear difference from it.
    Level,
    /// Clearly slower.
    Slower,
    /// Clearly faster: a design, which can't be best.
    Faster,
}

/// Which side waited, judged by failed tries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Regime {
    /// Share of push calls that found no room.
    pub full: f64,
    /// Share of pop calls that found nothing.
    pub empty: f64,
}

impl Regime {
    /// Below this share of failed tries nobody waits.
    const RARE: f64 = 0.05;

    fn of(samples: &[Sample]) -> Self {
        let share = |tries: fn(&Sample) -> Tries| {
            let Tries { done, failed } = samples.iter().map(tries).sum();
            if failed == 0 { 0.0 } else { failed as f64 / (done + failed) as f64 }
        };
        Self { full: share(|sample| sample.pushes), empty: share(|sample| sample.pops) }
    }

    /// In words.
    pub fn word(self, mode: Mode) -> String {
        let Self { full, empty } = self;
        let percent = |share: f64| format!("{:.0}%", share * 100.0);
        if mode != Mode::Stream {
            // Alone nobody waits; on a round trip everybody does.
            "-".to_owned()
        } else if full.max(empty) < Self::RARE {
            "balanced".to_owned()
        } else if full > 2.0 * empty {
            format!("full {}", percent(full))
        } else if empty > 2.0 * full {
            format!("empty {}", percent(empty))
        } else {
            "both".to_owned()
        }
    }
}

/// The time per message in each sample.
pub(super) fn times(row: &Row) -> Vec<f64> {
    row.samples.iter().map(|sample| sample.ns).collect()
}

/// The 99.9th percentile of a single call in each sample; nothing if a sample has none.
pub(super) fn calls(row: &Row) -> Option<Vec<f64>> {
    row.samples.iter().map(|sample| Some(sample.calls?.all.p999 as f64)).collect()
}

/// The share of the least thread at either end, over all samples together: what a scheduler does to one thread in one sample
/// is luck, what happens to it in all of them is not.
pub(super) fn shares(row: &Row) -> Shares {
    let told = |of: fn(&Shares) -> Option<f64>| row.samples.iter().any(|s| of(&s.shares).is_some());
    let share = |counts: fn(&Sample) -> &Vec<u64>| {
        let first = row.samples.first().map_or(0, |sample| counts(sample).len());
        let sum = |thread: usize| row.samples.iter().map(|sample| counts(sample)[thread]).sum();
        let sums: Vec<u64> = (0..first).map(sum).collect();
        stats::least_share(&sums.iter().map(|&n| n as f64).collect::<Vec<_>>())
    };
    Shares {
        producers: share(|sample| &sample.pushed).filter(|_| told(|s| s.producers)),
        consumers: share(|sample| &sample.popped).filter(|_| told(|s| s.consumers)),
    }
}

impl Summary {
    /// Computes a cell's figures; the same `seed` gives the same intervals.
    pub fn new(measured: &Measured, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let rows: Vec<&Row> = measured.rows.iter().filter(|row| !row.twin).collect();
        let twin = measured
            .rows
            .iter()
            .find(|row| row.twin)
            .zip(rows.first())
            .map(|(b, a)| (a.kind, stats::paired_ratio(&times(b), &times(a), &mut rng)));
        let floor = twin.map_or(f64::INFINITY, |(_, ratio)| ratio.floor());
        let lines = compare(&rows, floor, &mut rng);
        let samples = || measured.rows.iter().flat_map(|row| &row.samples);
        Self {
            cell: measured.cell,
            lines,
            twin,
            floor,
            refused: measured.refused.clone(),
            pinned: samples().all(|sample| sample.pinned),
            warm: samples().all(|sample| sample.warm),
        }
    }

    /// The best product.
    pub fn best(&self) -> Option<&Line> {
        self.lines.iter().find(|line| line.standing == Standing::Best)
    }
}

/// All lines, relative to the best product (among designs only: the best design), least time first.
///
/// The best is the one with the lowest median time, unless the rounds, which are the better witness, clearly prefer
/// another.
fn compare(rows: &[&Row], floor: f64, rng: &mut Rng) -> Vec<Line> {
    let is_product = |row: &&&Row| row.kind.role != Role::Design;
    let products = rows.iter().filter(is_product).count();
    let eligible = |row: &&&Row| products == 0 || is_product(row);
    let median = |row: &Row| stats::median(&times(row));
    let mut best = rows.iter().filter(eligible).min_by(|a, b| median(a).total_cmp(&median(b)));
    let mut lines = Vec::new();
    // Medians of ratios need not be transitive: so many steps and no more.
    for _ in rows {
        let Some(base) = best else { break };
        lines = rows.iter().map(|row| Line::new(row, base, floor, rng)).collect();
        lines.sort_by(|a: &Line, b| a.ratio.median.total_cmp(&b.ratio.median));
        let better = lines.iter().find(|line| line.standing == Standing::Faster);
        let better = better.map(|line| line.kind.id);
        let better = rows.iter().filter(eligible).find(|row| Some(row.kind.id) == better);
        if better.is_none() {
            break;
        }
        best = better;
    }
    lines
}

impl Line {
    fn new(row: &Row, best: &Row, floor: f64, rng: &mut Rng) -> Self {
        let is_best = row.kind.id == best.kind.id;
        let ratio = if is_best {
            Interval::ONE
        } else {
            stats::paired_ratio(&times(row), &times(best), rng)
        };
        let standing = match () {
            () if is_best => Standing::Best,
            () if !stats::is_clear(&ratio, floor) => Standing::Level,
            () if ratio.median > 1.0 => Standing::Slower,
            () => Standing::Faster,
        };
        let cpu: Option<Vec<f64>> = row.samples.iter().map(|sample| sample.cpu_ns).collect();
        Self {
            kind: row.kind,
            ns: stats::median(&times(row)),
            ratio,
            standing,
            cpu_ns: cpu.map(|cpu| stats::median(&cpu)),
            regime: Regime::of(&row.samples),
            call_ns: calls(row).map(|calls| stats::median(&calls)),
            shares: shares(row),
            memory: row.memory,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::driver::{CallTimes, Quantiles};
    use crate::subject::{Ends, Origin};

    /// A kind by name.
    pub(crate) fn kind(id: &'static str, role: Role) -> Kind {
        Kind::new(id, id, Origin::Here, role, Ends::SPSC)
    }

    /// A row whose samples took these times.
    pub(crate) fn row(kind: Kind, twin: bool, times: &[f64]) -> Row {
        let sample = |&ns: &f64| Sample {
            ns,
            window_ns: 1e6,
            pushed: vec![1],
            popped: vec![1],
            pushes: Tries { done: 4, failed: 6 },
            pops: Tries { done: 10, failed: 0 },
            shares: Shares::default(),
            calls: None,
            cpu_ns: None,
            verified: 1,
            pinned: true,
            warm: true,
        };
        let memory = Some(Filled { items: 1024, peak: 10 * 1024, emptied: 100 });
        Row { kind, twin, memory, samples: times.iter().map(sample).collect() }
    }

    /// The same with slow calls, and what each thread did.
    pub(crate) fn with(mut row: Row, p999: u64, pushed: &[u64], popped: &[u64]) -> Row {
        let all = Quantiles { calls: 1000, p50: 10, p999, max: 10 * p999 };
        for sample in &mut row.samples {
            sample.calls = Some(CallTimes { all, push: all, pop: all });
            sample.shares = Shares { producers: Some(0.0), consumers: Some(0.0) };
            (sample.pushed, sample.popped) = (pushed.to_vec(), popped.to_vec());
        }
        row
    }

    /// A cell with these rows.
    pub(crate) fn measured(cell: &str, rows: Vec<Row>) -> Measured {
        let cell = Cell::parse(cell).expect("a cell of a test");
        Measured { cell, rows, refused: Vec::new(), left_out: Vec::new() }
    }

    /// A base cell with these rows.
    pub(crate) fn summary(rows: Vec<Row>) -> Summary {
        Summary::new(&measured("base", rows), 1)
    }

    fn standings(summary: &Summary) -> Vec<(&str, Standing)> {
        summary.lines.iter().map(|line| (line.kind.id, line.standing)).collect()
    }

    #[test]
    fn the_share_of_failed_tries_is_one_of_all_tries() {
        let summary = summary(vec![row(kind("a", Role::Ours), false, &[1.0; 5])]);
        assert_eq!(summary.lines[0].regime, Regime { full: 0.6, empty: 0.0 });
    }

    #[test]
    fn ratios_are_paired_so_that_a_drifting_machine_cancels_out() {
        let a = kind("a", Role::Rival);
        let b = kind("b", Role::Rival);
        let drift = [10.0, 20.0, 40.0, 80.0, 160.0];
        let twice = drift.map(|ns| 1.5 * ns);
        let rows = vec![row(a, false, &drift), row(b, false, &twice), row(a, true, &drift)];
        let summary = summary(rows);
        assert_eq!(standings(&summary), [("a", Standing::Best), ("b", Standing::Slower)]);
        assert_eq!(summary.lines[1].ratio, Interval { median: 1.5, low: 1.5, high: 1.5 });
        assert_eq!(summary.floor, 1.0);
    }

    #[test]
    fn what_is_below_the_noise_floor_is_level() {
        let a = kind("a", Role::Rival);
        let b = kind("b", Role::Ours);
        let rows = vec![
            row(a, false, &[10.0; 5]),
            row(b, false, &[11.0; 5]),
            row(a, true, &[8.0, 12.0, 8.0, 12.0, 10.0]),
        ];
        let summary = summary(rows);
        assert_eq!(standings(&summary), [("a", Standing::Best), ("b", Standing::Level)]);
    }

    #[test]
    fn a_design_is_never_the_best_product() {
        let (a, d) = (kind("a", Role::Rival), kind("d", Role::Design));
        let rows =
            vec![row(a, false, &[10.0; 5]), row(d, false, &[5.0; 5]), row(a, true, &[10.0; 5])];
        let summary = summary(rows);
        assert_eq!(standings(&summary), [("d", Standing::Faster), ("a", Standing::Best)]);
        assert_eq!(summary.best().map(|line| line.kind.id), Some("a"));
    }

    #[test]
    fn the_rounds_choose_the_best_where_the_medians_of_a_drifting_machine_mislead() {
        let (a, b) = (kind("a", Role::Ours), kind("b", Role::Rival));
        // In four of five rounds b takes 0.8 of a's time; the median of its times is higher all the same.
        let rows = vec![
            row(a, false, &[10.0, 10.0, 10.1, 20.0, 20.0]),
            row(b, false, &[8.0, 10.2, 10.3, 16.0, 16.0]),
            row(a, true, &[10.0, 10.0, 10.1, 20.0, 20.0]),
        ];
        let level = summary(rows);
        assert_eq!(standings(&level), [("b", Standing::Level), ("a", Standing::Best)]);
        let rows = vec![
            row(a, false, &[10.0, 11.0, 10.0, 20.0, 20.0, 20.0, 20.0]),
            row(b, false, &[8.0, 8.8, 8.0, 16.0, 20.1, 16.0, 16.0]),
            row(a, true, &[10.0, 11.0, 10.0, 20.0, 20.0, 20.0, 20.0]),
        ];
        let clear = summary(rows);
        assert_eq!(standings(&clear), [("b", Standing::Best), ("a", Standing::Slower)]);
    }

    #[test]
    fn shares_are_taken_over_all_samples_together() {
        let mut row = with(row(kind("a", Role::Rival), false, &[1.0; 2]), 9, &[10, 30], &[40]);
        row.samples[1].pushed = vec![50, 30];
        // In each sample one thread had less, in all of them neither.
        assert_eq!(shares(&row), Shares { producers: Some(1.0), consumers: None });
        row.samples[1].pushed = vec![0, 50];
        assert_eq!(shares(&row).producers, Some(0.125));
        row.samples.iter_mut().for_each(|sample| sample.shares = Shares::default());
        assert_eq!(shares(&row), Shares::default(), "a round trip has two threads, and no share");
    }

    #[test]
    fn failed_tries_tell_who_waits() {
        let word = |full, empty| Regime { full, empty }.word(Mode::Stream);
        assert_eq!(word(0.6, 0.0), "full 60%");
        assert_eq!(word(0.1, 0.5), "empty 50%");
        assert_eq!(word(0.01, 0.02), "balanced");
        assert_eq!(word(0.3, 0.4), "both");
        assert_eq!(Regime { full: 0.6, empty: 0.0 }.word(Mode::Alone), "-");
    }
}
