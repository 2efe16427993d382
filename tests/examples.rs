//! Every example runs once; each checks itself what it computes.

use std::path::Path;
use std::process::Command;

#[test]
fn every_example_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut ran = 0;
    for file in std::fs::read_dir(root.join("examples")).expect("examples") {
        let file = file.expect("a file").file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(".rs")).expect("an example");
        let mut cargo = Command::new(env!("CARGO"));
        let run = ["run", "--quiet", "--features", "latency", "--example", name];
        let run = cargo.current_dir(root).args(run).output();
        let run = run.expect("cargo runs");
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{name}: {errors}");
        assert!(!run.stdout.is_empty(), "{name} says nothing of what it did");
        ran += 1;
    }
    assert!(ran > 1);
}
