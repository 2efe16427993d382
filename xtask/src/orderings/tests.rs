use super::*;

const PUSH: &str = "//! P1, C1
    fn push() {
        // ORDERING: (P1) Release, pairs with (C1): why.
        word.store(1, Release);
    }
    fn pop() {
        // ORDERING: (C1) Acquire, pairs with (P1): why.
        word.load(Acquire);
    }";

const KILLED: &str = "mutant\tsrc/raw/line.rs:4:14:Store:Release\tRelaxed\tkilled\tspsc::one\trace";
const SURVIVED: &str = "mutant\tsrc/raw/line.rs:8:14:Load:Acquire\tRelaxed\tsurvived";

fn survivors(text: &str) -> Survivors {
    toml::from_str(text).unwrap()
}

fn judged(lines: &[&str], listed: &str) -> (Vec<Row>, Vec<String>) {
    let sources = [Source::parse("raw/line", PUSH)];
    let mutants: Vec<Mutant> = lines.iter().map(|line| parse(line).unwrap()).collect();
    let (rows, mut problems) = rows(&sources, &mutants);
    problems.extend(unexplained(&rows, &survivors(listed)));
    (rows, problems)
}

const REASON: &str = "[[survivor]]
    edge = \"raw/line::C1\"
    ordering = \"Acquire\"
    weaker = [\"Relaxed\"]
    needs = \"An old value.\"
    bounds = \"Three threads.\"";

#[test]
fn a_killed_mutant_is_a_row() {
    let (rows, _) = judged(&[KILLED, SURVIVED], REASON);
    let text = render(&rows, &survivors(REASON));
    assert!(text.contains(
        "| raw/line::P1 | src/raw/line.rs, `push` | Release | Relaxed | `spsc::one`: race |\n"
    ));
    assert!(text.contains("**raw/line::C1, Acquire -> Relaxed.** *Needed by:* An old value."));
}

#[test]
fn a_survivor_must_be_listed() {
    let (_, problems) = judged(&[KILLED, SURVIVED], "");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].contains("raw/line::C1 (src/raw/line.rs, `pop`): Acquire -> Relaxed survives")
    );
    assert_eq!(judged(&[KILLED, SURVIVED], REASON).1, [""; 0]);
}

#[test]
fn a_listed_survivor_must_survive() {
    let killed = SURVIVED.replace("survived", "killed\tspsc::two\toutcome");
    let (_, problems) = judged(&[KILLED, &killed], REASON);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains("Acquire -> Relaxed doesn't survive"));
}

#[test]
fn a_listed_survivor_has_reasons() {
    let (_, problems) = judged(&[KILLED, SURVIVED], &REASON.replace("Three threads.", " "));
    assert!(problems[0].contains("must say something"), "{problems:#?}");
}

#[test]
fn an_edge_that_no_model_reaches_is_named() {
    let (_, problems) = judged(&[KILLED], "");
    assert!(problems[0].contains("no model reaches this Acquire"), "{problems:#?}");
    assert_eq!(judged(&[KILLED], &REASON.replace("\"Relaxed\"", "\"unreached\"")).1, [""; 0]);
}

#[test]
fn a_site_without_a_label_is_named() {
    let (_, problems) = judged(&[&KILLED.replace(":4:14:Store", ":40:14:Store")], "");
    assert!(problems[0].contains("src/raw/line.rs:40: Release has no label"), "{problems:#?}");
}

#[test]
fn a_survivor_in_a_model_makes_the_runner_blind() {
    let (_, problems) = judged(&[&SURVIVED.replace("src/", "loom-tests/src/")], "");
    assert!(problems[0].contains("survives in a model"), "{problems:#?}");
}

#[test]
fn ten_comes_after_two() {
    let mut edges = ["raw/line::P10", "raw/line::P2", "queue/spsc::T1"];
    edges.sort_by_key(|edge| natural(edge));
    assert_eq!(edges, ["queue/spsc::T1", "raw/line::P2", "raw/line::P10"]);
}
