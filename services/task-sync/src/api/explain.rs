//! Why a task is as it is: facts in the order in which a person would look.

use jiff::Timestamp;
use messina_control_api::convert::write_explanation;
use messina_control_api::task::v1 as wire;
use messina_domain::condition;
use messina_domain::manager::{ManagerTask, TaskKind};
use messina_domain::plan::task::Plan;
use messina_domain::task::{TaskObject, TaskStatus};
use messina_fault::Fault;

use super::read::to_wire;
use crate::act::fields;
use crate::decide::{Decision, decide};
use crate::desired::Desired;
use crate::status::{FEEDBACK_PUBLISHED, held_by};
use crate::sync::TaskSync;

/// Explains one task from a look at everything now.
pub(super) async fn explain(sync: &TaskSync, task: &TaskObject) -> wire::ExplainTaskResponse {
    let (mut facts, mut held_up) = (Vec::new(), None);
    match sync.look(&task.cluster()) {
        Err(fault) => {
            facts.push(fault.detail().message.clone());
            held_up = Some(fault);
        }
        Ok(desired) => {
            facts.extend(of_object(task, &desired));
            facts.push(of_registration(&desired));
            if let Err(fault) = desired.guard.check() {
                facts.push(sentence(&fault));
            }
            let held = match desired.cluster_id() {
                Ok(id) => sync.list(&desired.key, id).await.map(|(tasks, _)| tasks),
                Err(fault) => Err(fault),
            };
            let decision =
                decide(&desired, &held).into_iter().find(|decision| decision.name == task.key.name);
            match decision {
                Some(decision) => {
                    facts.extend(of_manager(&decision, &held));
                    held_up = decision.next.err();
                }
                None => facts.push("The mtask cannot be read, so nothing is done about it.".to_owned()),
            }
        }
    }
    facts.extend(of_runs(&task.status));
    facts.extend(of_feedback(&task.status));
    if sync.brakes.frozen() {
        facts.push("Deletion of tasks is frozen until somebody confirms it.".to_owned());
    }
    if sync.config.read_only {
        facts.push("task-sync runs with --read-only and changes nothing.".to_owned());
    }
    let explanation = held_up.as_ref().map(write_explanation).or_else(|| last_said(&task.status));
    wire::ExplainTaskResponse { task: Some(to_wire(task)), explanation, facts }
}

/// What the object says held it up, when a look at everything does not say so: an action that failed.
fn last_said(status: &TaskStatus) -> Option<wire::Explanation> {
    let reason = held_by(status);
    let available =
        condition::find(&status.conditions, condition::AVAILABLE).filter(|_| !reason.is_empty())?;
    let is = |kind| condition::is_true(&status.conditions, kind);
    let class = match (is(condition::PROGRESSING), is(condition::DEGRADED)) {
        (true, true) => "transient",
        (true, false) => "waiting",
        _ => "rejected",
    };
    Some(wire::Explanation {
        class: class.to_owned(),
        reason: reason.to_owned(),
        message: available.message.clone(),
        hint: String::new(),
    })
}

fn of_object(task: &TaskObject, desired: &Desired) -> Vec<String> {
    let cluster = &task.cluster_name;
    let source = if task.from_cluster {
        format!("An entry of ScyllaCluster '{cluster}' declares this {}.", task.definition.kind().as_str())
    } else {
        format!("A user wrote this {} for ScyllaCluster '{cluster}'.", task.definition.kind().as_str())
    };
    let mut facts = vec![source];
    if task.deleting {
        facts.push("The mtask is being deleted; its finalizer waits for Manager.".to_owned());
    }
    facts.push(match &desired.cluster {
        Some(cluster) if cluster.exclusion.is_some() => "The ScyllaCluster stays out of Manager.".to_owned(),
        Some(cluster) => format!("The ScyllaCluster is there, {} nodes available.", cluster.available_nodes),
        None if desired.cluster_unreadable => "The ScyllaCluster is there but cannot be read.".to_owned(),
        None => "The ScyllaCluster is not in sight.".to_owned(),
    });
    facts
}

fn of_registration(desired: &Desired) -> String {
    let Some(registration) = &desired.registration else {
        return "There is no registration of the cluster.".to_owned();
    };
    let status = &registration.status;
    let id = status.cluster_id.map(|id| id.to_string());
    match (id, desired.is_registered()) {
        _ if registration.deleting => "The registration of the cluster is being deleted.".to_owned(),
        (Some(id), true) => format!("The cluster is registered in Manager under {id}."),
        _ => sentence(&desired.not_registered()),
    }
}

fn of_manager(decision: &Decision, held: &Result<Vec<ManagerTask>, Fault>) -> Vec<String> {
    let mut facts = Vec::new();
    match (held, &decision.current) {
        (Err(fault), _) => facts.push(format!("What Manager holds is not known: {fault}.")),
        (Ok(held), None) => {
            let count = held.iter().filter(|task| !matches!(task.body.kind, TaskKind::Other(_))).count();
            facts.push(format!("Manager holds {count} backups and repairs of the cluster, this one not."));
        }
        (Ok(_), Some(task)) => {
            let enabled = if task.body.enabled { "" } else { ", disabled" };
            facts.push(format!(
                "Manager holds it under {}{enabled}, state {}.",
                task.id,
                task.state.as_str()
            ));
            if task.suspended {
                facts.push("The cluster is suspended in Manager.".to_owned());
            }
        }
    }
    facts.push(match &decision.next {
        Err(fault) => sentence(fault),
        Ok(None) => "It is as declared.".to_owned(),
        Ok(Some(Plan::Create(_))) => "Next, it is created in Manager.".to_owned(),
        Ok(Some(Plan::Update { changes, .. })) => {
            format!("Next, it is updated in Manager: {}.", fields(changes))
        }
        Ok(Some(Plan::Stop { .. })) => "Next, its run is stopped, so that it can be deleted.".to_owned(),
        Ok(Some(Plan::Delete { .. })) => "Next, it is deleted in Manager.".to_owned(),
        Ok(Some(Plan::Release)) => "Nothing of it is in Manager; its object may go.".to_owned(),
    });
    facts
}

fn of_runs(status: &TaskStatus) -> Vec<String> {
    let mut facts = Vec::new();
    let said = |what: &str, time: Option<Timestamp>| time.map(|time| format!("{what} {time}."));
    facts.extend(status.progress.map(|percent| format!("A run is at {percent} %.")));
    facts.extend(said("The last run that succeeded ended at", status.last_success));
    facts.extend(status.last_error.as_ref().map(|error| {
        let cause = if error.cause.is_empty() { "no cause was given" } else { &error.cause };
        format!("The last attempt that failed ended at {}: {cause}.", error.time)
    }));
    facts.extend(said("It starts next at", status.next_activation));
    if facts.is_empty() {
        facts.push("It has not run yet, and no start is known.".to_owned());
    }
    facts
}

fn of_feedback(status: &TaskStatus) -> Option<String> {
    let published = condition::find(&status.conditions, FEEDBACK_PUBLISHED)?;
    Some(match published.status {
        condition::Status::True => "Its run state reaches the status of the ScyllaCluster.".to_owned(),
        _ => format!("Its run state does not reach the status of the ScyllaCluster: {}.", published.message),
    })
}

fn sentence(fault: &Fault) -> String {
    let detail = fault.detail();
    let hint = if detail.hint.is_empty() { String::new() } else { format!(" ({})", detail.hint) };
    format!("{}: {}{hint}.", detail.reason, detail.message)
}
