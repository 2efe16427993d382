//! `cargo xtask test`: every suite of raddle, one line each.

mod bugs;
mod checker;
mod document;
mod fuzz;
mod instructions;
mod labels;
mod links;
mod models;
mod orderings;
mod progress;
mod relacy;
mod run;
mod suites;
mod threads;
mod users;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::run::Project;
use crate::suites::{SUITES, Suite};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Runs the suites of raddle")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the suites, one line each; a failing suite's output is shown in full
    Test {
        /// Runs this suite alone; may be given more than once
        #[arg(long, value_name = "SUITE")]
        only: Vec<String>,
        /// Lists the suites and runs none
        #[arg(long)]
        list: bool,
    },
    /// Runs the models whose names contain NAME, on the patched model checker, and shows what they print
    Model {
        /// A part of a name: `ring`, `stories::orders::a_message`
        #[arg(value_name = "NAME")]
        name: String,
        /// Raises the bound of each: how often a thread is stopped that could have gone on
        #[arg(long, value_name = "N")]
        preemptions: Option<usize>,
    },
    /// Runs all models and compares what they searched with docs/models.md
    Models {
        /// Writes the table instead
        #[arg(long)]
        write: bool,
    },
    /// Freezes threads and compares what operations earn with docs/progress.md
    Progress {
        /// Writes the table instead
        #[arg(long)]
        write: bool,
    },
    /// Plants each bug of xtask/bugs.toml in a copy and compares the table with docs/bugs.md
    Bugs {
        /// Writes the table instead
        #[arg(long)]
        write: bool,
        /// Plants only the bugs whose name contains this, and compares nothing
        #[arg(long, value_name = "NAME", conflicts_with = "write")]
        only: Option<String>,
    },
    /// Counts the instructions of each operation and compares them with xtask/instructions.toml
    Instructions {
        /// Writes them instead
        #[arg(long)]
        write: bool,
    },
    /// Runs the fuzzers (nightly), each for its share of the time
    Fuzz {
        /// How long in all
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Runs this one only: `operations`, or `schedule`
        #[arg(long, value_name = "TARGET")]
        only: Option<String>,
        /// Writes what reached furthest to fuzz/corpus
        #[arg(long)]
        keep: bool,
    },
    /// Puts every structure under threads that stall anywhere, each for its share of the time
    Stress {
        /// How long in all
        #[arg(long, default_value_t = 0.1)]
        hours: f64,
    },
    /// Judges every ordering by its mutants and compares the table with docs/orderings.md
    Orderings {
        /// Writes the table instead
        #[arg(long)]
        write: bool,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Task::Test { list: true, .. } => {
            for suite in SUITES {
                println!("{:<17} {}", suite.name, suite.about);
            }
            ExitCode::SUCCESS
        }
        Task::Test { only, .. } => test(&only),
        Task::Model { name, preemptions } => model(&name, preemptions),
        Task::Models { write } => {
            run_all(&[if write { &suites::WRITE_MODELS } else { &suites::MODELS }])
        }
        Task::Progress { write } => {
            let suite = if write { suites::WRITE_PROGRESS } else { suites::PROGRESS };
            run_all(&[&suite])
        }
        Task::Bugs { only: Some(name), .. } => ended(|project| bugs::judge_named(project, &name)),
        Task::Bugs { write, .. } => {
            run_all(&[if write { &suites::WRITE_BUGS } else { &suites::BUGS }])
        }
        Task::Stress { hours } => ended(|project| threads::for_hours(project, hours)),
        Task::Fuzz { seconds, only, keep } => {
            ended(|project| fuzz::run(project, seconds, only.as_deref(), keep))
        }
        Task::Instructions { write } => {
            run_all(&[if write { &suites::WRITE_INSTRUCTIONS } else { &suites::INSTRUCTIONS }])
        }
        Task::Orderings { write } => {
            let suite = if write { suites::WRITE_ORDERINGS } else { suites::ORDERINGS };
            run_all(&[&suite])
        }
    }
}

fn test(only: &[String]) -> ExitCode {
    for name in only {
        if !SUITES.iter().any(|suite| suite.name == name) {
            let valid: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
            eprintln!("error: no suite `{name}`; there are: {}", valid.join(", "));
            return ExitCode::from(2);
        }
    }
    let chosen = |suite: &&Suite| only.is_empty() || only.iter().any(|name| name == suite.name);
    run_all(&SUITES.iter().filter(chosen).collect::<Vec<_>>())
}

fn model(name: &str, preemptions: Option<usize>) -> ExitCode {
    match Project::here().and_then(|project| models::run_named(&project, name, preemptions)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Does something that is no suite.
fn ended(f: impl FnOnce(&Project) -> Result<(), String>) -> ExitCode {
    match Project::here().and_then(|project| f(&project)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run_all(suites: &[&Suite]) -> ExitCode {
    let project = match Project::here() {
        Ok(project) => project,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::FAILURE;
        }
    };
    let totals = run::all(&project, suites);
    println!("{totals}");
    if totals.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn suites_have_names_of_their_own() {
        let mut names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUITES.len());
    }
}
