//! The command line: everything that can be refused is refused before anything is measured.

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::cell::Cell;
use crate::machine::{Load, Machine, Placement};
use crate::plan::{self, Effort, Plan};
use crate::progress::Progress;
use crate::report::{self, json, summary::Summary, table, verdict};
use crate::run::{self, Failure, Outcome};
use crate::subject::Entry;
use crate::subjects;

/// Compares queue topologies on this machine, and says which queue to use.
///
/// Without arguments: one producer to one consumer, one factor varied at a time, about a minute. The result goes to
/// stdout, progress to stderr.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Exit codes: 0 ok; 2 bad arguments, or an environment that can't be used;
            3 a queue lost, doubled, reordered or tore a message."
)]
pub struct Arguments {
    /// A first look: all cells, shorter samples, about ten seconds
    #[arg(long, conflicts_with_all = ["full", "budget"])]
    quick: bool,

    /// The grid: every batch, payload, capacity and mode; says first how long it will take
    #[arg(long, conflicts_with = "cell")]
    full: bool,

    /// Seconds to measure; scales the rounds, and the samples where it must
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    budget: Option<Duration>,

    /// Measure these kinds only, such as rtrb,mutex; see --list
    #[arg(long, value_name = "KIND,...", value_delimiter = ',')]
    kinds: Vec<String>,

    /// Measure this cell: a name of --list, or such as batch=64,capacity=4096; may be repeated
    #[arg(long, value_name = "CELL", value_parser = Cell::parse)]
    cell: Vec<Cell>,

    /// The seed of the order of samples and of the intervals; drawn and printed if not given
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Write everything, raw samples included, to this file
    #[arg(long, value_name = "FILE", value_parser = parse_file)]
    json: Option<PathBuf>,

    /// Print kinds and cells, with the reasons why a kind has no figure in a cell
    #[arg(long)]
    list: bool,
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(seconds > 0.0 && seconds <= 86_400.0) {
        return Err("use more than 0 and at most 86400 seconds (a day)".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn parse_file(text: &str) -> Result<PathBuf, String> {
    if text == "-" {
        return Err("the table goes to stdout: name a file".to_owned());
    }
    Ok(text.into())
}

const USAGE: u8 = 2;
const BREACH: u8 = 3;

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    match execute(&Arguments::parse(), &arguments) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(USAGE)
        }
    }
}

impl Arguments {
    fn effort(&self) -> Effort {
        match (self.quick, self.full) {
            (true, _) => Effort::Quick,
            (_, true) => Effort::Full,
            _ => Effort::Default,
        }
    }

    fn cells(&self) -> Vec<Cell> {
        if self.full {
            return plan::grid();
        }
        let mut cells = self.cell.clone();
        if cells.is_empty() {
            cells.extend(plan::NAMED.map(|(_, cell)| cell));
        }
        let mut seen = Vec::new();
        cells.retain(|cell| {
            let new = !seen.contains(cell);
            seen.push(*cell);
            new
        });
        cells
    }

    fn kinds(&self) -> Result<Vec<Entry>, String> {
        for id in &self.kinds {
            if subjects::ALL.iter().any(|entry| entry.kind.id == id) {
                continue;
            }
            let hint = if subjects::NOT_BUILT.contains(&id.as_str()) {
                format!("kind '{id}' is not in this build: add --features rivals after cargo run")
            } else {
                format!("unknown kind '{id}'")
            };
            let valid: Vec<_> = subjects::ALL.iter().map(|entry| entry.kind.id).collect();
            return Err(format!("{hint}; the kinds of this build are {}", valid.join(", ")));
        }
        let chosen = |entry: &&Entry| {
            self.kinds.is_empty() || self.kinds.iter().any(|id| id == entry.kind.id)
        };
        Ok(subjects::ALL.iter().filter(chosen).copied().collect())
    }
}

/// A cell's name: short if it is one of the default plan.
fn name(cell: &Cell) -> String {
    let named = plan::NAMED.iter().find(|(_, named)| named == cell);
    named.map_or_else(|| cell.id(), |(name, _)| (*name).to_owned())
}

fn execute(arguments: &Arguments, raw: &[String]) -> Result<ExitCode, String> {
    let kinds = arguments.kinds()?;
    let cells = arguments.cells();
    if arguments.list {
        return print(&list(&kinds, &cells));
    }
    for cell in &cells {
        if let Some(reasons) = impossible(cell, &kinds) {
            return Err(format!("no selected kind can answer cell {}: {reasons}", cell.id()));
        }
    }
    let samples = run::samples_per_round(&kinds, &cells);
    let effort = arguments.effort();
    let plan = Plan::new(cells, samples, arguments.budget.or(effort.budget()))?;
    let mut file = arguments.json.as_deref().map(open).transpose()?;

    let seed = arguments.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let (machine, placement) = (Machine::read(), Placement::read());
    if !machine.optimised {
        eprintln!("warning: debug build, the figures mean nothing; use cargo run --release");
    }
    eprintln!(
        "measuring {}: {samples} samples of {} ms in each of {} rounds, about {}",
        counted(plan.cells.len(), "cell"),
        plan.timing.window.as_millis(),
        plan.rounds,
        spoken(plan.estimate)
    );
    let before = Load::read();
    let mut progress = Progress::new(&plan, samples);
    let result =
        run::run(&plan, &kinds, &placement, &mut fastrand::Rng::with_seed(seed), &mut progress);
    progress.finish();
    let after = Load::read();

    let context = json::Context {
        arguments: raw,
        seed,
        effort,
        plan: &plan,
        kinds: &kinds,
        machine: &machine,
        placement: &placement,
        before,
        after,
    };
    let (document, end) = match result {
        Ok(outcome) => {
            let summaries: Vec<_> =
                outcome.cells.iter().map(|cell| Summary::new(cell, seed)).collect();
            let document = json::success(&context, &outcome, &summaries);
            (document, Ok(text(&context, &outcome, &summaries)))
        }
        Err(failure) => (json::failure(&context, &failure), Err(failure)),
    };
    if let Some((file, path)) = &mut file {
        write_json(file, &document).map_err(|error| cannot_write(path, &error))?;
    }
    match end {
        Ok(text) => print(&text),
        Err(failure) => {
            let (message, code) = explain(&failure);
            eprintln!("error: {message}");
            Ok(ExitCode::from(code))
        }
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 120.0 { format!("{seconds:.0} s") } else { format!("{:.1} min", seconds / 60.0) }
}

/// What to tell the user, and the exit code.
fn explain(failure: &Failure) -> (String, u8) {
    match failure {
        Failure::Starved { kind, cell } => {
            let message = format!(
                "no message of {kind} moved in cell {}, several times over: the machine is too \
                 busy; free it, or give more time with --budget",
                cell.id()
            );
            (message, USAGE)
        }
        Failure::Breach { kind, cell, breach } => {
            let message = format!(
                "{kind} broke its contract in cell {}\n  expected: {}\n  seen:     {}",
                cell.id(),
                breach.expected,
                breach.seen
            );
            (message, BREACH)
        }
    }
}

/// Why no kind can answer `cell`, if so.
fn impossible(cell: &Cell, kinds: &[Entry]) -> Option<String> {
    let reasons: Option<Vec<_>> = kinds
        .iter()
        .map(|entry| entry.refuses(cell).map(|reason| format!("{} {reason}", entry.kind.id)))
        .collect();
    reasons.map(|reasons| reasons.join("; ") + " (see --list)")
}

fn list(kinds: &[Entry], cells: &[Cell]) -> String {
    let mut text = table::kinds(kinds, subjects::NOT_BUILT);
    text.push_str("\ncells\n");
    for cell in cells {
        text.push_str(&format!("  {:<10}  {cell}\n", name(cell)));
        for entry in kinds {
            if let Some(reason) = entry.refuses(cell) {
                text.push_str(&format!("      n/a {}: {reason}\n", entry.kind.id));
            }
        }
    }
    text
}

/// Opens the file without touching what is in it: a run that fails leaves no half result.
fn open(path: &Path) -> Result<(File, &Path), String> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    file.map(|file| (file, path)).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!(
        "can't write {}: {error}; give --json a file in a folder that exists and is writable",
        path.display()
    )
}

fn write_json(file: &mut File, document: &serde_json::Value) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.write_all(&text)
}

fn text(context: &json::Context<'_>, outcome: &Outcome, summaries: &[Summary]) -> String {
    let json::Context { machine, placement, before, after, plan, .. } = *context;
    let mut text = format!("raddle-bench {}\n", env!("CARGO_PKG_VERSION"));
    text.push_str(&table::machine(machine, placement, before, after));
    text.push_str(&format!(
        "\nseed {}, {} of {} rounds, windows of {} ms, {:.0} s in all\n{}\n",
        context.seed,
        outcome.rounds,
        plan.rounds,
        plan.timing.window.as_millis(),
        outcome.elapsed.as_secs_f64(),
        report::METHOD
    ));
    text.push_str(&table::kinds(context.kinds, subjects::NOT_BUILT));
    text.push('\n');
    text.push_str(table::LEGEND);
    text.push('\n');
    for summary in summaries {
        text.push_str(&table::cell(summary, placement));
        text.push('\n');
    }
    text.push_str(&verdict::text(summaries, |summary| name(&summary.cell)));
    text.push_str(&format!(
        "Verified: {} messages, none lost, doubled, reordered or torn.\n",
        outcome.verified
    ));
    text.push_str(&table::warnings(machine, before, after, outcome.rounds));
    text
}

/// Writes the result; a reader that went away is no error.
fn print(text: &str) -> Result<ExitCode, String> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("can't write to stdout: {error}"))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Breach;

    #[test]
    fn a_breach_is_exit_code_3_and_names_kind_cell_and_both_sides() {
        let breach = Breach { expected: "10 messages".to_owned(), seen: "9 messages".to_owned() };
        let (message, code) = explain(&Failure::Breach { kind: "queue", cell: Cell::BASE, breach });
        assert_eq!(code, 3);
        for part in ["queue", "capacity=1024", "10 messages", "9 messages"] {
            assert!(message.contains(part), "no '{part}' in {message}");
        }
    }

    #[test]
    fn a_machine_too_busy_is_exit_code_2_with_a_remedy() {
        let (message, code) = explain(&Failure::Starved { kind: "queue", cell: Cell::BASE });
        assert!(code == 2 && message.contains("--budget"), "{code}: {message}");
    }
}
