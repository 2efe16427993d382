//! The models, and `docs/models.md`: what each of them searches, and what it must see.

use core::fmt::Write;

use crate::document::Document;
use crate::run::{Log, Outcome, Project, Stop};
use crate::suites::{passed, some};

const DOCUMENT: Document =
    Document { path: "docs/models.md", command: "cargo xtask models --write", head: HEAD };

const HEAD: &str = "\
# The models

Each row is a small program that the patched model checker runs in every interleaving within the bound: so many times at most
a thread is stopped that could have gone on. A model passes if nothing went wrong in any execution, if there were at least
so many of them, and if it saw exactly its outcomes, no more and no fewer: a search that covers too little fails. Run one
with `cargo xtask model NAME`, which prints its outcomes.

";

/// What a model reports of itself, on one line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Report<'a> {
    name: &'a str,
    bound: &'a str,
    at_least: &'a str,
    outcomes: &'a str,
}

impl<'a> Report<'a> {
    /// `model NAME: N executions, bound B, M ms; at least L, K outcomes: ...`, wherever libtest let it begin.
    fn parse(line: &'a str) -> Option<Self> {
        let (_, report) = line.split_once("model ")?;
        let (name, rest) = report.split_once(": ")?;
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
    if std::env::var_os(PREEMPTIONS).is_none() {
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
    let package = ["--release", "--package", "raddle-loom-tests"];
    // Not captured: what an aborting model printed would be lost.
    let output =
        log.run(checker.cargo("test").args(package).args(["--lib", "--", "--nocapture"]))?;
    let mut ran: Vec<Report<'_>> = output.lines().filter_map(Report::parse).collect();
    let passed = passed(&output);
    log.run(checker.cargo("test").args(package).args(["--test", "must_fail", "--test", "users"]))?;
    log.run(checker.cargo("test").args(package).arg("--doc"))?;
    if ran.len() != passed {
        let ran = ran.len();
        return Err(Stop::Failed(format!("{passed} tests passed, but {ran} models reported")));
    }
    ran.sort_unstable();
    Ok((render(&ran), some(ran.len(), "model")?))
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
const PREEMPTIONS: &str = "RADDLE_LOOM_PREEMPTIONS";

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
    fn a_report_is_read_wherever_its_line_begins() {
        let line = "test models::a ... model a: 6 executions, bound 2, 0 ms; at least 5, 2 outcomes: {1, 2}";
        let report = Report { name: "a", bound: "2", at_least: "5", outcomes: "2" };
        assert_eq!(Report::parse(line), Some(report));
        assert_eq!(Report::parse("model c failed"), None);
    }
}
