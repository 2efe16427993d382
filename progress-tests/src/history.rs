//! Histories, and whether operations that came one after another could have answered so.
//!
//! An operation lasts from its first step to its last. One that ended before another began comes before it; what overlaps may
//! come in any order. The checker looks for an order in which a queue, or a stack, gives all the answers, and remembers
//! where it has been: Wing and Gong, "Testing and Verifying Concurrent Objects", 1993; Lowe, "Testing for Linearizability",
//! 2017. A batch of a queue is so many operations, one after another.
//!
//! *Empty* must be true at some instant of the call. *Full* may be said if, at some instant of the call, items inside,
//! items about to be pushed, and slots of items just popped come up to the capacity.

use std::collections::HashSet;

use crate::item::Id;

/// What an operation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Put it in.
    Push(Id),
    /// Found no room.
    Full,
    /// Took it out.
    Pop(Id),
    /// Found nothing.
    Empty,
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
    /// An index that was passed over may count as an item: for each operation that others' pushes overlapped.
    pub passes_over: bool,
}

/// Whether there is an order of all operations, a thread's in their own, that begins with `inside`.
#[must_use]
pub fn is_explained(threads: &[Vec<Event>], inside: &[Id], spec: Spec) -> bool {
    let mut search = Search { threads, spec, seen: HashSet::new() };
    search.go(&mut vec![0; threads.len()], inside)
}

struct Search<'a> {
    threads: &'a [Vec<Event>],
    spec: Spec,
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
        let is_right = match &self.threads[i][done[i]].what {
            What::Push(id) => {
                after.push(*id);
                after.len() <= self.spec.most
            }
            What::PushAll(ids) => {
                after.extend(ids);
                after.len() <= self.spec.most
            }
            What::Pop(id) if self.spec.lifo => after.pop() == Some(*id),
            What::Pop(id) => !after.is_empty() && after.remove(0) == *id,
            What::PopAll(ids) => {
                after.clear();
                ids.iter().rev().eq(inside)
            }
            What::Empty => inside.is_empty(),
            What::Full => self.may_be_full(done, i, inside.len()),
        };
        is_right.then_some(after)
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
        let is_push = |event: &&Event| matches!(event.what, What::Push(_));
        let occupied = |now: usize| {
            let pushing = after().filter(is_push).filter(|event| event.start <= now).count();
            let popping = before()
                .filter(|event| matches!(event.what, What::Pop(_)) && event.end >= now)
                .count();
            let passed = all()
                .filter(|(thread, _, event)| {
                    let overlaps = |(other, _, push): &(usize, usize, &Event)| {
                        other != thread
                            && is_push(push)
                            && push.start <= event.end
                            && event.start <= push.end
                    };
                    event.start <= now && all().any(|other| overlaps(&other))
                })
                .count();
            inside + pushing + popping + if self.spec.passes_over { passed } else { 0 }
        };
        let later =
            all().map(|(.., event)| event.start).filter(|start| (first..=last).contains(start));
        core::iter::once(first).chain(later).any(|now| occupied(now) >= self.spec.fits)
    }
}
