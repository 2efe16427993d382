//! The harness: one model, its bound, its minimum of executions and its outcomes.
//!
//! loom says only whether an execution panicked. A search that silently covers too little passes as well, so here a
//! model passes if it ran often enough *and* saw exactly the outcomes it lists.

use core::fmt::Debug;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use loom::model::Builder;

/// Raises the preemption bound of every model that asks for less.
const PREEMPTIONS: &str = "RADDLE_LOOM_PREEMPTIONS";

/// A model that is about to run.
#[must_use = "nothing is checked before `check_outcomes`"]
#[derive(Clone, Copy, Debug)]
pub struct Model {
    name: &'static str,
    preemptions: usize,
    at_least: usize,
}

/// Says that a model was checked: only [`Model::check_outcomes`] makes one.
#[derive(Debug)]
pub struct Checked {
    /// Executions that loom explored.
    pub executions: usize,
}

struct Seen<O> {
    executions: usize,
    outcomes: BTreeSet<O>,
}

impl Model {
    /// A model with a preemption bound of 2.
    pub fn new(name: &'static str) -> Self {
        Self { name: crate::models::short(name), preemptions: 2, at_least: 0 }
    }

    /// Bounds how often an execution may take a thread off that could have gone on.
    pub fn preemptions(self, bound: usize) -> Self {
        Self { preemptions: bound, ..self }
    }

    /// Demands that many executions; a search that became smaller is looked at by a human.
    pub fn at_least(self, executions: usize) -> Self {
        Self { at_least: executions, ..self }
    }

    /// Runs `body` in every interleaving within the bound, and compares what it returned with `expected`.
    ///
    /// # Panics
    /// If loom reports anything, an outcome is unexpected or missing, or there were too few executions.
    pub fn check_outcomes<O, F>(self, body: F, expected: impl IntoIterator<Item = O>) -> Checked
    where
        O: Ord + Debug + Send + 'static,
        F: Fn() -> O + Send + Sync + 'static,
    {
        let Self { name, at_least, .. } = self;
        let bound = self.preemptions.max(raised());
        let mut checker = Builder::new();
        checker.preemption_bound = Some(bound);
        // Both would end the search early, in success.
        checker.max_permutations = None;
        checker.max_duration = None;

        let seen = Arc::new(Mutex::new(Seen { executions: 0, outcomes: BTreeSet::new() }));
        let start = Instant::now();
        checker.check({
            let seen = Arc::clone(&seen);
            move || {
                let outcome = body();
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.executions += 1;
                seen.outcomes.insert(outcome);
            }
        });
        let ms = start.elapsed().as_millis();

        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Seen { executions, outcomes } = &*seen;
        let of = outcomes.len();
        println!(
            "model {name}: {executions} executions, bound {bound}, {ms} ms; \
             at least {at_least}, {of} outcomes: {outcomes:?}"
        );

        let expected: BTreeSet<O> = expected.into_iter().collect();
        let unexpected: Vec<&O> = outcomes.difference(&expected).collect();
        let missing: Vec<&O> = expected.difference(outcomes).collect();
        assert!(unexpected.is_empty(), "model {name}: unexpected outcomes {unexpected:?}");
        // The mutants know these two by `saw too little`: they condemn the search, not the program.
        assert!(missing.is_empty(), "model {name} saw too little: no outcome {missing:?}");
        assert!(
            at_least > 0 && *executions >= at_least,
            "model {name} saw too little: {executions} executions, at_least({at_least})"
        );
        Checked { executions: *executions }
    }
}

fn raised() -> usize {
    let Ok(bound) = std::env::var(PREEMPTIONS) else { return 0 };
    bound.parse().unwrap_or_else(|_| panic!("{PREEMPTIONS}={bound} is not a number"))
}
