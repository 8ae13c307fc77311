//! `Ring` and `RingMember`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Several ScyllaClusters that are one ScyllaDB cluster. Declared where ScyllaDB Manager is at home; each
/// member agrees by a RingMember of its own.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "messina.dev",
    version = "v1alpha1",
    kind = "Ring",
    plural = "rings",
    shortname = "ring",
    category = "messina",
    namespaced,
    status = "RingStatus",
    printcolumn = r#"{"name":"Home","type":"string","jsonPath":".spec.home.name"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct RingSpec {
    /// The ScyllaCluster at home.
    pub home: HomeRef,
    /// The ScyllaClusters elsewhere.
    #[serde(default)]
    pub members: Vec<MemberRef>,
}

/// A ScyllaCluster of this datacenter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct HomeRef {
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// A ScyllaCluster of another datacenter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct MemberRef {
    /// Name of the datacenter.
    pub datacenter: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// What is known about a ring.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct RingStatus {
    /// Available, Progressing and Degraded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// A ScyllaCluster's consent to be a member of a ring elsewhere.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "messina.dev",
    version = "v1alpha1",
    kind = "RingMember",
    plural = "ringmembers",
    shortname = "ringm",
    category = "messina",
    namespaced,
    status = "RingMemberStatus",
    printcolumn = r#"{"name":"Ring","type":"string","jsonPath":".spec.ring.name"}"#,
    printcolumn = r#"{"name":"Cluster","type":"string","jsonPath":".spec.scyllaClusterRef.name"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct RingMemberSpec {
    /// The ring, at its home.
    pub ring: MemberRef,
    /// The ScyllaCluster, in the same namespace.
    pub scylla_cluster_ref: LocalRef,
}

/// An object of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct LocalRef {
    /// Name.
    pub name: String,
}

/// What is known about a membership.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct RingMemberStatus {
    /// The approval as seen from the home side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
