//! The bugs that others had, and those that we had, planted one at a time in a copy of the sources: each must make a test
//! fail. They stand in `xtask/bugs.toml`, and who caught them in `docs/bugs.md`.
//!
//! A bug is a piece of text that must be in its file exactly once, and what stands there instead. It comes with the tests
//! that should catch it, which all pass on the sources as they are (that is run first). They run until one fails. A copy that
//! does not compile has caught nothing, nor has a model that merely saw too little.

use core::fmt::Write;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::checker::{Checker, optimize_search};
use crate::document::Document;
use crate::models;
use crate::run::{Ended, Log, Outcome, Project, Stop, cargo};
use crate::suites::{counted, passed};

const BUGS: &str = "xtask/bugs.toml";

const DOCUMENT: Document =
    Document { path: "docs/bugs.md", command: "cargo xtask bugs --write", head: HEAD };

const HEAD: &str = "\
# Bugs, planted

Each bug below happened, in a crate of the same kind or in this one while it was written (`raddle`), or would break what the
design rests on. `cargo xtask test` plants one at a time in a copy of the sources and runs the tests named in
`xtask/bugs.toml`; the one in the last column failed. Models run on the patched model checker, `must-not-compile` are
programs that compile only with the bug, the others are ordinary tests.

";

/// A test of a planted bug that takes longer than this has found a loop without end.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bugs {
    bug: Vec<Bug>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    /// What goes wrong, in a few words.
    name: String,
    /// Who had it.
    origin: String,
    file: String,
    /// In `file` exactly once.
    was: String,
    becomes: String,
    /// `SUITE TEST`, the likeliest first.
    caught_by: Vec<String>,
    /// Why no test can catch it, if none does.
    survives: Option<String>,
}

/// A test that should catch a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Case<'a> {
    suite: &'a str,
    test: &'a str,
}

impl<'a> Case<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let (suite, test) = text.split_once(' ').ok_or(format!("`{text}` is not `SUITE TEST`"))?;
        Ok(Self { suite, test })
    }

    /// The same as the test's binary knows it.
    fn argument(self) -> String {
        match self.suite {
            "models" => {
                let (file, model) = self.test.rsplit_once("::").unwrap_or(("", self.test));
                format!("models::{file}::model::{model}")
            }
            UI => format!("trybuild={}.rs", self.test),
            _ => self.test.into(),
        }
    }
}

const UI: &str = "must-not-compile";

pub(crate) fn check(project: &Project, log: &mut Log) -> Outcome {
    let (table, counts) = judge_all(project, log)?;
    DOCUMENT.check(&project.root, log, &table)?;
    Ok(counts)
}

pub(crate) fn write(project: &Project, log: &mut Log) -> Outcome {
    let (table, counts) = judge_all(project, log)?;
    DOCUMENT.write(&project.root, &table)?;
    Ok(counts)
}

/// Judges the bugs whose name contains `part`, and says what became of each.
pub(crate) fn judge_named(project: &Project, part: &str) -> Result<(), String> {
    let path = project.target.join("xtask").join("bugs-named.log");
    let mut log = Log::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut bugs = read(&project.root)?;
    bugs.retain(|bug| bug.name.contains(part));
    let words = |stop| match stop {
        Stop::Failed(why) | Stop::Skipped(why) => format!("{why}; see {}", path.display()),
    };
    let judged = judge(project, &mut log, &bugs).map_err(words)?;
    for (bug, killer) in bugs.iter().zip(judged) {
        match killer {
            Some(Case { suite, test }) => println!("{}: {suite}: {test}", bug.name),
            None => println!("{}: SURVIVES", bug.name),
        }
    }
    Ok(())
}

fn judge_all(project: &Project, log: &mut Log) -> Result<(String, String), Stop> {
    let bugs = read(&project.root).map_err(Stop::Failed)?;
    let killers = judge(project, log, &bugs)?;
    let problems = problems(&bugs, &killers);
    if !problems.is_empty() {
        problems.iter().for_each(|problem| log.note(problem));
        return Err(Stop::Failed(counted(problems.len(), "problem")));
    }
    Ok((render(&bugs, &killers), counted(bugs.len(), "bug")))
}

fn read(root: &Path) -> Result<Vec<Bug>, String> {
    let wrong = |why: String| format!("{BUGS}: {why}");
    let text = fs::read_to_string(root.join(BUGS)).map_err(|error| wrong(error.to_string()))?;
    let Bugs { bug: bugs } = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let names: BTreeSet<&str> = bugs.iter().map(|bug| &*bug.name).collect();
    if names.len() < bugs.len() {
        return Err(wrong("two bugs have one name".into()));
    }
    Ok(bugs)
}

/// Who caught each bug.
fn judge<'a>(
    project: &Project,
    log: &mut Log,
    bugs: &'a [Bug],
) -> Result<Vec<Option<Case<'a>>>, Stop> {
    let folder = project.target.join("bugs");
    let place = Place { copy: Checker::prepare_in(&folder, project, log)?, folder };
    let cases = bugs
        .iter()
        .map(|bug| bug.caught_by.iter().map(|text| Case::parse(text)).collect())
        .collect::<Result<Vec<Vec<Case<'_>>>, String>>()
        .map_err(Stop::Failed)?;
    place.keep_kinds(&cases.concat()).map_err(Stop::Failed)?;
    place.keep_models(&cases.concat()).map_err(Stop::Failed)?;
    place.all_pass(log, cases.iter().flatten().copied())?;
    let judged = bugs.iter().zip(&cases).map(|(bug, cases)| {
        log.note(&format!("\n==== {}", bug.name));
        planted(place.copy.workspace(), bug, || place.first_to_fail(log, cases))
    });
    judged.collect()
}

/// The copy, and where it is built.
struct Place {
    copy: Checker,
    folder: PathBuf,
}

impl Place {
    /// Takes out of the conformance suite the kinds of queue, and the properties, that no case is about: most of the time is
    /// its compiler's.
    fn keep_kinds(&self, cases: &[Case<'_>]) -> Result<(), String> {
        let parts = |at| -> BTreeSet<&str> {
            let cases = cases.iter().filter(|case| case.suite == "conformance");
            cases.filter_map(|case| case.test.split("::").nth(at)).collect()
        };
        let folder = self.copy.workspace().join("tests").join("conformance");
        let change = |file: &str, f: &dyn Fn(&str) -> Option<String>| {
            let path = folder.join(file);
            let failed = |error: std::io::Error| format!("{}: {error}", path.display());
            let text = fs::read_to_string(&path).map_err(failed)?;
            let kept = f(&text).ok_or_else(|| format!("{}: no list", path.display()))?;
            fs::write(&path, kept).map_err(failed)
        };
        change("main.rs", &|text| kinds_of(text, &parts(0)))?;
        change("kinds.rs", &|text| properties_of(text, &parts(1)))
    }

    /// The same for the models.
    fn keep_models(&self, cases: &[Case<'_>]) -> Result<(), String> {
        let folder = self.copy.workspace().join("loom-tests").join("src").join("models");
        let wanted: BTreeSet<&str> = cases
            .iter()
            .filter(|case| case.suite == "models")
            .filter_map(|case| case.test.rsplit("::").next())
            .collect();
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(kept) =
                    models::only(&fs::read_to_string(&path).map_err(failed)?, &wanted)
                {
                    fs::write(&path, kept).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// Each case exists, and passes.
    fn all_pass<'a>(
        &self,
        log: &mut Log,
        cases: impl Iterator<Item = Case<'a>>,
    ) -> Result<(), Stop> {
        let mut suites = BTreeMap::<&str, BTreeSet<Case<'_>>>::new();
        for case in cases {
            suites.entry(case.suite).or_default().insert(case);
        }
        for (suite, cases) in suites {
            let binary = self.build(log, suite)?;
            let arguments: Vec<_> = cases.iter().map(|case| case.argument()).collect();
            let (ended, output) =
                log.run_for(&mut self.run(&binary, suite, &arguments), 10 * LIMIT)?;
            let wanted = if suite == UI { 1 } else { cases.len() };
            if ended != Ended::Well || passed(&output) != wanted {
                return Err(Stop::Failed(format!(
                    "without any bug, {} of {wanted} tests of `{suite}` pass: {}",
                    passed(&output),
                    arguments.join(", ")
                )));
            }
            for case in cases.iter().filter(|_| suite == UI) {
                let ran = output.lines().any(|line| line.contains(&format!("/{}.rs", case.test)));
                if !ran {
                    return Err(Stop::Failed(format!("there is no tests/ui/{}.rs", case.test)));
                }
            }
        }
        Ok(())
    }

    fn first_to_fail<'a>(
        &self,
        log: &mut Log,
        cases: &[Case<'a>],
    ) -> Result<Option<Case<'a>>, Stop> {
        for case in cases {
            let binary = self.build(log, case.suite)?;
            let mut command = self.run(&binary, case.suite, &[case.argument()]);
            let (ended, output) = log.run_for(&mut command, LIMIT)?;
            if ended != Ended::Well && !output.contains(" saw too little: ") {
                return Ok(Some(*case));
            }
        }
        Ok(None)
    }

    /// The test binary of `suite`.
    fn build(&self, log: &mut Log, suite: &str) -> Result<PathBuf, Stop> {
        let mut command = self.cargo(suite);
        if suite == "models" {
            optimize_search(&mut command, "dev");
        }
        command.args(["test", "--locked", "--no-run"]);
        match suite {
            "models" => {
                command.args(["--package", "raddle-loom-tests", "--lib"]);
            }
            "unit" => {
                command.args(["--package", "raddle", "--lib"]);
            }
            UI => {
                command.args(["--package", "raddle", "--test", "ui"]);
            }
            target => {
                command.args(["--package", "raddle", "--test", target]);
            }
        }
        let (success, output) = log.try_run(&mut command)?;
        if !success {
            return Err(Stop::Failed(format!("`{suite}` does not compile")));
        }
        let binary = executable(&output);
        binary.ok_or_else(|| Stop::Failed(format!("cargo names no binary for `{suite}`")))
    }

    fn run(&self, binary: &Path, suite: &str, arguments: &[String]) -> Command {
        let mut command = Command::new(binary);
        command.current_dir(self.copy.workspace()).env("RUST_BACKTRACE", "0");
        if suite == UI {
            // trybuild starts cargo.
            command
                .env("CARGO", std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
                .env("CARGO_MANIFEST_DIR", self.copy.workspace())
                .env("CARGO_TARGET_DIR", self.folder.join("native"))
                .env("NO_COLOR", "1")
                .args(["what_the_types_forbid_does_not_compile", "--nocapture"]);
        } else {
            command.arg("--exact");
        }
        command.args(arguments);
        command
    }

    fn cargo(&self, suite: &str) -> Command {
        let mut command = cargo(self.copy.workspace());
        // What was taken out leaves much behind that nobody uses.
        let (flags, folder) = if suite == "models" {
            ("--cfg loom --cap-lints=allow", "models")
        } else {
            ("--cap-lints=allow", "native")
        };
        command
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", flags)
            .env("CARGO_TARGET_DIR", self.folder.join(folder))
            // From one bug to the next little changes.
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_TEST_DEBUG", "0");
        command
    }
}

/// Runs `f` while the bug called `name` is in the copy at `workspace`.
pub(crate) fn with_bug<R>(
    workspace: &Path,
    name: &str,
    f: impl FnOnce() -> Result<R, Stop>,
) -> Result<R, Stop> {
    let bugs = read(workspace).map_err(Stop::Failed)?;
    let bug = bugs.iter().find(|bug| bug.name == name);
    let bug = bug.ok_or_else(|| Stop::Failed(format!("{BUGS} has no bug `{name}`")))?;
    planted(workspace, bug, f)
}

fn planted<R>(workspace: &Path, bug: &Bug, f: impl FnOnce() -> Result<R, Stop>) -> Result<R, Stop> {
    let path = workspace.join(&bug.file);
    let failed = |why: String| Stop::Failed(format!("{}: {}: {why}", bug.name, bug.file));
    let before = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
    let after = plant(&before, bug).map_err(failed)?;
    fs::write(&path, after).map_err(|error| failed(error.to_string()))?;
    let found = f();
    fs::write(&path, before).map_err(|error| failed(error.to_string()))?;
    found.map_err(|stop| match stop {
        Stop::Failed(why) => failed(why),
        skipped @ Stop::Skipped(_) => skipped,
    })
}

/// `source` with the bug in it.
fn plant(source: &str, bug: &Bug) -> Result<String, String> {
    let was = bug.was.trim_matches('\n');
    let becomes = bug.becomes.trim_matches('\n');
    match source.matches(was).count() {
        1 if was == becomes => Err("it changes nothing".into()),
        1 => Ok(source.replace(was, becomes)),
        n => Err(format!("its text is there {n} times, not once:\n{was}")),
    }
}

/// The conformance suite's main file with those kinds alone: entries of `kinds!`, between blank lines.
fn kinds_of(text: &str, wanted: &BTreeSet<&str>) -> Option<String> {
    let (before, rest) = text.split_once("\nkinds! {\n")?;
    let (kinds, after) = rest.split_once("\n}\n")?;
    let is_wanted = |entry: &&str| {
        entry.trim_start().split_once(':').is_some_and(|(name, _)| wanted.contains(name))
    };
    let kept: Vec<&str> = kinds.split("\n\n").filter(is_wanted).collect();
    Some(format!("{before}\nkinds! {{\n{}\n}}\n{after}", kept.join("\n\n")))
}

/// The file with the macro `kinds!`, and of the properties that each kind has only those: `mod NAME;`, one below another.
fn properties_of(text: &str, wanted: &BTreeSet<&str>) -> Option<String> {
    let (before, rest) = text.split_once("@force $bound $consumers }\n\n")?;
    let (properties, after) = rest.split_once("\n        }\n")?;
    let is_wanted = |line: &&str| {
        let name = line.trim().strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'));
        name.is_some_and(|name| wanted.contains(name))
    };
    let kept: Vec<&str> = properties.lines().filter(is_wanted).collect();
    Some(format!("{before}@force $bound $consumers }}\n\n{}\n        }}\n{after}", kept.join("\n")))
}

/// The test binary that cargo says it has built: `Executable tests/a.rs (PATH)`.
pub(crate) fn executable(output: &str) -> Option<PathBuf> {
    let mut lines = output.lines().filter_map(|line| line.trim_start().strip_prefix("Executable "));
    let (_, path) = lines.next()?.split_once(" (")?;
    path.strip_suffix(')').map(PathBuf::from)
}

/// Survivors without a reason, reasons without a survivor, and too many survivors.
fn problems(bugs: &[Bug], killers: &[Option<Case<'_>>]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut survivors = 0;
    for (Bug { name, survives, .. }, killer) in bugs.iter().zip(killers) {
        survivors += usize::from(killer.is_none());
        match (killer, survives.as_deref().map(str::trim)) {
            (None, None | Some("")) => problems.push(format!(
                "{name}: no test catches it: write the test that does, or say in {BUGS} why none can"
            )),
            (Some(Case { suite, test }), Some(_)) => problems
                .push(format!("{name}: doesn't survive (any more), {suite} has caught it: {test}")),
            _ => {}
        }
    }
    if survivors * 10 > bugs.len() {
        problems.push(format!("{survivors} of {} bugs survive: too many", bugs.len()));
    }
    problems
}

fn render(bugs: &[Bug], killers: &[Option<Case<'_>>]) -> String {
    let mut text = String::new();
    let caught = killers.iter().flatten().count();
    // Writing to a string can't fail.
    let _ = writeln!(text, "{caught} of {} are caught.\n", bugs.len());
    let _ = writeln!(text, "| bug | who had it | planted in | caught by |");
    let _ = writeln!(text, "|---|---|---|---|");
    for (Bug { name, origin, file, .. }, killer) in bugs.iter().zip(killers) {
        let killer = match killer {
            Some(Case { suite, test }) => format!("{suite}: `{test}`"),
            None => "nothing, see below".into(),
        };
        let _ = writeln!(text, "| {name} | {origin} | `{file}` | {killer} |");
    }
    for Bug { name, survives, .. } in bugs {
        if let Some(why) = survives {
            let _ = writeln!(text, "\n**{name}.** {}", why.trim());
        }
    }
    text
}

#[cfg(test)]
mod tests;
