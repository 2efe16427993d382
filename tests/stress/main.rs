//! Every structure under threads that do everything in any order and stall anywhere: each item comes out once, each pair of
//! ends keeps its order, and nothing is left in memory.
//!
//! A few rounds each in the normal run; `cargo xtask stress --hours 8` goes on for so long (`RADDLE_STRESS_SECONDS` for each
//! structure). What a round does follows from its seed, which is printed if it fails; what the threads do to each other
//! meanwhile does not. Items are counted without any ordering, so that a race detector sees the queue's own alone.

mod ends;
mod others;
#[path = "../common/rng.rs"]
mod rng;

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::env;
use std::panic::{catch_unwind, resume_unwind};
use std::thread;
use std::time::Instant;

use raddle::{Backoff, PopError, PushError};

use ends::{Get, Put};
use rng::Rng;

/// Rounds that each structure is put through at least.
const ROUNDS: u64 = 6;

/// Runs `round` with one seed after another until its time is over.
fn rounds(name: &str, round: impl Fn(&mut Rng)) {
    let asked = env::var("RADDLE_STRESS_SECONDS").ok();
    let seconds = asked.map_or(0.0, |text| text.parse().expect("a number of seconds"));
    let first = env::var("RADDLE_STRESS_SEED").map_or(1, |text| text.parse().expect("a seed"));
    let (start, limit) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut seed = first;
    while seed < first + ROUNDS || start.elapsed() < limit {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| round(&mut Rng::new(seed)))) {
            eprintln!("{name} fails; its round again: RADDLE_STRESS_SEED={seed}");
            resume_unwind(panic);
        }
        seed += 1;
    }
    println!("{name}: {} rounds", seed - first);
}

/// Spins, yields or sleeps now and then, for no reason that others could know.
fn stall(rng: &mut Rng) {
    match rng.below(64) {
        0 => thread::yield_now(),
        1 => (0..rng.below(3_000)).for_each(|_| core::hint::spin_loop()),
        2 if rng.below(8) == 0 => thread::sleep(Duration::from_micros(rng.below(300) as u64)),
        _ => {}
    }
}

/// An item: who pushed it, as which of theirs, and so large that others meet its slot while it is in hand.
struct Item<const WORDS: usize> {
    owned: Box<(usize, u64)>,
    words: [u64; WORDS],
    live: &'static AtomicUsize,
}

impl<const WORDS: usize> Item<WORDS> {
    fn new(producer: usize, number: u64, live: &'static AtomicUsize) -> Self {
        live.fetch_add(1, Ordering::Relaxed);
        Self { owned: Box::new((producer, number)), words: [number; WORDS], live }
    }

    fn read(&self) -> (usize, u64) {
        assert!(self.words.iter().all(|&word| word == self.owned.1), "a torn item");
        *self.owned
    }
}

impl<const WORDS: usize> Drop for Item<WORDS> {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One producer's work: `n` items in order, by every way in; returns what gave way to them. If `leaves`, it may go earlier.
fn produce<const WORDS: usize>(
    mut tx: impl Put<Item<WORDS>>,
    producer: usize,
    n: u64,
    live: &'static AtomicUsize,
    mut rng: Rng,
) -> (u64, Vec<(usize, u64)>) {
    let (mut made, mut waiting, mut evicted) = (0, VecDeque::new(), Vec::new());
    let backoff = Backoff::new();
    loop {
        while waiting.len() <= rng.below(40) && made < n {
            waiting.push_back(Item::new(producer, made, live));
            made += 1;
        }
        let Some(item) = waiting.pop_front() else { return (made, evicted) };
        let pushed = match rng.below(4) {
            0 => {
                waiting.push_front(item);
                tx.put_all(&mut waiting).map_err(|error| matches!(error, PushError::Closed(())))
            }
            1 => {
                waiting.push_front(item);
                let mut out = Vec::new();
                let put = tx.put_otherwise(&mut waiting, &mut rng, &mut out);
                evicted.extend(out.iter().map(Item::read));
                put.map_err(|error| matches!(error, PushError::Closed(())))
            }
            _ => tx.put(item).map_err(|error| {
                let closed = error.is_closed();
                waiting.push_front(error.into_inner());
                closed
            }),
        };
        match pushed {
            Ok(()) => backoff.reset(),
            Err(false) => backoff.snooze(),
            // What is waiting is dropped here.
            Err(true) => return (made, evicted),
        }
        stall(&mut rng);
    }
}

/// One consumer's work, until it finds the queue closed, or has so many items.
fn consume<const WORDS: usize>(
    mut rx: impl Get<Item<WORDS>>,
    producers: usize,
    most: usize,
    mut rng: Rng,
) -> Vec<(usize, u64)> {
    let (mut seen, mut next) = (Vec::new(), vec![0; producers]);
    let backoff = Backoff::new();
    let mut items = Vec::new();
    while seen.len() < most {
        let got = match rng.below(4) {
            0 => rx.get_all(&mut items, 1 + rng.below(40)),
            1 => rx.get_otherwise(&mut items, &mut rng),
            _ => rx.get().map(|item| items.push(item)),
        };
        for (producer, number) in items.drain(..).map(|item| item.read()) {
            assert!(number >= next[producer], "{number} of {producer} after {next:?}");
            next[producer] = number + 1;
            seen.push((producer, number));
        }
        match got {
            Ok(()) => backoff.reset(),
            Err(PopError::Empty) => backoff.snooze(),
            Err(PopError::Closed) => break,
        }
        stall(&mut rng);
    }
    seen
}

/// A queue, one to four threads at each end that may have them, and what must come out.
fn round<P, C, const WORDS: usize>(
    rng: &mut Rng,
    live: &'static AtomicUsize,
    make: impl Fn(usize) -> (P, C),
) where
    P: Put<Item<WORDS>>,
    C: Get<Item<WORDS>>,
{
    let (tx, rx) = make([1, 2, 3, 7, 64, 100, 1000][rng.below(7)]);
    let (txs, rxs) = (tx.split(1 + rng.below(4)), rx.split(1 + rng.below(4)));
    let n = if cfg!(miri) { 20 } else { 200 + rng.below(1_000) as u64 };
    // In some rounds the consumers go first.
    let most = if rng.below(4) == 0 { rng.below(n as usize) } else { usize::MAX };
    let producers = txs.len();
    let mut seeds = (0..).map(|i| Rng::new(rng.below(1 << 30) as u64 + i));
    let (pushed, seen) = thread::scope(|scope| {
        let producing: Vec<_> = txs
            .into_iter()
            .zip(&mut seeds)
            .enumerate()
            .map(|(i, (tx, rng))| scope.spawn(move || produce(tx, i, n, live, rng)))
            .collect();
        let consuming: Vec<_> = rxs
            .into_iter()
            .zip(&mut seeds)
            .map(|(rx, rng)| scope.spawn(move || consume(rx, producers, most, rng)))
            .collect();
        let mut seen = Vec::new();
        let mut pushed = Vec::new();
        for producer in producing {
            let (made, evicted) = producer.join().expect("no panic");
            pushed.push(made);
            seen.extend(evicted);
        }
        for consumer in consuming {
            seen.extend(consumer.join().expect("no panic"));
        }
        (pushed, seen)
    });
    let mut seen = seen;
    seen.sort_unstable();
    let all = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), all, "an item came out twice");
    assert_eq!(live.load(Ordering::Relaxed), 0, "items that were never dropped");
    if most == usize::MAX {
        let expected = pushed.iter().enumerate().flat_map(|(i, &n)| (0..n).map(move |k| (i, k)));
        assert!(seen.into_iter().eq(expected), "an item was lost");
        assert!(pushed.iter().all(|&made| made == n));
    }
}

macro_rules! queues {
    ($($name:ident: $make:expr;)+) => {$(
        #[test]
        fn $name() {
            static LIVE: AtomicUsize = AtomicUsize::new(0);
            rounds(stringify!($name), |rng| match rng.below(4) {
                0 => round::<_, _, 256>(rng, &LIVE, $make),
                _ => round::<_, _, 1>(rng, &LIVE, $make),
            });
        }
    )+};
}

queues! {
    spsc_bounded: raddle::spsc::bounded;
    spsc_in_lines_of_3: |n| raddle::spsc::bounded_in_lines_of(3, n);
    spsc_unbounded: |n| raddle::spsc::unbounded_in_segments_of(1 + n % 100);
    mpsc_bounded: raddle::mpsc::bounded;
    mpsc_unbounded: |n| raddle::mpsc::unbounded_in_segments_of(1 + n % 100);
    spmc_bounded: raddle::spmc::bounded;
    spmc_unbounded: |n| raddle::spmc::unbounded_in_segments_of(1 + n % 100);
    mpmc_bounded: raddle::mpmc::bounded;
    mpmc_unbounded: |n| raddle::mpmc::unbounded_in_segments_of(1 + n % 100);
}
