//! The cross-links of the Markdown pages and of the pages that rustdoc makes of them.
//!
//! A page of `docs/` is read on its own and as part of the documentation, where its neighbours have other names. So pages
//! link by reference, `[ring.md]`, and define it at their end for the one, and `src/guide_links.md` for the other. Checked
//! are here:
//! - in Markdown: that a link's file and its heading exist, that `[x.md]` is defined, that a path in backticks exists, that
//!   a model that is named, or that a `cargo xtask model NAME` asks for, exists, and that the functions of a snippet below `<!-- from: FILE -->` stand in that file word
//!   by word;
//! - in HTML: that each page that can be reached from the index links only to pages and places that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Where a path in backticks is one of ours.
const FOLDERS: [&str; 8] =
    ["benches", "docs", "examples", "fuzz", "loom-tests", "src", "tests", "xtask"];
const MODELS: &str = "loom-tests/src/models";
const FROM: &str = "<!-- from: ";

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) links: usize,
    pub(crate) problems: Vec<String>,
}

/// The Markdown files of the workspace's root and of `docs/`.
pub(crate) fn markdown(root: &Path) -> Result<Report, String> {
    let mut pages = BTreeMap::new();
    for folder in ["", "docs"] {
        let wrong = |error| format!("{folder}/: {error}");
        for entry in fs::read_dir(root.join(folder)).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                pages.insert(path.strip_prefix(root).unwrap_or(&path).to_owned(), text);
            }
        }
    }
    let read = |path: &Path| fs::read_to_string(root.join(path)).ok();
    let mut report = check(&pages, &|path| root.join(path).exists(), &read);
    let mut names = Vec::new();
    model_names(&root.join(MODELS), "", &mut names)
        .map_err(|error| format!("{MODELS}: {error}"))?;
    for (path, text) in &pages {
        for asked in asked(text) {
            report.links += 1;
            if !names.iter().any(|name| name.contains(&asked)) {
                let path = path.display();
                report.problems.push(format!("{path}: no model's name contains `{asked}`"));
            }
        }
    }
    Ok(report)
}

/// The names of all models below `folder`, as `cargo xtask model` knows them.
fn model_names(folder: &Path, prefix: &str, names: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let prefix = format!("{prefix}{stem}::");
        if path.is_dir() {
            model_names(&path, &prefix, names)?;
            continue;
        }
        let source = fs::read_to_string(&path)?;
        let models = source.lines().filter_map(|line| {
            line.strip_prefix("fn ")?.split_once("(model: Model)").map(|(name, _)| name)
        });
        names.extend(models.map(|name| format!("{prefix}{name}")));
    }
    Ok(())
}

/// What `cargo xtask model NAME` asks for, wherever a page breaks the line.
fn asked(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let command = |at: &usize| {
        words[*at].ends_with("cargo") && words[*at + 1..].starts_with(&["xtask", "model"])
    };
    let found = (0..words.len()).filter(command).filter_map(|at| words.get(at + 3));
    let name = |word: &&str| {
        word.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect()
    };
    found.map(name).filter(|name: &String| name != "NAME").collect()
}

fn check(
    pages: &BTreeMap<PathBuf, String>,
    exists: &dyn Fn(&Path) -> bool,
    read: &dyn Fn(&Path) -> Option<String>,
) -> Report {
    let mut report = Report::default();
    let anchors: BTreeMap<&Path, BTreeSet<String>> =
        pages.iter().map(|(path, text)| (path.as_path(), anchors(text))).collect();
    for (path, text) in pages {
        let defined: BTreeSet<&str> =
            prose(text).filter_map(|(_, line)| definition(line)).map(|(label, _)| label).collect();
        for (number, line) in prose(text) {
            let mut problem =
                |what: String| report.problems.push(format!("{}:{number}: {what}", path.display()));
            let targets =
                definition(line).map(|(_, target)| target).into_iter().chain(inline(line));
            for target in targets {
                report.links += 1;
                if target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let folder = path.parent().unwrap_or(Path::new(""));
                let file = if file.is_empty() { path.clone() } else { lexical(&folder.join(file)) };
                if !exists(&file) {
                    problem(format!("`{target}` doesn't exist"));
                } else if !anchor.is_empty()
                    && !anchors.get(&*file).is_some_and(|anchors| anchors.contains(anchor))
                {
                    problem(format!("{} has no heading `#{anchor}`", file.display()));
                }
            }
            for label in references(line) {
                if !defined.contains(label) {
                    problem(format!(
                        "[{label}] is not defined: add `[{label}]: {label}` at the end"
                    ));
                }
            }
            for code in between(line, '`') {
                let file = code.split(':').next().unwrap_or(code);
                let users = text.contains(&format!("<!-- file: {file} -->"));
                let ours =
                    !users && FOLDERS.iter().any(|folder| file.starts_with(&format!("{folder}/")));
                if ours && !file.contains(['*', ' ', '<', '{']) {
                    report.links += 1;
                    if !exists(Path::new(file)) {
                        problem(format!("there is no `{file}`"));
                    }
                }
                if let Some((modules, model)) = code.rsplit_once("::")
                    && model.matches('_').count() > 1
                    && let Some(source) =
                        read(&Path::new(MODELS).join(modules.replace("::", "/") + ".rs"))
                {
                    report.links += 1;
                    if !source.contains(&format!("fn {model}(")) {
                        problem(format!("there is no model `{code}`"));
                    }
                }
            }
        }
        for (number, file, function) in quoted(text) {
            report.links += 1;
            let source = read(Path::new(file)).unwrap_or_default();
            if !source.contains(&*function) {
                let name = function.lines().next().unwrap_or("");
                let path = path.display();
                report
                    .problems
                    .push(format!("{path}:{number}: `{name}` stands differently in {file}"));
            }
        }
    }
    report
}

/// The lines outside code blocks, with their numbers from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// `[label]: target`
fn definition(line: &str) -> Option<(&str, &str)> {
    let (label, target) = line.strip_prefix('[')?.split_once("]: ")?;
    Some((label, target.split_whitespace().next()?))
}

/// The targets of `[text](target)`.
fn inline(line: &str) -> impl Iterator<Item = &str> {
    without_code(line).filter_map(|at| line[at..].strip_prefix("](")?.split([')', ' ']).next())
}

/// `[x.md]` and `[x.md#y]`, which are links only if they are defined.
fn references(line: &str) -> impl Iterator<Item = &str> {
    without_code(line).filter_map(|at| {
        let (label, rest) = line[at..].strip_prefix('[')?.split_once(']')?;
        let page = label.ends_with(".md") || label.contains(".md#");
        (page && !rest.starts_with(['(', '['])).then_some(label)
    })
}

/// The places of a line that are not within backticks.
fn without_code(line: &str) -> impl Iterator<Item = usize> {
    let mut code = false;
    line.char_indices().filter_map(move |(at, c)| {
        code ^= c == '`';
        (!code).then_some(at)
    })
}

/// What stands between one `mark` and the next.
fn between(line: &str, mark: char) -> impl Iterator<Item = &str> {
    line.split(mark).skip(1).step_by(2)
}

/// The anchors that GitHub and rustdoc give to headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let Some(heading) = line.strip_prefix('#') else { continue };
        let slug: String = heading
            .trim_start_matches('#')
            .trim()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
            .collect();
        let again = (1..).map(|n| format!("{slug}-{n}")).find(|other| !anchors.contains(other));
        anchors.insert(if anchors.contains(&slug) { again.unwrap_or_default() } else { slug });
    }
    anchors
}

/// The functions of the snippets below `<!-- from: FILE -->`: line, file, text.
fn quoted(text: &str) -> Vec<(usize, &str, String)> {
    let mut quoted = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let Some(file) = line.strip_prefix(FROM).and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        let block = lines.by_ref().skip(1).map(|(_, line)| line).take_while(|line| *line != "```");
        let mut function: Option<String> = None;
        let before = quoted.len();
        for line in block {
            if line.starts_with("pub fn ") || line.starts_with("fn ") {
                function = Some(String::new());
            }
            if let Some(text) = &mut function {
                *text += line;
                text.push('\n');
                if line == "}" {
                    quoted.extend(function.take().map(|text| (number, file, text)));
                }
            }
        }
        if quoted.len() == before {
            quoted.push((number, file, "a snippet without a function".into()));
        }
    }
    quoted
}

/// Without `..`, whether or not it exists.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The pages that rustdoc made, from `raddle/index.html` on.
pub(crate) fn html(doc: &Path) -> Report {
    let mut report = Report::default();
    let mut pages: BTreeMap<PathBuf, Option<Page>> = BTreeMap::new();
    let mut open = vec![PathBuf::from("raddle/index.html")];
    let mut wanted = Vec::new();
    while let Some(path) = open.pop() {
        if pages.contains_key(&path) {
            continue;
        }
        let is_page = path.extension().is_some_and(|extension| extension == "html");
        let text = if is_page { fs::read_to_string(doc.join(&path)).ok() } else { None };
        let Some(text) = text else {
            pages.insert(path, None);
            continue;
        };
        let page = Page::read(&text);
        for target in &page.links {
            let target = target.replace("&amp;", "&");
            if target.contains("://") || target.starts_with("javascript:") {
                continue;
            }
            let (file, place) = target.split_once('#').unwrap_or((&target, ""));
            let file = file.split('?').next().unwrap_or(file);
            let folder = path.parent().unwrap_or(Path::new(""));
            let file = if file.is_empty() { path.clone() } else { lexical(&folder.join(file)) };
            open.push(file.clone());
            wanted.push((path.clone(), target.clone(), file, place.to_owned()));
        }
        pages.insert(path, Some(page));
    }
    for (path, target, file, place) in wanted {
        report.links += 1;
        // Lines of a listing are made by a script.
        let listing = file.starts_with("src");
        let missing = match pages.get(&file) {
            Some(Some(page)) => !listing && !place.is_empty() && !page.places.contains(&place),
            _ => !doc.join(&file).exists(),
        };
        if missing {
            let hint = if file.extension().is_some_and(|extension| extension == "md") {
                ": link by reference, and give rustdoc's name in src/guide_links.md"
            } else {
                ""
            };
            report.problems.push(format!("{}: dead link `{target}`{hint}", path.display()));
        }
    }
    report
}

#[derive(Debug)]
struct Page {
    links: Vec<String>,
    places: BTreeSet<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let values = |attribute: &str| {
            let from = format!(" {attribute}=\"");
            let values = text.split(&*from).skip(1).filter_map(|rest| rest.split('"').next());
            values.map(str::to_owned).collect::<Vec<_>>()
        };
        Self { links: values("href"), places: values("id").into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "/// Text.\npub fn add(n: u8) -> u8 {\n    n + 1\n}\n\nfn a_b_c(model: Model) {}\n";

    fn problems(page: &str) -> Vec<String> {
        let other = "# Other page\n\n## What, again?\n\n## What, again?\n";
        let pages = [("docs/page.md", page), ("docs/other.md", other)];
        let pages = pages.map(|(path, text)| (PathBuf::from(path), text.into())).into();
        let files = ["docs/page.md", "docs/other.md", "README.md", "loom-tests/src/models/m.rs"];
        let exists = |path: &Path| files.iter().any(|file| Path::new(file) == path);
        let read = |path: &Path| path.ends_with("models/m.rs").then(|| SOURCE.to_owned());
        check(&pages, &exists, &read).problems
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        for page in [
            "[o](other.md) [o](other.md#what-again) [o](other.md#what-again-1) [up](../README.md)",
            "See [other.md] and [there][x].\n\n[other.md]: other.md\n[x]: other.md#other-page\n",
            "# Here\n[here](#here) and [far](https://example.com/none.md#x)",
            "`docs/other.md` `benches` `m::a_b_c` `n::a_b_c` `m::Type` `[x](y.md)`",
            "```\n[o](none.md)\n```\n",
        ] {
            assert_eq!(problems(page), [""; 0], "{page}");
        }
    }

    #[test]
    fn each_dead_link_is_named() {
        for (page, named) in [
            ("[o](none.md)", "docs/page.md:1: `none.md` doesn't exist"),
            ("\n[o](other.md#gone)", "docs/page.md:2: docs/other.md has no heading `#gone`"),
            ("[o](other.md#what-again-2)", "has no heading"),
            ("[o](#here)", "docs/page.md has no heading `#here`"),
            ("[o]: none.md", "`none.md` doesn't exist"),
            ("See [other.md].", "[other.md] is not defined"),
            ("`docs/none.md`", "there is no `docs/none.md`"),
            ("`m::a_c_b`", "there is no model `m::a_c_b`"),
        ] {
            let found = problems(page);
            assert_eq!(found.len(), 1, "{page}: {found:?}");
            assert!(found[0].contains(named), "{page}: {found:?}");
        }
    }

    #[test]
    fn what_is_asked_for_is_found_across_lines() {
        let text = "Run `cargo xtask model\na_b`; `cargo xtask\nmodel c`. `cargo xtask model NAME`, `cargo xtask`";
        assert_eq!(asked(text), ["a_b", "c"]);
    }

    #[test]
    fn a_quoted_function_must_be_the_models() {
        let quote =
            |code: &str| format!("<!-- from: loom-tests/src/models/m.rs -->\n```\n{code}\n```\n");
        let right = "use x;\n\npub fn add(n: u8) -> u8 {\n    n + 1\n}\n\nassert_eq!(add(1), 2);";
        assert_eq!(problems(&quote(right)), [""; 0]);
        assert!(problems(&quote(&right.replace("+ 1", "+ 2")))[0].contains("stands differently"));
        assert!(problems(&quote("let x = 1;"))[0].contains("a snippet without a function"));
    }

    #[test]
    fn a_dead_link_of_rustdoc_is_named() {
        let doc = std::env::temp_dir().join(format!("raddle-links-{}", std::process::id()));
        fs::create_dir_all(doc.join("raddle/guide")).unwrap();
        let write = |path: &str, text: &str| fs::write(doc.join(path), text).unwrap();
        write("raddle/guide/ring.html", "<h2 id=\"laps\">x</h2> <a href=\"../index.html\">up</a>");
        write("raddle/index.html", "<a href=\"guide/ring.html#laps\">x</a>");
        let fine = html(&doc);
        assert_eq!((fine.links, fine.problems.len()), (2, 0), "{fine:?}");
        for dead in ["ring.md", "guide/ring.html#gone", "guide/none.html"] {
            write("raddle/index.html", &format!("<a href=\"{dead}\">x</a>"));
            let problems = html(&doc).problems;
            assert_eq!(problems.len(), 1, "{dead}: {problems:?}");
            assert!(problems[0].contains(&format!("dead link `{dead}`")), "{problems:?}");
        }
        fs::remove_dir_all(&doc).unwrap();
    }
}
