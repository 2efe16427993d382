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
    for part in [
        "--quick",
        "--full",
        "--budget",
        "--kinds",
        "--cell",
        "--seed",
        "--json",
        "--list",
        "3 ",
        "capacity=N|unbounded",
        "cores=all|1",
        "queues=one|any",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
}

#[test]
fn the_list_says_which_kinds_and_cells_there_are() {
    let output = run(&["--list"]);
    assert!(output.status.success());
    let text = stdout(&output);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
    // What stands in several lines is looked for too.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "raddle-spsc",
        "rtrb",
        "mutex",
        "seg-queue",
        "std-mpsc",
        "deque",
        "cached-index",
        "base",
        "round-trip",
        "capacity 65536",
        "4x1-unbounded",
        "4x4-one-core",
        "topology-2x2",
        "by one queue or several",
        "many spsc",
        "stack-pairs-2",
        "2 threads, push and pop in turn",
        "counters-read-2",
        "1 reading every 50 us",
        "left out: ",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    let output = run(&["--list", "--cell", "topology=2x2"]);
    let text = stdout(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("n/a, is spsc, so not for 2x2: raddle-spsc, rtrb"), "{text}");
    assert!(text.contains("measured: raddle-mpmc") && !text.contains("left out"), "{text}");
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
    refused(&["--cell", "capacity=endless"], &["'endless'", "'unbounded'"]);
    refused(&["--cell", "cores=2"], &["'2'", "all or 1"]);
    refused(&["--cell", "queues=4"], &["'4'", "one or any"]);
    refused(
        &["--kinds", "rtrb", "--cell", "capacity=unbounded"],
        &["capacity=unbounded", "rtrb is bounded", "--list"],
    );
    refused(
        &["--kinds", "rtrb,slot-flag", "--cell", "topology=2x1"],
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
        "n/a, is spsc, so not for 2x1: raddle-spsc, rtrb",
        "Verdict",
        "For 1 to 1, ",
        "Not shown",
        "Verified:",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }

    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(document["schema"], 2);
    assert_eq!(document["seed"], 7);
    assert_eq!(document["arguments"][1], "3");
    assert!(document["machine"].is_object() && document["method"].is_string());
    let cells = document["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 5);
    let chosen = document["kinds"].as_array().unwrap().len();
    assert!(chosen >= 4);
    let rounds = document["rounds"].as_u64().unwrap() as usize;
    assert!(rounds >= 3);
    for cell in cells {
        let rows = cell["rows"].as_array().unwrap();
        let applicable = chosen - cell["not_applicable"].as_array().unwrap().len();
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
    assert_eq!(cells[0]["noise_floor"]["kind"], "raddle-spsc");
    assert_eq!(cells[4]["noise_floor"]["kind"], "raddle-mpsc");
}

/// Stacks and counters, from arguments to document.
#[test]
fn a_run_answers_for_stacks_and_counters_by_their_families() {
    let path = format!("{}/others.json", env!("CARGO_TARGET_TMPDIR"));
    let mut arguments = vec!["--budget", "8", "--seed", "7", "--json", &path];
    arguments.extend(["--kinds", "raddle,mutex,own,one-atomic"]);
    arguments.extend(["--cell", "stack", "--cell", "counters"]);
    let output = run(&arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let text = stdout(&output);
    for part in [
        "stack: 8 threads, push 1000, then take all",
        "Mpair/s",
        "Mitem/s",
        "Madd/s",
        "As a stack, ",
        "As a counter, ",
        "messages and additions",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let cells = document["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 19);
    for cell in cells {
        let structure = cell["cell"]["structure"].as_str().unwrap();
        for row in cell["rows"].as_array().unwrap() {
            let kind = row["kind"].as_str().unwrap();
            let kinds = document["kinds"].as_array().unwrap();
            let told = kinds.iter().find(|told| told["id"] == kind).unwrap();
            assert_eq!(told["structure"], structure, "{kind}");
            assert_eq!(row["memory"].is_null(), structure == "counter", "{kind}");
            assert!(row["samples"][0]["verified"].as_u64().unwrap() > 0);
        }
    }
}

/// The new factors, from arguments to document: no bound, one core, several queues.
#[test]
fn a_run_answers_the_topology_question_and_judges_batches_cores_and_bounds() {
    let path = format!("{}/topologies.json", env!("CARGO_TARGET_TMPDIR"));
    let mut arguments = vec!["--budget", "3", "--seed", "7", "--json", &path];
    arguments.extend(["--kinds", "raddle,rtrb,array-queue,seg-queue,mutex-unbounded"]);
    let asked = [
        "topology=2x2,queues=any",
        "topology=2x2",
        "topology=2x2,cores=1",
        "topology=2x2,capacity=unbounded",
        "topology=2x2,capacity=unbounded,batch=32",
    ];
    arguments.extend(asked.iter().flat_map(|cell| ["--cell", cell]));
    let output = run(&arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");

    let text = stdout(&output);
    for part in [
        "queue or several",
        "all on ONE CORE",
        "unbounded",
        "p99.9",
        "fair",
        "Memory: bytes per item",
        "Ours against the best rival",
        "The topology question",
        "4 spsc raddle spsc by pair",
        "one queue: nothing: one order",
        "For 2 to 2, unbounded, ",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }

    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let answer = &document["topology_question"][0];
    assert_eq!(answer["cell"], "topology-2x2");
    let ways = answer["others"].as_array().unwrap();
    let pair = ways.iter().find(|way| way["kind"] == "raddle-by-pair").unwrap();
    assert_eq!((&pair["queues"], &pair["ends"]), (&4.into(), &"spsc".into()));
    assert!(pair["time"]["median"].as_f64().unwrap() > 0.0);
    let cells = document["cells"].as_array().unwrap();
    assert_eq!(cells[2]["cell"]["cores"], "1");
    assert_eq!(cells[3]["cell"]["capacity"], "unbounded");
    for row in cells.iter().flat_map(|cell| cell["rows"].as_array().unwrap()) {
        let memory = &row["memory"];
        assert!(memory["peak"].as_u64() >= memory["items"].as_u64().map(|n| 8 * n), "{memory}");
        let figures = &row["summary"];
        if row["twin"] == false {
            assert!(figures["bytes_per_item"].as_f64().unwrap() >= 8.0, "{figures}");
            for end in ["producers", "consumers"] {
                let share = figures["least_share"][end].as_f64().unwrap();
                assert!((0.0..=1.0).contains(&share), "{figures}");
            }
        }
    }
    let duels = document["ours_against_best_rival"].as_array().unwrap();
    assert!(duels.iter().any(|duel| duel["what"] == "topology-2x2"), "{duels:?}");
}
