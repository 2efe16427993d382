//! What a queue takes in memory: filled by one thread, apart from every measurement of time.
//!
//! The allocator of this program counts what each thread has asked for, in a cell of that thread alone: a few instructions
//! beside an allocation, no shared word. The fill pass runs in one thread, so its count is exact and the same every time.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell as Local;
use std::alloc::System;

use serde::Serialize;

use crate::cell::Cell;
use crate::message::Payload;
use crate::subject::{Consume, Produce, Subject};

/// The system's allocator, with a count per thread.
#[derive(Debug)]
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Bytes that this thread has asked for and not given back.
    static LIVE: Local<isize> = const { Local::new(0) };
    /// The most that ever were.
    static PEAK: Local<isize> = const { Local::new(0) };
}

fn count(bytes: isize) {
    LIVE.set(LIVE.get().wrapping_add(bytes));
    PEAK.set(PEAK.get().max(LIVE.get()));
}

// SAFETY: every call goes to the system's allocator as it came; counting neither allocates nor panics, since the cells are
// constants without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // As if moved: for a moment both are there, as far as we can know.
        count(size as isize);
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// A queue's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// Items that were inside.
    pub items: usize,
    /// The most bytes that were in use on the way there and back, the handles' own included.
    pub peak: usize,
    /// Bytes in use after all items were popped again.
    pub emptied: usize,
}

impl Filled {
    /// The peak, divided among the items.
    pub fn per_item(&self) -> f64 {
        self.peak as f64 / self.items.max(1) as f64
    }
}

/// Fills a queue of `cell` up to its capacity ([`DEPTH`](crate::cell::DEPTH) if it has none) and empties it again.
pub(crate) fn fill<M: Payload, S: Subject>(cell: &Cell) -> Filled {
    let before = LIVE.get();
    PEAK.set(before);
    let since = |bytes: isize| usize::try_from(bytes - before).unwrap_or(0);
    let (mut tx, mut rx) = S::open::<M>(cell.capacity.lap(), cell.topology);
    let most = cell.capacity.most();
    let (mut items, mut refusals) = (0, 0);
    // Every producer in turn, since each may have queues of its own.
    while items < most && refusals < tx.len() {
        let turn = (items + refusals) % tx.len();
        if tx[turn].push(M::new(items as u64)) {
            (items, refusals) = (items + 1, 0);
        } else {
            refusals += 1;
        }
    }
    // Bounded, for a queue that never ends.
    for end in &mut rx {
        (0..=items).take_while(|_| end.pop().is_some()).for_each(drop);
    }
    Filled { items, peak: since(PEAK.get()), emptied: since(LIVE.get()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Entry;
    use crate::subjects;

    #[test]
    fn a_thread_counts_its_own_bytes_only() {
        let own = vec![0_u8; 1 << 20];
        let others = std::thread::spawn(|| LIVE.get()).join().unwrap();
        assert!(others < 1 << 20 && LIVE.get() >= 1 << 20, "{others}");
        drop(own);
        let before = LIVE.get();
        PEAK.set(before);
        let mut grown = Vec::<u8>::with_capacity(1 << 10);
        grown.reserve_exact(1 << 20);
        // Old and new place at once.
        assert_eq!(PEAK.get() - before, (1 << 20) + (1 << 10));
        drop(grown);
        assert_eq!(LIVE.get(), before);
    }

    #[test]
    fn every_kind_takes_at_least_its_items_and_takes_the_same_twice() {
        for text in ["capacity=64", "payload=64", "capacity=unbounded,topology=2x2", "queues=any"] {
            let cell = Cell::parse(text).unwrap();
            for entry in subjects::ALL.iter().filter(|entry| entry.refuses(&cell).is_none()) {
                let id = entry.kind.id;
                let fill = || entry.fill(&cell).unwrap();
                let (first, second) = (fill(), fill());
                let least = if id == "heapless" { 1 } else { 0 };
                assert!(first.items + least >= cell.capacity.most(), "{id} in {cell}: {first:?}");
                assert!(first.per_item() >= cell.payload as f64, "{id} in {cell}: {first:?}");
                assert!(first.peak >= first.emptied, "{id} in {cell}: {first:?}");
                // Global state (epochs, hazard pointers) may be built once.
                assert!(second.peak <= first.peak, "{id} in {cell}: {first:?}, then {second:?}");
                assert_eq!(second, fill(), "{id} in {cell}");
            }
        }
    }

    #[test]
    fn all_producers_take_part() {
        let per_pair = Entry::spread::<subjects::Rtrb>("a", "a");
        let cell = Cell::parse("topology=4x4,queues=any").unwrap();
        assert_eq!(per_pair.fill(&cell).unwrap().items, 1024);
    }
}
