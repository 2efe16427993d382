//! Prints the generated part of `docs/progress.md`; fails if a door says something else of its operations.

#[cfg(not(shuttle))]
fn main() {
    eprintln!("built without `--cfg shuttle`: use `cargo xtask test --only progress`");
    std::process::exit(2);
}

#[cfg(shuttle)]
fn main() -> std::process::ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    report::all()
}

#[cfg(shuttle)]
mod report {
    use core::num::NonZero;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::collections::{BTreeMap, BTreeSet};
    use std::process::ExitCode;
    use std::sync::Mutex;
    use std::thread;

    use raddle::stack::Stack;
    use raddle_progress_tests::case::{Case, Steps, contend, freeze, merge};
    use raddle_progress_tests::counts::{self, Count, Own};
    use raddle_progress_tests::doors;
    use raddle_progress_tests::item::Item;
    use raddle_progress_tests::kind::{
        Kind, MpmcBounded, MpmcFit, MpmcLines, MpmcUnbounded, MpscBounded, MpscFit, MpscLines,
        MpscUnbounded, SpmcBounded, SpmcFit, SpmcLines, SpmcUnbounded, SpscBounded, SpscLines,
        SpscUnbounded,
    };
    use raddle_progress_tests::op::Op;
    use raddle_progress_tests::search::Plan;
    use raddle_progress_tests::shared::{FixedOf, Shelf};

    /// What one kind of queue has earned.
    #[derive(Default)]
    struct Earned {
        steps: Steps,
        schedules: usize,
        /// The longest time that nobody got anywhere, in steps of all.
        barren: usize,
        /// Which operation doesn't end, or is wrong, in queues of which size, beside which frozen one, and whether that may hold
        /// all slots there are.
        blocking: BTreeMap<String, BTreeSet<(usize, Op, bool)>>,
        /// The first case of each.
        examples: BTreeMap<String, String>,
        /// Operations that take more steps beside more of others', though their door says that they are wait-free.
        unbounded: BTreeSet<Op>,
    }

    impl Earned {
        fn add(&mut self, other: Self) {
            merge(&mut self.steps, &other.steps);
            self.schedules += other.schedules;
            self.barren = self.barren.max(other.barren);
            for (what, on) in other.blocking {
                self.blocking.entry(what).or_default().extend(on);
            }
            for (what, example) in other.examples {
                self.examples.entry(what).or_insert(example);
            }
            self.unbounded.extend(other.unbounded);
        }
    }

    type Earn = fn() -> Earned;

    /// The kinds; several may be of one name.
    const KINDS: &[(&str, Earn)] = &[
        (<SpscBounded as Kind>::NAME, earn::<SpscBounded>),
        (<SpscLines as Kind>::NAME, earn::<SpscLines>),
        (<SpscUnbounded as Kind>::NAME, earn::<SpscUnbounded>),
        (<MpscBounded as Kind>::NAME, earn::<MpscBounded>),
        (<MpscLines as Kind>::NAME, earn::<MpscLines>),
        (<MpscFit as Kind>::NAME, earn::<MpscFit>),
        (<MpscUnbounded as Kind>::NAME, earn::<MpscUnbounded>),
        (<SpmcBounded as Kind>::NAME, earn::<SpmcBounded>),
        (<SpmcLines as Kind>::NAME, earn::<SpmcLines>),
        (<SpmcFit as Kind>::NAME, earn::<SpmcFit>),
        (<SpmcUnbounded as Kind>::NAME, earn::<SpmcUnbounded>),
        (<MpmcBounded as Kind>::NAME, earn::<MpmcBounded>),
        (<MpmcLines as Kind>::NAME, earn::<MpmcLines>),
        (<MpmcFit as Kind>::NAME, earn::<MpmcFit>),
        (<MpmcUnbounded as Kind>::NAME, earn::<MpmcUnbounded>),
        (<FixedOf<1> as Kind>::NAME, earn::<FixedOf<1>>),
        (<FixedOf<2> as Kind>::NAME, earn::<FixedOf<2>>),
        (<FixedOf<3> as Kind>::NAME, earn::<FixedOf<3>>),
        (<Stack<Item> as Kind>::NAME, earn::<Stack<Item>>),
        (<Shelf as Kind>::NAME, earn::<Shelf>),
    ];

    /// Longer than a retry takes of most operations.
    const LONGEST_TURN: usize = 8;

    pub(super) fn all() -> ExitCode {
        let kinds: Mutex<BTreeMap<&str, Earned>> = Mutex::default();
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some((name, earn)) = KINDS.get(next.fetch_add(1, Ordering::Relaxed)) {
                let earned = earn();
                let mut kinds = kinds.lock().expect("nobody panics");
                kinds.entry(name).or_default().add(earned);
            }
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
                scope.spawn(work);
            }
        });
        let kinds = kinds.into_inner().expect("nobody panics");

        let mut wrong = 0;
        println!("| queue | operation | progress | own steps, at most |");
        println!("|---|---|---|---|");
        for (kind, earned) in &kinds {
            for (op, steps) in &earned.steps {
                let is_wait_free = doors::claims_wait_free(kind, &op.to_string())
                    && !earned.unbounded.contains(op);
                let label = if is_wait_free { "wait-free" } else { "lock-free" };
                let blocking = earned.blocking.get(&op.to_string());
                let except = blocking.map(except).unwrap_or_default();
                println!("| `{kind}` | {op} | {label}{except} | {steps} |");
                if let Err(why) = doors::agrees(kind, &op.to_string(), label, blocking.is_some()) {
                    eprintln!("{kind}, {op}: {why}");
                    wrong += 1;
                }
            }
            println!("| `{kind}` | two by turns | one gets on | {} of both |", earned.barren);
            let known = |what: &str| {
                earned.steps.keys().any(|op| what.split('`').next() == Some(&*op.to_string()))
            };
            for (what, example) in &earned.examples {
                eprintln!("{kind}: {what}: {example}");
                wrong += usize::from(!known(what));
            }
            eprintln!("{kind}: {} schedules, barren {}", earned.schedules, earned.barren);
        }
        wrong += counters();
        let schedules: usize = kinds.values().map(|earned| earned.schedules).sum();
        eprintln!("progress: {schedules} schedules");
        if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn except(on: &BTreeSet<(usize, Op, bool)>) -> String {
        if on.iter().all(|(.., holds_all)| *holds_all) {
            return "; blocking while frozen threads hold every slot".into();
        }
        let list: Vec<String> =
            on.iter().map(|(size, victim, _)| format!("{victim} (size {size})")).collect();
        format!("; blocking on a frozen {}", list.join(", "))
    }

    fn earn<K: Kind>() -> Earned {
        let mut all = Earned::default();
        let earned = &mut all;
        for &size in K::SIZES {
            for inside in insides::<K>(size) {
                // (Longer lines make no new rhythms.)
                let turns = K::LINE == 1 || size == K::SIZES[0] && inside % K::LINE == 1;
                for &victim in K::OPS {
                    for &live in K::OPS {
                        if !can_meet::<K>(victim, live) {
                            continue;
                        }
                        frozen::<K>(earned, size, inside, victim, vec![live]);
                        if turns {
                            in_turns::<K>(earned, size, inside, victim, &[live]);
                        }
                    }
                }
            }
        }
        if K::MANY == (true, true) {
            for victim in [Op::Push, Op::Pop] {
                frozen::<K>(
                    earned,
                    K::SIZES[K::SIZES.len() / 2],
                    1,
                    victim,
                    vec![Op::Push, Op::Pop],
                );
            }
        }
        for &op in K::OPS {
            // Items that come in meanwhile are dropped as well; and what a push does for memory depends on what was freed.
            let grows = op == Op::DropRx || !K::BOUNDED;
            if doors::claims_wait_free(K::NAME, &op.to_string())
                && !grows
                && retries::<K>(op, 3) != retries::<K>(op, 2)
            {
                earned.unbounded.insert(op);
            }
        }
        all
    }

    /// How many are inside at first: up to what fits; of several to a line, none or few, a line, and nearly all.
    fn insides<K: Kind>(size: usize) -> Vec<usize> {
        let full = K::lines(size) * K::LINE;
        (0..=full).filter(|n| K::LINE == 1 || *n < 2 || *n == K::LINE || *n + 2 > full).collect()
    }

    /// The counters' rows; how much was wrong.
    fn counters() -> usize {
        const KIND: &str = "counter::Counter";
        let mut wrong = 0;
        let mut schedules = 0;
        let mut worst: BTreeMap<Count, usize> = BTreeMap::new();
        let mut blocking: BTreeMap<Count, BTreeSet<String>> = BTreeMap::new();
        for victim in Count::ALL {
            for live in Count::ALL {
                for at in 1.. {
                    let plan = Plan::Bounded { preemptions: 1, freeze: Some(at) };
                    let (found, steps) = counts::run::<Own>(&[vec![victim], vec![live]], 1, plan);
                    schedules += found.schedules;
                    for (op, n) in steps {
                        let most = worst.entry(op).or_default();
                        *most = (*most).max(n);
                    }
                    if let Some(why) = found.wrong {
                        if why.starts_with(&format!("`{live}` ")) {
                            blocking.entry(live).or_default().insert(victim.to_string());
                        } else {
                            eprintln!(
                                "{KIND}: {victim} frozen beside {live}, before its step {at}: {why}"
                            );
                            wrong += 1;
                        }
                    }
                    if found.frozen == 0 {
                        break;
                    }
                }
            }
        }
        for (op, steps) in &worst {
            let name = op.to_string();
            let beside = |n| {
                let rivals = [Count::Add, Count::Take].map(|rival| {
                    let plan = Plan::Bounded { preemptions: n + 1, freeze: None };
                    let mut threads = vec![vec![*op]];
                    threads.push(vec![rival; n]);
                    let (_, steps) = counts::run::<Own>(&threads, 1, plan);
                    steps.iter().find(|(one, _)| one == op).map_or(0, |(_, n)| *n)
                });
                rivals.iter().copied().max()
            };
            let label = if blocking.contains_key(op) {
                "blocks"
            } else if doors::claims_wait_free(KIND, &name) && beside(2) == beside(1) {
                "wait-free"
            } else {
                "lock-free"
            };
            let on = blocking.get(op).map(|on| {
                let on: Vec<&str> = on.iter().map(String::as_str).collect();
                format!(" while frozen threads are in: {}", on.join(", "))
            });
            println!("| `{KIND}` | {op} | {label}{} | {steps} |", on.unwrap_or_default());
            if let Err(why) = doors::agrees(KIND, &name, label, blocking.contains_key(op)) {
                eprintln!("{KIND}, {op}: {why}");
                wrong += 1;
            }
        }
        eprintln!("{KIND}: {schedules} schedules");
        wrong
    }

    fn can_meet<K: Kind>(victim: Op, live: Op) -> bool {
        let many = if victim.is_producers() { K::MANY.0 } else { K::MANY.1 };
        let same = victim.is_producers() == live.is_producers();
        victim.is_of::<K>() && live.is_of::<K>() && (many || !same)
    }

    fn frozen<K: Kind>(earned: &mut Earned, size: usize, inside: usize, victim: Op, live: Vec<Op>) {
        let states = if K::BOUNDED {
            vec![(0, true), (1, false)]
        } else {
            vec![(inside % 2, inside.is_multiple_of(2))]
        };
        for (warm, full) in states {
            let case = Case { size, warm, inside, victim, live: live.clone(), full };
            let mut steps = Steps::new();
            let found = freeze::<K>(&case, 1, &mut steps);
            earned.schedules += found.iter().map(|(_, found)| found.schedules).sum::<usize>();
            if found.iter().all(|(_, found)| found.wrong.is_none()) {
                merge(&mut earned.steps, &steps);
            }
            for (at, found) in found {
                let Some(why) = found.wrong else { continue };
                // The report begins with the operation's name, unless it is something else that is wrong.
                let what = why.split('`').nth(1).filter(|_| why.starts_with('`')).unwrap_or(&why);
                // If it is the victim that doesn't end, it isn't frozen yet, and somebody else was taken off.
                let holder = if what == victim.to_string() { live[0] } else { victim };
                let holds_all = K::lines_of(holder) >= K::lines(size);
                earned.blocking.entry(what.into()).or_default().insert((size, holder, holds_all));
                let example = || format!("{case}, before its step {at}: {why}");
                earned
                    .examples
                    .entry(format!("{what}` with room for {size} beside {holder}"))
                    .or_insert_with(example);
            }
        }
    }

    /// Two operations that go on by turns, however long these are: somebody gets somewhere.
    fn in_turns<K: Kind>(earned: &mut Earned, size: usize, inside: usize, op: Op, others: &[Op]) {
        let rivals: Vec<Vec<Op>> = others.iter().map(|op| vec![*op]).collect();
        let plan = Plan::Turns { threads: 1 + others.len(), most: LONGEST_TURN };
        let (found, _) = contend::<K>((size, 0, inside), op, &rivals, plan);
        earned.schedules += found.schedules;
        earned.barren = earned.barren.max(found.barren);
        if let Some(why) = found.wrong {
            let what = format!("in turns, size {size}, {inside} inside, {op}: {why}");
            earned.examples.insert(what.clone(), what);
        }
    }

    /// The worst own steps of `op` beside so many operations of others, over what those may be.
    fn retries<K: Kind>(op: Op, n: usize) -> usize {
        let mut worst = 0;
        for rival in [Op::Push, Op::Pop] {
            if !can_meet::<K>(op, rival) {
                continue;
            }
            let many = if rival.is_producers() { K::MANY.0 } else { K::MANY.1 };
            let (rivals, preemptions) =
                if many { (vec![vec![rival]; n], n) } else { (vec![vec![rival; n]], n + 1) };
            for state in [(1, 0, 0), (1, 0, 1), (2, 1, 1)] {
                let plan = Plan::Bounded { preemptions, freeze: None };
                // (What doesn't end is found with a frozen thread.)
                let (found, steps) = contend::<K>(state, op, &rivals, plan);
                worst = worst.max(if found.wrong.is_none() { steps } else { usize::MAX });
            }
        }
        worst
    }
}
