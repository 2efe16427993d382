//! The two modes without a stream: one thread alone, and the round trip.

use core::time::Duration;

use super::control::Control;
use super::crew::{self, Kept};
use super::gauge::{Counters, Gauge, Pass, Window};
use super::stream::fill;
use super::{Direction, Flaw, LOOK, Sample, conclude};
use crate::cell::{Cell, Topology};
use crate::machine::Placement;
use crate::message::{Audit, Payload, Proof, word};
use crate::plan::Timing;
use crate::subject::{Consume, Produce, Subject};

/// A queue's two ends, for modes with one handle each.
fn open<M: Payload, S: Subject>(cell: &Cell) -> (S::Producer<M>, S::Consumer<M>) {
    let (mut tx, mut rx) = S::open::<M>(cell.capacity.lap(), Topology::ONE_TO_ONE);
    let ends = tx.pop().zip(rx.pop()).filter(|_| tx.is_empty() && rx.is_empty());
    ends.expect("one handle per end")
}

/// What a worker leaves behind: its window, how many it pushed, the record of what it popped, its ends.
type Left<'a> = (Window, u64, Audit, Kept<'a>);

/// One thread pushes and pops in turn.
pub(super) fn alone<M: Payload, S: Subject>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    let (tx, rx) = open::<M, S>(cell);
    let control = &Control::new(cell, 1, timing, placement);
    let core = placement.core(0, 1, cell.cores);
    let laps = 2 * cell.capacity.lap() as u64;
    let work = Box::new(move || both::<M, _, _>(cell, control, core, laps, tx, rx));
    let (warm, left) = crew::all(vec![work], &|| control.conduct(1, Duration::ZERO, timing));
    judge::<M>(warm, &left)
}

/// What follows from what the threads left, each of whom sent to itself or to the other; the first one's time is the result.
fn judge<M: Payload>(warm: bool, left: &[Left<'_>]) -> Result<Sample, Flaw> {
    let mut verified = 0;
    for (i, (_, pushed, ..)) in left.iter().enumerate() {
        let (.., proof, _) = &left[left.len() - 1 - i];
        let direction = Direction { pushed: vec![*pushed], proofs: vec![proof.clone()] };
        verified += direction.verify::<M>()?;
    }
    let busy: Vec<&Window> = left.iter().map(|(window, ..)| window).collect();
    conclude(verified, &busy, &busy, &busy[..1], &busy, warm)
}

fn both<'a, M: Payload, T: Produce<M> + 'a, C: Consume<M> + 'a>(
    cell: &Cell,
    control: &Control,
    core: Option<usize>,
    laps: u64,
    mut tx: T,
    mut rx: C,
) -> Left<'a> {
    let first = word(0, 0);
    let mut pushed = 0;
    let mut proof = Audit::new(1, true);
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
    (window, pushed, proof, Box::new((tx, rx)))
}

/// One item goes there and back before the next one leaves.
pub(super) fn round_trip<M: Payload, S: Subject>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    let ((ping_tx, ping_rx), (pong_tx, pong_rx)) = (open::<M, S>(cell), open::<M, S>(cell));
    let control = &Control::new(cell, 1, timing, placement);
    let laps = 2 * cell.capacity.lap() as u64;
    let core = |thread| placement.core(thread, 2, cell.cores);
    let (here, there) = (core(0), core(1));
    let serve = Box::new(move || serve::<M, _, _>(control, here, laps, ping_tx, pong_rx));
    let echo = Box::new(move || echo::<M, _, _>(control, there, ping_rx, pong_tx));
    let (warm, left) = crew::all(vec![serve, echo], &|| control.conduct(1, Duration::ZERO, timing));
    judge::<M>(warm, &left)
}

/// Sends an item and waits for it to come back.
fn serve<'a, M: Payload, T: Produce<M> + 'a, C: Consume<M> + 'a>(
    control: &Control,
    core: Option<usize>,
    laps: u64,
    mut tx: T,
    mut rx: C,
) -> Left<'a> {
    let first = word(0, 0);
    let mut pushed = 0;
    let mut proof = Audit::new(1, true);
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
    (window, pushed, proof, Box::new((tx, rx)))
}

/// Sends back what comes.
fn echo<'a, M: Payload, T: Produce<M> + 'a, C: Consume<M> + 'a>(
    control: &Control,
    core: Option<usize>,
    mut rx: C,
    mut tx: T,
) -> Left<'a> {
    let mut pushed = 0;
    let mut proof = Audit::new(1, true);
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
    (window, pushed, proof, Box::new((tx, rx)))
}
