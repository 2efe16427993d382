//! `cargo xtask fuzz`: the targets of `fuzz/`, each for its share of the time, under libFuzzer and the address and leak
//! sanitizers. (They get along with shuttle's coroutines, as long as no panic unwinds on one; under libFuzzer, a panic aborts.)
//!
//! What a target learns stays below `target/fuzz/`, its log too; `--keep` makes of it the committed corpora, which the
//! tests replay without a fuzzer in the normal run: of the programs that together reach all that was reached, the
//! [`KEPT`] longest of each kind of structure.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::Project;
use crate::suites::counted;
use crate::threads::nightly;

/// A binary of `fuzz/`.
struct Target {
    name: &'static str,
    /// So many structures, among which a program's first byte chooses, round and round.
    kinds: u8,
    flags: &'static str,
    /// The longest program.
    max_len: usize,
}

const TARGETS: [Target; 2] = [
    Target { name: "operations", kinds: 12, flags: "", max_len: 257 },
    Target { name: "schedule", kinds: 17, flags: "--cfg shuttle", max_len: 96 },
];

/// Programs that the fuzzer found, in a committed corpus, of each kind.
const KEPT: usize = 10;

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    executions: u64,
    edges: u64,
    /// What a program that fails was written to.
    finding: Option<String>,
}

pub(crate) fn run(
    project: &Project,
    seconds: u64,
    only: Option<&str>,
    keep: bool,
) -> Result<(), String> {
    let names = TARGETS.map(|target| target.name);
    if let Some(name) = only.filter(|name| !names.contains(name)) {
        return Err(format!("no target `{name}`; there are: {}", names.join(", ")));
    }
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|target| only.is_none_or(|name| name == target.name)).collect();
    cargo_fuzz(project)?;
    let each = (seconds / chosen.len() as u64).max(1);
    let mut lines = Vec::new();
    let mut failed = false;
    for target in chosen {
        let place = Place::of(project, target)?;
        println!("{}: builds, and runs for {each} s; see {}", target.name, place.log.display());
        let figures = place.fuzz(target, each)?;
        failed |= figures.finding.is_some();
        lines.push(format!("{}: {}", target.name, words(&figures)));
        if keep && figures.finding.is_none() {
            let kept = place.keep(target)?;
            lines.push(format!("{}: kept {}", target.name, counted(kept, "program")));
        }
    }
    lines.iter().for_each(|line| println!("{line}"));
    if failed { Err("a program fails".into()) } else { Ok(()) }
}

fn words(figures: &Figures) -> String {
    let Figures { executions, edges, finding } = figures;
    let finding = finding.as_ref().map_or("no finding".into(), |file| format!("finds {file}"));
    format!("{executions} executions, {edges} edges covered, {finding}")
}

/// The folders of a target.
struct Place {
    root: PathBuf,
    build: PathBuf,
    /// What it has found interesting, in this run and before.
    learnt: PathBuf,
    /// The smallest part of that which reaches as much.
    smallest: PathBuf,
    /// The committed corpus.
    corpus: PathBuf,
    log: PathBuf,
}

impl Place {
    fn of(project: &Project, target: &Target) -> Result<Self, String> {
        let own = project.target.join("fuzz").join(target.name);
        Ok(Self {
            root: project.root.clone(),
            build: folder(own.join("build"))?,
            learnt: folder(own.join("learnt"))?,
            smallest: own.join("smallest"),
            corpus: folder(project.root.join("fuzz").join("corpus").join(target.name))?,
            log: own.join("log"),
        })
    }

    fn command(&self, target: &Target) -> Result<Command, String> {
        let wrong = |error| format!("{}: {error}", self.log.display());
        let log = fs::File::create(&self.log).map_err(wrong)?;
        let mut command = nightly("cargo");
        command
            .current_dir(&self.root)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", target.flags)
            .args(["fuzz", "run", target.name, "--target-dir"])
            .arg(&self.build)
            .stdout(log.try_clone().map_err(wrong)?)
            .stderr(log);
        Ok(command)
    }

    fn fuzz(&self, target: &Target, seconds: u64) -> Result<Figures, String> {
        let (time, len) = (format!("-max_total_time={seconds}"), max_len(target));
        let mut command = self.command(target)?;
        command.arg(&self.learnt).arg(&self.corpus);
        // (Long programs at once: those that are given are long already.)
        // What is slow for a while on a busy machine is no finding; what doesn't end is.
        let limits = ["-timeout=120", "-report_slow_units=120"];
        command.args(["--", &len, "-len_control=0", "-print_final_stats=1", &time]).args(limits);
        let well = succeeds(&mut command)?;
        let log =
            fs::read(&self.log).map_err(|error| format!("{}: {error}", self.log.display()))?;
        let figures = figures(&String::from_utf8_lossy(&log));
        match figures {
            // A build that fails, for instance.
            Some(figures) if well || figures.finding.is_some() => Ok(figures),
            _ => Err(format!("{} doesn't run: see {}", target.name, self.log.display())),
        }
    }

    /// Writes the committed corpus anew, but for the programs that have names.
    fn keep(&self, target: &Target) -> Result<usize, String> {
        // What an earlier run left there would be kept with the rest.
        let _ = fs::remove_dir_all(&self.smallest);
        let mut command = self.command(target)?;
        command.arg(folder(self.smallest.clone())?).arg(&self.learnt).arg(&self.corpus);
        command.args(["--", &max_len(target), "-set_cover_merge=1"]);
        if !succeeds(&mut command)? {
            return Err(format!("the merge fails: see {}", self.log.display()));
        }
        let programs = programs(&self.smallest)?;
        for (name, _) in self::programs(&self.corpus)? {
            if is_hash(&name) {
                let path = self.corpus.join(name);
                fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        let kept = longest(programs, target.kinds);
        for (name, program) in &kept {
            let path = self.corpus.join(name);
            fs::write(&path, program).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(kept.len())
    }
}

/// A program and its file's name.
type Program = (String, Vec<u8>);

fn programs(folder: &Path) -> Result<Vec<Program>, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(wrong)?;
    let program = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?))
    };
    entries.map(program).collect::<Result<_, _>>().map_err(wrong)
}

/// Of each kind the [`KEPT`] longest.
fn longest(mut programs: Vec<Program>, kinds: u8) -> Vec<Program> {
    programs.sort_by_key(|(name, program)| (core::cmp::Reverse(program.len()), name.clone()));
    let mut of_kind = BTreeMap::<u8, usize>::new();
    programs.retain(|(_, program)| {
        let n = of_kind.entry(program.first().map_or(0, |byte| byte % kinds)).or_default();
        *n += 1;
        *n <= KEPT
    });
    programs
}

/// Whether libFuzzer named it, by its hash.
fn is_hash(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn max_len(target: &Target) -> String {
    format!("-max_len={}", target.max_len)
}

/// What libFuzzer says of a run, if there was one.
fn figures(log: &str) -> Option<Figures> {
    // `#20109 DONE cov: 8578 ft: 19283 ..`; one that fails ends without statistics.
    let runs = || log.lines().filter(|line| line.starts_with('#') && line.contains("cov: "));
    let after = |line: &str, word: &str| {
        let number: String = line
            .split_once(word)?
            .1
            .trim_start()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        number.parse().ok()
    };
    let last = runs().next_back()?;
    let said = log.lines().find_map(|line| after(line, "stat::number_of_executed_units:"));
    let written = log.lines().find_map(|line| line.split_once("Test unit written to "));
    Some(Figures {
        executions: said.or_else(|| after(last, "#"))?,
        edges: runs().filter_map(|line| after(line, "cov:")).max()?,
        finding: written.map(|(_, path)| path.trim().to_owned()),
    })
}

fn succeeds(command: &mut Command) -> Result<bool, String> {
    let status = command.status().map_err(|error| format!("can't run {command:?}: {error}"))?;
    Ok(status.success())
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

fn folder(path: PathBuf) -> Result<PathBuf, String> {
    fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn every_target_has_its_file_and_every_kind_has_programs() {
        let path = root().join("fuzz").join("Cargo.toml");
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let bins = manifest["bin"].as_array().unwrap();
        let names: Vec<_> = bins.iter().map(|bin| bin["name"].as_str().unwrap()).collect();
        assert_eq!(names, TARGETS.map(|target| target.name));
        let corpora = root().join("fuzz").join("corpus");
        for target in TARGETS {
            let programs = programs(&corpora.join(target.name)).unwrap();
            for kind in 0..target.kinds {
                let is_of =
                    |(_, bytes): &Program| bytes.first().map(|b| b % target.kinds) == Some(kind);
                assert!(programs.iter().any(is_of), "{}: kind {kind}", target.name);
            }
            assert!(programs.iter().all(|(_, bytes)| bytes.len() <= target.max_len));
        }
    }

    #[test]
    fn the_corpora_are_small() {
        let corpora = root().join("fuzz").join("corpus");
        let all = TARGETS.iter().flat_map(|target| programs(&corpora.join(target.name)).unwrap());
        let (files, bytes) =
            all.fold((0, 0), |(files, bytes), (_, program)| (files + 1, bytes + program.len()));
        assert!((1..=300).contains(&files), "{files} files of corpora");
        assert!((1..150_000).contains(&bytes), "{bytes} bytes of corpora");
        assert_eq!(fs::read_dir(corpora).unwrap().count(), TARGETS.len());
    }

    #[test]
    fn the_longest_of_each_kind_are_kept() {
        let program = |kind: u8, len: usize| (format!("{kind} {len}"), vec![kind; len]);
        let mut all: Vec<Program> = (1..=KEPT + 3).map(|len| program(0, len)).collect();
        all.extend([program(1, 2), program(4, 1)]);
        let kept = longest(all, 3);
        assert_eq!(kept.len(), KEPT + 2);
        assert!(!kept.contains(&program(0, 3)) && kept.contains(&program(0, 4)));
        assert!(is_hash(&"0a".repeat(20)) && !is_hash("four_kilobytes"));
    }

    #[test]
    fn a_log_is_read() {
        let well = "#7\tINITED cov: 12 ft: 3\n#90\tDONE   cov: 85 ft: 192 corp: 9/66b\n\
                    stat::number_of_executed_units: 91\n";
        let said = |executions, edges, finding: Option<&str>| {
            Some(Figures { executions, edges, finding: finding.map(Into::into) })
        };
        assert_eq!(figures(well), said(91, 85, None));
        let ill = "#7\tNEW    cov: 12 ft: 3\npanicked\n\
                   artifact_prefix='a/'; Test unit written to a/crash-1\nBase64: AA\n";
        assert_eq!(figures(ill), said(7, 12, Some("a/crash-1")));
        assert_eq!(figures("error: could not compile"), None);
        assert_eq!(words(&figures(well).unwrap()), "91 executions, 85 edges covered, no finding");
    }
}
