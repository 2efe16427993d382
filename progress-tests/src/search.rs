//! The scheduler: it counts steps, freezes a thread, and finds out who never ends.
//!
//! A *step* is one access to an atomic of the facade. shuttle asks who is next before each of them, so a thread that is not
//! picked any more is frozen before its next step. Pauses are no steps, and nobody is taken off there: who waits for a frozen
//! thread goes on to wait, and is found out by its steps.
//!
//! Task 0 is the main thread: it starts the others, joins them and judges, and is never interrupted. What the others do before
//! their first [`operation`] is over, thread by thread, before the schedule begins. Who is next then is for a [`Plan`] to say.

use core::cell::RefCell;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::plan::Chooser;
pub use crate::plan::Plan;

/// So many own steps no operation may take, in queues as small as these; more where programs are out of bytes.
pub const LIMIT: usize = 400;

/// One operation's: how many own steps it took, and when its first and its last step were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many own steps.
    pub steps: usize,
    /// When it began, in steps of all threads.
    pub start: usize,
    /// When it ended.
    pub end: usize,
}

/// An operation under way.
#[derive(Clone, Debug)]
struct Acting {
    name: String,
    /// Its thread's steps before.
    before: usize,
    /// When its first step was.
    start: Option<usize>,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Found {
    /// How many schedules ran.
    pub schedules: usize,
    /// In how many of them the first thread was frozen.
    pub frozen: usize,
    /// So many steps of all threads together, at most, and no operation ended.
    pub barren: usize,
    /// What went wrong, in the last of them.
    pub wrong: Option<String>,
}

/// What scheduler and threads tell each other. They all run on one thread of the system.
#[derive(Debug, Default)]
struct Stage {
    steps: Vec<usize>,
    /// The operation that a thread is in.
    acting: Vec<Option<Acting>>,
    /// Who has come to its first operation.
    ready: Vec<bool>,
    clock: usize,
    frozen: bool,
    thawed: bool,
    wrong: Option<String>,
    since_completion: usize,
    barren: usize,
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

/// Does `act` as the operation `name` of this thread, and says what it took.
pub fn operation<R>(name: &str, act: impl FnOnce() -> R) -> (R, Span) {
    let me = me();
    stage(|stage| {
        stage.acting[me] = Some(Acting { name: name.into(), before: stage.steps[me], start: None });
        stage.ready[me] = true;
    });
    let result = act();
    let span = stage(|stage| {
        let end = stage.clock;
        stage.since_completion = 0;
        let acting = stage.acting[me].take();
        acting.map(|Acting { before, start, .. }| Span {
            steps: stage.steps[me] - before,
            start: start.unwrap_or(end),
            end,
        })
    });
    (result, span.unwrap_or(Span { steps: 0, start: 0, end: 0 }))
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
    chooser: Chooser,
    tally: Tally,
}

/// Of all schedules so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    schedules: usize,
    frozen: usize,
    barren: usize,
}

/// Runs `body` in every schedule of `plan`, until something is wrong.
pub fn search(plan: Plan, body: impl Fn() + Send + Sync + 'static) -> Found {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(100_000);
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    config.stack_size = 0x10000;
    let tally = std::rc::Rc::new(RefCell::new(Tally::default()));
    let search = Counted(
        Search { chooser: Chooser::new(plan), tally: Tally::default() },
        std::rc::Rc::clone(&tally),
    );
    stage(|stage| *stage = Stage::default());
    let run = core::panic::AssertUnwindSafe(|| Runner::new(search, config).run(body));
    let panicked = std::panic::catch_unwind(run).err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("panic: {}", text.as_deref().and_then(|text| text.lines().next()).unwrap_or("?"))
    });
    let Tally { schedules, frozen, barren } = *tally.borrow();
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
    Found { schedules, frozen, barren, wrong }
}

struct Counted(Search, std::rc::Rc<RefCell<Tally>>);

impl Scheduler for Counted {
    fn new_execution(&mut self) -> Option<Schedule> {
        let search = &mut self.0;
        let (wrong, frozen, barren) =
            stage(|stage| (stage.wrong.is_some(), stage.frozen, stage.barren));
        search.tally.frozen += usize::from(frozen);
        search.tally.barren = search.tally.barren.max(barren);
        *self.1.borrow_mut() = search.tally;
        if wrong || !search.chooser.advance(search.tally.schedules) {
            return None;
        }
        search.tally.schedules += 1;
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
        stage(|stage| stage.resize(most + 1));
        if is_yielding && let Some(current) = current.filter(|current| able.contains(current)) {
            // Who waits for long gives way, where it would run for ever.
            let is_late = stage(|stage| stage.own_steps(current.into()) > LIMIT / 8);
            if !(is_late && search.chooser.gives_way(current)) {
                return Some(current);
            }
        }
        let main = able.iter().copied().find(|task| usize::from(*task) == 0);
        let beginner =
            able.iter().copied().find(|task| stage(|stage| !stage.ready[usize::from(*task)]));
        let picked = match main.or(beginner) {
            Some(picked) => {
                search.chooser.interrupt();
                picked
            }
            None => {
                if let Some(at) = search.chooser.freezes_at()
                    && let Some(victim) = able.iter().position(|task| usize::from(*task) == 1)
                    && stage(|stage| stage.freezes(at))
                {
                    able.remove(victim);
                }
                if able.is_empty() {
                    stage(Stage::blocked);
                    return None;
                }
                search.chooser.choose(&able, current)
            }
        };
        let (limit, is_turns) = (search.chooser.limit(), search.chooser.is_turns());
        stage(|stage| stage.step(picked.into(), limit, is_turns)).then_some(picked)
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

impl Stage {
    fn resize(&mut self, tasks: usize) {
        if self.steps.len() < tasks {
            self.steps.resize(tasks, 0);
            self.acting.resize(tasks, None);
            self.ready.resize(tasks, false);
        }
    }

    /// The steps of `task` in its operation.
    fn own_steps(&self, task: usize) -> usize {
        self.acting[task].as_ref().map_or(0, |acting| self.steps[task] - acting.before)
    }

    /// Whether thread 1 is frozen now, if it is to be before its step `at`.
    fn freezes(&mut self, at: usize) -> bool {
        let there = self.acting[1].is_some() && self.own_steps(1) + 1 >= at && !self.thawed;
        self.frozen |= there;
        there
    }

    /// Nobody can go on but the frozen thread.
    fn blocked(&mut self) {
        let others = self.acting.iter().skip(2).flatten();
        let others: Vec<&str> = others.map(|acting| acting.name.as_str()).collect();
        let what = format!("`{}` waits for a lock", others.join("` and `"));
        self.wrong.get_or_insert(what);
    }

    /// Task number `task` goes on; false if that has gone on for too long.
    fn step(&mut self, task: usize, limit: usize, is_turns: bool) -> bool {
        self.clock += 1;
        self.steps[task] += 1;
        self.trace.push(task);
        if task != 0 && self.ready[task] {
            self.since_completion += 1;
            self.barren = self.barren.max(self.since_completion);
        }
        let clock = self.clock;
        let own = self.own_steps(task);
        let Some(acting) = &mut self.acting[task] else { return true };
        acting.start.get_or_insert(clock);
        if own <= limit {
            return true;
        }
        let stuck = if is_turns {
            // Somebody may take long as long as others get on.
            (self.since_completion > 3 * LIMIT).then(|| {
                let all: Vec<&str> =
                    self.acting.iter().flatten().map(|acting| acting.name.as_str()).collect();
                format!("nobody gets anywhere: {}", all.join(" beside "))
            })
        } else {
            Some(format!("`{}` doesn't end: it has taken {limit} own steps", acting.name))
        };
        let Some(stuck) = stuck else { return true };
        self.wrong.get_or_insert(stuck);
        false
    }
}
