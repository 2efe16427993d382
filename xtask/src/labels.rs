//! Reads the ordering labels of the sources, and checks that they hold together.
//!
//! ```text
//! // ORDERING: (P1) Release, pairs with (C1, lines::C2): the popper sees the slot's value.
//! slot.published.store(n, Ordering::Release);
//! ```
//! - Every `Acquire`, `Release`, `AcqRel` and `SeqCst` in code has such a comment on its line or directly above its
//!   statement, naming that ordering; an access with two orderings has two.
//! - A label is unique in its file, and the head of the file (`//!`) mentions it.
//! - Pairing is mutual. Another file's label is written `file::LABEL`.
//! - A comment that covers nothing is an error: it outlived its code. `// ORDERING: Relaxed ...` needs no label.
//!
//! A scan of lines, not a parser: it knows strings, comments and `use`, and stops at a file's test module.

mod lines;

use std::fs;
use std::path::Path;

use lines::{Line, has_word, is_word_char, split, words};

const ORDERINGS: [&str; 4] = ["Acquire", "Release", "AcqRel", "SeqCst"];
const REMEDY: &str = "write `// ORDERING: (LABEL) X, pairs with (LABEL): why` above its statement";

/// One file's edges and the orderings they cover.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the workspace's root: `src/raw/line.rs`.
    pub(crate) file: String,
    /// As other files name it: `raw/line`.
    pub(crate) name: String,
    pub(crate) edges: Vec<Edge>,
    pub(crate) uses: Vec<Use>,
    head: String,
    lines: Vec<Line>,
    problems: Vec<String>,
}

/// What an `ORDERING` comment says.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) label: String,
    line: usize,
    pub(crate) ordering: String,
    pairs: Vec<String>,
    covers: usize,
}

/// A non-Relaxed ordering in code.
#[derive(Debug)]
pub(crate) struct Use {
    /// From 1, as in compiler messages.
    pub(crate) line: usize,
    column: usize,
    ordering: &'static str,
    /// Line on which its statement begins.
    statement: usize,
    /// Index of its edge.
    pub(crate) edge: Option<usize>,
}

/// The files of `src/`, except the facade.
pub(crate) fn read(root: &Path) -> Result<Vec<Source>, String> {
    fn visit(folder: &Path, src: &Path, found: &mut Vec<Source>) -> Result<(), String> {
        let wrong = |error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            if path == src.join("sync") {
                continue;
            }
            if path.is_dir() {
                visit(&path, src, found)?;
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).map_err(wrong)?;
                let name = path.strip_prefix(src).unwrap_or(&path).with_extension("");
                let name = name.to_string_lossy().replace('\\', "/");
                found.push(Source::parse(&name, &text));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    let src = root.join("src");
    visit(&src, &src, &mut found)?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Every problem of the sources: file, line, remedy.
pub(crate) fn check(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources {
        problems.extend(source.problems.iter().cloned());
        for (i, edge) in source.edges.iter().enumerate() {
            let label = &edge.label;
            let mut problem = |what: String| problems.push(source.at(edge.line, &what));
            if let Some(first) = source.edges[..i].iter().find(|other| other.label == *label) {
                problem(format!("({label}) is taken by line {}: choose another label", first.line));
            }
            if !has_word(&source.head, label) {
                problem(format!(
                    "the head of the file doesn't mention ({label}): list it under `//!`"
                ));
            }
            if edge.covers == 0 {
                let ordering = &edge.ordering;
                problem(format!("({label}) covers no {ordering}: move the comment or remove it"));
            }
            for pair in &edge.pairs {
                match resolve(sources, source, pair) {
                    Err(why) => problem(format!("({label}) pairs with ({pair}): {why}")),
                    Ok((other, partner)) => {
                        let back = partner.pairs.iter().any(|back| {
                            resolve(sources, other, back)
                                .is_ok_and(|(_, end)| core::ptr::eq(end, edge))
                        });
                        if !back {
                            problem(format!(
                                "({label}) pairs with ({pair}), but {}:{} doesn't name it: add ({label}) there",
                                other.file, partner.line
                            ));
                        }
                    }
                }
            }
        }
    }
    problems
}

/// The edge that `pair` means in `source`.
fn resolve<'a>(
    sources: &'a [Source],
    source: &'a Source,
    pair: &str,
) -> Result<(&'a Source, &'a Edge), &'static str> {
    let (source, label) = match pair.rsplit_once("::") {
        None => (source, pair),
        Some((file, label)) => {
            let suffix = format!("/{file}");
            let is_meant = |other: &&Source| other.name == file || other.name.ends_with(&suffix);
            let mut meant = sources.iter().filter(is_meant);
            match (meant.next(), meant.next()) {
                (Some(other), None) => (other, label),
                (None, _) => return Err("there is no such file: name it by its path below `src/`"),
                _ => return Err("several files have that name: add their folder"),
            }
        }
    };
    let edge = source.edges.iter().find(|edge| edge.label == label);
    edge.map(|edge| (source, edge)).ok_or("there is no such label: add it or correct this one")
}

impl Source {
    /// The source `src/NAME.rs`.
    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let lines = split(text);
        let head =
            lines.iter().filter_map(|line| line.head.as_deref()).collect::<Vec<_>>().join("\n");
        let mut source = Self {
            file: format!("src/{name}.rs"),
            name: name.into(),
            edges: Vec::new(),
            uses: Vec::new(),
            head,
            lines,
            problems: Vec::new(),
        };
        source.find_edges();
        source.find_uses();
        for i in 0..source.uses.len() {
            source.cover(i);
        }
        source
    }

    fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.file)
    }

    /// The name of the function around `line`.
    pub(crate) fn function(&self, line: usize) -> Option<&str> {
        self.lines[..line].iter().rev().find_map(|line| {
            let (before, after) = line.code.split_once("fn ")?;
            let is_word = before.is_empty() || before.ends_with([' ', '(']);
            let end = after.find(|c: char| !is_word_char(c)).unwrap_or(after.len());
            (is_word && end > 0).then(|| &after[..end])
        })
    }

    /// The use that asks for `ordering` in the access at `line` and `column`, as the compiler names its place; the
    /// last one if it is a compare-exchange's failure.
    pub(crate) fn use_at(
        &self,
        line: usize,
        column: usize,
        ordering: &str,
        failure: bool,
    ) -> Option<&Use> {
        let mut candidates = self
            .uses
            .iter()
            .filter(|found| found.ordering == ordering && found.statement <= line)
            .filter(|found| (found.line, found.column) >= (line, column));
        let first = candidates.next()?;
        let same = candidates.next().filter(|next| next.statement == first.statement);
        Some(if failure { same.unwrap_or(first) } else { first })
    }

    fn find_edges(&mut self) {
        let mut i = 0;
        while i < self.lines.len() {
            let Some(comment) = self.plain_comment(i) else {
                i += 1;
                continue;
            };
            let Some((_, text)) = comment.split_once("ORDERING:") else {
                i += 1;
                continue;
            };
            let mut text = text.trim().to_owned();
            let line = i + 1;
            i += 1;
            // It goes on in the comment lines below, up to the next edge.
            while let Some(more) = self
                .plain_comment(i)
                .filter(|more| self.lines[i].code.trim().is_empty() && !more.contains("ORDERING:"))
            {
                text = format!("{text} {}", more.trim());
                i += 1;
            }
            if has_word(text.split([' ', ',', ':', '.']).next().unwrap_or(""), "Relaxed") {
                continue;
            }
            match parse_edge(&text) {
                Some((label, ordering, pairs)) => {
                    self.edges.push(Edge { label, line, ordering, pairs, covers: 0 });
                }
                None => {
                    let problem =
                        self.at(line, &format!("can't read `ORDERING: {text}`: {REMEDY}"));
                    self.problems.push(problem);
                }
            }
        }
    }

    fn plain_comment(&self, i: usize) -> Option<&str> {
        let line = self.lines.get(i)?;
        if line.doc { None } else { line.comment.as_deref() }
    }

    fn find_uses(&mut self) {
        let mut in_use = false;
        for i in 0..self.lines.len() {
            let code = self.lines[i].code.trim();
            if is_test_module(&self.lines[i..]) {
                return;
            }
            in_use |= ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
                .iter()
                .any(|start| code.starts_with(start));
            if !in_use {
                for (column, word) in words(&self.lines[i].code) {
                    if let Some(ordering) = ORDERINGS.into_iter().find(|ordering| *ordering == word)
                    {
                        let statement = self.statement(i) + 1;
                        self.uses.push(Use {
                            line: i + 1,
                            column,
                            ordering,
                            statement,
                            edge: None,
                        });
                    }
                }
            }
            in_use &= !code.ends_with(';');
        }
    }

    /// Index of the line on which the statement of line `i` begins, as far as its lines tell.
    fn statement(&self, i: usize) -> usize {
        let goes_on = |line: &Line| {
            let code = line.code.trim();
            !code.is_empty() && !code.ends_with([';', '{', '}'])
        };
        (0..i).rev().take_while(|&above| goes_on(&self.lines[above])).last().unwrap_or(i)
    }

    /// Finds the edge of a use.
    fn cover(&mut self, i: usize) {
        let Use { line, ordering, statement, .. } = self.uses[i];
        // Comments stand on the statement's lines up to the ordering, and in the block above its first line.
        let mut first = statement;
        while first > 1 && {
            let above = &self.lines[first - 2];
            above.code.trim().is_empty() && above.comment.is_some() && !above.doc
        } {
            first -= 1;
        }
        let lines = if self.edges.iter().any(|edge| edge.line == line) {
            line..=line
        } else {
            first..=line
        };
        let near = |edge: &Edge| lines.contains(&edge.line);
        let free = |edge: &Edge| near(edge) && edge.ordering == ordering && edge.covers == 0;
        let named: Vec<&str> =
            self.edges.iter().filter(|edge| near(edge)).map(|edge| &*edge.ordering).collect();
        let problem = if let Some(edge) = self.edges.iter().position(free) {
            self.edges[edge].covers += 1;
            self.uses[i].edge = Some(edge);
            return;
        } else if named.is_empty() {
            format!("{ordering} has no label: {REMEDY}")
        } else if named.contains(&ordering) {
            format!("{ordering} shares its label with another: {REMEDY}, one for each")
        } else {
            format!("{ordering} in code, {} in its comment: correct one", named.join(" and "))
        };
        let problem = self.at(line, &problem);
        self.problems.push(problem);
    }
}

/// `(P1) Release, pairs with (C1, C2): why`.
fn parse_edge(text: &str) -> Option<(String, String, Vec<String>)> {
    let (label, rest) = text.strip_prefix('(')?.split_once(')')?;
    let (ordering, rest) = rest.trim_start().split_once("pairs with (")?;
    let ordering = ordering.split([' ', ',']).next()?;
    let (pairs, why) = rest.split_once(')')?;
    let pairs: Vec<String> = pairs.split(',').map(|pair| pair.trim().to_owned()).collect();
    let why = why.trim_start().strip_prefix(':')?.trim();
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_word_char);
    let complete = is_label(label)
        && ORDERINGS.contains(&ordering)
        && pairs.iter().all(|pair| pair.rsplit("::").next().is_some_and(is_label))
        && !why.is_empty();
    complete.then(|| (label.into(), ordering.into(), pairs))
}

/// `#[cfg(test)]` (or a condition with `test` in it) on a module.
fn is_test_module(lines: &[Line]) -> bool {
    let mut code = lines.iter().map(|line| line.code.trim()).filter(|code| !code.is_empty());
    let gated =
        code.next().is_some_and(|code| code.starts_with("#[cfg(") && has_word(code, "test"));
    gated && code.find(|code| !code.starts_with("#[")).is_some_and(|code| has_word(code, "mod"))
}

#[cfg(test)]
mod tests;
