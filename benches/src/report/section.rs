//! One cell's section, at most 80 columns wide.

use crate::cell::{Cell, Cores, Mode, Structure};
use crate::driver::Shares;
use crate::machine::Placement;
use crate::report::paragraph;
use crate::report::summary::{Line, Standing, Summary};
use crate::report::table::{UNKNOWN, by_reason, is_missed, plain_table, print};
use crate::stats::Interval;
use crate::subject::Batch;

/// How the threads of a cell were placed.
fn placed(summary: &Summary, placement: &Placement) -> &'static str {
    let threads = summary.cell.threads();
    if summary.cell.cores == Cores::One {
        if summary.pinned { "all on ONE CORE, verified" } else { "ONE CORE, UNPINNED" }
    } else if placement.oversubscribed(threads) {
        "OVERSUBSCRIBED: more threads than CPUs, unpinned"
    } else if summary.pinned {
        "pinned, verified"
    } else {
        "UNPINNED"
    }
}

/// One cell's section; of kinds that have no figure the reasons, if the kinds were asked for.
pub fn cell(summary: &Summary, placement: &Placement, reasons: bool) -> String {
    let mut text = String::new();
    paragraph(&mut text, "", "    ", &summary.cell.to_string());
    if let Some((kind, ratio)) = summary.twin {
        let line = format!(
            "noise floor {}x (A/A of {}: {}); {}{}",
            digits(summary.floor),
            kind.id,
            interval(ratio),
            placed(summary, placement),
            if summary.warm { "" } else { "; WARM-UP CUT SHORT" },
        );
        paragraph(&mut text, "  ", "    ", &line);
    }
    let mut header = vec!["kind", figure(&summary.cell), "x time of best", "cpu ns"];
    header.extend(match columns(&summary.cell) {
        Columns::Stream => &["p99.9", "fair", "queue"][..],
        Columns::Shared => &["fair"],
        Columns::Few => &[],
    });
    let mut table = plain_table(&header, &[1, 2, 3, 4, 5], 1);
    for line in &summary.lines {
        table.add_row(row(summary.cell, line));
    }
    text.push_str(&print(&table, "  "));
    for (reason, ids) in
        by_reason(&summary.refused, |kind| reasons && is_missed(kind, &summary.cell))
    {
        paragraph(&mut text, &format!("  {reason}: "), "      ", &ids.join(", "));
    }
    text
}

/// What the first figure is.
fn figure(cell: &Cell) -> &'static str {
    match cell.mode {
        _ if cell.structure == Structure::Counter => "Madd/s",
        Mode::Stream => "Mmsg/s",
        Mode::Pairs => "Mpair/s",
        Mode::Bursts => "Mitem/s",
        Mode::Alone => "ns/pair",
        Mode::RoundTrip => "ns/trip",
    }
}

/// What there is to be said besides times.
enum Columns {
    Stream,
    /// Threads that all do the same.
    Shared,
    Few,
}

fn columns(cell: &Cell) -> Columns {
    match cell.mode {
        _ if cell.structure == Structure::Counter => Columns::Shared,
        Mode::Pairs | Mode::Bursts => Columns::Shared,
        Mode::Stream => Columns::Stream,
        Mode::Alone | Mode::RoundTrip => Columns::Few,
    }
}

fn row(cell: Cell, line: &Line) -> Vec<String> {
    let figure = match cell.mode {
        Mode::Stream | Mode::Pairs | Mode::Bursts => 1000.0 / line.ns,
        Mode::Alone | Mode::RoundTrip => line.ns,
    };
    let ratio = match line.standing {
        Standing::Best => "best".to_owned(),
        standing => {
            let mark = if standing == Standing::Level { "~" } else { "" };
            format!("{mark}{}", interval(line.ratio))
        }
    };
    let looped = cell.batch > 1 && cell.mode != Mode::Bursts && line.kind.batch == Batch::Looped;
    let title = format!("{}{}", line.kind.title, if looped { " *" } else { "" });
    let cpu = line.cpu_ns.map_or_else(|| UNKNOWN.to_owned(), digits);
    let mut row = vec![title, digits(figure), ratio, cpu];
    match columns(&cell) {
        Columns::Stream => {
            let call = line.call_ns.map_or_else(|| "-".to_owned(), nanoseconds);
            row.extend([call, share(line.shares), line.regime.word(cell.mode)]);
        }
        Columns::Shared => row.push(share(line.shares)),
        Columns::Few => {}
    }
    row
}

/// The worse of both ends, with the letter of the end.
pub(crate) fn share(Shares { producers, consumers }: Shares) -> String {
    let ends = [(producers, 'p'), (consumers, 'c')];
    let ends = ends.iter().filter_map(|(share, end)| Some(((*share)?, end)));
    let worse = ends.min_by(|(a, _), (b, _)| a.total_cmp(b));
    worse.map_or_else(|| "-".to_owned(), |(share, end)| format!("{share:.2}{end}"))
}

/// A time with its unit, in five characters.
pub(crate) fn nanoseconds(ns: f64) -> String {
    match ns {
        ns if ns < 999.5 => format!("{ns:.0}ns"),
        ns if ns < 9_950.0 => format!("{:.1}us", ns / 1e3),
        ns if ns < 999_500.0 => format!("{:.0}us", ns / 1e3),
        ns if ns < 9_950_000.0 => format!("{:.1}ms", ns / 1e6),
        ns => format!("{:.0}ms", ns / 1e6),
    }
}

/// A ratio with its interval.
pub(crate) fn interval(Interval { median, low, high }: Interval) -> String {
    format!("{} [{}, {}]", digits(median), digits(low), digits(high))
}

/// Three digits that count.
pub(crate) fn digits(value: f64) -> String {
    let decimals = match value {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// How to read the sections.
pub const LEGEND: &str = "\
x time of best: how many times the best product's time a message takes; ~ is no
clear difference (the interval holds 1, or the noise floor is wider).
cpu ns: CPU time of all threads per message. p99.9: of all calls that moved
something, timed one by one after the window, 99.9 % took no longer. fair: the
least thread's messages in all rounds, divided by the greatest's, of producers
(p) or consumers (c), whichever is worse. queue: of all tries, how many found it
full (the consumers are the slower side) or empty; both: about as many;
balanced: fewer than 5 %. An unbounded queue is full at our own limit. Of
stacks: pairs and items taken, of counters: additions, of all threads together.
*: no batch call of its own, single calls in a loop. design: ours, no product.
Who can't answer a cell, and who was left out of the default plan: --list.
";

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{kind, row, summary, with};
    use super::*;
    use crate::subject::{Kind, Role};

    #[test]
    fn a_section_fits_into_80_columns_at_its_widest() {
        let wide = kind("a-rather-long-kind-id", Role::Rival);
        let wide = Kind { title: "a title of 21 charact", ..wide };
        let slow = Kind { id: "other", ..wide };
        let rows = vec![
            row(wide, false, &[1.0; 5]),
            with(row(slow, false, &[9_876.5; 5]), 123_456, &[2, 1], &[4, 1]),
            row(wide, true, &[1.0; 5]),
        ];
        let mut summary = summary(rows);
        summary.lines[1].cpu_ns = Some(12_345.0);
        let placement = Placement { cpus: vec![0, 1] };
        let text = cell(&summary, &placement, true);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(LEGEND.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("123us 0.25c"), "{text}");
    }

    #[test]
    fn more_threads_than_cpus_and_a_shared_core_are_labelled() {
        let a = kind("a", Role::Rival);
        let rows = || vec![row(a, false, &[1.0; 5]), row(a, true, &[1.0; 5])];
        let mut summary = summary(rows());
        let placement = Placement { cpus: vec![0, 1] };
        assert!(cell(&summary, &placement, true).contains("; pinned, verified"));
        summary.cell = Cell::parse("topology=2x1").unwrap();
        assert!(cell(&summary, &placement, true).contains("OVERSUBSCRIBED"));
        summary.cell = Cell::parse("topology=2x1,cores=1").unwrap();
        assert!(cell(&summary, &placement, true).contains("ONE CORE, verified"));
    }

    #[test]
    fn the_worse_end_is_shown() {
        let shares = |producers, consumers| Shares { producers, consumers };
        assert_eq!(share(shares(None, None)), "-");
        assert_eq!(share(shares(Some(0.5), None)), "0.50p");
        assert_eq!(share(shares(Some(0.5), Some(0.25))), "0.25c");
    }

    #[test]
    fn times_of_calls_are_short() {
        let times = [7.0, 999.4, 1234.0, 12_345.0, 999_400.0, 1_234_567.0, 12_345_678.0];
        let texts = times.map(nanoseconds);
        assert_eq!(texts, ["7ns", "999ns", "1.2us", "12us", "999us", "1.2ms", "12ms"]);
    }
}
