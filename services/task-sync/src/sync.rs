//! What all parts of the service share.

use std::time::Duration;

use messina_domain::feedback::Mode;
use messina_domain::identity::ClusterKey;
use messina_domain::manager::ManagerTask;
use messina_domain::plan::entries::Step;
use messina_domain::plan::task::Fate;
use messina_fault::Fault;
use messina_manager_client::TaskApi;
use messina_service_runtime::Clock;
use parking_lot::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::brake::Brakes;
use crate::config::Config;
use crate::desired::Desired;
use crate::fleet::Fleet;
use crate::memory::{List, Memories};
use crate::metrics::Metrics;

/// What all parts of the service share.
pub(crate) struct TaskSync {
    pub(crate) fleet: Fleet,
    pub(crate) manager: TaskApi,
    pub(crate) memories: Memories,
    pub(crate) brakes: Brakes,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    pub(crate) config: Config,
    pub(crate) jitter: Mutex<fastrand::Rng>,
}

impl TaskSync {
    /// Whether and how run state reaches ScyllaClusters.
    pub(crate) fn feedback_mode(&self) -> Mode {
        self.config.feedback
    }

    /// Everything that is declared about a cluster, with what is remembered; the brake is not asked.
    ///
    /// # Errors
    /// `Waiting(WatcherUnreachable)` until the datacenter was seen whole once.
    pub(crate) fn look(&self, key: &ClusterKey) -> Result<Desired, Fault> {
        self.fleet.desired(key, self.clock.now())
    }

    /// Asks the brakes about every deletion: about the cluster's, when its tasks go with it, else about each task's.
    pub(crate) fn ask_brake(&self, desired: &mut Desired) {
        let dropped: Vec<String> = desired
            .all_steps()
            .into_iter()
            .filter_map(|step| match step {
                Step::Delete { name, .. } => Some(name),
                Step::Apply { .. } => None,
            })
            .collect();
        let leaving = self.ask_for_cluster(desired);
        let fleet = self.fleet.size();
        for task in &desired.tasks {
            let in_manager = task.status.task_id.is_some();
            let goes = dropped.contains(&task.key.name) || (desired.fate(task) == Fate::Remove && in_manager);
            let key = task.key.to_string();
            let verdict = match &leaving {
                Some(verdict) => {
                    self.brakes.tasks.withdraw(&key);
                    verdict.clone()
                }
                None if goes => self.brakes.tasks.ask(&key, fleet, desired.now),
                None => {
                    self.brakes.tasks.withdraw(&key);
                    Ok(())
                }
            };
            if let Err(fault) = verdict {
                desired.frozen.insert(task.key.name.clone(), fault);
            }
        }
    }

    /// Whether the cluster leaves with tasks that are in Manager, and what its brake says to that.
    fn ask_for_cluster(&self, desired: &Desired) -> Option<Result<(), Fault>> {
        let key = desired.key.to_string();
        if !desired.leaving() {
            self.brakes.clusters.withdraw(&key);
            return None;
        }
        let any = !desired.retains() && desired.tasks.iter().any(|task| task.status.task_id.is_some());
        Some(if any { self.brakes.clusters.ask(&key, self.fleet.clusters(), desired.now) } else { Ok(()) })
    }

    /// What Manager holds for a cluster, and whether that was asked just now.
    ///
    /// # Errors
    /// Those of [`TaskApi::list`].
    pub(crate) async fn list(&self, key: &ClusterKey, id: Uuid) -> Result<(Vec<ManagerTask>, bool), Fault> {
        let age = self.config.list_age();
        if let Some(tasks) = self.memories.of(key, |memory| memory.recent(id, age)) {
            return Ok((tasks, false));
        }
        let tasks = self.manager.list(id).await?;
        let list = List { cluster: id, at: Instant::now(), tasks: tasks.clone() };
        self.memories.of(key, |memory| memory.list = Some(list));
        Ok((tasks, true))
    }

    /// When to look again at a cluster where nothing goes on: the interval give or take a quarter.
    pub(crate) fn poll_pause(&self) -> Duration {
        self.config.rest_interval(self.jitter.lock().f64())
    }
}
