//! The table of suites, and what each of them runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bugs;
use crate::checker::optimize;
use crate::instructions;
use crate::labels;
use crate::links;
use crate::models;
use crate::orderings;
use crate::progress;
use crate::relacy;
use crate::run::{Log, Outcome, Project, Stop, cargo};
use crate::threads;
use crate::users;

/// One line of `cargo xtask test`.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) builds_in: Folder,
    /// How long it keeps a core busy, roughly: who has most to do begins first.
    pub(crate) seconds: u32,
    pub(crate) run: fn(&Project, &mut Log) -> Outcome,
}

impl Suite {
    pub(crate) const fn new(
        name: &'static str,
        builds_in: Folder,
        seconds: u32,
        run: fn(&Project, &mut Log) -> Outcome,
        about: &'static str,
    ) -> Self {
        Self { name, about, builds_in, seconds, run }
    }
}

/// Where a suite builds: suites that share a folder run one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    Workspace,
    /// Also the workspace's, but cargo locks each profile for itself.
    Release,
    Checker,
    Progress,
    Sanitizers,
    Bugs,
    Ports,
    User,
}

/// Quick ones first, so that a slip shows early: suites of one folder run in this order.
#[rustfmt::skip]
pub(crate) const SUITES: &[Suite] = &[
    Suite::new("format", Folder::Workspace, 1, format, "the house format"),
    Suite::new("labels", Folder::Workspace, 1, labels_pair, "every ordering in src/ has a label, and labels pair"),
    Suite::new("links", Folder::Workspace, 1, links_lead_somewhere, "the pages of docs/ and the README link to what exists"),
    Suite::new("clippy", Folder::Workspace, 160, clippy, "no warning: workspace, no_std, under the model checker"),
    Suite::new("unit", Folder::Workspace, 70, unit, "unit tests of every member"),
    Suite::new("doc-tests", Folder::Workspace, 20, doc_tests, "every example in the documentation"),
    Suite::new("must-not-compile", Folder::Workspace, 40, must_not_compile, "what the types forbid"),
    Suite::new("conformance", Folder::Workspace, 120, conformance, "one suite over every kind of queue, and the floors"),
    Suite::new("stress", Folder::Workspace, 8, threads::stress, "every structure under threads that stall anywhere"),
    Suite::new("address", Folder::Sanitizers, 90, threads::address, "the same under the address and leak sanitizers (nightly)"),
    Suite::new("threads", Folder::Sanitizers, 60, threads::races, "the same under the thread sanitizer (nightly)"),
    Suite::new("canary", Folder::Checker, 110, canary, "is the patched model checker complete, and is stock loom not?"),
    MODELS,
    Suite::new("relacy", Folder::Ports, 60, relacy::check, "the algorithms once more, in C++, under a second model checker (relacy)"),
    Suite::new("users", Folder::User, 45, users::check, "the guide's models of a user, on the packaged crate"),
    PROGRESS,
    ORDERINGS,
    BUGS,
    INSTRUCTIONS,
    Suite::new("comparer", Folder::Release, 250, comparer, "the comparer and its experiments end to end, quickly"),
    Suite::new("docs", Folder::Workspace, 15, docs, "the documentation builds without a warning, and has no dead link"),
];

/// The library's features that the default build lacks.
const FEATURES: [&str; 2] = ["--features", "raddle/latency,raddle/rayon"];

/// `cargo test`, of whatever targets: always with the same features of all packages, so that each of them is built once.
pub(crate) fn test(project: &Project) -> Command {
    let mut command = cargo(&project.root);
    command
        .args(["test", "--workspace"])
        .args(FEATURES)
        // A test that fails says where without it, and the compiler has a third less to do.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_TEST_DEBUG", "0");
    command
}

/// Also `cargo xtask models`.
#[rustfmt::skip]
pub(crate) const MODELS: Suite =
    Suite::new("models", Folder::Checker, 120, models::check, "every mechanism under the model checker; docs/models.md is current");

/// `cargo xtask models --write`.
#[rustfmt::skip]
pub(crate) const WRITE_MODELS: Suite =
    Suite::new("models", Folder::Checker, 120, models::write, "writes docs/models.md");

/// Also `cargo xtask progress`.
#[rustfmt::skip]
pub(crate) const PROGRESS: Suite =
    Suite::new("progress", Folder::Progress, 60, progress::check, "a thread frozen at each step, histories; docs/progress.md is current");

/// `cargo xtask progress --write`.
#[rustfmt::skip]
pub(crate) const WRITE_PROGRESS: Suite =
    Suite::new("progress", Folder::Progress, 60, progress::write, "writes docs/progress.md");

/// Also `cargo xtask bugs`.
#[rustfmt::skip]
pub(crate) const BUGS: Suite =
    Suite::new("bugs", Folder::Bugs, 250, bugs::check, "each bug that others or we had, planted; docs/bugs.md is current");

/// `cargo xtask bugs --write`.
#[rustfmt::skip]
pub(crate) const WRITE_BUGS: Suite =
    Suite::new("bugs", Folder::Bugs, 250, bugs::write, "writes docs/bugs.md");

/// Also `cargo xtask instructions`.
#[rustfmt::skip]
pub(crate) const INSTRUCTIONS: Suite =
    Suite::new("instructions", Folder::Release, 20, instructions::check, "instructions per operation, against those of before (valgrind)");

/// `cargo xtask instructions --write`.
#[rustfmt::skip]
pub(crate) const WRITE_INSTRUCTIONS: Suite =
    Suite::new("instructions", Folder::Release, 20, instructions::write, "writes xtask/instructions.toml");

/// Also `cargo xtask orderings`.
#[rustfmt::skip]
pub(crate) const ORDERINGS: Suite =
    Suite::new("mutants", Folder::Checker, 40, orderings::check, "each ordering weakened; docs/orderings.md is current");

/// `cargo xtask orderings --write`.
#[rustfmt::skip]
pub(crate) const WRITE_ORDERINGS: Suite =
    Suite::new("orderings", Folder::Checker, 160, orderings::write, "writes docs/orderings.md");

fn format(project: &Project, log: &mut Log) -> Outcome {
    tool(project, log, "fmt", "rustfmt")?;
    log.run(cargo(&project.root).args(["fmt", "--all", "--check"]))?;
    Ok(String::new())
}

fn labels_pair(project: &Project, log: &mut Log) -> Outcome {
    let sources = labels::read(&project.root).map_err(Stop::failed)?;
    let problems = labels::check(&sources);
    for problem in &problems {
        log.note(problem);
    }
    if problems.is_empty() {
        Ok(counted(sources.iter().map(|source| source.edges.len()).sum(), "label"))
    } else {
        Err(Stop::Failed(counted(problems.len(), "problem")))
    }
}

fn links_lead_somewhere(project: &Project, log: &mut Log) -> Outcome {
    report(links::markdown(&project.root).map_err(Stop::Failed)?, log)
}

fn report(links::Report { links, problems }: links::Report, log: &mut Log) -> Outcome {
    problems.iter().for_each(|problem| log.note(problem));
    if problems.is_empty() {
        some(links, "link")
    } else {
        Err(Stop::Failed(counted(problems.len(), "problem")))
    }
}

fn clippy(project: &Project, log: &mut Log) -> Outcome {
    tool(project, log, "clippy", "clippy")?;
    let deny = ["--", "-D", "warnings"];
    let root = &project.root;
    let workspace = ["clippy", "--workspace", "--all-targets"];
    log.run(cargo(root).args(workspace).args(deny))?;
    log.run(cargo(root).args(workspace).args(FEATURES).args(deny))?;
    let bare = ["clippy", "--package", "raddle", "--lib", "--no-default-features"];
    log.run(cargo(root).args(bare).args(deny))?;
    let checker = project.checker(log)?;
    let under_loom = ["--package", "raddle", "--package", "raddle-loom-tests", "--all-targets"];
    log.run(
        checker.cargo("clippy").args(under_loom).args(["--features", "raddle/loom"]).args(deny),
    )?;
    log.run(progress::under_shuttle(project, "clippy").arg("--all-targets").args(deny))?;
    let library = ["--package", "raddle", "--lib", "--features", "raddle/shuttle"];
    log.run(progress::under_shuttle(project, "clippy").args(library).args(deny))?;
    Ok("6 builds".into())
}

fn unit(project: &Project, log: &mut Log) -> Outcome {
    let libraries = log.run(test(project).arg("--lib"))?;
    let own = log.run(cargo(&project.root).args(["test", "--package", "xtask", "--bins"]))?;
    tests(libraries + &own)
}

fn doc_tests(project: &Project, log: &mut Log) -> Outcome {
    tests(log.run(test(project).arg("--doc"))?)
}

fn must_not_compile(project: &Project, log: &mut Log) -> Outcome {
    let arguments = ["--test", "ui", "--", "--nocapture"];
    // Colours would hide the lines counted below.
    let output = log.run(test(project).args(arguments).env("NO_COLOR", "1"))?;
    tests(&*output)?;
    // trybuild's own lines, one per program; all are fine, or the test was not. (libtest may say in the midst of one that it
    // takes long.)
    let is_program = |line: &&str| line.starts_with("test ") && line.contains(".rs [should ");
    some(output.lines().filter(is_program).count(), "program")
}

fn conformance(project: &Project, log: &mut Log) -> Outcome {
    let mut command = test(project);
    command.arg("--no-fail-fast");
    let targets = test_targets(&project.metadata);
    if targets.is_empty() {
        return Err(Stop::failed("the library has no test target"));
    }
    for target in targets {
        command.args(["--test", target]);
    }
    tests(log.run(&mut command)?)
}

/// The library's test targets, those apart that are suites of their own.
fn test_targets(metadata: &Value) -> Vec<&str> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter(|package| package["name"] == "raddle" && package["source"].is_null())
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| {
            target["kind"].as_array().is_some_and(|kind| kind.contains(&"test".into()))
        })
        .filter_map(|target| target["name"].as_str())
        .filter(|name| !["ui", "stress"].contains(name))
        .collect()
}

fn canary(project: &Project, log: &mut Log) -> Outcome {
    let checker = project.checker(log)?;
    let arguments = ["--package", "raddle-loom-tests", "--test", "canary"];
    let output = log.run(checker.cargo("test").arg("--release").args(arguments))?;
    let passed = tests(output)?;

    log.note("the same random programs must fail on loom as published:");
    let random = ["random_programs_of_two_threads", "--nocapture"];
    let mut stock = checker.stock_cargo(project);
    stock.args(["test", "--release"]).args(arguments).arg("--").args(random);
    match log.try_run(&mut stock)? {
        (false, output) if output.contains("loom lost ") => Ok(passed),
        (false, _) => Err(Stop::failed("the canary didn't run on stock loom")),
        (true, _) => Err(Stop::failed(
            "the canary passes on stock loom: either it has become blind, or loom was mended and the patch can go",
        )),
    }
}

fn comparer(project: &Project, log: &mut Log) -> Outcome {
    let path = project.target.join("xtask").join("comparer.json");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Stop::Failed(format!("can't remove {}: {error}", path.display())));
        }
        _ => {}
    }
    // Optimized as for users, but for the link, which takes minutes, and for what does not run while something is measured.
    let release = || {
        let mut command = cargo(&project.root);
        for package in ["clap_builder", "criterion", "rayon-core", "regex-automata", "regex-syntax"]
        {
            optimize(&mut command, "release", package, 0);
        }
        command
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command
    };
    log.run(release().args(["run", "--release", "--", "--quick", "--json"]).arg(&path))?;
    let cells = some(cells(&json(&path)?).map_err(Stop::Failed)?, "cell")?;
    // Built already.
    let tests_of_the_program =
        ["test", "--release", "--package", "raddle-bench", "--test", "cli", "--test", "atomics"];
    let output = log.run(release().args(tests_of_the_program))?;
    Ok(format!("{cells}, {}", tests(output)?))
}

fn json(path: &Path) -> Result<Value, Stop> {
    let wrong = |why: String| Stop::Failed(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// How many cells the comparer measured; each kind in each of them has samples, and the topology question an answer.
fn cells(document: &Value) -> Result<usize, String> {
    if !document["failure"].is_null() {
        return Err(format!("the comparer reports {}", document["failure"]));
    }
    let cells = document["cells"].as_array().ok_or("the document has no list `cells`")?;
    for cell in cells {
        let measured = |row: &Value| row["samples"].as_array().is_some_and(|all| !all.is_empty());
        let rows = cell["rows"].as_array();
        if !rows.is_some_and(|rows| !rows.is_empty() && rows.iter().all(measured)) {
            return Err(format!("cell {} has a row without samples, or no row", cell["id"]));
        }
    }
    if document["topology_question"].as_array().is_none_or(Vec::is_empty) {
        return Err("the topology question has no answer".into());
    }
    Ok(cells.len())
}

fn docs(project: &Project, log: &mut Log) -> Outcome {
    let mut command = cargo(&project.root);
    log.run(
        command
            .args(["doc", "--workspace", "--no-deps"])
            .args(FEATURES)
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    report(links::html(&project.target.join("doc")), log)
}

/// Sees to it that a cargo subcommand is there, or says why the suite can't run.
fn tool(project: &Project, log: &mut Log, subcommand: &str, component: &str) -> Result<(), Stop> {
    let present = |log: &mut Log| log.try_run(cargo(&project.root).args([subcommand, "--version"]));
    if present(log)?.0 {
        return Ok(());
    }
    let mut rustup = std::process::Command::new("rustup");
    // Without rustup there is nobody to ask; the next line says so.
    let _ = log.try_run(rustup.current_dir(&project.root).args(["component", "add", component]));
    if present(log)?.0 {
        return Ok(());
    }
    Err(Stop::Skipped(format!("no {component}, and rustup can't add it")))
}

/// `N tests`, if there was one.
pub(crate) fn tests(output: impl AsRef<str>) -> Outcome {
    some(passed(output.as_ref()), "test")
}

/// The sum over libtest's closing lines.
pub(crate) fn passed(output: &str) -> usize {
    let closing = output.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    closing.filter_map(|counts| counts.split(' ').next()?.parse::<usize>().ok()).sum()
}

/// Nothing ran is a failure: that is how a suite dies unnoticed.
pub(crate) fn some(n: usize, what: &str) -> Outcome {
    if n == 0 { Err(Stop::Failed(format!("no {what} ran"))) } else { Ok(counted(n, what)) }
}

pub(crate) fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_add_up() {
        let output = "test a ... ok\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n\n\
                      test result: ok. 14 passed; 0 failed; 0 ignored; 0 measured\n";
        assert_eq!(tests(output), Ok("17 tests".into()));
    }

    #[test]
    fn no_test_is_a_failure() {
        let output = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured\n";
        assert_eq!(tests(output), Err(Stop::failed("no test ran")));
    }

    #[test]
    fn a_cell_without_samples_is_named() {
        let document = |samples: Value| {
            let rows = serde_json::json!([{ "kind": "a", "samples": samples }]);
            let cells = [serde_json::json!({ "id": "one", "rows": rows })];
            serde_json::json!({ "failure": null, "cells": cells, "topology_question": ["one"] })
        };
        assert_eq!(cells(&document(serde_json::json!([1.5]))), Ok(1));
        assert!(cells(&document(serde_json::json!([]))).unwrap_err().contains("cell \"one\""));
        let mut silent = document(serde_json::json!([1.5]));
        silent["topology_question"] = serde_json::json!([]);
        assert!(cells(&silent).unwrap_err().contains("topology question"));
        assert!(cells(&serde_json::json!({})).is_err());
        assert!(cells(&serde_json::json!({ "failure": "starved", "cells": [] })).is_err());
    }

    #[test]
    fn test_targets_are_the_librarys_without_other_suites() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "raddle", "source": null, "targets": [
                { "name": "raddle", "kind": ["lib"] },
                { "name": "ui", "kind": ["test"] },
                { "name": "stress", "kind": ["test"] },
                { "name": "spsc", "kind": ["test"] },
            ] },
            { "name": "raddle-loom-tests", "source": null, "targets": [
                { "name": "canary", "kind": ["test"] },
            ] },
        ] });
        assert_eq!(test_targets(&metadata), ["spsc"]);
    }
}
