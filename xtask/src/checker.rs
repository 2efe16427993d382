//! The patched model checker: loom as published, one line mended, and a copy of the workspace that builds on it.
//!
//! loom 0.7.2 remembers only the last access of an atomic, so that a thread's own load hides another thread's from its
//! later store, and every "load, then write" loses interleavings (its issues 166 and 392). With [`FIXED`] a load
//! depends on any access before it. That costs executions and loses none; the canary says so on every run.
//!
//! Nothing of loom is committed: its source comes from cargo's registry cache. The models run in a copy of the
//! workspace, since a patch given on the command line would rewrite the committed `Cargo.lock`.
//! ```text
//! target/checker/loom        the published crate, one line changed
//! target/checker/workspace   our files, and `[patch.crates-io]`
//! target/checker/target      what is built there, and the canary's twin on loom as published
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Log, Project, Stop, cargo, metadata};

/// The release whose line we know.
const VERSION: &str = "0.7.2";
const FILE: &str = "src/rt/atomic.rs";
const BROKEN: &str = "Action::Load => self.last_non_load_access.as_ref(),";
const FIXED: &str = "Action::Load => self.last_access.as_ref(),";

const PATCH: &str = "\n[patch.crates-io]\nloom = { path = \"../loom\" }\n";

/// Cargo shows a path's warnings where it hides a registry crate's.
const QUIET: &str = "\n[lints.rust]\nwarnings = \"allow\"\n";

/// A copy of the workspace in which `loom` is the patched one.
pub(crate) struct Checker {
    workspace: PathBuf,
    target: PathBuf,
}

impl Checker {
    pub(crate) fn prepare(project: &Project, log: &mut Log) -> Result<Self, Stop> {
        Self::prepare_in(&project.target.join("checker"), project, log)
    }

    /// The same in another folder, for somebody who changes the sources there.
    pub(crate) fn prepare_in(
        folder: &Path,
        project: &Project,
        log: &mut Log,
    ) -> Result<Self, Stop> {
        let checker = Self { workspace: folder.join("workspace"), target: folder.join("target") };
        let loom = folder.join("loom");
        let prepared = published(project).and_then(|published| {
            copy_loom(&published, &loom)?;
            copy_workspace(project, &checker.workspace)?;
            checker.resolves_to(&loom)
        });
        match prepared {
            Ok(()) => {
                log.note(&format!("loom {VERSION}, patched, in {}", loom.display()));
                Ok(checker)
            }
            Err(why) => Err(Stop::Failed(format!("the patched checker: {why}"))),
        }
    }

    /// A cargo subcommand in the copy, under `--cfg loom`.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = under_loom(&self.workspace, &self.target);
        // Locked: a patch that isn't used would have to be noted in Cargo.lock, so it is an error.
        command.args([subcommand, "--locked"]);
        command
    }

    /// Where the copy of the workspace is.
    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Cargo in the workspace itself, under `--cfg loom`: loom as published, and all that it needs as built already.
    pub(crate) fn stock_cargo(&self, project: &Project) -> Command {
        let mut command = under_loom(&project.root, &self.target);
        // It fails at once: to optimize the models for it, of which it runs none, takes longer.
        let members = ["raddle", "raddle-loom-tests"];
        members.iter().for_each(|member| optimize(&mut command, "release", member, 0));
        command
    }

    /// Asks cargo which loom the copy builds on.
    fn resolves_to(&self, loom: &Path) -> Result<(), String> {
        let metadata = metadata(&self.workspace, &["--locked"])?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let used: Vec<PathBuf> = packages
            .filter(|package| package["name"] == "loom")
            .filter_map(|package| package["manifest_path"].as_str().map(PathBuf::from))
            .collect();
        let wanted = loom.join("Cargo.toml");
        if used == [wanted] {
            Ok(())
        } else {
            Err(format!("the copy builds on {used:?}, not on {}", loom.display()))
        }
    }
}

/// Optimized, since a model runs often; with every assertion, and without the link-time work that models don't need.
fn under_loom(folder: &Path, target: &Path) -> Command {
    let mut command = cargo(folder);
    command
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "--cfg loom")
        .env("RUSTDOCFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    optimize_search(&mut command, "release");
    command
}

/// The search is loom's; of its other dependencies, most are for its log.
pub(crate) fn optimize_search(command: &mut Command, profile: &str) {
    optimize(command, profile, "\"*\"", 0);
    ["loom", "generator"].iter().for_each(|package| optimize(command, profile, package, 3));
}

/// A package's own level of optimization.
pub(crate) fn optimize(command: &mut Command, profile: &str, package: &str, level: u8) {
    command.args(["--config", &format!("profile.{profile}.package.{package}.opt-level={level}")]);
}

/// Where cargo unpacked the published crate; `cargo metadata` downloads it if need be.
fn published(project: &Project) -> Result<PathBuf, String> {
    let packages = project.metadata["packages"].as_array().into_iter().flatten();
    let looms: Vec<_> = packages.filter(|package| package["name"] == "loom").collect();
    let [loom] = looms[..] else {
        return Err(format!("{} packages are called loom, one is expected", looms.len()));
    };
    if loom["version"] != VERSION || !loom["source"].as_str().unwrap_or("").starts_with("registry")
    {
        return Err(format!(
            "loom is {} from {}, not {VERSION} from the registry: look at its {FILE} and adapt xtask",
            loom["version"], loom["source"]
        ));
    }
    let manifest = Path::new(loom["manifest_path"].as_str().unwrap_or(""));
    manifest.parent().map(Path::to_owned).ok_or_else(|| "loom has no folder".into())
}

fn copy_loom(published: &Path, to: &Path) -> Result<(), String> {
    mirror(published, to, &[], |file, bytes| match file.to_str() {
        Some(FILE) => mend(&bytes),
        Some("Cargo.toml") => Ok([bytes, QUIET.into()].concat()),
        _ => Ok(bytes),
    })
}

/// Changes the one line, which must be there exactly once.
fn mend(source: &[u8]) -> Result<Vec<u8>, String> {
    let source = core::str::from_utf8(source).map_err(|error| format!("{FILE}: {error}"))?;
    match source.matches(BROKEN).count() {
        1 => Ok(source.replace(BROKEN, FIXED).into_bytes()),
        n => Err(format!(
            "{FILE} has the line `{BROKEN}` {n} times, not once: this is not the loom we know"
        )),
    }
}

fn copy_workspace(project: &Project, to: &Path) -> Result<(), String> {
    mirror(&project.root, to, &[&project.target], |file, bytes| match file.to_str() {
        Some("Cargo.toml") => Ok([bytes, PATCH.into()].concat()),
        Some("Cargo.lock") => unlock(&bytes),
        _ => Ok(bytes),
    })
}

/// The lock as cargo writes it when `loom` is a path: without its source and checksum. A rival of the benches may bring an
/// older `loom` into the lock; that one stays as it is.
fn unlock(lock: &[u8]) -> Result<Vec<u8>, String> {
    let lock = core::str::from_utf8(lock).map_err(|error| format!("Cargo.lock: {error}"))?;
    let version = format!("version = \"{VERSION}\"");
    let (mut in_loom, mut is_ours) = (false, false);
    let mut unlocked = String::with_capacity(lock.len());
    for line in lock.lines() {
        match line {
            "[[package]]" => (in_loom, is_ours) = (false, false),
            "name = \"loom\"" => in_loom = true,
            _ if line.starts_with("version = ") => is_ours = in_loom && line == version,
            _ => {}
        }
        if !(is_ours && (line.starts_with("source = ") || line.starts_with("checksum = "))) {
            unlocked.push_str(line);
            unlocked.push('\n');
        }
    }
    Ok(unlocked.into_bytes())
}

/// Makes `to` a copy of `from`, each file passed through `change`.
///
/// Only what differs is written, so that cargo rebuilds only what changed; what vanished is removed. Build folders,
/// git's own and `except` stay behind.
fn mirror(
    from: &Path,
    to: &Path,
    except: &[&Path],
    change: impl Fn(&Path, Vec<u8>) -> Result<Vec<u8>, String>,
) -> Result<(), String> {
    let wrong = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    let mut wanted = BTreeSet::new();
    files(from, Path::new(""), except, &mut wanted).map_err(|error| wrong(from, error))?;
    for file in &wanted {
        let (source, copy) = (from.join(file), to.join(file));
        let bytes = change(file, fs::read(&source).map_err(|error| wrong(&source, error))?)?;
        if fs::read(&copy).is_ok_and(|present| present == bytes) {
            continue;
        }
        let folder = copy.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
        fs::write(&copy, bytes).map_err(|error| wrong(&copy, error))?;
    }
    let mut present = BTreeSet::new();
    files(to, Path::new(""), &[], &mut present).map_err(|error| wrong(to, error))?;
    for file in present.difference(&wanted) {
        let gone = to.join(file);
        fs::remove_file(&gone).map_err(|error| wrong(&gone, error))?;
    }
    Ok(())
}

/// Every file below `root/folder`, as a path from `root`.
fn files(
    root: &Path,
    folder: &Path,
    except: &[&Path],
    found: &mut BTreeSet<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let path = folder.join(&name);
        // Links are followed: a dangling one is an error, as it is for cargo.
        if fs::metadata(entry.path())?.is_dir() {
            let stays = name == "target" || name == ".git" || except.contains(&&*entry.path());
            if !stays {
                files(root, &path, except, found)?;
            }
        } else if name != ".git" {
            // In a git worktree `.git` is a file.
            found.insert(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_mended_once() {
        let source = format!("match action {{\n    {BROKEN}\n}}\n");
        let mended = mend(source.as_bytes()).unwrap();
        assert_eq!(mended, format!("match action {{\n    {FIXED}\n}}\n").into_bytes());
    }

    #[test]
    fn another_loom_is_refused() {
        assert!(mend(b"match action {}").unwrap_err().contains("0 times"));
        let twice = format!("{BROKEN}\n{BROKEN}\n");
        assert!(mend(twice.as_bytes()).unwrap_err().contains("2 times"));
    }

    #[test]
    fn another_version_of_loom_keeps_its_source() {
        let lock = "[[package]]\nname = \"loom\"\nversion = \"0.5.6\"\nsource = \"registry\"\n";
        assert_eq!(unlock(lock.as_bytes()).unwrap(), lock.as_bytes());
    }

    #[test]
    fn only_loom_loses_its_source() {
        let lock = "version = 4\n\n[[package]]\nname = \"loom\"\nversion = \"0.7.2\"\n\
                    source = \"registry\"\nchecksum = \"1\"\ndependencies = [\n]\n\n\
                    [[package]]\nname = \"memchr\"\nsource = \"registry\"\nchecksum = \"2\"\n";
        let unlocked = "version = 4\n\n[[package]]\nname = \"loom\"\nversion = \"0.7.2\"\n\
                        dependencies = [\n]\n\n\
                        [[package]]\nname = \"memchr\"\nsource = \"registry\"\nchecksum = \"2\"\n";
        assert_eq!(unlock(lock.as_bytes()).unwrap(), unlocked.as_bytes());
    }

    #[test]
    fn a_mirror_follows_and_leaves_alone_what_is_the_same() {
        let scratch = std::env::temp_dir().join(format!("raddle-mirror-{}", std::process::id()));
        let (from, to) = (scratch.join("from"), scratch.join("to"));
        fs::create_dir_all(from.join("src")).unwrap();
        fs::create_dir_all(from.join("target")).unwrap();
        fs::write(from.join("src/a"), "a").unwrap();
        fs::write(from.join("src/b"), "b").unwrap();
        fs::write(from.join("target/c"), "c").unwrap();
        let copy = || mirror(&from, &to, &[], |_, bytes| Ok(bytes)).unwrap();
        copy();
        assert!(!to.join("target").exists());
        let written = fs::metadata(to.join("src/a")).unwrap().modified().unwrap();

        fs::remove_file(from.join("src/b")).unwrap();
        fs::write(from.join("d"), "d").unwrap();
        copy();
        assert_eq!(fs::metadata(to.join("src/a")).unwrap().modified().unwrap(), written);
        assert!(!to.join("src/b").exists());
        assert_eq!(fs::read(to.join("d")).unwrap(), b"d");
        fs::remove_dir_all(&scratch).unwrap();
    }
}
