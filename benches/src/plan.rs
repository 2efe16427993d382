//! Which cells are measured, for how long, and how often.

use core::time::Duration;

use serde::Serialize;

use crate::cell::{Capacity, Cell, Cores, Mode, Queues, Structure, Topology};
use crate::subject::{Ends, Kind, Role};

const fn wide(producers: usize, consumers: usize) -> Cell {
    Cell { topology: Topology { producers, consumers }, ..Cell::BASE }
}

const fn unbounded(cell: Cell) -> Cell {
    Cell { capacity: Capacity::Unbounded, ..cell }
}

const fn batched(cell: Cell) -> Cell {
    Cell { batch: 32, ..cell }
}

const fn any(cell: Cell) -> Cell {
    Cell { queues: Queues::Any, ..cell }
}

const fn pairs(threads: usize) -> Cell {
    Cell::stack(Mode::Pairs, 1, Topology { producers: threads, consumers: threads })
}

const fn split(threads: usize) -> Cell {
    Cell { mode: Mode::Stream, ..pairs(threads / 2) }
}

const fn bursts(threads: usize) -> Cell {
    Cell { mode: Mode::Bursts, batch: 1000, ..pairs(threads) }
}

/// The default plan: one factor varied at a time around the base cell, then more threads, then no bound, then the topology
/// question; then a few cells of stacks and counters.
pub const DEFAULT: [(&str, Cell); 34] = [
    ("base", Cell::BASE),
    ("batch", Cell { batch: 64, ..Cell::BASE }),
    ("payload", Cell { payload: 64, ..Cell::BASE }),
    ("small", Cell { capacity: Capacity::Bounded(64), ..Cell::BASE }),
    ("large", Cell { capacity: Capacity::Bounded(65536), ..Cell::BASE }),
    ("alone", Cell { mode: Mode::Alone, ..Cell::BASE }),
    ("round-trip", Cell { mode: Mode::RoundTrip, ..Cell::BASE }),
    ("2x1", wide(2, 1)),
    ("4x1", wide(4, 1)),
    ("1x2", wide(1, 2)),
    ("1x4", wide(1, 4)),
    ("2x2", wide(2, 2)),
    ("4x4", wide(4, 4)),
    ("4x1-batch", batched(wide(4, 1))),
    ("1x4-batch", batched(wide(1, 4))),
    ("4x4-batch", batched(wide(4, 4))),
    ("4x4-one-core", Cell { cores: Cores::One, ..wide(4, 4) }),
    ("unbounded", unbounded(Cell::BASE)),
    ("4x1-unbounded", unbounded(wide(4, 1))),
    ("1x4-unbounded", unbounded(wide(1, 4))),
    ("2x2-unbounded", unbounded(wide(2, 2))),
    ("4x4-unbounded", unbounded(wide(4, 4))),
    ("4x4-unbounded-batch", batched(unbounded(wide(4, 4)))),
    ("topology-2x2", any(wide(2, 2))),
    ("topology-4x4", any(wide(4, 4))),
    ("stack-pairs-1", pairs(1)),
    ("stack-pairs-2", pairs(2)),
    ("stack-pairs-4", pairs(4)),
    ("stack-split-2", split(2)),
    ("stack-bursts-2", bursts(2)),
    ("counters-1", Cell::counter(1, 0)),
    ("counters-2", Cell::counter(2, 0)),
    ("counters-4", Cell::counter(4, 0)),
    ("counters-read-2", Cell::counter(2, 1)),
];

/// Cells that have a name besides.
const FURTHER: [(&str, Cell); 10] = [
    ("stack-pairs-8", pairs(8)),
    ("stack-split-4", split(4)),
    ("stack-split-8", split(8)),
    ("stack-bursts-1", bursts(1)),
    ("stack-bursts-4", bursts(4)),
    ("stack-bursts-8", bursts(8)),
    ("counters-8", Cell::counter(8, 0)),
    ("counters-read-1", Cell::counter(1, 1)),
    ("counters-read-4", Cell::counter(4, 1)),
    ("counters-read-8", Cell::counter(8, 1)),
];

/// All cells that have a name.
pub fn named() -> impl Iterator<Item = (&'static str, Cell)> {
    DEFAULT.into_iter().chain(FURTHER)
}

/// A cell's name: short if it is one of the default plan.
pub fn name(cell: &Cell) -> String {
    let named = named().find(|(_, named)| named == cell);
    named.map_or_else(|| cell.short_id(), |(name, _)| (*name).to_owned())
}

/// Kinds that the default plan measures in the base cell only, where they were seen to be behind or are no product.
const BASE_ONLY: [&str; 6] =
    ["sync-channel", "cached-index", "slot-flag", "stamped-ring", "credit", "line-word"];

/// Whether the default plan measures `kind` in `cell`: designs of stacks and counters where two threads do the same; of our
/// queues the narrowest door only, of the others those that may win.
/// Who asks for kinds or cells by name, or for the grid, gets all.
pub fn is_usual(kind: &Kind, cell: &Cell) -> bool {
    if cell.structure != Structure::Queue {
        return kind.role != Role::Design || cell.topology.producers == 2;
    }
    let narrowest = kind.ends == Ends::of(cell.topology);
    let ours = kind.role != Role::Ours || kind.spread || narrowest;
    ours && (*cell == Cell::BASE || !BASE_ONLY.contains(&kind.id))
}

/// Every combination of the factors that makes sense (`--full`).
pub fn grid() -> Vec<Cell> {
    let mut cells = Vec::new();
    let capacities = [64, 1024, 65536].map(Capacity::Bounded);
    for mode in [Mode::Stream, Mode::Alone, Mode::RoundTrip] {
        for batch in [1, 64] {
            for payload in [8, 64] {
                for capacity in capacities.into_iter().chain([Capacity::Unbounded]) {
                    let cell = Cell { mode, batch, payload, capacity, ..Cell::BASE };
                    // A round trip has one item in flight, so its capacity decides nothing.
                    let idle = mode == Mode::RoundTrip
                        && ![Cell::BASE.capacity, Capacity::Unbounded].contains(&capacity);
                    if cell.check().is_ok() && !idle {
                        cells.push(cell);
                    }
                }
            }
        }
    }
    for topology in [(2, 1), (4, 1), (1, 2), (1, 4), (2, 2), (4, 4)] {
        for payload in [8, 64] {
            let cell = Cell { payload, ..wide(topology.0, topology.1) };
            for cell in [cell, unbounded(cell)] {
                cells.extend([cell, batched(cell), Cell { cores: Cores::One, ..cell }]);
            }
            if topology.0 == topology.1 {
                cells.extend([any(cell), any(batched(cell))]);
            }
        }
    }
    cells.extend(named().map(|(_, cell)| cell).filter(|c| c.structure != Structure::Queue));
    cells
}

/// How long one sample takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timing {
    /// The least warm-up before the window, besides two laps of the ring.
    pub warm_up: Duration,
    /// The window in which messages count.
    pub window: Duration,
    /// How long, after the window of a stream, every call is timed.
    pub calls: Duration,
    /// How long a thread may wait in vain before it gives the rest up for lost.
    pub patience: Duration,
}

impl Timing {
    /// What a sample costs beside its window: warm-up, threads, laps of a large ring, the drain.
    const OVERHEAD: Duration = Duration::from_millis(5);

    fn of_window(window: Duration) -> Self {
        let warm_up = window.min(Duration::from_millis(10));
        let calls = (window / 4).max(Duration::from_millis(2));
        Self { warm_up, window, calls, patience: Duration::from_secs(5) }
    }

    /// What a whole sample costs, about.
    pub fn sample(&self) -> Duration {
        self.warm_up + self.window + self.calls + Self::OVERHEAD
    }
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// A first look: shorter windows, fewer rounds.
    Quick,
    /// About a minute and a half.
    Default,
    /// The grid.
    Full,
}

impl Effort {
    /// The seconds a plan of this effort may measure; `None` where the grid decides.
    pub fn budget(self) -> Option<Duration> {
        match self {
            Self::Quick => Some(Duration::from_secs(9)),
            Self::Default => Some(Duration::from_secs(90)),
            Self::Full => None,
        }
    }
}

/// Cells, rounds and timing, fixed before the first sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The cells, in the order in which they are reported.
    pub cells: Vec<Cell>,
    /// How often every kind is measured in every cell.
    pub rounds: usize,
    /// How long a sample takes.
    pub timing: Timing,
    /// What the plan will take, about.
    pub estimate: Duration,
}

/// The least rounds from which an interval is drawn.
pub const LEAST_ROUNDS: usize = 3;
/// More rounds than this tell nothing new.
const MOST_ROUNDS: usize = 40;
/// The rounds of `--full`, where no budget is given.
const FULL_ROUNDS: usize = 10;
/// The windows tried, longest first: fewer, longer samples only as long as there are enough rounds.
const WINDOWS_MS: [u64; 6] = [60, 40, 25, 15, 10, 5];
/// The rounds that are worth a shorter window.
const GOOD_ROUNDS: usize = 10;
/// From this window on a shorter one is taken only to reach [`LEAST_ROUNDS`].
const SHORT_WINDOW_MS: u64 = 40;

impl Plan {
    fn of(cells: Vec<Cell>, samples: usize, window: u64, rounds: usize) -> Self {
        let timing = Timing::of_window(Duration::from_millis(window));
        let estimate = timing.sample() * (samples.max(1) * rounds) as u32;
        Self { cells, rounds, timing, estimate }
    }

    /// Fits rounds and window into `budget`; `samples` is the number of samples in one round.
    ///
    /// # Errors
    ///
    /// If not even [`LEAST_ROUNDS`] of the shortest samples fit: a sentence for the user.
    pub fn within(cells: Vec<Cell>, samples: usize, budget: Duration) -> Result<Self, String> {
        let mut best = None;
        for window in WINDOWS_MS {
            let one = Self::of(Vec::new(), samples, window, 1).estimate;
            let rounds = (budget.as_nanos() / one.as_nanos()) as usize;
            let rounds = rounds.min(MOST_ROUNDS);
            if rounds < LEAST_ROUNDS {
                continue;
            }
            best = Some((window, rounds));
            if rounds >= GOOD_ROUNDS || window <= SHORT_WINDOW_MS {
                break;
            }
        }
        let least = Self::least(Vec::new(), samples).estimate;
        best.map(|(window, rounds)| Self::of(cells, samples, window, rounds)).ok_or_else(|| {
            format!(
                "a budget of {} s is too short for {samples} samples in each of {LEAST_ROUNDS} \
                 rounds: allow at least {:.0} s, or choose fewer kinds or cells",
                budget.as_secs_f64(),
                (least.as_secs_f64() + 0.5).ceil()
            )
        })
    }

    /// The shortest plan there is.
    pub(crate) fn least(cells: Vec<Cell>, samples: usize) -> Self {
        Self::of(cells, samples, WINDOWS_MS[WINDOWS_MS.len() - 1], LEAST_ROUNDS)
    }

    /// What `effort` is worth; longer, if there are too many samples for that.
    pub fn of_effort(cells: Vec<Cell>, samples: usize, effort: Effort) -> Self {
        match effort.budget() {
            None => Self::of(cells, samples, WINDOWS_MS[0], FULL_ROUNDS),
            Some(budget) => Self::within(cells.clone(), samples, budget)
                .unwrap_or_else(|_| Self::least(cells, samples)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_fits_into_its_budget() {
        for (samples, seconds) in [(63, 60), (63, 9), (133, 60), (133, 9), (4, 2), (1, 1)] {
            let budget = Duration::from_secs(seconds);
            let plan = Plan::within(vec![Cell::BASE], samples, budget).unwrap();
            assert!(plan.rounds >= LEAST_ROUNDS && plan.estimate <= budget, "{plan:?}");
        }
    }

    #[test]
    fn a_budget_that_cannot_hold_three_rounds_is_refused_with_the_least() {
        let error = Plan::within(vec![Cell::BASE], 100, Duration::from_secs(1)).unwrap_err();
        assert!(error.contains("budget of 1 s") && error.contains("at least"), "{error}");
    }

    #[test]
    fn an_effort_is_a_budget_and_is_exceeded_before_nothing_is_measured() {
        let plan = Plan::of_effort(Vec::new(), 10, Effort::Quick);
        assert!(plan.estimate <= Effort::Quick.budget().unwrap(), "{plan:?}");
        let plan = Plan::of_effort(Vec::new(), 1000, Effort::Quick);
        assert_eq!(plan.rounds, LEAST_ROUNDS);
        assert!(plan.estimate > Effort::Quick.budget().unwrap(), "{plan:?}");
    }

    #[test]
    fn the_default_plan_leaves_out_what_is_wide_for_a_cell_or_rarely_wins() {
        let cell = |text| Cell::parse(text).unwrap();
        let kind = |id, role, ends| Kind::new(id, id, crate::subject::Origin::Here, role, ends);
        let wide = kind("ours", Role::Ours, Ends::MPMC);
        assert!(!is_usual(&wide, &cell("base")) && !is_usual(&wide, &cell("4x1")));
        assert!(is_usual(&wide, &cell("4x4")) && is_usual(&wide, &cell("topology-4x4")));
        let narrow = Kind { spread: true, ..kind("ours", Role::Ours, Ends::SPSC) };
        assert!(is_usual(&narrow, &cell("topology-4x4")));
        let rival = kind("rival", Role::Rival, Ends::MPMC);
        assert!(is_usual(&rival, &cell("base")) && is_usual(&rival, &cell("4x1")));
        let slow = kind(BASE_ONLY[0], Role::Rival, Ends::MPSC);
        assert!(is_usual(&slow, &cell("base")) && !is_usual(&slow, &cell("4x1")));
    }

    #[test]
    fn the_grid_holds_possible_cells_once_and_the_default_plan_among_them() {
        let grid = grid();
        for (i, cell) in grid.iter().enumerate() {
            assert_eq!(cell.check(), Ok(()));
            assert!(!grid[..i].contains(cell));
        }
        for (name, cell) in named() {
            assert!(grid.contains(&cell), "{name}");
        }
    }
}
