//! The floors of the library: a module may name only modules on lower floors.
//!
//! Reads the paths in `src/`, not the compiler's mind: `crate::x`, `super::x` as far as it leads out of a top-level
//! module, and uses of atomics or a model checker's names outside `sync`.

use std::fs;
use std::path::{Path, PathBuf};

/// From the top; what stands on one floor doesn't see its neighbours. A new top-level module needs a place here.
const FLOORS: &[&[&str]] = &[
    &["spsc", "mpsc", "spmc", "mpmc"], // doors: which one do I want?
    &["channel"],                      // who may wait?
    &["queue", "stack", "counter"],    // who may act?
    &["raw"],                          // how do values move?
    &["reclaim", "wait"],              // how do nodes die, how do ends sleep?
    &["backoff", "cardinality", "parallel"], // how to retry, one or many, how rayon drains
    &["sync", "cacheline"],            // what does the machine give us?
];

/// The only module that may name these.
const FACADE: &str = "sync";
const FACADES_ALONE: &[&str] = &["core::sync::atomic", "std::sync::atomic", "loom::", "shuttle::"];

fn floor(module: &str) -> Result<usize, String> {
    FLOORS.iter().position(|floor| floor.contains(&module)).ok_or_else(|| {
        format!(
            "`{module}` has no floor: add it to FLOORS in tests/floors.rs, below all that use it"
        )
    })
}

/// What is wrong with `source`, the file at `path` under `src/`.
fn check(path: &str, source: &str) -> Vec<String> {
    let mut parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    if parts == ["lib"] {
        return Vec::new(); // It puts the floors together.
    }
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    let module = parts[0];
    let own = match floor(module) {
        Ok(own) => own,
        Err(error) => return vec![error],
    };
    let source = code(source);
    let mut problems = Vec::new();
    for used in used(&source, parts.len()) {
        if used == module {
            continue;
        }
        match floor(&used) {
            // A type that the crate's root names, as `crate::Backoff`.
            Err(_) if used.starts_with(char::is_uppercase) => problems.push(format!(
                "{path} uses `crate::{used}`: name the module it comes from, so that its floor shows"
            )),
            Err(error) => problems.push(format!("{path}: {error}")),
            Ok(floor) if floor <= own => {
                problems.push(format!("{path} uses `{used}`, which isn't below `{module}`"));
            }
            Ok(_) => {}
        }
    }
    if module != FACADE {
        let flat: String = source.split_whitespace().collect();
        for name in FACADES_ALONE {
            if flat.contains(name) || imports(&flat, name) {
                problems.push(format!("{path} names `{name}`; only {FACADE}/ may"));
            }
        }
    }
    problems
}

/// `source` without comments.
fn code(source: &str) -> String {
    source.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Whether a list of imports hides `name`, as `use core::{cell::Cell, sync::atomic::Ordering}` does.
fn imports(flat: &str, name: &str) -> bool {
    let (first, rest) = name.split_once("::").unwrap_or((name, ""));
    let lists = flat.split(';').filter(|item| item.contains(&format!("use{first}::{{")));
    !rest.is_empty() && { lists }.any(|item| item.contains(rest) || item.contains("atomic::"))
}

/// The top-level modules that a file `depth` modules below the root names.
fn used(source: &str, depth: usize) -> Vec<String> {
    let mut used = heads(source, "crate::", |_| true);
    // `super` leads to the root from depth 1, `super::super` from depth 2; inline modules are one deeper.
    for inline in 0..4 {
        let prefix = "super::".repeat(depth + inline);
        used.extend(heads(source, &prefix, |at| inline_modules_around(&source[..at]) == inline));
    }
    used.sort();
    used.dedup();
    used
}

/// How many inline modules are open at the end of `before`.
fn inline_modules_around(before: &str) -> usize {
    let mut open = Vec::new();
    let mut item = 0; // where the item began that a brace opens
    for (at, c) in before.char_indices() {
        match c {
            '{' => open.push(before[item..at].split_whitespace().any(|word| word == "mod")),
            '}' => drop(open.pop()),
            ';' => {}
            _ => continue,
        }
        item = at + 1;
    }
    open.into_iter().filter(|is_module| *is_module).count()
}

/// The names that follow `prefix`, one or a list of them in braces.
fn heads(source: &str, prefix: &str, counts: impl Fn(usize) -> bool) -> Vec<String> {
    let mut heads = Vec::new();
    for (at, _) in source.match_indices(prefix) {
        let before = source[..at].chars().next_back();
        // Not part of a longer path, such as `super::super::`.
        if before.is_some_and(|c| c == ':' || c.is_alphanumeric() || c == '_') || !counts(at) {
            continue;
        }
        let rest = source[at + prefix.len()..].trim_start();
        match rest.strip_prefix('{') {
            None => heads.push(name(rest)),
            Some(list) => heads.extend(firsts(list)),
        }
    }
    heads.retain(|head| !head.is_empty() && head != "super" && head != "self");
    heads
}

/// The first name of each path in a list that was opened with a brace.
fn firsts(list: &str) -> Vec<String> {
    let (mut depth, mut firsts, mut fresh) = (0, Vec::new(), true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            _ if fresh && !c.is_whitespace() => {
                firsts.push(name(&list[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    firsts
}

fn name(source: &str) -> String {
    source.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn arrows_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src, &mut found);
    assert!(found.len() > 10, "{} files in {}", found.len(), src.display());
    let mut problems = Vec::new();
    for file in found {
        let path =
            file.strip_prefix(&src).expect("a file of src").to_string_lossy().replace('\\', "/");
        problems.extend(check(&path, &fs::read_to_string(&file).expect("a file that can be read")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_way_to_point_up_is_seen() {
    let up = |path: &str, source: &str| {
        let problems = check(path, source);
        assert_eq!(problems.len(), 1, "{path}: {source}: {problems:?}");
        problems[0].clone()
    };
    up("raw/ring.rs", "use crate::queue::Producer;");
    up("raw/ring.rs", "fn f() -> crate::queue::Producer { .. }");
    up("raw/ring.rs", "use crate::{sync::Ordering, queue::{Producer, Consumer}};");
    up("raw/mod.rs", "use super::queue::Producer;");
    up("raw/ring.rs", "use super::super::queue::Producer;");
    up("raw/segments/list.rs", "use super::super::super::{cacheline::Line, queue};");
    up("backoff.rs", "use super::raw;");
    up("backoff.rs", "struct S { x: u8 }\nmod tests { use super::super::raw; fn f() {} }");
    up("mpsc.rs", "use crate::spsc;");
    up("backoff.rs", "use crate::cardinality::One;");
    up("queue/producer.rs", "use crate::stack::Stack;");
    up("cacheline.rs", "use crate::sync::Ordering;");
    assert!(up("queue/producer.rs", "use crate::Backoff;").contains("name the module"));
}

#[test]
fn a_module_without_a_floor_is_told_where_to_get_one() {
    for (path, source) in [("novel.rs", ""), ("raw/ring.rs", "use crate::novel::Thing;")] {
        let problems = check(path, source).join("\n");
        assert!(problems.contains("`novel` has no floor: add it to FLOORS"), "{problems}");
    }
}

#[test]
fn atomics_and_model_checkers_outside_sync_are_seen() {
    for source in [
        "use core::sync::atomic::AtomicUsize;",
        "use std::sync::atomic::{AtomicUsize, Ordering};",
        "use core::{cell::Cell, sync::atomic::Ordering};",
        "static N: core::sync::\n    atomic::AtomicUsize = ..;",
        "use loom::thread;",
    ] {
        assert_eq!(check("queue/shared.rs", source).len(), 1, "{source}");
        assert!(check("sync/native.rs", source).is_empty(), "{source}");
    }
}

#[test]
fn arrows_down_and_words_in_comments_are_fine() {
    for (path, source) in [
        ("spsc.rs", "use crate::{queue, raw::LineRing};"),
        ("queue/producer.rs", "use super::{PushError, shared::Shared};\nuse crate::raw::Runs;"),
        (
            "queue/producer.rs",
            "/// [`spsc`](crate::spsc::bounded), on core::sync::atomic\nstruct S;",
        ),
        (
            "raw/ring.rs",
            "use super::{Run, Runs}; use crate::cacheline::Line; use core::cell::Cell;",
        ),
        ("backoff.rs", "fn f() {}\nmod tests { mod inner {}\n use super::{Backoff, raw}; }"),
        ("lib.rs", "pub use queue::PushError; use crate::spsc;"),
    ] {
        assert_eq!(check(path, source), [""; 0], "{path}: {source}");
    }
}
