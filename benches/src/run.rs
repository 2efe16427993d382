//! The rounds: every kind once per round in every cell, in shuffled order, and its twin with it.

use core::time::Duration;
use std::time::Instant;

use fastrand::Rng;

use crate::cell::Cell;
use crate::driver::{Flaw, Sample};
use crate::machine::Placement;
use crate::memory::Filled;
use crate::message::Breach;
use crate::plan::{self, LEAST_ROUNDS, Plan};
use crate::subject::{Entry, Kind};

/// How often a sample in which nothing moved is tried again.
const RETRIES: usize = 5;
/// A run that takes longer than this many times its estimate ends after the current round.
const PATIENCE: f64 = 1.3;

/// Who is asked.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The kinds selected.
    pub kinds: &'a [Entry],
    /// In each cell those of the default plan only.
    pub usual: bool,
}

/// Who of them is asked in one cell.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Those who are.
    pub entries: Vec<Entry>,
    /// Kinds that can't answer it, each with its reason.
    pub refused: Vec<(Kind, String)>,
    /// Kinds that could, but are left out of the default plan.
    pub left_out: Vec<Kind>,
}

impl Field<'_> {
    /// Who is asked in `cell`.
    pub fn asked(&self, cell: &Cell) -> Asked {
        let (mut entries, mut refused, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for entry in self.kinds {
            match entry.refuses(cell) {
                Some(reason) => refused.push((entry.kind, reason)),
                None if self.usual && !plan::is_usual(&entry.kind, cell) => {
                    left_out.push(entry.kind);
                }
                None => entries.push(*entry),
            }
        }
        Asked { entries, refused, left_out }
    }

    /// Samples that one round in these cells takes, twins included.
    pub fn samples_per_round(&self, cells: &[Cell]) -> usize {
        cells.iter().map(|cell| self.asked(cell).entries.len() + 1).sum()
    }
}

/// One kind in one cell.
#[derive(Debug, Clone)]
pub struct Row {
    /// Who it is.
    pub kind: Kind,
    /// The same kind once more, under another name: what it seems to differ by is noise.
    pub twin: bool,
    /// What it takes in memory when full, if it can be filled.
    pub memory: Option<Filled>,
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
    /// Kinds that could, but are left out of the default plan.
    pub left_out: Vec<Kind>,
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
    /// Messages and additions verified, in all samples.
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
    /// Whether to end after this round.
    fn stop(&self) -> bool {
        false
    }
}

/// Carries out a plan.
///
/// # Errors
///
/// On the first breach of a queue's contract, or if the machine is too busy to move messages.
pub fn run(
    plan: &Plan,
    field: Field<'_>,
    placement: &Placement,
    rng: &mut Rng,
    watcher: &mut impl Watcher,
) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let mut verified = 0;
    let mut cells: Vec<(Measured, Vec<Entry>)> =
        plan.cells.iter().map(|cell| prepare(*cell, field)).collect();
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
        let late = start.elapsed() > plan.estimate.mul_f64(PATIENCE);
        if rounds >= LEAST_ROUNDS && late || watcher.stop() {
            break;
        }
    }
    let cells = cells.into_iter().map(|(measured, _)| measured).collect();
    Ok(Outcome { cells, rounds, elapsed: start.elapsed(), verified })
}

/// A cell's rows, each beside its entry.
fn prepare(cell: Cell, field: Field<'_>) -> (Measured, Vec<Entry>) {
    let Asked { mut entries, refused, left_out } = field.asked(&cell);
    let row = |entry: &Entry| Row {
        kind: entry.kind,
        twin: false,
        memory: entry.fill(&cell),
        samples: Vec::new(),
    };
    let mut rows: Vec<_> = entries.iter().map(row).collect();
    if let Some((first, entry)) = rows.first().cloned().zip(entries.first().copied()) {
        rows.push(Row { twin: true, ..first });
        entries.push(entry);
    }
    (Measured { cell, rows, refused, left_out }, entries)
}

/// The numbers below `n`, in any order.
pub(crate) fn shuffled(n: usize, rng: &mut Rng) -> Vec<usize> {
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
