//! One queue for all threads, or several narrower ones: the comparer's own cells, with a short plan.

use core::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::lab::{Experiment, Finding, Lab, Stop, note};
use crate::cell::{Cell, Queues};
use crate::plan::{self, Plan};
use crate::report::summary::Summary;
use crate::report::topology::{self, Answer};
use crate::run::{self, Failure, Field, Watcher};
use crate::subject::Kind;
use crate::subjects;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "topology",
    question: "Is one queue for all threads slower than many narrow ones?",
    run,
};

/// Says nothing, and knows of Ctrl-C.
struct Quiet<'a>(&'a AtomicBool);

impl Watcher for Quiet<'_> {
    fn before(&mut self, _round: usize, _cell: &Cell, _kind: &Kind) {}
    fn round(&mut self, _round: usize) {}
    fn stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let asking = plan::named().map(|(_, cell)| cell);
    let mut cells: Vec<_> = asking.filter(|cell| cell.queues == Queues::Any).collect();
    if lab.quick {
        cells.truncate(1);
    }
    let field = Field { kinds: subjects::ALL, usual: true };
    let samples = field.samples_per_round(&cells);
    let plan = Plan::within(cells.clone(), samples, lab.budget(7.0))
        .unwrap_or_else(|_| Plan::least(cells, samples));
    let mut watcher = Quiet(lab.interrupted);
    let outcome =
        run::run(&plan, field, lab.placement, &mut lab.rng, &mut watcher).map_err(explain)?;
    lab.go_on()?;
    let summaries: Vec<_> = outcome.cells.iter().map(|cell| Summary::new(cell, lab.seed)).collect();
    let floors: Vec<_> = summaries.iter().map(|summary| summary.floor).collect();
    let answers = topology::answers(&outcome.cells, &floors, lab.seed);
    let mut text = topology::text(&answers);
    note(
        &mut text,
        format!(
            "{} rounds of the comparer's cells; {} messages verified. Its own run, cargo run \
             --release, takes more samples.",
            outcome.rounds, outcome.verified
        ),
    );
    let words = words(&answers);
    let data = json!({ "rounds": outcome.rounds, "noise_floors": floors, "answers": answers });
    Ok(Finding { text, words, data })
}

fn explain(failure: Failure) -> Stop {
    match failure {
        Failure::Breach { kind, breach, .. } => {
            Stop::Broken(format!("{kind}: expected {}, seen {}", breach.expected, breach.seen))
        }
        Failure::Starved { kind, .. } => Stop::Cannot(format!(
            "no message of {kind} moved, several times over: the machine is too busy"
        )),
    }
}

fn words(answers: &[Answer]) -> String {
    let each = answers.iter().map(|answer| {
        let several = answer.others.iter().filter(|way| way.queues > 1);
        let best = several.min_by(|a, b| a.time.median.total_cmp(&b.time.median));
        let said = match best {
            Some(way) if way.clear && way.time.median < 1.0 => format!(
                "{} are faster than one for all, a message takes {} (and they give up {})",
                way.name(),
                way.compared(),
                way.gives_up
            ),
            Some(way) if way.clear => {
                format!(
                    "one queue for all is faster: with {} it takes {}",
                    way.name(),
                    way.compared()
                )
            }
            Some(way) => format!(
                "many narrow queues are not clearly faster than one for all ({}: {})",
                way.name(),
                way.compared()
            ),
            None => "there was nothing to compare with".to_owned(),
        };
        format!("{}: {said}.", answer.topology)
    });
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Breach;

    #[test]
    fn a_breach_is_a_break_and_a_busy_machine_a_reason() {
        let breach = Breach { expected: "3".to_owned(), seen: "2".to_owned() };
        let stop = explain(Failure::Breach { kind: "queue", cell: Cell::BASE, breach });
        assert_eq!(stop, Stop::Broken("queue: expected 3, seen 2".to_owned()));
        let stop = explain(Failure::Starved { kind: "queue", cell: Cell::BASE });
        assert!(matches!(stop, Stop::Cannot(why) if why.contains("queue")));
    }
}
