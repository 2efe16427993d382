//! Log lines from everywhere to one writer, in batches. `cargo run --example log_sink`
//!
//! `mpsc::unbounded`: any thread logs, one writes. A thread that logs must never be held up or lose a line, so there is always
//! room; the writer takes all there is at once, and pays for one write instead of many.

use std::io::Write;
use std::thread;

use raddle::{Backoff, PopError, mpsc};

const THREADS: usize = 4;
const LINES: usize = 2_000;

fn main() {
    let (log, mut lines) = mpsc::unbounded::<String>();
    let threads: Vec<_> = (0..THREADS)
        .map(|id| {
            let log = log.clone();
            thread::spawn(move || {
                for i in 0..LINES {
                    log.push(format!("{id} {i}\n")).expect("the writer outlives those who log");
                }
            })
        })
        .collect();
    drop(log); // the writer ends when the last of the others does

    let (mut file, mut batch, mut writes) = (Vec::new(), Vec::new(), 0);
    let backoff = Backoff::new();
    loop {
        match lines.pop_into(&mut batch, 256) {
            Ok(_) => {
                file.write_all(batch.concat().as_bytes()).expect("room in memory");
                batch.clear();
                writes += 1;
                backoff.reset();
            }
            Err(PopError::Empty) => backoff.snooze(),
            Err(PopError::Closed) => break,
        }
    }
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));

    let text = String::from_utf8(file).expect("text");
    for id in 0..THREADS {
        let of_one = text.lines().filter_map(|line| line.strip_prefix(&format!("{id} ")));
        assert!(of_one.eq((0..LINES).map(|i| i.to_string())), "a thread's lines stay in order");
    }
    println!("{} lines in {writes} writes", text.lines().count());
}
