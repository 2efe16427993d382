//! Who a subject is.

use serde::Serialize;

use crate::cell::{Capacity, Cell, Queues, Structure, Topology};

/// How many threads may stand at an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// One.
    One,
    /// Any number.
    Many,
}

/// How many threads may stand at each end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// Threads that push.
    pub producers: Count,
    /// Threads that pop.
    pub consumers: Count,
}

impl Ends {
    /// Single producer, single consumer.
    pub const SPSC: Self = Self { producers: Count::One, consumers: Count::One };
    /// Many producers, single consumer.
    pub const MPSC: Self = Self { producers: Count::Many, consumers: Count::One };
    /// Single producer, many consumers.
    pub const SPMC: Self = Self { producers: Count::One, consumers: Count::Many };
    /// Many producers, many consumers.
    pub const MPMC: Self = Self { producers: Count::Many, consumers: Count::Many };

    /// The four letters.
    pub fn word(self) -> &'static str {
        match (self.producers, self.consumers) {
            (Count::One, Count::One) => "spsc",
            (Count::Many, Count::One) => "mpsc",
            (Count::One, Count::Many) => "spmc",
            (Count::Many, Count::Many) => "mpmc",
        }
    }

    /// Whether so many threads may stand there.
    pub fn allow(self, topology: Topology) -> bool {
        let allow = |count, threads| count == Count::Many || threads == 1;
        allow(self.producers, topology.producers) && allow(self.consumers, topology.consumers)
    }

    /// The narrowest ends that allow so many threads.
    pub fn of(topology: Topology) -> Self {
        let count = |threads| if threads == 1 { Count::One } else { Count::Many };
        Self { producers: count(topology.producers), consumers: count(topology.consumers) }
    }
}

/// Whether the capacity has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// It is given at construction.
    Bounded,
    /// It grows.
    Unbounded,
}

/// Whose queue it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// This workspace's library.
    Ours,
    /// Somebody else's product.
    Rival,
    /// A design of ours that lost and stays measured; not a product.
    Design,
}

/// Where its code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A package of the lock file.
    Package(&'static str),
    /// The standard library.
    Std,
    /// This package.
    Here,
}

impl Origin {
    /// Package and version.
    pub fn text(self) -> String {
        match self {
            Self::Package(name) => {
                let version = crate::machine::locked_version(name).unwrap_or("(version unknown)");
                format!("{name} {version}")
            }
            Self::Std => "std".to_owned(),
            Self::Here => "raddle-bench".to_owned(),
        }
    }
}

/// How a cell with batches is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Batch {
    /// With a call of its own that moves many items.
    Native,
    /// By single calls in a loop.
    Looped,
}

/// Who a subject is.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The word for it on the command line.
    pub id: &'static str,
    /// Its row's title; at most 23 characters, 21 if batches are looped.
    pub title: &'static str,
    /// Where its code comes from.
    pub origin: Origin,
    /// Whose it is.
    pub role: Role,
    /// How many threads it allows.
    pub ends: Ends,
    /// What it is.
    pub structure: Structure,
    /// How it does batches.
    pub batch: Batch,
    /// Whether it has a limit.
    pub bound: Bound,
    /// Many queues that share the traffic; `ends` are then those of each.
    pub spread: bool,
    /// What a reader must know to judge its figures.
    pub note: &'static str,
}

impl Kind {
    /// A bounded kind whose batches are single calls in a loop.
    pub const fn new(
        id: &'static str,
        title: &'static str,
        origin: Origin,
        role: Role,
        ends: Ends,
    ) -> Self {
        let (batch, bound) = (Batch::Looped, Bound::Bounded);
        let structure = Structure::Queue;
        Self { id, title, origin, role, ends, structure, batch, bound, spread: false, note: "" }
    }

    /// A stack: unbounded, for any number of threads.
    pub const fn stack(id: &'static str, title: &'static str, origin: Origin, role: Role) -> Self {
        let kind = Self::new(id, title, origin, role, Ends::MPMC).unbounded();
        Self { structure: Structure::Stack, ..kind }
    }

    /// A counter, for any number of threads.
    pub const fn counter(
        id: &'static str,
        title: &'static str,
        origin: Origin,
        role: Role,
    ) -> Self {
        Self { structure: Structure::Counter, ..Self::stack(id, title, origin, role) }
    }

    /// The same with batch calls of its own.
    pub const fn native(self) -> Self {
        Self { batch: Batch::Native, ..self }
    }

    /// The same without a limit.
    pub const fn unbounded(self) -> Self {
        Self { bound: Bound::Unbounded, ..self }
    }

    /// The same with a note.
    pub const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// The threads at each end of one queue, if this kind carries the traffic of `topology`.
    pub fn each(&self, topology: Topology) -> Topology {
        if !self.spread {
            return topology;
        }
        let each = |count, threads| if count == Count::Many { threads } else { 1 };
        Topology {
            producers: each(self.ends.producers, topology.producers),
            consumers: each(self.ends.consumers, topology.consumers),
        }
    }

    /// The queues that carry the traffic of `topology`.
    pub fn queues(&self, topology: Topology) -> usize {
        if !self.spread {
            return 1;
        }
        let each = self.each(topology);
        (topology.producers / each.producers) * (topology.consumers / each.consumers)
    }

    /// Why it has no figure in `cell`, as far as that follows from what is said here.
    pub(super) fn refuses(&self, cell: &Cell) -> Option<String> {
        let Cell { structure, topology, capacity, queues, .. } = *cell;
        if self.structure != structure {
            return Some(format!("is a {}", self.structure.word()));
        }
        match (self.bound, capacity) {
            (Bound::Bounded, Capacity::Unbounded) => return Some("is bounded".to_owned()),
            (Bound::Unbounded, Capacity::Bounded(_)) => return Some("is unbounded".to_owned()),
            _ => {}
        }
        if self.spread {
            return (queues == Queues::One)
                .then(|| "is several queues, so for queues=any".to_owned());
        }
        (!self.ends.allow(topology))
            .then(|| format!("is {}, so not for {topology}", self.ends.word()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Topology = Topology { producers: 4, consumers: 2 };

    #[test]
    fn a_spread_kind_has_as_many_queues_as_its_ends_ask_for() {
        for (ends, queues, producers, consumers) in [
            (Ends::MPMC, 1, 4, 2),
            (Ends::MPSC, 2, 4, 1),
            (Ends::SPMC, 4, 1, 2),
            (Ends::SPSC, 8, 1, 1),
        ] {
            let kind = Kind::new("a", "a", Origin::Here, Role::Design, ends);
            let spread = Kind { spread: true, ..kind };
            assert_eq!((kind.queues(WIDE), kind.each(WIDE)), (1, WIDE));
            assert_eq!(spread.queues(WIDE), queues);
            assert_eq!(spread.each(WIDE), Topology { producers, consumers });
        }
    }

    #[test]
    fn a_kind_refuses_what_its_ends_its_bound_or_its_number_forbid() {
        let kind = Kind::new("a", "a", Origin::Here, Role::Design, Ends::MPSC);
        let spread = Kind { spread: true, ..kind };
        for (kind, cell, reason) in [
            (kind, "topology=4x1", None),
            (kind, "topology=4x1,queues=any", None),
            (kind, "topology=4x2", Some("is mpsc, so not for 4x2")),
            (kind, "capacity=unbounded", Some("is bounded")),
            (kind.unbounded(), "capacity=unbounded", None),
            (kind.unbounded(), "base", Some("is unbounded")),
            (spread, "topology=4x2", Some("is several queues, so for queues=any")),
            (spread, "topology=4x2,queues=any", None),
        ] {
            let cell = Cell::parse(cell).unwrap();
            assert_eq!(kind.refuses(&cell).as_deref(), reason, "{cell}");
        }
    }
}
