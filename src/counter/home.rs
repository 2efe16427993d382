//! Where the calling thread's block is: the one registry of the process, and the thread-locals that lead to it.
//!
//! | thread-local | | destructor |
//! |---|---|---|
//! | `BLOCK` | the block, or one without a chunk, in which every look-up misses | none: it can be read at any time |
//! | `IS_BUSY` | whether this thread is inside this file already | none |
//! | `SEAT` | the right to the block | gives it back, and points `BLOCK` at nothing |
//!
//! *No cell.* In a thread-local's destructor that runs after `SEAT`'s there is no block any more; in an allocator that counts,
//! called while a chunk is made, there is none yet. [`cell`] then says so, and the counter adds to a word that all threads
//! share: slower, but counted.

use core::cell::{Cell, RefCell};

use super::block::Block;
use super::registry::{Registry, Seat, Ticket};
use crate::sync::AtomicU64;

static REGISTRY: Registry = Registry::new();
static NOWHERE: Block = Block::new();

std::thread_local! {
    static BLOCK: Cell<&'static Block> = const { Cell::new(&NOWHERE) };
    static IS_BUSY: Cell<bool> = const { Cell::new(false) };
    static SEAT: Held = const { Held(RefCell::new(None)) };
}

struct Held(RefCell<Option<Seat<'static>>>);

impl Drop for Held {
    fn drop(&mut self) {
        BLOCK.set(&NOWHERE);
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
    ticket.cell(BLOCK.get())
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
            BLOCK.set(seat.own());
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
