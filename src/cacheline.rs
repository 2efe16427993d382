//! Cache lines: how big they are, how to keep writers apart, and how to lay data out in whole ones.
//!
//! Contention is cache lines changing owner. Data that two threads write must be [`PAD`] apart: [`CachePadded`] does
//! that. Data that travels from one thread to another should travel in as few lines as possible, together with the word
//! that announces it: [`Lines`] does that.
//!
//! ```
//! use raddle::cacheline::{CachePadded, LINE, Lines, PAD};
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! // Two counters of two threads: a line each, and no line between them is shared.
//! let counters = [CachePadded::new(AtomicUsize::new(0)), CachePadded::new(AtomicUsize::new(0))];
//! assert!(size_of_val(&counters) >= 2 * PAD);
//!
//! // Four lines, each with one word of ours and as many `u64` as fit beside it.
//! let lines = Lines::<AtomicUsize, u64>::new(4, Lines::<AtomicUsize, u64>::FIT, |_| AtomicUsize::new(0));
//! lines.header(3).store(1, Ordering::Release);
//! assert_eq!(lines.slots(3).addr() % LINE, size_of::<u64>());
//! ```

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::needs_drop;
use core::ptr::{NonNull, drop_in_place};

pub use crossbeam_utils::CachePadded;

/// Bytes that one transfer between two cores moves.
///
/// 64 on x86-64 (Intel SDM vol. 3A, 13.1; AMD APM vol. 2, 7.6), on most aarch64 cores and on RISC-V; 128 on Apple's
/// aarch64 cores (`sysctl hw.cachelinesize`) and on POWER; 32 on most 32-bit Arm and MIPS; 256 on s390x.
pub const LINE: usize = if cfg!(any(
    all(target_arch = "aarch64", target_vendor = "apple"),
    target_arch = "powerpc64"
)) {
    128
} else if cfg!(target_arch = "s390x") {
    256
} else if cfg!(any(target_arch = "arm", target_arch = "mips", target_arch = "mips32r6")) {
    32
} else {
    64
};

/// Bytes that two writers must be apart so that neither slows the other: the alignment of [`CachePadded`].
///
/// At least a [`LINE`] on common processors, and more where the hardware fetches lines in pairs: 128 on x86-64 (Intel's optimization manual, "spatial
/// prefetcher"). The table and its sources are crossbeam-utils'.
pub const PAD: usize = align_of::<CachePadded<u8>>();

/// An array of lines: each holds one header `H` and, behind it, slots for a fixed number of `T`.
///
/// ```text
///        0        8       16                      64
///        +--------+--------+--------+-- .. --------+   FIT = 7 items of 8 bytes,
/// line 0 | header | slot 0 | slot 1 |    .. slot 6 |   header and items in one transfer
///        +--------+--------+--------+-- .. --------+
/// line 1 | header |  ..
/// ```
///
/// A line is as many cache [`LINE`]s long as it needs, rounded up; one that fits in half a cache line or less takes the
/// next power of two, so that it never straddles two. Headers are values of the array and are dropped with it; slots are
/// raw memory whose contents belong to whoever writes them.
pub struct Lines<H, T> {
    first: NonNull<u8>,
    end: NonNull<u8>,
    stride: usize,
    items: usize,
    layout: Layout,
    owns: PhantomData<(H, *mut T)>,
}

/// One line of a [`Lines`]: a copyable place, good for as long as the array lives.
pub(crate) struct Line<H, T>(NonNull<u8>, PhantomData<*const (H, T)>);

impl<H, T> Clone for Line<H, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H, T> Copy for Line<H, T> {}

// SAFETY: it is an address; what is there can be reached through unsafe functions and raw pointers only.
unsafe impl<H, T> Send for Line<H, T> {}
// SAFETY: as above.
unsafe impl<H, T> Sync for Line<H, T> {}

impl<H, T> fmt::Debug for Line<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<H, T> Line<H, T> {
    /// # Safety
    /// The array this line belongs to must live for `'a`.
    #[inline(always)]
    pub(crate) unsafe fn header<'a>(self) -> &'a H {
        // SAFETY: the header of each line is initialised by `Lines::new` and dropped by `Lines::drop` only.
        unsafe { self.0.cast::<H>().as_ref() }
    }

    /// The first of this line's slots.
    #[inline(always)]
    pub(crate) fn slots(self) -> *mut T {
        self.0.as_ptr().wrapping_add(Lines::<H, T>::FIRST_SLOT).cast()
    }
}

impl<H, T> Lines<H, T> {
    /// How many `T` share a line with one word of header: the fewest cache lines of which items fill at least three
    /// quarters (7 items of 8 bytes in one line; 3 of 64 bytes in four; 1 of 4096 bytes in 65).
    ///
    /// It depends on `T` alone: a header larger than a word makes the lines longer, not the number smaller.
    pub const FIT: usize = {
        let size = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
        let first = size_of::<usize>().next_multiple_of(Self::SLOT_ALIGN);
        let mut lines = (first + size).div_ceil(LINE);
        loop {
            let bytes = lines * LINE;
            let items = bytes.saturating_sub(first) / size;
            if items * size >= bytes / 4 * 3 {
                break items;
            }
            lines += 1;
        }
    };

    /// The largest power of two that divides the size of `T`, up to a line: then no slot straddles two lines for nothing.
    const SLOT_ALIGN: usize = {
        let size = size_of::<T>();
        let natural = if size == 0 { 1 } else { 1 << size.trailing_zeros() };
        let natural = if natural > LINE { LINE } else { natural };
        if natural > align_of::<T>() { natural } else { align_of::<T>() }
    };

    const FIRST_SLOT: usize = size_of::<H>().next_multiple_of(Self::SLOT_ALIGN);

    const ALIGN: usize = {
        let item =
            if align_of::<H>() > align_of::<T>() { align_of::<H>() } else { align_of::<T>() };
        if item > LINE { item } else { LINE }
    };

    /// Allocates `count` lines of `items` slots each; line `i` gets the header `header(i)`.
    ///
    /// # Panics
    /// If `count` or `items` is zero, or if the lines need more than `isize::MAX` bytes or more than can be allocated.
    pub fn new(count: usize, items: usize, mut header: impl FnMut(usize) -> H) -> Self {
        assert!(count > 0 && items > 0, "raddle: Lines::new needs at least one line of one item");
        let (stride, layout) = Self::layout(count, items).unwrap_or_else(|| {
            panic!(
                "raddle: {count} lines of {items} items of {} bytes need more than isize::MAX bytes; ask for fewer",
                size_of::<T>()
            )
        });
        // SAFETY: the layout's size is not zero, since a header with its slots and a line count are not.
        let Some(first) = NonNull::new(unsafe { alloc(layout) }) else {
            panic!(
                "raddle: {} bytes for {count} lines can't be allocated; ask for fewer",
                layout.size()
            )
        };
        let mut lines = Self { first, end: first, stride, items, layout, owns: PhantomData };
        for i in 0..count {
            // SAFETY: `end` is the start of line `i < count`, inside the allocation and aligned for `H`.
            unsafe { lines.end.cast::<H>().write(header(i)) };
            // SAFETY: at most the end of the allocation. Only now is header `i` one that `drop` will drop.
            lines.end = unsafe { lines.end.add(stride) };
        }
        lines
    }

    /// Whether [`new`](Self::new) accepts these numbers.
    pub(crate) fn fits(count: usize, items: usize) -> bool {
        Self::layout(count, items).is_some()
    }

    fn layout(count: usize, items: usize) -> Option<(usize, Layout)> {
        let used = size_of::<T>().checked_mul(items)?.checked_add(Self::FIRST_SLOT)?;
        // Also without a byte to hold, so that lines are apart and aligned.
        let used = used.max(align_of::<H>()).max(align_of::<T>());
        let step = if used <= LINE / 2 && Self::ALIGN == LINE {
            used.next_power_of_two()
        } else {
            used.checked_next_multiple_of(Self::ALIGN)?
        };
        let size = step.checked_mul(count)?;
        Some((step, Layout::from_size_align(size, Self::ALIGN).ok()?))
    }

    /// The number of lines.
    #[must_use]
    pub fn count(&self) -> usize {
        (self.end.as_ptr().addr() - self.first.as_ptr().addr()) / self.stride
    }

    /// The number of slots in a line.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    /// The header of line `i`.
    ///
    /// # Panics
    /// If there is no line `i`.
    #[must_use]
    pub fn header(&self, i: usize) -> &H {
        // SAFETY: the reference borrows `self`.
        unsafe { self.checked(i).header() }
    }

    /// The first slot of line `i`; the others follow as in a slice of [`items`](Self::items) elements.
    ///
    /// # Panics
    /// If there is no line `i`.
    #[must_use]
    pub fn slots(&self, i: usize) -> *mut T {
        self.checked(i).slots()
    }

    fn checked(&self, i: usize) -> Line<H, T> {
        assert!(i < self.count(), "raddle: there is no line {i} in {} lines", self.count());
        // SAFETY: `i < count`, so the line lies within the allocation.
        Line(unsafe { self.first.add(i * self.stride) }, PhantomData)
    }

    /// The first line.
    pub(crate) fn first(&self) -> Line<H, T> {
        Line(self.first, PhantomData)
    }

    /// Bytes from one line to the next.
    #[inline(always)]
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// The last line.
    pub(crate) fn last(&self) -> Line<H, T> {
        self.checked(self.count() - 1)
    }

    /// Which of the lines `line` is.
    ///
    /// # Safety
    /// `line` must be a line of this array.
    pub(crate) unsafe fn place(&self, line: Line<H, T>) -> usize {
        (line.0.as_ptr().addr() - self.first.as_ptr().addr()) / self.stride
    }

    /// The line `n` places after `line`, around the end.
    ///
    /// # Safety
    /// `line` must be a line of this array, and `n` at most their number.
    pub(crate) unsafe fn nth_after(&self, line: Line<H, T>, n: usize) -> Line<H, T> {
        // SAFETY: passed on to the caller.
        let place = unsafe { self.place(line) } + n;
        let count = self.count();
        self.checked(if place < count { place } else { place - count })
    }

    /// The line after `line`, or the first after the last.
    ///
    /// # Safety
    /// `line` must be a line of this array.
    #[inline(always)]
    pub(crate) unsafe fn after(&self, line: Line<H, T>) -> Line<H, T> {
        // SAFETY: passed on to the caller.
        unsafe { self.next(line) }.unwrap_or(Line(self.first, PhantomData))
    }

    /// The line after `line`, if that is not the last.
    ///
    /// # Safety
    /// `line` must be a line of this array.
    #[inline(always)]
    pub(crate) unsafe fn next(&self, line: Line<H, T>) -> Option<Line<H, T>> {
        // SAFETY: a line of this array is followed by another one or by the end of the allocation.
        let next = unsafe { line.0.add(self.stride) };
        (next != self.end).then_some(Line(next, PhantomData))
    }
}

impl<H, T> Drop for Lines<H, T> {
    fn drop(&mut self) {
        if needs_drop::<H>() {
            for i in 0..self.count() {
                // SAFETY: header `i` is initialised, and nobody else can reach it any more.
                unsafe { drop_in_place(self.checked(i).0.cast::<H>().as_ptr()) };
            }
        }
        // SAFETY: allocated by `new` with this layout.
        unsafe { dealloc(self.first.as_ptr(), self.layout) };
    }
}

impl<H, T> fmt::Debug for Lines<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("count", &self.count())
            .field("items", &self.items)
            .field("bytes_per_line", &self.stride)
            .finish()
    }
}

// SAFETY: the array owns its headers; its slots are raw memory that it never reads or writes.
unsafe impl<H: Send, T: Send> Send for Lines<H, T> {}
// SAFETY: through a shared reference it gives out `&H`, and slots only as raw pointers.
unsafe impl<H: Sync, T: Send> Sync for Lines<H, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::rc::Rc;

    #[test]
    fn the_fit_fills_three_quarters_of_its_lines() {
        assert_eq!(Lines::<usize, u8>::FIT, LINE - size_of::<usize>());
        assert_eq!(Lines::<usize, u64>::FIT, LINE / 8 - 1);
        assert_eq!(Lines::<usize, ()>::FIT, Lines::<usize, u8>::FIT);
        for (fit, size) in [
            (Lines::<usize, [u64; 2]>::FIT, 16),
            (Lines::<usize, [u64; 3]>::FIT, 24),
            (Lines::<usize, [u64; 4]>::FIT, 32),
            (Lines::<usize, [u64; 8]>::FIT, 64),
            (Lines::<usize, [u8; 9]>::FIT, 9),
            (Lines::<usize, [u8; 4096]>::FIT, 4096),
        ] {
            let bytes = (8 + fit * size).next_multiple_of(LINE);
            assert!(fit * size * 4 >= bytes * 3, "{fit} items of {size} bytes in {bytes}");
        }
    }

    #[test]
    fn slots_are_aligned_disjoint_and_behind_their_header() {
        fn check<T>(items: usize) {
            let lines = Lines::<usize, T>::new(5, items, |i| i);
            assert_eq!((lines.count(), lines.items()), (5, items));
            let mut end = 0;
            for i in 0..5 {
                assert_eq!(*lines.header(i), i);
                let header = core::ptr::from_ref(lines.header(i)).addr();
                let slots = lines.slots(i);
                assert!(header >= end && slots.is_aligned());
                assert!(slots.addr() >= header + size_of::<usize>());
                end = slots.addr() + items * size_of::<T>();
                if end - header <= LINE {
                    assert_eq!(header / LINE, (end - 1) / LINE, "a short line straddles two");
                }
            }
        }
        #[repr(align(256))]
        struct Wide(#[expect(dead_code, reason = "its size matters")] u8);
        check::<u8>(1);
        check::<u8>(Lines::<usize, u8>::FIT);
        check::<u64>(1);
        check::<u64>(Lines::<usize, u64>::FIT);
        check::<u128>(3);
        check::<()>(9);
        check::<[u64; 5]>(1);
        check::<[u8; 4096]>(2);
        check::<Wide>(2);
        #[repr(align(64))]
        struct Nothing;
        check::<Nothing>(3);
        let lines = Lines::<Nothing, Nothing>::new(2, 1, |_| Nothing);
        assert_eq!(lines.count(), 2);
        assert!(core::ptr::from_ref(lines.header(1)).is_aligned());
    }

    #[test]
    fn headers_are_dropped_once_even_if_one_cannot_be_made() {
        let token = Rc::new(());
        drop(Lines::<Rc<()>, u64>::new(3, 7, |_| token.clone()));
        assert_eq!(Rc::strong_count(&token), 1);
        let made = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            Lines::<Rc<()>, u64>::new(3, 7, |i| {
                if i == 2 { panic!("no header") } else { token.clone() }
            })
        }));
        assert!(made.is_err());
        assert_eq!(Rc::strong_count(&token), 1);
    }

    #[test]
    #[should_panic(expected = "more than isize::MAX bytes; ask for fewer")]
    fn absurd_sizes_panic() {
        let _ = Lines::<usize, u64>::new(usize::MAX / 8, 7, |i| i);
    }
}
