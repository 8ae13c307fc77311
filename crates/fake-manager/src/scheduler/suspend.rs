//! Suspending a cluster and resuming it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    error::ApiError,
    model::{Status, Task, TaskKey, TaskType},
    schedule::Schedule,
    state::State,
    validate::SuspendProperties,
    wire::time::{WireTime, after},
};

const RUNNING: &str = "not allowed tasks are running. Use suspend_policy='stop_running_tasks' to stop those tasks \
                       before suspending cluster";

/// The id of the task that resumes a cluster after a suspension with a duration, the same in every cluster.
pub const fn resume_task_id() -> Uuid {
    Uuid::from_u128(0x805e_43b0_2c0a_481e_bab8_9c24_1894_0d67)
}

/// What is remembered about a suspended cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Suspension {
    /// The one type of task that may run nevertheless.
    pub allow_task_type: Option<TaskType>,
    /// What ran when it began.
    pub running: Vec<Uuid>,
    /// What was queued when it began, and for when (in milliseconds).
    pub pending: Vec<(Uuid, i64)>,
}

/// What to do about running tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SuspendPolicy {
    /// Stop them.
    #[default]
    Stop,
    /// Do not suspend.
    Fail,
}

/// How to suspend.
#[derive(Clone, Copy, Debug, Default)]
pub struct SuspendRequest {
    /// The one type of task that may run nevertheless.
    pub allow_task_type: Option<TaskType>,
    /// What to do about running tasks.
    pub policy: SuspendPolicy,
}

/// How to resume.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resumption {
    /// Run what ran when the suspension began.
    pub start_tasks: bool,
    /// Run what would have been activated in between.
    pub start_missed: bool,
}

impl State {
    /// What is remembered about a cluster's suspension; `None` when it is not suspended.
    pub fn suspension(&self, cluster: Uuid) -> Option<&Suspension> {
        self.suspensions.get(&cluster)
    }

    /// Whether tasks of this type must not be activated.
    pub(crate) fn is_suspended_for(&self, cluster: Uuid, kind: TaskType) -> bool {
        !kind.ignores_suspend()
            && self
                .suspensions
                .get(&cluster)
                .is_some_and(|suspension| suspension.allow_task_type != Some(kind))
    }

    /// Suspends a cluster. Returns the runs that were told to stop; the caller is to wait for them. A cluster that is
    /// suspended already stays as it is.
    ///
    /// # Errors
    /// 409 when something runs and the policy is to fail then.
    pub fn suspend(&mut self, cluster: Uuid, request: SuspendRequest) -> Result<Vec<TaskKey>, ApiError> {
        if self.suspensions.contains_key(&cluster) {
            return Ok(Vec::new());
        }
        let affected: Vec<TaskKey> = self
            .keys_of(cluster)
            .into_iter()
            .filter(|key| !key.kind.ignores_suspend() && request.allow_task_type != Some(key.kind))
            .collect();
        let running: Vec<TaskKey> = affected.iter().copied().filter(|key| self.is_running(*key)).collect();
        if request.policy == SuspendPolicy::Fail && !running.is_empty() {
            return Err(ApiError::new(http::StatusCode::CONFLICT, RUNNING));
        }
        let pending = |key: &TaskKey| Some((key.id, self.activation(*key).next?.at.as_millisecond()));
        let suspension = Suspension {
            allow_task_type: request.allow_task_type,
            running: running.iter().map(|key| key.id).collect(),
            pending: affected.iter().filter_map(pending).collect(),
        };
        self.suspensions.insert(cluster, suspension);
        for key in affected {
            self.stop_for_suspension(key);
            self.unschedule(key);
        }
        self.touch();
        Ok(running)
    }

    /// Resumes a cluster and schedules its tasks again. A cluster that is not suspended stays as it is.
    pub fn resume(&mut self, cluster: Uuid, how: Resumption) {
        let Some(suspension) = self.suspensions.remove(&cluster) else { return };
        let now = self.now.as_millisecond();
        for key in self.keys_of(cluster) {
            let was_running = how.start_tasks && suspension.running.contains(&key.id);
            let missed =
                how.start_missed && suspension.pending.iter().any(|(id, at)| *id == key.id && *at <= now);
            self.schedule(key, (was_running || missed) && key.kind != TaskType::Suspend);
        }
        let resume = TaskKey { cluster, kind: TaskType::Suspend, id: resume_task_id() };
        if self.tasks.contains_key(&resume) {
            self.put_resume_task(resume, Schedule::default(), "{}".to_owned(), false);
        }
        self.touch();
    }

    /// Does what a task of type `suspend` is for.
    ///
    /// # Errors
    /// The cause of its failure.
    pub(super) fn perform_suspend_task(&mut self, key: TaskKey) -> Result<(), ApiError> {
        let Some(task) = self.tasks.get(&key) else { return Ok(()) };
        let properties = SuspendProperties::parse(task.properties_text())?;
        if properties.resume {
            self.resume(key.cluster, Resumption { start_tasks: properties.start_tasks, start_missed: false });
            return Ok(());
        }
        if self.suspensions.contains_key(&key.cluster) {
            return Ok(());
        }
        self.suspend(key.cluster, properties.request)?;
        if properties.duration > 0 {
            let resume = TaskKey { cluster: key.cluster, kind: TaskType::Suspend, id: resume_task_id() };
            let at: Timestamp = after(self.now, Duration::from_secs(properties.duration));
            let schedule = Schedule {
                start_date: WireTime::utc(at),
                num_retries: 3,
                retry_wait: 5,
                ..Schedule::default()
            };
            let text = format!("{{\"resume\":true,\"start_tasks\":{}}}", properties.start_tasks);
            self.put_resume_task(resume, schedule, text, true);
        }
        Ok(())
    }

    fn put_resume_task(&mut self, key: TaskKey, schedule: Schedule, properties: String, enabled: bool) {
        let row = self.tasks.entry(key).or_insert_with(|| Task::empty(key));
        row.name = "resume".to_owned();
        row.enabled = enabled;
        row.schedule = schedule;
        row.status = row.status.or(Some(Status::New));
        row.properties = RawValue::from_string(properties).ok();
        self.touch();
        self.schedule(key, false);
    }
}
