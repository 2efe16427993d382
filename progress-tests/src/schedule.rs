//! Operations and a schedule, out of any bytes: what the fuzzer tries, and its corpus replays.
//!
//! | bytes | say |
//! |---|---|
//! | 0 | which structure |
//! | 1 | its size |
//! | 2 | how many threads, what has gone through before, and how many items are inside |
//! | 3 to 18 | what each of four threads does, four operations each; one that it can't do, or none, is left out |
//! | the rest | the turns: see [`Plan::Bytes`] |
//!
//! A place for each thing, so that a fuzzer may change one and keep the others. Bytes that are missing are 0.
//!
//! The history must be linearizable, closing included; what is left must come out; each item must be dropped once; and
//! every operation must end, also while another thread stands still, but where the documentation says that it waits.

use core::fmt;
use std::sync::Arc;

use raddle::stack::Stack;

use crate::counts::{self, Count, Counts, Own};
use crate::item::Item;
use crate::kind::{
    Kind, MpmcBounded, MpmcFit, MpmcLines, MpmcUnbounded, MpscBounded, MpscLines, MpscUnbounded,
    SpmcBounded, SpmcLines, SpmcUnbounded, SpscBounded, SpscLines, SpscUnbounded,
};
use crate::linear::{Passed, explain};
use crate::op::Op;
use crate::search::{Found, Plan};
use crate::shared::{FixedOf, Shelf};

/// Runs what is left of the bytes after the first one.
type Run = fn(&[u8]) -> Result<Outcome, String>;

/// The structures. The first byte counts them round and round.
pub const KINDS: &[(&str, Run)] = &[
    ("spsc_bounded", run_on::<SpscBounded>),
    ("spsc_lines", run_on::<SpscLines>),
    ("spsc_unbounded", run_on::<SpscUnbounded>),
    ("mpsc_bounded", run_on::<MpscBounded>),
    ("mpsc_unbounded", run_on::<MpscUnbounded>),
    ("spmc_bounded", run_on::<SpmcBounded>),
    ("spmc_unbounded", run_on::<SpmcUnbounded>),
    ("mpmc_bounded", run_on::<MpmcBounded>),
    ("mpmc_unbounded", run_on::<MpmcUnbounded>),
    ("fixed", run_on::<FixedOf<2>>),
    ("stack", run_on::<Stack<Item>>),
    ("index_stack", run_on::<Shelf>),
    ("counter", run_counter::<Own>),
    ("mpsc_lines", run_on::<MpscLines>),
    ("spmc_lines", run_on::<SpmcLines>),
    ("mpmc_lines", run_on::<MpmcLines>),
    ("mpmc_fit", run_on::<MpmcFit>),
];

/// Threads, and operations of each.
const THREADS: usize = 4;
const OPS: usize = 4;

/// What came of it where nothing was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran, and has an explanation.
    Explained,
    /// There was nothing to do for two threads.
    Idle,
}

/// Runs any bytes.
///
/// # Errors
/// What is wrong, and with which program.
pub fn run(bytes: &[u8]) -> Result<Outcome, String> {
    let (&kind, rest) = bytes.split_first().unwrap_or((&0, &[]));
    KINDS[usize::from(kind) % KINDS.len()].1(rest)
}

/// The bytes behind the first one.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn at(&self, i: usize) -> usize {
        usize::from(self.0.get(i).copied().unwrap_or(0))
    }

    fn size(&self) -> usize {
        self.at(0)
    }

    fn threads(&self) -> usize {
        2 + self.at(1) % (THREADS - 1)
    }

    fn warm(&self) -> usize {
        (self.at(1) >> 2) % 8
    }

    fn inside(&self) -> usize {
        self.at(1) >> 5
    }

    /// The operations of `thread`: among `some`, now and then `more`, and rarely one of those that are there `once`.
    fn ops<O: Copy>(&self, thread: usize, some: &[O], more: &[O], once: &[O]) -> Vec<O> {
        let bytes = (0..OPS).map(|i| self.at(2 + thread * OPS + i));
        let op = |byte: usize| match byte {
            0..16 => None,
            16..48 => more.get(byte % more.len().max(1)).copied(),
            48..240 => some.get(byte % some.len().max(1)).copied(),
            _ => once.get(byte % once.len().max(1)).copied(),
        };
        bytes.filter_map(op).collect()
    }

    fn turns(&self) -> Vec<u8> {
        self.0.get(2 + THREADS * OPS..).unwrap_or_default().to_vec()
    }
}

/// Runs what `bytes` say, but for the first one, which chooses the kind.
///
/// # Errors
/// As [`run`].
pub fn run_on<K: Kind>(bytes: &[u8]) -> Result<Outcome, String> {
    let bytes = Bytes(bytes);
    let size = K::SIZES[bytes.size() % K::SIZES.len()];
    let inside = bytes.inside() % if K::BOUNDED { K::lines(size) * K::LINE + 1 } else { 4 };
    let mut programs = Vec::new();
    for thread in 0..bytes.threads() {
        // An end for one is the first thread's, or the second's.
        let has = |op: &Op| match op.is_producers() {
            true => K::MANY.0 || thread == 0,
            false => K::MANY.1 || thread == 1,
        };
        // In a queue of one slot, a push by force waits for whoever holds it.
        let may_wait = |op: &Op| *op == Op::Force && size == 1;
        let is_last = |op: &Op| matches!(op, Op::DropTx | Op::DropRx);
        let ops = || K::OPS.iter().copied().filter(|op| has(op) && !may_wait(op));
        let (once, some): (Vec<Op>, Vec<Op>) = ops().partition(is_last);
        let more: Vec<Op> = K::MORE.iter().copied().filter(|op| has(op)).collect();
        let mut ops = bytes.ops(thread, &some, &more, &once);
        for drop in once {
            let mut is_there = true;
            ops.retain(|op| {
                let keeps = is_there || op.is_producers() != drop.is_producers();
                is_there &= *op != drop;
                keeps
            });
        }
        if !ops.is_empty() {
            programs.push(ops);
        }
    }
    // A push by force waits while others hold every slot. One that then finds the queue closed drops what gave way, so
    // that nobody could say what: those programs don't close it.
    let waits = programs.iter().flatten().any(|op| *op == Op::Force);
    if waits {
        programs.iter_mut().for_each(|ops| ops.retain(|op| *op != Op::DropRx));
        programs.retain(|ops| !ops.is_empty());
    }
    let plan = Plan::Bytes { turns: bytes.turns(), waits };
    let state = (size, bytes.warm(), inside);
    judge(K::NAME, state, &programs, |programs| {
        explain::<K>(state, programs, plan, &Arc::new(Passed::default()))
    })
}

/// The same for a counter.
///
/// # Errors
/// As [`run`].
pub fn run_counter<C: Counts>(bytes: &[u8]) -> Result<Outcome, String> {
    let bytes = Bytes(bytes);
    let ops = |thread| bytes.ops(thread, &Count::ALL, &[], &[]);
    let programs: Vec<Vec<Count>> =
        (0..bytes.threads()).map(ops).filter(|ops| !ops.is_empty()).collect();
    let state = (0, 0, bytes.inside());
    // A thread's first use waits for others'.
    let plan = Plan::Bytes { turns: bytes.turns(), waits: true };
    judge("counter::Counter", state, &programs, |programs| {
        counts::run::<C>(programs, state.2 as u64, plan).0
    })
}

fn judge<O: fmt::Debug>(
    name: &str,
    state: (usize, usize, usize),
    programs: &[Vec<O>],
    run: impl FnOnce(&[Vec<O>]) -> Found,
) -> Result<Outcome, String> {
    if programs.len() < 2 {
        return Ok(Outcome::Idle);
    }
    match run(programs).wrong {
        None => Ok(Outcome::Explained),
        Some(why) => {
            let (size, warm, inside) = state;
            Err(format!(
                "{name} of size {size}, after {warm}, with {inside} inside, {programs:?}: {why}"
            ))
        }
    }
}
