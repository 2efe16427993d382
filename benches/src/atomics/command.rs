//! `raddle-bench atomics`: runs experiments, one after the other, and tells what they showed.

use core::fmt::Write;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use fastrand::Rng;
use serde_json::{Value, json};

use super::ALL;
use super::lab::{Experiment, Finding, Lab, Stop};
use super::ticks::Ticks;
use crate::arguments::parse_file;
use crate::cli;
use crate::machine::{Load, Machine, Placement};
use crate::plan::Effort;
use crate::report::{self, json, table};

/// What is asked of the machine.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The experiments to run; all if none is named (see --list)
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// A first look: seconds in all, with figures that are worth little
    #[arg(long)]
    quick: bool,

    /// The seed of the order of samples and of the intervals; drawn and printed if not given
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Write everything, raw samples included, to this file
    #[arg(long, value_name = "FILE", value_parser = parse_file)]
    json: Option<PathBuf>,

    /// Print the experiments, and what each asks
    #[arg(long)]
    list: bool,
}

/// How the figures come about.
const METHOD: &str = "\
Each round measures every contestant once, in shuffled order; in each group one
runs twice, and what it differs by from itself is the noise floor (A/A). Ratios
are taken within a round; shown are medians with their 95 % intervals (bootstrap
over rounds). A difference is called one if its interval excludes 1 and it
exceeds the noise floor. Threads are pinned, one per CPU, where there are enough
CPUs; they warm up for a quarter of the window in which operations count.
";

/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;
const BROKEN: u8 = 3;
/// Rounds that nothing need be said about.
const ENOUGH: usize = 100;

/// Experiment, result.
type Run = (Experiment, f64, Result<Finding, Stop>);

/// Runs what `arguments` ask for; `raw` are they as they were given.
///
/// # Errors
///
/// What the user has to change, as a sentence.
pub(crate) fn execute(arguments: &Arguments, raw: &[String]) -> Result<ExitCode, String> {
    if arguments.list {
        return cli::print(&list());
    }
    let chosen = chosen(&arguments.names)?;
    let mut file = arguments.json.as_deref().map(cli::open).transpose()?;
    let seed = arguments.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let (machine, placement) = (Machine::read(), Placement::read());
    cli::warn_of_debug_builds(&machine);
    catch_interrupts();
    let before = Load::read();
    let start = Instant::now();
    let mut lab = Lab {
        placement: &placement,
        ticks: Ticks::read(),
        rng: Rng::with_seed(seed),
        seed,
        quick: arguments.quick,
        rounds: None,
        interrupted: &INTERRUPTS,
    };
    let mut results: Vec<Run> = Vec::new();
    for experiment in chosen {
        eprintln!("{}: {}", experiment.name, experiment.question);
        let begun = Instant::now();
        let result = (experiment.run)(&mut lab);
        let interrupted = result == Err(Stop::Interrupted);
        if interrupted {
            eprintln!("interrupted: what is complete follows");
            break;
        }
        results.push((*experiment, begun.elapsed().as_secs_f64(), result));
    }
    let complete = !INTERRUPTS.load(Ordering::Relaxed);
    let after = Load::read();
    let origin = json::Origin {
        arguments: raw,
        seed,
        effort: if arguments.quick { Effort::Quick } else { Effort::Default },
        method: METHOD,
        machine: &machine,
        placement: &placement,
        before,
        after,
    };
    if let Some((file, path)) = &mut file {
        let document = document(&origin, &results, complete);
        cli::write_json(file, &document).map_err(|error| cli::cannot_write(path, &error))?;
    }
    let mut text = format!("raddle-bench {} atomics\n", env!("CARGO_PKG_VERSION"));
    text.push_str(&table::machine(&machine, &placement, before, after));
    let _ = write!(text, "\nseed {seed}, {:.0} s in all\n{METHOD}", start.elapsed().as_secs_f64());
    for (experiment, _, result) in &results {
        text.push_str(&section(experiment, result));
    }
    if !complete {
        text.push_str("\nInterrupted: the experiments above are complete, others are left out.\n");
    }
    text.push('\n');
    text.push_str(&table::warnings(&machine, before, after, lab.rounds.unwrap_or(ENOUGH)));
    cli::print(&text)?;
    let broken = results.iter().any(|(.., result)| matches!(result, Err(Stop::Broken(_))));
    Ok(match (broken, complete) {
        (true, _) => ExitCode::from(BROKEN),
        (_, false) => ExitCode::from(INTERRUPTED),
        _ => ExitCode::SUCCESS,
    })
}

/// The experiments named, in the order of [`ALL`], each once.
fn chosen(names: &[String]) -> Result<Vec<&'static Experiment>, String> {
    let known = |name: &String| ALL.iter().any(|experiment| experiment.name == *name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let all: Vec<_> = ALL.iter().map(|experiment| experiment.name).collect();
        return Err(format!("unknown experiment '{unknown}'; there are {}", all.join(", ")));
    }
    let is_meant = |experiment: &&Experiment| {
        names.is_empty() || names.iter().any(|name| name == experiment.name)
    };
    Ok(ALL.iter().filter(is_meant).collect())
}

fn list() -> String {
    let mut text = String::new();
    for Experiment { name, question, .. } in ALL {
        report::paragraph(&mut text, &format!("{name:<14} "), &" ".repeat(15), question);
    }
    text
}

/// What one experiment showed.
fn section(experiment: &Experiment, result: &Result<Finding, Stop>) -> String {
    let mut text = "\n".to_owned();
    report::paragraph(&mut text, &format!("{}: ", experiment.name), "    ", experiment.question);
    match result {
        Ok(finding) => {
            text.push_str(&finding.text);
            report::paragraph(&mut text, "  => ", "     ", &finding.words);
        }
        Err(Stop::Interrupted) => {}
        Err(Stop::Cannot(why)) => {
            report::paragraph(&mut text, "  => ", "     ", &format!("Not here: {why}."));
        }
        Err(Stop::Broken(why)) => {
            report::paragraph(&mut text, "  => ", "     ", &format!("BROKEN: {why}."));
        }
    }
    text
}

fn document(origin: &json::Origin<'_>, results: &[Run], complete: bool) -> Value {
    let mut document = json::origin(origin);
    document["complete"] = json!(complete);
    let results = results.iter().map(|(experiment, seconds, result)| {
        let (finding, not_here, broken) = match result {
            Ok(finding) => (Some(finding), None, None),
            Err(Stop::Interrupted) => (None, None, None),
            Err(Stop::Cannot(why)) => (None, Some(why), None),
            Err(Stop::Broken(why)) => (None, None, Some(why)),
        };
        json!({
            "name": experiment.name,
            "question": experiment.question,
            "elapsed_s": seconds,
            "words": finding.map(|finding| &finding.words),
            "not_here": not_here,
            "broken": broken,
            "data": finding.map(|finding| &finding.data),
        })
    });
    document["experiments"] = results.collect();
    document
}

/// Ctrl-C was pressed.
static INTERRUPTS: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C ends the run after the current sample; the second time, at once.
fn catch_interrupts() {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let handler = || {
        INTERRUPTS.store(true, Ordering::Relaxed);
        if TIMES.fetch_add(1, Ordering::Relaxed) > 0 {
            std::process::exit(INTERRUPTED.into());
        }
    };
    // Without a handler Ctrl-C does what it always does.
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will print nothing: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn experiments_are_chosen_by_name_in_their_own_order() {
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let chosen = chosen(&names)?;
            Ok::<_, String>(chosen.iter().map(|experiment| experiment.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap().len(), ALL.len());
        assert_eq!(names(&["contention", "cost", "cost"]).unwrap(), ["cost", "contention"]);
        let error = names(&["cost", "nonesuch"]).unwrap_err();
        assert!(error.contains("'nonesuch'") && error.contains("cost, contention"), "{error}");
    }

    #[test]
    fn the_list_and_the_sections_fit_into_80_columns() {
        let text = list();
        assert!(ALL.iter().all(|experiment| text.contains(experiment.name)));
        let long = "word ".repeat(60);
        let finding = Finding { text: String::new(), words: long.clone(), data: Value::Null };
        let results = [Ok(finding), Err(Stop::Cannot(long.clone())), Err(Stop::Broken(long))];
        let text = results.iter().fold(text, |text, result| text + &section(&ALL[0], result));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("=> Not here: word") && text.contains("=> BROKEN: word"), "{text}");
        assert!(METHOD.lines().all(|line| line.chars().count() <= 80));
    }
}
