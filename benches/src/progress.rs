//! Progress on stderr, drawn between samples only: no thread of ours runs beside a measurement.

use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cell::Cell;
use crate::plan::Plan;
use crate::run::Watcher;
use crate::subject::Kind;

/// A bar on a terminal, one line per round elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    rounds: usize,
    start: Instant,
}

impl Progress {
    /// For a plan with so many samples per round.
    pub fn new(plan: &Plan, samples: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let total = (samples * plan.rounds) as u64;
            // Draws when told to, never by a timer.
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("[{bar:24}] {prefix}, {eta} left  {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, rounds: plan.rounds, start: Instant::now() }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Progress {
    fn before(&mut self, round: usize, cell: &Cell, kind: &Kind) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("round {}/{}", round + 1, self.rounds));
            let batch = if cell.batch == 1 { String::new() } else { format!(" x{}", cell.batch) };
            bar.set_message(format!("{}, {}{batch}", kind.id, cell.mode.word()));
            bar.inc(1);
        }
    }

    fn round(&mut self, round: usize) {
        if self.bar.is_none() {
            let seconds = self.start.elapsed().as_secs_f64();
            eprintln!("round {} of {} done, {seconds:.1} s", round + 1, self.rounds);
        }
    }
}
