//! What the ports say of themselves: which edges they have, and which bugs can be planted.

use serde::Deserialize;

use super::{FOLDER, Fate};
use crate::labels::Source;
use crate::run::Stop;

/// Beside the ports.
pub(super) const LIST: &str = "edges.toml";

/// A step in a port that is stronger than relaxed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    /// With its line: `slot.hpp:36`.
    place: String,
    /// As in `docs/orderings.md`: `raw/slot::S2`.
    label: String,
    /// In C++: `acquire`.
    order: String,
}

/// A program of the folder, with the headers that it shares with others.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) name: &'static str,
    /// Iterations that it must run.
    pub(super) least: usize,
    steps: Vec<Step>,
    /// With the file that they are in.
    bugs: Vec<(String, String)>,
    /// Orders that stand outside of an edge.
    stray: Vec<String>,
}

impl Port {
    pub(super) fn read(
        name: &'static str,
        least: usize,
        text: impl Fn(&str) -> Result<String, Stop>,
    ) -> Result<Self, Stop> {
        let mut port = Self { name, least, steps: Vec::new(), bugs: Vec::new(), stray: Vec::new() };
        let mut files = vec![format!("{name}.cpp")];
        while let Some(file) = files.pop() {
            let text = text(&file)?;
            port.scan(&file, &text);
            // `port.hpp` is no port: it has the words that ports are written in.
            let shared = text.lines().filter_map(|line| line.strip_prefix("#include \""));
            files.extend(
                shared
                    .map(|name| name.trim_end_matches('"').into())
                    .filter(|name| name != "port.hpp"),
            );
        }
        Ok(port)
    }

    fn scan(&mut self, file: &str, text: &str) {
        for (i, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let place = format!("{file}:{}", i + 1);
            let mut rest = code;
            while let Some(at) = rest.find("mo_") {
                let (before, after) = rest.split_at(at);
                let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                let (order, after) = after.split_at(end.unwrap_or(after.len()));
                let order = order.trim_start_matches("mo_");
                let label = before.rsplit_once("edge(\"").and_then(|(_, after)| {
                    let (label, between) = after.split_once('"')?;
                    (between == ", rl::").then_some(label)
                });
                match label {
                    Some(label) => self.steps.push(Step {
                        place: place.clone(),
                        label: label.into(),
                        order: order.into(),
                    }),
                    None if order != "relaxed" => self.stray.push(format!(
                        "{FOLDER}/{place}: {order} without an edge: write `edge(\"FILE::LABEL\", rl::mo_{order})` on a line"
                    )),
                    None => {}
                }
                rest = after;
            }
            let planted = code.split("planted(\"").skip(1);
            for bug in planted.filter_map(|rest| rest.split('"').next()) {
                let bug = (file.to_owned(), bug.to_owned());
                if !self.bugs.contains(&bug) {
                    self.bugs.push(bug);
                }
            }
        }
    }
}

/// `loom-tests/relacy/edges.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    #[serde(default)]
    survivor: Vec<Survivor>,
    #[serde(default)]
    left_out: Vec<LeftOut>,
}

/// An edge whose weaker forms relacy doesn't find.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    edge: String,
    weaker: Vec<String>,
    why: String,
}

/// An edge that no port has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    edge: String,
    why: String,
}

impl Listed {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| format!("{FOLDER}/{LIST}: {error}"))
    }

    /// Survivors that are not listed, and listed ones that don't survive.
    pub(super) fn judge(&self, mutants: &[Mutant], fates: &[Fate]) -> Vec<String> {
        let judged = || mutants.iter().zip(fates);
        let is_about = |listed: &Survivor, mutant: &Mutant| {
            listed.edge == mutant.label && listed.weaker.contains(&mutant.weaker)
        };
        let mut problems = Vec::new();
        for (mutant, fate) in judged().filter(|&(_, &fate)| fate != Fate::Killed) {
            let Mutant { label, weaker, .. } = mutant;
            if *fate == Fate::Unreached {
                problems.push(format!("{label}: no scenario comes to it: write one"));
            } else if !self.survivor.iter().any(|listed| is_about(listed, mutant)) {
                problems.push(format!(
                    "{label} -> {weaker} survives: write the scenario that needs it, or say why in {FOLDER}/{LIST}"
                ));
            }
        }
        for listed in &self.survivor {
            for weaker in &listed.weaker {
                let survives = judged().any(|(mutant, &fate)| {
                    fate == Fate::Survived && mutant.weaker == *weaker && is_about(listed, mutant)
                });
                if !survives {
                    problems.push(format!(
                        "{FOLDER}/{LIST}: {} -> {weaker} doesn't survive (any more): remove it",
                        listed.edge
                    ));
                }
            }
        }
        problems
    }
}

/// Where the ports and the sources disagree.
pub(super) fn compare(ports: &[Port], listed: &Listed, sources: &[Source]) -> Vec<String> {
    let mut problems: Vec<String> = ports.iter().flat_map(|port| port.stray.clone()).collect();
    let steps = || ports.iter().flat_map(|port| &port.steps);
    let mut followed: Vec<&Source> = Vec::new();
    for Step { place, label, order } in steps() {
        let source = label
            .rsplit_once("::")
            .and_then(|(name, label)| Some((sources.iter().find(|one| one.name == name)?, label)));
        let Some((source, short)) = source else {
            problems.push(format!("{FOLDER}/{place}: {label} names no file of src/"));
            continue;
        };
        if !followed.iter().any(|known| known.name == source.name) {
            followed.push(source);
        }
        match source.edges.iter().find(|edge| edge.label == short) {
            None => problems.push(format!("{FOLDER}/{place}: {} has no edge {short}", source.file)),
            Some(edge) if in_cpp(&edge.ordering) != order => problems.push(format!(
                "{FOLDER}/{place}: {label} is {order}, but {} in {}",
                edge.ordering, source.file
            )),
            Some(_) => {}
        }
    }
    for source in followed {
        for edge in &source.edges {
            let label = format!("{}::{}", source.name, edge.label);
            let is_ported = steps().any(|step| step.label == label);
            let is_left_out = listed.left_out.iter().any(|one| one.edge == label);
            if !is_ported && !is_left_out {
                problems.push(format!(
                    "{label} is in no port: put it into one, or say why not in {FOLDER}/{LIST}"
                ));
            }
        }
    }
    for LeftOut { edge, why } in &listed.left_out {
        let exists = sources.iter().any(|source| {
            source.edges.iter().any(|one| format!("{}::{}", source.name, one.label) == *edge)
        });
        if !exists || steps().any(|step| step.label == *edge) {
            problems
                .push(format!("{FOLDER}/{LIST}: {edge} is no edge that is left out: remove it"));
        }
        if why.trim().is_empty() {
            problems.push(format!("{FOLDER}/{LIST}: {edge}: `why` must say something"));
        }
    }
    for Survivor { edge, why, .. } in &listed.survivor {
        if why.trim().is_empty() {
            problems.push(format!("{FOLDER}/{LIST}: {edge}: `why` must say something"));
        }
    }
    problems
}

/// An ordering of Rust's as relacy calls it.
fn in_cpp(ordering: &str) -> &str {
    match ordering {
        "Acquire" => "acquire",
        "Release" => "release",
        "AcqRel" => "acq_rel",
        "SeqCst" => "seq_cst",
        other => other,
    }
}

/// An edge that is weakened, and the ports that have it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) label: String,
    pub(super) weaker: String,
    pub(super) ports: Vec<&'static str>,
}

/// Every edge in every weaker form; of an AcqRel one all that are.
pub(super) fn mutants(ports: &[Port]) -> Vec<Mutant> {
    let mut mutants: Vec<Mutant> = Vec::new();
    for port in ports {
        for Step { label, order, .. } in &port.steps {
            let weaker: &[&str] = match &**order {
                "seq_cst" => &["acq_rel", "acquire", "release"],
                "acq_rel" => &["acquire", "release", "relaxed"],
                _ => &["relaxed"],
            };
            for weaker in weaker {
                let is_same =
                    |known: &&mut Mutant| known.label == *label && known.weaker == *weaker;
                match mutants.iter_mut().find(is_same) {
                    Some(known) if !known.ports.contains(&port.name) => known.ports.push(port.name),
                    Some(_) => {}
                    None => mutants.push(Mutant {
                        label: label.clone(),
                        weaker: (*weaker).into(),
                        ports: vec![port.name],
                    }),
                }
            }
        }
    }
    mutants
}

/// A bug that can be planted in a file, and the ports that the file is part of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bug {
    file: String,
    pub(super) name: String,
    pub(super) ports: Vec<&'static str>,
}

/// Each bug of each file.
pub(super) fn bugs(ports: &[Port]) -> Vec<Bug> {
    let mut bugs: Vec<Bug> = Vec::new();
    for port in ports {
        for (file, name) in &port.bugs {
            match bugs.iter_mut().find(|known| known.file == *file && known.name == *name) {
                Some(known) => known.ports.push(port.name),
                None => bugs.push(Bug {
                    file: file.clone(),
                    name: name.clone(),
                    ports: vec![port.name],
                }),
            }
        }
    }
    bugs
}

/// How many iterations a port says that it ran: `ran  SCENARIOS  ITERATIONS`.
pub(super) fn iterations(output: &str) -> usize {
    let ran = output.lines().find_map(|line| line.strip_prefix("ran\t"));
    ran.and_then(|ran| ran.split('\t').nth(1)?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
