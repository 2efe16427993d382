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
                eprintln!("case {case} of {kind} fails; as a file for the corpus: {bytes:?}");
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Any bytes are a program for any kind, so each kind runs what was found for the others too.
#[test]
fn the_fuzzers_corpora_agree() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let entries = |folder: &Path| -> Vec<_> {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        entries.map(|entry| entry.expect("an entry").path()).collect()
    };
    let files: Vec<_> = entries(&corpora).iter().flat_map(|folder| entries(folder)).collect();
    assert!(!files.is_empty(), "{} is empty", corpora.display());
    for file in files {
        let program = fs::read(&file).expect("a corpus file that can be read");
        for (kind, run_ops) in all() {
            eprintln!("{kind}: {}", file.display());
            run_ops(&program);
        }
    }
}

#[test]
fn every_kind_has_its_fuzzer() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("its manifest");
    for (kind, _) in all() {
        assert!(fuzz.join(format!("fuzz_targets/{kind}.rs")).is_file(), "{kind}");
        assert!(manifest.contains(&format!("name = \"{kind}\"")), "{kind}");
    }
}
