//! A cell: one question to the machine, answered by every kind.

use core::fmt;

use serde::Serialize;

/// How many threads stand at each end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Topology {
    /// Threads that push.
    pub producers: usize,
    /// Threads that pop.
    pub consumers: usize,
}

impl Topology {
    /// One producer, one consumer.
    pub const ONE_TO_ONE: Self = Self { producers: 1, consumers: 1 };
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.producers, self.consumers)
    }
}

/// What the threads do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Producers push as fast as they can, consumers pop as fast as they can.
    Stream,
    /// One thread holds both ends and alternates: what the instructions cost when no line travels.
    Alone,
    /// Two queues; one item goes there and back before the next one leaves.
    RoundTrip,
}

impl Mode {
    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Alone => "alone",
            Self::RoundTrip => "round-trip",
        }
    }
}

/// The payload sizes in bytes that messages are compiled for.
pub const PAYLOADS: [usize; 3] = [8, 64, 256];

/// The most threads one end may have.
pub const MOST_THREADS: usize = 256;

/// The largest capacity: 65536 times 256 bytes are 16 MiB per queue.
pub const MOST_CAPACITY: usize = 1 << 20;

/// One question: every factor that may decide who is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Cell {
    /// Threads per end.
    pub topology: Topology,
    /// What the threads do.
    pub mode: Mode,
    /// Items per call.
    pub batch: usize,
    /// Bytes per item.
    pub payload: usize,
    /// Items the queue is asked to hold.
    pub capacity: usize,
}

impl Cell {
    /// The cell around which one factor is varied at a time.
    pub const BASE: Self = Self {
        topology: Topology::ONE_TO_ONE,
        mode: Mode::Stream,
        batch: 1,
        payload: 8,
        capacity: 1024,
    };

    /// Threads that a sample of this cell starts.
    pub fn threads(&self) -> usize {
        match self.mode {
            Mode::Stream => self.topology.producers + self.topology.consumers,
            Mode::Alone => 1,
            Mode::RoundTrip => 2,
        }
    }

    /// Why no kind could answer this cell, with the remedy.
    ///
    /// # Errors
    ///
    /// The reason, as a sentence for the user.
    pub fn check(&self) -> Result<(), String> {
        let Self { topology, mode, batch, payload, capacity } = *self;
        if !PAYLOADS.contains(&payload) {
            return Err(format!("payload={payload} is not compiled in: use one of {PAYLOADS:?}"));
        }
        if capacity == 0 || capacity > MOST_CAPACITY {
            return Err(format!("capacity={capacity}: use 1 to {MOST_CAPACITY}"));
        }
        if batch == 0 || batch > capacity {
            return Err(format!(
                "batch={batch} does not fit into capacity={capacity}: use 1 to {capacity}"
            ));
        }
        for (end, threads) in [("producers", topology.producers), ("consumers", topology.consumers)]
        {
            if threads == 0 || threads > MOST_THREADS {
                return Err(format!(
                    "topology={topology} has {threads} {end}: use 1 to {MOST_THREADS}"
                ));
            }
        }
        if mode != Mode::Stream && topology != Topology::ONE_TO_ONE {
            return Err(format!(
                "mode={} is defined for topology=1x1 only, not {topology}: use mode=stream",
                mode.word()
            ));
        }
        if mode == Mode::RoundTrip && batch != 1 {
            return Err(format!("mode=round-trip sends single items, not batch={batch}: use 1"));
        }
        Ok(())
    }

    /// A cell from `key=value` pairs on top of the base cell (`batch=64,capacity=4096`), or from a
    /// name of the default plan.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, as a sentence for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, cell)) = crate::plan::NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(*cell);
        }
        let mut cell = Self::BASE;
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                let names: Vec<_> = crate::plan::NAMED.iter().map(|(name, _)| *name).collect();
                return Err(format!(
                    "'{part}' is neither a cell's name ({}) nor key=value with one of the keys \
                     topology, mode, batch, payload, capacity",
                    names.join(", ")
                ));
            };
            match key {
                "topology" => cell.topology = parse_topology(value)?,
                "mode" => cell.mode = parse_mode(value)?,
                "batch" => cell.batch = parse_number(key, value)?,
                "payload" => cell.payload = parse_number(key, value)?,
                "capacity" => cell.capacity = parse_number(key, value)?,
                _ => {
                    return Err(format!(
                        "unknown key '{key}': use topology, mode, batch, payload or capacity"
                    ));
                }
            }
        }
        cell.check()?;
        Ok(cell)
    }

    /// The cell as [`parse`](Self::parse) reads it.
    pub fn id(&self) -> String {
        let Self { topology, mode, batch, payload, capacity } = self;
        let mode = mode.word();
        format!(
            "topology={topology},mode={mode},batch={batch},payload={payload},capacity={capacity}"
        )
    }

    /// What one measured operation is.
    pub fn unit(&self) -> &'static str {
        match self.mode {
            Mode::Stream => "message",
            Mode::Alone => "push and pop",
            Mode::RoundTrip => "round trip",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topology: Topology { producers, consumers }, mode, batch, payload, capacity } =
            *self;
        let s = |n| if n == 1 { "" } else { "s" };
        match mode {
            Mode::Stream => write!(
                f,
                "{producers} producer{} -> {consumers} consumer{}",
                s(producers),
                s(consumers)
            )?,
            Mode::Alone => write!(f, "one thread alone")?,
            Mode::RoundTrip => write!(f, "round trip between 2 threads")?,
        }
        if batch == 1 {
            write!(f, ", one item per call")?;
        } else {
            write!(f, ", {batch} items per call")?;
        }
        write!(f, ", {payload} bytes, capacity {capacity}")
    }
}

fn parse_number(key: &str, value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| format!("{key}='{value}' is not a whole number"))
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

fn parse_mode(value: &str) -> Result<Mode, String> {
    [Mode::Stream, Mode::Alone, Mode::RoundTrip]
        .into_iter()
        .find(|mode| mode.word() == value)
        .ok_or_else(|| format!("unknown mode '{value}': use stream, alone or round-trip"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_parses_back_to_its_cell() {
        for (_, cell) in crate::plan::NAMED {
            assert_eq!(Cell::parse(&cell.id()), Ok(cell));
        }
        for cell in crate::plan::grid() {
            assert_eq!(Cell::parse(&cell.id()), Ok(cell));
        }
    }

    #[test]
    fn an_impossible_cell_names_the_value_and_the_remedy() {
        for (text, value, remedy) in [
            ("batch=64,capacity=32", "batch=64", "1 to 32"),
            ("payload=9", "payload=9", "[8, 64, 256]"),
            ("capacity=0", "capacity=0", "1 to"),
            ("topology=0x1", "0x1", "1 to 256"),
            ("topology=2", "'2'", "2x1"),
            ("mode=alone,topology=2x1", "2x1", "mode=stream"),
            ("mode=round-trip,batch=2", "batch=2", "use 1"),
            ("mode=fast", "'fast'", "stream, alone or round-trip"),
            ("batch=many", "'many'", "whole number"),
            ("size=8", "'size'", "payload"),
            ("bases", "'bases'", "base"),
        ] {
            let error = Cell::parse(text).unwrap_err();
            assert!(error.contains(value) && error.contains(remedy), "{text}: {error}");
        }
    }
}
