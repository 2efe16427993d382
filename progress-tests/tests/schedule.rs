//! Programs and schedules out of bytes: what the fuzzer found interesting, and random ones. Run with
//! `cargo xtask test --only progress`; `cargo xtask fuzz` goes on.
#![cfg(shuttle)]

use std::fs;
use std::path::Path;

use raddle_progress_tests::schedule::{self, KINDS, Outcome, run_counter, run_on};
use raddle_progress_tests::twins::{Careless, Glancing, Hasty, Locked, StampedRing};

/// Random programs, each with a random schedule.
struct Programs(u64);

impl Programs {
    /// xorshift64*, by George Marsaglia and Sebastiano Vigna.
    fn random(&mut self) -> u8 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
    }
}

impl Iterator for Programs {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let turns = self.random() % 64;
        Some((0..18 + turns).map(|_| self.random()).collect())
    }
}

#[test]
fn random_programs_and_schedules_are_explained() {
    for (i, (kind, run)) in KINDS.iter().enumerate() {
        let mut explained = 0;
        for program in Programs(1 + i as u64).take(400) {
            match run(&program) {
                Ok(outcome) => explained += usize::from(outcome == Outcome::Explained),
                Err(why) => panic!("{kind}: as a file for the corpus: {i}, {program:?}: {why}"),
            }
        }
        assert!(explained >= 300, "{kind}: only {explained}");
    }
}

#[test]
fn the_fuzzers_corpus_is_explained() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/schedule");
    let entries = fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{corpus:?}: {error}"));
    let mut ran = vec![0; KINDS.len()];
    for entry in entries {
        let file = entry.expect("an entry").path();
        let program = fs::read(&file).expect("a corpus file that can be read");
        if let Err(why) = schedule::run(&program) {
            panic!("{}: {why}", file.display());
        }
        let kind = program.first().map_or(0, |kind| usize::from(*kind));
        ran[kind % KINDS.len()] += 1;
    }
    assert!(ran.iter().all(|n| *n > 0), "some kind has no program: {ran:?}");
}

/// How many programs it takes until something is wrong, and what.
fn found(run: impl Fn(&[u8]) -> Result<Outcome, String>, most: usize) -> Option<(usize, String)> {
    let programs = (1..).zip(Programs(1)).take(most);
    programs.into_iter().find_map(|(n, program)| Some((n, run(&program).err()?)))
}

#[test]
fn twins_are_found_out() {
    type Run = fn(&[u8]) -> Result<Outcome, String>;
    let twins: [(Run, &str); 8] = [
        (run_on::<StampedRing<false>>, "no order explains"),
        (run_on::<StampedRing<true>>, "doesn't end"),
        (run_on::<Locked>, "doesn't end"),
        (run_on::<Glancing>, "no order explains"),
        (run_on::<Careless<false>>, "no order explains"),
        (run_on::<Careless<true>>, "no order explains"),
        (run_counter::<Hasty<true>>, "were taken of"),
        (run_counter::<Hasty<false>>, "were taken of"),
    ];
    for (i, (run, what)) in twins.into_iter().enumerate() {
        let (n, why) = found(run, 500).unwrap_or_else(|| panic!("twin {i} isn't found out"));
        println!("twin {i}: after {n}: {why}");
        assert!(why.contains(what), "twin {i}: {why}");
    }
}

#[test]
fn any_bytes_are_a_program() {
    for (i, (kind, _)) in KINDS.iter().enumerate() {
        for len in 0..24 {
            for byte in [0, 0x55, 0xff] {
                let mut program = vec![byte; len];
                program.iter_mut().take(1).for_each(|first| *first = i as u8);
                assert!(schedule::run(&program).is_ok(), "{kind}: {program:?}");
            }
        }
    }
    assert_eq!(schedule::run(&[]), Ok(Outcome::Idle));
}
