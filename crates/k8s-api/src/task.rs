//! `ScyllaDBManagerTask` (`mtask`).

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use messina_domain::manager::{Run, RunState};
use messina_domain::task as domain;
use messina_domain::task::{TaskDefinition, Work};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{BackupOptions, RepairOptions, ScheduleOptions};
use crate::registration::ClusterRef;

/// One backup or repair that Messina keeps in ScyllaDB Manager, and what became of its runs. Made by task-sync
/// for every entry of a ScyllaCluster, or by a user.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "messina.dev",
    version = "v1alpha1",
    kind = "ScyllaDBManagerTask",
    plural = "scylladbmanagertasks",
    shortname = "mtask",
    category = "messina",
    namespaced,
    status = "TaskStatus",
    printcolumn = r#"{"name":"Cluster","type":"string","jsonPath":".spec.clusterRef.name"}"#,
    printcolumn = r#"{"name":"Type","type":"string","jsonPath":".spec.type"}"#,
    printcolumn = r#"{"name":"State","type":"string","jsonPath":".status.state"}"#,
    printcolumn = r#"{"name":"Progress","type":"string","jsonPath":".status.progress"}"#,
    printcolumn = r#"{"name":"Last Success","type":"date","jsonPath":".status.lastSuccess"}"#,
    printcolumn = r#"{"name":"Next","type":"string","jsonPath":".status.nextActivation"}"#,
    printcolumn = r#"{"name":"Synced","type":"string","priority":1,"jsonPath":".status.conditions[?(@.type==\"Available\")].status"}"#,
    printcolumn = r#"{"name":"Message","type":"string","priority":1,"jsonPath":".status.conditions[?(@.type==\"Available\")].message"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct TaskSpec {
    /// The ScyllaCluster, in the same namespace.
    pub cluster_ref: ClusterRef,
    /// Backup or Repair.
    #[serde(rename = "type")]
    pub kind: TaskType,
    /// Name in ScyllaDB Manager; the name of this object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it runs.
    #[serde(flatten)]
    pub schedule: ScheduleOptions,
    /// What a backup does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupOptions>,
    /// What a repair does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<RepairOptions>,
}

/// Kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub enum TaskType {
    /// Copies tables into object storage.
    Backup,
    /// Makes replicas agree.
    #[default]
    Repair,
}

/// What is known about a task.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskStatus {
    /// Id in Manager while Manager holds it.
    #[serde(rename = "taskID", default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Available, Progressing and Degraded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Manager's word for the state of the last or present run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Progress of the present run such as 42%; absent when nothing runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// End of the last good run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_success: Option<Timestamp>,
    /// The last failed attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// Next time it starts by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next_activation: Option<Timestamp>,
    /// Runs that ended well.
    #[serde(default)]
    pub success_count: i64,
    /// Attempts that failed, retries included.
    #[serde(default)]
    pub error_count: i64,
    /// The last ten runs, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<TaskRun>,
    /// Generation that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct LastError {
    /// When it ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
    /// Why, in Manager's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRun {
    /// Run id in Manager.
    pub id: String,
    /// Manager's word for how it ended, or that it has not.
    pub state: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub start_time: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub end_time: Option<Timestamp>,
    /// Why it failed, in Manager's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
}

impl TaskSpec {
    /// The definition in domain terms.
    ///
    /// # Errors
    /// A text that names the missing or surplus block.
    pub fn read(self, object_name: &str) -> Result<TaskDefinition, String> {
        let name = self.name.unwrap_or_else(|| object_name.to_owned());
        match (self.kind, self.backup, self.repair) {
            (TaskType::Backup, Some(backup), None) => Ok(backup.read(name, self.schedule)),
            (TaskType::Repair, None, repair) => Ok(repair.unwrap_or_default().read(name, self.schedule)),
            (TaskType::Backup, None, _) => Err("spec.backup is missing although spec.type is Backup".into()),
            (TaskType::Backup, _, Some(_)) => Err("spec.repair cannot stand beside spec.type Backup".into()),
            (TaskType::Repair, Some(_), _) => Err("spec.backup cannot stand beside spec.type Repair".into()),
        }
    }

    /// The spec of an object for an entry of a ScyllaCluster.
    pub fn write(definition: &TaskDefinition, cluster: ClusterRef) -> Self {
        let (kind, backup, repair) = match &definition.work {
            Work::Backup(backup) => (TaskType::Backup, Some(BackupOptions::write(backup)), None),
            Work::Repair(repair) => (TaskType::Repair, None, Some(RepairOptions::write(repair))),
        };
        let schedule = ScheduleOptions::write(&definition.schedule);
        Self { cluster_ref: cluster, kind, name: Some(definition.name.clone()), schedule, backup, repair }
    }
}

impl TaskStatus {
    /// In domain terms.
    pub fn read(self) -> domain::TaskStatus {
        domain::TaskStatus {
            task_id: self.task_id.and_then(|id| id.parse().ok()),
            conditions: crate::status::read_conditions(&self.conditions),
            state: RunState::parse(&self.state).unwrap_or_default(),
            progress: self.progress.and_then(|text| text.trim_end_matches('%').parse().ok()),
            last_success: self.last_success,
            last_error: self
                .last_error
                .map(|error| domain::LastError { time: error.time, cause: error.cause }),
            next_activation: self.next_activation,
            success_count: self.success_count,
            error_count: self.error_count,
            runs: self.runs.into_iter().filter_map(TaskRun::read).collect(),
            observed_generation: self.observed_generation.unwrap_or_default(),
        }
    }
}

impl TaskRun {
    fn read(self) -> Option<Run> {
        Some(Run {
            id: self.id.parse().ok()?,
            state: RunState::parse(&self.state).unwrap_or_default(),
            start: self.start_time,
            end: self.end_time,
            cause: self.cause,
        })
    }

    /// As the status keeps it.
    pub fn write(run: &Run) -> Self {
        Self {
            id: run.id.to_string(),
            state: run.state.as_str().to_owned(),
            start_time: run.start,
            end_time: run.end,
            cause: run.cause.clone(),
        }
    }
}
