//! The program as its users meet it. No test here depends on how fast anything is.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raddle-bench"));
    command.args(arguments).output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Refused with exit code 2, before anything is measured, in words that contain `parts`.
#[track_caller]
fn refused(arguments: &[&str], parts: &[&str]) {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", stdout(&output));
    assert!(!error.contains("measuring"), "{arguments:?}: {error}");
    for part in parts {
        assert!(error.contains(part), "{arguments:?}: no '{part}' in {error}");
    }
}

#[test]
fn help_names_every_option_and_exit_code() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let text = stdout(&output);
    for part in
        ["--quick", "--full", "--budget", "--kinds", "--cell", "--seed", "--json", "--list", "3 "]
    {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
}

#[test]
fn the_list_says_which_kinds_and_cells_there_are() {
    let output = run(&["--list"]);
    assert!(output.status.success());
    let text = stdout(&output);
    for part in ["raddle", "rtrb", "mutex", "cached-index", "base", "round-trip", "capacity 65536"]
    {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    let output = run(&["--list", "--cell", "topology=2x2"]);
    assert!(stdout(&output).contains("n/a rtrb: is spsc, so not for 2x2"), "{}", stdout(&output));
}

#[test]
fn bad_arguments_are_refused_with_value_and_remedy() {
    refused(&["--fast"], &["--fast", "--help"]);
    refused(&["--quick", "--full"], &["--quick", "--full", "cannot be used with"]);
    refused(&["--quick", "--budget", "3"], &["--quick", "--budget"]);
    refused(&["--full", "--cell", "base"], &["--full", "--cell"]);
    refused(&["--seed", "x"], &["'x'", "--seed"]);
    refused(&["--seed", "-1"], &["-1"]);
    refused(&["--budget", "0"], &["'0'", "more than 0"]);
    refused(&["--budget", "NaN"], &["NaN", "more than 0"]);
    refused(&["--budget", "soon"], &["soon", "number of seconds"]);
    refused(&["--budget", "0.01"], &["0.01", "at least"]);
    refused(&["--kinds", "rtrb,nonesuch"], &["'nonesuch'", "rtrb", "mutex"]);
    refused(&["--kinds", ""], &["unknown kind ''", "rtrb"]);
    refused(&["extra"], &["extra"]);
}

#[test]
fn impossible_cells_are_refused_with_value_and_remedy() {
    refused(&["--cell", "batch=65,capacity=64"], &["batch=65", "1 to 64"]);
    refused(&["--cell", "payload=7"], &["payload=7", "[8, 64, 256]"]);
    refused(&["--cell", "nonesuch"], &["nonesuch", "base"]);
    refused(
        &["--kinds", "rtrb,raddle", "--cell", "topology=2x1"],
        &["topology=2x1", "rtrb is spsc", "--list"],
    );
}

#[test]
fn a_rival_that_was_not_built_is_refused_with_the_feature_that_builds_it() {
    if !cfg!(feature = "rivals") {
        refused(&["--kinds", "flume"], &["'flume'", "--features rivals"]);
    }
}

#[test]
fn an_unwritable_file_is_refused_before_anything_is_measured() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    refused(&["--json", folder], &[folder, "--json"]);
    let nowhere = format!("{folder}/no/such/folder/result.json");
    refused(&["--json", &nowhere], &[&nowhere, "folder that exists"]);
    refused(&["--json", "-"], &["-", "stdout"]);
}

/// A whole run, from arguments to document. Debug builds do it too: nothing is asserted about time.
#[test]
fn a_run_prints_a_table_and_writes_a_document_that_agree() {
    let path = format!("{}/end-to-end.json", env!("CARGO_TARGET_TMPDIR"));
    // Longer than any document: what is left of it would break the parse.
    std::fs::write(&path, "x".repeat(1 << 20)).unwrap();
    let output = run(&[
        "--budget",
        "3",
        "--seed",
        "7",
        "--json",
        &path,
        "--kinds",
        "rtrb,raddle,mutex,slot-flag",
        "--cell",
        "capacity=64",
        "--cell",
        "alone",
        "--cell",
        "mode=round-trip,capacity=64",
        "--cell",
        "batch=7,payload=64",
        "--cell",
        "topology=2x1",
    ]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(error.contains("round 1 of"), "{error}");

    let text = stdout(&output);
    for part in [
        "seed 7",
        "hypervisor",
        "load before",
        "load after",
        "Backoff::snooze",
        "noise floor",
        "x time of best",
        "n/a rtrb: is spsc",
        "Verdict",
        "For 1 to 1, ",
        "For 2 to 1, Mutex",
        "Not shown",
        "Verified:",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }

    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["seed"], 7);
    assert_eq!(document["arguments"][1], "3");
    assert!(document["machine"].is_object() && document["method"].is_string());
    let cells = document["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 5);
    let rounds = document["rounds"].as_u64().unwrap() as usize;
    assert!(rounds >= 3);
    for cell in cells {
        let rows = cell["rows"].as_array().unwrap();
        let applicable = 4 - cell["not_applicable"].as_array().unwrap().len();
        assert_eq!(rows.len(), applicable + 1, "every kind, and the twin of the first");
        assert_eq!(rows.iter().filter(|row| row["twin"] == true).count(), 1);
        for row in rows {
            let samples = row["samples"].as_array().unwrap();
            assert_eq!(samples.len(), rounds, "every kind once per round");
            for sample in samples {
                assert!(sample["ns"].as_f64().unwrap() > 0.0);
                assert!(sample["verified"].as_u64().unwrap() > 0);
            }
            let standing = &row["summary"]["standing"];
            assert!(row["twin"] == true || standing.is_string(), "{standing}");
        }
    }
    // Ours first, whatever the order on the command line: the A/A pair is the first kind's.
    assert_eq!(cells[0]["noise_floor"]["kind"], "raddle");
    assert_eq!(cells[4]["noise_floor"]["kind"], "mutex");
}
