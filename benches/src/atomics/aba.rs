//! The same word, and yet another stack: run, and watched.
//!
//! The stack is that of the models (`loom-tests/src/naive.rs`), whose pop is cut in two, so that one thread can play both
//! parts, step by step. Then threads do it by themselves, without a script.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_epoch::Collector;
use raddle::stack::{IndexStack, Stack};
use raddle_loom_tests::naive::{Indices, Look, Naive};
use serde::Serialize;
use serde_json::json;

use super::lab::{Experiment, Finding, Lab, Stop, note, threads};
use crate::cell::Cores;
use crate::machine;
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "aba",
    question: "How does a stack break that compares its head with an old one, and what saves it?",
    run,
};

/// Indices of the stacks that run without a script.
const SLOTS: u32 = 3;

/// One step of a script, and who owns what after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Step {
    what: String,
    head: String,
    a: String,
    b: String,
}

/// What became of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Play {
    steps: Vec<Step>,
    /// Indices that two owners have.
    twice: Vec<u32>,
}

/// Who owns what, as the script goes on.
struct Stage {
    stack: Arc<Naive>,
    steps: Vec<Step>,
    a: Vec<u32>,
    b: Vec<u32>,
}

fn joined(indices: &[u32], by: &str) -> String {
    indices.iter().map(u32::to_string).collect::<Vec<_>>().join(by)
}

impl Stage {
    /// Two indices in the stack, and A, who has looked at them and is about to pop the upper one.
    fn new(stack: Naive) -> (Self, Look) {
        let mut stage =
            Self { stack: stack.into(), steps: Vec::new(), a: Vec::new(), b: Vec::new() };
        let look = stage.stack.look().expect("two indices are there");
        stage.step("A looks: the top is 0, below it is 1");
        (stage, look)
    }

    fn step(&mut self, what: impl Into<String>) {
        let indices = self.stack.indices(4);
        let head = if indices.is_empty() { "none".to_owned() } else { joined(&indices, " -> ") };
        let head = match self.stack.tag() {
            0 => head,
            tag => format!("{head}, tag {tag}"),
        };
        let (a, b) = (joined(&self.a, " "), joined(&self.b, " "));
        self.steps.push(Step { what: what.into(), head, a, b });
    }

    fn b_pops(&mut self) {
        let popped = self.stack.pop();
        self.b.extend(popped);
        self.step(format!("B pops {}", named(popped)));
    }

    /// A's second half; if it fails, A begins again, as a pop does.
    fn a_goes_on(&mut self, look: Look) {
        let popped = self.stack.exchange(look);
        self.a.extend(popped);
        if popped.is_some() {
            self.step(format!("A exchanges: the same head, pops {}", named(popped)));
            return;
        }
        self.step("A exchanges: not the same head, it fails");
        let popped = self.stack.pop();
        self.a.extend(popped);
        self.step(format!("A begins again, and pops {}", named(popped)));
    }

    fn end(self) -> Play {
        let mut owned = [self.a, self.b, self.stack.indices(4)].concat();
        owned.sort_unstable();
        let twice = owned.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        Play { twice: twice.collect(), steps: self.steps }
    }
}

fn named(index: Option<u32>) -> String {
    index.map_or_else(|| "nothing".to_owned(), |index| index.to_string())
}

/// B takes both and gives one back, while A is between its two halves.
fn script(stack: Naive) -> Play {
    let (mut stage, look) = Stage::new(stack);
    stage.b_pops();
    stage.b_pops();
    let back = stage.b.remove(0);
    stage.stack.push(back);
    stage.step(format!("B gives {back} back"));
    stage.a_goes_on(look);
    stage.end()
}

/// The same, but what was popped is given back only when all guards are gone that were there.
fn script_with_epochs() -> Play {
    let collector = Collector::new();
    let (a, b) = (collector.register(), collector.register());
    let guard = a.pin();
    let (mut stage, look) = Stage::new(Naive::full(2));
    stage.b_pops();
    stage.b_pops();
    let index = stage.b.remove(0);
    let (stack, back) = (Arc::clone(&stage.stack), Arc::new(AtomicBool::new(false)));
    b.pin().defer({
        let back = Arc::clone(&back);
        move || {
            stack.push(index);
            back.store(true, Ordering::Relaxed);
        }
    });
    // More often than it takes, if nobody holds a guard.
    let is_back = || {
        (0..1000).for_each(|_| b.pin().flush());
        back.load(Ordering::Relaxed)
    };
    let told = |is_back| {
        format!(
            "B retires {index}: {}",
            if is_back { "it is back" } else { "it has to wait for A" }
        )
    };
    let early = is_back();
    stage.step(told(early));
    stage.a_goes_on(look);
    drop(guard);
    let late = is_back();
    stage.step(format!("A is through: {index} is {}", if late { "back" } else { "still out" }));
    stage.end()
}

/// What threads did without a script.
#[derive(Debug, Clone, Serialize)]
struct Unscripted {
    /// Pops of all threads.
    pops: u64,
    ms: f64,
    /// An index was in two hands.
    broken: bool,
}

/// Runs one of the stacks.
type Try = fn(&Lab<'_>, usize, Duration) -> Unscripted;

/// Threads pop two indices and push them back, until an index is in two hands, or the time is over.
fn unscripted<S: Indices>(lab: &Lab<'_>, n: usize, time: Duration) -> Unscripted {
    let stack = S::full(SLOTS);
    let hands: [AtomicU32; SLOTS as usize] = Default::default();
    let (broken, pops) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Instant::now();
    let take = || {
        let index = stack.pop()?;
        // Relaxed: one word tells who was first.
        if hands[index as usize].swap(1, Ordering::Relaxed) != 0 {
            broken.store(true, Ordering::Relaxed);
        }
        Some(index)
    };
    let give = |index: u32| {
        hands[index as usize].store(0, Ordering::Relaxed);
        stack.push(index);
    };
    thread::scope(|scope| {
        for id in 0..n {
            let (take, give, broken, pops) = (&take, &give, &broken, &pops);
            scope.spawn(move || {
                machine::pin(lab.placement.core(id, n, Cores::All));
                let mut done = 0;
                while start.elapsed() < time && !broken.load(Ordering::Relaxed) {
                    for _ in 0..16 {
                        let both = [take(), take()];
                        // Who has seen it broken leaves everything as it is.
                        if broken.load(Ordering::Relaxed) {
                            break;
                        }
                        done += both.iter().flatten().count() as u64;
                        // The second is kept for a moment: the stack is another one, with the same head.
                        for index in both.into_iter().flatten() {
                            give(index);
                            (0..32).for_each(|_| spin_loop());
                        }
                    }
                }
                pops.fetch_add(done, Ordering::Relaxed);
            });
        }
    });
    let ms = start.elapsed().as_secs_f64() * 1e3;
    Unscripted { pops: pops.into_inner(), ms, broken: broken.into_inner() }
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let plays = [
        ("without a tag", script(Naive::full(2))),
        ("with a tag, as IndexStack", script(Naive::tagged(2))),
        ("with epochs, as Stack", script_with_epochs()),
    ];
    let mut text = String::new();
    for (name, Play { steps, twice }) in &plays {
        let mut table = plain_table(&[name, "head", "A has", "B has"], &[], 2);
        for Step { what, head, a, b } in steps {
            table.add_row([what, head, a, b]);
        }
        text.push_str(&print(&table, "  "));
        match &twice[..] {
            [] => note(&mut text, "each index has one owner"),
            twice => note(&mut text, format!("{} has TWO OWNERS", joined(twice, " "))),
        }
    }
    // More than the CPUs: a thread that loses its CPU between the halves of a pop is what it takes.
    let n = 2 * lab.cpus();
    let time = lab.budget(1.0);
    let mut table = plain_table(&[&threads(n), "pops", "ms", "two owners"], &[1, 2], 2);
    let mut runs = Vec::new();
    let ways: [(&str, Try); 3] = [
        ("the naive stack", unscripted::<Naive>),
        ("raddle IndexStack", unscripted::<IndexStack>),
        ("raddle Stack", unscripted::<Stack<u32>>),
    ];
    for (name, way) in ways {
        lab.go_on()?;
        let run = way(lab, n, time);
        table.add_row([
            name.to_owned(),
            run.pops.to_string(),
            format!("{:.1}", run.ms),
            if run.broken { "YES" } else { "never" }.to_owned(),
        ]);
        runs.push((name, run));
    }
    text.push_str(&print(&table, "  "));
    note(
        &mut text,
        "without a script, each thread pops two of three indices and pushes them back. The model          checker finds the same by itself: cargo xtask test --only models runs          a_stack_that_reuses_nodes_at_once_is_caught, and stack::a_tag_stops_aba.",
    );
    if let Some((name, _)) = runs[1..].iter().find(|(_, run)| run.broken) {
        return Err(Stop::Broken(format!("{name} gave an index to two owners")));
    }
    if let Some((name, _)) = plays[1..].iter().find(|(_, play)| !play.twice.is_empty()) {
        return Err(Stop::Broken(format!("the stack {name} gave an index to two owners")));
    }
    let words = words(&plays[0].1, &runs.iter().map(|(_, run)| run.clone()).collect::<Vec<_>>());
    let plays = plays.iter().map(|(name, play)| json!({ "name": name, "play": play }));
    let data = json!({ "scripts": plays.collect::<Vec<_>>(), "threads": n, "unscripted": runs });
    Ok(Finding { text, words, data })
}

fn words(naive: &Play, runs: &[Unscripted]) -> String {
    let scripted = match &naive.twice[..] {
        [] => "In the script the naive stack survived".to_owned(),
        twice => format!(
            "In the script the naive stack gave {} to two owners, for its head was the same index \
             on another stack",
            joined(twice, " and ")
        ),
    };
    let real = if runs[0].broken {
        format!("left to itself it did so after {} pops", runs[0].pops)
    } else {
        format!(
            "left to itself it did no such thing in {} pops here, which proves nothing",
            runs[0].pops
        )
    };
    format!(
        "{scripted}; {real}. A tag made the old exchange fail, and an epoch kept the index away as \
         long as somebody looked: no index had two owners in {} and {} pops of IndexStack and Stack.",
        runs[1].pops, runs[2].pops
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_breaks_the_naive_stack_and_no_other() {
        let naive = script(Naive::full(2));
        assert_eq!(naive.twice, [1]);
        let steps: Vec<_> = naive.steps.iter().map(|step| &*step.what).collect();
        assert_eq!(steps.last(), Some(&"A exchanges: the same head, pops 0"));
        for play in [script(Naive::tagged(2)), script_with_epochs()] {
            assert!(play.twice.is_empty(), "{play:?}");
            assert!(play.steps.iter().any(|step| step.what.ends_with("it fails")), "{play:?}");
        }
    }

    #[test]
    fn what_was_retired_waits_for_who_looks_and_then_comes_back() {
        let steps = script_with_epochs().steps;
        let heads: Vec<_> = steps.iter().map(|step| (&*step.what, &*step.head)).collect();
        assert!(heads.contains(&("B retires 0: it has to wait for A", "none")), "{heads:?}");
        assert_eq!(heads.last(), Some(&("A is through: 0 is back", "0")));
    }

    #[test]
    fn the_words_follow_what_happened() {
        let run = |broken| Unscripted { pops: 42, ms: 1.0, broken };
        let naive = script(Naive::full(2));
        let text = words(&naive, &[run(true), run(false), run(false)]);
        assert!(text.contains("gave 1 to two owners") && text.contains("after 42 pops"), "{text}");
        let text = words(&script(Naive::tagged(2)), &[run(false), run(false), run(false)]);
        assert!(text.contains("survived") && text.contains("proves nothing"), "{text}");
    }
}
