//! The harness is able to fail. Run with `cargo xtask test --only models`.
//!
//! A test that weakens a site changes its whole process, so there is one such test here, and the mutants take a process
//! each.
#![cfg(loom)]

#[path = "must_fail/stories.rs"]
mod stories;

use loom::sync::Arc;
use loom::thread;
use raddle::sync::{AtomicUsize, Ordering, Shadow, Tracked, site};
use raddle_loom_tests::Model;
use raddle_loom_tests::models::biased::both_go;
use raddle_loom_tests::naive::{Naive, pop_beside_pop_pop_push};

fn flag() -> usize {
    let flag = Arc::new(AtomicUsize::new(0));
    let setter = thread::spawn({
        let flag = Arc::clone(&flag);
        move || flag.store(1, Ordering::Relaxed)
    });
    let seen = flag.load(Ordering::Relaxed);
    setter.join().unwrap();
    seen
}

#[test]
fn the_full_set_passes() {
    let checked = Model::new("full").at_least(2).check_outcomes(flag, [0, 1]);
    assert!(checked.executions >= 2);
}

#[test]
#[should_panic(expected = "saw too little: no outcome [2]")]
fn a_missing_outcome_is_named() {
    let _ = Model::new("missing").at_least(2).check_outcomes(flag, [0, 1, 2]);
}

#[test]
#[should_panic(expected = "unexpected outcomes [1]")]
fn an_unexpected_outcome_is_named() {
    let _ = Model::new("unexpected").at_least(2).check_outcomes(flag, [0]);
}

#[test]
#[should_panic(expected = "saw too little: ")]
fn too_few_executions_are_counted() {
    let _ = Model::new("few").at_least(1000).check_outcomes(flag, [0, 1]);
}

#[test]
#[should_panic(expected = "saw too little: ")]
fn a_minimum_must_be_stated() {
    let _ = Model::new("unstated").check_outcomes(flag, [0, 1]);
}

#[test]
#[should_panic(expected = "leaked")]
fn a_leak_is_reported() {
    let _ =
        Model::new("leak").at_least(1).check_outcomes(|| core::mem::forget(Tracked::new()), [()]);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_race_is_reported() {
    let _ = Model::new("race").at_least(1).check_outcomes(|| hand_over(Ordering::Relaxed), [0, 1]);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_weakened_site_runs_weaker() {
    site::record();
    let body = || hand_over(Ordering::Release);
    let _ = Model::new("as written").at_least(2).check_outcomes(body, [0, 1]);
    let store = site::recorded()
        .into_iter()
        .find(|site| site.file.ends_with("must_fail.rs") && site.asked == "Release")
        .expect("the store above was recorded");
    assert_eq!(store.kind, site::Kind::Store);
    site::weaken(store, Ordering::Relaxed);
    let _ = Model::new("weakened").at_least(2).check_outcomes(body, [0, 1]);
}

fn hand_over(publish: Ordering) -> usize {
    let shared = Arc::new((AtomicUsize::new(0), Shadow::new(1)));
    let writer = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            shared.1.write(0);
            shared.0.store(1, publish);
        }
    });
    let seen = shared.0.load(Ordering::Acquire);
    if seen == 1 {
        shared.1.read(0);
    }
    writer.join().unwrap();
    seen
}

/// ABA, as `docs/aba.md` tells it: index 1 is in the second thread's hands, and on top of the stack. The model of the same program
/// with a tag is `stack::a_tag_stops_aba`.
#[test]
#[should_panic(expected = "unexpected outcomes [(Some(0), [0, 1, 1])]")]
fn a_stack_that_reuses_nodes_at_once_is_caught() {
    let right = [0, 1].map(|index| (Some(index), vec![0, 1])).into_iter();
    let _ = Model::new("naive")
        .at_least(1)
        .check_outcomes(pop_beside_pop_pop_push::<Naive>, right.chain([(None, vec![0, 1])]));
}

/// The twin of `biased::the_owner_goes_beside_another`: with relaxed drops, the value is dropped beside the other's read.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_biased_count_without_orderings_is_caught() {
    let _ = Model::new("biased, relaxed").at_least(1).check_outcomes(both_go::<false>, [1]);
}
