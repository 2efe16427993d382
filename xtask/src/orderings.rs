//! The table of ordering mutants, kept in `docs/orderings.md`: each edge, each weaker ordering, and the model that
//! kills it or the reason why none can.

use core::fmt::Write;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::document::Document;
use crate::labels::{self, Source, Use};
use crate::models;
use crate::run::{Log, Outcome, Project, Stop};
use crate::suites::counted;

const SURVIVORS: &str = "loom-tests/survivors.toml";
/// The weaker ordering of an edge that no model reaches.
const UNREACHED: &str = "unreached";

const DOCUMENT: Document =
    Document { path: "docs/orderings.md", command: "cargo xtask orderings --write", head: HEAD };

/// Around the table, if the document doesn't exist yet.
const HEAD: &str = "\
# Orderings and their mutants

Each ordering stronger than `Relaxed` has a label, its *edge*, in the head of its file. The runner weakens one ordering
at a time and runs the models that reach it on the patched model checker. A mutant is killed by the first model that
fails: by a data race, an outcome that must not be, a leak, or a loop without end. What no model kills stays as strong
as it is, with the interleaving that needs it: to relax an ordering takes an argument from the memory model, never only
a green run.

";

/// A line of the mutants runner.
#[derive(Debug, PartialEq, Eq)]
struct Mutant {
    file: String,
    line: usize,
    column: usize,
    failure: bool,
    ordering: String,
    weaker: String,
    /// The model and how it failed.
    killer: Option<(String, String)>,
}

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    edge: String,
    place: String,
    ordering: String,
    weaker: String,
    killer: Option<(String, String)>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivors {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

/// An edge whose weaker forms no model kills, and why it stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    /// As in the table: `raw/line::P1`.
    edge: String,
    ordering: String,
    weaker: Vec<String>,
    /// The interleaving that needs the ordering.
    needs: String,
    /// Why our bounds can't show it.
    bounds: String,
}

pub(crate) fn check(project: &Project, log: &mut Log) -> Outcome {
    let (table, counts) = judge(project, log)?;
    DOCUMENT.check(&project.root, log, &table)?;
    Ok(counts)
}

pub(crate) fn write(project: &Project, log: &mut Log) -> Outcome {
    let (table, counts) = judge(project, log)?;
    DOCUMENT.write(&project.root, &table)?;
    Ok(counts)
}

/// Runs the mutants; the generated part of the document and a count.
fn judge(project: &Project, log: &mut Log) -> Result<(String, String), Stop> {
    let sources = labels::read(&project.root).map_err(Stop::failed)?;
    let survivors = survivors(&project.root)?;
    // The table is the same whatever the models' bound in a long run.
    let ran = if models::is_bound_set() {
        &models::run_each_as_bounded(project, log)?
    } else {
        project.models(log)?
    };
    let path = project.target.join("xtask").join("baselines.txt");
    let shown = path.display().to_string();
    fs::write(&path, ran).map_err(|error| Stop::Failed(format!("{shown}: {error}")))?;
    let mut judge = models::mutants(project, log, &["judge", &shown])?;
    let output = log.run(judge.env_remove(models::PREEMPTIONS))?;

    let lines = output.lines().filter(|line| line.starts_with("mutant\t"));
    let mutants = lines
        .map(|line| parse(line).ok_or_else(|| Stop::Failed(format!("can't read `{line}`"))))
        .collect::<Result<Vec<_>, _>>()?;
    if mutants.is_empty() {
        return Err(Stop::failed("no mutant ran"));
    }
    let (rows, mut problems) = rows(&sources, &mutants);
    problems.extend(unexplained(&rows, &survivors));
    if !problems.is_empty() {
        problems.iter().for_each(|problem| log.note(problem));
        return Err(Stop::Failed(counted(problems.len(), "problem")));
    }
    Ok((render(&rows, &survivors), counted(mutants.len(), "mutant")))
}

fn survivors(root: &Path) -> Result<Survivors, Stop> {
    let wrong = |why: String| Stop::Failed(format!("{SURVIVORS}: {why}"));
    let text =
        fs::read_to_string(root.join(SURVIVORS)).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// `mutant  FILE:LINE:COLUMN:KIND:ORDERING  WEAKER  killed  MODEL  HOW`, or `survived`.
fn parse(line: &str) -> Option<Mutant> {
    let mut fields = line.split('\t').skip(1);
    let mut site = fields.next()?.rsplitn(5, ':');
    let ordering = site.next()?.into();
    let failure = site.next()? == "Failure";
    let column = site.next()?.parse().ok()?;
    let line = site.next()?.parse().ok()?;
    let file = site.next()?.into();
    let weaker = fields.next()?.into();
    let killer = match fields.next()? {
        "killed" => Some((fields.next()?.into(), fields.next()?.into())),
        "survived" => None,
        _ => return None,
    };
    Some(Mutant { file, line, column, failure, ordering, weaker, killer })
}

/// The table, and what is wrong with the sites themselves.
fn rows(sources: &[Source], mutants: &[Mutant]) -> (Vec<Row>, Vec<String>) {
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    let mut reached: Vec<*const Use> = Vec::new();
    for mutant in mutants {
        let Mutant { file, line, column, failure, ordering, weaker, killer } = mutant;
        if !file.starts_with("src/") {
            // A model's own ordering: were it to survive, the runner would be blind.
            if killer.is_none() {
                problems.push(format!("{file}:{line}: {ordering} -> {weaker} survives in a model"));
            }
            continue;
        }
        let source = sources.iter().find(|source| source.file == *file);
        let found = source.and_then(|source| {
            let found = source.use_at(*line, *column, ordering, *failure)?;
            Some((source, found, &source.edges[found.edge?].label))
        });
        let Some((source, found, label)) = found else {
            problems
                .push(format!("{file}:{line}: {ordering} has no label (see the suite `labels`)"));
            continue;
        };
        reached.push(found);
        rows.push(Row {
            edge: format!("{}::{label}", source.name),
            place: place(source, found),
            ordering: ordering.clone(),
            weaker: weaker.clone(),
            killer: killer.clone(),
        });
    }
    for source in sources {
        for found in
            source.uses.iter().filter(|found| !reached.contains(&core::ptr::from_ref(*found)))
        {
            let Some(edge) = found.edge.map(|edge| &source.edges[edge]) else { continue };
            rows.push(Row {
                edge: format!("{}::{}", source.name, edge.label),
                place: place(source, found),
                ordering: edge.ordering.clone(),
                weaker: UNREACHED.into(),
                killer: None,
            });
        }
    }
    rows.sort_by_cached_key(|row| natural(&row.edge));
    (rows, problems)
}

fn place(source: &Source, found: &Use) -> String {
    match source.function(found.line) {
        Some(function) => format!("{}, `{function}`", source.file),
        None => source.file.clone(),
    }
}

/// `P10` comes after `P2`.
fn natural(edge: &str) -> (String, u64) {
    let letters = edge.trim_end_matches(|c: char| c.is_ascii_digit());
    (letters.into(), edge[letters.len()..].parse().unwrap_or(0))
}

/// Survivors without a reason, and reasons without a survivor.
fn unexplained(rows: &[Row], Survivors { survivor }: &Survivors) -> Vec<String> {
    let mut problems = Vec::new();
    let is_about = |listed: &Survivor, row: &Row| {
        listed.edge == row.edge
            && listed.ordering == row.ordering
            && listed.weaker.contains(&row.weaker)
    };
    for row in rows.iter().filter(|row| row.killer.is_none()) {
        if !survivor.iter().any(|listed| is_about(listed, row)) {
            let Row { edge, place, ordering, weaker, .. } = row;
            let what = if weaker == UNREACHED {
                format!("no model reaches this {ordering}: write one")
            } else {
                format!("{ordering} -> {weaker} survives: write the model that needs it")
            };
            problems.push(format!("{edge} ({place}): {what}, or say why in {SURVIVORS}"));
        }
    }
    for listed in survivor {
        let Survivor { edge, ordering, needs, bounds, .. } = listed;
        if needs.trim().is_empty() || bounds.trim().is_empty() {
            problems.push(format!("{SURVIVORS}: {edge}: `needs` and `bounds` must say something"));
        }
        for weaker in &listed.weaker {
            let alive = rows
                .iter()
                .any(|row| row.killer.is_none() && row.weaker == *weaker && is_about(listed, row));
            if !alive {
                problems.push(format!(
                    "{SURVIVORS}: {edge}: {ordering} -> {weaker} doesn't survive (any more): remove it"
                ));
            }
        }
    }
    problems
}

/// The generated part: the table, and the survivors' reasons.
fn render(rows: &[Row], Survivors { survivor }: &Survivors) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = writeln!(text, "| edge | where | ordering | weakened to | killed by |");
    let _ = writeln!(text, "|---|---|---|---|---|");
    for Row { edge, place, ordering, weaker, killer } in rows {
        let killer = match killer {
            Some((model, how)) => format!("`{model}`: {how}"),
            None => "kept, see below".into(),
        };
        let _ = writeln!(text, "| {edge} | {place} | {ordering} | {weaker} | {killer} |");
    }
    let mut survivor: Vec<&Survivor> = survivor.iter().collect();
    survivor.sort_by_cached_key(|listed| natural(&listed.edge));
    for Survivor { edge, ordering, weaker, needs, bounds } in survivor {
        let weaker = weaker.join(", ");
        let (needs, bounds) = (needs.trim(), bounds.trim());
        let _ = writeln!(
            text,
            "\n**{edge}, {ordering} -> {weaker}.** *Needed by:* {needs} *Not shown because:* {bounds}"
        );
    }
    text
}

#[cfg(test)]
mod tests;
