//! What one frozen thread costs a ring of many lines, in lines and in items. Run with `cargo xtask test --only progress`.
#![cfg(shuttle)]

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use raddle::{mpmc, mpsc, spmc};
use raddle_progress_tests::search::{Plan, is_frozen, operation, search, thaw, wrong};

/// More than a small ring's, so that lines have as many slots as fit.
const ASKED: usize = 65;

/// Most slots that are claimed with one step.
const AT_ONCE: usize = 32;

/// Items of a batch: more than that.
const BATCH: usize = 40;

/// How often the others fill the ring and empty it beside the frozen thread.
const LAPS: usize = 3;

/// An item, of some size.
trait Item: Send + 'static {
    fn new(number: usize) -> Self;
    fn number(&self) -> usize;
}

impl<const WORDS: usize> Item for [usize; WORDS] {
    fn new(number: usize) -> Self {
        [number; WORDS]
    }

    fn number(&self) -> usize {
        self[0]
    }
}

/// What the frozen thread does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Push,
    PushBatch,
    Force,
    Pop,
    PopBatch,
}

/// A ring, as the victim and as the others use it.
struct Ring {
    capacity: usize,
    /// What it takes out.
    victim: Box<dyn FnOnce(Victim) -> Vec<usize> + Send>,
    push: Box<dyn FnMut(usize) -> bool + Send>,
    pop: Box<dyn FnMut() -> Option<usize> + Send>,
}

/// Items of the victim have numbers from here on.
const VICTIMS: usize = 10_000;

macro_rules! pushes {
    ($tx:ident, $T:ty, $what:expr) => {
        match $what {
            Victim::Push => drop($tx.push(<$T>::new(VICTIMS))),
            _ => {
                let mut items: VecDeque<$T> = (VICTIMS..).take(BATCH).map(<$T>::new).collect();
                // (It comes last in some schedules, and finds the queue full.)
                let _ = $tx.push_from(&mut items);
            }
        }
    };
}

macro_rules! pops {
    ($rx:ident, $what:expr) => {{
        let mut items = Vec::new();
        match $what {
            Victim::Pop => items.extend($rx.pop().ok()),
            _ => {
                let _ = $rx.pop_into(&mut items, BATCH);
            }
        }
        items.iter().map(Item::number).collect()
    }};
}

fn mpsc_ring<T: Item>() -> Ring {
    let (tx, mut rx) = mpsc::bounded::<T>(ASKED);
    let victims = tx.clone();
    Ring {
        capacity: tx.capacity(),
        victim: Box::new(move |what| {
            pushes!(victims, T, what);
            Vec::new()
        }),
        push: Box::new(move |number| tx.push(T::new(number)).is_ok()),
        pop: Box::new(move || rx.pop().ok().map(|item| item.number())),
    }
}

fn spmc_ring<T: Item>() -> Ring {
    let (mut tx, rx) = spmc::bounded::<T>(ASKED);
    let victims = rx.clone();
    Ring {
        capacity: tx.capacity(),
        victim: Box::new(move |what| pops!(victims, what)),
        push: Box::new(move |number| tx.push(T::new(number)).is_ok()),
        pop: Box::new(move || rx.pop().ok().map(|item| item.number())),
    }
}

fn mpmc_ring<T: Item>() -> Ring {
    let (tx, rx) = mpmc::bounded::<T>(ASKED);
    let (victims_tx, victims_rx) = (tx.clone(), rx.clone());
    Ring {
        capacity: tx.capacity(),
        victim: Box::new(move |what| match what {
            Victim::Push | Victim::PushBatch => {
                pushes!(victims_tx, T, what);
                Vec::new()
            }
            Victim::Force => {
                let evicted = victims_tx.force_push(T::new(VICTIMS)).ok();
                evicted.into_iter().flatten().map(|item| item.number()).collect()
            }
            Victim::Pop | Victim::PopBatch => pops!(victims_rx, what),
        }),
        push: Box::new(move |number| tx.push(T::new(number)).is_ok()),
        pop: Box::new(move || rx.pop().ok().map(|item| item.number())),
    }
}

/// The most that a frozen thread has cost, and in how many schedules it was frozen.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    lines: usize,
    items: usize,
    frozen: usize,
}

type Push = Box<dyn FnMut(usize) -> bool + Send>;
type Pop = Box<dyn FnMut() -> Option<usize> + Send>;

/// Everybody but the victim: what comes out must be what went in, in order.
struct Others {
    ring: (Push, Pop),
    pushed: usize,
    popped: Vec<usize>,
}

impl Others {
    fn push(&mut self) -> bool {
        let (push, number) = (&mut self.ring.0, self.pushed);
        let went_in = push(number);
        self.pushed += usize::from(went_in);
        went_in
    }

    fn pop(&mut self) -> bool {
        let pop = &mut self.ring.1;
        let item = pop();
        // (What the victim pushed, and went on to, lies anywhere.)
        self.popped.extend(item.filter(|number| *number < VICTIMS));
        item.is_some()
    }

    /// Takes out all there is, and fills the ring: how many fit.
    fn go_round(&mut self) -> usize {
        while self.pop() {}
        let mut n = 0;
        while self.push() {
            n += 1;
        }
        n
    }
}

/// Lines that hold what was asked for.
fn lines_held(slots: usize) -> usize {
    if slots == 1 { ASKED } else { lines_of(ASKED, slots) }
}

/// Freezes the victim before each of its steps, wherever in a line it is, and says what that cost at most.
fn cost(of: fn() -> Ring, slots: usize, victim: Victim, inside: usize) -> Cost {
    let worst = Arc::new(Mutex::new(Cost::default()));
    // It begins with the first slot of a line, the last, or one between them.
    let places = BTreeSet::from([0, slots / 2, slots - 1]);
    for &warm in &places {
        for at in 1.. {
            let noted = Arc::clone(&worst);
            let plan = Plan::Bounded { preemptions: 0, freeze: Some(at) };
            let found = search(plan, move || run(of(), slots, victim, warm, inside, &noted));
            assert_eq!(found.wrong, None, "{victim:?} after {warm}, before its step {at}");
            if found.frozen == 0 {
                break;
            }
        }
    }
    let worst = *worst.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(worst.frozen > 2 * places.len(), "a vacuous search");
    worst
}

fn run(
    ring: Ring,
    slots: usize,
    victim: Victim,
    warm: usize,
    inside: usize,
    worst: &Arc<Mutex<Cost>>,
) {
    let (lines, act) = (ring.capacity / slots, ring.victim);
    assert_eq!((lines * slots, lines), (ring.capacity, lines_held(slots)), "so many to a line");
    let mut others = Others { ring: (ring.push, ring.pop), pushed: 0, popped: Vec::new() };
    for _ in 0..warm {
        others.push();
        others.pop();
    }
    for _ in 0..inside {
        others.push();
    }
    let frozen = shuttle::thread::spawn(move || operation("the victim", || act(victim)).0);
    let noted = Arc::clone(worst);
    let live = shuttle::thread::spawn(move || {
        // What follows may take more steps than in small queues; what doesn't end at all is given up.
        operation("the others' first", || ());
        for lap in 0..LAPS {
            let n = others.go_round();
            if !is_frozen() {
                continue;
            }
            // With all lines of use, one is in reserve but for a slot.
            let lost = lines - n.div_ceil(slots);
            let missing = others.pushed - n - others.popped.len();
            let mut worst = noted.lock().unwrap_or_else(PoisonError::into_inner);
            worst.lines = worst.lines.max(lost);
            worst.items = worst.items.max(missing);
            worst.frozen += usize::from(lap == 0);
        }
        others
    });
    let mut others = live.join().expect("a live thread");
    thaw();
    let taken = frozen.join().expect("the victim");
    // All lines are back once the ring is empty, and nothing is lost.
    others.go_round();
    let n = others.go_round();
    if n.div_ceil(slots) != lines {
        wrong(|| format!("{n} fit in {lines} lines of {slots} after the thaw"));
    }
    while others.pop() {}
    if !others.popped.is_sorted() {
        wrong(|| format!("out of order: {:?}", others.popped));
    }
    let mut all = others.popped;
    all.extend(taken.iter().filter(|number| **number < VICTIMS));
    all.sort_unstable();
    if !all.iter().copied().eq(0..others.pushed) {
        wrong(|| format!("of {} items came out {all:?}", others.pushed));
    }
}

/// The lines of so many slots one after another, the first of which may be the last of its line.
fn lines_of(n: usize, slots: usize) -> usize {
    (n - 1).div_ceil(slots) + 1
}

/// Of rings with so many slots to a line: where one end is for one, and where none is.
fn costs<T: Item>(fan: usize, slots: usize) {
    for (ring, slots, of) in
        [("mpsc", fan, mpsc_ring::<T> as fn() -> Ring), ("mpmc", slots, mpmc_ring::<T>)]
    {
        let batch = lines_of(AT_ONCE, slots);
        let one = cost(of, slots, Victim::Push, 0);
        assert_eq!((one.lines, one.items), (1, 0), "{ring}, a push of {slots} to a line");
        let many = cost(of, slots, Victim::PushBatch, 0);
        assert_eq!((many.lines, many.items), (batch, 0), "{ring}, a batch of {slots} to a line");
    }
    for (ring, slots, of) in
        [("spmc", fan, spmc_ring::<T> as fn() -> Ring), ("mpmc", slots, mpmc_ring::<T>)]
    {
        let batch = lines_of(AT_ONCE, slots);
        let one = cost(of, slots, Victim::Pop, 50);
        assert_eq!((one.lines, one.items), (1, 1), "{ring}, a pop of {slots} to a line");
        let many = cost(of, slots, Victim::PopBatch, 50);
        assert_eq!(
            (many.lines, many.items),
            (batch, BATCH),
            "{ring}, a batch out of {slots} to a line"
        );
    }
    let force = cost(mpmc_ring::<T>, slots, Victim::Force, ASKED + 2 * slots);
    assert_eq!((force.lines, force.items), (1, slots), "by force, {slots} to a line");
}

#[test]
fn a_frozen_thread_costs_a_line_of_six_or_seven_and_in_a_batch_the_lines_of_32_slots() {
    costs::<[usize; 1]>(6, 7);
}

#[test]
fn a_frozen_thread_costs_a_line_of_three_and_in_a_batch_the_lines_of_32_slots() {
    costs::<[usize; 2]>(3, 3);
}

#[test]
fn a_frozen_thread_costs_a_slot_where_an_item_fills_a_line_and_in_a_batch_32() {
    costs::<[usize; 8]>(1, 1);
}
