//! `ScyllaDBManagerClusterRegistration` (`mreg`).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use messina_domain::registration as domain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One ScyllaDB cluster that Messina keeps registered in ScyllaDB Manager. Made by registration for every
/// eligible ScyllaCluster, under its name; deleting it deregisters the cluster.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "messina.dev",
    version = "v1alpha1",
    kind = "ScyllaDBManagerClusterRegistration",
    plural = "scylladbmanagerclusterregistrations",
    shortname = "mreg",
    category = "messina",
    namespaced,
    status = "RegistrationStatus",
    printcolumn = r#"{"name":"Cluster","type":"string","jsonPath":".spec.scyllaClusterRef.name"}"#,
    printcolumn = r#"{"name":"Registered","type":"string","jsonPath":".status.conditions[?(@.type==\"Available\")].status"}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.conditions[?(@.type==\"Available\")].reason"}"#,
    printcolumn = r#"{"name":"Cluster ID","type":"string","jsonPath":".status.clusterID"}"#,
    printcolumn = r#"{"name":"Message","type":"string","priority":1,"jsonPath":".status.conditions[?(@.type==\"Available\")].message"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationSpec {
    /// The ScyllaCluster, in the same namespace.
    pub scylla_cluster_ref: ClusterRef,
    /// Which ScyllaDB Manager, by the name that registration gives it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manager_ref: String,
    /// Contact host for Manager; the datacenter's template when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What becomes of Manager's cluster when this object goes; Delete when absent.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
}

/// A ScyllaCluster of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct ClusterRef {
    /// Its name.
    pub name: String,
    /// Its UID; filled in by Messina.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// What becomes of Manager's cluster when its registration goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Its tasks and the cluster are deleted in Manager.
    #[default]
    Delete,
    /// Everything in Manager stays as it is.
    Retain,
}

/// What is known about a registration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationStatus {
    /// Id in Manager, once registered.
    #[serde(rename = "clusterID", default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Available, Progressing, Degraded and marks such as PossibleRingMember.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Keyed fingerprint of the token that Manager was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_fingerprint: Option<String>,
    /// transient, waiting or rejected; absent when nothing holds it up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_error_class: String,
    /// The way out; absent when there is none but waiting.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Generation that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

impl RegistrationSpec {
    /// In domain terms.
    pub fn read(self) -> domain::RegistrationSpec {
        domain::RegistrationSpec {
            cluster_name: self.scylla_cluster_ref.name,
            cluster_uid: self.scylla_cluster_ref.uid.unwrap_or_default(),
            manager_ref: self.manager_ref,
            host: self.host,
            deletion_policy: match self.deletion_policy {
                DeletionPolicy::Delete => domain::DeletionPolicy::Delete,
                DeletionPolicy::Retain => domain::DeletionPolicy::Retain,
            },
        }
    }
}

impl RegistrationStatus {
    /// In domain terms.
    pub fn read(self) -> domain::RegistrationStatus {
        domain::RegistrationStatus {
            cluster_id: self.cluster_id.and_then(|id| id.parse().ok()),
            conditions: crate::status::read_conditions(&self.conditions),
            token_fingerprint: self.token_fingerprint,
            last_error_class: self.last_error_class,
            hint: self.hint,
            observed_generation: self.observed_generation.unwrap_or_default(),
        }
    }
}
