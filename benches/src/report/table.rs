//! Machine, kinds and warnings as text, at most 80 columns wide; and what all tables have in common.

use core::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::cell::{Capacity, Cell, Structure};
use crate::machine::{Load, Machine, Placement};
use crate::report::paragraph;
use crate::subject::{Batch, Bound, Entry, Kind};

pub(crate) const UNKNOWN: &str = "unknown";

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

pub(crate) fn plain_table(header: &[&str], right: &[usize], gap: u16) -> Table {
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

pub(crate) fn print(table: &Table, indent: &str) -> String {
    table.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{indent}{}", line.trim_end());
        text
    })
}

/// Whether anybody misses a kind in a cell: not if it is something else, has another bound, or is for the topology question.
pub fn is_missed(kind: &Kind, cell: &Cell) -> bool {
    let bounded = matches!(cell.capacity, Capacity::Bounded(_));
    kind.structure == cell.structure && bounded == (kind.bound == Bound::Bounded) && !kind.spread
}

/// Kinds without a figure, those of one reason together, as far as the reason is of interest.
pub fn by_reason(
    refused: &[(Kind, String)],
    is_told: impl Fn(&Kind) -> bool,
) -> Vec<(String, Vec<&'static str>)> {
    let mut reasons: Vec<(String, Vec<&'static str>)> = Vec::new();
    for (kind, reason) in refused.iter().filter(|(kind, _)| is_told(kind)) {
        let what = format!("n/a, {reason}");
        match reasons.iter_mut().find(|(known, _)| *known == what) {
            Some((_, ids)) => ids.push(kind.id),
            None => reasons.push((what, vec![kind.id])),
        }
    }
    reasons
}

/// Who is measured.
pub fn kinds(entries: &[Entry], missing: &[&str]) -> String {
    let mut table = plain_table(&["kind", "--kinds", "ends", "bound", "batch"], &[], 2);
    let mut origins: Vec<String> = Vec::new();
    for Entry { kind, .. } in entries {
        let batch = match kind.batch {
            Batch::Native => "native",
            Batch::Looped => "looped",
        };
        let bound = match kind.bound {
            Bound::Bounded => "bounded",
            Bound::Unbounded => "none",
        };
        let each = if kind.spread { "many " } else { "" };
        let ends = match kind.structure {
            Structure::Queue => format!("{each}{}", kind.ends.word()),
            other => other.word().to_owned(),
        };
        let [bound, batch] =
            if kind.structure == Structure::Counter { ["-"; 2] } else { [bound, batch] };
        table.add_row([kind.title, kind.id, &ends, bound, batch]);
        let origin = kind.origin.text();
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    let mut text = print(&table, "");
    paragraph(&mut text, "from ", "    ", &origins.join(", "));
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

#[cfg(test)]
mod tests {
    use super::*;

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
