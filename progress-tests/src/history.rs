//! Histories, and whether operations that came one after another could have answered so.
//!
//! An operation lasts from its first step to its last. One that ended before another began comes before it; what overlaps may
//! come in any order. The checker looks for an order in which a queue, or a stack, gives all the answers, and remembers
//! where it has been: Wing and Gong, "Testing and Verifying Concurrent Objects", 1993; Lowe, "Testing for Linearizability",
//! 2017. A batch of a queue is so many operations, one after another.
//!
//! *Empty* must be true at some instant of the call. *Full* may be said if, at some instant of the call, items inside,
//! items about to be pushed, and slots of items just popped come up to the capacity.
//!
//! *Closing.* A push says Closed only after the last consumer went, and a pop only after the last producer went and with
//! nothing inside; who begins after that says nothing else. A push that began before the last consumer had gone may still
//! succeed after it, or say Full, since that one drops what is left one by one; what is inside then comes out no more.

use std::collections::{HashMap, HashSet};

use crate::item::Id;

/// What an operation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Put it in.
    Push(Id),
    /// Found no room for so many.
    Full(usize),
    /// Took it out.
    Pop(Id),
    /// Found nothing.
    Empty,
    /// Found no consumer, and put nothing in.
    PushClosed,
    /// Found nothing, and no producer.
    PopClosed,
    /// A producer went.
    DropTx,
    /// A consumer went.
    DropRx,
    /// Put them in together, the last on top.
    PushAll(Vec<Id>),
    /// Took out all there was, the topmost first.
    PopAll(Vec<Id>),
}

/// An operation of a history.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it did.
    pub what: What,
    /// Its first step.
    pub start: usize,
    /// Its last step.
    pub end: usize,
}

/// What the structure is.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// A stack.
    pub lifo: bool,
    /// So many fit at least.
    pub fits: usize,
    /// So many fit at most.
    pub most: usize,
    /// How many producers there are at first.
    pub producers: usize,
    /// How many consumers there are at first.
    pub consumers: usize,
    /// An index that was passed over may count as an item: for each operation that others' pushes overlapped.
    pub passes_over: bool,
}

/// Whether there is an order of all operations, a thread's in their own, that begins with `inside`.
#[must_use]
pub fn is_explained(threads: &[Vec<Event>], inside: &[Id], spec: Spec) -> bool {
    let mut popped = HashMap::new();
    for event in threads.iter().flatten() {
        let ids = match &event.what {
            What::Pop(id) => core::slice::from_ref(id),
            What::PopAll(ids) => ids,
            _ => continue,
        };
        popped.extend(ids.iter().map(|id| (*id, (event.start, event.end))));
    }
    let mut search = Search { threads, spec, popped, seen: HashSet::new() };
    search.go(&mut vec![0; threads.len()], inside)
}

struct Search<'a> {
    threads: &'a [Vec<Event>],
    spec: Spec,
    /// When each item came out: from when to when.
    popped: HashMap<Id, (usize, usize)>,
    seen: HashSet<(Vec<usize>, Vec<Id>)>,
}

impl Search<'_> {
    /// Goes on from where each thread has done so many of its operations, and `inside` is there.
    fn go(&mut self, done: &mut Vec<usize>, inside: &[Id]) -> bool {
        let threads = self.threads;
        if done.iter().zip(threads).all(|(n, thread)| *n == thread.len()) {
            return true;
        }
        if !self.seen.insert((done.clone(), inside.to_vec())) {
            return false;
        }
        for (i, thread) in threads.iter().enumerate() {
            let Some(event) = thread.get(done[i]) else { continue };
            let too_early = |(other, thread): (usize, &Vec<Event>)| {
                other != i && thread.get(done[other]).is_some_and(|next| next.end < event.start)
            };
            if threads.iter().enumerate().any(too_early) {
                continue;
            }
            if let Some(after) = self.apply(done, i, inside) {
                done[i] += 1;
                if self.go(done, &after) {
                    return true;
                }
                done[i] -= 1;
            }
        }
        false
    }

    /// What is inside after the next operation of thread `i`, if that could answer so.
    fn apply(&self, done: &[usize], i: usize, inside: &[Id]) -> Option<Vec<Id>> {
        let mut after = inside.to_vec();
        let event = &self.threads[i][done[i]];
        let is_right = match &event.what {
            What::Push(id) => {
                after.push(*id);
                after.len() <= self.spec.most
                    && self.takes_pushes(done, event)
                    && self.may_be_next(done, inside, *id)
            }
            What::PushAll(ids) => {
                after.extend(ids);
                after.len() <= self.spec.most
                    && self.takes_pushes(done, event)
                    && ids.iter().all(|id| self.may_be_next(done, inside, *id))
            }
            What::Pop(id) if self.spec.lifo => after.pop() == Some(*id),
            What::Pop(id) => !after.is_empty() && after.remove(0) == *id,
            What::PopAll(ids) => {
                after.clear();
                ids.iter().rev().eq(inside)
            }
            What::Empty => {
                inside.is_empty() && self.gone(done, &What::DropTx) < self.spec.producers
            }
            What::Full(_) => {
                let is_closing = self.gone(done, &What::DropRx) == self.spec.consumers;
                self.takes_pushes(done, event)
                    && (is_closing || self.may_be_full(done, i, inside.len()))
            }
            What::PushClosed => self.gone(done, &What::DropRx) == self.spec.consumers,
            What::PopClosed => {
                inside.is_empty() && self.gone(done, &What::DropTx) == self.spec.producers
            }
            What::DropTx => true,
            What::DropRx => {
                // This one is the last.
                if self.gone(done, &What::DropRx) + 1 == self.spec.consumers {
                    after.clear();
                }
                true
            }
        };
        is_right.then_some(after)
    }

    /// What was done, with the threads so far.
    fn done<'a>(&'a self, done: &'a [usize]) -> impl Iterator<Item = &'a Event> {
        self.threads.iter().zip(done).flat_map(|(thread, n)| &thread[..*n])
    }

    /// Whether `id` may go in now, by when it comes out: a queue's after all that come out before it does, and a stack's
    /// on top of none of these. (It would show later; but there are too many orders to try them all.)
    fn may_be_next(&self, done: &[usize], inside: &[Id], id: Id) -> bool {
        let never = (usize::MAX, usize::MAX);
        let popped = |id: &Id| *self.popped.get(id).unwrap_or(&never);
        let (out, _) = popped(&id);
        let may_go_first = |other: &Id| *other == id || popped(other).1 >= out;
        if self.spec.lifo {
            return inside.iter().all(may_go_first);
        }
        let mut later = self.threads.iter().zip(done).flat_map(|(thread, n)| &thread[*n..]);
        later.all(|event| !matches!(&event.what, What::Push(other) if !may_go_first(other)))
    }

    /// How many of an end's handles went.
    fn gone(&self, done: &[usize], what: &What) -> usize {
        self.done(done).filter(|event| event.what == *what).count()
    }

    /// Whether there is a consumer, or was one when `push` began.
    fn takes_pushes(&self, done: &[usize], push: &Event) -> bool {
        let mut goes = self.done(done).filter(|event| event.what == What::DropRx);
        self.gone(done, &What::DropRx) < self.spec.consumers
            || goes.any(|drop| drop.end >= push.start)
    }

    /// Whether there is an instant of the call that fits what was done before and after it, with no room left.
    fn may_be_full(&self, done: &[usize], i: usize, inside: usize) -> bool {
        let all = || {
            self.threads.iter().enumerate().flat_map(|(thread, events)| {
                events.iter().enumerate().map(move |(n, event)| (thread, n, event))
            })
        };
        let call = &self.threads[i][done[i]];
        let before = || all().filter(|(thread, n, _)| *n < done[*thread]).map(|(.., event)| event);
        let after = || {
            all()
                .filter(|(thread, n, _)| *n >= done[*thread] && (*thread, *n) != (i, done[i]))
                .map(|(.., event)| event)
        };
        let first = before().map(|event| event.start).fold(call.start, usize::max);
        let last = after().map(|event| event.end).fold(call.end, usize::min);
        let is_push = |event: &&Event| matches!(event.what, What::Push(_) | What::Full(_));
        let occupied = |now: usize| {
            let pushes = after().filter(|event| matches!(event.what, What::Push(_)));
            let pushing = pushes.filter(|event| event.start <= now).count();
            // These may have had slots that consumers passed over, before they found no other.
            let trying: usize = all()
                .filter(|(thread, n, event)| {
                    (*thread, *n) != (i, done[i]) && event.start <= now && now <= event.end
                })
                .map(|(.., event)| if let What::Full(n) = event.what { n } else { 0 })
                .sum();
            let popping = before()
                .filter(|event| matches!(event.what, What::Pop(_)) && event.end >= now)
                .count();
            let passed = || {
                all()
                    .filter(|(thread, _, event)| {
                        let overlaps = |(other, _, push): &(usize, usize, &Event)| {
                            other != thread
                                && is_push(push)
                                && push.start <= event.end
                                && event.start <= push.end
                        };
                        event.start <= now && all().any(|other| overlaps(&other))
                    })
                    .count()
            };
            inside + pushing + trying + popping + if self.spec.passes_over { passed() } else { 0 }
        };
        let later =
            all().map(|(.., event)| event.start).filter(|start| (first..=last).contains(start));
        core::iter::once(first).chain(later).any(|now| occupied(now) >= self.spec.fits)
    }
}
