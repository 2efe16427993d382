//! Runs every model as written; then weakens one ordering at a time and runs the models that reach it, until one of them
//! fails.
//!
//! Started by `cargo xtask test --only models --only mutants`: the first step, `mutants models`, is what both suites ask for,
//! and is done once. The second, `mutants judge FILE`, gets what the first has printed. xtask names the edges, compares the
//! survivors with `survivors.toml` and keeps `docs/models.md` and `docs/orderings.md`. Every run is a child process (a
//! failing model may abort by a double panic). Printed are a model's report, and lines whose fields are separated by tabs:
//! ```text
//! baseline  MODEL  EXECUTIONS  MICROSECONDS
//! reached   MODEL  FILE:LINE:COLUMN:KIND:ORDERING
//! mutant    FILE:LINE:COLUMN:KIND:ORDERING  WEAKER  killed    MODEL  race | outcome | leak | no end | panic
//! mutant    FILE:LINE:COLUMN:KIND:ORDERING  WEAKER  survived
//! ```
//! A model that merely saw too little of a mutant doesn't kill it: that condemns the search, not the program.

#[cfg(not(loom))]
fn main() {
    eprintln!(
        "no mutant ran: this build is without `--cfg loom`; use `cargo xtask test --only mutants`"
    );
    std::process::exit(2);
}

#[cfg(loom)]
fn main() -> std::process::ExitCode {
    runner::main()
}

#[cfg(loom)]
mod runner {
    use core::sync::atomic::AtomicUsize;
    use core::time::Duration;
    use std::collections::BTreeMap;
    use std::fs;
    use std::io::{self, Read};
    use std::process::{Command, ExitCode, Stdio};
    use std::sync::{Mutex, PoisonError};
    use std::thread;
    use std::time::Instant;

    use raddle::sync::Ordering;
    use raddle::sync::site::{self, Kind, Site};
    use raddle_loom_tests::models;

    /// A mutant that takes so much longer than the program has no end: its model is known to be quick.
    const SLOWER: u32 = 50;
    const PATIENCE: Duration = Duration::from_secs(10);
    /// Of a model that takes longer than this, a mutant without end can't be told from a slow one.
    const QUICK: Duration = Duration::from_secs(5);

    /// What the unweakened model showed.
    struct Baseline<'a> {
        model: &'a str,
        executions: usize,
        took: Duration,
    }

    pub(crate) fn main() -> ExitCode {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let done = match arguments[..] {
            ["models"] => run_all(),
            ["judge", file] => judge_all(file),
            ["sites", model] => sites_of(model),
            ["weakened", model, site, order] => weakened(model, site, order),
            _ => Err(
                "usage: mutants models | judge FILE | sites MODEL | weakened MODEL SITE ORDERING"
                    .into(),
            ),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("mutants: {message}");
                ExitCode::FAILURE
            }
        }
    }

    /// Child: runs a model as written and prints the sites it reached.
    fn sites_of(model: &str) -> Result<(), String> {
        site::record();
        find(model)?();
        for site in site::recorded() {
            println!("site\t{}", text_of(&site));
        }
        Ok(())
    }

    /// Child: runs a model with one site weakened; the exit status is the verdict.
    fn weakened(model: &str, at: &str, order: &str) -> Result<(), String> {
        let at = parse(at).ok_or_else(|| format!("not a site: {at}"))?;
        let order = ordering(order).ok_or_else(|| format!("not an ordering: {order}"))?;
        site::weaken(at, order);
        find(model)?();
        Ok(())
    }

    /// Every model as written; all of them, so that one run shows all that fail.
    fn run_all() -> Result<(), String> {
        let ran = side_by_side(&models::all(), |&(model, _)| as_written(model));
        for text in ran.iter().flatten() {
            print!("{text}");
        }
        let failed: Vec<String> = ran.into_iter().filter_map(Result::err).collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
    }

    /// One model: its report, its baseline, and the sites it reached.
    fn as_written(model: &str) -> Result<String, String> {
        let start = Instant::now();
        let child = run(&["sites", model], None)?;
        let took = start.elapsed().as_micros();
        if !child.passed {
            return Err(format!("{model} fails as written\n{}{}", child.stdout, child.stderr));
        }
        let report =
            child.stdout.lines().find(|line| line.starts_with(&format!("model {model}: ")));
        let executions = report.and_then(|report| report.split(": ").nth(1)?.split(' ').next());
        let (Some(report), Some(executions)) = (report, executions) else {
            return Err(format!("{model} printed no executions\n{}", child.stdout));
        };
        let mut text = format!("{report}\nbaseline\t{model}\t{executions}\t{took}\n");
        for site in child.stdout.lines().filter_map(|line| line.strip_prefix("site\t")) {
            text.extend(["reached\t", model, "\t", site, "\n"]);
        }
        Ok(text)
    }

    /// What [`run_all`] printed is in `file`.
    fn judge_all(file: &str) -> Result<(), String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let (mut baselines, reached) = read(&text)?;
        // Whatever order the models are registered in: few executions first, so that a mutant dies quickly.
        baselines.sort_by_key(|baseline| (baseline.executions, baseline.model));

        let mutants: Vec<(&Site, &str)> = reached
            .keys()
            .flat_map(|site| weaker(site).iter().map(move |&weaker| (site, weaker)))
            .collect();
        let verdicts = side_by_side(&mutants, |&(site, weaker)| {
            let by = baselines.iter().filter(|baseline| reached[site].contains(&baseline.model));
            judge(site, weaker, by)
        });
        for ((site, weaker), verdict) in mutants.into_iter().zip(verdicts) {
            println!("mutant\t{}\t{weaker}\t{}", text_of(site), verdict?);
        }
        Ok(())
    }

    type Reached<'a> = BTreeMap<Site, Vec<&'a str>>;

    fn read(text: &str) -> Result<(Vec<Baseline<'_>>, Reached<'_>), String> {
        let mut baselines = Vec::new();
        let mut reached = Reached::new();
        for line in text.lines() {
            let wrong = || format!("can't read `{line}`");
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                ["baseline", model, executions, took] => {
                    let executions = executions.parse().map_err(|_| wrong())?;
                    let took = Duration::from_micros(took.parse().map_err(|_| wrong())?);
                    baselines.push(Baseline { model, executions, took });
                }
                ["reached", model, site] => {
                    reached.entry(parse(site).ok_or_else(wrong)?).or_default().push(model);
                }
                _ => {}
            }
        }
        if baselines.is_empty() { Err("no model ran".into()) } else { Ok((baselines, reached)) }
    }

    /// `f` of each, as many at once as there are cores.
    fn side_by_side<T: Sync, R: Send>(each: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..cores.min(each.len()) {
                scope.spawn(|| {
                    while let at = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(one) = each.get(at)
                    {
                        let result = f(one);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|&(at, _)| at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn judge<'a>(
        site: &Site,
        weaker: &str,
        models: impl Iterator<Item = &'a Baseline<'a>>,
    ) -> Result<String, String> {
        let site = text_of(site);
        for Baseline { model, took, .. } in models {
            let limit = (*took * SLOWER).max(PATIENCE);
            let child = run(&["weakened", model, &site, weaker], Some(limit))?;
            let report = &child.stderr;
            let how = if child.timed_out {
                if *took > QUICK {
                    continue;
                }
                "no end"
            } else if child.passed || report.contains("saw too little") {
                continue;
            } else if report.contains("mutants: ") {
                return Err(report.clone());
            } else if report.contains("Causality violation") {
                "race"
            } else if report.contains("unexpected outcomes") {
                "outcome"
            } else if report.contains("leaked") {
                "leak"
            } else if report.contains("maximum number of branches") {
                "no end"
            } else {
                "panic"
            };
            return Ok(format!("killed\t{model}\t{how}"));
        }
        Ok("survived".into())
    }

    /// The orderings below the one asked for, the strongest first. Each is tried: to lose one half of `AcqRel` may
    /// survive where to lose both does not.
    fn weaker(site: &Site) -> &'static [&'static str] {
        match (site.kind, site.asked) {
            (Kind::Fence, "SeqCst") => &["AcqRel", "Acquire", "Release"],
            (Kind::Fence, "AcqRel") => &["Acquire", "Release"],
            (Kind::Load | Kind::Failure, "SeqCst") => &["Acquire", "Relaxed"],
            (Kind::Store, "SeqCst") => &["Release", "Relaxed"],
            (Kind::Rmw, "SeqCst") => &["AcqRel", "Acquire", "Release", "Relaxed"],
            (Kind::Rmw, "AcqRel") => &["Acquire", "Release", "Relaxed"],
            (_, "Acquire" | "Release") => &["Relaxed"],
            _ => &[],
        }
    }

    struct Child {
        passed: bool,
        timed_out: bool,
        stdout: String,
        stderr: String,
    }

    fn run(arguments: &[&str], limit: Option<Duration>) -> Result<Child, String> {
        let start = Instant::now();
        let child = || -> io::Result<Child> {
            let mut child = Command::new(std::env::current_exe()?)
                .args(arguments)
                .env("RUST_BACKTRACE", "0")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            let stdout = drain(child.stdout.take());
            let stderr = drain(child.stderr.take());
            let mut pause = Duration::from_millis(1);
            let status = loop {
                if let Some(status) = child.try_wait()? {
                    break Some(status);
                }
                if limit.is_some_and(|limit| start.elapsed() > limit) {
                    child.kill()?;
                    child.wait()?;
                    break None;
                }
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            };
            Ok(Child {
                passed: status.is_some_and(|status| status.success()),
                timed_out: status.is_none(),
                stdout: stdout.join().unwrap_or_default(),
                stderr: stderr.join().unwrap_or_default(),
            })
        };
        child().map_err(|error| format!("can't run {arguments:?}: {error}"))
    }

    /// Reads to the end on the side, so that a full pipe doesn't stop the child.
    fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                // What was read before an error is still worth showing.
                let _ = pipe.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }

    fn find(model: &str) -> Result<fn(), String> {
        let found = models::all().into_iter().find(|(name, _)| *name == model);
        found.map(|(_, run)| run).ok_or_else(|| format!("no model {model}"))
    }

    fn text_of(site: &Site) -> String {
        let Site { file, line, column, kind, asked } = site;
        format!("{file}:{line}:{column}:{kind:?}:{asked}")
    }

    fn parse(text: &str) -> Option<Site> {
        let mut fields = text.rsplitn(5, ':');
        let asked = leak(fields.next()?);
        let kind = match fields.next()? {
            "Load" => Kind::Load,
            "Store" => Kind::Store,
            "Rmw" => Kind::Rmw,
            "Failure" => Kind::Failure,
            "Fence" => Kind::Fence,
            _ => return None,
        };
        let column = fields.next()?.parse().ok()?;
        let line = fields.next()?.parse().ok()?;
        Some(Site { file: leak(fields.next()?), line, column, kind, asked })
    }

    /// A `Site` holds what the compiler wrote into the binary; one from the command line lives as long.
    fn leak(text: &str) -> &'static str {
        Box::leak(text.into())
    }

    fn ordering(name: &str) -> Option<Ordering> {
        Some(match name {
            "Relaxed" => Ordering::Relaxed,
            "Acquire" => Ordering::Acquire,
            "Release" => Ordering::Release,
            "AcqRel" => Ordering::AcqRel,
            _ => return None,
        })
    }
}
