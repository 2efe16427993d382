//! One source of work, shared out to whoever is free. `cargo run --example distributor`
//!
//! `spmc::bounded`: one thread splits a text, several count its words. The source reserves slots and fills them in place; when
//! nobody is free it is held up, so memory stays small however long the text is.

use std::collections::HashMap;
use std::thread;

use raddle::{Backoff, PopError, spmc};

const COUNTERS: usize = 3;
const TEXT: &str = "the queue never waits and the caller decides what to do when the queue is full";
const LINES: usize = 3_000;

fn main() {
    let (mut source, work) = spmc::bounded::<&str>(32);
    let counters: Vec<_> = (0..COUNTERS)
        .map(|_| {
            let work = work.clone();
            thread::spawn(move || {
                let (mut counts, backoff) = (HashMap::new(), Backoff::new());
                loop {
                    match work.pop() {
                        Ok(line) => {
                            line.split(' ').for_each(|word| *counts.entry(word).or_insert(0) += 1);
                            backoff.reset();
                        }
                        Err(PopError::Empty) => backoff.snooze(),
                        Err(PopError::Closed) => break counts,
                    }
                }
            })
        })
        .collect();
    drop(work);

    let (mut lines, backoff) = ([TEXT; LINES].into_iter(), Backoff::new());
    while lines.len() > 0 {
        match source.reserve(lines.len().min(8)) {
            Ok(mut chunk) => {
                chunk.fill(&mut lines);
                chunk.commit_all();
                backoff.reset();
            }
            Err(error) => {
                assert!(error.is_full(), "the counters stay until the source is gone");
                backoff.snooze();
            }
        }
    }
    drop(source);

    let mut words = HashMap::new();
    for counts in counters.into_iter().map(|counter| counter.join().expect("no panic")) {
        counts.into_iter().for_each(|(word, n)| *words.entry(word).or_insert(0) += n);
    }
    assert_eq!((words["the"], words["queue"], words["full"]), (3 * LINES, 2 * LINES, LINES));
    println!("{} different words, \"the\" {} times", words.len(), words["the"]);
}
