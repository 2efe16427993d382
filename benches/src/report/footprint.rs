//! What full queues take in memory: a table of kinds by payload and capacity.

use crate::cell::{Capacity, Cell, Structure};
use crate::report::section::digits;
use crate::report::summary::Summary;
use crate::report::table::{plain_table, print};
use crate::subject::Kind;

/// Columns of figures that fit beside a kind's title.
const COLUMNS: usize = 5;

/// What a column is about: the cells of one payload and capacity, whatever their threads do.
type Filling = (Structure, usize, Capacity);

fn filling(cell: &Cell) -> Filling {
    (cell.structure, cell.payload, cell.capacity)
}

/// Bytes per item of each kind in each filling; of several topologies, the first one measured.
pub fn text(summaries: &[Summary]) -> String {
    let mut fillings: Vec<Filling> = Vec::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for summary in summaries.iter().filter(|s| s.cell.structure != Structure::Counter) {
        let filling = filling(&summary.cell);
        if !fillings.contains(&filling) {
            fillings.push(filling);
        }
        for line in &summary.lines {
            if kinds.iter().all(|kind| kind.id != line.kind.id) {
                kinds.push(line.kind);
            }
        }
    }
    let mut text = String::from(
        "Memory: bytes per item when full (unbounded: 65536 items), handles included\n",
    );
    if fillings.is_empty() {
        return String::new();
    }
    for fillings in fillings.chunks(COLUMNS) {
        let header = fillings.iter().map(|(structure, payload, capacity)| match capacity {
            Capacity::Bounded(n) => format!("{payload}B/{n}"),
            Capacity::Unbounded if *structure == Structure::Stack => format!("{payload}B/stack"),
            Capacity::Unbounded => format!("{payload}B/any"),
        });
        let header: Vec<_> = [String::from("payload/capacity")].into_iter().chain(header).collect();
        let header: Vec<_> = header.iter().map(String::as_str).collect();
        let mut table = plain_table(&header, &[1, 2, 3, 4, 5], 1);
        for kind in &kinds {
            let figures: Vec<_> =
                fillings.iter().map(|filling| per_item(summaries, kind, *filling)).collect();
            if figures.iter().any(Option::is_some) {
                let figure = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), digits);
                let figures = figures.into_iter().map(figure);
                table.add_row([kind.title.to_owned()].into_iter().chain(figures));
            }
        }
        text.push_str(&print(&table, "  "));
    }
    text
}

fn per_item(summaries: &[Summary], kind: &Kind, of: Filling) -> Option<f64> {
    let cells = summaries.iter().filter(|summary| filling(&summary.cell) == of);
    let mut lines = cells.flat_map(|summary| &summary.lines);
    let line = lines.find(|line| line.kind.id == kind.id)?;
    line.memory.map(|memory| memory.per_item())
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{kind, measured, row};
    use super::*;
    use crate::subject::Role;

    #[test]
    fn every_filling_is_a_column_and_every_kind_a_row() {
        let (a, b) = (kind("a", Role::Ours), kind("b", Role::Rival));
        let cell = |text, kinds: &[Kind]| {
            let rows = kinds.iter().map(|kind| row(*kind, false, &[1.0; 3])).collect();
            Summary::new(&measured(text, rows), 1)
        };
        let text = text(&[
            cell("base", &[a, b]),
            cell("topology=2x1", &[a]),
            cell("payload=64,capacity=65536", &[a]),
            cell("capacity=unbounded", &[b]),
        ]);
        let lines: Vec<Vec<_>> =
            text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["payload/capacity", "8B/1024", "64B/65536", "8B/any"], "{text}");
        assert_eq!(lines[1], ["a", "10.0", "10.0", "-"], "{text}");
        assert_eq!(lines[2], ["b", "10.0", "-", "10.0"], "{text}");
    }
}
