//! One case: what a frozen thread was doing, what the others do meanwhile, and what must come of it.
//!
//! 1. The main thread brings the queue to a state: it has gone round a little, and some items are inside.
//! 2. The *victim* begins its operation, the *live* threads theirs; the victim is frozen before its step number k.
//! 3. The live threads end. Empty and Full may only be said as far as the victim's operation accounts for it.
//! 4. The main thread pops all that was pushed, and then, a few times over, pushes until the queue is full and pops that:
//!    the capacity but for what the victim holds, in order. (As far as it has the handles; of an end for one it gets
//!    the handle back from a live thread, but not from the victim.)
//! 5. The victim thaws and ends. Everything adds up: what is counted as inside fits, every item was popped, evicted or dropped
//!    once, each producer's in order, and the capacity is exact again.
//!
//! Every operation, of any thread, ends within [`LIMIT`](crate::search::LIMIT) own steps.

use core::fmt;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use raddle::{PopError, PushError};

use crate::item::{self, Id, Item};
use crate::kind::Kind;
use crate::op::{BATCH, Op};
use crate::search::{Found, Plan, Span, operation, search, thaw, wrong};

/// See the head of the file.
#[derive(Clone, Debug)]
pub struct Case {
    /// Capacity, or slots of a segment.
    pub size: usize,
    /// How many items have gone through before.
    pub warm: usize,
    /// How many are inside.
    pub inside: usize,
    /// What the frozen thread does.
    pub victim: Op,
    /// What the others do, one each.
    pub live: Vec<Op>,
    /// Whether the queue is full when the victim thaws, or empty.
    pub full: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, warm, inside, victim, live, full } = self;
        let live: Vec<String> = live.iter().map(ToString::to_string).collect();
        let live = live.join(" and ");
        let full = if *full { "full" } else { "empty" };
        write!(
            f,
            "size {size}, after {warm}, {inside} inside, {victim} frozen beside {live}, {full} at the thaw"
        )
    }
}

/// The worst own steps of each operation that ended.
pub type Steps = std::collections::BTreeMap<Op, usize>;

/// A thread's handles.
struct Hands<K: Kind> {
    tx: Option<K::Tx>,
    rx: Option<K::Rx>,
}

/// What a thread has done.
#[derive(Default)]
struct Did {
    pushed: Vec<Id>,
    popped: Vec<Id>,
    /// Said that there was no item, or no room; not that it was closed.
    refused: bool,
    steps: Vec<(Op, usize)>,
}

impl Did {
    fn act<K: Kind>(&mut self, op: Op, hands: &mut Hands<K>, producer: usize) {
        let name = op.to_string();
        let steps = match op {
            Op::Push => self.push::<K>(hands.tx.as_mut(), producer).1,
            Op::Pop => self.pop::<K>(hands.rx.as_mut()).1,
            Op::PushBatch | Op::PushAll => {
                let tx = hands.tx.as_mut().expect("a producer");
                let mut items: VecDeque<Item> = (0..BATCH).map(|_| Item::new(producer)).collect();
                let ids: Vec<Id> = items.iter().map(Item::id).collect();
                let (result, steps) = operation(&name, || K::push_batch(tx, &mut items));
                let n = result.unwrap_or(0);
                let left: Vec<Id> = items.iter().map(Item::id).collect();
                if left != ids[n..] {
                    wrong(|| format!("`{name}` says {n} of {ids:?} and leaves {left:?}"));
                }
                self.pushed.extend(&ids[..n]);
                self.refused = n < BATCH;
                steps
            }
            Op::Force => {
                let tx = hands.tx.as_mut().expect("a producer");
                let item = Item::new(producer);
                let id = item.id();
                let (evicted, steps) = operation(&name, || K::force_push(tx, item));
                self.pushed.push(id);
                self.popped.extend(evicted.iter().flatten().map(Item::id));
                steps
            }
            Op::PopBatch | Op::PopAll => {
                let rx = hands.rx.as_mut().expect("a consumer");
                let max = if op == Op::PopAll { usize::MAX } else { BATCH };
                let (result, steps) = operation(&name, || K::pop_batch(rx, max));
                let items = result.unwrap_or_default();
                self.refused = items.is_empty();
                self.popped.extend(items.iter().map(Item::id));
                steps
            }
            Op::DropTx => operation(&name, || drop(hands.tx.take())).1,
            Op::DropRx => operation(&name, || drop(hands.rx.take())).1,
            Op::Peek | Op::Read | Op::Reserve | Op::LookTx | Op::LookRx => {
                unreachable!("of histories only")
            }
        };
        self.steps.push((op, steps.steps));
    }

    /// Whether it went in; none if the queue is closed.
    fn push<K: Kind>(&mut self, tx: Option<&mut K::Tx>, producer: usize) -> (Option<bool>, Span) {
        let tx = tx.expect("a producer");
        let item = Item::new(producer);
        let id = item.id();
        let (result, steps) = operation("push", || K::push(tx, item));
        match result {
            Ok(()) => self.pushed.push(id),
            Err(PushError::Full(())) => self.refused = true,
            Err(PushError::Closed(())) => return (None, steps),
        }
        (Some(result.is_ok()), steps)
    }

    /// What came out.
    fn pop<K: Kind>(&mut self, rx: Option<&mut K::Rx>) -> (Option<Id>, Span) {
        let rx = rx.expect("a consumer");
        let (result, steps) = operation("pop", || K::pop(rx).map(|item| item.id()));
        match result {
            Ok(id) => self.popped.push(id),
            Err(PopError::Empty) => self.refused = true,
            Err(PopError::Closed) => {}
        }
        (result.ok(), steps)
    }
}

/// The main thread, who is the last producer by number.
struct Judge<K: Kind> {
    size: usize,
    hands: Hands<K>,
    did: Did,
}

impl<K: Kind> Judge<K> {
    const PRODUCER: usize = item::PRODUCERS - 1;

    /// Pops all there is.
    fn pop_all(&mut self) -> Vec<Id> {
        core::iter::from_fn(|| self.did.pop::<K>(self.hands.rx.as_mut()).0).take(32).collect()
    }

    /// Pushes until the queue is full, and a little beyond if it never is; none if it is closed.
    fn push_all(&mut self) -> Option<Vec<Id>> {
        let most = if K::BOUNDED { K::room(self.size, 0).1 + 2 } else { self.size + 1 };
        let before = self.did.pushed.len();
        for _ in 0..most {
            match self.did.push::<K>(self.hands.tx.as_mut(), Self::PRODUCER).0 {
                None => return None,
                Some(false) => break,
                Some(true) => {}
            }
        }
        Some(self.did.pushed[before..].to_vec())
    }

    /// How many must fit and how many may, with `inside` there, so many lines away, and `in_hand` of the items gone already.
    fn room(&self, inside: usize, out: usize, in_hand: usize) -> (usize, usize) {
        if K::BOUNDED {
            let (least, most) = K::room(self.size, out);
            (least.saturating_sub(inside), (most + in_hand).saturating_sub(inside))
        } else {
            (self.size + 1, self.size + 1)
        }
    }

    /// Pushes until the queue is full, which must be as [`room`](Self::room) says; none if it is closed.
    fn fill(&mut self, inside: usize, out: usize, in_hand: usize, when: &str) -> Option<Vec<Id>> {
        let pushed = self.push_all()?;
        let (least, most) = self.room(inside, out, in_hand);
        let n = pushed.len();
        if n < least || n > most {
            wrong(|| {
                format!(
                    "`push`, {when}: {n} fit beside {inside}, which should be {least} to {most}"
                )
            });
        }
        Some(pushed)
    }

    /// Fills and empties an empty queue so many times.
    fn go_round(&mut self, times: usize, out: usize, when: &str) {
        if self.hands.tx.is_none() {
            return;
        }
        for _ in 0..times {
            let Some(pushed) = self.fill(0, out, 0, when) else { return };
            if self.hands.rx.is_none() {
                return;
            }
            let mut popped = self.pop_all();
            if K::LIFO {
                popped.reverse();
            }
            if popped != pushed {
                wrong(|| format!("`pop`, {when}: {popped:?} came out, not {pushed:?}"));
            }
        }
    }
}

/// Takes the handle that `op` needs: one more, or the only one.
fn hands<K: Kind>(all: &mut Hands<K>, op: Op) -> Hands<K> {
    let mut hands = Hands { tx: None, rx: None };
    if op.is_producers() {
        hands.tx = all.tx.as_ref().and_then(K::clone_tx).or_else(|| all.tx.take());
    } else {
        hands.rx = all.rx.as_ref().and_then(K::clone_rx).or_else(|| all.rx.take());
    }
    hands
}

/// A thread that does `ops`, and comes back with its handles.
fn start<K: Kind>(
    all: &mut Hands<K>,
    ops: Vec<Op>,
    producer: usize,
) -> shuttle::thread::JoinHandle<(Hands<K>, Did)> {
    let mut hands = hands(all, ops[0]);
    shuttle::thread::spawn(move || {
        let mut did = Did::default();
        ops.into_iter().for_each(|op| did.act(op, &mut hands, producer));
        (hands, did)
    })
}

fn take_back<K: Kind>(all: &mut Hands<K>, hands: Hands<K>) {
    all.tx = all.tx.take().or(hands.tx);
    all.rx = all.rx.take().or(hands.rx);
}

/// Runs the case with the victim frozen before each of its steps in turn.
pub fn freeze<K: Kind>(case: &Case, preemptions: usize, steps: &mut Steps) -> Vec<(usize, Found)> {
    let mut found = Vec::new();
    let worst = Arc::new(Mutex::new(Steps::new()));
    for at in 1.. {
        let plan = Plan::Bounded { preemptions, freeze: Some(at) };
        let (case, worst) = (case.clone(), Arc::clone(&worst));
        let this = search(plan, move || run::<K>(&case, &worst));
        let bites = this.frozen > 0;
        found.push((at, this));
        if !bites {
            break;
        }
    }
    merge(steps, &worst.lock().unwrap_or_else(PoisonError::into_inner));
    found
}

/// The larger of each.
pub fn merge(steps: &mut Steps, more: &Steps) {
    for (op, n) in more {
        let worst = steps.entry(*op).or_default();
        *worst = (*worst).max(*n);
    }
}

fn note(worst: &Mutex<Steps>, did: &Did) {
    let mut worst = worst.lock().unwrap_or_else(PoisonError::into_inner);
    merge(&mut worst, &did.steps.iter().copied().collect());
}

fn prepare<K: Kind>(size: usize, warm: usize, inside: usize) -> Judge<K> {
    item::clear();
    let (tx, rx) = K::new(size);
    let hands = Hands { tx: Some(tx), rx: Some(rx) };
    let mut judge = Judge { size, hands, did: Did::default() };
    // (A stack once more: in a model, the epochs are made with the first use.)
    for _ in 0..warm + usize::from(K::LIFO) {
        judge.did.push::<K>(judge.hands.tx.as_mut(), Judge::<K>::PRODUCER);
        judge.did.pop::<K>(judge.hands.rx.as_mut());
    }
    for _ in 0..inside {
        judge.did.push::<K>(judge.hands.tx.as_mut(), Judge::<K>::PRODUCER);
    }
    judge
}

fn run<K: Kind>(case: &Case, worst: &Mutex<Steps>) {
    let Case { size, warm, inside, victim, ref live, full } = *case;
    let mut judge = prepare::<K>(size, warm, inside);
    let frozen = start(&mut judge.hands, vec![victim], 0);
    let live_threads: Vec<_> =
        live.iter().enumerate().map(|(i, op)| start(&mut judge.hands, vec![*op], i + 1)).collect();
    let mut others: Vec<Did> = Vec::new();
    for (thread, op) in live_threads.into_iter().zip(live) {
        let (hands, did) = thread.join().expect("a live thread");
        take_back(&mut judge.hands, hands);
        note(worst, &did);
        judge_answers::<K>(case, *op, &did);
        others.push(did);
    }

    // What was pushed by operations that have ended, and not popped by them.
    let left = |judge: &Judge<K>, others: &[Did]| {
        let all = || others.iter().chain([&judge.did]);
        let mut left: BTreeSet<Id> = all().flat_map(|did| did.pushed.iter().copied()).collect();
        all().flat_map(|did| &did.popped).for_each(|id| {
            left.remove(id);
        });
        left
    };
    let lost =
        if live.contains(&Op::DropRx) && !K::MANY.1 { usize::MAX } else { K::in_hand(victim) };
    if judge.hands.rx.is_some() {
        judge.pop_all();
        let left = left(&judge, &others);
        if left.len() > lost {
            wrong(|| format!("`pop`, while {victim} is frozen: {left:?} don't come out"));
        }
        judge.go_round(
            1 + usize::from(K::BOUNDED),
            K::lines_of(victim),
            &format!("while {victim} is frozen"),
        );
    }
    if judge.hands.tx.is_some() && (full || judge.hands.rx.is_none()) {
        let (inside, in_hand) = match judge.hands.rx {
            Some(_) => (0, 0),
            None => (left(&judge, &others).len(), K::in_hand(victim)),
        };
        if lost < usize::MAX {
            judge.fill(inside, K::lines_of(victim), in_hand, &format!("while {victim} is frozen"));
        }
    }

    thaw();
    let (hands, did) = frozen.join().expect("the victim");
    take_back(&mut judge.hands, hands);
    note(worst, &did);
    others.push(did);
    finish(judge, case, &others, left);
}

/// Empty and Full, as far as they may be said.
fn judge_answers<K: Kind>(case: &Case, op: Op, did: &Did) {
    let Case { size, inside, victim, live, .. } = case;
    let besides = || live.iter().chain([victim]).copied();
    // (This one is in `besides` too.)
    let in_flight: usize = besides().map(Op::slots).sum::<usize>() - op.slots();
    let in_hand: usize = besides().map(K::in_hand).sum::<usize>() - K::in_hand(op);
    let closes = besides().any(|op| op == Op::DropRx) && !K::MANY.1;
    if !did.refused || closes {
        return;
    }
    let wanted = if op.is_batch() { BATCH } else { 1 };
    match op {
        Op::Push | Op::PushBatch | Op::PushAll
            if !K::BOUNDED || inside + in_flight + wanted <= *size =>
        {
            wrong(|| format!("`{op}` says Full with {inside} inside"));
        }
        Op::Pop | Op::PopBatch | Op::PopAll if *inside > in_hand => {
            wrong(|| format!("`{op}` says Empty with {inside} inside"));
        }
        _ => {}
    }
}

/// Nobody else is left.
fn finish<K: Kind>(
    mut judge: Judge<K>,
    case: &Case,
    others: &[Did],
    left: impl Fn(&Judge<K>, &[Did]) -> BTreeSet<Id>,
) {
    let victim = case.victim;
    if judge.hands.rx.is_some() {
        if judge.hands.tx.is_some() {
            // The exception: an index that was passed over counts until consumers have come to it.
            let inside = left(&judge, others).len();
            judge.fill(inside, K::lines_of(victim), 0, "with nobody at work, at first");
        }
        judge.pop_all();
        let left = left(&judge, others);
        if !left.is_empty() {
            wrong(|| format!("`pop`, with nobody at work: {left:?} don't come out"));
        }
        judge.go_round(1 + usize::from(K::BOUNDED), 0, "with nobody at work");
    }
    for did in others.iter().chain([&judge.did]) {
        let mut last = [None; item::PRODUCERS];
        for id in &did.popped {
            if !K::LIFO && last[id.producer].is_some_and(|last| last >= id.serial) {
                wrong(|| format!("out of order: {:?}", did.popped));
            }
            last[id.producer] = Some(id.serial);
        }
    }
    let popped: Vec<Id> =
        others.iter().chain([&judge.did]).flat_map(|did| did.popped.iter().copied()).collect();
    if popped.iter().collect::<BTreeSet<_>>().len() != popped.len() {
        wrong(|| format!("popped twice: {popped:?}"));
    }
    drop(judge);
    if let Some((id, n)) = item::unbalanced() {
        wrong(|| format!("{id:?} was dropped {n} times"));
    }
}

/// What was found of `subject` beside `rivals`, each a thread with its operations, and the worst own steps of `subject`.
///
/// # Panics
/// If a thread did.
pub fn contend<K: Kind>(
    (size, warm, inside): (usize, usize, usize),
    subject: Op,
    rivals: &[Vec<Op>],
    plan: Plan,
) -> (Found, usize) {
    let worst = Arc::new(Mutex::new(Steps::new()));
    let body = {
        let (worst, rivals) = (Arc::clone(&worst), rivals.to_vec());
        move || {
            let mut judge = prepare::<K>(size, warm, inside);
            let first = start(&mut judge.hands, vec![subject], 0);
            let rivals: Vec<_> = rivals
                .iter()
                .enumerate()
                .map(|(i, ops)| start(&mut judge.hands, ops.clone(), i + 1))
                .collect();
            let (hands, did) = first.join().expect("the subject");
            note(&worst, &did);
            take_back(&mut judge.hands, hands);
            rivals.into_iter().for_each(|thread| drop(thread.join()));
        }
    };
    let found = search(plan, body);
    let worst = worst.lock().unwrap_or_else(PoisonError::into_inner);
    (found, worst.get(&subject).copied().unwrap_or(0))
}
