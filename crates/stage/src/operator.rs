//! A stand-in for the part of the ScyllaDB Operator that meets Messina's feedback: it makes its own task object for
//! every entry, copies what it finds in their annotation into the status, and writes the whole status on each pass.

use std::time::Duration;

use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use messina_domain::names::{OPERATOR_TASK_NAME_ANNOTATION, OPERATOR_TASK_STATUS_ANNOTATION};
use messina_k8s_api::kinds::Kind;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{Datacenter, StageError};

/// Field manager that the Operator's writes show.
pub const OPERATOR_MANAGER: &str = "scylla-operator (linux";
/// How often the stand-in makes a pass. The real one is woken by events; more passes make a loop more visible.
const PASS: Duration = Duration::from_millis(200);

/// The stand-in; dropping it ends it.
pub struct OperatorStandIn(JoinHandle<()>);

impl Drop for OperatorStandIn {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl OperatorStandIn {
    /// Starts passes over one ScyllaCluster.
    pub fn start(datacenter: &Datacenter, namespace: &str, cluster: &str) -> Self {
        let pass = Pass {
            clusters: datacenter.api(Kind::ScyllaCluster, namespace),
            tasks: datacenter.api(Kind::OperatorTask, namespace),
            cluster: cluster.to_owned(),
        };
        Self(tokio::spawn(async move {
            loop {
                // A pass that fails, by a conflict for example, is made good by the next one.
                let _ = pass.make().await;
                tokio::time::sleep(PASS).await;
            }
        }))
    }
}

struct Pass {
    clusters: Api<DynamicObject>,
    tasks: Api<DynamicObject>,
    cluster: String,
}

impl Pass {
    async fn make(&self) -> Result<(), StageError> {
        let mut cluster = self.clusters.get(&self.cluster).await?;
        let backups = self.entries(&cluster, "backups", "Backup").await?;
        let repairs = self.entries(&cluster, "repairs", "Repair").await?;
        let nodes = cluster.data.pointer("/status/availableMembers").cloned().unwrap_or(json!(3));
        let mut status = json!({"availableMembers": nodes, "members": nodes, "readyMembers": nodes});
        if let Some(status) = status.as_object_mut() {
            for (field, list) in [("backups", backups), ("repairs", repairs)] {
                if !list.is_empty() {
                    status.insert(field.into(), Value::Array(list));
                }
            }
        }
        if cluster.data.get("status") == Some(&status) {
            return Ok(());
        }
        if let Some(data) = cluster.data.as_object_mut() {
            data.insert("status".into(), status);
        }
        let params = PostParams { field_manager: Some(OPERATOR_MANAGER.into()), ..PostParams::default() };
        self.clusters.replace_status(&self.cluster, &params, &cluster).await?;
        Ok(())
    }

    /// Entries of the status, from the annotations of the task objects; those are made where they lack.
    async fn entries(
        &self,
        cluster: &DynamicObject,
        field: &str,
        kind: &str,
    ) -> Result<Vec<Value>, StageError> {
        let declared = cluster.data.pointer(&format!("/spec/{field}")).and_then(Value::as_array);
        let names: Vec<&str> = declared
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.get("name").and_then(Value::as_str))
            .collect();
        let mut entries = Vec::new();
        for entry in names {
            let task = self.task(cluster, kind, entry).await?;
            let annotation = task.annotations().get(OPERATOR_TASK_STATUS_ANNOTATION);
            entries.extend(annotation.and_then(|text| serde_json::from_str(text).ok()));
        }
        Ok(entries)
    }

    async fn task(
        &self,
        cluster: &DynamicObject,
        kind: &str,
        entry: &str,
    ) -> Result<DynamicObject, StageError> {
        let name = format!("{}-{}-{entry}", self.cluster, kind.to_lowercase());
        if let Some(task) = self.tasks.get_opt(&name).await? {
            return Ok(task);
        }
        let resource = Kind::OperatorTask.resource();
        let object = json!({
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {
                "name": name,
                "annotations": {OPERATOR_TASK_NAME_ANNOTATION: entry},
                "ownerReferences": [{
                    "apiVersion": "scylla.scylladb.com/v1", "kind": "ScyllaCluster", "name": self.cluster,
                    "uid": cluster.uid(), "controller": true, "blockOwnerDeletion": true,
                }],
            },
            "spec": {"scyllaDBClusterRef": {"kind": "ScyllaDBDatacenter", "name": self.cluster}, "type": kind},
        });
        let params = PatchParams::apply(OPERATOR_MANAGER).force();
        Ok(self.tasks.patch(&name, &params, &Patch::Apply(&object)).await?)
    }
}
