//! Counters: a thread frozen in an operation, the others in theirs, and what they read.
//!
//! Each thread has a cell before the schedule begins, but for those whose operation is to get one. What is read lies between
//! bounds: it has all that was added before the call, and nothing that was added after it; nothing that was taken before
//! it, and all that was taken after it. What is taken and what is left adds up to what was added.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use raddle::counter::Counter;
use raddle::counter::parts::Registry;

use crate::search::{Found, Plan, Span, operation, search, thaw, wrong};

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// `add`, of 1.
    Add,
    /// The same by a thread that has no cell yet.
    FirstAdd,
    /// `add` of a `local()` handle.
    LocalAdd,
    /// `local()`, and dropping the handle.
    Local,
    /// `sum`.
    Sum,
    /// `take`.
    Take,
}

impl Count {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::Add, Self::FirstAdd, Self::LocalAdd, Self::Local, Self::Sum, Self::Take];
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "add",
            Self::FirstAdd => "the thread's first use",
            Self::LocalAdd => "add of a `local()` handle",
            Self::Local => "local()",
            Self::Sum => "sum",
            Self::Take => "take",
        })
    }
}

/// A counter, as a case needs it.
pub trait Counts: Send + Sync + 'static {
    /// Zero.
    fn new() -> Self;
    /// Calls `act` with what adds for a thread that has a cell.
    fn with_cell(&self, act: &mut dyn FnMut(&mut dyn FnMut()));
    /// Adds 1 as a thread that comes and goes.
    fn first_add(&self) {
        self.with_cell(&mut |add| add());
    }
    /// Calls `act` with what adds to a handle.
    fn with_local(&self, act: &mut dyn FnMut(&mut dyn FnMut())) {
        self.with_cell(act);
    }
    /// Makes a handle and drops it.
    fn local(&self) {}
    /// What is there.
    fn sum(&self) -> u64;
    /// What was there, and takes it.
    fn take(&self) -> u64;
}

/// `counter::Counter`, in a registry of its own.
#[derive(Debug)]
pub struct Own {
    registry: Registry,
    counter: Counter,
}

impl Counts for Own {
    fn new() -> Self {
        Self { registry: Registry::new(), counter: Counter::new() }
    }

    fn with_cell(&self, act: &mut dyn FnMut(&mut dyn FnMut())) {
        let mut seat = self.registry.join();
        // The counter's place, and the cell.
        self.counter.add_in(&self.registry, &mut seat, 0);
        act(&mut || self.counter.add_in(&self.registry, &mut seat, 1));
        // To give a seat back takes a lock: the end of a thread, which is no operation here.
        core::mem::forget(seat);
    }

    fn first_add(&self) {
        let mut seat = self.registry.join();
        self.counter.add_in(&self.registry, &mut seat, 1);
        core::mem::forget(seat);
    }

    fn with_local(&self, act: &mut dyn FnMut(&mut dyn FnMut())) {
        let mut local = self.counter.local();
        act(&mut || local.add(1));
        core::mem::forget(local);
    }

    fn local(&self) {
        self.counter.local().add(0);
    }

    fn sum(&self) -> u64 {
        self.counter.sum_in(&self.registry)
    }

    fn take(&self) -> u64 {
        self.counter.take_in(&self.registry)
    }
}

/// One operation of a history, and what it read.
#[derive(Clone, Copy, Debug)]
struct Event {
    op: Count,
    span: Span,
    read: u64,
}

fn act<C: Counts>(counter: &C, ops: &[Count]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut timed = |op: Count, act: &mut dyn FnMut() -> u64| {
        let (read, span) = operation(&op.to_string(), act);
        events.push(Event { op, span, read });
    };
    let mut all = |add: &mut dyn FnMut()| {
        for &op in ops {
            timed(op, &mut || {
                match op {
                    Count::Add | Count::LocalAdd => add(),
                    Count::FirstAdd => counter.first_add(),
                    Count::Local => counter.local(),
                    Count::Sum => return counter.sum(),
                    Count::Take => return counter.take(),
                }
                0
            });
        }
    };
    if ops.contains(&Count::LocalAdd) {
        counter.with_local(&mut all);
    } else if ops.contains(&Count::Add) {
        counter.with_cell(&mut all);
    } else {
        all(&mut || unreachable!("no operation adds"));
    }
    events
}

/// The counter after `before` additions, and then each of `threads` with its operations. Of a thread frozen by the plan the main
/// thread doesn't wait before it has read the counter.
///
/// # Panics
/// If a thread did.
pub fn run<C: Counts>(
    threads: &[Vec<Count>],
    before: u64,
    plan: Plan,
) -> (Found, Vec<(Count, usize)>) {
    let worst = Arc::new(Mutex::new(Vec::new()));
    let body = {
        let (threads, worst) = (threads.to_vec(), Arc::clone(&worst));
        move || {
            let counter = Arc::new(C::new());
            (0..before).for_each(|_| counter.first_add());
            let mut running: Vec<_> = threads
                .iter()
                .map(|ops| {
                    let (counter, ops) = (Arc::clone(&counter), ops.clone());
                    shuttle::thread::spawn(move || act(&*counter, &ops))
                })
                .collect();
            let mut history: Vec<Vec<Event>> = running
                .split_off(1)
                .into_iter()
                .map(|thread| thread.join().expect("a live thread"))
                .collect();
            // Beside the frozen thread.
            history.push(act(&*counter, &[Count::Sum, Count::Take, Count::Sum]));
            thaw();
            history.push(running.remove(0).join().expect("the first thread"));
            history.push(act(&*counter, &[Count::Take]));
            let events = history.concat();
            judge(&events, before);
            let mut worst = worst.lock().unwrap_or_else(PoisonError::into_inner);
            worst.extend(events.iter().map(|event| (event.op, event.span.steps)));
            worst.sort_unstable();
            worst.dedup_by(|later, first| {
                let same = later.0 == first.0;
                first.1 = if same { first.1.max(later.1) } else { first.1 };
                same
            });
        }
    };
    let found = search(plan, body);
    let worst = worst.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (found, worst)
}

fn judge(events: &[Event], before: u64) {
    let adds = |event: &&Event| matches!(event.op, Count::Add | Count::FirstAdd | Count::LocalAdd);
    let takes = |event: &&Event| event.op == Count::Take;
    let count = |n: usize| n as u64;
    let added = before + count(events.iter().filter(adds).count());
    let taken: u64 = events.iter().filter(takes).map(|event| event.read).sum();
    if taken != added {
        wrong(|| format!("{taken} were taken of {added}: {events:?}"));
    }
    for (i, event) in events.iter().enumerate() {
        if !matches!(event.op, Count::Sum | Count::Take) {
            continue;
        }
        let others = || events.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| other);
        let is_before = |other: &&Event| other.span.end < event.span.start;
        let begins = |other: &&Event| other.span.start <= event.span.end;
        let there = before + count(others().filter(adds).filter(is_before).count());
        let may_be_there = before + count(others().filter(adds).filter(begins).count());
        let gone: u64 = others().filter(takes).filter(is_before).map(|other| other.read).sum();
        let may_be_gone: u64 = others().filter(takes).filter(begins).map(|other| other.read).sum();
        let (least, most) = (there.saturating_sub(may_be_gone), may_be_there.saturating_sub(gone));
        if event.read < least || event.read > most {
            wrong(|| format!("{event:?} should be {least} to {most}: {events:?}"));
        }
    }
}
