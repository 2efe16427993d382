//! What the types forbid must not compile, for the reason meant.
//!
//! Each `tests/ui/x.rs` has the compiler's words beside it, in `x.stderr`, and a twin `pass_x.rs`: the legal version of
//! the same lines, so that no case fails for another reason. After a change of the compiler's wording:
//! `TRYBUILD=overwrite cargo test --test ui`, and read every difference.

use std::fs;
use std::path::Path;

#[test]
fn what_the_types_forbid_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass_*.rs");
    for case in fails() {
        cases.compile_fail(format!("tests/ui/{case}.rs"));
    }
}

#[test]
fn every_case_has_its_error_and_its_legal_twin() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let fails = fails();
    assert!(!fails.is_empty());
    for case in fails {
        for file in [format!("{case}.stderr"), format!("pass_{case}.rs")] {
            assert!(folder.join(&file).is_file(), "tests/ui/{file} is missing");
        }
    }
}

/// The cases that must not compile, without `.rs`.
fn fails() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let names =
        fs::read_dir(folder).expect("tests/ui").map(|entry| entry.expect("a file").file_name());
    let cases = names.filter_map(|name| Some(name.to_str()?.strip_suffix(".rs")?.to_owned()));
    let mut cases: Vec<_> = cases.filter(|case| !case.starts_with("pass_")).collect();
    cases.sort();
    cases
}
