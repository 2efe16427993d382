//! The memory of a ring: lines side by side, made at run time.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::line::{Header, MOST, Slot, Store};
use crate::cacheline::LINE;

/// Largest capacity that is kept exactly, at the price of a word per item.
const EXACT: usize = 64;

/// So many items share a word: as many as fit in a line with it, of [`MOST`], 3 and 1.
pub(super) const fn fit<T>() -> usize {
    // As outside models, whose headers are larger.
    let (first, size) = (size_of::<usize>().next_multiple_of(align_of::<T>()), size_of::<T>());
    let room = LINE.saturating_sub(first);
    if size <= room / MOST {
        MOST
    } else if size <= room / 3 {
        3
    } else {
        1
    }
}

/// Where the first item of a line is.
const fn first<T>() -> usize {
    size_of::<Header>().next_multiple_of(align_of::<T>())
}

/// Bytes from a line of `slots` to the next; none if there can't be so many.
const fn stride<T>(slots: usize) -> Option<usize> {
    let Some(items) = size_of::<T>().checked_mul(slots) else { return None };
    let Some(used) = items.checked_add(first::<T>()) else { return None };
    let step = if slots == 1 {
        align::<T>()
    } else if used <= LINE / 2 {
        used.next_power_of_two()
    } else {
        LINE
    };
    used.checked_next_multiple_of(if step > align::<T>() { step } else { align::<T>() })
}

const fn align<T>() -> usize {
    if align_of::<Header>() > align_of::<T>() { align_of::<Header>() } else { align_of::<T>() }
}

/// Lines in memory of their own.
pub struct Heap<T> {
    start: NonNull<u8>,
    slots: usize,
    lines: usize,
    layout: Layout,
    owns: PhantomData<Slot<T>>,
}

// SAFETY: headers are `Sync`, and an item is one thread's at a time, by its header; it crosses threads, hence `T: Send`.
unsafe impl<T: Send> Sync for Heap<T> {}
// SAFETY: it owns all of its memory.
unsafe impl<T: Send> Send for Heap<T> {}

impl<T> Heap<T> {
    /// How many slots a line has, of a ring that was asked to hold `capacity` items.
    pub(super) fn slots_for(capacity: usize) -> usize {
        if capacity <= EXACT { 1 } else { fit::<T>() }
    }

    /// How many lines of `slots` hold `capacity` items: with several to a line, of which the first may be the last of its line,
    /// which is not vacant until then.
    pub(super) fn lines_for(slots: usize, capacity: usize) -> usize {
        if slots == 1 { capacity } else { (capacity - 1).div_ceil(slots) + 1 }
    }

    /// So many lines, vacant for lap 0; none if they need more memory than there can be.
    pub(super) fn new(lines: usize, slots: usize) -> Option<Self> {
        let stride = stride::<T>(slots)?;
        let align = if slots == 1 { align::<T>() } else { align::<T>().max(LINE) };
        let layout = Layout::from_size_align(stride.checked_mul(lines)?, align).ok()?;
        // SAFETY: not of size zero: a line has a word.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        let heap = Self { start, slots, lines, layout, owns: PhantomData };
        for line in 0..lines {
            // SAFETY: one of the lines.
            unsafe { heap.line(line, slots).cast::<Header>().write(Header::new(slots)) };
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
        let stride = stride::<T>(slots).unwrap_or(0);
        // SAFETY: within the memory, by what the caller promises.
        unsafe { self.start.add(line * stride) }
    }
}

// SAFETY: lines lie side by side, and in each the header before the items.
unsafe impl<T> Store<T> for Heap<T> {
    #[inline(always)]
    fn slots(&self) -> usize {
        self.slots
    }

    #[inline(always)]
    unsafe fn header(&self, line: usize, slots: usize) -> &Header {
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
        let items = unsafe { line.add(first::<T>()) };
        // SAFETY: one of them.
        unsafe { items.cast().add(slot).as_ptr() }
    }
}

impl<T> Drop for Heap<T> {
    fn drop(&mut self) {
        for line in 0..self.lines {
            // SAFETY: one of the lines.
            let header = unsafe { self.line(line, self.slots) };
            // SAFETY: initialised by `new`; nobody else can reach it any more.
            unsafe { header.cast::<Header>().drop_in_place() };
        }
        // SAFETY: allocated by `new` with this layout.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

impl<T> fmt::Debug for Heap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap").field("slots", &self.slots).field("lines", &self.lines).finish()
    }
}
