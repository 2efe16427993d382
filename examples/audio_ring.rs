//! Sound from a real-time callback to a recorder, in blocks, in place. `cargo run --example audio_ring`
//!
//! The callback must not wait, allocate or lock: it writes a block into the ring where it is going to lie, or counts it
//! as lost. The recorder reads what is there as slices. Neither copies a block through a buffer of its own.

use core::time::Duration;
use std::thread;

use raddle::{Backoff, PopError, spsc};

const RATE: f32 = 48_000.0;
const BLOCK: usize = 256;
const BLOCKS: usize = 375; // two seconds of sound
const PACE: Duration = Duration::from_micros(200); // this sound card is in a hurry

/// A tone of 440 Hz.
fn sample(i: usize) -> f32 {
    (i as f32 / RATE * 440.0 * core::f32::consts::TAU).sin()
}

fn main() {
    let (mut tx, mut rx) = spsc::bounded::<f32>(16 * BLOCK);

    let callback = thread::spawn(move || {
        let mut lost = 0;
        for block in 0..BLOCKS {
            match tx.reserve(BLOCK) {
                // Whole blocks only: a chunk that isn't committed leaves no trace.
                Ok(mut chunk) if chunk.len() == BLOCK => {
                    chunk.fill((block * BLOCK..).map(sample));
                    chunk.commit_all();
                }
                _ => lost += 1,
            }
            thread::sleep(PACE);
        }
        lost
    });

    let (mut samples, mut energy, mut peak) = (0, 0.0_f64, 0.0_f32);
    let backoff = Backoff::new();
    loop {
        match rx.read(4 * BLOCK) {
            Ok(chunk) => {
                for run in chunk.runs() {
                    samples += run.len();
                    energy += run.iter().map(|&s| f64::from(s * s)).sum::<f64>();
                    peak = run.iter().fold(peak, |peak, s| peak.max(s.abs()));
                }
                chunk.release_all();
                backoff.reset();
            }
            Err(PopError::Empty) => backoff.snooze(),
            Err(PopError::Closed) => break,
        }
    }

    let lost = callback.join().expect("the callback doesn't panic");
    let level = (energy / samples as f64).sqrt();
    assert_eq!(
        samples + lost * BLOCK,
        BLOCKS * BLOCK,
        "every block is recorded or counted as lost"
    );
    assert!(peak <= 1.0 && (level - 0.5_f64.sqrt()).abs() < 0.1, "it is still a tone: {level}");
    println!("{samples} samples recorded, {lost} blocks lost; level {level:.3}, peak {peak:.3}");
}
