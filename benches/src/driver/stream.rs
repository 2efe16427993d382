//! P producers push as fast as they can, C consumers pop as fast as they can.

use std::thread::{self, ScopedJoinHandle};

use super::control::Control;
use super::gauge::{Counters, Gauge, Window};
use super::{Direction, Flaw, LOOK, Sample, conclude};
use crate::cell::{Cell, Topology};
use crate::machine::Placement;
use crate::message::{Audit, Payload, word};
use crate::plan::Timing;
use crate::subject::{Consume, Produce, Subject};

pub(super) fn run<S: Subject, M: Payload>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    let Topology { producers, consumers } = cell.topology;
    let (tx, rx) = S::open::<M>(cell.capacity, cell.topology);
    assert!(tx.len() == producers && rx.len() == consumers, "one handle per thread");
    let control = &Control::new(cell.threads(), producers, timing);
    let laps = (2 * cell.capacity).div_ceil(consumers) as u64;
    let (warm, sent, received) = thread::scope(|scope| {
        let core = |thread| placement.core(thread, cell.threads());
        let tx: Vec<_> = tx
            .into_iter()
            .enumerate()
            .map(|(id, end)| {
                let core = core(id);
                scope.spawn(move || produce::<M, _>(cell, control, core, id, end))
            })
            .collect();
        let rx: Vec<_> = rx
            .into_iter()
            .enumerate()
            .map(|(id, end)| {
                let core = core(producers + id);
                scope.spawn(move || consume::<M, _>(cell, control, core, laps, end))
            })
            .collect();
        let warm = control.conduct(consumers, timing);
        (warm, join(tx), join(rx))
    });
    // The ends come back with the results: no queue is measured, or judged, while it closes.
    let (sending, pushed): (Vec<_>, Vec<_>) =
        sent.iter().map(|(window, pushed, _)| (window, *pushed)).unzip();
    let receiving: Vec<_> = received.iter().map(|(window, ..)| window).collect();
    let audits = received.iter().map(|(_, audit, _)| audit.clone()).collect();
    let busy: Vec<_> = sending.iter().chain(&receiving).copied().collect();
    let directions = vec![Direction { pushed, audits }];
    conclude::<M>(directions, &sending, &receiving, &receiving, &busy, warm)
}

/// The results of all threads; a panic in one of them goes on here.
pub(super) fn join<R>(threads: Vec<ScopedJoinHandle<'_, R>>) -> Vec<R> {
    let join = |thread: ScopedJoinHandle<'_, R>| {
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    };
    threads.into_iter().map(join).collect()
}

fn produce<M: Payload, P: Produce<M>>(
    cell: &Cell,
    control: &Control,
    core: Option<usize>,
    id: usize,
    mut end: P,
) -> (Window, u64, P) {
    let first = word(id, 0);
    let mut now = Counters::default();
    let mut gauge = Gauge::new(None, core);
    control.start();
    if cell.batch == 1 {
        'run: while gauge.go_on(control, &now) {
            for i in 0..LOOK {
                let item = M::new(first + now.moved + i);
                let push = || end.push(item).then_some(());
                if control.insist(&mut now.pushes, push).is_none() {
                    now.pushed(i);
                    break 'run;
                }
            }
            now.pushed(LOOK);
        }
    } else {
        let mut items = vec![M::default(); cell.batch];
        'run: while gauge.go_on(control, &now) {
            fill(&mut items, first + now.moved);
            let mut rest = &items[..];
            while !rest.is_empty() {
                let push = || Some(end.push_batch(rest)).filter(|&n| n > 0);
                let Some(n) = control.insist(&mut now.pushes, push) else { break 'run };
                rest = &rest[n..];
                now.pushes.done += 1;
                now.moved += n as u64;
            }
        }
    }
    let window = gauge.close(control, &now);
    control.finish(now.moved);
    (window, now.moved, end)
}

/// Consecutive messages, of which `next` is the first.
pub(super) fn fill<M: Payload>(items: &mut [M], next: u64) {
    for (item, word) in items.iter_mut().zip(next..) {
        *item = M::new(word);
    }
}

fn consume<M: Payload, C: Consume<M>>(
    cell: &Cell,
    control: &Control,
    core: Option<usize>,
    laps: u64,
    mut end: C,
) -> (Window, Audit, C) {
    let mut audit = Audit::new(cell.topology.producers, cell.topology.consumers == 1);
    let mut now = Counters::default();
    let mut gauge = Gauge::new(Some(laps), core);
    control.start();
    if cell.batch == 1 {
        'run: while gauge.go_on(control, &now) {
            let mut run = audit.run;
            for i in 0..LOOK {
                let Some(item) = control.insist(&mut now.pops, || end.pop()) else {
                    audit.run = run;
                    now.popped(i);
                    break 'run;
                };
                run = audit.extend(run, &item);
            }
            audit.run = run;
            now.popped(LOOK);
        }
    } else {
        let mut items = Vec::with_capacity(cell.batch);
        while gauge.go_on(control, &now) {
            let pop = || Some(end.pop_batch(&mut items, cell.batch)).filter(|&n| n > 0);
            let Some(n) = control.insist(&mut now.pops, pop) else { break };
            audit.run = items.iter().fold(audit.run, |run, item| audit.extend(run, item));
            items.clear();
            now.pops.done += 1;
            now.moved += n as u64;
        }
    }
    let window = gauge.close(control, &now);
    control.drain(&mut end, &mut audit, drop);
    (window, audit, end)
}
