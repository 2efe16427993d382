//! `LatencyRecorder` against HdrHistogram. Needs feature `latency`: `cargo test --features latency --test latency`.
#![cfg(feature = "latency")]

use core::cell::RefCell;
use core::time::Duration;
use std::thread;

use hdrhistogram::Histogram;
use raddle::counter::{LatencyRecorder, Snapshot};

#[path = "common/rng.rs"]
mod rng;
use rng::Rng;

const QUANTILES: [f64; 9] = [0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0];

/// Of every order of magnitude up to 2^41.
fn values(seed: u64, n: usize) -> Vec<u64> {
    let mut rng = Rng::new(seed);
    (0..n).map(|_| rng.next() >> (23 + rng.below(41))).collect()
}

fn nanos(latency: Option<Duration>) -> u64 {
    latency.expect("not empty").as_nanos() as u64
}

fn check(snapshot: &Snapshot, values: &mut [u64]) {
    values.sort_unstable();
    let mut reference = Histogram::<u64>::new_with_bounds(1, 1 << 42, 5).expect("bounds");
    values.iter().for_each(|value| reference.record(*value).expect("in bounds"));

    assert_eq!(snapshot.count(), values.len() as u64);
    assert_eq!(nanos(Some(snapshot.sum())), values.iter().sum::<u64>());
    assert_eq!(nanos(snapshot.mean()), values.iter().sum::<u64>() / values.len() as u64);
    assert_eq!(nanos(snapshot.max()), values[values.len() - 1]);
    for q in QUANTILES {
        let exact = values[((q * values.len() as f64).ceil() as usize).max(1) - 1];
        let ours = nanos(snapshot.quantile(q));
        assert!(ours >= exact && ours - exact <= exact / 32, "{q}: {ours} for {exact}");
        // Theirs, with five digits, is the exact value, but for the last of them.
        let theirs = reference.value_at_quantile(q);
        assert!(theirs.abs_diff(exact) <= exact / 50_000, "{q}: {theirs} for {exact}");
    }
    for bound in [0, 31, 1000, 1_000_000, 1 << 41] {
        let exact = values.iter().filter(|value| **value <= bound).count() as u64;
        let surely = values.iter().filter(|value| **value <= bound - bound / 16).count() as u64;
        let ours = snapshot.at_most(Duration::from_nanos(bound));
        assert!(ours <= exact && ours >= surely, "{bound}: {ours} of {exact}, surely {surely}");
    }
}

#[test]
fn quantiles_are_within_a_32nd() {
    for seed in 1..6 {
        let recorder = LatencyRecorder::new();
        let mut all = values(seed, 10_000);
        all.iter().for_each(|value| recorder.record_nanos(*value));
        check(&recorder.snapshot(), &mut all);
    }
}

#[test]
fn threads_that_come_and_go_record_everything() {
    static RECORDER: LatencyRecorder = LatencyRecorder::new();
    let mut all = Vec::new();
    for wave in 0..50 {
        let parts: Vec<_> = (0..4).map(|i| values(wave * 4 + i + 1, 500)).collect();
        thread::scope(|scope| {
            for part in &parts {
                scope.spawn(|| part.iter().for_each(|value| RECORDER.record_nanos(*value)));
            }
        });
        all.extend(parts.concat());
        assert_eq!(RECORDER.snapshot().count(), all.len() as u64);
    }
    check(&RECORDER.snapshot(), &mut all);
}

#[test]
fn recorders_come_and_go_in_the_same_threads() {
    let (send, receive) = std::sync::mpsc::channel::<std::sync::Arc<LatencyRecorder>>();
    let (done, is_done) = std::sync::mpsc::channel();
    let other = thread::spawn(move || {
        for recorder in receive {
            recorder.record_nanos(3);
            drop(recorder);
            done.send(()).expect("a listener");
        }
    });
    for _ in 0..200 {
        let recorder = std::sync::Arc::new(LatencyRecorder::new());
        send.send(recorder.clone()).expect("a thread");
        recorder.record_nanos(4);
        is_done.recv().expect("an answer");
        let snapshot = recorder.snapshot();
        assert_eq!((snapshot.count(), nanos(Some(snapshot.sum()))), (2, 7));
    }
    drop(send);
    other.join().expect("a thread");
}

#[test]
fn a_difference_is_what_came_after() {
    let recorder = LatencyRecorder::new();
    let mut first = values(1, 1000);
    first.iter().for_each(|value| recorder.record_nanos(*value));
    let before = recorder.snapshot();
    assert_eq!(recorder.snapshot().since(&before), LatencyRecorder::new().snapshot());

    // Less than the longest so far: its maximum is as good as a quantile.
    (0..100).for_each(|n| recorder.record_nanos(n));
    recorder.record_nanos(5001);
    let lately = recorder.snapshot().since(&before);
    assert_eq!((lately.count(), nanos(lately.quantile(0.3))), (101, 30));
    assert!((5001..=5001 * 33 / 32).contains(&nanos(lately.max())));

    // In the bucket of the longest so far, whose end is further off: not beyond the longest.
    let twins = LatencyRecorder::new();
    twins.record_nanos(1000);
    let one = twins.snapshot();
    twins.record_nanos(999);
    assert_eq!(nanos(twins.snapshot().since(&one).max()), 1000);

    // More: exact.
    recorder.record(Duration::from_secs(3600));
    let lately = recorder.snapshot().since(&before);
    assert_eq!(lately.max(), Some(Duration::from_secs(3600)));
    first.extend((0..100).chain([5001, 3_600_000_000_000]));
    check(&recorder.snapshot(), &mut first);
}

#[test]
fn the_longest_and_none_at_all() {
    let recorder = LatencyRecorder::default();
    let empty = recorder.snapshot();
    assert_eq!((empty.count(), empty.mean(), empty.max()), (0, None, None));
    assert_eq!((empty.quantile(0.5), empty.at_most(Duration::MAX)), (None, 0));
    recorder.record(Duration::MAX);
    recorder.record_nanos(1);
    let snapshot = recorder.snapshot();
    assert_eq!(nanos(snapshot.max()), u64::MAX);
    assert_eq!([0.5, 1.0].map(|q| nanos(snapshot.quantile(q))), [1, u64::MAX]);
    let bounds = [Duration::from_nanos(1), Duration::from_secs(36_000), Duration::MAX];
    assert_eq!(bounds.map(|bound| snapshot.at_most(bound)), [1, 1, 2]);
}

#[test]
#[should_panic(expected = "a quantile is from 0 to 1, not 1.5")]
fn a_quantile_beyond_one_panics() {
    let _ = LatencyRecorder::new().snapshot().quantile(1.5);
}

struct RecordsLate(&'static LatencyRecorder, u64);

impl Drop for RecordsLate {
    fn drop(&mut self) {
        self.0.record_nanos(self.1);
    }
}

thread_local! {
    static LATE: RefCell<Option<RecordsLate>> = const { RefCell::new(None) };
}

#[test]
fn destructors_of_thread_locals_record() {
    static RECORDER: LatencyRecorder = LatencyRecorder::new();
    for i in 0..200 {
        let body = move || {
            if i % 2 == 0 {
                RECORDER.record_nanos(7);
            }
            // Before the thread's first use, it is destroyed after the thread's block has gone back.
            LATE.set(Some(RecordsLate(&RECORDER, if i % 2 == 0 { 5 } else { 9 })));
            RECORDER.record_nanos(7);
        };
        thread::spawn(body).join().expect("a short thread");
    }
    let snapshot = RECORDER.snapshot();
    assert_eq!((snapshot.count(), nanos(Some(snapshot.sum()))), (500, 300 * 7 + 100 * (5 + 9)));
    assert_eq!(nanos(snapshot.max()), 9);
}
