//! Threads that each hold both ends of one stack: pairs of push and pop, and bursts of pushes before all is taken at once.
//!
//! What a thread takes may be another's. So nothing is expected of a single thread, and after the stop all of them drain
//! until what they have together is what they pushed together.

use core::time::Duration;

use super::control::Control;
use super::crew::{self, Kept, Work as Boxed};
use super::gauge::{Counters, Gauge, Pass, Window};
use super::{Direction, Flaw, LOOK, Sample, Shares, conclude};
use crate::cell::{Cell, Topology};
use crate::machine::Placement;
use crate::message::{Census, Payload, Proof, word};
use crate::plan::Timing;
use crate::subject::{Consume, Produce, Subject};

/// Threads warm up with so many items each.
const LAPS: u64 = 2048;

/// What one thread has.
pub(super) struct Hands<T, C> {
    tx: T,
    rx: C,
    proof: Census,
    /// Its number.
    id: usize,
    /// Messages it pushed.
    pushed: u64,
}

type HandsOf<M, S> = Hands<<S as Subject>::Producer<M>, <S as Subject>::Consumer<M>>;

/// What one thread does until the pass is over.
type Work<H> = fn(&Cell, &Control, &mut Gauge, H) -> (Counters, H);

/// What a thread leaves behind.
struct Left<'a> {
    window: Window,
    pushed: u64,
    proof: Census,
    _ends: Kept<'a>,
}

pub(super) fn run<M: Payload, S: Subject>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
    work: Work<HandsOf<M, S>>,
) -> Result<Sample, Flaw> {
    let Topology { producers: threads, .. } = cell.topology;
    let (tx, rx) = S::open::<M>(cell.capacity.lap(), cell.topology);
    assert!(tx.len() == threads && rx.len() == threads, "one handle per thread and end");
    let control = &Control::new(cell, threads, timing, placement);
    let mut all: Vec<Boxed<'_, _>> = Vec::with_capacity(threads);
    for (id, (tx, rx)) in tx.into_iter().zip(rx).enumerate() {
        let core = placement.core(id, threads, cell.cores);
        let hands = Hands { tx, rx, proof: Census::new(threads, threads == 1), id, pushed: 0 };
        all.push(Box::new(move || {
            let mut gauge = Gauge::new(Some(LAPS), core);
            control.start();
            let (now, mut hands) = work(cell, control, &mut gauge, hands);
            let window = gauge.close(control, &now);
            control.finish(hands.pushed);
            control.drain(&mut hands.rx, &mut hands.proof, drop);
            let Hands { tx, rx, proof, pushed, .. } = hands;
            Left { window, pushed, proof, _ends: Box::new((tx, rx)) }
        }));
    }
    let conduct = || control.conduct(threads, Duration::ZERO, timing);
    let (warm, left) = crew::all(all, &conduct);
    judge::<M>(warm, &left)
}

/// What follows from what the threads left: the same code for all kinds.
fn judge<M: Payload>(warm: bool, left: &[Left<'_>]) -> Result<Sample, Flaw> {
    let pushed = left.iter().map(|left| left.pushed).collect();
    let proofs = left.iter().map(|left| left.proof.clone()).collect();
    let verified = Direction { pushed, proofs }.verify::<M>()?;
    let windows: Vec<&Window> = left.iter().map(|left| &left.window).collect();
    let sample = conclude(verified, &windows, &windows, &windows, &windows, warm)?;
    Ok(Sample { shares: Shares::of(&windows, &[]), ..sample })
}

/// A push, then a pop, which may find that another thread was quicker, and tries again.
pub(super) fn pairs<M: Payload, T: Produce<M>, C: Consume<M>>(
    _cell: &Cell,
    control: &Control,
    gauge: &mut Gauge,
    mut hands: Hands<T, C>,
) -> (Counters, Hands<T, C>) {
    let Hands { tx, rx, proof, id, pushed } = &mut hands;
    let first = word(*id, 0);
    let mut now = Counters::default();
    'run: while gauge.go_on(control, &now) {
        let mut run = proof.run();
        for i in 0..LOOK {
            let item = M::new(first + *pushed);
            let push = || tx.push(item).then_some(());
            let pushed_it = gauge.insist(control, &mut now.pushes, push);
            *pushed += u64::from(pushed_it.is_some());
            let popped = pushed_it.and_then(|()| gauge.insist(control, &mut now.pops, || rx.pop()));
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
    (now, hands)
}

/// Pushes one by one, then takes all there is; what counts is what it pushed.
pub(super) fn bursts<M: Payload, T: Produce<M>, C: Consume<M>>(
    cell: &Cell,
    control: &Control,
    gauge: &mut Gauge,
    mut hands: Hands<T, C>,
) -> (Counters, Hands<T, C>) {
    let Hands { tx, rx, proof, id, pushed } = &mut hands;
    let first = word(*id, 0);
    let mut now = Counters::default();
    'run: while gauge.go_on(control, &now) {
        for i in 0..cell.batch as u64 {
            let item = M::new(first + *pushed);
            let push = || tx.push(item).then_some(());
            if gauge.insist(control, &mut now.pushes, push).is_none() {
                now.pushed(i);
                break 'run;
            }
            *pushed += 1;
        }
        now.pushed(cell.batch as u64);
        let mut run = proof.run();
        rx.pop_all(|item| {
            run = proof.extend(run, &item);
            now.pops.done += 1;
        });
        proof.put(run);
    }
    (now, hands)
}
