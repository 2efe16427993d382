//! A thread's block: one cell for each counter, in chunks that are made when the thread first needs one of their cells.
//!
//! ```text
//!   place = index << 5 | chunk          chunks
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

/// Chunks of a block, those included that don't exist yet. A power of two, so that a place's chunk is a mask.
pub(super) const CHUNKS: usize = 32;

/// Where a counter's cell is in every block: `index << 5 | chunk`. 0 is no place: chunk 0 has no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(usize);

impl Place {
    /// The place of a counter that has none yet.
    pub(super) const NONE: usize = 0;

    /// The `n`th place.
    ///
    /// # Panics
    /// If there are fewer: more counters alive than addresses.
    pub(super) fn nth(n: usize) -> Self {
        let chunk = (n / CELLS + 1).ilog2() as usize + 1;
        let index = n - CELLS * ((1 << (chunk - 1)) - 1);
        let is_representable = chunk < CHUNKS && index <= usize::MAX / CHUNKS / size_of::<u64>();
        assert!(is_representable, "raddle: {n} counters at a time; there is no place for more");
        Self(index * CHUNKS + chunk)
    }

    /// `place` must be [`NONE`](Self::NONE), which is no harm, or come from [`to_word`](Self::to_word).
    #[inline(always)]
    pub(super) const unsafe fn from_word(place: usize) -> Self {
        Self(place)
    }

    #[inline(always)]
    pub(super) const fn to_word(self) -> usize {
        self.0
    }

    #[inline(always)]
    pub(super) const fn chunk(self) -> usize {
        self.0 % CHUNKS
    }

    #[inline(always)]
    const fn index(self) -> usize {
        self.0 / CHUNKS
    }

    /// How many cells this place's chunk has.
    const fn cells(self) -> usize {
        CELLS << (self.chunk() - 1)
    }
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
        let chunk = self.chunks[place.chunk()].load(Ordering::Acquire);
        // SAFETY: as in `cell`.
        unsafe { Self::at(chunk, place) }
    }

    /// The chunk of `place`, for the block's owner; null until [`grow`](Self::grow) made it.
    pub(super) fn chunk(&self, place: Place) -> *mut AtomicU64 {
        // Relaxed: the owner's own store, or one of an owner before it.
        self.chunks[place.chunk()].load(Ordering::Relaxed)
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
        Some(unsafe { &*chunk.add(place.index()) })
    }

    /// Makes the chunk of `place`, all zero, if there is none. For the block's owner.
    pub(super) fn grow(&self, place: Place) -> &AtomicU64 {
        if let Some(cell) = self.cell(place) {
            return cell;
        }
        assert!(place.to_word() != Place::NONE, "raddle: no place, no cell");
        let layout = layout(place.cells());
        // SAFETY: the layout has a size: a chunk has a cell at least.
        let chunk = unsafe { alloc(layout) }.cast::<AtomicU64>();
        if chunk.is_null() {
            handle_alloc_error(layout);
        }
        for i in 0..place.cells() {
            // SAFETY: inside the allocation.
            let cell = unsafe { chunk.add(i) };
            // SAFETY: aligned for it, and nobody else's.
            unsafe { cell.write(AtomicU64::new(0)) };
        }
        // ORDERING: (K1) Release, pairs with (K2): the cells are there before others get to them.
        self.chunks[place.chunk()].store(chunk, Ordering::Release);
        // SAFETY: the chunk of `place`, from here on in this block.
        unsafe { &*chunk.add(place.index()) }
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
            let cells = Place(i).cells();
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
    use alloc::vec::Vec;

    #[test]
    fn places_fill_chunks_in_order_and_are_all_different() {
        let mut seen = Vec::new();
        for n in 0..10_000 {
            let place = Place::nth(n);
            assert!(place.to_word() != Place::NONE && place.index() < place.cells());
            let first = CELLS * ((1 << (place.chunk() - 1)) - 1);
            assert_eq!(first + place.index(), n);
            seen.push(place.to_word());
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 10_000);
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
        let apart =
            ptr::from_ref(block.grow(far)).addr().abs_diff(ptr::from_ref(block.grow(near)).addr());
        assert!(apart >= size_of::<u64>());
        // SAFETY: `NONE` is always allowed.
        assert!(block.cell(unsafe { Place::from_word(Place::NONE) }).is_none());
    }

    #[test]
    fn a_chunk_has_lines_of_its_own() {
        let block = Block::new();
        for n in [0, 16, 48, 5000] {
            let first = Place(Place::nth(n).chunk());
            assert_eq!(ptr::from_ref(block.grow(first)).addr() % PAD, 0);
            assert_eq!(first.cells() * size_of::<AtomicU64>() % PAD, 0);
        }
    }

    #[test]
    #[should_panic(expected = "there is no place for more")]
    fn too_many_counters_are_refused() {
        let _ = Place::nth(usize::MAX / 2);
    }
}
