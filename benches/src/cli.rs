//! The command line: everything that can be refused is refused before anything is measured.

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::atomics;
use crate::cell::Cell;
use crate::machine::{Load, Machine, Placement};
use crate::plan::{self, Plan};
use crate::progress::Progress;
use crate::report::{
    self, counted, duel, footprint, json, section, summary::Summary, table, topology, verdict,
};
use crate::run::{self, Asked, Failure, Field, Outcome};
use crate::subject::Kind;
use crate::subjects;

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

fn execute(arguments: &Arguments, raw: &[String]) -> Result<ExitCode, String> {
    if let Some(Command::Atomics(arguments)) = &arguments.command {
        return atomics::execute(arguments, raw);
    }
    let kinds = arguments.kinds()?;
    let field = Field { kinds: &kinds, usual: arguments.is_default_plan() };
    let cells = arguments.cells();
    if arguments.list {
        return print(&list(field, &cells));
    }
    let (cells, impossible): (Vec<_>, Vec<_>) =
        cells.into_iter().partition(|cell| !field.asked(cell).entries.is_empty());
    // Cells that were asked for by name must be possible; of the plans, those are left that are.
    if let Some(cell) = impossible.iter().find(|_| !arguments.cell.is_empty() || cells.is_empty()) {
        let reasons = reasons(cell, field);
        return Err(format!("no selected kind can answer cell {}: {reasons}", cell.id()));
    }
    let samples = field.samples_per_round(&cells);
    let effort = arguments.effort();
    let plan = match arguments.budget {
        Some(budget) => Plan::within(cells, samples, budget)?,
        None => Plan::of_effort(cells, samples, effort),
    };
    let mut file = arguments.json.as_deref().map(open).transpose()?;

    let seed = arguments.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let (machine, placement) = (Machine::read(), Placement::read());
    warn_of_debug_builds(&machine);
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
        run::run(&plan, field, &placement, &mut fastrand::Rng::with_seed(seed), &mut progress);
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
            let floors: Vec<_> = summaries.iter().map(|summary| summary.floor).collect();
            let duels = duel::all(&outcome.cells, seed);
            let answers = topology::answers(&outcome.cells, &floors, seed);
            let document = json::success(&context, &outcome, &summaries, &duels, &answers);
            let text = [
                head(&context, &outcome),
                sections(&summaries, &placement, !field.usual),
                duel::text(&duels),
                topology::text(&answers),
                verdict::text(&summaries, |summary| plan::name(&summary.cell)),
                foot(&context, &outcome),
            ];
            (document, Ok(text.concat()))
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

pub(crate) fn warn_of_debug_builds(machine: &Machine) {
    if !machine.optimised {
        eprintln!("warning: debug build, the figures mean nothing; use cargo run --release");
    }
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

/// Why no kind can answer `cell`.
fn reasons(cell: &Cell, field: Field<'_>) -> String {
    let refused = field.asked(cell).refused;
    let reasons: Vec<_> =
        refused.iter().map(|(kind, reason)| format!("{} {reason}", kind.id)).collect();
    reasons.join("; ") + " (see --list)"
}

fn list(field: Field<'_>, cells: &[Cell]) -> String {
    let mut text = table::kinds(field.kinds, subjects::NOT_BUILT);
    text.push_str("\ncells\n");
    for cell in cells {
        let Asked { entries, refused, left_out } = field.asked(cell);
        let ids = |kinds: Vec<Kind>| kinds.iter().map(|kind| kind.id).collect::<Vec<_>>();
        let lines = [("measured", ids(entries.iter().map(|entry| entry.kind).collect()))]
            .into_iter()
            .chain([("left out", ids(left_out))])
            .map(|(what, ids)| (what.to_owned(), ids))
            .chain(table::by_reason(&refused, |kind| !field.usual || table::is_missed(kind, cell)));
        let head = format!("  {:<20} ", plan::name(cell));
        report::paragraph(&mut text, &head, &" ".repeat(23), &cell.to_string());
        for (what, ids) in lines.filter(|(_, ids)| !ids.is_empty()) {
            report::paragraph(&mut text, &format!("      {what}: "), "          ", &ids.join(", "));
        }
    }
    if field.usual {
        text.push_str(NOT_SAID);
    }
    text
}

/// What holds for every cell of the default plan.
const NOT_SAID: &str = "\
Queues, stacks and counters answer their own cells only; bounded kinds have no
figure in unbounded cells, nor the other way round; kinds of many queues answer
cells with queues=any only. What is left out of the default plan is measured
with --kinds, with --cell, and in the grid, and so are further cells: --cell
stack and --cell counters are all of those (1 to 8 threads).
";

/// Opens the file without touching what is in it: a run that fails leaves no half result.
pub(crate) fn open(path: &Path) -> Result<(File, &Path), String> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    file.map(|file| (file, path)).map_err(|error| cannot_write(path, &error))
}

pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!(
        "can't write {}: {error}; give --json a file in a folder that exists and is writable",
        path.display()
    )
}

pub(crate) fn write_json(file: &mut File, document: &serde_json::Value) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.write_all(&text)
}

fn head(context: &json::Context<'_>, outcome: &Outcome) -> String {
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
    text
}

fn sections(summaries: &[Summary], placement: &Placement, reasons: bool) -> String {
    let mut text = format!("{}\n", section::LEGEND);
    for summary in summaries {
        text.push_str(&section::cell(summary, placement, reasons));
        text.push('\n');
    }
    text.push_str(&footprint::text(summaries));
    text.push('\n');
    text
}

fn foot(context: &json::Context<'_>, outcome: &Outcome) -> String {
    let json::Context { machine, before, after, .. } = *context;
    let verified = format!(
        "Verified: {} messages and additions, none lost, doubled, reordered or torn.",
        outcome.verified
    );
    let mut text = String::new();
    report::paragraph(&mut text, "", "  ", &verified);
    text + &table::warnings(machine, before, after, outcome.rounds)
}

/// Writes the result; a reader that went away is no error.
pub(crate) fn print(text: &str) -> Result<ExitCode, String> {
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
