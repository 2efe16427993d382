//! Instructions per operation of one thread, counted by valgrind's callgrind: the same in every run, so that a regression is a
//! difference and not a guess. It says nothing of contention.
//!
//! The numbers depend on the compiler: `xtask/instructions.toml` has those of some, and another one is skipped. An operation that
//! takes more than 2 % more fails.

use core::fmt::Write;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::checker::optimize;
use crate::run::{Log, Outcome, Project, Stop, cargo};
use crate::suites::counted;

const BASELINE: &str = "xtask/instructions.toml";
/// As in `tests/instructions.rs`.
const N: f64 = 1000.0;
/// How much more is a regression.
const SLACK: f64 = 1.02;

/// How the names of the functions in `tests/instructions.rs` begin.
const OPERATIONS: [&str; 9] =
    ["spsc_", "mpsc_", "spmc_", "mpmc_", "fixed_", "stack_", "index_stack_", "counter_", "max_"];

/// Instructions per operation, by compiler and operation.
type Baselines = BTreeMap<String, Counts>;
type Counts = BTreeMap<String, f64>;

pub(crate) fn check(project: &Project, log: &mut Log) -> Outcome {
    let compiler = compiler(log)?;
    let mut baselines = read(&project.root)?;
    let Some(baseline) = baselines.remove(&compiler) else {
        return Err(Stop::Skipped(format!("no baseline for {compiler} in {BASELINE}")));
    };
    let counts = count(project, log)?;
    let problems = compare(&baseline, &counts);
    problems.iter().for_each(|problem| log.note(problem));
    if problems.is_empty() {
        Ok(counted(counts.len(), "operation"))
    } else {
        let what = counted(problems.len(), "operation");
        let command = "cargo xtask instructions --write";
        Err(Stop::Failed(format!("{what}: see above; if it must be, `{command}`")))
    }
}

pub(crate) fn write(project: &Project, log: &mut Log) -> Outcome {
    let compiler = compiler(log)?;
    let mut baselines = read(&project.root)?;
    let counts = count(project, log)?;
    let n = counts.len();
    baselines.insert(compiler, counts);
    let path = project.root.join(BASELINE);
    fs::write(&path, render(&baselines))
        .map_err(|error| Stop::Failed(format!("{BASELINE}: {error}")))?;
    Ok(counted(n, "operation"))
}

fn read(root: &Path) -> Result<Baselines, Stop> {
    let wrong = |why: String| Stop::Failed(format!("{BASELINE}: {why}"));
    let text = fs::read_to_string(root.join(BASELINE)).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// `1.95.0 x86_64-unknown-linux-gnu`.
fn compiler(log: &mut Log) -> Result<String, Stop> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = log.run(Command::new(rustc).arg("-vV"))?;
    let field = |name: &str| output.lines().find_map(|line| line.strip_prefix(name));
    match (field("release: "), field("host: ")) {
        (Some(release), Some(host)) => Ok(format!("{release} {host}")),
        _ => Err(Stop::failed("rustc doesn't say which it is")),
    }
}

fn count(project: &Project, log: &mut Log) -> Result<Counts, Stop> {
    if !log.try_run(Command::new("valgrind").arg("--version")).is_ok_and(|(there, _)| there) {
        return Err(Stop::Skipped("no valgrind: `apt-get install valgrind`".into()));
    }
    let mut build = cargo(&project.root);
    // What other tests need is not counted.
    for package in ["trybuild", "toml", "toml_parser", "serde_core", "serde_json", "rayon-core"] {
        optimize(&mut build, "release", package, 0);
    }
    let output = log.run(
        build
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .args([
                "test",
                "--release",
                "--no-run",
                "--package",
                "raddle",
                "--test",
                "instructions",
            ]),
    )?;
    let binary = crate::bugs::executable(&output).ok_or(Stop::failed("cargo names no binary"))?;
    let out: PathBuf = project.target.join("xtask").join("callgrind.out");
    log.run(
        Command::new("valgrind")
            .args(["--tool=callgrind", "--dump-instr=no", "--compress-strings=no"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(&binary)
            .args(["--test-threads=1", "operations_succeed"]),
    )?;
    let mut annotate = Command::new("callgrind_annotate");
    annotate.args(["--inclusive=yes", "--threshold=100", "--auto=no"]).arg(&out);
    let counts = counts(&log.run(&mut annotate)?);
    if counts.is_empty() { Err(Stop::failed("callgrind shows no operation")) } else { Ok(counts) }
}

/// The inclusive cost of each operation: `12,345 (1.2%)  ???:spsc_bounded_push [/..]`.
fn counts(annotated: &str) -> Counts {
    let row = |line: &str| {
        let (cost, rest) = line.trim().split_once(' ')?;
        let cost: f64 = cost.replace(',', "").parse().ok()?;
        let (_, function) = rest.split(" [").next()?.rsplit_once(':')?;
        let is_operation = OPERATIONS.iter().any(|begin| function.starts_with(begin));
        is_operation.then(|| (function.to_owned(), (cost / N * 100.0).round() / 100.0))
    };
    annotated.lines().filter_map(row).collect()
}

/// What takes more than it did, and what was not counted then, or is not now.
fn compare(baseline: &Counts, counts: &Counts) -> Vec<String> {
    let mut problems = Vec::new();
    for (operation, now) in counts {
        match baseline.get(operation) {
            Some(before) if *now > before * SLACK => {
                problems.push(format!("{operation}: {now} instructions, {before} before"));
            }
            Some(_) => {}
            None => problems.push(format!("{operation}: {now} instructions, no baseline")),
        }
    }
    let gone = baseline.keys().filter(|operation| !counts.contains_key(*operation));
    problems.extend(gone.map(|operation| format!("{operation}: not counted any more")));
    problems
}

fn render(baselines: &Baselines) -> String {
    let mut text = String::from(
        "# Instructions per operation of one thread, by compiler: written by `cargo xtask instructions --write`. In a batch, per item.\n",
    );
    for (compiler, counts) in baselines {
        // Writing to a string can't fail.
        let _ = writeln!(text, "\n[\"{compiler}\"]");
        for (operation, count) in counts {
            let _ = writeln!(text, "{operation} = {count:?}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[(&str, f64)]) -> Counts {
        counts.iter().map(|&(operation, count)| (operation.into(), count)).collect()
    }

    #[test]
    fn operations_are_read_and_nothing_else() {
        let annotated = "12,345 (1.20%)  ???:spsc_bounded_push [/a/b]\n\
                         99 ( 0.1%)  /x/y.c:malloc [/lib]\n\
                         2,000 (0.1%)  ???:counter_take [/a]\n\
                         7 (0.1%)  ???:core::ops::a_push [/a]\n";
        assert_eq!(counts(annotated), of(&[("counter_take", 2.0), ("spsc_bounded_push", 12.35)]));
    }

    #[test]
    fn only_more_than_two_in_a_hundred_is_a_regression() {
        let baseline = of(&[("a", 100.0), ("b", 100.0), ("gone", 1.0)]);
        let problems = compare(&baseline, &of(&[("a", 102.0), ("b", 102.1), ("new", 1.0)]));
        assert_eq!(problems.len(), 3, "{problems:#?}");
        assert_eq!(problems[0], "b: 102.1 instructions, 100 before");
    }

    #[test]
    fn what_is_written_is_read() {
        let baselines =
            Baselines::from([("1.0 x".into(), of(&[("a_push", 12.5), ("b_pop", 3.0)]))]);
        assert_eq!(toml::from_str::<Baselines>(&render(&baselines)).unwrap(), baselines);
    }
}
