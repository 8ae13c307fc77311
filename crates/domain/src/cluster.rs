//! A ScyllaCluster as the control plane sees it: only what a decision needs.

use crate::identity::ClusterKey;
use crate::task::TaskDefinition;

/// One ScyllaCluster of one datacenter, as the feed last said.
#[derive(Debug, Clone, PartialEq)]
pub struct ScyllaCluster {
    /// Where it is.
    pub key: ClusterKey,
    /// Kubernetes UID.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// Why it stays out of Manager, if it does.
    pub exclusion: Option<Exclusion>,
    /// Nodes that the Operator reports available.
    pub available_nodes: u32,
    /// Whether `spec.externalSeeds` names nodes of another datacenter.
    pub external_seeds: bool,
    /// `spec.backups`, in order.
    pub backups: Vec<TaskDefinition>,
    /// `spec.repairs`, in order.
    pub repairs: Vec<TaskDefinition>,
    /// Field managers, other than ours, that own a part of its status.
    pub status_managers: Vec<String>,
    /// Name of rack 0's agent configuration Secret, which may set a token of its own.
    pub agent_config_secret: Option<String>,
}

/// Why a ScyllaCluster stays out of Manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// It carries the annotation of the ScyllaDB Operator.
    OptedOut,
    /// Its namespace is outside the watcher's selector.
    NamespaceNotSelected,
}

impl ScyllaCluster {
    /// Every declared entry: backups, then repairs.
    pub fn entries(&self) -> impl Iterator<Item = &TaskDefinition> {
        self.backups.iter().chain(&self.repairs)
    }
}
