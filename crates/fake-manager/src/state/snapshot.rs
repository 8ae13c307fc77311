//! A copy of everything, for tests to look at.

use jiff::Timestamp;

use super::State;
use crate::model::{Cluster, Run, Task};

/// Clusters and tasks at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The registered clusters, by id.
    pub clusters: Vec<Cluster>,
    /// All task rows, deleted ones and those of deleted clusters included.
    pub tasks: Vec<TaskView>,
}

/// A task with what belongs to it.
#[derive(Clone, Debug)]
pub struct TaskView {
    /// The row.
    pub task: Task,
    /// When it runs next, if it is queued.
    pub next_activation: Option<Timestamp>,
    /// Its runs, newest first.
    pub runs: Vec<Run>,
}

impl Snapshot {
    /// The cluster of that name.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    /// The tasks of a cluster that are not deleted.
    pub fn tasks_of(&self, cluster: uuid::Uuid) -> impl Iterator<Item = &TaskView> {
        self.tasks.iter().filter(move |view| view.task.cluster_id == cluster && !view.task.deleted)
    }
}

impl State {
    /// Copies everything.
    pub fn snapshot(&self) -> Snapshot {
        let view = |(key, task): (&crate::model::TaskKey, &Task)| TaskView {
            task: task.clone(),
            next_activation: self.activation(*key).next.map(|next| next.at),
            runs: self.history(*key).cloned().collect(),
        };
        Snapshot {
            clusters: self.clusters.values().cloned().collect(),
            tasks: self.tasks.iter().map(view).collect(),
        }
    }
}
