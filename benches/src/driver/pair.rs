//! The two modes without a stream: one thread alone, and the round trip.

use core::time::Duration;
use std::thread;

use super::control::Control;
use super::gauge::{Counters, Gauge, Pass, Window};
use super::stream::{fill, join};
use super::{Direction, Flaw, LOOK, Sample, conclude};
use crate::cell::{Cell, Topology};
use crate::machine::Placement;
use crate::message::{Payload, Proof, word};
use crate::plan::Timing;
use crate::subject::{Consume, Produce, Subject};

/// A queue's two ends, for modes with one handle each.
fn open<M: Payload, S: Subject>(cell: &Cell) -> (S::Producer<M>, S::Consumer<M>) {
    let (mut tx, mut rx) = S::open::<M>(cell.capacity.lap(), Topology::ONE_TO_ONE);
    let ends = tx.pop().zip(rx.pop()).filter(|_| tx.is_empty() && rx.is_empty());
    ends.expect("one handle per end")
}

/// One thread pushes and pops in turn.
pub(super) fn alone<M: Payload, S: Subject, P: Proof>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    let (tx, rx) = open::<M, S>(cell);
    let control = &Control::new(cell, 1, timing, placement);
    let core = placement.core(0, 1, cell.cores);
    let laps = 2 * cell.capacity.lap() as u64;
    let (warm, result) = thread::scope(|scope| {
        let thread = scope.spawn(move || both::<M, _, _, P>(cell, control, core, laps, tx, rx));
        let warm = control.conduct(1, Duration::ZERO, timing);
        (warm, join(vec![thread]))
    });
    let Some((window, pushed, proof, ..)) = result.into_iter().next() else {
        unreachable!("one thread, one result")
    };
    let verified = Direction { pushed: vec![pushed], proofs: vec![proof] }.verify::<M>()?;
    let only = &[&window];
    conclude(verified, only, only, only, only, warm)
}

fn both<M: Payload, T: Produce<M>, C: Consume<M>, P: Proof>(
    cell: &Cell,
    control: &Control,
    core: Option<usize>,
    laps: u64,
    mut tx: T,
    mut rx: C,
) -> (Window, u64, P, T, C) {
    let first = word(0, 0);
    let mut pushed = 0;
    let mut proof = P::new(1, true);
    let mut now = Counters::default();
    let mut gauge = Gauge::new(Some(laps), core);
    control.start();
    if cell.batch == 1 {
        'run: while gauge.go_on(control, &now) {
            let mut run = proof.run();
            for i in 0..LOOK {
                let item = M::new(first + pushed);
                let push = || tx.push(item).then_some(());
                let pushed_it = gauge.insist(control, &mut now.pushes, push);
                pushed += u64::from(pushed_it.is_some());
                let popped =
                    pushed_it.and_then(|()| gauge.insist(control, &mut now.pops, || rx.pop()));
                let Some(item) = popped else {
                    proof.put(run);
                    now.passed(i);
                    break 'run;
                };
                run = proof.extend(run, &item);
            }
            proof.put(run);
            now.passed(LOOK);
        }
    } else {
        let mut items = vec![M::default(); cell.batch];
        let mut taken = Vec::with_capacity(cell.batch);
        while gauge.go_on(control, &now) {
            fill(&mut items, first + pushed);
            let push = || Some(tx.push_batch(&items)).filter(|&n| n > 0);
            let Some(n) = gauge.insist(control, &mut now.pushes, push) else { break };
            pushed += n as u64;
            let pop = || Some(rx.pop_batch(&mut taken, cell.batch)).filter(|&n| n > 0);
            let Some(n) = gauge.insist(control, &mut now.pops, pop) else { break };
            let run = taken.iter().fold(proof.run(), |run, item| proof.extend(run, item));
            proof.put(run);
            taken.clear();
            now.pushes.done += 1;
            now.pops.done += 1;
            now.moved += n as u64;
        }
    }
    let window = gauge.close(control, &now);
    control.finish(pushed);
    control.drain(&mut rx, &mut proof, drop);
    (window, pushed, proof, tx, rx)
}

/// One item goes there and back before the next one leaves.
pub(super) fn round_trip<M: Payload, S: Subject, P: Proof>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    let ((ping_tx, ping_rx), (pong_tx, pong_rx)) = (open::<M, S>(cell), open::<M, S>(cell));
    let control = &Control::new(cell, 1, timing, placement);
    let laps = 2 * cell.capacity.lap() as u64;
    let (warm, mut results) = thread::scope(|scope| {
        let core = placement.core(0, 2, cell.cores);
        let serve = scope.spawn(move || serve::<M, _, _, P>(control, core, laps, ping_tx, pong_rx));
        let core = placement.core(1, 2, cell.cores);
        let echo = scope.spawn(move || echo::<M, _, _, P>(control, core, ping_rx, pong_tx));
        let warm = control.conduct(1, Duration::ZERO, timing);
        (warm, (join(vec![serve]), join(vec![echo])))
    });
    let Some(((here, pinged, pongs, ..), (there, ponged, pings, ..))) =
        results.0.pop().zip(results.1.pop())
    else {
        unreachable!("two threads, two results")
    };
    let there_and_back = [
        Direction { pushed: vec![pinged], proofs: vec![pings] },
        Direction { pushed: vec![ponged], proofs: vec![pongs] },
    ];
    let each = there_and_back.into_iter().map(Direction::verify::<M>);
    let verified = each.sum::<Result<u64, Flaw>>()?;
    let both = &[&here, &there];
    conclude(verified, both, both, &[&here], both, warm)
}

/// Sends an item and waits for it to come back.
fn serve<M: Payload, T: Produce<M>, C: Consume<M>, P: Proof>(
    control: &Control,
    core: Option<usize>,
    laps: u64,
    mut tx: T,
    mut rx: C,
) -> (Window, u64, P, T, C) {
    let first = word(0, 0);
    let mut pushed = 0;
    let mut proof = P::new(1, true);
    let mut now = Counters::default();
    let mut gauge = Gauge::new(Some(laps), core);
    control.start();
    while gauge.go_on(control, &now) {
        let item = M::new(first + pushed);
        let push = || tx.push(item).then_some(());
        if gauge.insist(control, &mut now.pushes, push).is_none() {
            break;
        }
        pushed += 1;
        let back = gauge.insist(control, &mut now.pops, || rx.pop());
        // After the stop, what is under way still comes home.
        let Some(item) = back.or_else(|| control.persist(|| rx.pop())) else { break };
        proof.take(&item);
        now.passed(1);
    }
    let window = gauge.close(control, &now);
    control.finish(pushed);
    (window, pushed, proof, tx, rx)
}

/// Sends back what comes.
fn echo<M: Payload, T: Produce<M>, C: Consume<M>, P: Proof>(
    control: &Control,
    core: Option<usize>,
    mut rx: C,
    mut tx: T,
) -> (Window, u64, P, T, C) {
    let mut pushed = 0;
    let mut proof = P::new(1, true);
    let mut now = Counters::default();
    let mut gauge = Gauge::new(None, core);
    control.start();
    while gauge.go_on(control, &now) {
        let Some(item) = gauge.insist(control, &mut now.pops, || rx.pop()) else { break };
        proof.take(&item);
        let mut push = || tx.push(item).then_some(());
        let back = gauge.insist(control, &mut now.pushes, &mut push);
        if back.or_else(|| control.persist(push)).is_none() {
            break;
        }
        pushed += 1;
        now.passed(1);
    }
    let window = gauge.close(control, &now);
    control.drain(&mut rx, &mut proof, |item: M| {
        let back = control.persist(|| tx.push(item).then_some(()));
        pushed += u64::from(back.is_some());
    });
    (window, pushed, proof, tx, rx)
}
