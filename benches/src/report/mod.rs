//! What the figures say: `summary` and `duel` compute, the others tell.

pub mod duel;
pub mod footprint;
pub mod json;
pub mod section;
pub mod summary;
pub mod table;
pub mod topology;
pub mod verdict;

/// The method, in words that a reader of the figures needs.
pub const METHOD: &str = "\
Each round measures every kind once in every cell, in shuffled order, on a fresh
queue. A sample warms up (two laps of the ring, up to 10 ms), then counts in a
window of fixed time, then times single calls for a while, then drains; count,
checksum and order of all messages are verified. Ratios are taken within a
round; shown is their median with its 95 % interval (bootstrap over rounds).
The A/A pair is one kind measured twice: its interval is the noise floor.
Between failed tries every kind waits the same: crossbeam's Backoff::snooze
(spins, then yields); where threads share CPUs, each 128th failed try sleeps as
briefly as it can, for yields alone starve. Producers of an unbounded queue wait
while about 65536 messages are inside, the same for all kinds. Of a stack the
count and two checksums are verified, of a counter the sum, and that no reader
ever saw less than before.
";

/// Such as 1 cell, 2 cells.
pub(crate) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Columns of the report.
const WIDTH: usize = 80;

/// Appends a paragraph that starts with `head` and goes on after `indent`, no line wider than [`WIDTH`].
pub(crate) fn paragraph(text: &mut String, head: &str, indent: &str, body: &str) {
    let mut column = head.chars().count();
    text.push_str(head);
    for (i, word) in body.split_whitespace().enumerate() {
        let width = word.chars().count();
        if i > 0 && column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(indent);
            column = indent.len();
        } else if i > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_keeps_its_words_and_its_width() {
        let mut text = String::new();
        let body = "several words of some length ".repeat(20);
        paragraph(&mut text, "  base: ", "      ", &body);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.split_whitespace().skip(1).eq(body.split_whitespace()));
    }
}
