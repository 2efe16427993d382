//! Threads with a program each, and whether the history that comes of it is explained.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::Arc;

use raddle::{PopError, PushError};

use crate::history::{Event, Spec, What, is_explained};
use crate::item::{self, Id, Item};
use crate::kind::Kind;
use crate::op::{BATCH, Op, RESERVED};
use crate::search::{Found, Plan, Span, operation, search, thaw, wrong};

/// A thread's handles, as far as it needs them.
struct Hands<K: Kind> {
    tx: Option<K::Tx>,
    rx: Option<K::Rx>,
}

fn act<K: Kind>(hands: &mut Hands<K>, op: Op, producer: usize, events: &mut Vec<Event>) {
    let name = op.to_string();
    let mut note = |span: Span, what: What| {
        events.push(Event { what, start: span.start, end: span.end });
    };
    match op {
        Op::DropTx => {
            // (Who has it no more has no use for it.)
            let tx = hands.tx.take();
            note(operation(&name, || drop(tx)).1, What::DropTx);
        }
        Op::DropRx => {
            let rx = hands.rx.take();
            note(operation(&name, || drop(rx)).1, What::DropRx);
        }
        Op::LookTx => {
            let tx = hands.tx.as_ref().expect("a producer");
            for &look in K::LOOKS {
                let (n, span) = operation(&name, || K::look_tx(tx, look));
                note(span, What::Saw { look, at_tx: true, n });
            }
        }
        Op::LookRx => {
            let rx = hands.rx.as_ref().expect("a consumer");
            for &look in K::LOOKS {
                let (n, span) = operation(&name, || K::look_rx(rx, look));
                note(span, What::Saw { look, at_tx: false, n });
            }
        }
        Op::Peek => {
            let rx = hands.rx.as_mut().expect("a consumer");
            match operation(&name, || K::peek(rx)) {
                (Ok(id), span) => note(span, What::Peek(id)),
                (Err(error), span) => note(span, nothing(error)),
            }
        }
        Op::Read => {
            let rx = hands.rx.as_mut().expect("a consumer");
            match operation(&name, || K::read(rx, BATCH)) {
                (Ok(ids), span) => {
                    let first = ids[0];
                    note(span, What::Show { ids, most: BATCH });
                    note(span, What::Pop(first));
                }
                (Err(error), span) => note(span, nothing(error)),
            }
        }
        Op::Reserve => {
            let tx = hands.tx.as_mut().expect("a producer");
            let mut items: VecDeque<Item> = (0..RESERVED).map(|_| Item::new(producer)).collect();
            let ids: Vec<Id> = items.iter().map(Item::id).collect();
            match operation(&name, || K::reserve(tx, &mut items, BATCH)) {
                (Ok(slots), span) => {
                    if slots < RESERVED {
                        note(span, What::Full(RESERVED - slots));
                    }
                    ids[..slots.min(BATCH)].iter().for_each(|id| note(span, What::Push(*id)));
                }
                (Err(PushError::Full(())), span) => note(span, What::Full(RESERVED)),
                (Err(PushError::Closed(())), span) => note(span, What::PushClosed),
            }
        }
        _ if op.is_producers() => {
            let tx = hands.tx.as_mut().expect("a producer");
            let n = if op.is_batch() { BATCH } else { 1 };
            let mut items: VecDeque<Item> = (0..n).map(|_| Item::new(producer)).collect();
            let ids: Vec<Id> = items.iter().map(Item::id).collect();
            // How many went in, and what gave way.
            let (result, span) = operation(&name, || match op {
                Op::Push => K::push(tx, items.pop_front().expect("one")).map(|()| (1, Vec::new())),
                Op::Force => {
                    K::force_push(tx, items.pop_front().expect("one")).map(|evicted| (1, evicted))
                }
                _ => K::push_batch(tx, &mut items).map(|n| (n, Vec::new())),
            });
            match result {
                Err(PushError::Full(())) => note(span, What::Full(n)),
                Err(PushError::Closed(())) => note(span, What::PushClosed),
                Ok(_) if op == Op::PushAll => note(span, What::PushAll(ids)),
                Ok((n, evicted)) => {
                    for item in evicted {
                        // (Itself it had no slot yet.)
                        note(span, What::Full(0));
                        note(span, What::Pop(item.id()));
                    }
                    ids[..n].iter().for_each(|id| note(span, What::Push(*id)));
                    if n < ids.len() {
                        note(span, What::Full(ids.len() - n));
                    }
                }
            }
        }
        _ => {
            let rx = hands.rx.as_mut().expect("a consumer");
            let (result, span) = operation(&name, || match op {
                Op::Pop => K::pop(rx).map(|item| vec![item]),
                Op::PopAll => K::pop_batch(rx, usize::MAX),
                _ => K::pop_batch(rx, BATCH),
            });
            match result {
                Err(PopError::Empty) if op == Op::PopAll => note(span, What::PopAll(Vec::new())),
                Err(error) => note(span, nothing(error)),
                Ok(items) if op == Op::PopAll => {
                    note(span, What::PopAll(items.iter().map(Item::id).collect()));
                }
                Ok(items) => items.iter().for_each(|item| note(span, What::Pop(item.id()))),
            }
        }
    }
}

/// What a consumer found that found nothing.
fn nothing(error: PopError) -> What {
    match error {
        PopError::Empty => What::Empty,
        PopError::Closed => What::PopClosed,
    }
}

/// How many histories were explained only by indices that were passed over.
#[derive(Debug, Default)]
pub struct Passed(pub AtomicUsize);

/// Whether these programs can run at the same time: an end for one has one user.
#[must_use]
pub fn can_run<K: Kind>(programs: &[Vec<Op>]) -> bool {
    let users = |producers: bool| {
        let uses = |ops: &&Vec<Op>| ops.iter().any(|op| op.is_producers() == producers);
        programs.iter().filter(uses).count()
    };
    (K::MANY.0 || users(true) <= 1)
        && (K::MANY.1 || users(false) <= 1)
        && programs.iter().flatten().all(|op| op.is_of::<K>())
}

/// Runs each of `programs` in a thread of its own, on a queue of `size` that some items have gone through, with some items
/// inside, and explains the histories.
///
/// # Panics
/// If a thread did.
pub fn explain<K: Kind>(
    (size, warm, inside): (usize, usize, usize),
    programs: &[Vec<Op>],
    plan: Plan,
    passed: &Arc<Passed>,
) -> Found {
    let (programs, passed) = (programs.to_vec(), Arc::clone(passed));
    search(plan, move || {
        item::clear();
        let (tx, rx) = K::new(size);
        let mut all: Hands<K> = Hands { tx: Some(tx), rx: Some(rx) };
        let main = item::PRODUCERS - 1;
        let mut before = Vec::new();
        // (A stack once at least: in a model, the epochs are made with the first use.)
        for _ in 0..warm.max(usize::from(K::LIFO)) {
            act(&mut all, Op::Push, main, &mut before);
            act(&mut all, Op::Pop, main, &mut before);
        }
        before.clear();
        (0..inside).for_each(|_| act(&mut all, Op::Push, main, &mut before));
        let inside: Vec<Id> = before
            .iter()
            .filter_map(|event| if let What::Push(id) = event.what { Some(id) } else { None })
            .collect();

        let mut threads = Vec::new();
        let (mut producers, mut consumers) = (0, 0);
        for (producer, ops) in programs.iter().enumerate() {
            let uses = |producers: bool| ops.iter().any(|op| op.is_producers() == producers);
            let mut hands: Hands<K> = Hands { tx: None, rx: None };
            if uses(true) {
                hands.tx = all.tx.as_ref().and_then(K::clone_tx).or_else(|| all.tx.take());
                producers += 1;
            }
            if uses(false) {
                hands.rx = all.rx.as_ref().and_then(K::clone_rx).or_else(|| all.rx.take());
                consumers += 1;
            }
            let ops = ops.clone();
            threads.push(shuttle::thread::spawn(move || {
                let mut events = Vec::new();
                ops.into_iter().for_each(|op| act(&mut hands, op, producer, &mut events));
                (hands, events)
            }));
        }
        // Nobody else has a handle of an end that the threads use, so that they close it.
        all.tx = all.tx.filter(|_| producers == 0);
        all.rx = all.rx.filter(|_| consumers == 0);
        let mut history = Vec::new();
        // The first one is the last to be waited for, since the plan may have frozen it.
        for i in (0..threads.len()).rev() {
            if i == 0 {
                thaw();
            }
            let (hands, events) = threads.remove(i).join().expect("a thread");
            all.tx = all.tx.take().or(hands.tx);
            all.rx = all.rx.take().or(hands.rx);
            history.push(events);
        }
        let mut rest = Vec::new();
        let is_over =
            |event: &Event| matches!(event.what, What::Empty | What::PushClosed | What::PopClosed);
        while !rest.last().is_some_and(is_over) && rest.len() < 64 {
            let op = match all {
                Hands { rx: Some(_), .. } => Op::Pop,
                Hands { tx: Some(_), .. } => Op::Push,
                _ => break,
            };
            act(&mut all, op, main, &mut rest);
        }
        history.push(rest);

        let most = if K::BOUNDED { K::room(size, 0).1 } else { usize::MAX };
        let fits = if K::BOUNDED { size } else { usize::MAX };
        let spec = Spec {
            lifo: K::LIFO,
            fits,
            most,
            producers: producers.max(1),
            consumers: consumers.max(1),
            passes_over: 0,
            segment: if K::BOUNDED { 0 } else { size },
            at_first: inside.len(),
            many: K::MANY,
            follows: K::FOLLOWS,
        };
        if !is_explained(&history, &inside, spec) {
            if is_explained(&history, &inside, Spec { passes_over: K::LINE, ..spec }) {
                passed.0.fetch_add(1, Ordering::Relaxed);
            } else {
                wrong(|| format!("no order explains {history:?} with {inside:?} inside at first"));
            }
        }
        drop(all);
        if let Some((id, n)) = item::unbalanced() {
            wrong(|| format!("{id:?} was dropped {n} times"));
        }
    })
}
