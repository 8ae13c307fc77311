//! What this process remembers of each cluster between two passes. Nothing of it decides what is right: it
//! saves calls and repeated news, and is made anew after a restart.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use messina_control_api::watch::v1::FeedbackRequest;
use messina_domain::identity::ClusterKey;
use messina_domain::manager::{ManagerTask, RunState, TaskBody};
use parking_lot::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

/// What is remembered of one cluster.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// What Manager held when it was last asked, with what was done since.
    pub(crate) list: Option<List>,
    /// The last feedback that was sent, and for how many task objects of the Operator.
    pub(crate) sent: Option<(FeedbackRequest, usize)>,
    /// Entries for which the last feedback found no place.
    pub(crate) missing: Vec<String>,
    /// What holds each task up, as it was last said in a log line and an event; empty for nothing.
    pub(crate) held: BTreeMap<String, String>,
    /// Since when each task has not been as declared.
    pub(crate) unsettled: BTreeMap<String, Instant>,
}

/// Manager's tasks of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct List {
    /// Under which id.
    pub(crate) cluster: Uuid,
    /// When the answer came.
    pub(crate) at: Instant,
    /// The tasks.
    pub(crate) tasks: Vec<ManagerTask>,
}

impl Memory {
    /// The tasks, when they were read for this cluster and not long ago.
    pub(crate) fn recent(&self, cluster: Uuid, age: Duration) -> Option<Vec<ManagerTask>> {
        let list = self.list.as_ref().filter(|list| list.cluster == cluster && list.at.elapsed() < age)?;
        Some(list.tasks.clone())
    }

    /// A task was made.
    pub(crate) fn created(&mut self, id: Uuid, body: TaskBody) {
        if let Some(list) = &mut self.list {
            list.tasks.push(fresh(id, body));
        }
    }

    /// A task was replaced.
    pub(crate) fn updated(&mut self, id: Uuid, body: &TaskBody) {
        let tasks = self.list.iter_mut().flat_map(|list| &mut list.tasks);
        for task in tasks.filter(|task| task.id == id) {
            task.body = body.clone();
        }
    }

    /// A task was deleted.
    pub(crate) fn deleted(&mut self, id: Uuid) {
        if let Some(list) = &mut self.list {
            list.tasks.retain(|task| task.id != id);
        }
    }

    /// What Manager holds may be anything now.
    pub(crate) fn distrust(&mut self) {
        self.list = None;
    }
}

/// A task as Manager holds it right after it was made.
pub(crate) fn fresh(id: Uuid, body: TaskBody) -> ManagerTask {
    ManagerTask {
        id,
        body,
        state: RunState::New,
        success_count: 0,
        error_count: 0,
        last_success: None,
        last_error: None,
        next_activation: None,
        suspended: false,
    }
}

/// What is remembered of all clusters.
#[derive(Debug, Default)]
pub(crate) struct Memories(Mutex<HashMap<ClusterKey, Memory>>);

impl Memories {
    /// Reads or changes what is remembered of one cluster; `use_it` must not call this again.
    pub(crate) fn of<T>(&self, key: &ClusterKey, use_it: impl FnOnce(&mut Memory) -> T) -> T {
        use_it(self.0.lock().entry(key.clone()).or_default())
    }

    /// Forgets a cluster.
    pub(crate) fn forget(&self, key: &ClusterKey) {
        self.0.lock().remove(key);
    }
}
