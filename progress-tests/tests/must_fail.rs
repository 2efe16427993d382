//! The checks are able to fail. Run with `cargo xtask test --only progress`.
#![cfg(shuttle)]

use raddle_progress_tests::case::{Case, Steps, contend, freeze};
use raddle_progress_tests::kind::{Kind, MpmcBounded};
use raddle_progress_tests::op::Op;
use raddle_progress_tests::search::Plan;
use raddle_progress_tests::twins::{Locked, Marked, StampedRing};

/// Before which steps the victim must not be frozen, and why.
fn blocked<K: Kind>(victim: Op, live: Op, inside: usize) -> Vec<(usize, String)> {
    let case = Case { size: 2, warm: 0, inside, victim, live: vec![live], full: true };
    let found = freeze::<K>(&case, 1, &mut Steps::new());
    assert!(found.len() >= 3, "a vacuous search");
    found.into_iter().filter_map(|(at, found)| Some((at, found.wrong?))).collect()
}

#[test]
fn a_push_by_force_needs_one_slot_that_nobody_holds() {
    let blocked = |size, inside, victim| {
        let case = Case { size, warm: 0, inside, victim, live: vec![Op::Force], full: true };
        let found = freeze::<MpmcBounded>(&case, 1, &mut Steps::new());
        found.into_iter().filter_map(|(at, found)| Some((at, found.wrong?))).collect::<Vec<_>>()
    };
    for victim in [Op::Push, Op::Pop, Op::Force] {
        for (size, inside) in [(2, 0), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)] {
            assert_eq!(blocked(size, inside, victim), [], "{victim}, {inside} of {size}");
        }
    }
    let found = blocked(1, 1, Op::Pop);
    assert!(found.iter().any(|(_, why)| why.contains("`force_push` doesn't end")), "{found:?}");
}

fn steps(blocked: &[(usize, String)]) -> Vec<usize> {
    blocked.iter().map(|(at, _)| *at).collect()
}

#[test]
fn a_ring_that_waits_blocks_between_claim_and_hand_over() {
    for (victim, live, inside) in [(Op::Push, Op::Push, 0), (Op::Pop, Op::Pop, 2)] {
        let found = blocked::<StampedRing<true>>(victim, live, inside);
        // Its steps: look at the end, look at the stamp, claim; hand over.
        assert!(steps(&found).contains(&4), "{found:?}");
        assert!(!steps(&found).contains(&1), "{found:?}");
        assert!(found.iter().any(|(_, why)| why.contains("doesn't end")), "{found:?}");
        assert_eq!(blocked::<MpmcBounded>(victim, live, inside), [], "the library's ring");
    }
}

#[test]
fn a_ring_that_answers_empty_or_full_loses_what_lies_behind() {
    for (victim, live, inside) in [(Op::Push, Op::Push, 0), (Op::Pop, Op::Pop, 2)] {
        let found = blocked::<StampedRing<false>>(victim, live, inside);
        assert!(steps(&found).contains(&4), "{found:?}");
        assert!(!steps(&found).contains(&1), "{found:?}");
        assert!(!found.iter().any(|(_, why)| why.contains("doesn't end")), "{found:?}");
    }
}

#[test]
fn a_spin_lock_blocks_while_it_is_taken() {
    let found = blocked::<Locked>(Op::Push, Op::Pop, 1);
    assert_eq!(steps(&found).first(), Some(&2), "{found:?}");
    // (Later, because it was taken off where it has the lock, or the other one was.)
    assert!(!steps(&found).contains(&1), "{found:?}");
    assert!(found[0].1.contains("`pop` doesn't end"), "{found:?}");
}

/// Two that go on in turns, of whatever length.
fn in_turns<K: Kind>() -> Option<String> {
    let turns = Plan::Turns { threads: 2, most: 4 };
    let (found, steps) = contend::<K>((2, 0, 1), Op::Push, &[vec![Op::Pop]], turns);
    assert!(
        found.wrong.is_some() || (found.schedules == 64 && (2..50).contains(&steps)),
        "{found:?}"
    );
    found.wrong
}

#[test]
fn who_undoes_what_the_other_did_gets_nowhere() {
    // A frozen thread is in nobody's way, so only turns can show it.
    for (victim, live, inside) in
        [(Op::Push, Op::Push, 0), (Op::Pop, Op::Pop, 2), (Op::Push, Op::Pop, 1)]
    {
        assert_eq!(blocked::<Marked>(victim, live, inside), []);
    }
    let found = in_turns::<Marked>();
    assert!(found.as_ref().is_some_and(|why| why.contains("nobody gets anywhere")), "{found:?}");
}

#[test]
fn who_waits_in_turns_gets_somewhere() {
    // The lock is lent fairly here, so this search must not complain; and it sees all steps.
    assert_eq!(in_turns::<Locked>(), None);
    assert_eq!(in_turns::<MpmcBounded>(), None);
}
