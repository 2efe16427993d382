//! The table of progress, kept in `docs/progress.md`: what each operation does beside a frozen thread.

use std::fs;
use std::process::Command;

use crate::run::{Log, Outcome, Project, Stop, cargo};
use crate::suites::{counted, passed};

const DOCUMENT: &str = "docs/progress.md";
const BEGIN: &str = "<!-- begin: written by `cargo xtask progress --write` -->\n";
const END: &str = "<!-- end -->";

pub(crate) fn check(project: &Project, log: &mut Log) -> Outcome {
    let tests = ["--test", "must_fail", "--test", "linear", "--test", "schedule", "--test", "cost"];
    let output = log.run(under_shuttle(project, "test").args(tests))?;
    let (present, wanted) = documents(project, log)?;
    if present == wanted {
        Ok(format!("{}, and {}", operations(&wanted), counted(passed(&output), "test")))
    } else {
        Err(Stop::Failed(format!("{DOCUMENT} is out of date: run `cargo xtask progress --write`")))
    }
}

pub(crate) fn write(project: &Project, log: &mut Log) -> Outcome {
    let (_, wanted) = documents(project, log)?;
    fs::write(project.root.join(DOCUMENT), &wanted)
        .map_err(|error| Stop::Failed(format!("{DOCUMENT}: {error}")))?;
    Ok(operations(&wanted))
}

fn operations(document: &str) -> String {
    counted(document.lines().filter(|line| line.starts_with("| `")).count(), "operation")
}

/// The document as it is, and as it should be.
fn documents(project: &Project, log: &mut Log) -> Result<(String, String), Stop> {
    let output = log.run(under_shuttle(project, "run").args(["--bin", "progress"]))?;
    let rows: Vec<&str> = output.lines().filter(|line| line.starts_with('|')).collect();
    if rows.len() < 3 {
        return Err(Stop::failed("no operation was judged"));
    }
    let present = fs::read_to_string(project.root.join(DOCUMENT)).unwrap_or_default();
    let parts = present.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}{}\n{END}{after}", rows.join("\n")))
    });
    let wanted = parts.ok_or_else(|| Stop::Failed(format!("{DOCUMENT} has lost its markers")))?;
    Ok((present, wanted))
}

/// Cargo on the progress tests: optimized, with every assertion, in a target folder of its own.
pub(crate) fn under_shuttle(project: &Project, subcommand: &str) -> Command {
    let mut command = cargo(&project.root);
    command
        .args([subcommand, "--release", "--package", "raddle-progress-tests"])
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "--cfg shuttle")
        .env("CARGO_TARGET_DIR", project.target.join("progress"))
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    command
}
