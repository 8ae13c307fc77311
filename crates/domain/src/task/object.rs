//! Our object `ScyllaDBManagerTask` (`mtask`): one task, declared by a ScyllaCluster's entry or by a user.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::TaskDefinition;
use crate::condition::Condition;
use crate::identity::ClusterKey;
use crate::manager::{Run, RunState, TaskKind};

/// A task object as the feed last said.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskObject {
    /// Where the object is: datacenter, namespace and its own name.
    pub key: ClusterKey,
    /// Kubernetes UID.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// Name of the ScyllaCluster in the same namespace.
    pub cluster_name: String,
    /// Whether an entry of the ScyllaCluster declared it, so that it goes when the entry goes.
    pub from_cluster: bool,
    /// What is declared.
    pub definition: TaskDefinition,
    /// What was last reported.
    pub status: TaskStatus,
}

impl TaskObject {
    /// The cluster it belongs to.
    pub fn cluster(&self) -> ClusterKey {
        ClusterKey::new(&self.key.datacenter, &self.key.namespace, &self.cluster_name)
    }
}

/// What is known about a task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskStatus {
    /// Id in Manager, while Manager holds it.
    pub task_id: Option<Uuid>,
    /// `Available`, `Progressing`, `Degraded`.
    pub conditions: Vec<Condition>,
    /// State of its last or present run.
    pub state: RunState,
    /// Percent of the present run; `None` when nothing runs or Manager does not say.
    pub progress: Option<u8>,
    /// End of the last good run.
    pub last_success: Option<Timestamp>,
    /// The last failed attempt.
    pub last_error: Option<LastError>,
    /// Next time it starts by itself.
    pub next_activation: Option<Timestamp>,
    /// Runs that ended well.
    pub success_count: i64,
    /// Attempts that failed, retries included.
    pub error_count: i64,
    /// The last ten runs, newest first.
    pub runs: Vec<Run>,
    /// Generation that was looked at.
    pub observed_generation: i64,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// When it ended.
    pub time: Timestamp,
    /// Why, in Manager's words.
    pub cause: String,
}

/// How many runs a status keeps.
pub const KEPT_RUNS: usize = 10;

/// Longest name of a Kubernetes object.
const MAX_NAME: usize = 253;

/// Name of the object for an entry: readable, and kept apart by a digest where two clusters' names and
/// entries would run together (`a-backup-b` + `repair` + `c`).
pub fn object_name(cluster: &str, kind: &TaskKind, entry: &str) -> String {
    let digest = Sha256::digest(format!("{cluster}\n{}\n{entry}", kind.as_str()));
    let suffix: String = digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    let mut stem = format!("{cluster}-{}-{entry}", kind.as_str()).to_lowercase();
    stem.truncate(stem.floor_char_boundary(MAX_NAME - suffix.len() - 1));
    format!("{stem}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable_short_enough_and_apart() {
        let name = object_name("orders", &TaskKind::Backup, "daily");
        assert!(name.starts_with("orders-backup-daily-"), "{name}");
        assert_ne!(
            object_name("a", &TaskKind::Backup, "b-repair-c"),
            object_name("a-backup-b", &TaskKind::Repair, "c")
        );
        let long = object_name(&"c".repeat(200), &TaskKind::Repair, &"t".repeat(200));
        assert_eq!(long.len(), MAX_NAME);
    }
}
