//! What was recorded up to a moment, or between two.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::buckets::{BUCKETS, greatest};

/// What a [`LatencyRecorder`](super::LatencyRecorder) had recorded when it was asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    buckets: Vec<u64>,
    count: u64,
    sum: u64,
    max: u64,
}

impl Snapshot {
    pub(super) fn new() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, sum: 0, max: 0 }
    }

    pub(super) fn add(&mut self, numbers: impl Iterator<Item = u64>, sum: u64, max: u64) {
        for (bucket, number) in self.buckets.iter_mut().zip(numbers) {
            *bucket += number;
            self.count += number;
        }
        self.sum = self.sum.wrapping_add(sum);
        self.max = self.max.max(max);
    }

    /// How many latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together, modulo 584 years.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum)
    }

    /// Their mean, if there are any.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        self.sum.checked_div(self.count).map(Duration::from_nanos)
    }

    /// The longest, if there are any. Exact, but in a difference ([`since`](Self::since)) whose longest is not the longest
    /// ever: there as a percentile is.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        (self.count > 0).then(|| Duration::from_nanos(self.max))
    }

    /// The latency that a share `q` of all doesn't exceed: 0.5 the median, 0.99 what is called p99. None of nothing.
    ///
    /// Never too little, and at most a 32nd (3.2 %) too much; the rank is `q` of the count, rounded up, at least 1. What took
    /// more than 73 minutes is told apart from less, but not from each other: it is taken for the longest.
    ///
    /// ```
    /// let latency = raddle::counter::LatencyRecorder::new();
    /// (1..=10).for_each(|nanos| latency.record_nanos(nanos));
    /// let snapshot = latency.snapshot();
    /// let quantile = |q| snapshot.quantile(q).unwrap().as_nanos();
    /// assert_eq!([0.0, 0.5, 0.9, 0.91, 1.0].map(quantile), [1, 5, 9, 10, 10]);
    /// ```
    ///
    /// # Panics
    /// If `q` is not from 0 to 1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        assert!((0.0..=1.0).contains(&q), "raddle: a quantile is from 0 to 1, not {q}");
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        let bucket = self.buckets.iter().position(|number| {
            below += number;
            below >= rank
        })?;
        let is_last = bucket == BUCKETS - 1;
        let nanos = if is_last { self.max } else { greatest(bucket).min(self.max) };
        Some(Duration::from_nanos(nanos))
    }

    /// How many took at most `bound`: surely at most, since a bucket that reaches beyond it is left out.
    #[must_use]
    pub fn at_most(&self, bound: Duration) -> u64 {
        let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        let buckets = self.buckets[..BUCKETS - 1].iter().enumerate();
        let below = buckets.take_while(|(i, _)| greatest(*i) <= bound).map(|(_, n)| n).sum();
        if bound >= self.max { self.count } else { below }
    }

    /// What was recorded after `earlier`, a snapshot of the same recorder.
    ///
    /// ```
    /// let latency = raddle::counter::LatencyRecorder::new();
    /// latency.record_nanos(9);
    /// let before = latency.snapshot();
    /// latency.record_nanos(5);
    /// let lately = latency.snapshot().since(&before);
    /// assert_eq!((lately.count(), lately.max().unwrap().as_nanos()), (1, 5));
    /// ```
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = Self::new();
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        let numbers = pairs.map(|(now, then)| now.saturating_sub(*then));
        since.add(numbers, self.sum.wrapping_sub(earlier.sum), 0);
        let longest = since.buckets.iter().rposition(|number| *number > 0);
        since.max = match longest {
            // A new record is known exactly.
            _ if self.max > earlier.max => self.max,
            Some(bucket) if bucket < BUCKETS - 1 => greatest(bucket).min(self.max),
            Some(_) => self.max,
            None => 0,
        };
        since
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("count", &self.count)
            .field("mean", &self.mean())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .field("max", &self.max())
            .finish_non_exhaustive()
    }
}
