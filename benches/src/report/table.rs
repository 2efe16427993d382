//! The figures as text, at most 80 columns wide.

use core::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::cell::{Cell, Mode};
use crate::machine::{Load, Machine, Placement};
use crate::report::paragraph;
use crate::report::summary::{Line, Standing, Summary};
use crate::stats::Interval;
use crate::subject::{Batch, Entry};

const UNKNOWN: &str = "unknown";

fn or_unknown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

/// What is known of the machine.
pub fn machine(machine: &Machine, placement: &Placement, before: Load, after: Load) -> String {
    let Machine { arch, os, rustc, .. } = machine;
    let caches = machine.caches.as_ref().map(|caches| {
        let cache = |cache: &crate::machine::Cache| {
            let kind = if cache.kind == "Unified" { "" } else { &cache.kind[..1].to_lowercase() };
            let shared = match cache.shared_by {
                1 => String::new(),
                n => format!(" by {n}"),
            };
            format!("L{}{kind} {}{shared}", cache.level, cache.size)
        };
        caches.iter().map(cache).collect::<Vec<_>>().join(", ")
    });
    let smt = match machine.threads_per_core {
        Some(1) => "no SMT".to_owned(),
        Some(n) => format!("SMT {n}"),
        None => format!("SMT {UNKNOWN}"),
    };
    let quota = machine.quota.map_or_else(String::new, |n| format!(", quota {n:.1} cores"));
    let mut text = format!(
        "\
cpu         {} ({arch})
cores       {} physical, {} CPUs online, {} allowed{quota}, {smt}
caches      {}
hypervisor  {}; governor {}
system      {os} {}; {rustc}
",
        or_unknown(machine.cpu.as_deref()),
        or_unknown(machine.cores),
        or_unknown(machine.cpus_online),
        or_unknown(machine.cpus_allowed),
        or_unknown(caches),
        or_unknown(machine.hypervisor.as_deref()),
        or_unknown(machine.governor.as_deref()),
        or_unknown(machine.kernel.as_deref()),
    );
    for (when, load) in [("before", before), ("after", after)] {
        let average = load.average.map(|average| format!("{average:.2}"));
        let _ = writeln!(
            text,
            "load {when:<6} {} average, {} others running",
            or_unknown(average),
            or_unknown(load.running)
        );
    }
    let steal = before.steal.zip(after.steal).map(|(before, after)| after.saturating_sub(before));
    let _ = writeln!(text, "steal       {} ticks during the run", or_unknown(steal));
    let pinning = match &placement.cpus[..] {
        [] => "threads can't be pinned here".to_owned(),
        cpus => format!("threads take CPUs {cpus:?} in this order, distinct cores first"),
    };
    let _ = writeln!(text, "placement   {pinning}");
    wrapped(&text)
}

/// Each line within 80 columns, what is too much under its value.
fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let (label, value) = line.split_at(12);
        paragraph(&mut wrapped, label, "            ", value);
    }
    wrapped
}

/// What a reader must doubt, as lines that start with an exclamation mark.
pub fn warnings(machine: &Machine, before: Load, after: Load, rounds: usize) -> String {
    let mut text = String::new();
    // All rounds lie on one side of the true median with probability 2^(1-n): no interval is surer than their range.
    let coverage = 1.0 - 0.5_f64.powi(rounds as i32 - 1);
    if coverage < 0.95 {
        let _ = writeln!(
            text,
            "! only {rounds} rounds: the intervals are {:.0} % sure at best, not 95 %",
            coverage * 100.0
        );
    }
    if !machine.optimised {
        text.push_str("! debug build: the figures mean nothing; use cargo run --release\n");
    }
    let others = before.running.max(after.running).unwrap_or(0);
    if others > 0 {
        let _ = writeln!(
            text,
            "! {others} other thread(s) were running: trust no small difference, run it again"
        );
    }
    if before.steal.zip(after.steal).is_some_and(|(before, after)| after > before + 10) {
        text.push_str("! the hypervisor gave time to others during the run\n");
    }
    if machine.cpus_allowed.zip(machine.quota).is_some_and(|(n, quota)| quota < n as f64) {
        text.push_str("! a quota below the number of CPUs stops threads in mid run\n");
    }
    text
}

fn plain_table(header: &[&str], right: &[usize], gap: u16) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, gap));
    }
    for &index in right {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn print(table: &Table, indent: &str) -> String {
    table.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{indent}{}", line.trim_end());
        text
    })
}

/// Who is measured.
pub fn kinds(entries: &[Entry], missing: &[&str]) -> String {
    let mut table = plain_table(&["kind", "--kinds", "from", "ends", "batch"], &[], 2);
    for Entry { kind, .. } in entries {
        let batch = match kind.batch {
            Batch::Native => "native",
            Batch::Looped => "looped",
        };
        let from = kind.origin.text();
        table.add_row([kind.title, kind.id, &from, kind.ends.word(), batch]);
    }
    let mut text = print(&table, "");
    let notes = entries.iter().map(|entry| entry.kind).filter(|kind| !kind.note.is_empty());
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for kind in notes {
        match told.iter_mut().find(|(note, _)| *note == kind.note) {
            Some((_, ids)) => ids.push(kind.id),
            None => told.push((kind.note, vec![kind.id])),
        }
    }
    for (note, ids) in told {
        let _ = writeln!(text, "{note}:");
        paragraph(&mut text, "    ", "    ", &ids.join(", "));
    }
    if !missing.is_empty() {
        text.push_str("not in this build, but with --features rivals:\n");
        paragraph(&mut text, "    ", "    ", &missing.join(", "));
    }
    text
}

/// How the threads of a cell were placed.
fn placed(summary: &Summary, placement: &Placement) -> &'static str {
    if placement.oversubscribed(summary.cell.threads()) {
        "OVERSUBSCRIBED: more threads than CPUs, unpinned"
    } else if summary.pinned {
        "pinned, verified"
    } else {
        "UNPINNED"
    }
}

/// One cell's section.
pub fn cell(summary: &Summary, placement: &Placement) -> String {
    let mut text = format!("{}\n", summary.cell);
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
    let figure = match summary.cell.mode {
        Mode::Stream => "Mmsg/s",
        Mode::Alone => "ns/pair",
        Mode::RoundTrip => "ns/trip",
    };
    let header = ["kind", figure, "x time of best", "cpu ns", "queue"];
    let mut table = plain_table(&header, &[1, 2, 3], 1);
    for line in &summary.lines {
        table.add_row(row(summary.cell, line));
    }
    text.push_str(&print(&table, "  "));
    for (kind, reason) in &summary.refused {
        paragraph(&mut text, &format!("  n/a {}: ", kind.id), "      ", reason);
    }
    text
}

fn row(cell: Cell, line: &Line) -> [String; 5] {
    let figure = match cell.mode {
        Mode::Stream => 1000.0 / line.ns,
        Mode::Alone | Mode::RoundTrip => line.ns,
    };
    let ratio = match line.standing {
        Standing::Best => "best".to_owned(),
        standing => {
            let mark = if standing == Standing::Level { "~" } else { "" };
            format!("{mark}{}", interval(line.ratio))
        }
    };
    let looped = cell.batch > 1 && line.kind.batch == Batch::Looped;
    let title = format!("{}{}", line.kind.title, if looped { " *" } else { "" });
    let cpu = line.cpu_ns.map_or_else(|| UNKNOWN.to_owned(), digits);
    [title, digits(figure), ratio, cpu, line.regime.word(cell.mode)]
}

/// A ratio with its interval.
pub(super) fn interval(Interval { median, low, high }: Interval) -> String {
    format!("{} [{}, {}]", digits(median), digits(low), digits(high))
}

/// Three digits that count.
fn digits(value: f64) -> String {
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
cpu ns: CPU time of all threads per message. queue: of all tries, how many found
it full or empty; mostly full means that the consumer is the slower side.
*: no batch call of its own, single calls in a loop. design: ours, no product.
";

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{kind, row, summary};
    use super::*;
    use crate::subject::{Kind, Role};

    #[test]
    fn a_section_fits_into_80_columns_at_its_widest() {
        let wide = kind("a-rather-long-kind-id", Role::Rival);
        let wide = Kind { title: "a title of 23 characte", ..wide };
        let slow = Kind { id: "other", ..wide };
        let rows = vec![
            row(wide, false, &[1.0; 5]),
            row(slow, false, &[9_876.5; 5]),
            row(wide, true, &[1.0; 5]),
        ];
        let mut summary = summary(rows);
        summary.cell.batch = 64;
        let placement = Placement { cpus: vec![0, 1] };
        let text = cell(&summary, &placement);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(LEGEND.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn what_is_unknown_is_called_unknown() {
        let nothing = Machine {
            cpu: None,
            arch: "any",
            cpus_allowed: None,
            cpus_online: None,
            cores: None,
            threads_per_core: None,
            caches: None,
            hypervisor: None,
            governor: None,
            quota: None,
            os: "any",
            kernel: None,
            rustc: "any",
            optimised: true,
        };
        let load = Load { average: None, running: None, steal: None };
        let text = machine(&nothing, &Placement { cpus: Vec::new() }, load, load);
        assert_eq!(text.matches(UNKNOWN).count(), 14, "{text}");
        assert_eq!(warnings(&nothing, load, load, 6), "");
        assert!(warnings(&nothing, load, load, 3).contains("75 % sure"));
    }
}
