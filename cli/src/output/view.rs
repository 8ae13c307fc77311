//! Clusters and tasks as the commands show them; field names are those of the JSON and YAML output.

use jiff::Timestamp;
use messina_control_api::convert::read_time;
use messina_control_api::registration::v1::PlannedRegistration;
use messina_control_api::registration::v1::Registration;
use messina_control_api::task::v1::{ConditionStatus, Explanation, PlannedTask, Task, TaskStatus};
use serde::Serialize;

/// One cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterView {
    /// `datacenter/namespace/name`.
    pub cluster: String,
    /// Whether Manager holds it as declared.
    pub registered: bool,
    /// Whether it is kept out on purpose.
    pub excluded: bool,
    /// Id in Manager; empty while it is not registered.
    pub cluster_id: String,
    /// What holds it up.
    pub held_up: Option<ReasonView>,
}

/// Why something is as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReasonView {
    /// waiting, transient or rejected.
    pub class: String,
    /// CamelCase reason.
    pub reason: String,
    /// What.
    pub message: String,
    /// The way out.
    pub hint: String,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// `datacenter/namespace/name` of its object.
    pub task: String,
    /// `datacenter/namespace/name` of its cluster.
    pub cluster: String,
    /// backup or repair.
    pub kind: String,
    /// Name in Manager.
    pub name: String,
    /// Whether Manager holds it as declared.
    pub synced: bool,
    /// Manager's word for the state of its last run.
    pub state: String,
    /// Percent of the present run.
    pub progress: Option<u32>,
    /// End of the last good run.
    pub last_success: Option<Timestamp>,
    /// Next time it starts.
    pub next_activation: Option<Timestamp>,
    /// Cause of the last failed attempt, in Manager's words.
    pub last_error: Option<String>,
    /// CamelCase reason of what is wrong; empty when nothing is.
    pub reason: String,
    /// What is wrong, with the way out.
    pub message: String,
}

/// One next step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanView {
    /// `cluster` or `task`.
    pub object: &'static str,
    /// Its key.
    pub key: String,
    /// What would be done.
    pub action: String,
    /// Fields that differ: name, from, to.
    pub changes: Vec<ChangeView>,
    /// Why nothing can be done.
    pub held: Option<ReasonView>,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeView {
    /// Manager's name of the field.
    pub field: String,
    /// What Manager holds.
    pub from: String,
    /// What is declared.
    pub to: String,
}

impl From<&Explanation> for ReasonView {
    fn from(explanation: &Explanation) -> Self {
        Self {
            class: explanation.class.clone(),
            reason: explanation.reason.clone(),
            message: explanation.message.clone(),
            hint: explanation.hint.clone(),
        }
    }
}

impl From<&Registration> for ClusterView {
    fn from(registration: &Registration) -> Self {
        let key = registration.key.clone().unwrap_or_default();
        Self {
            cluster: format!("{}/{}/{}", key.datacenter, key.namespace, key.name),
            registered: registration.registered,
            excluded: registration.excluded,
            cluster_id: registration.cluster_id.clone(),
            held_up: registration.explanation.as_ref().map(ReasonView::from),
        }
    }
}

impl From<&Task> for TaskView {
    fn from(task: &Task) -> Self {
        let key = task.key.clone().unwrap_or_default();
        let definition = task.definition.clone().unwrap_or_default();
        let status = task.status.clone().unwrap_or_default();
        let kind = match definition.work {
            Some(messina_control_api::task::v1::task_definition::Work::Backup(_)) => "backup",
            _ => "repair",
        };
        let (reason, message) = wrong(&status);
        Self {
            task: format!("{}/{}/{}", key.datacenter, key.namespace, key.name),
            cluster: format!("{}/{}/{}", key.datacenter, key.namespace, task.cluster),
            kind: kind.to_owned(),
            name: definition.name,
            synced: task.synced,
            state: status.state.clone(),
            progress: status.progress,
            last_success: status.last_success.as_ref().and_then(read_time),
            next_activation: status.next_activation.as_ref().and_then(read_time),
            last_error: status.last_error.as_ref().map(|error| error.cause.clone()),
            reason,
            message,
        }
    }
}

/// What is wrong with a task, by its conditions: first what keeps it from being as declared, then its last run.
fn wrong(status: &TaskStatus) -> (String, String) {
    let trouble = |kind: &str, bad: ConditionStatus| {
        status.conditions.iter().find(|condition| condition.r#type == kind && condition.status() == bad)
    };
    let found = trouble("Degraded", ConditionStatus::True)
        .or_else(|| trouble("Progressing", ConditionStatus::True))
        .or_else(|| trouble("Available", ConditionStatus::False));
    found.map(|condition| (condition.reason.clone(), condition.message.clone())).unwrap_or_default()
}

impl From<&PlannedRegistration> for PlanView {
    fn from(planned: &PlannedRegistration) -> Self {
        let key = planned.key.clone().unwrap_or_default();
        Self {
            object: "cluster",
            key: format!("{}/{}/{}", key.datacenter, key.namespace, key.name),
            action: planned.action.clone(),
            changes: planned.changes.iter().map(ChangeView::from).collect(),
            held: planned.held.as_ref().map(ReasonView::from),
        }
    }
}

impl From<&PlannedTask> for PlanView {
    fn from(planned: &PlannedTask) -> Self {
        let key = planned.key.clone().unwrap_or_default();
        Self {
            object: "task",
            key: format!("{}/{}/{}", key.datacenter, key.namespace, key.name),
            action: planned.action.clone(),
            changes: planned.changes.iter().map(ChangeView::from).collect(),
            held: planned.held.as_ref().map(ReasonView::from),
        }
    }
}

impl From<&messina_control_api::task::v1::FieldChange> for ChangeView {
    fn from(change: &messina_control_api::task::v1::FieldChange) -> Self {
        Self { field: change.field.clone(), from: change.from.clone(), to: change.to.clone() }
    }
}
