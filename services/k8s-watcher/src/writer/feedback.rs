//! Run state for a ScyllaCluster's status: directly, or through the Operator's own task objects.

use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::DynamicObject;
use messina_domain::manager::TaskKind;
use messina_domain::names::{
    FEEDBACK_MANAGER, OPERATOR_TASK_NAME_ANNOTATION, OPERATOR_TASK_STATUS_ANNOTATION,
};
use messina_domain::task::{TaskDefinition, TaskStatus};
use messina_fault::Fault;
use messina_k8s_api::feedback::Entry;
use messina_k8s_api::kinds::Kind;
use serde_json::{Value, json};

use super::Writer;
use crate::access;

/// One entry of a ScyllaCluster.
pub struct FeedbackEntry {
    pub definition: TaskDefinition,
    pub status: TaskStatus,
    pub error: String,
}

impl FeedbackEntry {
    fn json(&self) -> Value {
        Entry { definition: &self.definition, status: &self.status, error: &self.error }.json()
    }

    fn is(&self, kind: &TaskKind) -> bool {
        self.definition.kind() == *kind
    }
}

impl Writer {
    /// Applies exactly these entries to the status; none takes ours away.
    pub(super) async fn feed_back_directly(
        &self,
        at: (&str, &str),
        uid: &str,
        entries: &[FeedbackEntry],
    ) -> Result<(), Fault> {
        let kind = Kind::ScyllaCluster;
        let _turn = self.turn(kind, at.0, at.1).await;
        // A UID inside the patch is no precondition for a status.
        self.get_exactly(kind, at, uid).await?;
        let list = |wanted: &TaskKind| -> Vec<Value> {
            entries.iter().filter(|entry| entry.is(wanted)).map(FeedbackEntry::json).collect()
        };
        let (backups, repairs) = (list(&TaskKind::Backup), list(&TaskKind::Repair));
        let mut status = serde_json::Map::new();
        for (field, list) in [("backups", backups), ("repairs", repairs)] {
            if !list.is_empty() {
                status.insert(field.into(), Value::Array(list));
            }
        }
        let resource = kind.resource();
        let metadata = json!({"name": at.1, "namespace": at.0});
        let patch = json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "status": status});
        let params = PatchParams::apply(FEEDBACK_MANAGER).force();
        let patched = self.api(kind, at.0).patch_status(at.1, &params, &Patch::Apply(&patch)).await;
        patched.map_err(|error| {
            access::fault(&error, "patch", &format!("{}/status", kind.full_name()), Some(at.0))
        })?;
        Ok(())
    }

    /// Puts each entry into the annotation of the Operator's task object for it, which the Operator copies into the
    /// status. Answers the entries that have no such object.
    pub(super) async fn feed_back_through_operator(
        &self,
        at: (&str, &str),
        uid: &str,
        entries: &[FeedbackEntry],
    ) -> Result<Vec<String>, Fault> {
        let kind = Kind::OperatorTask;
        let _turn = self.turn(kind, at.0, at.1).await;
        let listed = self.api(kind, at.0).list(&ListParams::default()).await;
        let listed = listed.map_err(|error| access::fault(&error, "list", &kind.full_name(), Some(at.0)))?;
        let mine: Vec<&DynamicObject> = listed
            .items
            .iter()
            .filter(|task| task.owner_references().iter().any(|owner| owner.uid == uid))
            .collect();
        let mut missing = Vec::new();
        for entry in entries {
            match mine.iter().find(|task| stands_for(task, entry)) {
                Some(task) => self.annotate(at.0, task, &entry.json().to_string()).await?,
                None => missing.push(entry.definition.name.clone()),
            }
        }
        Ok(missing)
    }

    async fn annotate(&self, namespace: &str, task: &DynamicObject, text: &str) -> Result<(), Fault> {
        if task.annotations().get(OPERATOR_TASK_STATUS_ANNOTATION).is_some_and(|present| present == text) {
            self.metrics.writes_spared.inc();
            return Ok(());
        }
        let kind = Kind::OperatorTask;
        let resource = kind.resource();
        let name = task.name_any();
        let metadata = json!({
            "name": name,
            "namespace": namespace,
            "uid": task.metadata.uid,
            "annotations": {OPERATOR_TASK_STATUS_ANNOTATION: text},
        });
        let patch = json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata});
        let params = PatchParams::apply(FEEDBACK_MANAGER).force();
        let patched = self.api(kind, namespace).patch(&name, &params, &Patch::Apply(&patch)).await;
        patched.map_err(|error| access::fault(&error, "patch", &kind.full_name(), Some(namespace)))?;
        Ok(())
    }
}

fn stands_for(task: &DynamicObject, entry: &FeedbackEntry) -> bool {
    let kind = task.data.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default();
    kind.eq_ignore_ascii_case(entry.definition.kind().as_str())
        && task.annotations().get(OPERATOR_TASK_NAME_ANNOTATION) == Some(&entry.definition.name)
}
