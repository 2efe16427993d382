//! `Window` and `PerSecond`: how much was added lately, found out when somebody asks.
//!
//! ```text
//!             base                        samples, one per read at most            now
//!   time  ----|--------|-------|------------|---------------------------------------|
//!             total 5  total 9 total 9      total 30                                total 42
//!             |<------ window ------------>|
//!             `-- the youngest sample that is at least a window old: 42 - 5 were added since
//! ```
//!
//! No thread samples in the background: each read leaves a sample for those that come after it. What a read covers therefore
//! depends on the reads before it, and it says how long that is.

use alloc::collections::VecDeque;
use core::fmt;
use core::ops::Deref;
use core::time::Duration;
use std::time::Instant;

use super::number::Number;
use super::sum::Sum;

/// A window is kept in so many steps: a sample younger than a step is not kept besides the one before it.
const STEPS: u32 = 32;

/// What was added to a counter lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recent<T> {
    /// How much.
    pub added: T,
    /// In how long: about the window, or less in its beginning, or more if nobody read for so long.
    pub span: Duration,
}

/// How much was added to a counter in the last while, such as ten seconds.
///
/// It starts when it is made. Each read leaves a sample behind (at most 34 are kept, 24 bytes each), and looks back
/// to the youngest sample that is at least `window` old, or to the oldest if none is. Read about as often as you like: reads
/// closer together than a 32nd of the window share a sample, and after a longer pause the span is as long as the pause.
/// [`take`](Sum::take) doesn't disturb it.
///
/// `C` is how it holds the counter: `&Counter`, `Arc<Counter>`.
///
/// ```
/// use raddle::counter::{Counter, Window};
/// use std::time::{Duration, Instant};
///
/// static REQUESTS: Counter = Counter::new();
/// let start = Instant::now();
/// let second = |n| start + Duration::from_secs(n);
///
/// let mut lately = Window::new_at(&REQUESTS, Duration::from_secs(10), start);
/// REQUESTS.add(5);
/// assert_eq!(lately.read_at(second(4)).added, 5);
/// REQUESTS.add(7);
/// let recent = lately.read_at(second(14));
/// assert_eq!((recent.added, recent.span), (7, Duration::from_secs(10)));
/// ```
#[derive(Clone)]
pub struct Window<C> {
    counter: C,
    window: Duration,
    /// Times, which never go back, and totals as bits. Never empty.
    samples: VecDeque<(Instant, u64)>,
}

impl<C, T> Window<C>
where
    C: Deref<Target = Sum<T>>,
    T: Number,
{
    /// A window over `counter`, from now on.
    ///
    /// # Panics
    /// If `window` is zero.
    #[must_use]
    pub fn new(counter: C, window: Duration) -> Self {
        Self::new_at(counter, window, Instant::now())
    }

    /// The same, with a clock of your own.
    ///
    /// # Panics
    /// If `window` is zero.
    #[must_use]
    pub fn new_at(counter: C, window: Duration, now: Instant) -> Self {
        assert!(!window.is_zero(), "raddle: a window of no time can't tell anything");
        let samples = VecDeque::from([(now, counter.total().to_bits())]);
        Self { counter, window, samples }
    }

    /// What was added lately.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// let mut lately = raddle::counter::Window::new(&counter, std::time::Duration::from_secs(10));
    /// counter.add(3);
    /// assert_eq!(lately.read().added, 3);
    /// ```
    pub fn read(&mut self) -> Recent<T> {
        self.read_at(Instant::now())
    }

    /// The same, with a clock of your own. A time before that of the last read counts as that time.
    pub fn read_at(&mut self, now: Instant) -> Recent<T> {
        let last = self.samples.len() - 1;
        let now = now.max(self.samples[last].0);
        // The second is old enough: nobody will look back to the first any more.
        while self.samples.get(1).is_some_and(|second| now - second.0 >= self.window) {
            self.samples.pop_front();
        }
        let (base, before) = self.samples[0];
        let total = self.counter.total().to_bits();
        // The last sample kept, the base too, is a step old at least.
        let step = (self.window / STEPS).max(Duration::from_nanos(1));
        if now - self.samples[self.samples.len() - 1].0 >= step {
            self.samples.push_back((now, total));
        }
        Recent { added: T::from_bits(total.wrapping_sub(before)), span: now - base }
    }
}

impl<C: fmt::Debug> fmt::Debug for Window<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counter, window, .. } = self;
        f.debug_struct("Window").field("counter", counter).field("window", window).finish()
    }
}

/// How much was added to a counter per second, lately: a [`Window`], divided by its span.
///
/// ```
/// use raddle::counter::{Counter, PerSecond};
/// use std::time::{Duration, Instant};
///
/// static REQUESTS: Counter = Counter::new();
/// let start = Instant::now();
/// let mut rate = PerSecond::new_at(&REQUESTS, Duration::from_secs(10), start);
/// REQUESTS.add(50);
/// assert_eq!(rate.read_at(start + Duration::from_secs(5)), 10.0);
/// ```
#[derive(Clone, Debug)]
pub struct PerSecond<C>(Window<C>);

impl<C, T> PerSecond<C>
where
    C: Deref<Target = Sum<T>>,
    T: Number,
{
    /// A rate over the last `window`, from now on.
    ///
    /// # Panics
    /// If `window` is zero.
    #[must_use]
    pub fn new(counter: C, window: Duration) -> Self {
        Self(Window::new(counter, window))
    }

    /// The same, with a clock of your own.
    ///
    /// # Panics
    /// If `window` is zero.
    #[must_use]
    pub fn new_at(counter: C, window: Duration, now: Instant) -> Self {
        Self(Window::new_at(counter, window, now))
    }

    /// The rate; 0 when no time has passed since the window began.
    ///
    /// ```
    /// let counter = raddle::counter::Counter::new();
    /// let mut rate = raddle::counter::PerSecond::new(&counter, std::time::Duration::from_secs(10));
    /// assert_eq!(rate.read(), 0.0);
    /// ```
    pub fn read(&mut self) -> f64 {
        self.read_at(Instant::now())
    }

    /// The same, with a clock of your own.
    pub fn read_at(&mut self, now: Instant) -> f64 {
        let Recent { added, span } = self.0.read_at(now);
        if span.is_zero() { 0.0 } else { added.to_f64() / span.as_secs_f64() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counter::{Counter, SignedCounter};
    use std::sync::Arc;

    const SECOND: Duration = Duration::from_secs(1);

    /// Against all samples, kept for ever.
    #[test]
    fn a_window_covers_what_it_says() {
        for pause in [1, 3, 7, 10, 25] {
            let counter = Counter::new();
            let start = Instant::now();
            let mut window = Window::new_at(&counter, 10 * SECOND, start);
            let mut all = alloc::vec![(0, 0)];
            for read in 1..50 {
                counter.add(read);
                let now = read * pause;
                let recent = window.read_at(start + SECOND * now as u32);
                all.push((now, counter.total()));
                let old = all.iter().rev().find(|(at, _)| at + 10 <= now).unwrap_or(&all[0]);
                let expected = (counter.total() - old.1, SECOND * (now - old.0) as u32);
                assert_eq!((recent.added, recent.span), expected, "every {pause} s, read {read}");
            }
        }
    }

    #[test]
    fn frequent_reads_keep_few_samples_and_err_by_a_step() {
        let counter = SignedCounter::new();
        let start = Instant::now();
        let mut window = Window::new_at(&counter, 10 * SECOND, start);
        for ms in 1..30_000 {
            counter.add(-1);
            let recent = window.read_at(start + Duration::from_millis(ms));
            assert_eq!(recent.added, -(recent.span.as_millis() as i64));
            assert!(recent.span >= (10 * SECOND).min(Duration::from_millis(ms)));
            assert!(recent.span <= 10 * SECOND + 2 * 10 * SECOND / STEPS);
            assert!(window.samples.len() <= STEPS as usize + 2, "{}", window.samples.len());
        }
    }

    /// Also where a step is less than the clock can tell.
    #[test]
    fn reads_at_one_instant_share_a_sample() {
        for nanos in [1, 31, 32, 1000] {
            let counter = Counter::new();
            let start = Instant::now();
            let mut window = Window::new_at(&counter, Duration::from_nanos(nanos), start);
            for read in 1..100 {
                counter.increment();
                let expected = Recent { added: read, span: Duration::ZERO };
                assert_eq!(window.read_at(start), expected);
                assert_eq!(window.samples.len(), 1);
            }
        }
    }

    #[test]
    fn takes_and_clocks_that_go_back_do_no_harm() {
        let counter = Arc::new(Counter::new());
        let start = Instant::now() + 100 * SECOND;
        counter.add(1000);
        let mut window = Window::new_at(Arc::clone(&counter), 10 * SECOND, start);
        counter.add(5);
        assert_eq!(counter.take(), 1005);
        assert_eq!(window.read_at(start + 5 * SECOND), Recent { added: 5, span: 5 * SECOND });
        assert_eq!(window.read_at(start), Recent { added: 5, span: 5 * SECOND });
    }

    #[test]
    fn rates_may_be_negative_and_begin_at_zero() {
        let counter = SignedCounter::new();
        let start = Instant::now();
        let mut rate = PerSecond::new_at(&counter, 10 * SECOND, start);
        counter.add(-30);
        assert_eq!(rate.read_at(start), 0.0);
        assert_eq!(rate.read_at(start + SECOND / 2), -60.0);
        assert_eq!(rate.read_at(start + 3 * SECOND), -10.0);
    }

    #[test]
    #[should_panic(expected = "a window of no time")]
    fn a_window_of_no_time_panics() {
        let _ = Window::new(&Counter::new(), Duration::ZERO);
    }
}
