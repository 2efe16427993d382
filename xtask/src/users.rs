//! What `docs/model-checking.md` tells users to do, done: the page's files, the packaged crate, the page's script.
//!
//! The files of the page are those below `<!-- file: NAME -->`. One of its two models is wrong on purpose.

use std::fs;
use std::process::{Command, Stdio};

use crate::run::{Log, Outcome, Project, Stop, cargo};

const PAGE: &str = "docs/model-checking.md";
const FILE: &str = "<!-- file: ";

pub(crate) fn check(project: &Project, log: &mut Log) -> Outcome {
    if Command::new("sh").args(["-c", ":"]).stdin(Stdio::null()).status().is_err() {
        return Err(Stop::Skipped("no sh".into()));
    }
    let folder = project.target.join("xtask").join("user");
    let failed = |what: &str, error: std::io::Error| Stop::Failed(format!("{what}: {error}"));
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&folder))
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| failed(name, error))
    };
    let page = fs::read_to_string(project.root.join(PAGE)).map_err(|error| failed(PAGE, error))?;
    let files = files(&page);
    for name in ["Cargo.toml", "src/lib.rs", "tests/loom.rs", "check.sh"] {
        let (_, text) = files
            .iter()
            .find(|(file, _)| *file == name)
            .ok_or_else(|| Stop::Failed(format!("{PAGE} has no file {name}")))?;
        // It stands in our target folder, and is none of our members.
        let own = if name == "Cargo.toml" { "\n[workspace]\n" } else { "" };
        write(name, &format!("{text}{own}"))?;
    }

    // As it will be published, and in the place of what is published.
    let packages = project.target.join("xtask").join("package");
    let package = ["package", "--package", "raddle", "--no-verify", "--allow-dirty", "--offline"];
    log.run(cargo(&project.root).args(package).arg("--target-dir").arg(&packages))?;
    let archive = packages.join("package").join("raddle-0.1.0.crate");
    log.run(Command::new("tar").current_dir(&folder).arg("-xzf").arg(&archive))?;
    write(".cargo/config.toml", "[patch.crates-io]\nraddle.path = \"raddle-0.1.0\"\n")?;
    // The versions that are here already.
    let lock = fs::read_to_string(project.root.join("Cargo.lock"))
        .map_err(|error| failed("Cargo.lock", error))?;
    write("Cargo.lock", &lock)?;
    log.run(cargo(&folder).args(["update", "--workspace", "--offline"]))?;
    let lock = fs::read(folder.join("Cargo.lock")).map_err(|error| failed("Cargo.lock", error))?;

    let mut script = Command::new("sh");
    script.current_dir(&folder).arg("check.sh").env("CARGO_NET_OFFLINE", "true");
    script.env_remove("CARGO_ENCODED_RUSTFLAGS").env("CARGO_TERM_COLOR", "never");
    // Two models this small search faster than their checker is optimized.
    script.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    let (success, output) = log.try_run(&mut script)?;
    let told = [
        "test models::until_stopped ... FAILED",
        "a line was lost",
        "test models::until_closed ... ok",
        "1 passed; 1 failed",
    ];
    if let Some(missing) = told.iter().find(|line| !output.contains(**line)) {
        return Err(Stop::Failed(format!("the page's example didn't say `{missing}`")));
    }
    if success {
        return Err(Stop::failed("the script hides that a model failed"));
    }
    if fs::read(folder.join("Cargo.lock")).ok() != Some(lock) {
        return Err(Stop::failed("the script changes the user's Cargo.lock"));
    }
    Ok("2 models".into())
}

/// The files that a page shows: name, text.
fn files(page: &str) -> Vec<(&str, String)> {
    let mut files = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix(FILE).and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        let text = lines.by_ref().skip(1).take_while(|line| *line != "```");
        files.push((name, text.flat_map(|line| [line, "\n"]).collect()));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_from_a_page() {
        let page =
            "x\n<!-- file: a/b.rs -->\n```rust\nfn main() {}\n\n```\ny\n```\nnot this\n```\n";
        assert_eq!(files(page), [("a/b.rs", "fn main() {}\n\n".to_owned())]);
    }
}
