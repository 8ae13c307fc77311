//! Properties of restores, validations of backups, and suspensions.

use super::{Purpose, Subject, backup, unreadable};
use crate::{
    error::ApiError,
    model::TaskType,
    scheduler::{SuspendPolicy, SuspendRequest},
    wire::{
        decode::{DecodeError, Object},
        duration,
    },
};

/// The little that is checked of a restore; its own mistakes are all 500.
pub(super) fn check_restore(subject: &Subject<'_>, fields: &Object) -> Result<(), ApiError> {
    let locations = backup::locations(fields)?;
    let schema = fields.boolean("restore_schema").map_err(unreadable)?;
    let tables = fields.boolean("restore_tables").map_err(unreadable)?;
    let tag = fields.string("snapshot_tag").map_err(unreadable)?;
    let nodes = subject.nodes()?;
    let Some(locations) = locations else { return Err(ApiError::internal("missing location")) };
    if schema == tables {
        return Err(ApiError::internal(
            "choose EXACTLY ONE restore type ('restore_schema' or 'restore_tables')",
        ));
    }
    let digits = tag.strip_prefix("sm_").and_then(|rest| rest.strip_suffix("UTC")).unwrap_or_default();
    if digits.len() != 14 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ApiError::internal(format!("unexpected snapshot tag {tag:?}")));
    }
    backup::check_access(subject, &locations, &nodes)
}

/// A validation without locations takes those of the enabled backups, when it is created.
pub(super) fn check_validate_backup(
    subject: &Subject<'_>,
    fields: &Object,
    purpose: Purpose,
) -> Result<(), ApiError> {
    let locations = backup::locations(fields)?;
    fields.integer("parallel").map_err(unreadable)?;
    fields.boolean("delete_orphaned_files").map_err(unreadable)?;
    let nodes = subject.nodes()?;
    let locations = match (locations, purpose) {
        (Some(locations), _) => locations,
        (None, Purpose::Update) => return Err(ApiError::internal("missing location")),
        (None, Purpose::Create) => {
            let found = subject.state.backup_locations(subject.cluster.id);
            if found.is_empty() {
                return Err(ApiError::internal("missing location"));
            }
            found.iter().map(|text| backup::Location::parse(text)).collect::<Result<Vec<_>, _>>()?
        }
    };
    backup::check_access(subject, &locations, &nodes)
}

impl crate::state::State {
    /// The locations of all enabled backup tasks of a cluster.
    pub fn backup_locations(&self, cluster: uuid::Uuid) -> Vec<String> {
        let filter = crate::state::ListFilter { kind: Some(TaskType::Backup), ..Default::default() };
        let of = |text: &str| Object::parse("properties", text).and_then(|fields| fields.strings("location"));
        let tasks = self.list(cluster, filter);
        tasks.iter().filter_map(|(task, _)| of(task.properties_text()).ok().flatten()).flatten().collect()
    }
}

/// Properties of a task of type `suspend`.
#[derive(Clone, Copy, Debug)]
pub struct SuspendProperties {
    /// How to suspend.
    pub request: SuspendRequest,
    /// Seconds until the cluster is resumed; 0 is never.
    pub duration: u64,
    /// Start again what ran.
    pub start_tasks: bool,
    /// This is the task that resumes.
    pub resume: bool,
}

impl SuspendProperties {
    /// Reads and checks the properties.
    ///
    /// # Errors
    /// 500 for everything that is wrong.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let failed = |error: DecodeError| ApiError::internal(format!("parse suspend properties: {error}"));
        let fields = Object::parse("SuspendProperties", text).map_err(failed)?;
        let duration = fields.string("duration").map_err(failed)?;
        let properties = Self {
            request: SuspendRequest {
                allow_task_type: allowed_type(&fields.string("allow_task_type").map_err(failed)?)
                    .map_err(ApiError::internal)?,
                policy: match fields.string("suspend_policy").map_err(failed)?.as_str() {
                    "" | "stop_running_tasks" => SuspendPolicy::Stop,
                    "fail_if_running_tasks" => SuspendPolicy::Fail,
                    other => return Err(ApiError::internal(format!("unknown suspend policy {other:?}"))),
                },
            },
            duration: duration::parse_api(&duration).map_err(ApiError::internal)?,
            start_tasks: fields.boolean("start_tasks").map_err(failed)?,
            resume: fields.boolean("resume").map_err(failed)?,
        };
        if properties.start_tasks && properties.duration == 0 && !properties.resume {
            return Err(ApiError::internal("can't use startTasks without a duration"));
        }
        Ok(properties)
    }
}

/// The type that may run in a suspended cluster.
///
/// # Errors
/// When there is no such type, or it is one that is never held back.
pub(crate) fn allowed_type(text: &str) -> Result<Option<TaskType>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<TaskType>()? {
        kind @ (TaskType::Suspend | TaskType::HealthCheck) => {
            Err(format!("allowed task type cannot be \"{kind}\""))
        }
        kind => Ok(Some(kind)),
    }
}
