//! What the status of a task object says: pure, from what was decided, done and seen.

use jiff::Timestamp;
use messina_domain::condition::{self, Condition, DEGRADED, Status};
use messina_domain::manager::{ManagerTask, Run, RunState};
use messina_domain::names::reason;
use messina_domain::task::object::KEPT_RUNS;
use messina_domain::task::{LastError, TaskObject, TaskStatus};
use messina_fault::Fault;

use crate::decide::Decision;

/// Type of the condition that says whether run state reaches the ScyllaCluster.
pub(crate) const FEEDBACK_PUBLISHED: &str = "FeedbackPublished";

/// What was read about a task beyond the list.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    /// Its last runs, newest first, when they were read.
    pub(crate) runs: Option<Vec<Run>>,
    /// Percent of the present run, when it was read.
    pub(crate) progress: Option<Option<u8>>,
    /// Why something of it could not be read.
    pub(crate) failed: Option<Fault>,
}

/// Longest cause that a status keeps, in bytes.
const MAX_CAUSE: usize = 1024;

/// A run as a status may show it: Manager quotes agents and tables, at any length.
pub(crate) fn presentable(mut run: Run) -> Run {
    run.cause = run.cause.replace(char::is_control, " ");
    if run.cause.len() > MAX_CAUSE {
        run.cause.truncate(run.cause.floor_char_boundary(MAX_CAUSE));
        run.cause.push('…');
    }
    run
}

/// What a task's numbers say now. What Manager does not remember of a task that it lost stays as it was.
#[derive(Debug, Clone, PartialEq)]
struct Numbers {
    state: RunState,
    success_count: i64,
    error_count: i64,
    last_success: Option<Timestamp>,
    last_error: Option<Timestamp>,
}

impl Numbers {
    fn of(current: &ManagerTask, before: &TaskStatus) -> Self {
        Self {
            state: current.state,
            success_count: current.success_count,
            error_count: current.error_count,
            last_success: current.last_success.or(before.last_success),
            last_error: current.last_error.or_else(|| before.last_error.as_ref().map(|error| error.time)),
        }
    }

    fn known(before: &TaskStatus) -> Self {
        Self {
            state: before.state,
            success_count: before.success_count,
            error_count: before.error_count,
            last_success: before.last_success,
            last_error: before.last_error.as_ref().map(|error| error.time),
        }
    }
}

/// Whether the runs have to be read because something happened that the status does not say yet.
pub(crate) fn has_news(current: &ManagerTask, before: &TaskStatus) -> bool {
    current.state.is_active() || Numbers::of(current, before) != Numbers::known(before)
}

/// The new status of an object. `fault` is what holds it up after this pass, if anything does.
pub(crate) fn compose(
    object: &TaskObject,
    decision: &Decision,
    fault: Option<&Fault>,
    news: Option<&News>,
) -> TaskStatus {
    let before = &object.status;
    let mut status = TaskStatus { observed_generation: object.generation, ..before.clone() };
    match &decision.current {
        Some(current) => runs(&mut status, current, before, news),
        None => {
            status.task_id = before.task_id.filter(|_| !decision.seen);
            status.progress = None;
            status.next_activation = None;
        }
    }
    status.conditions = conditions(decision, &status, fault);
    status
}

fn runs(status: &mut TaskStatus, current: &ManagerTask, before: &TaskStatus, news: Option<&News>) {
    status.task_id = Some(current.id);
    status.next_activation = current.next_activation;
    if has_news(current, before) && news.is_none_or(|news| news.runs.is_none()) {
        // Without the runs the cause would be missing for good: the numbers wait until both are known.
        return;
    }
    let numbers = Numbers::of(current, before);
    if let Some(runs) = news.and_then(|news| news.runs.as_ref()).filter(|runs| !runs.is_empty()) {
        status.runs = runs.iter().take(KEPT_RUNS).cloned().collect();
    }
    status.state = numbers.state;
    status.success_count = numbers.success_count;
    status.error_count = numbers.error_count;
    status.last_success = numbers.last_success;
    status.last_error = numbers.last_error.map(|time| last_error(time, &status.runs, before));
    status.progress = match (current.state.is_active(), news.and_then(|news| news.progress)) {
        (false, _) => None,
        (true, Some(progress)) => progress,
        (true, None) => before.progress,
    };
}

fn last_error(time: Timestamp, runs: &[Run], before: &TaskStatus) -> LastError {
    let known = before.last_error.as_ref().filter(|error| error.time == time && !error.cause.is_empty());
    let cause = match known {
        Some(error) => error.cause.clone(),
        None => runs
            .iter()
            .find(|run| run.state == RunState::Error)
            .map(|run| run.cause.clone())
            .unwrap_or_default(),
    };
    LastError { time, cause }
}

fn conditions(decision: &Decision, status: &TaskStatus, fault: Option<&Fault>) -> Vec<Condition> {
    if let Some(fault) = fault {
        return condition::held_up(fault, status.task_id.is_some());
    }
    let mut conditions = condition::settled(&settled_message(decision));
    let completed = decision.one_shot
        && match &decision.current {
            Some(current) => current.state == RunState::Done,
            None => true,
        };
    if completed {
        for condition in &mut conditions {
            condition.reason = reason::COMPLETED.to_owned();
        }
    }
    if decision.current.is_some() && last_run_failed(status) {
        let cause = status.last_error.as_ref().map(|error| error.cause.as_str()).unwrap_or_default();
        let message = if cause.is_empty() { "the last run failed" } else { cause };
        for condition in conditions.iter_mut().filter(|condition| condition.kind == DEGRADED) {
            *condition = Condition::new(DEGRADED, Status::True, reason::LAST_RUN_FAILED, message);
        }
    }
    conditions
}

fn settled_message(decision: &Decision) -> String {
    let Some(current) = &decision.current else {
        return "it runs once, has run, and has left ScyllaDB Manager; it is not made again".to_owned();
    };
    if current.suspended {
        return "ScyllaDB Manager holds the task as declared, but the cluster is suspended there, so it does not start"
            .to_owned();
    }
    if !current.body.enabled {
        return "ScyllaDB Manager holds the task as declared; it is disabled, so it runs only by hand"
            .to_owned();
    }
    "ScyllaDB Manager holds the task as declared".to_owned()
}

/// Whether the last run that came to an end failed.
fn last_run_failed(status: &TaskStatus) -> bool {
    match status.state {
        RunState::Error => true,
        RunState::Done | RunState::New => false,
        _ => status
            .last_error
            .as_ref()
            .is_some_and(|error| status.last_success.is_none_or(|success| error.time > success)),
    }
}

/// Whether Manager holds the task as its present generation declares, as far as its object says.
pub(crate) fn is_synced(object: &TaskObject) -> bool {
    let settled = |available: &Condition| {
        available.status == Status::True
            && [reason::AS_DECLARED, reason::COMPLETED].contains(&available.reason.as_str())
    };
    object.status.observed_generation == object.generation
        && condition::find(&object.status.conditions, condition::AVAILABLE).is_some_and(settled)
}

/// The reason of what held a task up when its status was last written; empty when nothing did.
pub(crate) fn held_by(status: &TaskStatus) -> &str {
    match condition::find(&status.conditions, condition::AVAILABLE) {
        Some(available) if ![reason::AS_DECLARED, reason::COMPLETED].contains(&available.reason.as_str()) => {
            &available.reason
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests;
