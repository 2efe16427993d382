use super::*;

/// One edge and its partner, with nothing wrong.
const GOOD: &str = "\
//! Edges: P1 -> C1.
use core::sync::atomic::Ordering::{self, Acquire, Release};

fn push() {
    // A remark, and then:
    // ORDERING: (P1) Release, pairs with (C1): the popper sees the value,
    // and all that was written before it.
    word.store(1, Ordering::Release);
}

fn pop() {
    let seen = word.load(Ordering::Acquire); // ORDERING: (C1) Acquire, pairs with (P1): see there.
}

#[cfg(test)]
mod tests {
    fn free() {
        word.load(Ordering::SeqCst);
    }
}
";

fn problems(text: &str) -> Vec<String> {
    check(&[Source::parse("raw/line", text)])
}

/// Checks the one problem of `GOOD` with `from` replaced by `to`.
#[track_caller]
fn spoilt(from: &str, to: &str, expected: &str) {
    assert_eq!(GOOD.matches(from).count(), 1, "{from} is there once");
    let problems = problems(&GOOD.replace(from, to));
    assert!(problems.iter().any(|problem| problem.contains(expected)), "{problems:#?}");
    assert!(problems.iter().all(|problem| problem.starts_with("src/raw/line.rs:")));
}

#[test]
fn good_labels_pass() {
    assert_eq!(problems(GOOD), [""; 0]);
    let source = Source::parse("raw/line", GOOD);
    assert_eq!((source.edges.len(), source.uses.len()), (2, 2));
}

#[test]
fn an_ordering_without_a_comment_is_named() {
    spoilt(
        " // ORDERING: (C1) Acquire, pairs with (P1): see there.",
        "",
        "src/raw/line.rs:12: Acquire has no label",
    );
}

#[test]
fn a_blank_line_cuts_a_comment_off() {
    spoilt("before it.\n", "before it.\n\n", "src/raw/line.rs:9: Release has no label");
    spoilt("before it.\n", "before it.\n\n", "(P1) covers no Release");
}

#[test]
fn the_comment_names_the_ordering_of_the_code() {
    spoilt("(P1) Release,", "(P1) AcqRel,", "Release in code, AcqRel in its comment");
}

#[test]
fn a_pair_must_exist() {
    spoilt("pairs with (C1)", "pairs with (C2)", "(P1) pairs with (C2): there is no such label");
    spoilt("pairs with (C1)", "pairs with (far::C1)", "there is no such file");
}

#[test]
fn pairing_is_mutual() {
    let text = GOOD.replace("pairs with (C1)", "pairs with (P1)");
    let problems = problems(&text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains("(C1) pairs with (P1), but src/raw/line.rs:6 doesn't name it"));
}

#[test]
fn a_label_is_unique() {
    spoilt("(C1) Acquire", "(P1) Acquire", "(P1) is taken by line 6");
}

#[test]
fn the_head_mentions_each_label() {
    spoilt("P1 -> C1.", "P1 -> C10.", "the head of the file doesn't mention (C1)");
}

#[test]
fn a_reason_is_given() {
    spoilt(": see there.", ":", "can't read `ORDERING: (C1)");
}

#[test]
fn a_compare_exchange_has_two_edges() {
    let text = "//! A1, A2
        fn claim() {
            // ORDERING: (A1) AcqRel, pairs with (A1, A2): one of two.
            // ORDERING: (A2) Acquire, pairs with (A1): the loser sees the winner.
            let claimed = match state
                .word
                .compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => true,
                Err(_) => false,
            };
        }";
    assert_eq!(problems(text), [""; 0]);
    let source = Source::parse("raw/line", text);
    let label = |ordering, failure| {
        let found = source.use_at(7, 18, ordering, failure).unwrap();
        &*source.edges[found.edge.unwrap()].label
    };
    assert_eq!((label("AcqRel", false), label("Acquire", true)), ("A1", "A2"));
    assert_eq!(source.function(7), Some("claim"));

    let one = text.replace("// ORDERING: (A2)", "// Once (A2)");
    assert!(!problems(&one).is_empty(), "the failure's ordering needs an edge of its own");
}

#[test]
fn a_failure_of_the_same_ordering_is_the_second() {
    let text = "//! A1, A2
        // ORDERING: (A1) Acquire, pairs with (A1): first.
        // ORDERING: (A2) Acquire, pairs with (A2): second.
        word.compare_exchange(old, new, Acquire, Acquire);";
    let source = Source::parse("raw/line", text);
    let label = |failure| {
        let found = source.use_at(4, 14, "Acquire", failure).unwrap();
        &*source.edges[found.edge.unwrap()].label
    };
    assert_eq!((label(false), label(true)), ("A1", "A2"));
}

#[test]
fn two_statements_do_not_share_a_label() {
    let text = "//! A1
        match kind {
            // ORDERING: (A1) Acquire, pairs with (A1): first.
            One => word.load(Acquire),
            Many => word.load(Acquire),
        }";
    let problems = problems(text);
    assert_eq!(
        problems,
        [format!(
            "src/raw/line.rs:5: Acquire shares its label with another: {REMEDY}, one for each"
        )]
    );
}

#[test]
fn files_pair_with_each_other() {
    let one = "//! P1
        // ORDERING: (P1) Release, pairs with (shared::C1): why.
        word.store(1, Release);";
    let other = "//! C1
        // ORDERING: (C1) Acquire, pairs with (raw/line::P1): why.
        word.load(Acquire);";
    let sources = [Source::parse("raw/line", one), Source::parse("queue/shared", other)];
    assert_eq!(check(&sources), [""; 0]);
}

#[test]
fn strings_comments_and_relaxed_need_no_label() {
    let text = r##"//! Acquire and Release.
        /// `load(Acquire)` is not code.
        fn f() {
            let s = ("Acquire // ", r#"Release " "#, '"', "\" SeqCst"); /* AcqRel */
            let lifetime: &'static str = "a";
            // ORDERING: Relaxed, since nothing hangs on it.
            word.load(Relaxed);
        }"##;
    assert_eq!(problems(text), [""; 0]);
    assert_eq!(Source::parse("raw/line", text).function(5), Some("f"));
}
