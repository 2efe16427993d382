//! The models, and `docs/models.md`: what each of them searches, and what it must see.

use core::fmt::Write;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::document::Document;
use crate::run::{Log, Outcome, Project, Stop};
use crate::suites::some;

const DOCUMENT: Document =
    Document { path: "docs/models.md", command: "cargo xtask models --write", head: HEAD };

const HEAD: &str = "\
# The models

Each row is a small program that the patched model checker runs in every interleaving within the bound: so many times at most
a thread is stopped that could have gone on. A model passes if nothing went wrong in any execution, if there were at least
so many of them, and if it saw exactly its outcomes, no more and no fewer: a search that covers too little fails. Run one
with `cargo xtask model NAME`, which prints its outcomes.

";

const SOURCES: &str = "loom-tests/src/models";
const PACKAGE: [&str; 3] = ["--release", "--package", "raddle-loom-tests"];

/// What a model reports of itself, on one line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Report<'a> {
    name: &'a str,
    bound: &'a str,
    at_least: &'a str,
    outcomes: &'a str,
}

impl<'a> Report<'a> {
    /// `model NAME: N executions, bound B, M ms; at least L, K outcomes: ...`
    fn parse(line: &'a str) -> Option<Self> {
        let (name, rest) = line.strip_prefix("model ")?.split_once(": ")?;
        let (_, rest) = rest.split_once(" executions, bound ")?;
        let (bound, rest) = rest.split_once(", ")?;
        let (_, rest) = rest.split_once(" ms; at least ")?;
        let (at_least, rest) = rest.split_once(", ")?;
        let (outcomes, _) = rest.split_once(" outcomes: ")?;
        Some(Self { name, bound, at_least, outcomes })
    }
}

pub(crate) fn check(project: &Project, log: &mut Log) -> Outcome {
    let (table, counts) = run(project, log)?;
    // With a bound of somebody's own the table is another.
    if !is_bound_set() {
        DOCUMENT.check(&project.root, log, &table)?;
    }
    Ok(counts)
}

pub(crate) fn write(project: &Project, log: &mut Log) -> Outcome {
    let (table, counts) = run(project, log)?;
    DOCUMENT.write(&project.root, &table)?;
    Ok(counts)
}

fn run(project: &Project, log: &mut Log) -> Result<(String, String), Stop> {
    let checker = project.checker(log)?;
    let output = project.models(log)?;
    let mut ran: Vec<Report<'_>> = output.lines().filter_map(Report::parse).collect();
    log.run(checker.cargo("test").args(PACKAGE).args(["--test", "must_fail", "--test", "users"]))?;
    log.run(checker.cargo("test").args(PACKAGE).arg("--doc"))?;
    ran.sort_unstable();
    let listed = listed(&project.root.join(SOURCES))
        .map_err(|error| Stop::Failed(format!("{SOURCES}: {error}")))?;
    let names: BTreeSet<&str> = ran.iter().map(|report| report.name).collect();
    let silent: Vec<&str> =
        listed.iter().map(|name| &**name).filter(|name| !names.contains(name)).collect();
    if !silent.is_empty() || ran.len() != listed.len() {
        let (of, ran) = (listed.len(), ran.len());
        let silent = silent.join(", ");
        return Err(Stop::Failed(format!("{of} models, but {ran} reported; silent: {silent}")));
    }
    Ok((render(&ran), some(ran.len(), "model")?))
}

/// Runs each model as it is written, in a process of its own; their reports, and what the mutants are judged by.
pub(crate) fn run_each(project: &Project, log: &mut Log) -> Result<String, Stop> {
    let mut models = mutants(project, log, &["models"])?;
    log.run(&mut models)
}

/// As [`run_each`], but with the models' own bounds.
pub(crate) fn run_each_as_bounded(project: &Project, log: &mut Log) -> Result<String, Stop> {
    let mut models = mutants(project, log, &["models"])?;
    log.run(models.env_remove(PREEMPTIONS))
}

/// Whether somebody has set a bound for all models.
pub(crate) fn is_bound_set() -> bool {
    std::env::var_os(PREEMPTIONS).is_some()
}

/// The runner of `loom-tests/src/bin/mutants.rs`.
pub(crate) fn mutants(
    project: &Project,
    log: &mut Log,
    arguments: &[&str],
) -> Result<Command, Stop> {
    let mut command = project.checker(log)?.cargo("run");
    command.args(PACKAGE).args(["--bin", "mutants", "--"]).args(arguments);
    Ok(command)
}

/// The models that the sources list, `FILE::NAME`: one that nobody registered would never run.
fn listed(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let found =
            if path.is_dir() { listed(&path)? } else { names_in(&fs::read_to_string(&path)?) };
        names.extend(found.into_iter().map(|name| format!("{stem}::{name}")));
    }
    Ok(names)
}

/// What stands in the `models![..]` of a file.
fn names_in(source: &str) -> Vec<String> {
    split(source).map_or_else(Vec::new, |(_, names, _)| names.map(str::to_owned).collect())
}

/// The file with those models alone (or one of the others: an empty list is none); the rest is code that nobody uses.
pub(crate) fn only(source: &str, wanted: &BTreeSet<&str>) -> Option<String> {
    let (before, names, after) = split(source)?;
    let names: Vec<&str> = names.collect();
    let mut kept = names.clone();
    kept.retain(|name| wanted.contains(name));
    if kept.is_empty() {
        kept.extend(names.first());
    }
    Some(format!("{before}{BEGIN}{}{END}{after}", kept.join(", ")))
}

const BEGIN: &str = "\nmodels![";
const END: &str = "];";

/// What stands before the names of a file's models, they, and what stands behind them.
fn split(source: &str) -> Option<(&str, impl Iterator<Item = &str>, &str)> {
    let (before, rest) = source.split_once(BEGIN)?;
    let (names, after) = rest.split_once(END)?;
    Some((before, names.split(',').map(str::trim).filter(|name| !name.is_empty()), after))
}

fn render(models: &[Report<'_>]) -> String {
    let mut text =
        "| model | bound | executions, at least | outcomes |\n|---|---|---|---|\n".to_owned();
    for Report { name, bound, at_least, outcomes } in models {
        // Writing to a string can't fail.
        let _ = writeln!(text, "| `{name}` | {bound} | {at_least} | {outcomes} |");
    }
    text
}

/// Raises the bound of every model that asks for less.
pub(crate) const PREEMPTIONS: &str = "RADDLE_LOOM_PREEMPTIONS";

/// `cargo xtask model NAME`: whether they passed; what they print is seen at once.
pub(crate) fn run_named(
    project: &Project,
    name: &str,
    preemptions: Option<usize>,
) -> Result<bool, String> {
    let path = project.target.join("xtask").join("model.log");
    let mut log = Log::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let checker = project.checker(&mut log).map_err(|stop| match stop {
        Stop::Failed(why) | Stop::Skipped(why) => why,
    })?;
    let lib = ["--quiet", "--release", "--package", "raddle-loom-tests", "--lib", "--", name];
    let mut listing = checker.cargo("test");
    match log.try_run(listing.args(lib).arg("--list")).map_err(|stop| format!("{stop:?}"))? {
        (false, output) => return Err(output),
        (true, output) if !output.contains(": test") => {
            return Err(format!("no model's name contains `{name}`"));
        }
        _ => {}
    }
    let mut command = checker.cargo("test");
    command.args(lib).args(["--nocapture", "--test-threads", "1"]).env("RUST_BACKTRACE", "0");
    if let Some(bound) = preemptions {
        command.env(PREEMPTIONS, bound.to_string());
    }
    Ok(command.status().map_err(|error| format!("can't run cargo: {error}"))?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let line = "model a: 6 executions, bound 2, 0 ms; at least 5, 2 outcomes: {1, 2}";
        let report = Report { name: "a", bound: "2", at_least: "5", outcomes: "2" };
        assert_eq!(Report::parse(line), Some(report));
        assert_eq!(Report::parse("model c failed"), None);
    }

    #[test]
    fn models_are_listed_by_the_sources() {
        assert_eq!(names_in("//! models![x];\nmodels![\n    a,\n    b_c,\n];\n"), ["a", "b_c"]);
        assert_eq!(names_in("\nmodels![a, b];\nfn a() {}\n"), ["a", "b"]);
        assert!(names_in("pub mod spsc;\n").is_empty());
        let kept = only("a\nmodels![\n    b,\n    c,\n];\nd\n", &BTreeSet::from(["c"]));
        assert_eq!(kept.as_deref(), Some("a\nmodels![c];\nd\n"));
        let kept = only("a\nmodels![b, c];\nd\n", &BTreeSet::from(["e"]));
        assert_eq!(kept.as_deref(), Some("a\nmodels![b];\nd\n"));
    }
}
