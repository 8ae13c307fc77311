//! Creating and changing our own objects, by server-side apply: what a user adds to them stays theirs.

use kube::api::{Patch, PatchParams};
use kube::core::DynamicObject;
use messina_domain::names::{
    CLUSTER_LABEL, REGISTRATION_FINALIZER, REGISTRATION_MANAGER, SOURCE_LABEL, SOURCE_SCYLLA_CLUSTER,
    TASK_FINALIZER, TASK_MANAGER, reason,
};
use messina_domain::registration::RegistrationSpec;
use messina_domain::task::TaskDefinition;
use messina_fault::Fault;
use messina_k8s_api::kinds::Kind;
use messina_k8s_api::registration::ClusterRef;
use messina_k8s_api::task::TaskSpec;
use serde_json::{Value, json};

use super::Writer;
use crate::access;

/// What a task object shall be.
pub struct TaskToApply {
    pub namespace: String,
    pub name: String,
    pub cluster_name: String,
    pub cluster_uid: String,
    pub definition: TaskDefinition,
}

impl Writer {
    /// Creates or changes a registration. `host` and `deletionPolicy` are the user's and not applied.
    pub(super) async fn apply_registration(
        &self,
        namespace: &str,
        name: &str,
        spec: &RegistrationSpec,
    ) -> Result<DynamicObject, Fault> {
        let metadata = json!({
            "name": name,
            "namespace": namespace,
            "labels": labels(&spec.cluster_name),
            "finalizers": [REGISTRATION_FINALIZER],
        });
        let spec = json!({
            "scyllaClusterRef": {"name": spec.cluster_name, "uid": spec.cluster_uid},
            "managerRef": spec.manager_ref,
        });
        self.apply(Kind::Registration, REGISTRATION_MANAGER, metadata, spec).await
    }

    /// Creates or changes a task object for an entry of a ScyllaCluster.
    pub(super) async fn apply_task(&self, task: &TaskToApply) -> Result<DynamicObject, Fault> {
        let metadata = json!({
            "name": task.name,
            "namespace": task.namespace,
            "labels": labels(&task.cluster_name),
            "finalizers": [TASK_FINALIZER],
        });
        let cluster = ClusterRef { name: task.cluster_name.clone(), uid: Some(task.cluster_uid.clone()) };
        let spec = serde_json::to_value(TaskSpec::write(&task.definition, cluster))
            .map_err(|error| Fault::rejected(reason::INVALID_REQUEST, error.to_string()))?;
        self.apply(Kind::Task, TASK_MANAGER, metadata, spec).await
    }

    async fn apply(
        &self,
        kind: Kind,
        manager: &str,
        metadata: Value,
        spec: Value,
    ) -> Result<DynamicObject, Fault> {
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        let _turn = self.turn(kind, &namespace, &name).await;
        let resource = kind.resource();
        let object = json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec});
        let params = PatchParams::apply(manager).force();
        let applied = self.api(kind, &namespace).patch(&name, &params, &Patch::Apply(&object)).await;
        applied.map_err(|error| access::fault(&error, "patch", &kind.full_name(), Some(&namespace)))
    }
}

fn labels(cluster: &str) -> Value {
    json!({SOURCE_LABEL: SOURCE_SCYLLA_CLUSTER, CLUSTER_LABEL: label_value(cluster)})
}

/// A label's value holds 63 characters, an object's name 253; the label is for `kubectl -l`, not for us.
fn label_value(name: &str) -> String {
    let cut = name.get(..name.len().min(63)).unwrap_or_default();
    cut.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_still_makes_a_valid_label() {
        assert_eq!(label_value("orders"), "orders");
        let long = label_value(&format!("{}.{}", "a".repeat(62), "b".repeat(100)));
        assert_eq!(long, "a".repeat(62));
    }
}
