//! Times on a logarithmic line, one line per row: what grows, and how steeply, is seen at a glance.
//!
//! A curve per row in one picture can't be told apart without colours, so each row has its own line, and the marks on it
//! are the points of its curve.

use core::fmt::Write;

/// Columns between the bars.
const WIDTH: usize = 50;

/// The marks of the points, in the order of the curve.
pub(super) fn mark(point: usize) -> char {
    char::from(b"123456789"[point.min(8)])
}

/// Draws `rows` of times in nanoseconds; a later point covers an earlier one, and both covered ones are told by `+`.
pub(super) fn lines(rows: &[(String, Vec<f64>)]) -> String {
    let all = || rows.iter().flat_map(|(_, points)| points.iter().copied());
    let first = all().fold(f64::INFINITY, f64::min).max(0.01).log10().floor();
    let last = all().fold(0.0, f64::max).max(0.1).log10().ceil().max(first + 1.0);
    let column = |ns: f64| {
        let share = (ns.max(0.01).log10() - first) / (last - first);
        (share * (WIDTH - 1) as f64).round().clamp(0.0, (WIDTH - 1) as f64) as usize
    };
    let name = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("  {:name$}  ", "");
    let mut axis = vec![' '; WIDTH + 8];
    for power in first as i32..=last as i32 {
        let label = label(power);
        for (i, letter) in label.chars().enumerate() {
            axis[column(10_f64.powi(power)) + i] = letter;
        }
    }
    let _ = writeln!(text, "{}", axis.iter().collect::<String>().trim_end());
    for (row, points) in rows {
        let mut line = [' '; WIDTH];
        for (i, &ns) in points.iter().enumerate() {
            let place = &mut line[column(ns)];
            *place = if *place == ' ' { mark(i) } else { '+' };
        }
        let _ = writeln!(text, "  {row:name$} |{}|", line.iter().collect::<String>());
    }
    text
}

fn label(power: i32) -> String {
    match power {
        ..0 => format!("{}ns", 10_f64.powi(power)),
        0..3 => format!("{}ns", 10_i64.pow(power as u32)),
        3..6 => format!("{}us", 10_i64.pow(power as u32 - 3)),
        6..9 => format!("{}ms", 10_i64.pow(power as u32 - 6)),
        _ => format!("{}s", 10_i64.pow(power as u32 - 9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_where_they_belong_and_lines_fit() {
        let rows = [
            ("one".to_owned(), vec![1.0, 10.0, 100.0]),
            ("longer name".to_owned(), vec![5.0, 5.0, 99.0]),
            ("nothing".to_owned(), vec![0.0]),
        ];
        let text = lines(&rows);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
        let order = ['1', '2', '3'].map(|mark| lines[1].find(mark).unwrap());
        assert!(order.is_sorted(), "{text}");
        // Equal steps on a logarithmic line.
        assert!((order[1] - order[0]).abs_diff(order[2] - order[1]) <= 1, "{text}");
        assert!(lines[2].contains('+') && !lines[2].contains('1'), "{text}");
        assert!(lines[0].contains("10ns") && lines[0].contains("100ns"), "{text}");
    }
}
