//! `cargo xtask fuzz`: each target of `fuzz/` for its share of the time, under libFuzzer and the address sanitizer.
//!
//! What it learns stays below `target/`; `--keep` makes of it the committed corpora, which `tests/vecdeque` replays without a
//! fuzzer in the normal run: of the programs that together reach all that was reached, the [`KEPT`] longest of each target.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::Project;
use crate::threads::nightly;

/// The longest program, and so the largest file of a corpus.
const MAX_LEN: &str = "-max_len=256";

/// Programs in a committed corpus.
const KEPT: usize = 40;

pub(crate) fn run(project: &Project, seconds: u64, keep: bool) -> Result<(), String> {
    let targets = targets(&project.root)?;
    let corpora = corpora(&project.root)?;
    cargo_fuzz(project)?;
    let each = (seconds / targets.len() as u64).max(1);
    // All at once, which is quicker than one by one.
    succeed(nightly("cargo").current_dir(&project.root).args(["fuzz", "build"]))?;
    for target in &targets {
        println!("{target}: {each} s");
        let learnt = folder(project.target.join("fuzz").join(target))?;
        let time = format!("-max_total_time={each}");
        let mut command = fuzz(&project.root, target);
        command.arg(&learnt).args(&corpora).args(["--", MAX_LEN, "-print_final_stats=1", &time]);
        succeed(&mut command)?;
        if keep {
            let smallest = project.target.join("fuzz").join(format!("{target}.kept"));
            // What an earlier run left there would be kept with the rest.
            let _ = fs::remove_dir_all(&smallest);
            let smallest = folder(smallest)?;
            let mut command = fuzz(&project.root, target);
            command.arg(&smallest).arg(&learnt).args(["--", MAX_LEN, "-set_cover_merge=1"]);
            succeed(&mut command)?;
            keep_longest(&smallest, &project.root.join("fuzz").join("corpus").join(target))?;
        }
    }
    Ok(())
}

/// Copies the [`KEPT`] longest files, of whose names (the programs' hashes) libFuzzer has made sure that they differ.
fn keep_longest(from: &Path, to: &Path) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", from.display());
    let mut programs = Vec::new();
    for entry in fs::read_dir(from).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        programs.push((fs::read(entry.path()).map_err(wrong)?, entry.file_name()));
    }
    programs.sort_by_key(|(program, name)| (core::cmp::Reverse(program.len()), name.clone()));
    let to = folder(to.into())?;
    for (program, name) in programs.into_iter().take(KEPT) {
        fs::write(to.join(name), program).map_err(wrong)?;
    }
    Ok(())
}

fn fuzz(root: &Path, target: &str) -> Command {
    let mut command = nightly("cargo");
    command.current_dir(root).args(["fuzz", "run", target]);
    command
}

fn succeed(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{command:?} fails: its input is the last one named above")),
        Err(error) => Err(format!("can't run {command:?}: {error}")),
    }
}

/// Sees to it that cargo-fuzz is there.
fn cargo_fuzz(project: &Project) -> Result<(), String> {
    let present = || {
        let output = nightly("cargo").args(["fuzz", "--version"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    if present() {
        return Ok(());
    }
    println!("cargo-fuzz is missing: cargo install cargo-fuzz --locked");
    let mut install = crate::run::cargo(&project.root);
    // A missing nightly compiler shows by the second question.
    let _ = install.args(["install", "cargo-fuzz", "--locked"]).status();
    if present() {
        return Ok(());
    }
    Err("no cargo-fuzz: it needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`"
        .into())
}

/// The names of the binaries.
fn targets(root: &Path) -> Result<Vec<String>, String> {
    let path = root.join("fuzz").join("Cargo.toml");
    let wrong = |why: String| format!("{}: {why}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    let manifest: toml::Table = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let bins = manifest.get("bin").and_then(|bins| bins.as_array());
    let names =
        bins.into_iter().flatten().filter_map(|bin| Some(bin.get("name")?.as_str()?.into()));
    let names: Vec<String> = names.collect();
    if names.is_empty() { Err(wrong("no target".into())) } else { Ok(names) }
}

/// Every committed corpus: any bytes are a program for any target.
fn corpora(root: &Path) -> Result<Vec<PathBuf>, String> {
    let folder = root.join("fuzz").join("corpus");
    let entries = fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

fn folder(path: PathBuf) -> Result<PathBuf, String> {
    fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_its_file_and_the_corpora_are_small() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let targets = targets(root).unwrap();
        assert!(targets.iter().all(|name| {
            root.join("fuzz").join("fuzz_targets").join(format!("{name}.rs")).is_file()
        }));
        let files = corpora(root).unwrap().into_iter().flat_map(|corpus| {
            fs::read_dir(corpus).unwrap().map(|file| file.unwrap().metadata().unwrap().len())
        });
        let bytes: u64 = files.sum();
        assert!((1..200_000).contains(&bytes), "{bytes} bytes of corpora");
    }
}
