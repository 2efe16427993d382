//! The scheduler: every schedule with few preemptions, with one thread frozen, or by turns of fixed lengths.
//!
//! A *step* is one access to an atomic of the facade. shuttle asks who is next before each of them, so a thread that is not
//! picked any more is frozen before its next step. Pauses are no steps, and nobody is taken off there: who waits for a frozen
//! thread goes on to wait, and is found out by its steps.
//!
//! Task 0 is the main thread: it starts the others, joins them and judges, and is never interrupted.

use core::cell::RefCell;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

/// So many own steps no operation may take, in queues as small as these.
pub const LIMIT: usize = 400;

/// Which schedules.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Every schedule that takes a thread off at most `preemptions` times where it could have gone on. The first thread may be
    /// frozen before its step number `freeze`, from 1; then it is off until [`thaw`].
    Bounded {
        /// How often.
        preemptions: usize,
        /// Before which step.
        freeze: Option<usize>,
    },
    /// Thread 1 takes `first` steps, and from then on thread 2, the others and it so many as `turns` says, round and round.
    Turns {
        /// Of thread 1, before the others begin.
        first: usize,
        /// Of each thread in turn, from thread 1.
        turns: Vec<usize>,
    },
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Found {
    /// How many schedules ran.
    pub schedules: usize,
    /// In how many of them the first thread was frozen.
    pub frozen: usize,
    /// What went wrong, in the last of them.
    pub wrong: Option<String>,
}

/// What scheduler and threads tell each other. They all run on one thread of the system.
#[derive(Debug, Default)]
struct Stage {
    steps: Vec<usize>,
    /// The operation a thread is in, and its steps before.
    acting: Vec<Option<(String, usize)>>,
    frozen: bool,
    thawed: bool,
    wrong: Option<String>,
    completed: usize,
    since_completion: usize,
    trace: Vec<usize>,
}

std::thread_local! {
    static STAGE: RefCell<Stage> = RefCell::default();
}

fn stage<R>(act: impl FnOnce(&mut Stage) -> R) -> R {
    STAGE.with_borrow_mut(act)
}

fn me() -> usize {
    usize::from(shuttle::current::me())
}

/// Does `act` as the operation `name` of this thread, and says how many steps it took.
pub fn operation<R>(name: &str, act: impl FnOnce() -> R) -> (R, usize) {
    let me = me();
    let before = stage(|stage| {
        let before = stage.steps[me];
        stage.acting[me] = Some((name.into(), before));
        before
    });
    let result = act();
    let steps = stage(|stage| {
        stage.acting[me] = None;
        stage.completed += 1;
        stage.since_completion = 0;
        stage.steps[me] - before
    });
    (result, steps)
}

/// Says what is wrong; the search ends with this schedule.
pub fn wrong(what: impl FnOnce() -> String) {
    stage(|stage| {
        if stage.wrong.is_none() {
            stage.wrong = Some(what());
        }
    });
}

/// Lets the frozen thread go on.
pub fn thaw() {
    stage(|stage| stage.thawed = true);
}

/// Whether a thread is frozen now.
#[must_use]
pub fn is_frozen() -> bool {
    stage(|stage| stage.frozen && !stage.thawed)
}

struct Search {
    plan: Plan,
    /// The choices so far: among whom, and who.
    path: Vec<(Vec<TaskId>, usize)>,
    depth: usize,
    preempted: usize,
    /// Whose turn, and how much of it is left.
    turn: (usize, usize),
    schedules: usize,
    frozen: usize,
}

/// Runs `body` in every schedule of `plan`, until something is wrong.
pub fn search(plan: Plan, body: impl Fn() + Send + Sync + 'static) -> Found {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(100_000);
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    config.stack_size = 0x10000;
    let tally = std::rc::Rc::new(RefCell::new((0, 0)));
    let search = Counted(
        Search {
            plan,
            path: Vec::new(),
            depth: 0,
            preempted: 0,
            turn: (0, 0),
            schedules: 0,
            frozen: 0,
        },
        std::rc::Rc::clone(&tally),
    );
    stage(|stage| *stage = Stage::default());
    let run = core::panic::AssertUnwindSafe(|| Runner::new(search, config).run(body));
    let panicked = std::panic::catch_unwind(run).err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("panic: {}", text.as_deref().and_then(|text| text.lines().next()).unwrap_or("?"))
    });
    let (schedules, frozen) = *tally.borrow();
    // (A schedule that was given up isn't counted yet.)
    let frozen = frozen.max(usize::from(stage(|stage| stage.frozen)));
    let wrong = stage(|stage| stage.wrong.take()).or(panicked);
    let wrong = wrong.map(|what| {
        if std::env::var_os("RADDLE_PROGRESS_TRACE").is_some() {
            format!("{what}; picks {:?}", stage(|stage| stage.trace.clone()))
        } else {
            what
        }
    });
    Found { schedules, frozen, wrong }
}

impl Search {
    /// The next path after this one, if there is one.
    fn advance(&mut self) -> bool {
        if matches!(self.plan, Plan::Turns { .. }) {
            return self.schedules == 0;
        }
        if self.schedules == 0 {
            return true;
        }
        while let Some((choices, at)) = self.path.last_mut() {
            if *at + 1 < choices.len() {
                *at += 1;
                return true;
            }
            self.path.pop();
        }
        false
    }

    fn choose(&mut self, able: &[TaskId], current: Option<TaskId>) -> TaskId {
        match &self.plan {
            Plan::Bounded { preemptions, .. } => {
                let stays = current.filter(|current| able.contains(current));
                if self.depth == self.path.len() {
                    let mut choices: Vec<TaskId> = stays.into_iter().collect();
                    if stays.is_none() || self.preempted < *preemptions {
                        choices.extend(able.iter().filter(|task| Some(**task) != stays));
                    }
                    self.path.push((choices, 0));
                }
                let (choices, at) = &self.path[self.depth];
                let picked = choices[*at];
                self.depth += 1;
                self.preempted += usize::from(stays.is_some_and(|stays| stays != picked));
                picked
            }
            Plan::Turns { turns, .. } => {
                // Who has finished, or is not there yet, has no turn.
                loop {
                    let (whose, left) = self.turn;
                    let task = able.iter().copied().find(|task| usize::from(*task) == whose + 1);
                    match task {
                        Some(task) if left > 0 => {
                            self.turn.1 -= 1;
                            return task;
                        }
                        _ => {
                            let next = (whose + 1) % turns.len();
                            self.turn = (next, turns[next]);
                        }
                    }
                }
            }
        }
    }
}

struct Counted(Search, std::rc::Rc<RefCell<(usize, usize)>>);

impl Scheduler for Counted {
    fn new_execution(&mut self) -> Option<Schedule> {
        let search = &mut self.0;
        let (wrong, frozen) = stage(|stage| (stage.wrong.is_some(), stage.frozen));
        search.frozen += usize::from(frozen);
        *self.1.borrow_mut() = (search.schedules, search.frozen);
        if wrong || !search.advance() {
            return None;
        }
        search.schedules += 1;
        (search.depth, search.preempted) = (0, 0);
        if let Plan::Turns { first, .. } = search.plan {
            search.turn = (0, first);
        }
        stage(|stage| *stage = Stage::default());
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        let search = &mut self.0;
        let mut able: Vec<TaskId> = runnable.iter().map(|task| task.id()).collect();
        let most = able.iter().map(|task| usize::from(*task)).max().unwrap_or(0);
        stage(|stage| {
            if stage.steps.len() <= most {
                stage.steps.resize(most + 1, 0);
                stage.acting.resize(most + 1, None);
            }
        });
        if is_yielding && let Some(current) = current.filter(|current| able.contains(current)) {
            return Some(current);
        }
        let main = able.iter().copied().find(|task| usize::from(*task) == 0);
        if let Plan::Bounded { freeze: Some(at), .. } = search.plan {
            let victim = able.iter().position(|task| usize::from(*task) == 1);
            if let Some(victim) = victim
                && stage(|stage| {
                    // Its first pick brings it to its first step.
                    let there = stage.steps[1] >= at && stage.acting[1].is_some();
                    stage.frozen |= there && !stage.thawed;
                    there && !stage.thawed
                })
                && able.len() > 1
            {
                able.remove(victim);
            }
        }
        let picked = match main {
            Some(main) => main,
            None => search.choose(&able, current),
        };
        let task = usize::from(picked);
        let goes_on = stage(|stage| {
            stage.steps[task] += 1;
            stage.trace.push(task);
            stage.since_completion += usize::from(task != 0);
            let stuck = match &stage.acting[task] {
                Some((name, before)) if stage.steps[task] - before > LIMIT => {
                    Some(format!("`{name}` doesn't end: it has taken {LIMIT} own steps"))
                }
                _ => None,
            };
            if let Some(stuck) = stuck
                && stage.wrong.is_none()
            {
                let is_livelock = matches!(search.plan, Plan::Turns { .. });
                if !is_livelock {
                    stage.wrong = Some(stuck);
                } else if stage.since_completion > 3 * LIMIT {
                    let all: Vec<&str> =
                        stage.acting.iter().flatten().map(|(name, _)| name.as_str()).collect();
                    stage.wrong = Some(format!("nobody gets anywhere: {}", all.join(" beside ")));
                }
            }
            stage.wrong.is_none()
                || !matches!(stage.acting[task], Some((_, before)) if stage.steps[task] - before > LIMIT)
        });
        goes_on.then_some(picked)
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}
