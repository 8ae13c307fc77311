//! A task: what is sent, and what is read back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use messina_domain::manager::{ManagerTask, RunState, TaskBody, TaskKind};
use messina_fault::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::schedule::{ScheduleJson, ScheduleRequest};
use super::{nullable, property, run, time, to_json};

/// What is sent. Replaces the whole definition, so nothing may be missing: a task without `enabled` is a
/// disabled one.
#[derive(Serialize)]
struct TaskRequest<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    name: &'a str,
    labels: &'a BTreeMap<String, String>,
    enabled: bool,
    schedule: ScheduleRequest<'a>,
    properties: Value,
}

/// The body that makes or replaces a task, or asks for its target.
pub(crate) fn encode(body: &TaskBody) -> Result<Zeroizing<Vec<u8>>, Fault> {
    to_json(&TaskRequest {
        kind: body.kind.as_str(),
        name: &body.name,
        labels: &body.labels,
        enabled: body.enabled,
        schedule: ScheduleRequest::from(&body.schedule),
        properties: property::encode(&body.properties)?,
    })
}

/// What is read.
#[derive(Deserialize)]
pub(crate) struct TaskJson {
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "nullable")]
    enabled: bool,
    #[serde(default, deserialize_with = "nullable")]
    schedule: ScheduleJson,
    #[serde(default)]
    properties: Value,
    #[serde(default, deserialize_with = "run::state")]
    status: RunState,
    #[serde(default, deserialize_with = "nullable")]
    success_count: i64,
    #[serde(default, deserialize_with = "nullable")]
    error_count: i64,
    #[serde(default, deserialize_with = "time::read")]
    last_success: Option<Timestamp>,
    #[serde(default, deserialize_with = "time::read")]
    last_error: Option<Timestamp>,
    #[serde(default, deserialize_with = "time::read")]
    next_activation: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    suspended: bool,
}

impl From<TaskJson> for ManagerTask {
    fn from(json: TaskJson) -> Self {
        Self {
            id: json.id,
            body: TaskBody {
                kind: TaskKind::from(json.kind.as_str()),
                name: json.name,
                labels: json.labels,
                enabled: json.enabled,
                schedule: json.schedule.into(),
                properties: property::decode(json.properties),
            },
            state: json.status,
            success_count: json.success_count,
            error_count: json.error_count,
            last_success: json.last_success,
            last_error: json.last_error,
            next_activation: json.next_activation,
            suspended: json.suspended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a real Manager lists it.
    const LISTED: &str = r#"{"cluster_id":"7f0c5b3e-0000-4000-8000-00000000000c","type":"backup",
        "id":"7f0c5b3e-0000-4000-8000-000000000001","name":"daily","labels":null,"enabled":true,
        "schedule":{"cron":"{\"spec\":\"0 2 * * *\",\"start_date\":\"0001-01-01T00:00:00Z\"}","window":null,
          "timezone":"America/New_York","start_date":"2026-11-22T10:00:00.5Z","interval":"","num_retries":3,"retry_wait":"10m"},
        "properties":{"location":["s3:b"],"retention":7},"Tags":null,"status":"ERROR","success_count":4,"error_count":2,
        "last_success":"2026-11-20T10:00:00Z","last_error":null,"suspended":false,
        "next_activation":"2026-11-23T02:00:00.000000001-05:00","retry":1}"#;

    #[test]
    fn a_listed_task_is_read_whole() {
        let task: ManagerTask = serde_json::from_str::<TaskJson>(LISTED).unwrap().into();
        assert_eq!((task.body.kind.clone(), task.body.name.as_str()), (TaskKind::Backup, "daily"));
        assert_eq!((task.state, task.success_count, task.error_count), (RunState::Error, 4, 2));
        assert_eq!(task.body.schedule.cron, "0 2 * * *");
        assert_eq!(task.body.schedule.retry_wait, 600);
        assert_eq!(task.next_activation.unwrap().to_string(), "2026-11-23T07:00:00.000000001Z");
        assert_eq!((task.last_error, task.body.enabled, task.suspended), (None, true, false));
    }

    #[test]
    fn nulls_and_unknown_kinds_are_no_obstacle() {
        let json = r#"{"id":"7f0c5b3e-0000-4000-8000-000000000001","type":"tablet_repair","schedule":null,
            "properties":null,"labels":null,"status":"PONDERING","enabled":null}"#;
        let task: ManagerTask = serde_json::from_str::<TaskJson>(json).unwrap().into();
        assert_eq!(task.body.kind, TaskKind::Other("tablet_repair".into()));
        assert_eq!((task.state, task.body.enabled), (RunState::New, false));
        assert!(task.body.properties.is_empty() && task.body.labels.is_empty());
    }

    #[test]
    fn enabled_and_properties_are_always_sent_and_an_id_never() {
        let body = TaskBody {
            kind: TaskKind::Repair,
            name: "weekly".into(),
            labels: BTreeMap::new(),
            enabled: false,
            schedule: Default::default(),
            properties: Default::default(),
        };
        let sent = String::from_utf8(encode(&body).unwrap().to_vec()).unwrap();
        assert_eq!(
            sent,
            r#"{"type":"repair","name":"weekly","labels":{},"enabled":false,"schedule":{"num_retries":0},"properties":{}}"#
        );
    }
}
