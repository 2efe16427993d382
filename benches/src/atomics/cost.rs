//! What one thread pays that has the line to itself.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering, compiler_fence, fence};
use core::time::Duration;
use std::sync::Mutex;
use std::time::Instant;

use crossbeam_utils::CachePadded;
use serde_json::json;

use super::lab::{Experiment, Finding, Lab, Stop, listed, note};
use super::race::{self, Contestant, Race};
use crate::report::section::{digits, interval};
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "cost",
    question: "What does each atomic operation cost, by ordering, where nobody else wants the line?",
    run,
};

const GROUP: &str = "one thread";
const EACH: Duration = Duration::from_millis(2);
/// Operations between two looks at the clock.
const BATCH: u64 = 20_000;

const LOOP: &str = "nothing (the loop)";
const ADD: &str = "plain add in memory";
const STORE: &str = "store Relaxed";
const STORE_SEQ_CST: &str = "store SeqCst";
const OWNER: &str = "load, add, store Relaxed";
const CAS: &str = "compare_exchange Relaxed";
const RELAXED: &str = "fetch_add Relaxed";
const STRONGER: [&str; 4] =
    ["fetch_add Acquire", "fetch_add Release", "fetch_add AcqRel", "fetch_add SeqCst"];

/// Nanoseconds per `operation` on a word of its own. What an operation returns goes into the next: nothing is in vain, and
/// so nothing is left out.
fn time(operation: impl Fn(&AtomicU64, u64) -> u64) -> f64 {
    let word = CachePadded::new(AtomicU64::new(0));
    // Of a word that nobody else can know of, atomic stores and fences would be left out too: seen, at 0.00 ns.
    let word: &AtomicU64 = black_box(&word);
    let (start, mut done, mut last) = (Instant::now(), 0_u64, 0);
    loop {
        for _ in 0..BATCH {
            last = operation(word, last);
        }
        done += BATCH;
        let elapsed = start.elapsed();
        if elapsed >= EACH {
            black_box(last);
            return elapsed.as_nanos() as f64 / done as f64;
        }
    }
}

fn contestant(
    name: &'static str,
    operation: impl Fn(&AtomicU64, u64) -> u64 + 'static,
) -> Contestant<'static, f64> {
    Contestant::new(GROUP, name, move || Ok(time(&operation)))
}

/// A volatile read: what the language calls a plain access, but one that the compiler may not leave out.
fn read(word: &AtomicU64) -> u64 {
    // SAFETY: the word is alive, and no other thread knows of it.
    unsafe { word.as_ptr().read_volatile() }
}

/// A volatile write.
fn write(word: &AtomicU64, value: u64) {
    // SAFETY: the word is alive, and no other thread knows of it.
    unsafe { word.as_ptr().write_volatile(value) }
}

fn exchange(word: &AtomicU64, seen: u64, order: Ordering) -> u64 {
    word.compare_exchange(seen, seen + 1, order, Ordering::Relaxed).map_or_else(|n| n, |n| n + 1)
}

fn exchange_weak(word: &AtomicU64, seen: u64, order: Ordering) -> u64 {
    let relaxed = Ordering::Relaxed;
    word.compare_exchange_weak(seen, seen + 1, order, relaxed).map_or_else(|n| n, |n| n + 1)
}

/// A store, and a fence behind it, which has to wait for it.
fn store_and(word: &AtomicU64, last: u64, order: Ordering) -> u64 {
    word.store(last, Ordering::Relaxed);
    fence(order);
    last + 1
}

fn contestants() -> Vec<Contestant<'static, f64>> {
    use Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
    let store = |word: &AtomicU64, last, order| {
        word.store(last, order);
        last + 1
    };
    let lock = Mutex::new(());
    vec![
        contestant(LOOP, |_, last| {
            black_box(());
            last
        }),
        contestant("plain load", |word, last| last ^ read(word)),
        contestant("plain store", |word, last| {
            write(word, last);
            last + 1
        }),
        contestant(ADD, |word, last| {
            write(word, read(word) + 1);
            last
        }),
        contestant("load Relaxed", |word, last| last ^ word.load(Relaxed)),
        contestant("load Acquire", |word, last| last ^ word.load(Acquire)),
        contestant("load SeqCst", |word, last| last ^ word.load(SeqCst)),
        contestant(STORE, move |word, last| store(word, last, Relaxed)),
        contestant("store Release", move |word, last| store(word, last, Release)),
        contestant(STORE_SEQ_CST, move |word, last| store(word, last, SeqCst)),
        contestant(OWNER, |word, last| {
            word.store(word.load(Relaxed) + 1, Relaxed);
            last
        }),
        contestant("swap Relaxed", |word, last| word.swap(last, Relaxed) ^ 1),
        contestant("swap AcqRel", |word, last| word.swap(last, AcqRel) ^ 1),
        contestant("swap SeqCst", |word, last| word.swap(last, SeqCst) ^ 1),
        contestant(CAS, |word, seen| exchange(word, seen, Relaxed)),
        contestant("compare_exchange AcqRel", |word, seen| exchange(word, seen, AcqRel)),
        contestant("compare_exchange SeqCst", |word, seen| exchange(word, seen, SeqCst)),
        contestant("compare_exchange that fails", |word, last| {
            // The word is 0 for ever.
            last ^ word.compare_exchange(1, 2, Relaxed, Relaxed).unwrap_or_else(|seen| seen)
        }),
        contestant("compare_exchange_weak Relaxed", |word, seen| {
            exchange_weak(word, seen, Relaxed)
        }),
        contestant("compare_exchange_weak AcqRel", |word, seen| exchange_weak(word, seen, AcqRel)),
        contestant(RELAXED, |word, last| word.fetch_add(1, Relaxed) ^ last),
        contestant(STRONGER[0], |word, last| word.fetch_add(1, Acquire) ^ last),
        contestant(STRONGER[1], |word, last| word.fetch_add(1, Release) ^ last),
        contestant(STRONGER[2], |word, last| word.fetch_add(1, AcqRel) ^ last),
        contestant(STRONGER[3], |word, last| word.fetch_add(1, SeqCst) ^ last),
        contestant("store, compiler_fence SeqCst", |word, last| {
            word.store(last, Relaxed);
            compiler_fence(SeqCst);
            last + 1
        }),
        contestant("store, fence Acquire", |word, last| store_and(word, last, Acquire)),
        contestant("store, fence Release", |word, last| store_and(word, last, Release)),
        contestant("store, fence AcqRel", |word, last| store_and(word, last, AcqRel)),
        contestant("store, fence SeqCst", |word, last| store_and(word, last, SeqCst)),
        contestant("std Mutex, lock and unlock", move |_, last| {
            drop(black_box(&lock).lock());
            last
        }),
    ]
}

/// Whether a time is that of nothing: no processor does twenty-five of anything in a nanosecond.
fn is_left_out(ns: f64) -> bool {
    ns < 0.04
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let budget = lab.budget(2.0);
    // A thread of its own, so that the caller stays where it was.
    let race = std::thread::scope(|scope| {
        let measure = scope.spawn(|| {
            crate::machine::pin(lab.placement.cpus.first().copied());
            race::run(lab, contestants(), EACH, budget)
        });
        measure.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let left_out = |row: &&race::Row<f64>| is_left_out(race.ns(GROUP, &row.name).median);
    if let Some(row) = race.rows.iter().find(left_out) {
        return Err(Stop::Broken(format!("the compiler left out what {} does", row.name)));
    }
    let mut table = plain_table(&["operation", "ns", "[95 %]", "cycles"], &[1, 2, 3], 2);
    for row in race.rows.iter().filter(|row| !row.twin) {
        let ns = race.ns(GROUP, &row.name);
        let (median, range) = {
            let text = interval(ns);
            let (median, range) = text.split_once(' ').unwrap_or((&text, ""));
            (median.to_owned(), range.to_owned())
        };
        table.add_row([row.name.clone(), median, range, lab.ticks.cycles(ns.median)]);
    }
    let mut text = print(&table, "  ");
    note(&mut text, lab.ticks.words());
    note(
        &mut text,
        "loads and stores of a line at hand overlap, so their figures are what a stream of them \
         costs, not how long one takes; each read-modify-write waits for the one before. Plain \
         accesses are volatile, so that none is left out.",
    );
    note(&mut text, race.noise());
    let data = json!({ "race": race.json(), "ticks": lab.ticks });
    Ok(Finding { text, words: words(&race, |ns| lab.ticks.cycles(ns)), data })
}

fn words(race: &Race<f64>, cycles: impl Fn(f64) -> String) -> String {
    let [own, weakest] = [OWNER, RELAXED].map(|name| race.ns(GROUP, name).median);
    let ratio = |a, b| race.ratio((GROUP, a), (GROUP, b));
    let relaxed = ratio(RELAXED, OWNER);
    let dearer: Vec<_> =
        STRONGER.into_iter().filter(|name| ratio(name, RELAXED).is_slower()).collect();
    let orderings = if dearer.is_empty() {
        "no stronger ordering makes it clearly dearer".to_owned()
    } else {
        format!("clearly dearer than Relaxed: {}", listed(&dearer))
    };
    format!(
        "Alone on its line, {} ({} against {} ns; {} cycles); {orderings}. Among stores, {}.",
        relaxed.words("a fetch_add", "a load, an addition and a store"),
        digits(weakest),
        digits(own),
        cycles(weakest),
        ratio(STORE_SEQ_CST, STORE).words("one that is SeqCst", "one that is Relaxed"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::race::tests::race;
    use super::*;

    fn said(stronger: f64, store: f64, noise: f64) -> String {
        let mut times = vec![
            (GROUP, OWNER, 1.0),
            (GROUP, RELAXED, 5.0),
            (GROUP, STORE, 0.5),
            (GROUP, STORE_SEQ_CST, store),
        ];
        times.extend(STRONGER.map(|name| (GROUP, name, 5.0)));
        times.last_mut().unwrap().2 = stronger;
        words(&race(&times, noise), |_| "unknown".to_owned())
    }

    #[test]
    fn the_words_follow_the_figures() {
        let text = said(5.0, 5.0, 1.05);
        assert!(text.contains("a fetch_add takes 5.00x [5.00, 5.00]"), "{text}");
        assert!(text.contains("no stronger ordering makes it clearly dearer"), "{text}");
        assert!(text.contains("SeqCst takes 10.0x"), "{text}");
        let text = said(20.0, 0.5, 1.05);
        assert!(text.contains("clearly dearer than Relaxed: fetch_add SeqCst"), "{text}");
        assert!(text.contains("SeqCst and one that is Relaxed there is no clear"), "{text}");
        assert!(said(5.0, 5.0, 9.0).contains("a store there is no clear difference"));
    }

    #[test]
    fn what_takes_no_time_was_left_out() {
        assert!(is_left_out(0.001) && !is_left_out(0.1));
    }

    #[test]
    fn every_operation_does_what_it_is_called() {
        let word = AtomicU64::new(7);
        assert_eq!((exchange(&word, 7, Ordering::Relaxed), read(&word)), (8, 8));
        assert_eq!((exchange(&word, 7, Ordering::Relaxed), read(&word)), (8, 8));
        write(&word, 3);
        assert_eq!(store_and(&word, 4, Ordering::SeqCst), 5);
        assert_eq!(read(&word), 4);
    }
}
