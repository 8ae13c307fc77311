//! Creating, changing, listing and deleting tasks.

use uuid::Uuid;

use super::State;
use crate::{
    error::ApiError,
    model::{Activation, Status, Task, TaskKey, TaskType},
    wire::time::WireTime,
};

/// Which tasks a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListFilter {
    /// Disabled ones, too.
    pub all: bool,
    /// Only this type.
    pub kind: Option<TaskType>,
    /// Only this state.
    pub status: Option<Status>,
    /// Only this task.
    pub id: Option<Uuid>,
}

impl State {
    /// A task that can be used.
    ///
    /// # Errors
    /// 404 when it never existed, 500 once it was deleted.
    pub fn task(&self, key: TaskKey) -> Result<&Task, ApiError> {
        let context = format!("load task \"{}\"", key.id);
        match self.tasks.get(&key) {
            None => Err(ApiError::not_found(context)),
            Some(task) if task.deleted => {
                Err(ApiError::internal(format!("{context}: task {} is deleted", key.id)))
            }
            Some(task) => Ok(task),
        }
    }

    /// Stores a new task and schedules it. Without a start date and a cron it runs at once.
    ///
    /// # Errors
    /// 400 or 500, as the real server has it.
    pub fn create_task(&mut self, mut task: Task, check_name: bool) -> Result<TaskKey, ApiError> {
        task.id = Uuid::new_v4();
        task.status = Some(Status::New);
        let key = validated(&task)?;
        if self.is_suspended_for(key.cluster, key.kind) {
            return Err(ApiError::invalid("cluster is suspended, scheduling tasks is not allowed"));
        }
        if check_name {
            self.check_task_name(key, &task.name)?;
        }
        let mut run_now = false;
        if task.schedule.start_date.is_zero() {
            task.schedule.start_date = WireTime::utc(self.now);
            run_now = task.schedule.cron.is_empty();
        } else if task.schedule.start_date.at < self.now && task.schedule.interval != 0 {
            return Err(ApiError::internal("start date of scheduled task cannot be in the past"));
        }
        let deleted = task.deleted;
        self.tasks.insert(key, task.stored());
        self.touch();
        if !deleted {
            self.schedule(key, run_now);
        }
        Ok(key)
    }

    /// Replaces what a client owns of a task and schedules it anew, which drops a pending retry. The rest of the row
    /// stays, whatever the request says about it.
    ///
    /// # Errors
    /// 400 or 500, as the real server has it.
    pub fn update_task(&mut self, key: TaskKey, new: &Task, check_name: bool) -> Result<(), ApiError> {
        let mut addressed = new.clone();
        (addressed.cluster_id, addressed.kind, addressed.id) = (key.cluster, Some(key.kind), key.id);
        validated(&addressed)?;
        if check_name {
            self.check_task_name(key, &new.name)?;
        }
        let stored = new.stored();
        if let Some(row) = self.tasks.get_mut(&key) {
            row.enabled = stored.enabled;
            row.name = stored.name;
            row.labels = stored.labels;
            row.properties = stored.properties;
            row.schedule = stored.schedule;
        }
        self.touch();
        self.schedule(key, false);
        Ok(())
    }

    fn check_task_name(&self, key: TaskKey, name: &str) -> Result<(), ApiError> {
        let taken = |other: &TaskKey| {
            *other != key
                && other.kind == key.kind
                && self.tasks.get(other).is_some_and(|task| !task.deleted && task.name == name)
        };
        if !name.is_empty() && self.keys_of(key.cluster).iter().any(taken) {
            return Err(ApiError::internal(format!("task name {name} is already used")));
        }
        Ok(())
    }

    /// Marks a task as deleted and forgets its activations. A run goes on.
    pub fn delete_task(&mut self, key: TaskKey) {
        if let Some(task) = self.tasks.get_mut(&key) {
            task.deleted = true;
            task.enabled = false;
            // Its name is free again.
            task.name.clear();
        }
        self.unschedule(key);
        self.touch();
    }

    /// The tasks of a cluster with what the scheduler knows about them, in the order of the database.
    pub fn list(&self, cluster: Uuid, filter: ListFilter) -> Vec<(&Task, Activation)> {
        let suspended = self.suspensions.contains_key(&cluster);
        let mut found = Vec::new();
        for key in self.keys_of(cluster) {
            let Some(task) = self.tasks.get(&key) else { continue };
            let wanted = !task.deleted
                && (filter.all || task.enabled)
                && filter.kind.is_none_or(|kind| kind == key.kind)
                && filter.status.is_none_or(|status| Some(status) == task.status)
                && filter.id.is_none_or(|id| id == key.id);
            if wanted {
                let mut activation = self.activation(key);
                activation.suspended = suspended && activation.next.is_none();
                found.push((task, activation));
            }
        }
        found
    }
}

fn validated(task: &Task) -> Result<TaskKey, ApiError> {
    let refuse = |reason: &str| Err(ApiError::invalid(format!("invalid task: {reason}")));
    if Uuid::parse_str(&task.name).is_ok() {
        return refuse("name cannot be an UUID");
    }
    match task.key() {
        None => refuse("no TaskType specified"),
        Some(key) if key.kind == TaskType::Unknown => refuse("no TaskType specified"),
        Some(key) => Ok(key),
    }
}
