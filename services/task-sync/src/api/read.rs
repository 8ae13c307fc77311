//! What is known about tasks.

use messina_control_api::convert::{write_definition, write_task_key, write_task_status};
use messina_control_api::task::v1 as wire;
use messina_domain::task::TaskObject;

use super::chosen;
use crate::status::is_synced;
use crate::sync::TaskSync;

/// The tasks that a filter chooses, sorted by key.
pub(super) fn chosen_tasks(sync: &TaskSync, filter: &wire::TaskFilter) -> Vec<TaskObject> {
    let mut tasks = sync.fleet.tasks();
    tasks.retain(|task| chosen(filter, &task.cluster()));
    tasks.sort_by(|one, other| one.key.cmp(&other.key));
    tasks
}

/// A task for the wire.
pub(super) fn to_wire(task: &TaskObject) -> wire::Task {
    wire::Task {
        key: Some(write_task_key(&task.key)),
        cluster: task.cluster_name.clone(),
        definition: Some(write_definition(&task.definition)),
        status: Some(write_task_status(&task.status)),
        synced: is_synced(task),
    }
}
