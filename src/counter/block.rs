//! A thread's block: one cell for each counter, in chunks that are made when the thread first needs one of their cells.
//!
//! ```text
//!   place = chunk, index                chunks
//!                                         0   null for ever: no counter has a place there
//!   a counter's place is the same         1   [ cell cell .. 16 cells ]
//!   in the block of every thread          2   [ cell cell .. 32 cells .. ]
//!                                         3   null until this thread counts with one of those 64 counters
//! ```
//!
//! *Invariant.* A cell is written by the owner of the block, while its counter lives; by whoever drops the counter, when
//! nobody counts with it any more. A chunk stays where it is until the block is dropped.
//!
//! *False sharing.* A chunk is aligned to what writers must be apart, and fills a multiple of it: the cells of two threads
//! never share a line, those of one thread share as many as they fit.
//!
//! Edges: K1 with K2 (chunks).

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::fmt;
use core::ptr;

use crate::cacheline::PAD;
use crate::sync::{AtomicPtr, AtomicU64, CELLS, Ordering, const_fn, null_pointers};

/// Chunks of a block, those included that don't exist yet: with 2^30 cells in the last, enough.
pub(super) const CHUNKS: usize = 28;

/// Where a counter's cell is in every block. In chunk 0 it is nowhere: no block has that one.
///
/// A chunk is one that a block's table has room for, and the index is one of its cells, or the chunk is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    chunk: u32,
    index: u32,
}

impl Place {
    /// The chunk of a counter that has no place yet.
    pub(super) const NONE: u32 = 0;

    /// The `n`th place.
    ///
    /// # Panics
    /// If there are fewer: more counters alive than addresses.
    pub(super) fn nth(n: usize) -> Self {
        let chunk = (n / CELLS + 1).ilog2() as usize + 1;
        let index = n - CELLS * ((1 << (chunk - 1)) - 1);
        let is_there = chunk < CHUNKS && index <= isize::MAX as usize / size_of::<u64>();
        assert!(is_there, "raddle: {n} counters at a time; there is no place for more");
        Self { chunk: chunk as u32, index: index as u32 }
    }

    /// # Safety
    /// Both numbers are those of one place, or `chunk` is [`NONE`](Self::NONE).
    #[inline(always)]
    pub(super) const unsafe fn new(chunk: u32, index: u32) -> Self {
        Self { chunk, index }
    }

    #[inline(always)]
    pub(super) const fn chunk(self) -> u32 {
        self.chunk
    }

    pub(super) const fn index(self) -> u32 {
        self.index
    }

    /// The entry of this place's chunk in a table.
    #[inline(always)]
    pub(super) fn entry<T>(self, table: &[T; CHUNKS]) -> &T {
        // SAFETY: see the type.
        unsafe { table.get_unchecked(self.chunk as usize) }
    }
}

/// How many cells chunk `chunk` has.
const fn cells(chunk: usize) -> usize {
    CELLS << (chunk - 1)
}

/// See the head of the file.
pub struct Block {
    chunks: [AtomicPtr<AtomicU64>; CHUNKS],
}

impl Block {
    const_fn! {
        /// A block without a chunk.
        pub(super) fn new() -> Self {
            Self { chunks: null_pointers() }
        }
    }

    /// The cell at `place`, for the block's owner; there is none until [`grow`](Self::grow) made its chunk.
    fn cell(&self, place: Place) -> Option<&AtomicU64> {
        // SAFETY: a chunk in the table is one of `grow`, which has a cell at each place of it.
        unsafe { Self::at(self.chunk(place), place) }
    }

    /// The cell at `place`, for others.
    pub(super) fn seen(&self, place: Place) -> Option<&AtomicU64> {
        // ORDERING: (K2) Acquire, pairs with (K1): the cells are there.
        let chunk = place.entry(&self.chunks).load(Ordering::Acquire);
        // SAFETY: as in `cell`.
        unsafe { Self::at(chunk, place) }
    }

    /// The chunk of `place`, for the block's owner; null until [`grow`](Self::grow) made it.
    pub(super) fn chunk(&self, place: Place) -> *mut AtomicU64 {
        // Relaxed: the owner's own store, or one of an owner before it.
        place.entry(&self.chunks).load(Ordering::Relaxed)
    }

    /// The cell at `place` of a chunk that isn't null.
    ///
    /// # Safety
    /// `chunk` is null, or the chunk of `place` in a block that lives for `'a`.
    #[inline(always)]
    pub(super) unsafe fn at<'a>(chunk: *mut AtomicU64, place: Place) -> Option<&'a AtomicU64> {
        if chunk.is_null() {
            return None;
        }
        // SAFETY: the place is inside the chunk, says the caller.
        Some(unsafe { &*chunk.add(place.index as usize) })
    }

    /// Makes the chunk of `place`, all zero, if there is none. For the block's owner.
    pub(super) fn grow(&self, place: Place) -> &AtomicU64 {
        if let Some(cell) = self.cell(place) {
            return cell;
        }
        assert!(place.chunk != Place::NONE, "raddle: no place, no cell");
        let cells = cells(place.chunk as usize);
        let layout = layout(cells);
        // SAFETY: the layout has a size: a chunk has a cell at least.
        let chunk = unsafe { alloc(layout) }.cast::<AtomicU64>();
        if chunk.is_null() {
            handle_alloc_error(layout);
        }
        for i in 0..cells {
            // SAFETY: inside the allocation.
            let cell = unsafe { chunk.add(i) };
            // SAFETY: aligned for it, and nobody else's.
            unsafe { cell.write(AtomicU64::new(0)) };
        }
        // ORDERING: (K1) Release, pairs with (K2): the cells are there before others get to them.
        place.entry(&self.chunks).store(chunk, Ordering::Release);
        // SAFETY: the chunk of `place`, from here on in this block.
        unsafe { &*chunk.add(place.index as usize) }
    }
}

fn layout(cells: usize) -> Layout {
    let cells = Layout::array::<AtomicU64>(cells).and_then(|layout| layout.align_to(PAD));
    cells.expect("a chunk that fits in the address space")
}

impl Drop for Block {
    fn drop(&mut self) {
        for (i, chunk) in self.chunks.iter().enumerate() {
            // Relaxed: nobody else is left.
            let chunk = chunk.load(Ordering::Relaxed);
            if chunk.is_null() {
                continue;
            }
            let cells = cells(i);
            // SAFETY: `grow` initialised as many cells, which are dropped here only.
            unsafe { ptr::slice_from_raw_parts_mut(chunk, cells).drop_in_place() };
            // SAFETY: allocated by `grow` with this layout.
            unsafe { dealloc(chunk.cast(), layout(cells)) };
        }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fill_chunks_in_order() {
        let mut next = (1, 0);
        for n in 0..10_000 {
            let place = Place::nth(n);
            assert_eq!((place.chunk, place.index), next);
            next.1 += 1;
            if next.1 as usize == cells(next.0 as usize) {
                next = (next.0 + 1, 0);
            }
        }
    }

    #[test]
    fn a_chunk_is_made_once_and_only_for_its_places() {
        let block = Block::new();
        let (near, far) = (Place::nth(3), Place::nth(1000));
        assert!(block.cell(near).is_none() && block.seen(near).is_none());
        block.grow(near).store(7, Ordering::Relaxed);
        assert_eq!(block.grow(near).load(Ordering::Relaxed), 7);
        assert_eq!(block.seen(near).map(|cell| cell.load(Ordering::Relaxed)), Some(7));
        assert!(block.cell(far).is_none());
        block.grow(far).store(8, Ordering::Relaxed);
        assert_eq!(block.cell(near).map(|cell| cell.load(Ordering::Relaxed)), Some(7));
        assert_eq!(block.seen(far).map(|cell| cell.load(Ordering::Relaxed)), Some(8));
        assert!(block.cell(Place { chunk: Place::NONE, index: 7 }).is_none());
    }

    #[test]
    fn a_chunk_has_lines_of_its_own() {
        let block = Block::new();
        for chunk in [1, 2, 3, 9] {
            let first = block.grow(Place { chunk, index: 0 });
            assert_eq!(ptr::from_ref(first).addr() % PAD, 0);
            assert_eq!(cells(chunk as usize) * size_of::<AtomicU64>() % PAD, 0);
        }
    }

    #[test]
    #[should_panic(expected = "there is no place for more")]
    fn too_many_counters_are_refused() {
        let _ = Place::nth(usize::MAX / 2);
    }
}
