//! Cells as text: `topology=4x1,capacity=unbounded`.

use super::{Capacity, Cell, Cores, Mode, Queues, Structure, Topology};
use crate::plan;

const STRUCTURES: [(&str, Structure); 3] =
    [("queue", Structure::Queue), ("stack", Structure::Stack), ("counter", Structure::Counter)];
const MODES: [(&str, Mode); 5] = [
    ("stream", Mode::Stream),
    ("alone", Mode::Alone),
    ("round-trip", Mode::RoundTrip),
    ("pairs", Mode::Pairs),
    ("bursts", Mode::Bursts),
];
const CORES: [(&str, Cores); 2] = [("all", Cores::All), ("1", Cores::One)];
const QUEUES: [(&str, Queues); 2] = [("one", Queues::One), ("any", Queues::Any)];

/// The word of a choice.
fn word<T: Copy + PartialEq>(choices: &[(&'static str, T)], value: T) -> &'static str {
    let choice = choices.iter().find(|(_, choice)| *choice == value);
    choice.map_or("?", |(word, _)| word)
}

/// The choice of a word.
fn choose<T: Copy>(key: &str, value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let choice = choices.iter().find(|(word, _)| *word == value).map(|(_, choice)| *choice);
    choice.ok_or_else(|| {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        format!("unknown {key} '{value}': use {}", either(&words))
    })
}

/// Such as `a, b or c`.
fn either(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => words.concat(),
    }
}

impl Structure {
    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        word(&STRUCTURES, self)
    }
}

impl Mode {
    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        word(&MODES, self)
    }
}

/// What one argument asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several(pub Vec<Cell>);

impl Cell {
    /// The keys of [`id`](Self::id), each with its value.
    pub(super) fn pairs(&self) -> [(&'static str, String); 8] {
        let Self { structure, topology, mode, batch, payload, capacity, cores, queues } = self;
        [
            ("structure", structure.word().to_owned()),
            ("topology", topology.to_string()),
            ("mode", mode.word().to_owned()),
            ("batch", batch.to_string()),
            ("payload", payload.to_string()),
            ("capacity", capacity.to_string()),
            ("cores", word(&CORES, *cores).to_owned()),
            ("queues", word(&QUEUES, *queues).to_owned()),
        ]
    }

    /// All cells whose names begin with `text`, as those of `stack` do; else [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn parse_some(text: &str) -> Result<Several, String> {
        let is_meant = |name: &str| name.strip_prefix(text).is_some_and(|s| s.starts_with('-'));
        let family: Vec<_> = plan::named().filter(|(name, _)| is_meant(name)).collect();
        if family.is_empty() || plan::named().any(|(name, _)| name == text) {
            return Ok(Several(vec![Self::parse(text)?]));
        }
        Ok(Several(family.into_iter().map(|(_, cell)| cell).collect()))
    }

    /// A cell from `key=value` pairs on top of the base cell (`batch=64,capacity=4096`), or from a
    /// name of the default plan.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, as a sentence for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, cell)) = plan::named().find(|(name, _)| *name == text) {
            return Ok(cell);
        }
        let mut cell = Self::BASE;
        let keys = || either(&Self::BASE.pairs().map(|(key, _)| key));
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                let names: Vec<_> = plan::named().map(|(name, _)| name).collect();
                return Err(format!(
                    "'{part}' is neither a cell's name ({}) nor key=value with the key {}",
                    names.join(", "),
                    keys()
                ));
            };
            match key {
                "structure" => {
                    cell.structure = choose(key, value, &STRUCTURES)?;
                    // Stacks and counters have no capacity to be named.
                    if cell.structure != Structure::Queue && !text.contains("capacity=") {
                        cell.capacity = Capacity::Unbounded;
                    }
                }
                "topology" => cell.topology = parse_topology(value)?,
                "mode" => cell.mode = choose(key, value, &MODES)?,
                "batch" => cell.batch = parse_number(key, value)?,
                "payload" => cell.payload = parse_number(key, value)?,
                "capacity" => cell.capacity = parse_capacity(key, value)?,
                "cores" => cell.cores = choose(key, value, &CORES)?,
                "queues" => cell.queues = choose(key, value, &QUEUES)?,
                _ => return Err(format!("unknown key '{key}': use {}", keys())),
            }
        }
        cell.check()?;
        Ok(cell)
    }
}

fn parse_number(key: &str, value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| format!("{key}='{value}' is not a whole number"))
}

fn parse_capacity(key: &str, value: &str) -> Result<Capacity, String> {
    if value == Capacity::Unbounded.to_string() {
        return Ok(Capacity::Unbounded);
    }
    let number = parse_number(key, value).map_err(|error| error + ", nor 'unbounded'")?;
    Ok(Capacity::Bounded(number))
}

fn parse_topology(value: &str) -> Result<Topology, String> {
    value
        .split_once('x')
        .and_then(|(producers, consumers)| {
            Some(Topology {
                producers: producers.parse().ok()?,
                consumers: consumers.parse().ok()?,
            })
        })
        .ok_or_else(|| {
            format!("topology='{value}' is not producers x consumers: write it like 2x1")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_all_its_cells_and_a_name_is_one() {
        let count = |text| Cell::parse_some(text).unwrap().0.len();
        assert_eq!([count("stack"), count("counters"), count("topology")], [11, 8, 2]);
        assert_eq!([count("4x1"), count("batch=7"), count("stack-pairs-1")], [1, 1, 1]);
        assert!(Cell::parse_some("stac").is_err());
    }

    #[test]
    fn an_id_parses_back_to_its_cell() {
        for cell in plan::named().map(|(_, cell)| cell).chain(crate::plan::grid()) {
            assert_eq!(Cell::parse(&cell.id()), Ok(cell));
            assert_eq!(Cell::parse(&cell.short_id()), Ok(cell));
        }
    }

    #[test]
    fn a_short_id_says_what_differs_from_the_base() {
        let text = "topology=4x4,batch=32,capacity=unbounded,cores=1";
        assert_eq!(Cell::parse(text).unwrap().short_id(), text);
        let cell = Cell::parse("queues=any,topology=2x2").unwrap();
        assert_eq!(cell.short_id(), "topology=2x2,queues=any");
    }

    #[test]
    fn an_impossible_cell_names_the_value_and_the_remedy() {
        for (text, value, remedy) in [
            ("batch=64,capacity=32", "batch=64", "1 to 32"),
            ("batch=65537,capacity=unbounded", "batch=65537", "1 to 65536"),
            ("payload=9", "payload=9", "[8, 64, 256]"),
            ("capacity=0", "capacity=0", "1 to"),
            ("capacity=endless", "'endless'", "'unbounded'"),
            ("topology=0x1", "0x1", "1 to 256"),
            ("topology=2", "'2'", "2x1"),
            ("mode=alone,topology=2x1", "2x1", "mode=stream"),
            ("mode=alone,queues=any", "queues=one", "mode=stream"),
            ("mode=round-trip,batch=2", "batch=2", "use 1"),
            ("mode=fast", "'fast'", "stream, alone, round-trip, pairs or bursts"),
            ("structure=heap", "'heap'", "queue, stack or counter"),
            ("mode=pairs", "mode=pairs", "structure=stack"),
            ("structure=stack,mode=pairs,topology=2x1", "2x1", "2x2"),
            ("structure=stack,mode=pairs,batch=2", "batch=2", "mode=bursts"),
            ("structure=stack,mode=alone", "mode=alone", "pairs"),
            ("structure=stack,capacity=64", "capacity=64", "unbounded"),
            ("structure=stack,queues=any", "structure=stack", "queues=one"),
            ("structure=counter,topology=0x1", "0x1", "1 to 256"),
            ("structure=counter,batch=2", "structure=counter", "leave them out"),
            ("cores=3", "'3'", "all or 1"),
            ("queues=2", "'2'", "one or any"),
            ("batch=many", "'many'", "whole number"),
            ("size=8", "'size'", "payload"),
            ("bases", "'bases'", "base"),
        ] {
            let error = Cell::parse(text).unwrap_err();
            assert!(error.contains(value) && error.contains(remedy), "{text}: {error}");
        }
    }
}
