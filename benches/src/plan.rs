//! Which cells are measured, for how long, and how often.

use core::time::Duration;

use serde::Serialize;

use crate::cell::{Cell, Mode};

/// The default plan: one factor varied at a time around the base cell.
pub const NAMED: [(&str, Cell); 7] = [
    ("base", Cell::BASE),
    ("batch", Cell { batch: 64, ..Cell::BASE }),
    ("payload", Cell { payload: 64, ..Cell::BASE }),
    ("small", Cell { capacity: 64, ..Cell::BASE }),
    ("large", Cell { capacity: 65536, ..Cell::BASE }),
    ("alone", Cell { mode: Mode::Alone, ..Cell::BASE }),
    ("round-trip", Cell { mode: Mode::RoundTrip, ..Cell::BASE }),
];

/// Every combination of the factors that makes sense (`--full`).
pub fn grid() -> Vec<Cell> {
    let mut cells = Vec::new();
    for mode in [Mode::Stream, Mode::Alone, Mode::RoundTrip] {
        for batch in [1, 64] {
            for payload in [8, 64] {
                for capacity in [64, 1024, 65536] {
                    let cell = Cell { mode, batch, payload, capacity, ..Cell::BASE };
                    // A round trip has one item in flight, so its capacity decides nothing.
                    let idle = mode == Mode::RoundTrip && capacity != Cell::BASE.capacity;
                    if cell.check().is_ok() && !idle {
                        cells.push(cell);
                    }
                }
            }
        }
    }
    cells
}

/// How long one sample takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timing {
    /// The least warm-up before the window, besides two laps of the ring.
    pub warm_up: Duration,
    /// The window in which messages count.
    pub window: Duration,
    /// How long a thread may wait in vain before it gives the rest up for lost.
    pub patience: Duration,
}

impl Timing {
    /// What a sample costs beside its window: warm-up, threads, laps of a large ring, the drain.
    const OVERHEAD: Duration = Duration::from_millis(5);

    fn of_window(window: Duration) -> Self {
        Self { warm_up: Duration::from_millis(10), window, patience: Duration::from_secs(5) }
    }

    /// What a whole sample costs, about.
    pub fn sample(&self) -> Duration {
        self.warm_up + self.window + Self::OVERHEAD
    }
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// A first look: shorter windows, fewer rounds.
    Quick,
    /// About a minute.
    Default,
    /// The grid.
    Full,
}

impl Effort {
    /// The seconds a plan of this effort may measure; `None` where the grid decides.
    pub fn budget(self) -> Option<Duration> {
        match self {
            Self::Quick => Some(Duration::from_secs(9)),
            Self::Default => Some(Duration::from_secs(60)),
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
/// Below this window a shorter one is taken only to reach [`LEAST_ROUNDS`].
const GOOD_WINDOW_MS: u64 = 50;

impl Plan {
    /// Fits rounds and window into `budget`; `samples` is the number of samples in one round.
    ///
    /// # Errors
    ///
    /// If not even [`LEAST_ROUNDS`] of the shortest samples fit: a sentence for the user.
    pub fn new(cells: Vec<Cell>, samples: usize, budget: Option<Duration>) -> Result<Self, String> {
        let samples = samples.max(1) as u32;
        let plan = |window: u64, rounds: usize| {
            let timing = Timing::of_window(Duration::from_millis(window));
            let estimate = timing.sample() * samples * rounds as u32;
            Self { cells: cells.clone(), rounds, timing, estimate }
        };
        let Some(budget) = budget else {
            return Ok(plan(WINDOWS_MS[0], FULL_ROUNDS));
        };
        let mut best = None;
        for window in WINDOWS_MS {
            let one = plan(window, 1).estimate;
            let rounds = (budget.as_nanos() / one.as_nanos()) as usize;
            let rounds = rounds.min(MOST_ROUNDS);
            if rounds < LEAST_ROUNDS {
                continue;
            }
            best = Some(plan(window, rounds));
            if rounds >= GOOD_ROUNDS || window >= GOOD_WINDOW_MS {
                break;
            }
        }
        best.ok_or_else(|| {
            let least = plan(WINDOWS_MS[WINDOWS_MS.len() - 1], LEAST_ROUNDS).estimate;
            format!(
                "a budget of {} s is too short for {samples} samples in each of {LEAST_ROUNDS} \
                 rounds: allow at least {:.0} s, or choose fewer kinds or cells",
                budget.as_secs_f64(),
                (least.as_secs_f64() + 0.5).ceil()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_fits_into_its_budget() {
        for (samples, seconds) in [(63, 60), (63, 9), (133, 60), (133, 9), (4, 2), (1, 1)] {
            let budget = Duration::from_secs(seconds);
            let plan = Plan::new(vec![Cell::BASE], samples, Some(budget)).unwrap();
            assert!(plan.rounds >= LEAST_ROUNDS && plan.estimate <= budget, "{plan:?}");
        }
    }

    #[test]
    fn a_budget_that_cannot_hold_three_rounds_is_refused_with_the_least() {
        let error = Plan::new(vec![Cell::BASE], 100, Some(Duration::from_secs(1))).unwrap_err();
        assert!(error.contains("budget of 1 s") && error.contains("at least"), "{error}");
    }

    #[test]
    fn the_grid_holds_possible_cells_once_and_the_default_plan_among_them() {
        let grid = grid();
        for (i, cell) in grid.iter().enumerate() {
            assert_eq!(cell.check(), Ok(()));
            assert!(!grid[..i].contains(cell));
        }
        for (name, cell) in NAMED {
            assert!(grid.contains(&cell), "{name}");
        }
    }
}
