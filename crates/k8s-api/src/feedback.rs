//! Entries of `ScyllaCluster.status.backups` and `.repairs`, in the shape that the ScyllaDB Operator gives them.

use std::collections::BTreeMap;

use messina_domain::manager::TaskKind;
use messina_domain::task::{TaskDefinition, TaskStatus, Work};
use serde_json::{Map, Value, json};

use crate::options::{BackupOptions, RepairOptions, ScheduleOptions};

/// What one entry says.
pub struct Entry<'a> {
    /// What is declared.
    pub definition: &'a TaskDefinition,
    /// What is known.
    pub status: &'a TaskStatus,
    /// What is wrong; empty when nothing is.
    pub error: &'a str,
}

impl Entry<'_> {
    /// Backup or repair.
    pub fn kind(&self) -> TaskKind {
        self.definition.kind()
    }

    /// The entry as JSON. What the Operator's shape has no field for, the state of the runs, travels as labels.
    pub fn json(&self) -> Value {
        let options = match &self.definition.work {
            Work::Backup(backup) => serde_json::to_value(BackupOptions::write(backup)),
            Work::Repair(repair) => serde_json::to_value(RepairOptions::write(repair)),
        };
        let mut entry = into_map(options.unwrap_or_default());
        let schedule =
            serde_json::to_value(ScheduleOptions::write(&self.definition.schedule)).unwrap_or_default();
        entry.extend(into_map(schedule));
        // The shape of the status knows neither of the two.
        entry.remove("window");
        entry.remove("enabled");
        entry.insert("name".into(), json!(self.definition.name));
        if let Some(id) = self.status.task_id {
            entry.insert("id".into(), json!(id.to_string()));
        }
        if !self.error.is_empty() {
            entry.insert("error".into(), json!(self.error));
        }
        entry.insert("labels".into(), json!(self.labels()));
        Value::Object(entry)
    }

    fn labels(&self) -> BTreeMap<&'static str, String> {
        let status = self.status;
        let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
        let facts = [
            ("state", Some(status.state.as_str().to_owned())),
            ("progress", status.progress.map(|percent| format!("{percent}%"))),
            ("last-success", time(status.last_success)),
            ("last-error", time(status.last_error.as_ref().map(|error| error.time))),
            ("next-activation", time(status.next_activation)),
        ];
        facts.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messina_domain::manager::RunState;
    use messina_domain::task::{Backup, Schedule};

    #[test]
    fn an_entry_has_the_operators_shape_and_the_run_in_its_labels() {
        let definition = TaskDefinition {
            name: "daily".into(),
            schedule: Schedule { cron: Some("@daily".into()), num_retries: Some(3), ..Schedule::default() },
            work: Work::Backup(Backup { location: vec!["s3:b".into()], ..Backup::default() }),
        };
        let status = TaskStatus {
            task_id: Some(uuid::Uuid::from_u128(1)),
            state: RunState::Done,
            ..Default::default()
        };
        let entry = Entry { definition: &definition, status: &status, error: "" }.json();
        assert_eq!(
            entry,
            json!({"name": "daily", "id": "00000000-0000-0000-0000-000000000001", "cron": "@daily", "numRetries": 3,
                "location": ["s3:b"], "labels": {"state": "DONE"}})
        );
        let failed =
            Entry { definition: &definition, status: &TaskStatus::default(), error: "no bucket" }.json();
        assert_eq!((failed["error"].as_str(), failed.get("id")), (Some("no bucket"), None));
    }
}
