//! heapless' SPSC queue.

use std::sync::Arc;

use heapless::spsc::{Queue, QueueView};

use crate::cell::{Cell, Topology};
use crate::message::Payload;
use crate::subject::{Consume, Ends, Handles, Kind, Origin, Produce, Role, Subject};

/// `heapless::spsc::Queue<T, N>`, on the heap.
///
/// `N` is the capacity asked for, a power of two, and so holds one item fewer: the other choice, `N` one above it, would
/// cost the kind its masks.
#[derive(Debug)]
pub struct Heapless;

/// The `N` that are compiled in.
const SIZES: [usize; 3] = [64, 1024, 65536];

/// The memory under both ends: freed with the last of them.
#[derive(Debug)]
struct Memory<T>(*mut QueueView<T>);

// SAFETY: nobody reaches the queue through this; it only frees it, and so drops the items, on whatever thread is last.
unsafe impl<T: Send> Send for Memory<T> {}
// SAFETY: a shared reference to it allows nothing.
unsafe impl<T: Send> Sync for Memory<T> {}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `Box::into_raw`, both ends that borrowed from it are gone.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// An end of [`Heapless`]; fields drop in order, the memory last.
#[derive(Debug)]
pub struct End<E, T> {
    end: E,
    _memory: Arc<Memory<T>>,
}

impl Subject for Heapless {
    const KIND: Kind = Kind::new(
        "heapless",
        "heapless spsc",
        Origin::Package("heapless"),
        Role::Rival,
        Ends::SPSC,
    )
    .note("holds one item fewer than asked: its N counts a spare slot");
    type Producer<T: Payload> = End<heapless::spsc::Producer<'static, T>, T>;
    type Consumer<T: Payload> = End<heapless::spsc::Consumer<'static, T>, T>;

    fn refuses(cell: &Cell) -> Option<String> {
        let capacity = cell.capacity.lap();
        if !SIZES.contains(&capacity) {
            return Some(format!("its capacity is a const generic, compiled for {SIZES:?}"));
        }
        (cell.batch >= capacity)
            .then(|| format!("holds {}, not a batch of {}", capacity - 1, cell.batch))
    }

    fn open<T: Payload>(capacity: usize, _topology: Topology) -> Handles<Self, T> {
        let queue: *mut QueueView<T> = match capacity {
            64 => Box::into_raw(boxed::<T, 64>()),
            1024 => Box::into_raw(boxed::<T, 1024>()),
            65536 => Box::into_raw(boxed::<T, 65536>()),
            other => unreachable!("capacity {other} was refused"),
        };
        let memory = Arc::new(Memory(queue));
        // SAFETY: the queue is alive until `memory` drops, which both ends hold until they are gone themselves; and this
        // is the only reference made from the pointer.
        let (tx, rx) = unsafe { &mut *queue }.split();
        let tx = End { end: tx, _memory: memory.clone() };
        (vec![tx], vec![End { end: rx, _memory: memory }])
    }
}

/// An empty queue that never was on the stack, where the large ones don't fit.
fn boxed<T, const N: usize>() -> Box<Queue<T, N>> {
    let mut queue = Box::<Queue<T, N>>::new_uninit();
    queue.write(Queue::new());
    // SAFETY: it was just written.
    unsafe { queue.assume_init() }
}

impl<T: Payload> Produce<T> for End<heapless::spsc::Producer<'static, T>, T> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.end.enqueue(item).is_ok()
    }
}

impl<T: Payload> Consume<T> for End<heapless::spsc::Consumer<'static, T>, T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.end.dequeue()
    }
}
