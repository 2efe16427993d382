//! What it costs to say "I use it too".

use core::hint::black_box;
use core::time::Duration;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use raddle_loom_tests::biased::{Owned, Shared};

use super::lab::{Experiment, Finding, Lab, Stop, note, threads};
use super::race::{self, Contestant, Race, Timed};
use super::team::{Sample, Team, Work, each};
use crate::report::section::interval;
use crate::report::table::{plain_table, print};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "refcount",
    question: "What does a reference cost that is cloned and dropped, alone and by all threads?",
    run,
};

const WINDOW: Duration = Duration::from_millis(8);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Of one thread.
    Rc,
    /// Of one value for all threads.
    Arc,
    /// Of a value per thread.
    OwnArc,
    /// A biased count: the first thread is the owner, all others count in the shared part.
    Biased,
    /// The same, all threads but in the shared part.
    Others,
}

const RC: &str = "Rc";
const ARC: &str = "Arc";
const OWNER: &str = "biased, its owner";
const OTHER: &str = "biased, another thread";
const ARC_FIRST: &str = "Arc, the first thread's share";
const OWNER_FIRST: &str = "biased, the owner's share";
const ARC_ALL: &str = "Arc, all";
const BIASED_ALL: &str = "biased, all, owner included";
const OWN: &str = "an Arc per thread";

fn cloned<'a, T: Clone + 'a>(reference: T) -> Work<'a> {
    each(move || drop(black_box(reference.clone())))
}

fn sample(way: Way, team: &Team<'_>) -> Sample {
    let arc = Arc::new(7_u64);
    // The owner lends the first reference of another thread; the value goes with the last of both.
    let lent: OnceLock<Shared<u64>> = OnceLock::new();
    let owner = || {
        let owned = Owned::<u64>::new(7);
        if lent.set(owned.share()).is_err() {
            unreachable!("one thread is the owner");
        }
        owned
    };
    team.sample(&|id| match way {
        Way::Rc => cloned(Rc::new(7_u64)),
        Way::Arc => cloned(Arc::clone(&arc)),
        Way::OwnArc => cloned(Arc::new(7_u64)),
        Way::Biased if id == 0 => cloned(owner()),
        Way::Biased => cloned(lent.wait().clone()),
        Way::Others => cloned(Owned::<u64>::new(7).share()),
    })
}

fn run(lab: &mut Lab<'_>) -> Result<Finding, Stop> {
    let (budget, placement, many) = (lab.budget(3.0), lab.placement, lab.cpus().max(2));
    let groups = [threads(1), threads(many)];
    let alone = Team::new(placement, 1, WINDOW);
    let all = Team::new(placement, many, WINDOW);
    let first = Team { counted: 1, ..all };
    let entries = [
        (0, RC, Way::Rc, alone),
        (0, ARC, Way::Arc, alone),
        (0, OWNER, Way::Biased, alone),
        (0, OTHER, Way::Others, alone),
        (1, ARC_ALL, Way::Arc, all),
        (1, BIASED_ALL, Way::Biased, all),
        (1, ARC_FIRST, Way::Arc, first),
        (1, OWNER_FIRST, Way::Biased, first),
        (1, OWN, Way::OwnArc, all),
    ];
    let contestants = entries.map(|(group, name, way, team)| {
        Contestant::new(&*groups[group], name, move || Ok(sample(way, &team)))
    });
    let race = race::run(lab, contestants.into(), all.cost(), budget)?;
    let mut text = String::new();
    for group in &groups {
        let mut table = plain_table(&[group, "ns per clone and drop"], &[1], 2);
        for row in race.rows.iter().filter(|row| !row.twin && row.group == *group) {
            table.add_row([row.name.clone(), interval(race.ns(group, &row.name))]);
        }
        text.push_str(&print(&table, "  "));
    }
    note(
        &mut text,
        "biased: the owner counts without atomics, all others in a second word, with a bit that \
         says that the owner has none left (PEP 703); loom-tests/src/biased.rs, checked by the \
         models biased::*. A share is that of one thread while all others work too; all: of all \
         threads together.",
    );
    note(&mut text, race.noise());
    let words = words(&race, &groups);
    Ok(Finding { text, words, data: race.json() })
}

fn words<S: Timed>(race: &Race<S>, [alone, all]: &[String; 2]) -> String {
    let ratio = |group: &str, a, b| race.ratio((group, a), (group, b));
    format!(
        "Alone, {}, and {}. By {all}, {}, and {}.",
        ratio(alone, ARC, RC).words("an Arc", "an Rc"),
        ratio(alone, OWNER, ARC).words("the owner of a biased count", "an Arc"),
        ratio(all, ARC_ALL, OWN).words("one Arc for all", "an Arc for each"),
        ratio(all, OWNER_FIRST, ARC_FIRST).words(
            "the owner of a biased count that the others use too",
            "a thread of the same Arc"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::race::tests::race;
    use super::*;

    #[test]
    fn the_words_follow_the_figures() {
        let groups = ["1 thread", "2 threads"].map(str::to_owned);
        let said = |arc, owner, one| {
            let times = [
                ("1 thread", RC, 1.0),
                ("1 thread", ARC, arc),
                ("1 thread", OWNER, owner),
                ("2 threads", ARC_ALL, one),
                ("2 threads", OWN, 5.0),
                ("2 threads", ARC_FIRST, one),
                ("2 threads", OWNER_FIRST, owner),
            ];
            words(&race(&times, 1.1), &groups)
        };
        let text = said(10.0, 1.0, 50.0);
        assert!(
            text.contains("an Arc takes 10.0x") && text.contains("for all takes 10.0x"),
            "{text}"
        );
        assert!(text.contains("a biased count takes 0.10x"), "{text}");
        let text = said(1.0, 1.0, 5.0);
        assert_eq!(text.matches("no clear difference").count(), 3, "{text}");
    }

    #[test]
    fn every_way_gives_its_references_back() {
        let placement = crate::machine::Placement { cpus: Vec::new() };
        for way in [Way::Rc, Way::Arc, Way::OwnArc, Way::Biased, Way::Others] {
            let team = Team::new(&placement, 2, Duration::from_millis(1));
            assert!(sample(way, &team).total() > 0, "{way:?}");
        }
    }
}
