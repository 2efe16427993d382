//! Every history has an explanation, and of twins not. Run with `cargo xtask test --only progress`.
#![cfg(shuttle)]

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use raddle::stack::Stack;
use raddle_progress_tests::counts::{self, Count, Counts, Own};
use raddle_progress_tests::history::{self, Event, Spec, What};
use raddle_progress_tests::item::{self, Id, Item};
use raddle_progress_tests::kind::{
    Kind, MpmcBounded, MpmcFit, MpmcLines, MpmcUnbounded, MpscBounded, MpscFit, MpscLines,
    MpscUnbounded, SpmcBounded, SpmcFit, SpmcLines, SpmcUnbounded, SpscBounded, SpscLines,
    SpscUnbounded,
};
use raddle_progress_tests::linear::{Passed, can_run, explain};
use raddle_progress_tests::op::{Look, Op};
use raddle_progress_tests::search::{Plan, operation, search};
use raddle_progress_tests::shared::{FixedOf, Names, Shelf};
use raddle_progress_tests::twins::{Careless, Glancing, Hasty, StampedRing, Window, flaw};

/// What a thread may do of two threads.
fn programs() -> Vec<Vec<Op>> {
    let simple = [Op::Push, Op::Pop];
    let mut programs: Vec<Vec<Op>> =
        simple.iter().flat_map(|a| simple.map(|b| vec![*a, b])).collect();
    let single = [Op::Force, Op::PushBatch, Op::PopBatch, Op::PushAll, Op::PopAll];
    programs.extend(single.map(|op| vec![op]));
    programs
}

/// What a thread may do that looks, or acts in place, beside one of [`programs`].
fn looks() -> Vec<Vec<Op>> {
    vec![
        vec![Op::LookTx],
        vec![Op::LookTx, Op::Push],
        vec![Op::LookRx],
        vec![Op::LookRx, Op::Pop],
        vec![Op::Peek, Op::Pop],
        vec![Op::Read],
        vec![Op::Read, Op::Peek],
        vec![Op::Reserve],
        vec![Op::Reserve, Op::LookTx],
    ]
}

/// The schedules that were explained, and how many of them by indices that were passed over; or what has no explanation.
fn histories<K: Kind>() -> Result<(usize, usize), String> {
    let passed = Arc::new(Passed::default());
    let mut schedules = 0;
    let mut run = |state, programs: &[Vec<Op>], plan| {
        let found = explain::<K>(state, programs, plan, &passed);
        schedules += found.schedules;
        found.wrong.map_or(Ok(()), |why| Err(format!("{} {state:?} {programs:?}: {why}", K::NAME)))
    };
    // A push by force waits for whoever holds every line: see docs/progress.md.
    let waits = |size: usize, ops: &[Vec<Op>]| {
        let all = || ops.iter().flatten();
        let is_all = |op: &Op| K::lines_of(*op) >= K::lines(size);
        all().any(|op| *op == Op::Force) && (size == 1 || K::LINE > 1 && all().any(is_all))
    };
    // With several slots to a line: none, one line, and all that fit beside what was asked for.
    let insides = |size: usize| -> Vec<usize> {
        if K::LINE == 1 { (0..=size).collect() } else { vec![0, K::LINE, K::room(size, 0).1] }
    };
    let all = programs();
    // (A second size of those has one line more, and no more to try where nobody is frozen.)
    let sizes = if K::LINE == 1 { K::SIZES.len().min(2) } else { 1 };
    for &size in &K::SIZES[..sizes] {
        for inside in insides(size) {
            let state = (size, 1, inside);
            let two = Plan::Bounded { preemptions: 2, freeze: None };
            for (i, a) in all.iter().enumerate() {
                for b in &all[i..] {
                    for pair in [[a.clone(), b.clone()], [b.clone(), a.clone()]] {
                        if can_run::<K>(&pair) && !waits(size, &pair) {
                            run(state, &pair, two.clone())?;
                        }
                        if K::MANY == (true, true) {
                            break;
                        }
                    }
                }
            }
            // (In segments of one slot each operation is a long one.)
            let is_short = |ops: &Vec<Op>| K::BOUNDED || size > 1 || ops.len() == 1;
            for a in looks().into_iter().filter(is_short) {
                for b in &all {
                    let pair = [a.clone(), b.clone()];
                    if can_run::<K>(&pair) && !waits(size, &pair) {
                        run(state, &pair, two.clone())?;
                    }
                }
            }
            // An end for one has one user: who looks there pushes, or pops, as well.
            for a in [vec![Op::Reserve], vec![Op::LookTx]] {
                for b in [vec![Op::Read], vec![Op::Peek], vec![Op::LookRx]] {
                    let pair = [a.clone(), b];
                    if can_run::<K>(&pair) {
                        run(state, &pair, two.clone())?;
                    }
                }
            }
            let three = Plan::Bounded { preemptions: 1, freeze: None };
            for look in [Op::LookTx, Op::LookRx, Op::Peek, Op::Read, Op::Reserve] {
                for others in [[Op::Push, Op::Push], [Op::Push, Op::Pop], [Op::Pop, Op::Pop]] {
                    let ops = [vec![look], vec![others[0]], vec![others[1]]];
                    if can_run::<K>(&ops) {
                        run(state, &ops, three.clone())?;
                    }
                }
            }
            for pushers in 0..=3 {
                let mut ops: Vec<Vec<Op>> = vec![vec![Op::Push]; pushers];
                ops.resize(3, vec![Op::Pop]);
                if can_run::<K>(&ops) {
                    run(state, &ops, three.clone())?;
                }
            }
        }
    }
    // Four and five threads, where there may be so many.
    let both = vec![Op::Push, Op::Pop, Op::Push, Op::Pop];
    let (push, pop) = (vec![Op::Push; 3], vec![Op::Pop; 3]);
    let batch = |ops: [Op; 3]| ops.into_iter().filter(|op| op.is_of::<K>()).collect::<Vec<_>>();
    let (pushes, pops) = (
        batch([Op::PushBatch, Op::PushAll, Op::Force]),
        batch([Op::PopBatch, Op::PopAll, Op::Pop]),
    );
    let (eyes, chunks) =
        (batch([Op::LookRx, Op::Peek, Op::Read]), batch([Op::Reserve, Op::LookTx, Op::Push]));
    let mixes: [Vec<Vec<Op>>; 6] = [
        vec![both.clone(), both.clone(), both.clone(), both],
        vec![push.clone(), push.clone(), pop.clone(), pop.clone()],
        vec![pushes.clone(), push.clone(), pops.clone(), pop.clone()],
        vec![push.clone(), push.clone(), push.clone(), pop.clone(), pops],
        vec![push.clone(), pop.clone(), pop.clone(), pop.clone(), pop.clone()],
        vec![chunks, eyes, push, pop.clone(), pop],
    ];
    for (seed, programs) in (1_u64..).zip(mixes) {
        // As many as the ends allow.
        let mut mix = Vec::new();
        for program in programs {
            mix.push(program);
            if !can_run::<K>(&mix) {
                mix.pop();
            }
        }
        let size = K::SIZES[K::SIZES.len().min(2) - 1];
        for inside in insides(size) {
            let plan = Plan::Random { schedules: 150, changes: 4, seed: seed * 10 + inside as u64 };
            run((size, 1, inside), &mix, plan)?;
        }
    }
    Ok((schedules, passed.0.load(Ordering::Relaxed)))
}

fn all_explained<K: Kind>(at_least: usize) {
    let (schedules, passed) = histories::<K>().unwrap_or_else(|why| panic!("{why}"));
    println!("{}: {schedules} histories, {passed} by indices passed over", K::NAME);
    assert!(schedules >= at_least, "only {schedules}");
}

#[test]
fn queues_of_one_and_one() {
    all_explained::<SpscBounded>(1000);
    all_explained::<SpscLines>(1000);
    all_explained::<SpscUnbounded>(1000);
}

#[test]
fn queues_of_many_and_one() {
    all_explained::<MpscBounded>(2000);
    all_explained::<MpscLines>(2000);
    all_explained::<MpscFit>(1000);
    all_explained::<MpscUnbounded>(2000);
}

#[test]
fn queues_of_one_and_many() {
    all_explained::<SpmcBounded>(2000);
    all_explained::<SpmcLines>(2000);
    all_explained::<SpmcFit>(1000);
    all_explained::<SpmcUnbounded>(2000);
}

#[test]
fn queues_of_many_and_many() {
    all_explained::<MpmcBounded>(5000);
    all_explained::<MpmcLines>(5000);
    all_explained::<MpmcFit>(2000);
    all_explained::<MpmcUnbounded>(5000);
}

#[test]
fn queues_in_statics() {
    all_explained::<FixedOf<2>>(5000);
}

#[test]
fn stacks() {
    all_explained::<Stack<Item>>(5000);
    all_explained::<Names>(5000);
    all_explained::<Shelf>(3000);
}

/// What the counter did in threads of two operations each, or more threads at random.
fn counted<C: Counts>() -> Result<usize, String> {
    let mut schedules = 0;
    let mut run = |threads: &[Vec<Count>], plan| {
        let (found, _) = counts::run::<C>(threads, 1, plan);
        schedules += found.schedules;
        found.wrong.map_or(Ok(()), Err)
    };
    let ops = [Count::Add, Count::Sum, Count::Take];
    let pairs: Vec<Vec<Count>> = ops.iter().flat_map(|a| ops.map(|b| vec![*a, b])).collect();
    for a in &pairs {
        for b in &pairs {
            run(&[a.clone(), b.clone()], Plan::Bounded { preemptions: 2, freeze: None })?;
        }
    }
    let (add, take) = (vec![Count::Add; 3], vec![Count::Take, Count::Sum, Count::Take]);
    for seed in 0..5 {
        let threads =
            [add.clone(), take.clone(), add.clone(), take.clone(), vec![Count::LocalAdd; 2]];
        run(&threads, Plan::Random { schedules: 400, changes: 4, seed })?;
    }
    Ok(schedules)
}

#[test]
fn counters() {
    let schedules = counted::<Own>().unwrap_or_else(|why| panic!("{why}"));
    println!("counter::Counter: {schedules} histories");
    assert!(schedules >= 3000, "only {schedules}");
}

#[test]
fn a_counter_that_loses_or_doubles_is_found() {
    assert!(counted::<Hasty<true>>().unwrap_err().contains("were taken of"));
    assert!(counted::<Hasty<false>>().unwrap_err().contains("were taken of"));
}

#[test]
fn a_ring_that_says_empty_with_an_item_inside_is_found() {
    let passed = Arc::new(Passed::default());
    let two = Plan::Bounded { preemptions: 2, freeze: None };
    let programs = [vec![Op::Push], vec![Op::Push, Op::Pop]];
    let found = explain::<StampedRing<false>>((2, 1, 0), &programs, two.clone(), &passed);
    assert!(found.wrong.is_some_and(|why| why.contains("no order explains")));
    let found = explain::<MpmcBounded>((2, 1, 0), &programs, two, &passed);
    assert_eq!(found.wrong, None);
    let threads = [vec![Op::Push], vec![Op::Push], vec![Op::Push, Op::Pop], vec![Op::Pop]];
    let random = Plan::Random { schedules: 2000, changes: 3, seed: 1 };
    let found = explain::<StampedRing<false>>((4, 1, 0), &threads, random, &passed);
    assert!(found.wrong.is_some_and(|why| why.contains("no order explains")));
}

#[test]
fn twins_have_histories_without_an_explanation() {
    for found in
        [histories::<Glancing>(), histories::<Careless<false>>(), histories::<Careless<true>>()]
    {
        let why = found.expect_err("it is wrong");
        assert!(why.contains("no order explains"), "{why}");
    }
}

#[test]
fn who_is_shown_what_was_not_so_is_found() {
    histories::<Window<{ flaw::NONE }>>().expect("it is right");
    for (found, look) in [
        (histories::<Window<{ flaw::HASTY }>>(), "look: Empty"),
        (histories::<Window<{ flaw::MISCOUNTED }>>(), "look: Len"),
        (histories::<Window<{ flaw::STALE }>>(), "Peek"),
        (histories::<Window<{ flaw::NARROW }>>(), "look: Full"),
        (histories::<Window<{ flaw::LATE }>>(), "look: Full"),
    ] {
        let why = found.expect_err("it is wrong");
        assert!(why.contains("no order explains") && why.contains(look), "{why}");
        println!("{why}");
    }
}

/// The most that one `pop_into` takes without a limit, of a queue with one item in it, beside a producer that goes on pushing
/// for as many steps as it, or up to three times as many.
fn most_popped<K: Kind>() -> usize {
    let most = Arc::new(AtomicUsize::new(0));
    let body = {
        let most = Arc::clone(&most);
        move || {
            item::clear();
            let (mut tx, mut rx) = K::new(2);
            K::push(&mut tx, Item::new(0)).expect("room");
            let most = Arc::clone(&most);
            let pops = shuttle::thread::spawn(move || {
                let (items, _) = operation("pop_into", || K::pop_batch(&mut rx, usize::MAX));
                most.fetch_max(items.expect("one is in").len(), Ordering::Relaxed);
                rx
            });
            let pushes = shuttle::thread::spawn(move || {
                for _ in 0..40 {
                    let item = Item::new(0);
                    operation("push", || K::push(&mut tx, item)).0.expect("room");
                }
            });
            drop((pops.join(), pushes.join()));
        }
    };
    let found = search(Plan::Turns { threads: 2, most: 3 }, body);
    assert_eq!(found.wrong, None, "{}", K::NAME);
    assert_eq!(found.schedules, 27, "{}", K::NAME);
    most.load(Ordering::Relaxed)
}

#[test]
fn a_batch_without_a_limit_ends_beside_a_busy_producer() {
    for most in [
        most_popped::<SpscUnbounded>(),
        most_popped::<MpscUnbounded>(),
        most_popped::<SpmcUnbounded>(),
        most_popped::<MpmcUnbounded>(),
    ] {
        println!("{most} at most");
        // As many as came in until it had looked.
        assert!((1..=12).contains(&most), "{most}");
    }
}

/// Histories that no structure here has, by hand: each operation one step after the one before, in one thread or two.
#[test]
fn what_a_look_says_is_held_against_what_comes_after_it() {
    let saw = |look, at_tx, n| What::Saw { look, at_tx, n };
    let (a, b) = (Id { producer: 0, serial: 0 }, Id { producer: 0, serial: 1 });
    let (tx, rx) = (true, false);
    let show = |ids: &[Id]| What::Show { ids: ids.to_vec(), most: 2 };
    let one = Spec {
        lifo: false,
        fits: 1,
        most: 2,
        producers: 1,
        consumers: 1,
        passes_over: 1,
        segment: 0,
        at_first: 0,
        many: (false, false),
        follows: true,
    };
    let events = |whats: &[What]| -> Vec<Event> {
        let event = |(i, what): (usize, &What)| Event { what: what.clone(), start: i, end: i };
        whats.iter().enumerate().map(event).collect()
    };
    let is_explained = |spec: Spec, whats: &[What]| {
        let events = events(whats);
        let each: Vec<Vec<Event>> = events.iter().map(|event| vec![event.clone()]).collect();
        let as_one = history::is_explained(&[events], &[], spec);
        // It makes no difference whose they are.
        assert_eq!(as_one, history::is_explained(&each, &[], spec), "{whats:?}");
        as_one
    };
    let (push, pop) = (|| What::Push(a), || What::Pop(a));
    let right = [
        vec![push(), saw(Look::Len, tx, 1), saw(Look::Empty, rx, 0), What::Peek(a), pop()],
        vec![push(), saw(Look::Full, tx, 1), saw(Look::Full, rx, 1), show(&[a]), pop()],
        vec![saw(Look::Closed, rx, 0), What::DropTx, saw(Look::Closed, rx, 1), What::PopClosed],
        vec![What::DropRx, saw(Look::Closed, tx, 1), What::PushClosed],
        vec![push(), What::Push(b), show(&[a, b]), pop(), What::Pop(b), saw(Look::Len, rx, 0)],
        // By force.
        vec![push(), What::Full(0), pop(), What::Push(b), What::Pop(b)],
    ];
    for whats in right {
        for spec in [one, Spec { follows: false, ..one }] {
            assert!(is_explained(spec, &whats), "{whats:?}");
        }
    }
    let wrong = [
        vec![push(), saw(Look::Len, tx, 0)],
        vec![push(), saw(Look::Len, rx, 2)],
        vec![push(), pop(), saw(Look::Len, rx, 1)],
        vec![push(), saw(Look::Empty, rx, 1)],
        vec![push(), pop(), saw(Look::Empty, tx, 0)],
        vec![saw(Look::Full, tx, 1)],
        vec![push(), What::Full(0), pop(), What::Full(0), What::Push(b), What::Pop(b)],
        vec![push(), What::Push(b), saw(Look::Full, rx, 0)],
        vec![push(), pop(), What::Peek(a)],
        vec![push(), What::Push(b), What::Peek(b)],
        vec![push(), What::Push(b), show(&[a])],
        vec![push(), What::Push(b), show(&[b, a])],
        vec![push(), show(&[a, b]), What::Push(b)],
        vec![saw(Look::Closed, rx, 1)],
        vec![What::DropTx, saw(Look::Closed, rx, 0)],
        vec![What::DropRx, saw(Look::Closed, tx, 0)],
        vec![What::DropRx, saw(Look::Closed, rx, 1)],
    ];
    for whats in wrong {
        for spec in [one, Spec { follows: false, ..one }] {
            let spec = Spec { passes_over: 0, ..spec };
            assert!(!is_explained(spec, &whats), "{whats:?}");
        }
    }
    // Something else was in flight all the time, so that each look may be right; not both.
    let loose = Spec { segment: 9, follows: false, ..one };
    let beside = |whats: &[What], what: &What| {
        let other = vec![Event { what: what.clone(), start: 0, end: 99 }];
        history::is_explained(&[events(whats), other], &[], loose)
    };
    let unkept = [
        (vec![saw(Look::Empty, tx, 1), saw(Look::Empty, tx, 0)], What::Empty),
        (vec![saw(Look::Len, tx, 0), saw(Look::Len, tx, 2)], What::Empty),
        (vec![saw(Look::Full, tx, 0), saw(Look::Full, tx, 1)], What::Push(a)),
        (vec![saw(Look::Full, rx, 1), saw(Look::Full, rx, 0)], What::Push(a)),
        (vec![saw(Look::Closed, rx, 1), saw(Look::Closed, rx, 0)], What::DropTx),
        (vec![saw(Look::Closed, tx, 1), What::Push(b)], What::DropRx),
    ];
    for (whats, other) in unkept {
        assert!(whats.chunks(1).all(|what| beside(what, &other)), "{whats:?}, each alone");
        assert!(!beside(&whats, &other), "{whats:?}");
    }
}

/// Of three pushes the second lasts; behind it there is an item, which can't be shown before it. What is shown may end before or
/// behind the one that lasts.
#[test]
fn what_is_shown_ends_at_a_push_in_flight_and_nowhere_else() {
    let [a, b, c] = [(0, 0), (1, 0), (0, 1)].map(|(producer, serial)| Id { producer, serial });
    let event = |what, start, end| Event { what, start, end };
    let is_explained = |ids: &[Id], end, many| {
        let shows = What::Show { ids: ids.to_vec(), most: 3 };
        let pops = (10..).zip([a, b, c]).map(|(i, id)| event(What::Pop(id), i, i));
        let threads = [
            vec![event(What::Push(a), 0, 0), event(What::Push(c), 2, 2)],
            vec![event(What::Push(b), 1, end)],
            [event(shows, 4, 5)].into_iter().chain(pops).collect(),
        ];
        let spec = Spec {
            lifo: false,
            fits: 3,
            most: 3,
            producers: 2,
            consumers: 1,
            passes_over: 0,
            segment: 0,
            at_first: 0,
            many,
            follows: false,
        };
        history::is_explained(&threads, &[], spec)
    };
    for ids in [&[a][..], &[a, b], &[a, b, c], &[a, c], &[b]] {
        let is_all = ids == [a, b, c];
        let ends_there = ids == [a] || ids == [a, b];
        assert_eq!(is_explained(ids, 6, (true, false)), is_all || ends_there, "{ids:?}");
        assert_eq!(is_explained(ids, 3, (true, false)), is_all, "{ids:?}");
        assert_eq!(is_explained(ids, 6, (false, false)), is_all, "{ids:?}");
    }
}

/// A consumer that has passed over a slot has no claim on it any more: its producer gives the slot back, and the segment
/// may be in use again, with an item that another consumer claims.
#[test]
fn who_passes_over_a_slot_leaves_it() {
    let passed = Arc::new(Passed::default());
    // One claims a slot and is off, the other passes over it and is off; the first leaves the segment behind, and comes to it
    // again.
    let programs = [vec![Op::Push, Op::Push, Op::Pop, Op::Push], vec![Op::Pop]];
    let plan = Plan::Bounded { preemptions: 2, freeze: None };
    let found = explain::<MpmcUnbounded>((1, 1, 0), &programs, plan, &passed);
    assert_eq!(found.wrong, None);
    assert!(found.schedules > 500, "{found:?}");
}
