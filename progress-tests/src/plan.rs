//! Which schedules a search runs, and who is next in each.
//!
//! *Random priorities.* Who has the highest priority runs; at few steps, chosen at random, who runs gets the lowest. Burckhardt,
//! Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010.

use shuttle::scheduler::TaskId;

use crate::search::LIMIT;

/// Which schedules.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Every schedule that takes a thread off at most `preemptions` times where it could have gone on. The first thread may be
    /// frozen before its step number `freeze`, from 1; then it is off until [`thaw`](crate::search::thaw).
    Bounded {
        /// How often.
        preemptions: usize,
        /// Before which step.
        freeze: Option<usize>,
    },
    /// Thread 1 takes some steps, and from then on thread 2, the others and it some each, round and round: for every choice
    /// of these numbers up to `most`. Who could go on for ever this way without anybody getting anywhere is found out.
    Turns {
        /// How many threads take turns.
        threads: usize,
        /// The longest turn.
        most: usize,
    },
    /// Random priorities, that change at few steps.
    Random {
        /// How many schedules.
        schedules: usize,
        /// At how many steps.
        changes: usize,
        /// Of which number all else depends.
        seed: u64,
    },
    /// One schedule. Each byte says whose turn it is (the two lowest bits) and for how many steps (one more than the next
    /// four say). After the last byte, who has the turn runs to its end, and then the first who can.
    Bytes {
        /// The turns.
        turns: Vec<u8>,
        /// Whether an operation may wait for another, so that who waits for long must give way.
        waits: bool,
    },
}

/// Chooses.
pub(crate) struct Chooser {
    plan: Plan,
    random: Random,
    /// The choices so far: among whom, and who.
    path: Vec<(Vec<TaskId>, usize)>,
    depth: usize,
    preempted: usize,
    /// Nobody has been chosen yet to go on, so that whoever is costs nothing.
    is_open: bool,
    /// Whose turn, and how much of it is left.
    turn: (usize, usize),
    /// Thread 1's first turn, and then everybody's.
    turns: Vec<usize>,
    /// By task, the highest first; and at which of the steps the one that runs gets the lowest.
    priorities: Vec<u64>,
    changes: Vec<usize>,
    /// The longest schedule so far.
    longest: usize,
    /// Who gives way at the next choice.
    waiting: Option<TaskId>,
}

/// Numbers that look random: splitmix64, by Sebastiano Vigna.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of the numbers below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or(0)
    }
}

impl Chooser {
    pub(crate) fn new(plan: Plan) -> Self {
        let seed = if let Plan::Random { seed, .. } = plan { seed } else { 0 };
        Self {
            plan,
            random: Random(seed),
            path: Vec::new(),
            depth: 0,
            preempted: 0,
            is_open: false,
            turn: (0, 0),
            turns: Vec::new(),
            priorities: Vec::new(),
            changes: Vec::new(),
            longest: 20,
            waiting: None,
        }
    }

    /// Makes ready for the next schedule after so many, if there is one.
    pub(crate) fn advance(&mut self, ran: usize) -> bool {
        match self.plan {
            // Nothing was chosen yet.
            Plan::Bounded { .. } if ran == 0 => {}
            Plan::Bounded { .. } => loop {
                let Some((choices, at)) = self.path.last_mut() else { return false };
                if *at + 1 < choices.len() {
                    *at += 1;
                    break;
                }
                self.path.pop();
            },
            Plan::Turns { threads, most } => {
                if self.turns.is_empty() {
                    self.turns = vec![1; threads + 1];
                } else {
                    // As an odometer counts.
                    let Some(i) = self.turns.iter().position(|n| *n < most) else { return false };
                    self.turns[i] += 1;
                    self.turns[..i].fill(1);
                }
                self.turn = (0, self.turns[0]);
            }
            Plan::Random { schedules, changes, .. } => {
                if ran == schedules {
                    return false;
                }
                self.priorities.clear();
                let longest = self.longest;
                self.changes = (0..changes).map(|_| self.random.below(longest)).collect();
            }
            Plan::Bytes { .. } => return ran == 0,
        }
        (self.depth, self.preempted) = (0, 0);
        true
    }

    /// Says that somebody else than the one before runs now in any case.
    pub(crate) fn interrupt(&mut self) {
        self.is_open = true;
    }

    /// Before which step the first thread is frozen.
    pub(crate) fn freezes_at(&self) -> Option<usize> {
        if let Plan::Bounded { freeze, .. } = self.plan { freeze } else { None }
    }

    /// Whether somebody may take long as long as others get on.
    pub(crate) fn is_turns(&self) -> bool {
        matches!(self.plan, Plan::Turns { .. })
    }

    /// So many own steps no operation may take. (The last consumer drops one by one all that fuzzed programs have pushed.)
    pub(crate) fn limit(&self) -> usize {
        if let Plan::Bytes { .. } = self.plan { 8 * LIMIT } else { LIMIT }
    }

    /// Whether `task`, which has waited for long, gives way at the next choice.
    pub(crate) fn gives_way(&mut self, task: TaskId) -> bool {
        match self.plan {
            Plan::Random { .. } => self.lower(task),
            Plan::Bytes { waits: true, .. } => self.waiting = Some(task),
            _ => return false,
        }
        true
    }

    pub(crate) fn choose(&mut self, able: &[TaskId], current: Option<TaskId>) -> TaskId {
        match &self.plan {
            Plan::Bounded { preemptions, .. } => {
                let is_open = core::mem::take(&mut self.is_open);
                let stays = current.filter(|current| !is_open && able.contains(current));
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
            Plan::Random { .. } => {
                let most = able.iter().map(|task| usize::from(*task)).max().unwrap_or(0);
                while self.priorities.len() <= most {
                    // Higher than any that is given later.
                    let priority = self.random.next() | 1 << 63;
                    self.priorities.push(priority);
                }
                let depth = self.depth;
                self.depth += 1;
                self.longest = self.longest.max(self.depth);
                if let (Some(current), true) = (current, self.changes.contains(&depth)) {
                    self.lower(current);
                }
                let priority = |task: &&TaskId| self.priorities[usize::from(**task)];
                able.iter().max_by_key(priority).copied().expect("somebody is able")
            }
            Plan::Turns { .. } => {
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
                            let next = (whose + 1) % (self.turns.len() - 1);
                            self.turn = (next, self.turns[next + 1]);
                        }
                    }
                }
            }
            Plan::Bytes { turns, .. } => {
                let waiting = self.waiting.take();
                let others = || able.iter().copied().filter(|task| Some(*task) != waiting);
                let able: Vec<TaskId> =
                    if others().next().is_some() { others().collect() } else { able.to_vec() };
                let (whose, left) = self.turn;
                let goes_on = able.iter().copied().find(|task| usize::from(*task) == whose);
                let (picked, left) = match (goes_on, turns.get(self.depth)) {
                    (Some(task), _) if left > 0 => (task, left),
                    (_, Some(turn)) => {
                        self.depth += 1;
                        let turn = usize::from(*turn);
                        (able[turn % 4 % able.len()], 1 + (turn / 4) % 16)
                    }
                    (goes_on, None) => (goes_on.unwrap_or(able[0]), 1),
                };
                self.turn = (picked.into(), left - 1);
                picked
            }
        }
    }

    /// Gives `task` the lowest priority.
    fn lower(&mut self, task: TaskId) {
        let least = self.priorities.iter().copied().min().unwrap_or(0);
        if let Some(priority) = self.priorities.get_mut(usize::from(task)) {
            *priority = least.min(1 << 62).saturating_sub(1);
        }
    }
}
