//! Runs suites: one line each, their commands' output in a log, the log in full if one fails.

use core::fmt;
use core::time::Duration;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::checker::Checker;
use crate::models;
use crate::suites::{Folder, Suite};

/// The workspace at hand.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// What `cargo metadata` says.
    pub(crate) metadata: Value,
    checker: OnceLock<Result<Checker, Stop>>,
    models: OnceLock<Result<String, Stop>>,
}

/// Why a suite did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Failed(String),
    Skipped(String),
}

impl Stop {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

/// What a suite says when it passed: how much it ran, for instance `23 models`.
pub(crate) type Outcome = Result<String, Stop>;

impl Project {
    pub(crate) fn here() -> Result<Self, String> {
        // Set by `cargo run`; a binary that is started by hand knows where it was built.
        let manifest = env::var("CARGO_MANIFEST_DIR");
        let manifest = manifest.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR"));
        let root = Path::new(manifest).parent().ok_or("xtask has no parent folder")?.to_owned();
        let metadata = metadata(&root, &[])?;
        let target = metadata["target_directory"].as_str().ok_or("no target directory")?.into();
        Ok(Self { root, target, metadata, checker: OnceLock::new(), models: OnceLock::new() })
    }

    /// The patched checker, prepared once per run.
    pub(crate) fn checker(&self, log: &mut Log) -> Result<&Checker, Stop> {
        self.checker.get_or_init(|| Checker::prepare(self, log)).as_ref().map_err(Clone::clone)
    }

    /// What the models show as they are written: they run once, for every suite that builds on it.
    pub(crate) fn models(&self, log: &mut Log) -> Result<&str, Stop> {
        let ran = self.models.get_or_init(|| models::run_each(self, log));
        ran.as_deref().map_err(Clone::clone)
    }
}

/// `cargo metadata` of the workspace at `root`.
pub(crate) fn metadata(root: &Path, arguments: &[&str]) -> Result<Value, String> {
    let output = cargo(root)
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .output()
        .map_err(|error| format!("can't run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// The cargo that started us, in `folder`.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder).env("CARGO_TERM_COLOR", "never");
    command
}

/// A suite's log.
pub(crate) struct Log(File);

impl Log {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create(path)?;
        Ok(Self(OpenOptions::new().read(true).append(true).open(path)?))
    }

    /// Writes a line of our own.
    pub(crate) fn note(&mut self, line: &str) {
        // A log that can't be written must not decide a suite; the next command fails on it anyway.
        let _ = writeln!(self.0, "{line}");
    }

    /// Runs a command to its end and returns what it printed.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<String, Stop> {
        let (success, output) = self.try_run(command)?;
        if success { Ok(output) } else { Err(Stop::Failed(format!("`{}` failed", line(command)))) }
    }

    /// As [`run`](Self::run), for a command that may fail.
    pub(crate) fn try_run(&mut self, command: &mut Command) -> Result<(bool, String), Stop> {
        let (ended, output) = self.run_for(command, Duration::MAX)?;
        Ok((ended == Ended::Well, output))
    }

    /// The same for a command that may not end, and is killed then.
    pub(crate) fn run_for(
        &mut self,
        command: &mut Command,
        limit: Duration,
    ) -> Result<(Ended, String), Stop> {
        self.note(&format!("$ {}", line(command)));
        let mut attempt = || -> io::Result<(Ended, String)> {
            let start = self.0.seek(SeekFrom::End(0))?;
            let child = command
                .stdin(Stdio::null())
                .stdout(self.0.try_clone()?)
                .stderr(self.0.try_clone()?)
                .spawn()?;
            let ended = wait(child, limit)?;
            self.0.seek(SeekFrom::Start(start))?;
            let mut output = Vec::new();
            self.0.read_to_end(&mut output)?;
            Ok((ended, String::from_utf8_lossy(&output).into_owned()))
        };
        attempt().map_err(|error| Stop::Failed(format!("can't run `{}`: {error}", line(command))))
    }
}

/// How a command that had so much time ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Badly,
    Never,
}

fn wait(mut child: Child, limit: Duration) -> io::Result<Ended> {
    let judge = |status: ExitStatus| if status.success() { Ended::Well } else { Ended::Badly };
    if limit == Duration::MAX {
        return child.wait().map(judge);
    }
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(judge(status));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(Ended::Never);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// A command as one would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    core::iter::once(program.to_string_lossy()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// How many suites went which way.
#[derive(Default)]
pub(crate) struct Totals {
    passed: usize,
    pub(crate) failed: usize,
    skipped: usize,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Runs all suites, whatever happens to some: as many at once as there are cores, since most of the time one compiler or one
/// search keeps one core busy.
pub(crate) fn all(project: &Project, suites: &[&Suite]) -> Totals {
    let queue = Queue::of(suites);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let totals = Mutex::new(Totals::default());
    thread::scope(|scope| {
        for _ in 0..cores.min(suites.len()) {
            scope.spawn(|| {
                while let Some(turn) = queue.next() {
                    let (outcome, took) = run(project, turn.suite);
                    tell(project, turn.suite, &outcome, took, &mut locked(&totals));
                }
            });
        }
    });
    totals.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The suites that have not begun, and the folders in use.
struct Queue<'a> {
    state: Mutex<(Vec<&'a Suite>, Vec<Folder>)>,
    freed: Condvar,
}

/// A suite that may run; its folder is in use until this is dropped.
struct Turn<'q, 'a> {
    suite: &'a Suite,
    queue: &'q Queue<'a>,
}

impl<'a> Queue<'a> {
    fn of(suites: &[&'a Suite]) -> Self {
        Self { state: Mutex::new((suites.to_vec(), Vec::new())), freed: Condvar::new() }
    }

    /// The next suite of a folder that is free, as soon as there is one; `None` when all have begun.
    ///
    /// Of several folders it is the one that has most to do: its suites take turns, so they would be what the others wait
    /// for at the end.
    fn next(&self) -> Option<Turn<'_, 'a>> {
        let mut state = locked(&self.state);
        loop {
            let (waiting, busy) = &mut *state;
            if waiting.is_empty() {
                return None;
            }
            let to_do = |folder| {
                let own = waiting.iter().filter(|suite| suite.builds_in == folder);
                own.map(|suite| suite.seconds).sum::<u32>()
            };
            let free = (0..waiting.len()).filter(|&at| !busy.contains(&waiting[at].builds_in));
            // (The first of those with as much to do.)
            if let Some(at) = free.rev().max_by_key(|&at| to_do(waiting[at].builds_in)) {
                let suite = waiting.remove(at);
                busy.push(suite.builds_in);
                return Some(Turn { suite, queue: self });
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Turn<'_, '_> {
    fn drop(&mut self) {
        locked(&self.queue.state).1.retain(|folder| *folder != self.suite.builds_in);
        self.queue.freed.notify_all();
    }
}

/// (A suite that panicked has not broken the lists.)
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn log_of(project: &Project, suite: &Suite) -> PathBuf {
    project.target.join("xtask").join(format!("{}.log", suite.name))
}

fn run(project: &Project, suite: &Suite) -> (Outcome, Duration) {
    let path = log_of(project, suite);
    let start = Instant::now();
    let outcome = match Log::create(&path) {
        Ok(mut log) => (suite.run)(project, &mut log),
        Err(error) => Err(Stop::Failed(format!("can't write {}: {error}", path.display()))),
    };
    (outcome, start.elapsed())
}

/// Prints a suite's line, and counts it.
fn tell(project: &Project, suite: &Suite, outcome: &Outcome, took: Duration, totals: &mut Totals) {
    match outcome {
        Ok(what) => {
            totals.passed += 1;
            println!("{}", report(suite.name, "ok", what, took));
        }
        Err(Stop::Skipped(why)) => {
            totals.skipped += 1;
            println!("{}", report(suite.name, "skipped", why, took));
        }
        Err(Stop::Failed(why)) => {
            totals.failed += 1;
            println!("{}", report(suite.name, "FAILED", "", took));
            let path = log_of(project, suite);
            println!("---- {} ({})", suite.name, path.display());
            print!("{}", fs::read_to_string(&path).unwrap_or_default());
            println!("{why}");
            println!("---- end of {}", suite.name);
        }
    }
}

fn report(suite: &str, verdict: &str, what: &str, took: Duration) -> String {
    format!("{suite:<17} {verdict:<8} {what:<24} {:>6.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_name_verdict_count_and_time() {
        let line = report("models", "ok", "23 models", Duration::from_millis(41_230));
        assert_eq!(line, "models            ok       23 models                  41.2 s");
    }

    #[test]
    fn suites_of_one_folder_take_turns() {
        let suite = |name, builds_in| Suite::new(name, builds_in, 1, |_, _| Ok("".into()), "");
        let [a, b, c] = [
            suite("a", Folder::Workspace),
            suite("b", Folder::Workspace),
            suite("c", Folder::Checker),
        ];
        let queue = Queue::of(&[&a, &b, &c]);
        let name = |turn: &Option<Turn<'_, '_>>| turn.as_ref().map(|turn| turn.suite.name);
        let first = queue.next();
        let second = queue.next();
        assert_eq!((name(&first), name(&second)), (Some("a"), Some("c")));
        thread::scope(|scope| {
            let third = scope.spawn(|| name(&queue.next()));
            drop(first);
            assert_eq!(third.join().unwrap(), Some("b"));
        });
        assert_eq!(name(&queue.next()), None);
    }

    #[test]
    fn the_folder_with_most_to_do_comes_first() {
        let suite = |name, builds_in, seconds| {
            Suite::new(name, builds_in, seconds, |_, _| Ok("".into()), "")
        };
        let [a, b, c, d] = [
            suite("a", Folder::Workspace, 1),
            suite("b", Folder::Checker, 5),
            suite("c", Folder::Bugs, 7),
            suite("d", Folder::Checker, 4),
        ];
        let queue = Queue::of(&[&a, &b, &c, &d]);
        let turns: Vec<_> = (0..3).filter_map(|_| queue.next()).collect();
        let names: Vec<_> = turns.iter().map(|turn| turn.suite.name).collect();
        assert_eq!(names, ["b", "c", "a"]);
        drop(turns);
        assert_eq!(queue.next().map(|turn| turn.suite.name), Some("d"));
    }

    #[test]
    fn totals_are_one_plain_line() {
        let totals = Totals { passed: 11, failed: 1, skipped: 0 };
        assert_eq!(totals.to_string(), "11 passed, 1 failed, 0 skipped");
    }
}
