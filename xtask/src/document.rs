//! Documents with a part that is generated, between two markers.

use std::fs;
use std::path::Path;

use crate::run::{Log, Stop};

/// A document below `docs/`.
pub(crate) struct Document {
    /// From the root of the workspace on.
    pub(crate) path: &'static str,
    /// What writes the generated part.
    pub(crate) command: &'static str,
    /// What stands before it, if the document doesn't exist yet.
    pub(crate) head: &'static str,
}

const END: &str = "<!-- end -->";

impl Document {
    /// Whether the generated part is `generated`.
    pub(crate) fn check(&self, root: &Path, log: &mut Log, generated: &str) -> Result<(), Stop> {
        let present = self.present(root);
        if self.with(&present, generated)? == present {
            return Ok(());
        }
        log.note(generated);
        Err(Stop::Failed(format!("{} is out of date: run `{}`", self.path, self.command)))
    }

    /// Makes it so.
    pub(crate) fn write(&self, root: &Path, generated: &str) -> Result<(), Stop> {
        let text = self.with(&self.present(root), generated)?;
        let path = root.join(self.path);
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| Stop::Failed(format!("{}: {error}", self.path)))
    }

    /// What is there; nothing if there is no such file.
    fn present(&self, root: &Path) -> String {
        fs::read_to_string(root.join(self.path)).unwrap_or_default()
    }

    /// `present` with its generated part replaced.
    pub(crate) fn with(&self, present: &str, generated: &str) -> Result<String, Stop> {
        let begin = format!("<!-- begin: written by `{}` -->", self.command);
        if present.is_empty() {
            return Ok(format!("{}{begin}\n{generated}{END}\n", self.head));
        }
        let parts = present.split_once(&begin).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(END)?;
            Some(format!("{before}{begin}\n{generated}{END}{after}"))
        });
        parts.ok_or_else(|| {
            Stop::Failed(format!("{} has lost its markers `{begin}` and `{END}`", self.path))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_generated_part_is_replaced() {
        let document = Document { path: "docs/a.md", command: "a --write", head: "# A\n\n" };
        let begin = "<!-- begin: written by `a --write` -->";
        let present = format!("before\n{begin}\nold\n{END}\nafter\n");
        let replaced = document.with(&present, "new\n").unwrap();
        assert_eq!(replaced, format!("before\n{begin}\nnew\n{END}\nafter\n"));
        assert_eq!(document.with(&replaced, "new\n").unwrap(), replaced);
        assert!(document.with("no markers", "new\n").is_err());
        let fresh = document.with("", "new\n").unwrap();
        assert_eq!(document.with(&fresh, "new\n").unwrap(), fresh);
    }
}
