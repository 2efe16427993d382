//! Counters: threads add as fast as they can, perhaps while another reads; at the end the sum must be what was added.
//!
//! A reader is no load but a visitor: it sleeps between two looks, and no core is set aside for it. It, too, verifies: what
//! it sees never goes down.

use core::time::Duration;
use std::thread;

use super::control::{Control, STOP};
use super::crew::{self, Work};
use super::gauge::{Counters, Gauge, Pass, Window};
use super::{Flaw, Sample, Shares, conclude};
use crate::cell::{Cell, READ_EVERY_US, Topology};
use crate::machine::Placement;
use crate::message::Breach;
use crate::plan::Timing;
use crate::subject::Counter;

/// Additions between two looks at the phase: many, since the fastest takes a third of a nanosecond.
const LOOK: u64 = 2048;
/// Additions by the hand of whoever wrote the loop, lest the compiler unrolls some kinds' loops and others' not.
const UNROLLED: u64 = 8;

/// Measures `C` in `cell`, once.
pub(crate) fn run<C: Counter>(
    cell: &Cell,
    timing: &Timing,
    placement: &Placement,
) -> Result<Sample, Flaw> {
    let Topology { producers: adders, consumers: readers } = cell.topology;
    let counter = &C::new(adders);
    let control = &Control::new(cell, adders, timing, placement);
    let mut add_all: Vec<Work<'_, _>> = Vec::with_capacity(adders);
    for id in 0..adders {
        let core = placement.core(id, adders, cell.cores);
        add_all.push(Box::new(move || add(counter, control, id, core)));
    }
    let mut read_all: Vec<Work<'_, _>> = Vec::with_capacity(readers);
    for _ in 0..readers {
        read_all.push(Box::new(move || read(counter, control)));
    }
    let conduct = || control.conduct(adders, Duration::ZERO, timing);
    let (warm, added, seen) = crew::both(add_all, read_all, &conduct);
    let total = added.iter().map(|(_, total)| total).sum();
    judge(total, counter.sum(), &seen)?;
    let windows: Vec<&Window> = added.iter().map(|(window, _)| window).collect();
    let sample = conclude(total, &windows, &[], &windows, &windows, warm)?;
    let popped = seen.iter().map(|reader| reader.reads).collect();
    Ok(Sample { shares: Shares::of(&windows, &[]), popped, ..sample })
}

/// Adds until the window is over; what it added in all.
fn add<C: Counter>(
    counter: &C,
    control: &Control,
    id: usize,
    core: Option<usize>,
) -> (Window, u64) {
    let mut gauge = Gauge::new(Some(LOOK), core);
    let mut handle = counter.handle(id);
    let mut now = Counters::default();
    control.start();
    while gauge.go_on(control, &now) {
        for _ in 0..LOOK / UNROLLED {
            for _ in 0..UNROLLED {
                C::add(&mut handle);
            }
        }
        now.pushed(LOOK);
    }
    (gauge.close(control, &now), now.moved)
}

/// What a reader saw.
#[derive(Default)]
struct Seen {
    reads: u64,
    last: u64,
    /// A sum, and a smaller one after it.
    sunk: Option<(u64, u64)>,
}

/// Reads until the window is over.
fn read<C: Counter>(counter: &C, control: &Control) -> Seen {
    let mut seen = Seen::default();
    while control.phase() < STOP {
        let sum = counter.sum();
        if sum < seen.last {
            seen.sunk = Some((seen.last, sum));
        }
        (seen.last, seen.reads) = (sum, seen.reads + 1);
        thread::sleep(Duration::from_micros(READ_EVERY_US));
    }
    seen
}

/// Whether all was counted once, and at no time more than at the next.
fn judge(added: u64, sum: u64, seen: &[Seen]) -> Result<(), Flaw> {
    let breach = |expected, seen| Err(Flaw::Breach(Breach { expected, seen }));
    if sum != added {
        return breach(format!("a sum of {added}, which was added"), format!("a sum of {sum}"));
    }
    if let Some((before, after)) = seen.iter().find_map(|reader| reader.sunk) {
        return breach(format!("no less than {before}, which was read"), format!("{after}"));
    }
    if let Some(reader) = seen.iter().find(|reader| reader.last > sum) {
        return breach(format!("no more than {sum} in all"), format!("{} read", reader.last));
    }
    Ok(())
}
