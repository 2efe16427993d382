use super::*;

const SOURCE: &str = "\
//! Edges: A1 with A2.
fn f(word: &AtomicUsize) {
    // ORDERING: (A1) Release, pairs with (A2): why.
    word.store(1, Ordering::Release);
    // ORDERING: (A2) Acquire, pairs with (A1): why.
    word.load(Ordering::Acquire);
}
";

fn port(cpp: &str) -> Port {
    let text = |name: &str| match name {
        "a.cpp" => Ok(cpp.to_owned()),
        "shared.hpp" => Ok("x.load(edge(\"raw/a::A2\", rl::mo_acquire), $);\n".to_owned()),
        other => Err(Stop::Failed(format!("no {other}"))),
    };
    Port::read("a", 1, text).unwrap()
}

fn compared(cpp: &str, list: &str) -> Vec<String> {
    compare(&[port(cpp)], &Listed::parse(list).unwrap(), &[Source::parse("raw/a", SOURCE)])
}

const GOOD: &str = "\
#include \"port.hpp\"
#include \"shared.hpp\"
word.store(1, edge(\"raw/a::A1\", rl::mo_release), $); // not mo_acquire
word.store(1, rl::mo_relaxed, $);
if (planted(\"too early\") || planted(\"too late\")) return;
";

#[test]
fn a_port_has_its_headers_steps_and_its_bugs() {
    let port = port(GOOD);
    let labels: Vec<_> = port.steps.iter().map(|step| (&*step.label, &*step.order)).collect();
    assert_eq!(labels, [("raw/a::A1", "release"), ("raw/a::A2", "acquire")]);
    let bugs: Vec<_> = bugs(&[port]).into_iter().map(|bug| (bug.name, bug.ports)).collect();
    assert_eq!(bugs, [("too early".into(), vec!["a"]), ("too late".into(), vec!["a"])]);
    assert_eq!(compared(GOOD, ""), [""; 0]);
}

#[test]
fn another_order_is_a_difference() {
    let problems = compared(&GOOD.replace("mo_release", "mo_seq_cst"), "");
    assert_eq!(
        problems,
        ["loom-tests/relacy/a.cpp:3: raw/a::A1 is seq_cst, but Release in src/raw/a.rs"]
    );
}

#[test]
fn an_edge_that_is_gone_is_a_difference() {
    let problems = compared(&GOOD.replace("A1", "A9"), "");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].contains("has no edge A9"));
    assert!(problems[1].contains("raw/a::A1 is in no port"));
}

#[test]
fn what_is_left_out_is_listed_with_a_reason_and_only_that() {
    let without = "#include \"shared.hpp\"\n";
    let list = |why: &str| format!("[[left_out]]\nedge = \"raw/a::A1\"\nwhy = \"{why}\"\n");
    assert_eq!(compared(without, "").len(), 1);
    assert_eq!(compared(without, &list("so")), [""; 0]);
    assert_eq!(compared(without, &list(" ")).len(), 1);
    assert_eq!(compared(GOOD, &list("so")).len(), 1);
}

#[test]
fn an_order_outside_of_an_edge_is_a_difference() {
    let stray = format!("{GOOD}word.load(rl::mo_acquire, $);\n");
    assert!(compared(&stray, "")[0].contains("a.cpp:6: acquire without an edge"));
}

#[test]
fn each_edge_is_weakened_in_each_way() {
    let text = "word.fetch_sub(1, edge(\"raw/a::A1\", rl::mo_acq_rel), $);\n";
    let weaker: Vec<_> = mutants(&[port(text)]).into_iter().map(|mutant| mutant.weaker).collect();
    assert_eq!(weaker, ["acquire", "release", "relaxed"]);
}

#[test]
fn survivors_are_those_that_are_listed() {
    let all = mutants(&[port(GOOD)]);
    let listed = |edge: &str| {
        let text =
            format!("[[survivor]]\nedge = \"{edge}\"\nweaker = [\"relaxed\"]\nwhy = \"so\"\n");
        Listed::parse(&text).unwrap()
    };
    let fates = [Fate::Survived, Fate::Killed];
    assert_eq!(Listed::default().judge(&all, &fates).len(), 1);
    assert_eq!(listed("raw/a::A1").judge(&all, &fates), [""; 0]);
    assert_eq!(listed("raw/a::A2").judge(&all, &fates).len(), 2);
    assert!(
        listed("raw/a::A1").judge(&all, &[Fate::Unreached, Fate::Killed])[0]
            .contains("comes to it")
    );
}

#[test]
fn iterations_are_read() {
    assert_eq!(iterations("searched\ta\t1\t20\nran\t3\t189000\n"), 189_000);
    assert_eq!(iterations("survived\n"), 0);
}
