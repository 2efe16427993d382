//! Plain words, made from the figures alone.

use core::fmt::Write;

use crate::cell::{Capacity, Mode, Queues, Structure, Topology};
use crate::report::summary::{Line, Standing, Summary};
use crate::report::{counted, paragraph, section};
use crate::stats::Interval;
use crate::subject::Role;

/// A verdict over all cells: one line per cell, one recommendation per topology, and what the figures don't show.
pub fn text(summaries: &[Summary], name: impl Fn(&Summary) -> String) -> String {
    let mut text = String::from("Verdict\n");
    for summary in summaries {
        paragraph(&mut text, &format!("  {}: ", name(summary)), "      ", &cell(summary));
    }
    // What one queue is asked for: which ends, and whether with a bound.
    let question = |summary: &Summary| {
        let cell = summary.cell;
        match cell.structure {
            Structure::Queue => {
                Question::Queue(cell.topology, cell.capacity == Capacity::Unbounded)
            }
            other => Question::Other(other),
        }
    };
    let mut questions: Vec<Question> = Vec::new();
    let asked: Vec<_> =
        summaries.iter().filter(|summary| summary.cell.queues == Queues::One).collect();
    for summary in &asked {
        if !questions.contains(&question(summary)) {
            questions.push(question(summary));
        }
    }
    for asks in questions {
        let of: Vec<_> =
            asked.iter().copied().filter(|summary| question(summary) == asks).collect();
        // Of one cell, its line says it.
        if of.len() == 1 && asked.len() > 1 {
            continue;
        }
        let head = match asks {
            Question::Queue(Topology { producers, consumers }, unbounded) => {
                let bound = if unbounded { ", unbounded" } else { "" };
                format!("For {producers} to {consumers}{bound}")
            }
            Question::Other(structure) => format!("As a {}", structure.word()),
        };
        paragraph(&mut text, "", "  ", &recommend(&head, &of, &name));
    }
    paragraph(&mut text, "", "  ", &not_shown(summaries));
    text
}

/// What a recommendation answers.
#[derive(PartialEq)]
enum Question {
    /// Between so many threads, with a bound or without.
    Queue(Topology, bool),
    /// Whatever its threads do.
    Other(Structure),
}

/// Such as 1.31x [1.26, 1.37].
fn ratio(interval: Interval) -> String {
    section::interval(interval).replacen(' ', "x ", 1)
}

fn titles<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let titles: Vec<_> = lines.into_iter().map(|line| line.kind.title).collect();
    match &titles[..] {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// One cell in a sentence or two.
fn cell(summary: &Summary) -> String {
    let Some(best) = summary.best() else {
        return "no kind could answer".to_owned();
    };
    let products = || summary.lines.iter().filter(|line| line.kind.role != Role::Design);
    let level: Vec<_> = products().filter(|line| line.standing == Standing::Level).collect();
    let next = products().find(|line| line.standing == Standing::Slower);
    let mut text = if !level.is_empty() {
        let titles = titles([best].into_iter().chain(level));
        format!("no clear difference between {titles}")
    } else {
        format!("{} is fastest", best.kind.title)
    };
    match next {
        Some(next) => {
            let _ = write!(text, "; {} takes {} the time", next.kind.title, ratio(next.ratio));
        }
        None if products().count() == 1 => text.push_str(", being the only product here"),
        None => {}
    }
    let faster = summary.lines.iter().filter(|line| line.standing == Standing::Faster);
    for design in faster {
        let (title, ratio) = (design.kind.title, ratio(design.ratio));
        let _ = write!(text, "; {title} takes {ratio}, but is not a product");
    }
    text
}

/// The product that leads in most cells of a question, with the cells where it doesn't.
fn recommend(head: &str, summaries: &[&Summary], name: impl Fn(&Summary) -> String) -> String {
    let leads = |line: &Line| matches!(line.standing, Standing::Best | Standing::Level);
    let of =
        |summary: &Summary, id: &str| summary.lines.iter().find(|line| line.kind.id == id).cloned();
    // Cells led, then the mean of log ratios: small is good in both.
    let mut scores: Vec<(usize, f64, Line)> = Vec::new();
    for candidate in summaries.iter().flat_map(|summary| &summary.lines) {
        let id = candidate.kind.id;
        let known = scores.iter().any(|(.., line)| line.kind.id == id);
        if candidate.kind.role == Role::Design || known {
            continue;
        }
        let lines: Vec<_> = summaries.iter().filter_map(|summary| of(summary, id)).collect();
        let led = lines.iter().filter(|line| leads(line)).count();
        let log: f64 = lines.iter().map(|line| line.ratio.median.ln()).sum();
        scores.push((led, log / lines.len() as f64, candidate.clone()));
    }
    scores.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    let Some((led, _, first)) = scores.first() else {
        return format!("{head}: no product was measured.");
    };
    let mut text = format!(
        "{head}, {}: fastest, or not clearly slower, in {led} of {}",
        first.kind.title,
        counted(summaries.len(), "cell")
    );
    let behind: Vec<_> = summaries
        .iter()
        .filter_map(|summary| match of(summary, first.kind.id) {
            Some(line) if leads(&line) => None,
            Some(line) => Some(format!(
                "{} ({} the time of {})",
                name(summary),
                ratio(line.ratio),
                summary.best().map_or("the best", |best| best.kind.title)
            )),
            None => Some(format!("{} (can't)", name(summary))),
        })
        .collect();
    if !behind.is_empty() {
        let _ = write!(text, "; not in {}", behind.join(", "));
    }
    let equal: Vec<_> = scores[1..].iter().filter(|(other, ..)| other == led).collect();
    if !equal.is_empty() {
        let _ = write!(
            text,
            ". {} lead{} in as many cells: take what suits you otherwise",
            titles(equal.iter().map(|(.., line)| line)),
            if equal.len() == 1 { "s" } else { "" }
        );
    }
    text.push('.');
    text
}

fn not_shown(summaries: &[Summary]) -> String {
    let mut text = String::from("Not shown: what your consumer does per item.");
    let is_stream = |summary: &&Summary| {
        summary.cell.mode == Mode::Stream && summary.cell.structure == Structure::Queue
    };
    let streams = summaries.iter().filter(is_stream);
    if let Some(best) = streams.filter_map(Summary::best).map(|line| line.ns).reduce(f64::max) {
        let share = 100.0 * best / (best + 1000.0);
        let _ = write!(
            text,
            " At 1 us of work per item, the best queue of any stream cell above is at most \
             {share:.1} % of the time."
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{kind, row, summary};
    use super::*;

    fn verdict(summary: Summary) -> String {
        text(&[summary], |_| "base".to_owned()).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_clear_winner_is_named_whoever_it_is() {
        let (ours, rival) = (kind("ours", Role::Ours), kind("rival", Role::Rival));
        let rows = |ours_ns, rival_ns| {
            vec![
                row(ours, false, &[ours_ns; 5]),
                row(rival, false, &[rival_ns; 5]),
                row(ours, true, &[ours_ns; 5]),
            ]
        };
        let text = verdict(summary(rows(10.0, 20.0)));
        assert!(
            text.contains("ours is fastest; rival takes 2.00x [2.00, 2.00] the time"),
            "{text}"
        );
        assert!(text.contains("For 1 to 1, ours: fastest"), "{text}");
        let text = verdict(summary(rows(20.0, 10.0)));
        assert!(
            text.contains("rival is fastest; ours takes 2.00x [2.00, 2.00] the time"),
            "{text}"
        );
        assert!(text.contains("For 1 to 1, rival: fastest"), "{text}");
    }

    #[test]
    fn no_clear_difference_is_admitted() {
        let (a, b) = (kind("a", Role::Ours), kind("b", Role::Rival));
        let rows = vec![
            row(a, false, &[10.0, 11.0, 10.0, 11.0, 10.5]),
            row(b, false, &[11.0, 10.0, 11.0, 10.0, 10.6]),
            row(a, true, &[10.0; 5]),
        ];
        let text = verdict(summary(rows));
        assert!(text.contains("no clear difference between a and b"), "{text}");
        assert!(text.contains("b leads in as many cells"), "{text}");
    }

    #[test]
    fn a_design_is_mentioned_and_not_recommended() {
        let (a, d) = (kind("a", Role::Rival), kind("d", Role::Design));
        let rows =
            vec![row(a, false, &[10.0; 5]), row(d, false, &[5.0; 5]), row(a, true, &[10.0; 5])];
        let text = verdict(summary(rows));
        assert!(text.contains("d takes 0.50x [0.50, 0.50], but is not"), "{text}");
        assert!(text.contains("For 1 to 1, a:"), "{text}");
    }
}
