//! The topology question, in words: one queue for all threads, or several narrower ones?

use fastrand::Rng;
use serde::Serialize;

use crate::cell::{Queues, Topology};
use crate::plan;
use crate::report::section::interval;
use crate::report::summary::times;
use crate::report::{counted, paragraph};
use crate::run::{Measured, Row};
use crate::stats::{self, Interval};
use crate::subject::{Count, Kind, Role};

/// One way to carry the traffic of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// Who does it.
    pub kind: &'static str,
    #[serde(skip)]
    title: &'static str,
    /// Queues in use.
    pub queues: usize,
    /// The ends of each.
    pub ends: &'static str,
    /// Time per message relative to one queue for all threads.
    pub time: Interval,
    /// Whether the difference is more than noise.
    pub clear: bool,
    /// What it costs besides time.
    pub gives_up: &'static str,
}

/// A cell's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The cell.
    pub cell: String,
    #[serde(skip)]
    pub(crate) topology: Topology,
    /// The one queue that the others are compared with: of ours if measured, else the fastest.
    pub measure: Way,
    /// The others, least time first.
    pub others: Vec<Way>,
}

/// What is lost with narrower queues.
fn gives_up(kind: &Kind) -> &'static str {
    match (kind.spread, kind.ends.producers, kind.ends.consumers) {
        (false, ..) | (true, Count::Many, Count::Many) => {
            "nothing: one order for all, and an idle consumer takes whatever is next"
        }
        (true, Count::Many, Count::One) => {
            "the balance of work (an item waits for its consumer while others idle) and the order \
             of a producer's items across consumers"
        }
        (true, Count::One, Count::Many) => {
            "the order between producers; a consumer has to poll all queues"
        }
        (true, Count::One, Count::One) => {
            "the balance of work, the order between producers, and that of a producer's items \
             across consumers; a consumer has to poll, and a burst finds only its part of the room"
        }
    }
}

impl Way {
    fn new(row: &Row, topology: Topology, time: Interval, clear: bool) -> Self {
        let kind = row.kind;
        Self {
            kind: kind.id,
            title: kind.title,
            queues: kind.queues(topology),
            ends: kind.ends.word(),
            time,
            clear,
            gives_up: gives_up(&kind),
        }
    }

    /// Such as 4 spsc (raddle spsc by pair).
    pub(crate) fn name(&self) -> String {
        format!("{} {} ({})", self.queues, self.ends, self.title)
    }

    /// Such as 0.31x [0.28, 0.36] the time.
    pub(crate) fn compared(&self) -> String {
        let ratio = interval(self.time).replacen(' ', "x ", 1);
        let doubt = if self.clear { "" } else { ", no clear difference" };
        format!("{ratio} the time{doubt}")
    }
}

/// The answers of all cells that ask the question and have one queue to compare with.
pub fn answers(cells: &[Measured], floors: &[f64], seed: u64) -> Vec<Answer> {
    let rng = &mut Rng::with_seed(seed);
    let asking = cells.iter().zip(floors).filter(|(cell, _)| cell.cell.queues == Queues::Any);
    asking.filter_map(|(measured, &floor)| answer(measured, floor, rng)).collect()
}

fn answer(measured: &Measured, floor: f64, rng: &mut Rng) -> Option<Answer> {
    let topology = measured.cell.topology;
    let median = |row: &Row| stats::median(&times(row));
    let rows = || measured.rows.iter().filter(|row| !row.twin);
    let single = rows().filter(|row| !row.kind.spread);
    let measure = single.min_by(|a, b| {
        let key = |row: &Row| (row.kind.role != Role::Ours, median(row));
        key(a).0.cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1))
    })?;
    let mut others: Vec<_> = rows()
        .filter(|row| row.kind.id != measure.kind.id)
        .map(|row| {
            let time = stats::paired_ratio(&times(row), &times(measure), rng);
            Way::new(row, topology, time, stats::is_clear(&time, floor))
        })
        .collect();
    others.sort_by(|a, b| a.time.median.total_cmp(&b.time.median));
    let measure = Way::new(measure, topology, Interval::ONE, false);
    Some(Answer { cell: plan::name(&measured.cell), topology, measure, others })
}

/// The answers in words.
pub fn text(answers: &[Answer]) -> String {
    let mut text = String::new();
    if answers.is_empty() {
        return text;
    }
    text.push_str("The topology question: the same traffic through one queue or through several\n");
    let mut prices: Vec<(&str, &str)> = Vec::new();
    for answer in answers {
        paragraph(&mut text, &format!("  {}: ", answer.cell), "      ", &conclude(answer));
        for way in [&answer.measure].into_iter().chain(&answer.others) {
            let compared =
                if *way == answer.measure { "the measure".to_owned() } else { way.compared() };
            let head = format!("    {:>2} {} {:<24} ", way.queues, way.ends, way.title);
            paragraph(&mut text, &head, "        ", &compared);
            let name = if way.queues == 1 { "one queue" } else { way.ends };
            if !prices.contains(&(name, way.gives_up)) {
                prices.push((name, way.gives_up));
            }
        }
    }
    text.push_str("  What each gives up:\n");
    for (name, gives_up) in prices {
        paragraph(&mut text, &format!("    {name}: "), "        ", gives_up);
    }
    text.push('\n');
    text
}

/// Which to take.
fn conclude(answer: &Answer) -> String {
    let Answer { topology: Topology { producers, consumers }, measure, others, .. } = answer;
    let threads =
        format!("{} -> {}", counted(*producers, "producer"), counted(*consumers, "consumer"));
    let faster = others.iter().find(|way| way.queues > 1).filter(|way| way.time.median < 1.0);
    match faster {
        Some(way) if way.clear => format!(
            "{threads}: with {} a message takes {} it takes with one queue for all ({}). Take them \
             if you can do without {}.",
            way.name(),
            way.compared(),
            measure.title,
            way.gives_up
        ),
        _ => format!(
            "{threads}: several queues are not clearly faster than one for all ({}), which gives \
             up nothing: take that.",
            measure.title
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{kind, measured, row};
    use super::*;
    use crate::subject::Ends;

    fn cell(global: f64, narrow: f64, rival: f64) -> Measured {
        let ours = Kind { ends: Ends::MPMC, ..kind("one", Role::Ours) };
        let narrow_kind = Kind { spread: true, ..kind("by pair", Role::Ours) };
        let other = Kind { ends: Ends::MPMC, ..kind("other", Role::Rival) };
        let rows = vec![
            row(ours, false, &[global; 5]),
            row(narrow_kind, false, &[narrow; 5]),
            row(other, false, &[rival; 5]),
            row(ours, true, &[global; 5]),
        ];
        measured("topology=2x2,queues=any", rows)
    }

    fn words(cell: Measured) -> String {
        let answers = answers(&[cell], &[1.1], 1);
        text(&answers).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn several_queues_win_with_what_they_give_up() {
        let text = words(cell(20.0, 10.0, 15.0));
        let verdict = "with 4 spsc (by pair) a message takes 0.50x [0.50, 0.50] the time it takes \
                       with one queue for all (one). Take them if you can do without the balance";
        assert!(text.contains(verdict), "{text}");
        assert!(text.contains("1 mpmc one the measure"), "{text}");
        assert!(text.contains("1 mpmc other 0.75x [0.75, 0.75] the time"), "{text}");
        assert!(text.contains("one queue: nothing: one order for all"), "{text}");
    }

    #[test]
    fn one_queue_wins_unless_several_are_clearly_faster() {
        for narrow in [30.0, 19.0] {
            let text = words(cell(20.0, narrow, 15.0));
            assert!(text.contains("not clearly faster than one for all (one)"), "{text}");
        }
        assert!(words(cell(20.0, 19.0, 15.0)).contains("the time, no clear difference"));
    }

    #[test]
    fn other_cells_have_no_answer() {
        let mut cell = cell(20.0, 10.0, 15.0);
        cell.cell.queues = Queues::One;
        assert!(answers(&[cell], &[1.1], 1).is_empty() && text(&[]).is_empty());
    }
}
