//! [`LatencyRecorder`]: how long things take, recorded by many threads without disturbing each other.
//!
//! ```text
//!   a thread's cell for this recorder:  address of its slab     (in the thread's block, as any counter's cell)
//!   slabs  -> [ sum | max | 1216 buckets ] -> [ .. ] -> [ .. ]  one per thread that recorded at one time, one owner each
//!   late      [ sum | max | 1216 buckets ]                      for threads without a cell; made when there is one
//! ```
//!
//! The owner of a cell owns the slab it leads to: who adopts the block adopts the slab. Readers find slabs in the recorder's
//! own list, which publishes them; a cell's address is read by its owner alone. When the recorder goes, its cells
//! are zero again before its slabs are freed.
//!
//! *Why not hdrhistogram?* Its histograms are written through `&mut self`, and the synchronized form sends each thread's
//! histogram over a channel, and waits for the writers when it is read: a record would no longer be a few plain stores. Its
//! buckets serve, and it is what the tests compare with.

mod buckets;
mod snapshot;

pub use snapshot::Snapshot;

use alloc::boxed::Box;
use core::array;
use core::fmt;
use core::ptr;
use core::time::Duration;
use std::sync::OnceLock;

use super::home;
use super::meter::{Add, Fold, Most};
use super::registry::Ticket;
use super::roster::Roster;
use crate::sync::{AtomicU64, Ordering};
use buckets::{BUCKETS, bucket};

/// One owner's records.
struct Slab {
    sum: AtomicU64,
    max: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

impl Slab {
    fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Self { sum: zero(), max: zero(), buckets: array::from_fn(|_| zero()) }
    }

    /// For the owner.
    #[inline(always)]
    fn put(&self, nanos: u64) {
        Add::put(&self.buckets[bucket(nanos)], 1);
        Add::put(&self.sum, nanos);
        Most::put(&self.max, nanos);
    }

    /// For all.
    fn put_shared(&self, nanos: u64) {
        Add::put_shared(&self.buckets[bucket(nanos)], 1);
        Add::put_shared(&self.sum, nanos);
        Most::put_shared(&self.max, nanos);
    }
}

/// Records latencies: count, mean, maximum and percentiles, read as a [`Snapshot`].
///
/// A record is three or four plain loads and two or three plain stores in memory of the thread's own, about 10 kB per thread
/// and recorder, which later threads adopt. Threads without a cell (see [`counter`](super)) share one more slab, with locked
/// operations. Not for use in an allocator: a first record allocates.
///
/// Needs feature `latency`.
///
/// ```
/// use raddle::counter::LatencyRecorder;
/// use std::time::Duration;
///
/// static LATENCY: LatencyRecorder = LatencyRecorder::new();
///
/// for ms in 1..=100 {
///     LATENCY.record(Duration::from_millis(ms));
/// }
/// let snapshot = LATENCY.snapshot();
/// assert_eq!(snapshot.count(), 100);
/// assert_eq!(snapshot.mean(), Some(Duration::from_micros(50_500)));
/// assert_eq!(snapshot.max(), Some(Duration::from_millis(100)));
/// // Never too little, and at most a 32nd too much.
/// let p99 = snapshot.quantile(0.99).unwrap();
/// assert!(p99 >= Duration::from_millis(99) && p99 <= Duration::from_millis(99) * 33 / 32);
/// ```
pub struct LatencyRecorder {
    ticket: Ticket,
    slabs: Roster<Slab>,
    late: OnceLock<Box<Slab>>,
}

impl LatencyRecorder {
    /// Nothing recorded. It allocates nothing before its first use.
    #[must_use]
    pub const fn new() -> Self {
        Self { ticket: Ticket::new(), slabs: Roster::new(), late: OnceLock::new() }
    }

    /// Records a latency; one of more than 584 years as that.
    ///
    /// Percentiles tell latencies up to 73 minutes apart, count, mean and maximum all of them.
    #[inline]
    pub fn record(&self, latency: Duration) {
        self.record_nanos(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Records a latency of so many nanoseconds.
    ///
    /// ```
    /// let latency = raddle::counter::LatencyRecorder::new();
    /// latency.record_nanos(1500);
    /// assert_eq!(latency.snapshot().max().unwrap().as_nanos(), 1500);
    /// ```
    #[inline]
    pub fn record_nanos(&self, nanos: u64) {
        // Relaxed: the owner's own, or an earlier owner's.
        match home::cell(&self.ticket).map(|cell| cell.load(Ordering::Relaxed)) {
            // SAFETY: an address in this recorder's cell is one that `record_first` put there.
            Some(address) if address != 0 => unsafe { slab(address) }.put(nanos),
            _ => self.record_first(nanos),
        }
    }

    #[cold]
    #[inline(never)]
    fn record_first(&self, nanos: u64) {
        let Some(cell) = home::first_cell(&self.ticket) else {
            return self.late.get_or_init(|| Box::new(Slab::new())).put_shared(nanos);
        };
        if cell.load(Ordering::Relaxed) == 0 {
            let slab = self.slabs.claim(Slab::new).keep();
            cell.store(ptr::from_ref(slab).expose_provenance() as u64, Ordering::Relaxed);
        }
        // SAFETY: as in `record_nanos`.
        unsafe { slab(cell.load(Ordering::Relaxed)) }.put(nanos);
    }

    /// What was recorded so far. It contains every record that happened before the call; one that is under way may be in it
    /// in part: counted, but not in the mean or maximum.
    ///
    /// Wait-free, but it reads 10 kB per thread that ever recorded at one time. Of two snapshots,
    /// [`since`](Snapshot::since) says what happened in between.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        for slab in self.slabs.iter().chain(self.late.get().map(|late| &**late)) {
            let numbers = slab.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
            let sum = slab.sum.load(Ordering::Relaxed);
            snapshot.add(numbers, sum, slab.max.load(Ordering::Relaxed));
        }
        snapshot
    }
}

/// # Safety
/// `address` is that of a slab that lives for `'a`.
#[inline(always)]
unsafe fn slab<'a>(address: u64) -> &'a Slab {
    // SAFETY: exposed as it was stored; the rest is the caller's.
    unsafe { &*ptr::with_exposed_provenance(address as usize) }
}

impl Drop for LatencyRecorder {
    fn drop(&mut self) {
        home::retire(&mut self.ticket);
    }
}

impl Default for LatencyRecorder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LatencyRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LatencyRecorder").finish_non_exhaustive()
    }
}
