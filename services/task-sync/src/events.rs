//! Kubernetes events: pure, from what was done and what is new.

use messina_control_api::watch::v1::{self as wire, ObjectKind};
use messina_domain::manager::{Run, RunState};
use messina_domain::names::reason;
use messina_domain::plan::task::Plan;
use messina_domain::task::{TaskObject, TaskStatus};
use messina_fault::Fault;

use crate::account::Account;
use crate::act::fields;
use crate::reconciler::Done;

/// Longest note that Kubernetes takes, in bytes.
const MAX_NOTE: usize = 1000;

/// The runs that ended since the status was written, oldest first. Of a history that is seen for the first
/// time only the newest is news.
pub(crate) fn ended_runs<'a>(before: &TaskStatus, now: &'a TaskStatus) -> Vec<&'a Run> {
    let ended = |run: &&Run| matches!(run.state, RunState::Done | RunState::Error);
    let known = |run: &Run| before.runs.iter().any(|old| old.id == run.id && old.state == run.state);
    let mut runs: Vec<&Run> = now.runs.iter().filter(ended).filter(|run| !known(run)).collect();
    if before.runs.is_empty() {
        runs.truncate(1);
    }
    runs.reverse();
    runs
}

/// The event about what was done in Manager.
pub(crate) fn of_action(account: &Account<'_>) -> Option<wire::Event> {
    let plan = account.decision.next.as_ref().ok()?.as_ref()?;
    let task = format!("{} '{}'", account.object.definition.kind().as_str(), account.object.definition.name);
    let (action, reason, note) = match (account.done.as_ref()?, plan) {
        (Done::Created(id), _) => {
            ("CreateTask", "TaskCreated", format!("created {task} in ScyllaDB Manager (id {id})"))
        }
        (Done::Updated, Plan::Update { changes, .. }) => {
            ("UpdateTask", "TaskUpdated", format!("updated {task} in ScyllaDB Manager: {}", fields(changes)))
        }
        (Done::Stopping, _) => ("StopTask", "TaskStopped", format!("asked the run of {task} to end")),
        (Done::Deleted, _) => ("DeleteTask", "TaskDeleted", format!("deleted {task} in ScyllaDB Manager")),
        _ => return None,
    };
    Some(event(account.object, false, (reason, action), note))
}

/// The event about a run that ended.
pub(crate) fn of_run(object: &TaskObject, run: &Run) -> wire::Event {
    let definition = &object.definition;
    let what = format!("{} '{}'", definition.kind().as_str(), definition.name);
    if run.state == RunState::Error {
        let cause = if run.cause.is_empty() { "without a cause" } else { &run.cause };
        return event(object, true, ("RunFailed", "Run"), format!("a run of {what} failed: {cause}"));
    }
    event(object, false, ("RunSucceeded", "Run"), format!("a run of {what} succeeded"))
}

/// The event about what newly holds a task up; nothing for what is a part of every life.
pub(crate) fn of_fault(object: &TaskObject, fault: &Fault) -> Option<wire::Event> {
    if [reason::CLUSTER_NOT_REGISTERED, reason::TASK_RUNNING, reason::NOT_RUN_YET].contains(&fault.reason()) {
        return None;
    }
    let detail = fault.detail();
    let hint = if detail.hint.is_empty() { String::new() } else { format!("; {}", detail.hint) };
    Some(event(object, true, (detail.reason, "Sync"), format!("{}{hint}", detail.message)))
}

fn event(
    object: &TaskObject,
    warning: bool,
    (reason, action): (&str, &str),
    mut note: String,
) -> wire::Event {
    note.truncate(note.floor_char_boundary(MAX_NOTE));
    wire::Event {
        regarding: Some(wire::ObjectKey {
            kind: ObjectKind::Task.into(),
            namespace: object.key.namespace.clone(),
            name: object.key.name.clone(),
        }),
        uid: object.uid.clone(),
        warning,
        reason: reason.to_owned(),
        action: action.to_owned(),
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: u128, state: RunState) -> Run {
        Run { id: uuid::Uuid::from_u128(id), state, start: None, end: None, cause: String::new() }
    }

    fn ids(before: &[Run], now: &[Run]) -> Vec<u128> {
        let status = |runs: &[Run]| TaskStatus { runs: runs.to_vec(), ..TaskStatus::default() };
        ended_runs(&status(before), &status(now)).iter().map(|run| run.id.as_u128()).collect()
    }

    #[test]
    fn each_end_is_told_once_and_old_history_is_not_told() {
        use RunState::{Done, Error, Running, Stopped};
        assert_eq!(ids(&[], &[run(3, Done), run(2, Error), run(1, Done)]), [3]);
        assert_eq!(ids(&[run(1, Done)], &[run(3, Error), run(2, Done), run(1, Done)]), [2, 3]);
        assert_eq!(ids(&[run(1, Running)], &[run(1, Done)]), [1], "it was seen running");
        assert_eq!(ids(&[run(1, Done)], &[run(1, Done)]), [0; 0]);
        assert_eq!(ids(&[], &[run(2, Running), run(1, Stopped)]), [0; 0]);
    }
}
