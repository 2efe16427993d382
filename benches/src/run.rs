//! The rounds: every kind once per round in every cell, in shuffled order, and its twin with it.

use core::time::Duration;
use std::time::Instant;

use fastrand::Rng;

use crate::cell::Cell;
use crate::driver::{Flaw, Sample};
use crate::machine::Placement;
use crate::message::Breach;
use crate::plan::{LEAST_ROUNDS, Plan};
use crate::subject::{Entry, Kind};

/// How often a sample in which nothing moved is tried again.
const RETRIES: usize = 5;
/// A run that takes longer than this many times its estimate ends after the current round.
const PATIENCE: f64 = 1.3;

/// One kind in one cell.
#[derive(Debug, Clone)]
pub struct Row {
    /// Who it is.
    pub kind: Kind,
    /// The same kind once more, under another name: what it seems to differ by is noise.
    pub twin: bool,
    /// One sample per completed round.
    pub samples: Vec<Sample>,
}

/// A cell with all that was measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The cell.
    pub cell: Cell,
    /// Kinds in the order of the table of kinds, and the twin of the first.
    pub rows: Vec<Row>,
    /// Kinds that can't answer it, each with its reason.
    pub refused: Vec<(Kind, String)>,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Every cell of the plan.
    pub cells: Vec<Measured>,
    /// Rounds that were completed.
    pub rounds: usize,
    /// How long they took.
    pub elapsed: Duration,
    /// Messages verified, in all samples.
    pub verified: u64,
}

/// Why a run ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A queue broke its contract.
    Breach {
        /// Which.
        kind: &'static str,
        /// In which cell.
        cell: Cell,
        /// What it did.
        breach: Breach,
    },
    /// Again and again no message moved.
    Starved {
        /// Through which queue.
        kind: &'static str,
        /// In which cell.
        cell: Cell,
    },
}

/// Told between samples, never during one.
pub trait Watcher {
    /// A sample of `kind` will be taken.
    fn before(&mut self, round: usize, cell: &Cell, kind: &Kind);
    /// The round is complete.
    fn round(&mut self, round: usize);
}

/// Samples that one round of these kinds in these cells takes, twins included.
pub fn samples_per_round(kinds: &[Entry], cells: &[Cell]) -> usize {
    let able = |cell| kinds.iter().filter(|entry| entry.refuses(cell).is_none()).count();
    cells.iter().map(|cell| able(cell) + 1).sum()
}

/// Carries out a plan.
///
/// # Errors
///
/// On the first breach of a queue's contract, or if the machine is too busy to move messages.
pub fn run(
    plan: &Plan,
    kinds: &[Entry],
    placement: &Placement,
    rng: &mut Rng,
    watcher: &mut impl Watcher,
) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let mut verified = 0;
    let mut cells: Vec<(Measured, Vec<Entry>)> =
        plan.cells.iter().map(|cell| prepare(*cell, kinds)).collect();
    let mut rounds = 0;
    while rounds < plan.rounds {
        for index in shuffled(cells.len(), rng) {
            let (measured, entries) = &mut cells[index];
            let cell = measured.cell;
            for index in shuffled(entries.len(), rng) {
                let (entry, row) = (&entries[index], &mut measured.rows[index]);
                watcher.before(rounds, &cell, &entry.kind);
                let sample = sample(entry, &cell, plan, placement)?;
                verified += sample.verified;
                row.samples.push(sample);
            }
        }
        watcher.round(rounds);
        rounds += 1;
        if rounds >= LEAST_ROUNDS && start.elapsed() > plan.estimate.mul_f64(PATIENCE) {
            break;
        }
    }
    let cells = cells.into_iter().map(|(measured, _)| measured).collect();
    Ok(Outcome { cells, rounds, elapsed: start.elapsed(), verified })
}

/// A cell's rows, each beside its entry.
fn prepare(cell: Cell, kinds: &[Entry]) -> (Measured, Vec<Entry>) {
    let (mut entries, mut refused) = (Vec::new(), Vec::new());
    for entry in kinds {
        match entry.refuses(&cell) {
            None => entries.push(*entry),
            Some(reason) => refused.push((entry.kind, reason)),
        }
    }
    let row = |entry: &Entry, twin| Row { kind: entry.kind, twin, samples: Vec::new() };
    let mut rows: Vec<_> = entries.iter().map(|entry| row(entry, false)).collect();
    if let Some(first) = entries.first().copied() {
        rows.push(row(&first, true));
        entries.push(first);
    }
    (Measured { cell, rows, refused }, entries)
}

fn shuffled(n: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<_> = (0..n).collect();
    rng.shuffle(&mut order);
    order
}

fn sample(
    entry: &Entry,
    cell: &Cell,
    plan: &Plan,
    placement: &Placement,
) -> Result<Sample, Failure> {
    let (kind, cell) = (entry.kind.id, *cell);
    for _ in 0..RETRIES {
        match entry.sample(&cell, &plan.timing, placement) {
            Ok(sample) => return Ok(sample),
            Err(Flaw::Breach(breach)) => return Err(Failure::Breach { kind, cell, breach }),
            Err(Flaw::Starved) => {}
        }
    }
    Err(Failure::Starved { kind, cell })
}
