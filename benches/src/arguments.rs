//! What may be asked on the command line.

use core::time::Duration;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::atomics;
use crate::cell::{Cell, Several};
use crate::plan::{self, Effort};
use crate::subject::Entry;
use crate::subjects;

/// Compares queue topologies on this machine, and says which queue to use.
///
/// Without arguments, in about a minute and a half: one producer to one consumer, one factor varied at a time; several
/// producers and consumers, bounded and unbounded, single items and batches; and the same traffic through one queue for
/// all threads or through several narrower ones; then stacks and counters. The result goes to stdout, progress to stderr.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Exit codes: 0 ok; 2 bad arguments, or an environment that can't be used;
            3 a queue lost, doubled, reordered or tore a message, or an experiment saw what
            must never be; 130 an experiment was interrupted."
)]
pub struct Arguments {
    /// A first look: all cells, shorter samples, about ten seconds
    #[arg(long, conflicts_with_all = ["full", "budget"])]
    pub(crate) quick: bool,

    /// The grid: every batch, payload, capacity and mode; says first how long it will take
    #[arg(long, conflicts_with = "cell")]
    pub(crate) full: bool,

    /// Seconds to measure; scales the rounds, and the samples where it must
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) budget: Option<Duration>,

    /// Measure these kinds only, such as rtrb,mutex, or families such as raddle; see --list
    #[arg(long, value_name = "KIND,...", value_delimiter = ',')]
    pub(crate) kinds: Vec<String>,

    /// Measure this cell: a name of --list, or such as topology=4x1,batch=32; may be repeated
    ///
    /// A family's name is all of its cells: stack, counters. Keys: structure=queue|stack|counter, topology=PxC, mode=stream|alone|round-trip|pairs|bursts, batch=N, payload=8|64|256, capacity=N|unbounded, cores=all|1
    /// (all threads on one), queues=one|any (also several queues that share the traffic: the topology question).
    #[arg(long, value_name = "CELL", value_parser = Cell::parse_some)]
    pub(crate) cell: Vec<Several>,

    /// The seed of the order of samples and of the intervals; drawn and printed if not given
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Write everything, raw samples included, to this file
    #[arg(long, value_name = "FILE", value_parser = parse_file)]
    pub(crate) json: Option<PathBuf>,

    /// Print kinds and cells, with the reasons why a kind has no figure in a cell
    #[arg(long)]
    pub(crate) list: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else than comparing queues can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Experiments: what atomics cost on this machine, and why; about a minute
    Atomics(atomics::Arguments),
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(seconds > 0.0 && seconds <= 86_400.0) {
        return Err("use more than 0 and at most 86400 seconds (a day)".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

pub(crate) fn parse_file(text: &str) -> Result<PathBuf, String> {
    if text == "-" {
        return Err("the table goes to stdout: name a file".to_owned());
    }
    Ok(text.into())
}

/// Whether `word` names this kind, or its family: `raddle` is `raddle-spsc` and all the others.
fn is_meant(entry: &Entry, word: &str) -> bool {
    let rest = entry.kind.id.strip_prefix(word);
    !word.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

impl Arguments {
    /// Whether neither kinds nor cells were chosen.
    pub(crate) fn is_default_plan(&self) -> bool {
        !self.full && self.kinds.is_empty() && self.cell.is_empty()
    }

    /// How much is asked for.
    pub(crate) fn effort(&self) -> Effort {
        match (self.quick, self.full) {
            (true, _) => Effort::Quick,
            (_, true) => Effort::Full,
            _ => Effort::Default,
        }
    }

    /// The cells asked for, each once.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        if self.full {
            return plan::grid();
        }
        let mut cells: Vec<_> = self.cell.iter().flat_map(|several| several.0.clone()).collect();
        if cells.is_empty() {
            cells.extend(plan::DEFAULT.map(|(_, cell)| cell));
        }
        let mut seen = Vec::new();
        cells.retain(|cell| {
            let new = !seen.contains(cell);
            seen.push(*cell);
            new
        });
        cells
    }

    /// The kinds asked for, in the order of the table of kinds.
    pub(crate) fn kinds(&self) -> Result<Vec<Entry>, String> {
        for id in &self.kinds {
            if subjects::ALL.iter().any(|entry| is_meant(entry, id)) {
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
            self.kinds.is_empty() || self.kinds.iter().any(|id| is_meant(entry, id))
        };
        Ok(subjects::ALL.iter().filter(chosen).copied().collect())
    }
}
