//! Ours against the best rival, cell by cell, won or lost.

use core::fmt::Write;

use fastrand::Rng;
use serde::Serialize;

use crate::cell::{Cell, Cores};
use crate::driver::Shares;
use crate::plan;
use crate::report::section::{digits, interval, share};
use crate::report::summary::{calls, shares, times};
use crate::run::{Measured, Row};
use crate::stats::{self, Interval};
use crate::subject::Role;

/// One comparison; ratios are ours to theirs, so below 1 is won.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duel {
    /// The cell, and what is compared if not the same cell.
    pub what: String,
    /// Our kind.
    pub ours: &'static str,
    /// The other kind.
    pub against: &'static str,
    /// The other's title.
    #[serde(skip)]
    title: &'static str,
    /// The ratio of the times per message.
    pub time: Interval,
    /// The ratio of the 99.9th percentiles of a single call.
    pub call: Option<f64>,
    /// The least share of our threads.
    pub shares: Shares,
}

/// The row with the lowest median time among those of `role`.
fn best(cell: &Measured, role: Role) -> Option<&Row> {
    let rows = cell.rows.iter().filter(|row| !row.twin && row.kind.role == role);
    let median = |row: &Row| stats::median(&times(row));
    rows.min_by(|a, b| median(a).total_cmp(&median(b)))
}

fn duel(what: String, ours: &Row, against: &Row, rng: &mut Rng) -> Duel {
    let call = calls(ours).zip(calls(against)).map(|(ours, against)| {
        let ratios: Vec<_> = ours.iter().zip(against).map(|(a, b)| a / b).collect();
        stats::median(&ratios)
    });
    Duel {
        what,
        ours: ours.kind.id,
        against: against.kind.id,
        title: against.kind.title,
        time: stats::paired_ratio(&times(ours), &times(against), rng),
        call,
        shares: shares(ours),
    }
}

/// All comparisons: in each cell the best of ours with the best rival; of a batch also with the best rival's single items;
/// on one core also with ours on all cores.
pub fn all(cells: &[Measured], seed: u64) -> Vec<Duel> {
    let rng = &mut Rng::with_seed(seed);
    let find = |cell: Cell| cells.iter().find(|measured| measured.cell == cell);
    let mut duels = Vec::new();
    for measured in cells {
        let cell = measured.cell;
        let Some(ours) = best(measured, Role::Ours) else { continue };
        if let Some(rival) = best(measured, Role::Rival) {
            duels.push(duel(plan::name(&cell), ours, rival, rng));
        }
        if let Some(singles) = find(Cell { batch: 1, ..cell }).filter(|_| cell.batch > 1)
            && let Some(rival) = best(singles, Role::Rival)
        {
            let what = format!("{} to singles", plan::name(&cell));
            duels.push(Duel { call: None, ..duel(what, ours, rival, rng) });
        }
        if let Some(free) =
            find(Cell { cores: Cores::All, ..cell }).filter(|_| cell.cores == Cores::One)
            && let Some(same) = free.rows.iter().find(|row| row.kind.id == ours.kind.id)
        {
            let what = format!("{} to all cores", plan::name(&cell));
            duels.push(duel(what, ours, same, rng));
        }
    }
    duels
}

/// The width of a cell's name.
const NAME: usize = 24;

/// The comparisons as a table; nothing if ours were not measured beside rivals.
pub fn text(duels: &[Duel]) -> String {
    let mut text = String::new();
    if duels.is_empty() {
        return text;
    }
    let lost = duels.iter().filter(|duel| duel.time.low > 1.0).count();
    let _ = writeln!(
        text,
        "Ours against the best rival: below 1.00 is won; {lost} of {} clearly lost",
        duels.len()
    );
    let mut line = |cell: &str, cells: [&str; 4]| {
        // A long name has a line of its own.
        let cell =
            if cell.len() > NAME { format!("{cell}\n  {:NAME$}", "") } else { cell.to_owned() };
        let [time, call, fair, rival] = cells;
        let _ = writeln!(text, "  {cell:<NAME$} {time:>18} {call:>5} {fair:>5} {rival}");
    };
    line("cell", ["x its time", "p99.9", "fair", "rival"]);
    for duel in duels {
        let call = duel.call.map_or_else(|| "-".to_owned(), digits);
        line(&duel.what, [&interval(duel.time), &call, &share(duel.shares), duel.title]);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{kind, measured, row, with};
    use super::*;

    fn cell(text: &str, ours: f64, fast: f64, slow: f64) -> Measured {
        let rows = vec![
            with(row(kind("ours", Role::Ours), false, &[ours; 5]), 300, &[9, 10], &[3, 4]),
            row(kind("design", Role::Design), false, &[0.1; 5]),
            with(row(kind("slow", Role::Rival), false, &[slow; 5]), 100, &[1, 1], &[1, 1]),
            with(row(kind("fast", Role::Rival), false, &[fast; 5]), 200, &[1, 1], &[1, 1]),
            row(kind("ours", Role::Ours), true, &[ours; 5]),
        ];
        measured(text, rows)
    }

    #[test]
    fn each_cell_is_judged_against_its_best_rival() {
        let duels = all(&[cell("topology=2x2", 10.0, 20.0, 30.0)], 1);
        assert_eq!(duels.len(), 1);
        assert_eq!((duels[0].ours, duels[0].against), ("ours", "fast"));
        assert_eq!((duels[0].time.median, duels[0].call), (0.5, Some(1.5)));
        let text = text(&duels);
        assert!(text.contains("0 of 1 clearly lost") && text.contains("0.75c"), "{text}");
    }

    #[test]
    fn a_loss_is_counted_and_shown() {
        let duels = all(&[cell("topology=2x2", 30.0, 20.0, 40.0)], 1);
        let text = text(&duels);
        assert!(text.contains("1 of 1 clearly lost") && text.contains("1.50 [1.50"), "{text}");
    }

    #[test]
    fn a_loss_that_may_be_noise_is_not_counted() {
        let mut cell = cell("topology=2x2", 10.0, 10.0, 40.0);
        for (sample, ns) in cell.rows[0].samples.iter_mut().zip([9.0, 12.0, 11.0, 9.5, 12.5]) {
            sample.ns = ns;
        }
        let duels = all(&[cell], 1);
        assert!(duels[0].time.median > 1.0 && duels[0].time.low < 1.0, "{:?}", duels[0].time);
        assert!(text(&duels).contains("0 of 1 clearly lost"));
    }

    #[test]
    fn a_batch_is_also_judged_against_single_items() {
        let cells = [
            cell("topology=4x4", 100.0, 80.0, 90.0),
            cell("topology=4x4,batch=32", 10.0, 20.0, 30.0),
        ];
        let duels = all(&cells, 1);
        let time = |what| duels.iter().find(|duel| duel.what == what).map(|duel| duel.time.median);
        assert_eq!(duels.len(), 3);
        assert_eq!(time("4x4-batch"), Some(0.5));
        assert_eq!(time("4x4-batch to singles"), Some(0.125));
    }

    #[test]
    fn one_core_is_also_judged_against_all_of_them() {
        let cells = [
            cell("topology=4x4", 10.0, 20.0, 30.0),
            cell("topology=4x4,cores=1", 25.0, 20.0, 30.0),
        ];
        let duels = all(&cells, 1);
        let own = duels.iter().find(|duel| duel.what == "4x4-one-core to all cores").unwrap();
        assert_eq!((own.against, own.time.median), ("ours", 2.5));
    }

    #[test]
    fn without_ours_there_is_nothing_to_judge() {
        let rows = vec![row(kind("rival", Role::Rival), false, &[1.0; 5])];
        assert!(all(&[measured("base", rows)], 1).is_empty() && text(&[]).is_empty());
    }
}
