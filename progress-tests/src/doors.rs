//! What the documentation says of each operation: the tables under `# Progress`.

const DOORS: [(&str, &str); 6] = [
    ("spsc", include_str!("../../src/spsc.rs")),
    ("mpsc", include_str!("../../src/mpsc.rs")),
    ("spmc", include_str!("../../src/spmc.rs")),
    ("mpmc", include_str!("../../src/mpmc.rs")),
    ("stack", include_str!("../../src/stack/mod.rs")),
    ("counter", include_str!("../../src/counter/mod.rs")),
];

/// `mpmc::Fixed` has no table of its own; its documentation says that it has this one's.
const FIXED: &str = include_str!("../../src/queue/fixed.rs");
const AS_BOUNDED: &str = "and so the order and the progress, is that of [`mpmc::bounded`]";

/// Whether the door of `kind` says `label` of `op`, and where it is blocking says that.
///
/// # Errors
/// What it says instead.
pub fn agrees(kind: &str, op: &str, label: &str, blocks: bool) -> Result<(), String> {
    let said = said(kind, op).ok_or("its door says nothing of it")?;
    let said = said.to_lowercase();
    if said.starts_with(label) && blocks == said.contains("block") {
        Ok(())
    } else {
        Err(format!("its door says `{said}`, the search `{label}`, blocking: {blocks}"))
    }
}

/// Whether the door of `kind` says that `op` is wait-free.
#[must_use]
pub fn claims_wait_free(kind: &str, op: &str) -> bool {
    said(kind, op).is_some_and(|said| said.to_lowercase().starts_with("wait-free"))
}

/// The cell of a table of the head of the door's file, or its first words where the section has none.
fn said(kind: &str, op: &str) -> Option<String> {
    if kind == "mpmc::Fixed" {
        return FIXED.contains(AS_BOUNDED).then(|| said("mpmc::bounded", op))?;
    }
    let (door, flavour) = kind.split_once("::")?;
    let (_, text) = DOORS.iter().find(|(name, _)| *name == door)?;
    let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let title = |line: &str| line.trim_start().starts_with("# ");
    let own = format!("# Progress of `{flavour}`");
    let start = head
        .iter()
        .position(|line| line.trim() == own)
        .or_else(|| head.iter().position(|line| line.trim() == "# Progress"))?;
    let rest = &head[start + 1..];
    let end = rest.iter().position(|line| title(line)).unwrap_or(rest.len());
    let section = &rest[..end];
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut rows = section.iter().filter(|line| line.trim().starts_with('|'));
    let Some(header) = rows.next().map(|line| cells(line)) else {
        return section.first().map(|line| line.trim().to_owned());
    };
    let column =
        header.iter().position(|cell| *cell == format!("`{flavour}`") || *cell == "progress")?;
    // A row may say whose operations it has: `Stack::push`, or of a `local()` handle.
    let others = |row: &str| row.contains("::") && !row.contains(&format!("`{flavour}::"));
    let row =
        rows.map(|line| cells(line)).find(|row| is_row_of(&row[0], op) && !others(&row[0]))?;
    let cell = row.get(column)?;
    Some(if cell == "the same" { row.get(column - 1)?.clone() } else { cell.clone() })
}

fn is_row_of(row: &str, op: &str) -> bool {
    if op.starts_with("drop of a ") {
        return row.starts_with("dropping");
    }
    match op.split_once(" of a ") {
        // `add` of a `local()` handle
        Some((op, whose)) => row.contains(&format!("`{op}`")) && row.contains(whose),
        None if op.contains(' ') => row.contains(op),
        None if row.contains(" of a ") => false,
        None => row.contains(&format!("`{op}`")) || row.contains(&format!("::{op}`")),
    }
}
