//! Where the calling thread's block is: the one registry of the process, and the thread-locals that lead to it.
//!
//! | thread-local | | destructor |
//! |---|---|---|
//! | `CHUNKS` | a copy of the block's table of chunks, as far as this thread has used them | none: it can be read at any time |
//! | `IS_BUSY` | whether this thread is inside this file already | none |
//! | `SEAT` | the right to the block | clears `CHUNKS`, and gives the block back |
//!
//! A copy, since the way to a cell is the cost of an addition: one load less.
//!
//! *No cell.* In a thread-local's destructor that runs after `SEAT`'s there is no block any more; in an allocator that counts,
//! called while a chunk is made, there is none yet. [`cell`] then says so, and the counter adds to a word that all threads
//! share: slower, but counted.

use core::cell::{Cell, RefCell};
use core::ptr;

use super::block::{self, Block};
use super::registry::{Registry, Seat, Ticket};
use crate::sync::AtomicU64;

static REGISTRY: Registry = Registry::new();

std::thread_local! {
    static CHUNKS: [Cell<*mut AtomicU64>; block::CHUNKS] =
        const { [const { Cell::new(ptr::null_mut()) }; block::CHUNKS] };
    static IS_BUSY: Cell<bool> = const { Cell::new(false) };
    static SEAT: Held = const { Held(RefCell::new(None)) };
}

struct Held(RefCell<Option<Seat<'static>>>);

impl Drop for Held {
    fn drop(&mut self) {
        CHUNKS.with(|chunks| chunks.iter().for_each(|chunk| chunk.set(ptr::null_mut())));
        let seat = self.0.take();
        let _ = alone(|| drop(seat));
    }
}

/// Runs `f`, unless this thread is inside one such call already: `f` may allocate, and the allocator may count.
fn alone<R>(f: impl FnOnce() -> R) -> Option<R> {
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            IS_BUSY.set(false);
        }
    }
    if IS_BUSY.replace(true) {
        return None;
    }
    let _done = Done;
    Some(f())
}

/// The calling thread's own cell of the counter with `ticket`, if the thread has one.
#[inline(always)]
pub(super) fn cell(ticket: &Ticket) -> Option<&'static AtomicU64> {
    let place = ticket.place();
    let chunk = CHUNKS.with(|chunks| place.entry(chunks).get());
    // SAFETY: null, or copied by `first_cell` from a block of `REGISTRY`, which lives for ever, and whose place this is.
    unsafe { Block::at(chunk, place) }
}

/// The same, made if need be; none where there can't be any.
#[cold]
#[inline(never)]
pub(super) fn first_cell(ticket: &Ticket) -> Option<&'static AtomicU64> {
    let first = || {
        SEAT.try_with(|held| {
            let mut held = held.0.borrow_mut();
            let seat = held.get_or_insert_with(|| REGISTRY.join());
            let cell = ticket.cell_in(&REGISTRY, seat);
            let place = ticket.place();
            CHUNKS.with(|chunks| place.entry(chunks).set(seat.own().chunk(place)));
            cell
        })
    };
    alone(first)?.ok()
}

/// The counter's cells, of all threads that ever were.
pub(super) fn cells(ticket: &Ticket) -> impl Iterator<Item = &AtomicU64> {
    REGISTRY.cells(ticket)
}

/// Gives the counter's place back.
pub(super) fn retire(ticket: &mut Ticket) {
    // An allocator that drops a counter while this thread is busy here leaks its place.
    let _ = alone(|| REGISTRY.retire(ticket));
}
