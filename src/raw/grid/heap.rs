//! The memory of lines: side by side, made at run time.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::{Grid, MOST};
use crate::cacheline::LINE;
use crate::sync::Shadow;

/// Largest capacity that is kept exactly, at the price of a header per item.
const EXACT: usize = 64;

/// Bytes of the largest items of which several share a line, whatever the machine's lines.
const LARGEST: usize = 16;

/// What stands before the slots of a line.
pub trait Header: Sync {
    /// Its size outside of models, where it is larger.
    const SIZE: usize;

    /// Of a line of so many slots, vacant, for lap 0.
    fn new(slots: usize) -> Self;

    /// What a race detector knows of the slots.
    fn shadow(&self) -> &Shadow;

    /// Vacant, for the lap of `index`, at the start of the first line.
    #[cfg(all(test, not(loom), not(shuttle)))]
    fn set_lap(&self, index: usize);

    /// `n` slots from `slot` on are written, or moved out of, here, by whoever has them in hand.
    #[inline(always)]
    #[cfg_attr(all(loom, feature = "loom"), track_caller)]
    fn touch(&self, slot: usize, n: usize) {
        for slot in slot..slot + n {
            self.shadow().write(slot);
        }
    }
}

/// Where a queue's lines are: in a [`Heap`], or in an array.
///
/// # Safety
/// `header` and `item` give what belongs to the line, for as long as the store lives.
pub unsafe trait Store<T> {
    /// What stands before the slots of a line.
    type Header: Header;

    /// How many slots a line has, if not one.
    const FIT: usize;

    /// How many slots a line has.
    fn slots(&self) -> usize;

    /// The header of line number `line`; lines have so many [`slots`](Self::slots), which the caller may know at compile time.
    ///
    /// # Safety
    /// There is such a line, and lines have so many slots.
    unsafe fn header(&self, line: usize, slots: usize) -> &Self::Header;

    /// The place of an item of line number `line`.
    ///
    /// # Safety
    /// There is such a line, it has such a slot, and lines have so many slots.
    unsafe fn item(&self, line: usize, slot: usize, slots: usize) -> *mut T;
}

/// Bytes from one line to the next; none if there can't be so many.
const fn stride<H, T>(slots: usize) -> Option<usize> {
    let Some(items) = size_of::<T>().checked_mul(slots) else { return None };
    let Some(used) = items.checked_add(first::<H, T>()) else { return None };
    let step = if slots == 1 {
        align::<H, T>()
    } else if used <= LINE / 2 {
        used.next_power_of_two()
    } else {
        LINE
    };
    used.checked_next_multiple_of(if step > align::<H, T>() { step } else { align::<H, T>() })
}

/// Where the first item of a line is.
const fn first<H, T>() -> usize {
    size_of::<H>().next_multiple_of(align_of::<T>())
}

const fn align<H, T>() -> usize {
    if align_of::<H>() > align_of::<T>() { align_of::<H>() } else { align_of::<T>() }
}

/// Lines in memory of their own.
pub struct Heap<H: Header, T> {
    start: NonNull<u8>,
    slots: usize,
    lines: usize,
    layout: Layout,
    owns: PhantomData<(H, T)>,
}

// SAFETY: headers are `Sync`, and an item is one thread's at a time, by its header; it crosses threads, hence `T: Send`.
unsafe impl<H: Header, T: Send> Sync for Heap<H, T> {}
// SAFETY: it owns all of its memory.
unsafe impl<H: Header, T: Send> Send for Heap<H, T> {}

impl<H: Header, T> Heap<H, T> {
    /// So many items share a header: as many as fit in a line with it, at most [`MOST`]; one if that is less than 3, or if an item
    /// is larger than [`LARGEST`].
    pub(in crate::raw) const FIT: usize = {
        let first = H::SIZE.next_multiple_of(align_of::<T>());
        let room = LINE.saturating_sub(first);
        let fit = if size_of::<T>() == 0 { MOST } else { room / size_of::<T>() };
        if fit < 3 || size_of::<T>() > LARGEST {
            1
        } else if fit < MOST {
            fit
        } else {
            MOST
        }
    };

    /// Lines for at least `capacity` items, and exactly so many up to [`EXACT`].
    ///
    /// # Panics
    /// If `capacity` is 0, or needs more memory than there can be.
    pub(in crate::raw) fn for_capacity(capacity: usize) -> (Self, Grid) {
        Self::with_lines_of(if capacity <= EXACT { 1 } else { Self::FIT }, capacity)
    }

    /// Lines for at least `capacity` items, `slots` of them to a line: one, or as many as fit; in models and tests any number up
    /// to that.
    ///
    /// # Panics
    /// As for `for_capacity`.
    pub(in crate::raw) fn with_lines_of(slots: usize, capacity: usize) -> (Self, Grid) {
        let few = if cfg!(any(test, loom, shuttle)) { slots } else { Self::FIT };
        let slots = if slots <= 1 { 1 } else { few.min(Self::FIT) };
        assert!(
            capacity > 0,
            "raddle: a bounded queue needs a capacity of at least 1, got 0; for the closest thing to a hand-over use 1"
        );
        // Of several to a line, the first may be the last of its line, which is not vacant until then.
        let lines = if slots == 1 { capacity } else { (capacity - 1).div_ceil(slots) + 1 };
        let Some(heap) = Self::new(lines, slots) else {
            panic!(
                "raddle: a capacity of {capacity} items of {} bytes needs more than isize::MAX bytes; ask for fewer",
                size_of::<T>()
            )
        };
        (heap, Grid::new(lines, slots))
    }

    /// So many lines, vacant for lap 0; none if they need more memory than there can be.
    fn new(lines: usize, slots: usize) -> Option<Self> {
        let stride = stride::<H, T>(slots)?;
        let align = align::<H, T>().max(if slots == 1 { 1 } else { LINE });
        let layout = Layout::from_size_align(stride.checked_mul(lines)?, align).ok()?;
        // SAFETY: not of size zero: a line has a word.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        let heap = Self { start, slots, lines, layout, owns: PhantomData };
        for line in 0..lines {
            // SAFETY: one of the lines.
            unsafe { heap.line(line, slots).cast::<H>().write(H::new(slots)) };
        }
        Some(heap)
    }

    /// The start of a line.
    ///
    /// # Safety
    /// There is such a line, and it has so many slots.
    #[inline(always)]
    unsafe fn line(&self, line: usize, slots: usize) -> NonNull<u8> {
        debug_assert!(line < self.lines && slots == self.slots);
        let stride = stride::<H, T>(slots).unwrap_or(0);
        // SAFETY: within the memory, by what the caller promises.
        unsafe { self.start.add(line * stride) }
    }
}

// SAFETY: the header and the items of a line lie in its memory, which is freed with the heap.
unsafe impl<H: Header, T> Store<T> for Heap<H, T> {
    type Header = H;

    const FIT: usize = Self::FIT;

    #[inline(always)]
    fn slots(&self) -> usize {
        self.slots
    }

    #[inline(always)]
    unsafe fn header(&self, line: usize, slots: usize) -> &H {
        // SAFETY: passed on to the caller.
        let header = unsafe { self.line(line, slots) };
        // SAFETY: initialised by `new`, and dropped with the memory.
        unsafe { header.cast().as_ref() }
    }

    #[inline(always)]
    unsafe fn item(&self, line: usize, slot: usize, slots: usize) -> *mut T {
        debug_assert!(slot < slots);
        // SAFETY: passed on to the caller.
        let line = unsafe { self.line(line, slots) };
        // SAFETY: items begin there.
        let items = unsafe { line.add(first::<H, T>()) };
        // SAFETY: one of them.
        unsafe { items.cast().add(slot).as_ptr() }
    }
}

impl<H: Header, T> Drop for Heap<H, T> {
    fn drop(&mut self) {
        for line in 0..self.lines {
            // SAFETY: one of the lines.
            let header = unsafe { self.line(line, self.slots) };
            // SAFETY: initialised by `new`; nobody else can reach it any more.
            unsafe { header.cast::<H>().drop_in_place() };
        }
        // SAFETY: allocated by `new` with this layout.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

impl<H: Header, T> fmt::Debug for Heap<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap").field("slots", &self.slots).field("lines", &self.lines).finish()
    }
}
