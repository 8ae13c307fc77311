//! The database and the scheduler of the stand-in: a pure core that knows no network and reads no clock. Whoever
//! calls in brings the time along with [`State::advance`].

mod clusters;
mod snapshot;
mod tasks;

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

pub use clusters::Admission;
pub(crate) use clusters::HEALTH_CHECK_CRON;
pub use snapshot::{Snapshot, TaskView};
pub use tasks::ListFilter;

use crate::{
    agents::Agents,
    model::{Cluster, Run, Task, TaskKey, TaskType},
    scheduler::{Suspension, Timeline},
    script::{RunScript, Scripts},
};

/// Runs older than this are gone from the history.
const RUN_LIFETIME: jiff::SignedDuration = jiff::SignedDuration::from_hours(180 * 24);

/// Everything the server knows.
#[derive(Debug)]
pub struct State {
    pub(crate) clusters: BTreeMap<Uuid, Cluster>,
    pub(crate) tasks: BTreeMap<TaskKey, Task>,
    /// Oldest first.
    pub(crate) runs: BTreeMap<TaskKey, Vec<Run>>,
    pub(crate) suspensions: BTreeMap<Uuid, Suspension>,
    pub(crate) timeline: Timeline,
    pub(crate) agents: Agents,
    pub(crate) scripts: Scripts,
    pub(crate) now: Timestamp,
    /// A run of type `mock` took the process down; only the control API answers until a restart.
    pub(crate) crashed: bool,
    /// Counts changes of what a restart must find again.
    pub(crate) revision: u64,
}

impl State {
    /// An empty server at a moment in time.
    pub fn new(now: Timestamp, default_run: RunScript) -> Self {
        Self {
            clusters: BTreeMap::new(),
            tasks: BTreeMap::new(),
            runs: BTreeMap::new(),
            suspensions: BTreeMap::new(),
            timeline: Timeline::default(),
            agents: Agents::default(),
            scripts: Scripts::new(default_run),
            now,
            crashed: false,
            revision: 0,
        }
    }

    /// Loses the database, and with it all that was scheduled. Agents and scripts stay.
    pub fn wipe(&mut self) {
        self.clusters.clear();
        self.tasks.clear();
        self.runs.clear();
        self.suspensions.clear();
        self.timeline = Timeline::default();
        self.crashed = false;
        self.touch();
    }

    /// Notes that there is something new to keep.
    pub(crate) fn touch(&mut self) {
        self.revision += 1;
    }

    /// The keys of a cluster's task rows, deleted ones included, in the order of lists.
    pub(crate) fn keys_of(&self, cluster: Uuid) -> Vec<TaskKey> {
        let first = TaskKey { cluster, kind: TaskType::One2OneRestore, id: Uuid::nil() };
        let last = TaskKey { cluster, kind: TaskType::ValidateBackup, id: Uuid::max() };
        self.tasks.range(first..=last).map(|(key, _)| *key).collect()
    }

    /// The last run of a task, as the database orders them: by the time in their ids.
    pub fn last_run(&self, key: TaskKey) -> Option<&Run> {
        self.nth_last_run(key, 0)
    }

    /// The n-th run before the last.
    pub fn nth_last_run(&self, key: TaskKey, n: usize) -> Option<&Run> {
        self.runs.get(&key)?.iter().rev().nth(n)
    }

    /// Runs of a task, newest first.
    pub fn history(&self, key: TaskKey) -> impl Iterator<Item = &Run> {
        self.runs.get(&key).into_iter().flat_map(|runs| runs.iter().rev())
    }

    /// Adds a run, or replaces the one with the same id; forgets what is too old.
    pub(crate) fn put_run(&mut self, run: Run) {
        let key = TaskKey { cluster: run.cluster_id, kind: run.kind, id: run.task_id };
        let runs = self.runs.entry(key).or_default();
        let horizon = self.now.checked_sub(RUN_LIFETIME).unwrap_or(Timestamp::MIN);
        runs.retain(|known| known.id == run.id || known.start_time >= horizon);
        match runs.iter_mut().find(|known| known.id == run.id) {
            Some(known) => *known = run,
            // The id that health checks share carries 1970, which makes it the oldest of all.
            None if run.id == Run::health_check_id() => runs.insert(0, run),
            None => runs.push(run),
        }
        self.touch();
    }
}
