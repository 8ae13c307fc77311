//! What would be done, without doing it.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::stream;
use messina_control_api::convert::{write_change, write_explanation, write_task_key};
use messina_control_api::task::v1 as wire;
use messina_domain::identity::ClusterKey;
use messina_domain::manager::ManagerTask;
use messina_domain::plan::entries::Step;
use messina_domain::plan::task::Plan;
use messina_domain::task::{TaskObject, TaskStatus};
use messina_fault::Fault;
use uuid::Uuid;

use super::chosen;
use crate::decide::{Decision, decide};
use crate::desired::Desired;
use crate::sync::TaskSync;

/// How many clusters are looked at at once.
const AT_ONCE: usize = 8;

/// Plans every cluster that the filter chooses.
///
/// # Errors
/// `Waiting(WatcherUnreachable)` while a datacenter that is asked about was never seen whole: a plan that left it out
/// would read as "nothing to do".
pub(super) async fn plan_tasks(
    sync: &TaskSync,
    request: wire::PlanTasksRequest,
) -> Result<wire::PlanTasksResponse, Fault> {
    let filter = request.filter.unwrap_or_default();
    sync.fleet.seen(&filter.datacenter)?;
    let keys: Vec<ClusterKey> = sync.fleet.keys().into_iter().filter(|key| chosen(&filter, key)).collect();
    let plans = stream::iter(keys).map(|key| cluster(sync, key, request.with_targets)).buffered(AT_ONCE);
    let mut tasks: Vec<wire::PlannedTask> = plans.collect::<Vec<_>>().await.into_iter().flatten().collect();
    let place = |task: &wire::PlannedTask| {
        let key = task.key.clone().unwrap_or_default();
        (key.datacenter, key.namespace, key.name)
    };
    tasks.sort_by_key(place);
    Ok(wire::PlanTasksResponse { tasks })
}

async fn cluster(sync: &TaskSync, key: ClusterKey, with_targets: bool) -> Vec<wire::PlannedTask> {
    let Ok(mut desired) = sync.look(&key) else { return Vec::new() };
    let leaves = imagine(&mut desired);
    let (held, id) = held(sync, &mut desired).await;
    let mut tasks = Vec::new();
    for (decision, object) in decide(&desired, &held).iter().zip(&desired.tasks) {
        let dropped = leaves.contains_key(&decision.name);
        if let Some(task) = planned(object, decision, dropped) {
            tasks.push(task);
            let target = target(sync, decision, id.filter(|_| with_targets)).await;
            if let Some(last) = tasks.last_mut() {
                last.target = target;
            }
        }
    }
    tasks
}

/// Makes the task objects in mind what they would be, with their finalizers; answers those that would be deleted.
fn imagine(desired: &mut Desired) -> BTreeMap<String, ()> {
    let mut leaves = BTreeMap::new();
    for step in desired.all_steps() {
        match step {
            Step::Delete { name, .. } => {
                leaves.insert(name, ());
            }
            Step::Apply { name, definition } => {
                match desired.tasks.iter_mut().find(|task| task.key.name == name) {
                    Some(task) => task.definition = *definition,
                    None => desired.tasks.push(TaskObject {
                        key: ClusterKey::new(&desired.key.datacenter, &desired.key.namespace, name),
                        uid: String::new(),
                        generation: 0,
                        deleting: false,
                        cluster_name: desired.key.name.clone(),
                        from_cluster: true,
                        definition: *definition,
                        status: TaskStatus::default(),
                    }),
                }
            }
        }
    }
    for task in &mut desired.tasks {
        task.status.observed_generation = task.status.observed_generation.max(1);
        task.deleting |= leaves.contains_key(&task.key.name);
    }
    leaves
}

/// What Manager holds. A cluster that nobody has registered yet, with nothing in the way, is taken for one
/// that is registered and has no tasks: that is what will be so in a moment.
async fn held(sync: &TaskSync, desired: &mut Desired) -> (Result<Vec<ManagerTask>, Fault>, Option<Uuid>) {
    let new = desired.registration.is_none() && desired.cluster.is_some() && !desired.leaving();
    if new && desired.cluster_id().is_err() {
        desired.assume_registered();
        return (Ok(Vec::new()), None);
    }
    match desired.cluster_id() {
        Ok(id) => (sync.list(&desired.key, id).await.map(|(tasks, _)| tasks), Some(id)),
        Err(fault) => (Err(fault), None),
    }
}

fn planned(object: &TaskObject, decision: &Decision, dropped: bool) -> Option<wire::PlannedTask> {
    let mut task = wire::PlannedTask {
        key: Some(write_task_key(&object.key)),
        cluster: object.cluster_name.clone(),
        ..wire::PlannedTask::default()
    };
    task.action = match &decision.next {
        Err(fault) => {
            task.held = Some(write_explanation(fault));
            "held"
        }
        Ok(None) => return None,
        Ok(Some(Plan::Create(_))) => "create",
        Ok(Some(Plan::Update { changes, .. })) => {
            task.changes = changes.iter().map(write_change).collect();
            "update"
        }
        Ok(Some(Plan::Stop { .. })) => "stop",
        Ok(Some(Plan::Delete { .. })) => "delete",
        // The object itself is still to be deleted.
        Ok(Some(Plan::Release)) if dropped => "delete",
        Ok(Some(Plan::Release)) => "release",
    }
    .to_owned();
    Some(task)
}

/// The target as Manager would expand it, or why it would not.
async fn target(sync: &TaskSync, decision: &Decision, cluster: Option<Uuid>) -> String {
    let (Ok(Some(Plan::Create(body) | Plan::Update { body, .. })), Some(cluster)) = (&decision.next, cluster)
    else {
        return String::new();
    };
    match sync.manager.target(cluster, body).await {
        Ok(target) => target,
        Err(fault) => {
            tracing::info!(task = decision.name, %fault, "no target");
            String::new()
        }
    }
}
