//! One task: what is declared, what Manager holds, and the one next step between them.

use jiff::{SignedDuration, Timestamp};
use messina_fault::Fault;
use uuid::Uuid;

use super::{Change, compare, compare_labels, is_owned, labels};
use crate::manager::{ManagerSchedule, ManagerTask, Properties, Property, RunState, TaskBody};
use crate::names::reason;
use crate::task::duration;
use crate::task::resolve::ResolvedTask;
use crate::task::start_date::StartDate;

/// Everything about the declaration that decides.
#[derive(Debug, Clone)]
pub struct Desired {
    /// The declaration as understood, or why it cannot be.
    pub task: Result<ResolvedTask, Fault>,
    /// Value of the owner label.
    pub owner: String,
    /// What is to become of the task.
    pub fate: Fate,
    /// Whether it has run before, as far as its object remembers.
    pub has_run: bool,
    /// The time of this pass; relative start dates count from here.
    pub now: Timestamp,
}

/// What is to become of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Manager shall hold it as declared.
    Keep,
    /// Its object is being deleted: it leaves Manager, then the object may go.
    Remove,
    /// Its cluster leaves Manager, the object stays.
    Withdraw,
    /// Its object is being deleted but Manager's side shall stay as it is.
    Abandon,
}

/// What Manager holds that may be this task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Tasks that carry our owner label for this object.
    pub mine: Vec<ManagerTask>,
    /// The task that has our kind and name but not our label.
    pub same_name: Option<ManagerTask>,
}

impl Observed {
    /// Picks out of a cluster's whole list what concerns one task.
    pub fn pick(list: &[ManagerTask], desired: &Desired) -> Self {
        let mine: Vec<_> =
            list.iter().filter(|task| is_owned(&task.body.labels, &desired.owner)).cloned().collect();
        let same_name = desired.task.as_ref().ok().and_then(|wanted| {
            list.iter()
                .find(|task| {
                    task.body.kind == wanted.kind
                        && task.body.name == wanted.name
                        && !is_owned(&task.body.labels, &desired.owner)
                })
                .cloned()
        });
        Self { mine, same_name }
    }

    /// The task in Manager that stands for the object, when there is one.
    pub fn current(&self) -> Option<&ManagerTask> {
        // Two of ours can only come from a lost answer; the one that has worked most is the one to keep.
        self.mine.iter().max_by_key(|task| (task.success_count, task.error_count, task.id))
    }
}

/// The next step for one task.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Make it.
    Create(TaskBody),
    /// Replace its definition.
    Update {
        /// Its id in Manager.
        id: Uuid,
        /// The whole new definition.
        body: TaskBody,
        /// What differs.
        changes: Vec<Change>,
    },
    /// End its present run, so that it can be deleted.
    Stop {
        /// Its id in Manager.
        id: Uuid,
    },
    /// Delete it.
    Delete {
        /// Its id in Manager.
        id: Uuid,
    },
    /// Let the object go: there is nothing (left) of ours in Manager.
    Release,
}

/// Decides the next step.
///
/// # Errors
/// `Rejected` when the declaration cannot work, `Waiting` when a foreign task is in the way, a run has to
/// end first, or the cluster leaves Manager.
pub fn plan(desired: &Desired, observed: &Observed) -> Result<Option<Plan>, Fault> {
    let leaving = match desired.fate {
        Fate::Abandon => return Ok(Some(Plan::Release)),
        Fate::Remove | Fate::Withdraw => true,
        Fate::Keep => false,
    };
    if leaving {
        return match (observed.mine.first(), desired.fate) {
            (Some(task), _) => remove(task).map(Some),
            (None, Fate::Withdraw) => Err(Fault::waiting(
                reason::CLUSTER_NOT_REGISTERED,
                "the cluster has left ScyllaDB Manager, and the task with it",
            )),
            (None, _) => Ok(Some(Plan::Release)),
        };
    }
    let wanted = desired.task.as_ref().map_err(Clone::clone)?;
    let Some(current) = observed.current() else { return create(desired, wanted, observed) };
    if let Some(surplus) = observed.mine.iter().find(|task| task.id != current.id) {
        return remove(surplus).map(Some);
    }
    if current.body.kind != wanted.kind {
        return remove(current).map(Some);
    }
    let changes = differences(wanted, current, &desired.owner);
    if changes.is_empty() {
        return Ok(None);
    }
    // A PUT without a start date takes a one-shot or an interval off the schedule, so what is stored goes
    // back unless a fixed date is declared.
    let start = match wanted.start {
        Some(StartDate::At(instant)) => Some(instant),
        _ => current.body.schedule.start_date,
    };
    let body = body(desired, wanted, start, &current.body.labels);
    Ok(Some(Plan::Update { id: current.id, body, changes }))
}

fn remove(task: &ManagerTask) -> Result<Plan, Fault> {
    match task.state {
        // Deleting does not end a run, and a run of a deleted task cannot be ended any more.
        RunState::Running => Ok(Plan::Stop { id: task.id }),
        RunState::Stopping => {
            Err(Fault::waiting(reason::TASK_RUNNING, format!("the run of '{}' is ending", task.body.name)))
        }
        _ => Ok(Plan::Delete { id: task.id }),
    }
}

fn create(desired: &Desired, wanted: &ResolvedTask, observed: &Observed) -> Result<Option<Plan>, Fault> {
    if let Some(foreign) = &observed.same_name {
        return Err(Fault::waiting(
            reason::NOT_OWNED,
            format!(
                "ScyllaDB Manager already holds a {} '{}' (id {}) that Messina did not make",
                wanted.kind.as_str(),
                wanted.name,
                foreign.id
            ),
        )
        .hint("give the entry another name, or delete that task in Manager"));
    }
    if wanted.is_one_shot() && desired.has_run {
        // Making it again would run it again.
        return Ok(None);
    }
    let start = wanted.start.and_then(|start| start.at_creation(desired.now));
    let start = match start {
        Some(past) if past < desired.now && wanted.is_one_shot() => {
            return Err(Fault::rejected(
                reason::INVALID_TASK,
                format!(
                    "startDate: {past} is past and there is neither cron nor interval, so it would never run"
                ),
            )
            .hint("add cron, or set startDate to now or to a time to come"));
        }
        Some(past) if past < desired.now && wanted.schedule.cron.is_empty() => {
            Some(next_multiple(past, wanted.schedule.interval, desired.now))
        }
        other => other,
    };
    Ok(Some(Plan::Create(body(desired, wanted, start, &std::collections::BTreeMap::new()))))
}

/// Manager refuses a new interval task whose start is past; its first activation to come means the same.
fn next_multiple(start: Timestamp, interval: u64, now: Timestamp) -> Timestamp {
    let interval = i64::try_from(interval).unwrap_or(i64::MAX).max(1);
    let passed = now.duration_since(start).as_secs() / interval + 1;
    start.checked_add(SignedDuration::from_secs(passed.saturating_mul(interval))).unwrap_or(now)
}

fn body(
    desired: &Desired,
    wanted: &ResolvedTask,
    start: Option<Timestamp>,
    existing: &std::collections::BTreeMap<String, String>,
) -> TaskBody {
    let schedule = ManagerSchedule { start_date: start, ..wanted.schedule.clone() };
    TaskBody {
        kind: wanted.kind.clone(),
        name: wanted.name.clone(),
        labels: labels(existing, &desired.owner, &format!("{wanted:?}")),
        enabled: wanted.enabled,
        schedule,
        properties: wanted.properties.clone(),
    }
}

/// Every field in which Manager's task is not what is declared, in normal form on both sides.
pub fn differences(wanted: &ResolvedTask, current: &ManagerTask, owner: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    let (declared, held) = (&wanted.schedule, &current.body.schedule);
    compare(&mut changes, "name", &current.body.name, &wanted.name);
    compare(&mut changes, "enabled", current.body.enabled, wanted.enabled);
    compare(&mut changes, "cron", &held.cron, &declared.cron);
    compare(&mut changes, "window", held.window.join(","), declared.window.join(","));
    compare(&mut changes, "timezone", &held.timezone, &declared.timezone);
    compare(&mut changes, "interval", duration::format(held.interval), duration::format(declared.interval));
    compare(&mut changes, "num_retries", held.num_retries, declared.num_retries);
    compare(
        &mut changes,
        "retry_wait",
        duration::format(held.retry_wait),
        duration::format(declared.retry_wait),
    );
    if let Some(StartDate::At(instant)) = wanted.start
        && !same_start(instant, held.start_date, declared.interval)
    {
        let from = held.start_date.map(|date| date.to_string()).unwrap_or_default();
        changes.push(Change::new("start_date", from, instant.to_string()));
    }
    compare_properties(&mut changes, &current.body.properties, &wanted.properties);
    compare_labels(&mut changes, &current.body.labels, owner);
    changes
}

fn same_start(declared: Timestamp, held: Option<Timestamp>, interval: u64) -> bool {
    let Some(held) = held else { return false };
    // Manager keeps milliseconds.
    let distance = held.as_millisecond() - declared.as_millisecond();
    let interval = i64::try_from(interval).unwrap_or(i64::MAX).saturating_mul(1000);
    distance == 0 || (interval > 0 && distance % interval == 0)
}

fn compare_properties(changes: &mut Vec<Change>, held: &Properties, declared: &Properties) {
    let keys: std::collections::BTreeSet<&String> = held.keys().chain(declared.keys()).collect();
    for key in keys {
        let (from, to) = (held.get(key), declared.get(key));
        if from != to {
            let show = |value: Option<&Property>| value.map(show).unwrap_or_default();
            changes.push(Change::new(key.as_str(), show(from), show(to)));
        }
    }
}

/// A property for a person.
pub fn show(property: &Property) -> String {
    match property {
        Property::Bool(value) => value.to_string(),
        Property::Number(value) => value.to_string(),
        Property::Text(text) | Property::Other(text) => text.clone(),
        Property::List(items) => items.iter().map(show).collect::<Vec<_>>().join(","),
    }
}

#[cfg(test)]
mod tests;
