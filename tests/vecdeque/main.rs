//! `spsc::bounded` against a `VecDeque`: random programs, and the corpus of the fuzzer.

#[path = "../common/rng.rs"]
mod rng;
mod run_ops;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use rng::Rng;
use run_ops::run_ops;

#[test]
fn random_programs_agree() {
    let mut rng = Rng::new(1);
    for case in 0..if cfg!(miri) { 20 } else { 6_000 } {
        let bytes: Vec<u8> = (0..rng.below(300)).map(|_| rng.below(256) as u8).collect();
        if let Err(panic) = catch_unwind(|| run_ops(&bytes)) {
            eprintln!("case {case} fails; as a file for the corpus: {bytes:?}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn the_fuzzers_corpus_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/spsc_bounded");
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a corpus file").path())
        .collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        eprintln!("{}", file.display());
        run_ops(&fs::read(&file).expect("a corpus file that can be read"));
    }
}
