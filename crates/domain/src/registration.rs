//! Our object `ScyllaDBManagerClusterRegistration` (`mreg`): one per ring or single cluster.

use uuid::Uuid;

use crate::condition::Condition;
use crate::identity::ClusterKey;

/// A registration as the feed last said. It has the namespace and name of its ScyllaCluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Where it is.
    pub key: ClusterKey,
    /// Kubernetes UID.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// What is declared.
    pub spec: RegistrationSpec,
    /// What was last reported.
    pub status: RegistrationStatus,
}

/// What a registration declares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistrationSpec {
    /// Name of the ScyllaCluster in the same namespace.
    pub cluster_name: String,
    /// UID of the ScyllaCluster.
    pub cluster_uid: String,
    /// Which Manager: the name of the control plane's `--manager-name`.
    pub manager_ref: String,
    /// Contact host for Manager; the datacenter's template when absent.
    pub host: Option<String>,
    /// What becomes of Manager's cluster when this object goes.
    pub deletion_policy: DeletionPolicy,
}

/// What becomes of Manager's cluster when its registration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeletionPolicy {
    /// Its tasks and the cluster are deleted in Manager.
    #[default]
    Delete,
    /// Everything in Manager stays as it is.
    Retain,
}

/// What is known about a registration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistrationStatus {
    /// Id in Manager, once registered.
    pub cluster_id: Option<Uuid>,
    /// `Available`, `Progressing`, `Degraded` and marks such as `PossibleRingMember`.
    pub conditions: Vec<Condition>,
    /// Keyed fingerprint of the token that Manager was given.
    pub token_fingerprint: Option<String>,
    /// Class (`transient`, `waiting`, `rejected`) of what holds it up; empty when nothing does.
    pub last_error_class: String,
    /// The way out; empty when there is none but waiting.
    pub hint: String,
    /// Generation that was looked at.
    pub observed_generation: i64,
}
