//! Real threads: the stress tests, as they are and under the sanitizers of a nightly compiler.
//!
//! Each sanitizer must also report a bug that is planted for it, or its silence would say nothing. The thread sanitizer works
//! without the sources of the standard library, which is then not instrumented: `xtask/tsan.supp` has what it reports of
//! that, with a reason for each line.

use std::path::PathBuf;
use std::process::Command;

use crate::bugs;
use crate::checker::Checker;
use crate::run::{Log, Outcome, Project, Stop, cargo};
use crate::suites::{counted, passed, test, tests};

/// Tests of `tests/stress`, which share the time.
const STRUCTURES: f64 = 13.0;

pub(crate) fn stress(project: &Project, log: &mut Log) -> Outcome {
    let stress = ["--test", "stress", "--", "--nocapture"];
    tests(log.run(test(project).args(stress).env("RADDLE_STRESS_SECONDS", "0.5"))?)
}

/// `cargo xtask stress`: one structure after another, since each has more threads than most machines have cores.
pub(crate) fn for_hours(project: &Project, hours: f64) -> Result<(), String> {
    let seconds = hours * 3600.0 / STRUCTURES;
    let mut command = cargo(&project.root);
    command
        .args(["test", "--release", "--package", "raddle", "--test", "stress", "--"])
        .args(["--nocapture", "--test-threads=1"])
        .env("RADDLE_STRESS_SECONDS", seconds.to_string());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("the stress tests fail".into()),
        Err(error) => Err(format!("can't run cargo: {error}")),
    }
}

/// A bug of `xtask/bugs.toml`, and what a sanitizer must say of it in a test.
struct Twin {
    bug: &'static str,
    target: &'static str,
    test: &'static str,
    report: &'static str,
}

pub(crate) fn address(project: &Project, log: &mut Log) -> Outcome {
    let sanitizer = Sanitizer::prepare(project, log, "address", "-Zsanitizer=address")?;
    sanitizer.check(
        log,
        &["stress", "vecdeque", "stack"],
        &[
            Twin {
                bug: "a cloned handle is not counted",
                target: "stress",
                test: "mpmc_bounded",
                report: "AddressSanitizer: heap-use-after-free",
            },
            Twin {
                bug: "an item is copied out of its source and dropped there too",
                target: "stress",
                test: "mpmc_bounded",
                report: "AddressSanitizer: ",
            },
            Twin {
                bug: "values of an iterator that panics are pushed to nobody",
                target: "stack",
                test: "a_stack_works_on_after_a_panic",
                report: "LeakSanitizer: detected memory leaks",
            },
        ],
    )
}

pub(crate) fn races(project: &Project, log: &mut Log) -> Outcome {
    let flags = "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer";
    let sanitizer = Sanitizer::prepare(project, log, "thread", flags)?;
    let report = "ThreadSanitizer: data race";
    sanitizer.check(
        log,
        &["stress"],
        &[
            Twin {
                bug: "slots go back to the producer with a relaxed store",
                target: "stress",
                test: "spsc_bounded",
                report,
            },
            Twin {
                bug: "a line's word is loaded without acquiring the items",
                target: "stress",
                test: "mpmc_bounded",
                report,
            },
        ],
    )
}

/// A copy of the workspace, built with a sanitizer.
struct Sanitizer {
    copy: Checker,
    target: PathBuf,
    host: String,
    flags: &'static str,
}

impl Sanitizer {
    fn prepare(
        project: &Project,
        log: &mut Log,
        name: &str,
        flags: &'static str,
    ) -> Result<Self, Stop> {
        let host = host_of_nightly(log)?;
        let folder = project.target.join("sanitizers");
        let copy = Checker::prepare_in(&folder, project, log)?;
        Ok(Self { copy, target: folder.join(name), host, flags })
    }

    fn check(&self, log: &mut Log, targets: &[&str], twins: &[Twin]) -> Outcome {
        let mut ran = 0;
        for target in targets {
            ran += passed(&log.run(&mut self.test(target, ""))?);
        }
        if ran == 0 {
            return Err(Stop::failed("no test ran"));
        }
        for Twin { bug, target, test, report } in twins {
            let output = bugs::with_bug(self.copy.workspace(), bug, || {
                log.note(&format!("\n==== must be reported: {bug}"));
                log.try_run(&mut self.test(target, test))
            });
            if !output?.1.contains(report) {
                return Err(Stop::Failed(format!(
                    "planted, and not reported as `{report}`: {bug}"
                )));
            }
        }
        Ok(format!("{}, {} reported", counted(ran, "test"), counted(twins.len(), "bug")))
    }

    fn test(&self, target: &str, test: &str) -> Command {
        let suppressions = self.copy.workspace().join("xtask").join("tsan.supp");
        let mut command = nightly("cargo");
        command
            .current_dir(self.copy.workspace())
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TARGET_DIR", &self.target)
            .env("RUSTFLAGS", self.flags)
            .env("TSAN_OPTIONS", format!("suppressions={}", suppressions.display()))
            .args(["test", "--locked", "--package", "raddle", "--target", &self.host])
            // (That one leaks on purpose.)
            .args([
                "--test",
                target,
                "--",
                "--test-threads=1",
                "--skip",
                "a_leaked_iterator",
                test,
            ]);
        command
    }
}

/// A program of the nightly toolchain.
pub(crate) fn nightly(program: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", program]);
    command
}

/// The target that a nightly compiler builds for, if there is one and it has sanitizers there.
fn host_of_nightly(log: &mut Log) -> Result<String, Stop> {
    let version = log.try_run(nightly("rustc").arg("-vV"));
    // Without rustup, too.
    let Ok((true, output)) = version else {
        return Err(Stop::Skipped("no nightly: `rustup toolchain install nightly`".into()));
    };
    let host = output.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    match host {
        "x86_64-unknown-linux-gnu" | "aarch64-unknown-linux-gnu" => Ok(host.into()),
        _ => Err(Stop::Skipped(format!("no sanitizer for `{host}`"))),
    }
}
