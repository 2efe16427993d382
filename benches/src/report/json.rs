//! Everything, for programs: raw samples of every round, and the summary that the table shows.

use core::time::Duration;

use serde_json::{Value, json};

use crate::machine::{Load, Machine, Placement};
use crate::plan::{self, Effort, Plan};
use crate::report::METHOD;
use crate::report::duel::Duel;
use crate::report::summary::{Line, Summary};
use crate::report::topology::Answer;
use crate::run::{Failure, Measured, Outcome};
use crate::subject::{Entry, Kind};

/// Raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 2;

/// What a run was given.
#[derive(Debug)]
pub struct Context<'a> {
    /// The arguments, the program's name excepted.
    pub arguments: &'a [String],
    /// The seed of shuffles and intervals.
    pub seed: u64,
    /// How much was asked for.
    pub effort: Effort,
    /// What was planned.
    pub plan: &'a Plan,
    /// The kinds selected.
    pub kinds: &'a [Entry],
    /// The machine.
    pub machine: &'a Machine,
    /// Where threads went.
    pub placement: &'a Placement,
    /// Its load before the first sample.
    pub before: Load,
    /// Its load after the last one.
    pub after: Load,
}

/// Where figures come from, whatever they are about.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) arguments: &'a [String],
    pub(crate) seed: u64,
    pub(crate) effort: Effort,
    pub(crate) method: &'a str,
    pub(crate) machine: &'a Machine,
    pub(crate) placement: &'a Placement,
    pub(crate) before: Load,
    pub(crate) after: Load,
}

/// The head of every document.
pub(crate) fn origin(origin: &Origin<'_>) -> Value {
    json!({
        "schema": SCHEMA,
        "program": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "arguments": origin.arguments,
        "seed": origin.seed,
        "effort": origin.effort,
        "method": origin.method,
        "machine": origin.machine,
        "placement": origin.placement.cpus,
        "load": { "before": origin.before, "after": origin.after },
    })
}

fn head(context: &Context<'_>) -> Value {
    let Context { arguments, seed, effort, machine, placement, before, after, .. } = *context;
    let mut document = origin(&Origin {
        arguments,
        seed,
        effort,
        method: METHOD,
        machine,
        placement,
        before,
        after,
    });
    let more = json!({
        "wait": "crossbeam_utils::Backoff::snooze between failed tries; where threads share CPUs, \
                 each 128th is the shortest sleep",
        "plan": {
            "rounds": context.plan.rounds,
            "warm_up_ms": millis(context.plan.timing.warm_up),
            "window_ms": millis(context.plan.timing.window),
            "calls_ms": millis(context.plan.timing.calls),
            "estimate_s": context.plan.estimate.as_secs_f64(),
        },
        "kinds": context.kinds.iter().map(|entry| kind(&entry.kind)).collect::<Vec<_>>(),
    });
    if let Value::Object(more) = more {
        more.into_iter().for_each(|(key, value)| document[key] = value);
    }
    document
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn kind(kind: &Kind) -> Value {
    json!({
        "id": kind.id,
        "title": kind.title,
        "origin": kind.origin.text(),
        "role": kind.role,
        "structure": kind.structure,
        "ends": kind.ends,
        "batch": kind.batch,
        "bound": kind.bound,
        "spread": kind.spread,
        "note": kind.note,
    })
}

/// The document of a run that went through.
pub fn success(
    context: &Context<'_>,
    outcome: &Outcome,
    summaries: &[Summary],
    duels: &[Duel],
    answers: &[Answer],
) -> Value {
    let mut document = head(context);
    document["rounds"] = json!(outcome.rounds);
    document["elapsed_s"] = json!(outcome.elapsed.as_secs_f64());
    document["verified_messages"] = json!(outcome.verified);
    document["failure"] = Value::Null;
    let cells = outcome
        .cells
        .iter()
        .zip(summaries)
        .map(|(measured, summary)| cell(measured, summary, context.placement));
    document["cells"] = cells.collect();
    document["ours_against_best_rival"] = json!(duels);
    document["topology_question"] = json!(answers);
    document
}

/// The document of a run that ended early.
pub fn failure(context: &Context<'_>, failure: &Failure) -> Value {
    let mut document = head(context);
    document["failure"] = match failure {
        Failure::Breach { kind, cell, breach } => json!({
            "what": "breach",
            "kind": kind,
            "cell": cell.id(),
            "expected": breach.expected,
            "seen": breach.seen,
        }),
        Failure::Starved { kind, cell } => json!({
            "what": "starved",
            "kind": kind,
            "cell": cell.id(),
        }),
    };
    document
}

fn cell(measured: &Measured, summary: &Summary, placement: &Placement) -> Value {
    let rows = measured.rows.iter().map(|row| {
        let line = summary.lines.iter().find(|line| line.kind.id == row.kind.id && !row.twin);
        json!({
            "kind": row.kind.id,
            "twin": row.twin,
            "queues": row.kind.queues(measured.cell.topology),
            "memory": row.memory,
            "summary": line.map(|line| figures(line, summary)),
            "samples": row.samples,
        })
    });
    let refused = measured.refused.iter();
    json!({
        "id": measured.cell.id(),
        "cell": measured.cell,
        "unit": format!("ns per {}", measured.cell.unit()),
        "reference": summary.best().map(|best| best.kind.id),
        "noise_floor": summary.twin.map(|(kind, ratio)| json!({
            "kind": kind.id,
            "twin_ratio": ratio,
            "factor": summary.floor,
        })),
        "name": plan::name(&measured.cell),
        "oversubscribed": placement.oversubscribed(measured.cell.threads()),
        "pinned": summary.pinned,
        "warm": summary.warm,
        "rows": rows.collect::<Vec<_>>(),
        "not_applicable": refused
            .map(|(kind, reason)| json!({ "kind": kind.id, "reason": reason }))
            .collect::<Vec<_>>(),
        "left_out": measured.left_out.iter().map(|kind| kind.id).collect::<Vec<_>>(),
    })
}

fn figures(line: &Line, summary: &Summary) -> Value {
    json!({
        "ns": line.ns,
        "time_ratio_to_reference": line.ratio,
        "standing": line.standing,
        "cpu_ns": line.cpu_ns,
        "failed_share": line.regime,
        "regime": line.regime.word(summary.cell.mode),
        "call_p999_ns": line.call_ns,
        "least_share": line.shares,
        "bytes_per_item": line.memory.map(|memory| memory.per_item()),
    })
}
