//! `raddle-bench atomics` as its users meet it. No test here depends on how fast anything is.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raddle-bench"));
    command.arg("atomics").args(arguments).output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn names() -> Vec<String> {
    let text = stdout(&run(&["--list"]));
    let names = text.lines().filter(|line| !line.starts_with(' '));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[track_caller]
fn refused(arguments: &[&str], parts: &[&str]) {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", stdout(&output));
    for part in parts {
        assert!(error.contains(part), "{arguments:?}: no '{part}' in {error}");
    }
}

#[test]
fn the_list_names_every_experiment() {
    let names = names();
    for name in [
        "cost",
        "contention",
        "hand-off",
        "false-sharing",
        "counting",
        "refcount",
        "locks-or-not",
        "topology",
        "ordering",
        "aba",
    ] {
        assert!(names.iter().any(|known| known == name), "no {name} in {names:?}");
    }
}

#[test]
fn bad_arguments_are_refused_before_anything_is_measured() {
    let names = names();
    let all: Vec<_> = names.iter().map(|name| &**name).collect();
    refused(&["cost", "nonesuch"], &[&["'nonesuch'"], &all[..]].concat());
    refused(&["--fast"], &["--fast"]);
    refused(&["--seed", "x"], &["'x'", "--seed"]);
    refused(&["--json", "-"], &["stdout"]);
    refused(&["--json", env!("CARGO_TARGET_TMPDIR")], &[env!("CARGO_TARGET_TMPDIR"), "--json"]);
}

/// Debug builds do it too: nothing is asserted about time, nor about what this machine can show.
#[test]
fn a_quick_run_of_all_prints_words_and_writes_a_document_that_agree() {
    let path = format!("{}/atomics.json", env!("CARGO_TARGET_TMPDIR"));
    let output = run(&["--quick", "--seed", "7", "--json", &path]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}{}", stdout(&output));
    let text = stdout(&output);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
    for part in ["raddle-bench", "cpu  ", "seed 7", "load after", "noise floor"] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    // Lines break where they are full.
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = flat(&text);

    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((&document["seed"], &document["complete"]), (&7.into(), &true.into()));
    assert!(document["machine"].is_object());
    let experiments = document["experiments"].as_array().unwrap();
    let run: Vec<_> = experiments.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(run, names());
    for experiment in experiments {
        assert!(experiment["broken"].is_null(), "{experiment}");
        let said = experiment["words"].as_str().or(experiment["not_here"].as_str()).unwrap();
        assert!(told.contains(&flat(said)), "'{said}' is not in {text}");
        assert!(experiment["words"].is_null() || !experiment["data"].is_null(), "{experiment}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn after_ctrl_c_what_is_complete_is_printed() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;

    let mut child = Command::new(env!("CARGO_BIN_EXE_raddle-bench"))
        .args(["atomics", "hand-off", "counting", "--seed", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    // The second experiment has begun, so the first is complete.
    errors.find(|line| line.as_ref().unwrap().starts_with("counting: ")).unwrap().unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("there is a kill").success());
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("\nhand-off: ") && text.contains("=> "), "{text}");
    assert!(!text.contains("\ncounting: ") && text.contains("Interrupted"), "{text}");
}
