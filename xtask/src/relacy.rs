//! The second model checker: ports of the mechanisms in C++, run by relacy where the Debian package is there.
//!
//! loom runs our source; relacy, which shares no line and no author with it, runs the same algorithms written again by
//! hand in `loom-tests/relacy/`. So that they stay the same, each edge of a port must be one of `src/`, with the same
//! ordering, and each edge of the files that are followed must be in a port, or be left out for a reason; that is
//! compared even where relacy is missing. Then every scenario must pass, every edge weakened must fail, and so must every
//! planted bug.

mod ports;

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use crate::labels;
use crate::run::{Ended, Log, Outcome, Project, Stop};
use crate::suites::counted;
use ports::{LIST, Listed, Port};

const FOLDER: &str = "loom-tests/relacy";
const REMEDY: &str = "apt-get install relacy-dev g++";

/// The ports, and how many iterations each must run at least when nothing is weakened: those of its scenarios, each in
/// five rounds of 1000 iterations, 2000, 4000 and so on.
const PORTS: [(&str, usize); 7] = [
    ("lines", 108_500),
    ("chain", 108_500),
    ("ring", 511_500),
    ("fan_in", 248_000),
    ("fan_out", 372_000),
    ("segments", 372_000),
    ("stack", 93_000),
];

/// A port that runs so long has lost its way.
const LIMIT: Duration = Duration::from_secs(300);

pub(crate) fn check(project: &Project, log: &mut Log) -> Outcome {
    let folder = project.root.join(FOLDER);
    let (ports, listed) = read(project, &folder, log)?;
    let compiler = compiler(log)?;
    let bench = Bench { folder, target: project.target.join("xtask").join("relacy"), compiler };
    fs::create_dir_all(&bench.target)
        .map_err(|error| Stop::Failed(format!("{}: {error}", bench.target.display())))?;
    bench.compile(&ports, log)?;

    let mut problems: Vec<String> = bench
        .each(log, &ports, |port, log| bench.passes(port, log))?
        .into_iter()
        .flatten()
        .collect();
    let mutants = ports::mutants(&ports);
    let judged = bench.each(log, &mutants, |mutant, log| {
        let arguments = ["--weaken", &mutant.label, &mutant.weaker];
        bench.fate(&mutant.ports, &arguments, log)
    })?;
    problems.extend(listed.judge(&mutants, &judged));
    let bugs = ports::bugs(&ports);
    let judged =
        bench.each(log, &bugs, |bug, log| bench.fate(&bug.ports, &["--plant", &bug.name], log))?;
    let missed = bugs.iter().zip(judged).filter(|&(_, fate)| fate != Fate::Killed);
    problems.extend(missed.map(|(bug, fate)| format!("the bug `{}`: {fate:?}", bug.name)));
    problems.iter().for_each(|problem| log.note(problem));
    if problems.is_empty() {
        let ports = counted(ports.len(), "port");
        Ok(format!("{ports}, {}, {}", counted(mutants.len(), "mutant"), counted(bugs.len(), "bug")))
    } else {
        Err(Stop::Failed(counted(problems.len(), "problem")))
    }
}

/// The ports and the list, which agree with the sources.
fn read(project: &Project, folder: &Path, log: &mut Log) -> Result<(Vec<Port>, Listed), Stop> {
    let sources = labels::read(&project.root).map_err(Stop::failed)?;
    let text = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path)
            .map_err(|error| Stop::Failed(format!("{}: {error}", path.display())))
    };
    let mut ports = Vec::new();
    for (name, least) in PORTS {
        ports.push(Port::read(name, least, text)?);
    }
    let listed = Listed::parse(&text(LIST)?).map_err(Stop::Failed)?;
    let problems = ports::compare(&ports, &listed, &sources);
    problems.iter().for_each(|problem| log.note(problem));
    if problems.is_empty() {
        Ok((ports, listed))
    } else {
        let what = counted(problems.len(), "difference");
        Err(Stop::Failed(format!("{what} between {FOLDER} and src: see above")))
    }
}

/// A compiler that finds relacy.
fn compiler(log: &mut Log) -> Result<String, Stop> {
    let compiler = env::var("CXX").unwrap_or_else(|_| "g++".into());
    if !log.try_run(Command::new(&compiler).arg("--version")).is_ok_and(|(there, _)| there) {
        return Err(Stop::Skipped(format!("no {compiler}: `{REMEDY}`")));
    }
    let mut look = Command::new(&compiler);
    look.args(["-std=c++17", "-w", "-fsyntax-only", "-include", "relacy/relacy.hpp"]);
    match log.try_run(look.args(["-x", "c++", "/dev/null"]))? {
        (true, _) => Ok(compiler),
        (false, _) => Err(Stop::Skipped(format!("no relacy: `{REMEDY}`"))),
    }
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Killed,
    Survived,
    Unreached,
}

/// Where ports are compiled and run.
struct Bench {
    folder: PathBuf,
    target: PathBuf,
    compiler: String,
}

impl Bench {
    fn binary(&self, port: &str) -> PathBuf {
        self.target.join(port)
    }

    /// Compiles what is older than the sources.
    fn compile(&self, ports: &[Port], log: &mut Log) -> Result<(), Stop> {
        let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let newest = entries.filter_map(|entry| changed(&entry.path())).max();
        let is_old = |port: &&Port| {
            let built: Option<SystemTime> = changed(&self.binary(port.name));
            built.is_none() || built < newest
        };
        let old: Vec<&Port> = ports.iter().filter(is_old).collect();
        self.each(log, &old, |port, log| {
            let mut command = Command::new(&self.compiler);
            // relacy replaces `new` and `delete`, but not the sized one, and leaves fibers by `longjmp`.
            command.args([
                "-std=c++17",
                "-O1",
                "-w",
                "-fno-sized-deallocation",
                "-U_FORTIFY_SOURCE",
            ]);
            command.arg(self.folder.join(format!("{}.cpp", port.name)));
            log.run(command.arg("-o").arg(self.binary(port.name))).map(drop)
        })?;
        Ok(())
    }

    /// Does `f` for each of `jobs`, as many at a time as there are processors; keeps their order, in the log as well.
    fn each<T: Sync, R: Send>(
        &self,
        log: &mut Log,
        jobs: &[T],
        f: impl Fn(&T, &mut Log) -> Result<R, Stop> + Sync,
    ) -> Result<Vec<R>, Stop> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let wrong = |error: io::Error| Stop::Failed(format!("{}: {error}", self.target.display()));
        let work = || {
            // Relaxed: a number.
            let take =
                || Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, jobs.get(i)?)));
            while let Some((i, job)) = take() {
                let path = self.target.join(format!("{i}.log"));
                let outcome =
                    Log::create(&path).map_err(wrong).and_then(|mut own| f(job, &mut own));
                let text = fs::read_to_string(&path).unwrap_or_default();
                done.lock().unwrap_or_else(PoisonError::into_inner).push((i, outcome, text));
            }
        };
        thread::scope(|scope| {
            let workers = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
            for _ in 0..workers {
                scope.spawn(work);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|&(i, ..)| i);
        done.into_iter()
            .map(|(_, outcome, text)| {
                log.note(text.trim_end());
                outcome
            })
            .collect()
    }

    /// What is wrong with a port in which nothing is weakened.
    fn passes(&self, port: &Port, log: &mut Log) -> Result<Option<String>, Stop> {
        let (ended, output) = log.run_for(&mut Command::new(self.binary(port.name)), LIMIT)?;
        let name = port.name;
        if ended != Ended::Well {
            return Ok(Some(format!("{FOLDER}/{name}.cpp fails: {}", output.trim())));
        }
        let ran = ports::iterations(&output);
        Ok((ran < port.least).then(|| {
            format!("{FOLDER}/{name}.cpp ran {ran} iterations, at least {} expected", port.least)
        }))
    }

    /// Runs the ports until one fails.
    fn fate(&self, ports: &[&str], arguments: &[&str], log: &mut Log) -> Result<Fate, Stop> {
        let mut fate = Fate::Unreached;
        for port in ports {
            let mut command = Command::new(self.binary(port));
            match log.run_for(command.args(arguments), LIMIT)? {
                (Ended::Badly, output) if output.contains("failed\t") => return Ok(Fate::Killed),
                (Ended::Well, output) if output.contains("survived") => fate = Fate::Survived,
                (Ended::Well, output) if output.contains("unreached") => {}
                (ended, output) => {
                    let what = arguments.join(" ");
                    return Err(Stop::Failed(format!("{port} {what}: {ended:?}, {output}")));
                }
            }
        }
        Ok(fate)
    }
}
