//! The Operator's own Manager objects: read to keep out of its way, and to find the road for feedback.

use serde::Deserialize;

/// `spec` of the Operator's registration and task objects, as far as Messina reads it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    /// The ScyllaDB cluster that it is about.
    #[serde(rename = "scyllaDBClusterRef")]
    pub cluster: ClusterRef,
    /// Backup or Repair, for a task.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Name and kind of the Operator's cluster object; its ScyllaDBDatacenter has the name of the ScyllaCluster.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClusterRef {
    /// Name.
    pub name: String,
}
