//! A segment: slots in one allocation, whose address leaves room for an index.
//!
//! ```text
//!   address
//!   v
//!   | next | lap | debts | n | behind |  slot 0  slot 1  slot 2  ..  slot n - 1 |
//!
//!   a word: | index, 16 bits | address of a segment, 48 bits, the lowest of which says: | left |
//!   or, where addresses need all bits: | address, a multiple of 1024 | index, 9 bits | left |
//! ```
//!
//! *When it is free.* Three debts: the producers' end, the consumers' end, and the slots. An end owes until it has moved on
//! and all its *guests* have left: threads that came when all slots were taken, and look for the next segment. Each took an
//! index beyond the last slot, so the index that an end had when it moved on tells how many guests there are. The slots owe
//! until the lap of each is over: whoever moved the consumers' end on looks at them, and if one is still in hand leaves the
//! segment in `limbo`, for the next that leaves one. Whoever pays the last debt (G1) owns the segment.
//!
//! So an operation pays nothing for memory reclamation but what it does to its slot anyway; no thread announces itself, and
//! a thread that is frozen keeps the one segment that it is in, no other.
//!
//! *Source.* A pointer and an index in one word, moved by one fetch-and-add: Giersch and Nolte, "Fast and Portable Concurrent
//! FIFO Queues With Deterministic Memory Reclamation", IEEE TPDS 2022.
//!
//! Edges: G1 with itself (what all did before they left).

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::needs_drop;
use core::ptr::{NonNull, with_exposed_provenance_mut};

use super::super::despite_a_panic;
use super::super::slot::{Slot, TAGS};
use super::batch::Found;
use crate::sync::{ADDRESS_BITS, AtomicU32, AtomicUsize, Ordering, Tracked};

/// Most slots that a segment may have; the other indices are for guests.
pub(super) const MOST: usize = if Word::LAST > 1 << 10 { 1 << 9 } else { 1 << 7 };
/// More guests than this, and the index is about to overrun.
pub(super) const CROWD: usize = Word::LAST / 4 * 3 - MOST;
/// From one lap of a segment's slots to the next.
const STEP: u32 = TAGS + 1;

/// One of the three debts; guests are counted below it.
const DEBT: usize = (Word::LAST + 1) * 2;

/// A segment's address and an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub(super) usize);

impl Word {
    /// Where the index begins: above the address, or in the bits that alignment leaves free, above [`LEFT`](Self::LEFT).
    const AT: u32 = if ADDRESS_BITS < usize::BITS { ADDRESS_BITS } else { 1 };
    const ALIGN: usize = if Self::AT > 1 { 16 } else { 1024 };
    const INDEX: usize =
        if Self::AT > 1 { usize::MAX << Self::AT } else { Self::ALIGN - 1 - Self::LEFT };
    const LAST: usize = Self::INDEX >> Self::AT;
    /// Says of the consumers' segment that the producers have left it, so that nobody needs to look.
    pub(super) const LEFT: usize = 1;

    #[inline(always)]
    pub(super) fn index(self) -> usize {
        (self.0 & Self::INDEX) >> Self::AT
    }

    #[inline(always)]
    pub(super) fn address(self) -> usize {
        self.0 & !(Self::INDEX | (Self::ALIGN - 1))
    }

    #[inline(always)]
    pub(super) fn is_left(self) -> bool {
        self.0 & Self::LEFT != 0
    }

    /// The word of the index `n` places further.
    #[inline(always)]
    pub(super) fn plus(self, n: usize) -> Self {
        Self(self.0.wrapping_add(n << Self::AT))
    }
}

struct Header {
    /// The word of the next segment, or 0.
    next: AtomicUsize,
    /// The lap of all slots: how often the segment was used, times [`STEP`].
    lap: AtomicU32,
    debts: AtomicUsize,
    /// How many slots follow.
    slots: usize,
    /// In limbo: the address of the one behind.
    behind: AtomicUsize,
    tracked: Tracked,
}

/// Ends the process where the allocator gives out an address that a word has no room for: an operation that needs a segment in the
/// middle can't go back. (A panic that can't leave a function of this kind aborts.)
#[cold]
extern "C" fn too_high(address: *const u8) -> ! {
    panic!("raddle: an unbounded queue needs addresses of {ADDRESS_BITS} bits, got {address:p}")
}

/// A segment of slots for `T`. Whoever uses it must know that it is not free.
pub(super) struct Segment<T> {
    header: NonNull<Header>,
    slots: PhantomData<Slot<T>>,
}

impl<T> Clone for Segment<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Segment<T> {}

impl<T> Segment<T> {
    const SLOTS: usize = {
        let align =
            if align_of::<Slot<T>>() > Word::ALIGN { align_of::<Slot<T>>() } else { Word::ALIGN };
        size_of::<Header>().next_multiple_of(align)
    };

    fn layout(n: usize) -> Layout {
        let align = Word::ALIGN.max(align_of::<Slot<T>>());
        let bytes = size_of::<Slot<T>>().checked_mul(n).and_then(|b| b.checked_add(Self::SLOTS));
        let layout = bytes.and_then(|bytes| Layout::from_size_align(bytes, align).ok());
        layout.expect("raddle: an item so large that a segment of them exceeds isize::MAX bytes")
    }

    /// A new one with `n` slots, written in place.
    pub(super) fn new(n: usize) -> Self {
        let layout = Self::layout(n);
        // SAFETY: the layout has a size, the header's at least.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        if Word(start.as_ptr().addr()).address() != start.as_ptr().addr() {
            too_high(start.as_ptr());
        }
        let header = start.cast::<Header>();
        let fresh = Header {
            next: AtomicUsize::new(0),
            lap: AtomicU32::new(0),
            debts: AtomicUsize::new(3 * DEBT),
            slots: n,
            behind: AtomicUsize::new(0),
            tracked: Tracked::new(),
        };
        // SAFETY: the header lies at the start of the allocation.
        unsafe { header.write(fresh) };
        let segment = Self { header, slots: PhantomData };
        for i in 0..n {
            // SAFETY: slot `i` of `n` lies in the allocation; only what is not the item is written.
            unsafe { Slot::new_at(segment.place(i), 0) };
        }
        segment
    }

    /// Frees it, and drops what its slots hold.
    ///
    /// # Safety
    /// It is the caller's alone.
    pub(super) unsafe fn free(self) {
        struct Free<T>(Segment<T>, usize);
        impl<T> Drop for Free<T> {
            fn drop(&mut self) {
                let header = self.0.header.as_ptr();
                // SAFETY: the caller's alone, initialised by `new`.
                unsafe { header.drop_in_place() };
                // SAFETY: allocated by `new` with this layout.
                unsafe { dealloc(header.cast(), Segment::<T>::layout(self.1)) };
            }
        }
        let n = self.slots();
        let _free = Free(self, n);
        let mut slots = 0..n;
        despite_a_panic(|| {
            for i in slots.by_ref() {
                // SAFETY: initialised by `new`, and nobody else can reach it any more.
                let slot = unsafe { self.slot(i) };
                if needs_drop::<T>() && self.look(i) == Found::Full {
                    // SAFETY: full, so there is an item.
                    unsafe { slot.item().drop_in_place() };
                }
            }
        });
    }

    /// The segment that `word` names.
    ///
    /// # Safety
    /// It is a word of a segment of `T`s that is not free now, and not before the caller has done with this.
    #[inline(always)]
    pub(super) unsafe fn of(word: Word) -> Self {
        let header = with_exposed_provenance_mut(word.address());
        // SAFETY: passed on to the caller: no segment lies at address 0.
        Self { header: unsafe { NonNull::new_unchecked(header) }, slots: PhantomData }
    }

    /// The word of its first slot.
    pub(super) fn word(self) -> Word {
        Word(self.header.as_ptr().expose_provenance())
    }

    #[inline(always)]
    fn place(self, i: usize) -> *mut Slot<T> {
        self.header.as_ptr().wrapping_byte_add(Self::SLOTS).cast::<Slot<T>>().wrapping_add(i)
    }

    #[inline(always)]
    fn header(&self) -> &Header {
        // SAFETY: it is not free, as its maker promised.
        let header = unsafe { self.header.as_ref() };
        header.tracked.used();
        header
    }

    /// How many slots it has.
    pub(super) fn slots(self) -> usize {
        self.header().slots
    }

    /// Slot `i`.
    ///
    /// # Safety
    /// It has more than `i` slots.
    #[inline(always)]
    pub(super) unsafe fn slot(&self, i: usize) -> &Slot<T> {
        self.header().tracked.used();
        // SAFETY: in bounds and initialised; it is not free, as its maker promised.
        unsafe { &*self.place(i) }
    }

    /// The lap of its slots.
    #[inline(always)]
    pub(super) fn lap(self) -> u32 {
        // Relaxed: written before the segment was linked, by an edge of whoever linked it.
        self.header().lap.load(Ordering::Relaxed)
    }

    /// The lap after that.
    #[inline(always)]
    pub(super) fn next_lap(self) -> u32 {
        self.lap().wrapping_add(STEP)
    }

    /// The word of the next segment, or 0.
    #[inline(always)]
    pub(super) fn next(&self) -> &AtomicUsize {
        &self.header().next
    }

    /// The address of the next one in limbo.
    pub(super) fn behind(&self) -> &AtomicUsize {
        &self.header().behind
    }

    /// Pays `guests` debts of guests; says whether they were the last.
    #[must_use]
    pub(super) fn leave(self, guests: usize) -> bool {
        self.pay(guests)
    }

    /// Pays the debt of an end that has moved on, with so many guests to come or to leave; says whether it was the last.
    #[must_use]
    pub(super) fn move_on(self, guests: usize) -> bool {
        self.pay(DEBT - guests)
    }

    fn pay(self, debt: usize) -> bool {
        // ORDERING: (G1) AcqRel, pairs with (G1): whoever pays the last sees all that the others did.
        self.header().debts.fetch_sub(debt, Ordering::AcqRel) == debt
    }

    /// Pays the debt of the slots, the lap of all of which is over; says whether it was the last.
    #[must_use]
    pub(super) fn pay_for_slots(self) -> bool {
        self.pay(DEBT)
    }

    /// Makes it as new, for a further use.
    ///
    /// # Safety
    /// It is the caller's alone: all debts are paid.
    pub(super) unsafe fn renew(self) {
        let header = self.header();
        header.tracked.alone();
        // Relaxed: the caller's alone.
        header.lap.store(self.next_lap(), Ordering::Relaxed);
        header.next.store(0, Ordering::Relaxed);
        header.debts.store(3 * DEBT, Ordering::Relaxed);
    }
}
