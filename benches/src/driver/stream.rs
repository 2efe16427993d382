//! P producers push as fast as they can, C consumers pop as fast as they can: first in a window, then, apart from it, with a
//! clock around each call.

use super::control::Control;
use super::crew::{self, Kept, Work};
use super::gauge::{Calls, Counters, Gauge, Pass, Window};
use super::{CallTimes, Direction, Flaw, LOOK, Sample, Shares, conclude};
use crate::cell::{Cell, Topology};
use crate::machine::Placement;
use crate::message::{Payload, Proof, word};
use crate::plan::Timing;
use crate::subject::{Consume, Produce, Subject};

/// A worker's place.
#[derive(Clone, Copy)]
struct Seat<'a> {
    cell: &'a Cell,
    control: &'a Control,
    core: Option<usize>,
    /// Its number among those at its end of the queue.
    id: usize,
}

/// What a worker leaves behind.
struct Left<'a, R> {
    window: Window,
    calls: Calls,
    record: R,
    _end: Kept<'a>,
}

pub(super) fn run<M: Payload, S: Subject, P: Proof>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    let Topology { producers, consumers } = cell.topology;
    let (tx, rx) = S::open::<M>(cell.capacity.lap(), cell.topology);
    assert!(tx.len() == producers && rx.len() == consumers, "one handle per thread");
    let control = &Control::new(cell, producers, timing, placement);
    let laps = (2 * cell.capacity.lap()).div_ceil(consumers) as u64;
    let seat = |id, thread| {
        let core = placement.core(thread, cell.threads(), cell.cores);
        Seat { cell, control, core, id }
    };
    let mut produce_all: Vec<Work<'_, _>> = Vec::with_capacity(producers);
    for (id, end) in tx.into_iter().enumerate() {
        let seat = seat(id, id);
        produce_all.push(Box::new(move || produce::<M, _>(seat, end)));
    }
    let mut consume_all: Vec<Work<'_, _>> = Vec::with_capacity(consumers);
    for (id, end) in rx.into_iter().enumerate() {
        let seat = seat(id, producers + id);
        consume_all.push(Box::new(move || consume::<M, _, P>(seat, laps, end)));
    }
    let conduct = || control.conduct(consumers, timing.calls, timing);
    let (warm, sent, received) = crew::both(produce_all, consume_all, &conduct);
    judge::<M, P>(warm, sent, received)
}

/// What follows from what the threads left: the same code for all kinds.
fn judge<M: Payload, P: Proof>(
    warm: bool,
    sent: Vec<Left<'_, u64>>,
    received: Vec<Left<'_, P>>,
) -> Result<Sample, Flaw> {
    let pushed = sent.iter().map(|left| left.record).collect();
    let proofs = received.iter().map(|left| left.record.clone()).collect();
    let verified = Direction::<P> { pushed, proofs }.verify::<M>()?;
    let sending: Vec<_> = sent.iter().map(|left| &left.window).collect();
    let receiving: Vec<_> = received.iter().map(|left| &left.window).collect();
    let busy: Vec<_> = sending.iter().chain(&receiving).copied().collect();
    let sample = conclude(verified, &sending, &receiving, &receiving, &busy, warm)?;
    let shares = Shares::of(&sending, &receiving);
    let pushes: Vec<_> = sent.into_iter().map(|left| left.calls).collect();
    let pops: Vec<_> = received.into_iter().map(|left| left.calls).collect();
    Ok(Sample { shares, calls: CallTimes::of(&pushes, &pops), ..sample })
}

fn produce<'a, M: Payload, P: Produce<M> + 'a>(seat: Seat<'_>, end: P) -> Left<'a, u64> {
    let control = seat.control;
    let mut gauge = Gauge::new(None, seat.core);
    let mut calls = Calls::new();
    control.start();
    let (now, end) = push::<M, P, _>(seat, &mut gauge, Counters::default(), end);
    let window = gauge.close(control, &now);
    let (now, end) = push::<M, P, _>(seat, &mut calls, now, end);
    control.finish(now.moved);
    Left { window, calls, record: now.moved, _end: Box::new(end) }
}

/// Pushes until the pass is over. Takes and gives back what it changes, so that it can live in registers.
fn push<M: Payload, P: Produce<M>, W: Pass>(
    seat: Seat<'_>,
    pass: &mut W,
    mut now: Counters,
    mut end: P,
) -> (Counters, P) {
    let Seat { cell, control, id, .. } = seat;
    let first = word(id, 0);
    let mut items = vec![M::default(); cell.batch];
    let mut leave = 0;
    'run: while pass.go_on(control, &now) {
        if now.moved >= leave {
            let moved = now.moved;
            let ask = || control.gate.leave(id, moved);
            let Some(granted) = control.insist(W::LAST, &mut now.pushes, ask) else { break };
            leave = granted;
        }
        if cell.batch == 1 {
            for i in 0..LOOK {
                let item = M::new(first + now.moved + i);
                let push = || end.push(item).then_some(());
                if pass.insist(control, &mut now.pushes, push).is_none() {
                    now.pushed(i);
                    break 'run;
                }
            }
            now.pushed(LOOK);
        } else {
            fill(&mut items, first + now.moved);
            let mut rest = &items[..];
            while !rest.is_empty() {
                let push = || Some(end.push_batch(rest)).filter(|&n| n > 0);
                let Some(n) = pass.insist(control, &mut now.pushes, push) else { break 'run };
                rest = &rest[n..];
                now.pushes.done += 1;
                now.moved += n as u64;
            }
        }
    }
    (now, end)
}

/// Consecutive messages, of which `next` is the first.
pub(super) fn fill<M: Payload>(items: &mut [M], next: u64) {
    for (item, word) in items.iter_mut().zip(next..) {
        *item = M::new(word);
    }
}

fn consume<'a, M: Payload, C: Consume<M> + 'a, P: Proof>(
    seat: Seat<'_>,
    laps: u64,
    end: C,
) -> Left<'a, P> {
    let Seat { cell, control, .. } = seat;
    let mut proof = P::new(cell.topology.producers, cell.topology.consumers == 1);
    let mut gauge = Gauge::new(Some(laps), seat.core);
    let mut calls = Calls::new();
    control.start();
    let (now, end) = pop::<M, C, P, _>(seat, &mut gauge, &mut proof, Counters::default(), end);
    let window = gauge.close(control, &now);
    let (_, mut end) = pop::<M, C, P, _>(seat, &mut calls, &mut proof, now, end);
    control.drain(&mut end, &mut proof, drop);
    Left { window, calls, record: proof, _end: Box::new(end) }
}

/// Pops until the pass is over, as [`push`] pushes.
fn pop<M: Payload, C: Consume<M>, P: Proof, W: Pass>(
    seat: Seat<'_>,
    pass: &mut W,
    proof: &mut P,
    mut now: Counters,
    mut end: C,
) -> (Counters, C) {
    let Seat { cell, control, id, .. } = seat;
    let mut items = Vec::with_capacity(cell.batch);
    'run: while pass.go_on(control, &now) {
        if cell.batch == 1 {
            let mut run = proof.run();
            for i in 0..LOOK {
                let Some(item) = pass.insist(control, &mut now.pops, || end.pop()) else {
                    proof.put(run);
                    now.popped(i);
                    break 'run;
                };
                run = proof.extend(run, &item);
            }
            proof.put(run);
            now.popped(LOOK);
        } else {
            let pop = || Some(end.pop_batch(&mut items, cell.batch)).filter(|&n| n > 0);
            let Some(n) = pass.insist(control, &mut now.pops, pop) else { break };
            let run = items.iter().fold(proof.run(), |run, item| proof.extend(run, item));
            proof.put(run);
            items.clear();
            now.pops.done += 1;
            now.moved += n as u64;
        }
        control.gate.tell(id, now.moved);
    }
    (now, end)
}
