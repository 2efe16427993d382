//! Takes a source apart into lines of code and comments.

#[derive(Debug, Default)]
pub(super) struct Line {
    /// Without comments; what strings hold is blank.
    pub(super) code: String,
    /// Text of a `//` comment.
    pub(super) comment: Option<String>,
    /// The comment is documentation.
    pub(super) doc: bool,
    /// Text of a `//!` comment.
    pub(super) head: Option<String>,
}

pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '\''
}

/// The words of a line, each with its column from 1.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split(|c| !is_word_char(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - start + 1, word))
}

pub(super) fn has_word(text: &str, word: &str) -> bool {
    words(text).any(|(_, found)| found == word)
}

/// Takes code and comments apart.
pub(super) fn split(text: &str) -> Vec<Line> {
    /// What a line begins in.
    enum State {
        Code,
        /// Nested so deep.
        Comment(usize),
        /// Closed by a quote and so many `#`; raw if any or none.
        Text {
            hashes: Option<usize>,
        },
    }
    let mut state = State::Code;
    let mut lines = Vec::new();
    for text in text.lines() {
        let mut line = Line::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let mut taken = c.len_utf8();
            match state {
                State::Comment(depth) => {
                    if rest.starts_with("*/") {
                        state = if depth == 1 { State::Code } else { State::Comment(depth - 1) };
                        taken = 2;
                    } else if rest.starts_with("/*") {
                        state = State::Comment(depth + 1);
                        taken = 2;
                    }
                    line.code.push(' ');
                }
                State::Text { hashes } => {
                    if c == '\\' && hashes.is_none() {
                        taken += rest[1..].chars().next().map_or(0, char::len_utf8);
                    } else if c == '"' {
                        let hashes = hashes.unwrap_or(0);
                        if rest[1..].starts_with(&"#".repeat(hashes)) {
                            taken = 1 + hashes;
                            state = State::Code;
                        }
                    }
                    line.code.push(' ');
                }
                State::Code => {
                    if let Some(comment) = rest.strip_prefix("//") {
                        if let Some(head) = comment.strip_prefix('!') {
                            line.head = Some(head.into());
                        }
                        let four = comment.starts_with("//");
                        line.doc = comment.starts_with('!') || comment.starts_with('/') && !four;
                        line.comment = Some(comment.into());
                        break;
                    } else if rest.starts_with("/*") {
                        state = State::Comment(1);
                        taken = 2;
                        line.code.push(' ');
                    } else if c == '"' {
                        let before = line.code.trim_end_matches('#');
                        let hashes = line.code.len() - before.len();
                        let raw = before.ends_with('r');
                        state = State::Text { hashes: raw.then_some(hashes) };
                        line.code.push(' ');
                    } else if let Some(literal) = char_literal(rest) {
                        taken = literal;
                        line.code.push_str(&" ".repeat(literal));
                    } else {
                        line.code.push(c);
                    }
                }
            }
            rest = &rest[taken..];
        }
        lines.push(line);
    }
    lines
}

/// The length of the character literal that `text` begins with; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        // The escaped character may be a quote itself.
        let close = escape.get(1..)?.find('\'')?;
        return Some(2 + 1 + close + 1);
    }
    let c = inner.chars().next()?;
    inner[c.len_utf8()..].starts_with('\'').then(|| 2 + c.len_utf8())
}
