//! Statuses of our objects: between what is known and what `kubectl` shows.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use messina_domain::condition::{Condition, Status};
use messina_domain::registration as domain_registration;
use messina_domain::task as domain_task;

use crate::registration::RegistrationStatus;
use crate::task::{LastError, TaskRun, TaskStatus};

/// Conditions in domain terms.
pub fn read_conditions(conditions: &[meta::Condition]) -> Vec<Condition> {
    conditions
        .iter()
        .map(|condition| {
            let status = match condition.status.as_str() {
                "True" => Status::True,
                "False" => Status::False,
                _ => Status::Unknown,
            };
            Condition::new(&condition.type_, status, &condition.reason, condition.message.clone())
        })
        .collect()
}

/// Conditions for an object: the time of the last transition is that of `before` unless the status changed.
fn write_conditions(
    conditions: &[Condition],
    before: &[meta::Condition],
    generation: i64,
    now: Timestamp,
) -> Vec<meta::Condition> {
    let write = |condition: &Condition| {
        let status = match condition.status {
            Status::True => "True",
            Status::False => "False",
            Status::Unknown => "Unknown",
        };
        let same = before.iter().find(|old| old.type_ == condition.kind && old.status == status);
        // Kubernetes keeps whole seconds.
        let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
        meta::Condition {
            type_: condition.kind.clone(),
            status: status.to_owned(),
            reason: condition.reason.clone(),
            // kube-apiserver 1.20 reads an empty text in server-side apply as null, and refuses it.
            message: if condition.message.is_empty() {
                condition.reason.clone()
            } else {
                condition.message.clone()
            },
            last_transition_time: same.map_or(meta::Time(whole), |old| old.last_transition_time.clone()),
            observed_generation: Some(generation),
        }
    };
    conditions.iter().map(write).collect()
}

/// The status of a registration, given the one that is there.
pub fn write_registration(
    status: &domain_registration::RegistrationStatus,
    before: &RegistrationStatus,
    now: Timestamp,
) -> RegistrationStatus {
    RegistrationStatus {
        cluster_id: status.cluster_id.map(|id| id.to_string()),
        conditions: write_conditions(&status.conditions, &before.conditions, status.observed_generation, now),
        token_fingerprint: status.token_fingerprint.clone(),
        last_error_class: status.last_error_class.clone(),
        hint: status.hint.clone(),
        observed_generation: Some(status.observed_generation),
    }
}

/// The status of a task, given the one that is there.
pub fn write_task(status: &domain_task::TaskStatus, before: &TaskStatus, now: Timestamp) -> TaskStatus {
    TaskStatus {
        task_id: status.task_id.map(|id| id.to_string()),
        conditions: write_conditions(&status.conditions, &before.conditions, status.observed_generation, now),
        state: status.state.as_str().to_owned(),
        progress: status.progress.map(|percent| format!("{percent}%")),
        last_success: status.last_success,
        last_error: status
            .last_error
            .as_ref()
            .map(|error| LastError { time: error.time, cause: error.cause.clone() }),
        next_activation: status.next_activation,
        success_count: status.success_count,
        error_count: status.error_count,
        runs: status.runs.iter().map(TaskRun::write).collect(),
        observed_generation: Some(status.observed_generation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messina_domain::condition;
    use messina_domain::manager::RunState;
    use messina_fault::Fault;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_transition_time_moves_with_the_status_only() {
        let settled = domain_task::TaskStatus { conditions: condition::settled("ok"), ..Default::default() };
        let first = write_task(&settled, &TaskStatus::default(), at(10));
        let again = write_task(&settled, &first, at(20));
        assert_eq!(first, again, "nothing changed, so nothing is written");
        let held_up = condition::held_up(&Fault::transient("R", "m"), true);
        let third = write_task(&domain_task::TaskStatus { conditions: held_up, ..settled }, &again, at(30));
        let time = |status: &TaskStatus, kind: &str| {
            status.conditions.iter().find(|c| c.type_ == kind).unwrap().last_transition_time.0.as_second()
        };
        assert_eq!(time(&third, condition::AVAILABLE), 10);
        assert_eq!(time(&third, condition::DEGRADED), 30);
    }

    #[test]
    fn a_task_status_reads_back_as_it_was_written() {
        let status = domain_task::TaskStatus {
            task_id: Some(uuid::Uuid::from_u128(1)),
            conditions: condition::settled("ok"),
            state: RunState::Error,
            progress: Some(42),
            last_success: Some(at(1)),
            last_error: Some(domain_task::LastError { time: at(2), cause: "why".into() }),
            next_activation: Some(at(3)),
            success_count: 4,
            error_count: 5,
            runs: Vec::new(),
            observed_generation: 6,
        };
        assert_eq!(write_task(&status, &TaskStatus::default(), at(9)).read(), status);
    }
}
