//! Litmus tests: loom's outcomes, pinned.
//!
//! Names follow the literature: SB store buffering, MP message passing, LB load buffering (Alglave, Maranget,
//! Tautschnig 2014). "GAP" marks what differs from the C++ memory model; "false alarm" shows too much, "missed" too little.

use core::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, fence};
use loom::thread;
use raddle_loom_tests::Model;

#[derive(Debug)]
struct Memory {
    x: AtomicUsize,
    y: AtomicUsize,
    cell: UnsafeCell<()>,
}

/// Checks `left` on a thread of its own against `right` on the main thread.
fn litmus<L, R, const N: usize>(
    name: &'static str,
    left: impl Fn(&Memory) -> L + Copy + Send + Sync + 'static,
    right: impl Fn(&Memory) -> R + Copy + Send + Sync + 'static,
    expected: [(L, R); N],
) where
    L: Ord + core::fmt::Debug + Send + 'static,
    R: Ord + core::fmt::Debug + Send + 'static,
{
    let body = move || {
        let memory = Arc::new(Memory {
            x: AtomicUsize::new(0),
            y: AtomicUsize::new(0),
            cell: UnsafeCell::new(()),
        });
        let thread = thread::spawn({
            let memory = Arc::clone(&memory);
            move || left(&memory)
        });
        let right = right(&memory);
        (thread.join().unwrap(), right)
    };
    let _ = Model::new(name).preemptions(4).at_least(1).check_outcomes(body, expected);
}

fn increment_by_cas(x: &AtomicUsize) {
    let mut seen = x.load(Relaxed);
    while let Err(now) = x.compare_exchange(seen, seen + 1, Relaxed, Relaxed) {
        seen = now;
    }
}

/// The shape that stock loom misses: it explores one execution here.
#[test]
fn a_load_before_a_store_hides_nothing() {
    litmus(
        "load then store",
        |m| {
            m.x.load(Relaxed);
            m.x.store(1, Relaxed);
        },
        |m| m.x.load(Relaxed),
        [((), 0), ((), 1)],
    );
}

#[test]
fn a_cas_loop_hides_nothing() {
    litmus("cas loop", |m| increment_by_cas(&m.x), |m| m.x.load(Relaxed), [((), 0), ((), 1)]);
}

#[test]
fn two_cas_loops_lose_no_increment() {
    let both = |m: &Memory| {
        increment_by_cas(&m.x);
        m.x.load(Relaxed)
    };
    litmus("two cas loops", both, both, [(1, 2), (2, 1), (2, 2)]);
}

#[test]
fn load_and_store_lose_an_increment() {
    let increment = |m: &Memory| {
        let seen = m.x.load(Relaxed);
        m.x.store(seen + 1, Relaxed);
        seen
    };
    litmus("lost update", increment, increment, [(0, 0), (0, 1), (1, 0)]);
}

fn store_buffering(name: &'static str, between: fn(), expected: &[(usize, usize)]) {
    let left = move |m: &Memory| {
        m.x.store(1, Relaxed);
        between();
        m.y.load(Relaxed)
    };
    let right = move |m: &Memory| {
        m.y.store(1, Relaxed);
        between();
        m.x.load(Relaxed)
    };
    match *expected {
        [a, b, c] => litmus(name, left, right, [a, b, c]),
        [a, b, c, d] => litmus(name, left, right, [a, b, c, d]),
        _ => unreachable!("three or four outcomes"),
    }
}

#[test]
fn store_buffering_shows_without_a_fence() {
    store_buffering("SB", || (), &[(0, 0), (0, 1), (1, 0), (1, 1)]);
}

#[test]
fn a_seqcst_fence_forbids_store_buffering() {
    store_buffering("SB fence", || fence(SeqCst), &[(0, 1), (1, 0), (1, 1)]);
}

/// GAP, false alarm: C++ forbids (0, 0) here; loom runs `SeqCst` accesses as `AcqRel` (its issue 180). Hence fences.
#[test]
fn seqcst_accesses_are_acqrel() {
    litmus(
        "SB SeqCst",
        |m| {
            m.x.store(1, SeqCst);
            m.y.load(SeqCst)
        },
        |m| {
            m.y.store(1, SeqCst);
            m.x.load(SeqCst)
        },
        [(0, 0), (0, 1), (1, 0), (1, 1)],
    );
}

fn message_passing(
    name: &'static str,
    publish: Ordering,
    observe: Ordering,
    expected: &[(usize, usize)],
) {
    let left = move |m: &Memory| {
        m.x.store(1, Relaxed);
        m.y.store(1, publish);
    };
    let right = move |m: &Memory| (m.y.load(observe), m.x.load(Relaxed));
    match *expected {
        [a, b, c] => litmus(name, left, right, [((), a), ((), b), ((), c)]),
        [a, b, c, d] => litmus(name, left, right, [((), a), ((), b), ((), c), ((), d)]),
        _ => unreachable!("three or four outcomes"),
    }
}

#[test]
fn relaxed_message_passing_shows_the_old_payload() {
    let all = [(0, 0), (0, 1), (1, 0), (1, 1)];
    message_passing("MP relaxed", Relaxed, Relaxed, &all);
    message_passing("MP no release", Relaxed, Acquire, &all);
    message_passing("MP no acquire", Release, Relaxed, &all);
}

#[test]
fn release_and_acquire_pass_the_message() {
    message_passing("MP", Release, Acquire, &[(0, 0), (0, 1), (1, 1)]);
}

fn cell_passing(publish: Ordering, observe: Ordering) {
    litmus(
        "MP cell",
        move |m| {
            m.cell.with_mut(|_| ());
            m.x.store(1, publish);
        },
        move |m| {
            let seen = m.x.load(observe);
            if seen == 1 {
                m.cell.with(|_| ());
            }
            seen
        },
        [((), 0), ((), 1)],
    );
}

#[test]
fn a_cell_is_passed_by_release_and_acquire() {
    cell_passing(Release, Acquire);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_cell_without_release_races() {
    cell_passing(Relaxed, Acquire);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_cell_without_acquire_races() {
    cell_passing(Release, Relaxed);
}

/// A real race that stock loom passes in one execution: the flag is loaded before it is stored.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_race_behind_load_then_store_is_reported() {
    litmus(
        "race behind load then store",
        |m| {
            m.cell.with_mut(|_| ());
            if m.x.load(Relaxed) == 0 {
                m.x.store(1, Relaxed);
            }
        },
        |m| {
            let seen = m.x.load(Acquire);
            if seen == 1 {
                m.cell.with(|_| ());
            }
            seen
        },
        [((), 0), ((), 1)],
    );
}

#[test]
fn an_rmw_continues_a_release_sequence() {
    litmus(
        "release sequence",
        |m| {
            m.x.store(1, Relaxed);
            m.y.store(1, Release);
            m.y.fetch_add(1, Relaxed);
        },
        |m| (m.y.load(Acquire), m.x.load(Relaxed)),
        [((), (0, 0)), ((), (0, 1)), ((), (1, 1)), ((), (2, 1))],
    );
}

/// GAP, missed: C++ allows (1, 1). loom runs each thread in program order, so no load sees a later store.
#[test]
fn load_buffering_never_shows() {
    litmus(
        "LB",
        |m| {
            let seen = m.x.load(Relaxed);
            m.y.store(1, Relaxed);
            seen
        },
        |m| {
            let seen = m.y.load(Relaxed);
            m.x.store(1, Relaxed);
            seen
        },
        [(0, 0), (0, 1), (1, 0)],
    );
}

/// GAP, missed: a weak compare-exchange may fail for no reason. loom runs the strong one.
#[test]
fn a_weak_cas_never_fails_for_no_reason() {
    litmus(
        "weak cas",
        |_| (),
        |m| m.x.compare_exchange_weak(0, 1, AcqRel, Relaxed).is_ok(),
        [((), true)],
    );
}

/// GAP, missed: a failed compare-exchange may read an old value, so that (1, 0) belongs here. loom reads the newest.
#[test]
fn a_failed_cas_reads_the_newest_value() {
    litmus(
        "failed cas",
        |m| {
            m.x.store(1, Relaxed);
            m.y.store(1, Relaxed);
        },
        |m| {
            let flag = m.y.load(Relaxed);
            (flag, m.x.compare_exchange(5, 6, Relaxed, Relaxed).unwrap_err())
        },
        [((), (0, 0)), ((), (0, 1)), ((), (1, 1))],
    );
}

/// GAP, missed: an acquire fence synchronizes with a release store that *another* thread read, so the race of the main
/// thread with the writer isn't reported. Hence acquire loads, not fences, in the structures.
#[test]
fn an_acquire_fence_sees_too_much() {
    let body = || {
        let memory = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0), UnsafeCell::new(())));
        let writer = thread::spawn({
            let memory = Arc::clone(&memory);
            move || {
                memory.2.with_mut(|_| ());
                memory.0.store(1, Release);
            }
        });
        let relay = thread::spawn({
            let memory = Arc::clone(&memory);
            move || {
                if memory.0.load(Relaxed) == 1 {
                    memory.1.store(1, Release);
                }
            }
        });
        let seen = memory.1.load(Acquire);
        if seen == 1 {
            fence(Acquire);
            memory.2.with(|_| ());
        }
        writer.join().unwrap();
        relay.join().unwrap();
        seen
    };
    let _ = Model::new("fence too strong").at_least(10).check_outcomes(body, [0, 1]);
}

/// IRIW: two threads write a word each, two read both, in opposite order. Whether the readers may disagree about which write came
/// first.
fn readers_disagree(name: &'static str, store: Ordering, load: Ordering, between: fn()) -> bool {
    let disagreed = std::sync::Arc::new(core::sync::atomic::AtomicBool::new(false));
    let body = {
        let disagreed = std::sync::Arc::clone(&disagreed);
        move || {
            let words = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
            let threads = [0, 1].map(|i| {
                let words = Arc::clone(&words);
                thread::spawn(move || words[i].store(1, store))
            });
            let reader = {
                let words = Arc::clone(&words);
                thread::spawn(move || read_in_turn(&words, 0, load, between))
            };
            let mine = read_in_turn(&words, 1, load, between);
            let theirs = reader.join().unwrap();
            for thread in threads {
                thread.join().unwrap();
            }
            if mine == (1, 0) && theirs == (1, 0) {
                // Not loom's: it outlives the execution.
                disagreed.store(true, Relaxed);
            }
        }
    };
    let _ = Model::new(name).preemptions(3).at_least(10).check_outcomes(body, [()]);
    disagreed.load(Relaxed)
}

fn read_in_turn(
    words: &[AtomicUsize; 2],
    first: usize,
    load: Ordering,
    between: fn(),
) -> (usize, usize) {
    let seen = words[first].load(load);
    between();
    (seen, words[1 - first].load(load))
}

/// As C++ allows. GAP, false alarm: with `SeqCst` accesses it forbids it; they run as `AcqRel`.
#[test]
fn readers_disagree_about_independent_writes() {
    for (store, load) in [(Relaxed, Relaxed), (Release, Acquire), (SeqCst, SeqCst)] {
        assert!(readers_disagree("IRIW", store, load, || ()), "{store:?}, {load:?}");
    }
}

#[test]
fn seqcst_fences_make_readers_agree() {
    assert!(!readers_disagree("IRIW fence", Relaxed, Relaxed, || fence(SeqCst)));
}
