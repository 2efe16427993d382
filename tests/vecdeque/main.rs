//! Every structure against a model of the standard library (every kind of queue against a `VecDeque`): random programs, and the
//! corpora of the fuzzers.

#[path = "kinds.rs"]
mod kinds;
mod others;
#[path = "../common/rng.rs"]
mod rng;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use rng::Rng;

fn all() -> impl Iterator<Item = &'static (&'static str, fn(&[u8]))> {
    kinds::ALL.iter().chain(others::ALL)
}

#[test]
fn random_programs_agree() {
    for (kind, run_ops) in all() {
        let mut rng = Rng::new(1);
        for case in 0..if cfg!(miri) { 5 } else { 1_500 } {
            let bytes: Vec<u8> = (0..rng.below(300)).map(|_| rng.below(256) as u8).collect();
            if let Err(panic) = catch_unwind(|| run_ops(&bytes)) {
                eprintln!(
                    "case {case} of {kind} fails; as a file for the corpus, behind its kind: {bytes:?}"
                );
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// The first byte of a file is the kind that it was found for; the others are a program for any kind, so each runs
/// them all.
#[test]
fn the_fuzzers_corpus_agrees() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/operations");
    let entries = fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{corpus:?}: {error}"));
    let mut found_for = vec![0; all().count()];
    for entry in entries {
        let file = entry.expect("an entry").path();
        let bytes = fs::read(&file).expect("a corpus file that can be read");
        let (&kind, program) = bytes.split_first().expect("a program");
        found_for[usize::from(kind) % all().count()] += 1;
        for (kind, run_ops) in all() {
            eprintln!("{kind}: {}", file.display());
            run_ops(program);
        }
    }
    assert!(found_for.iter().all(|n| *n > 0), "some kind has no program: {found_for:?}");
}
