//! What becomes of each task of a cluster: pure, from what is declared and what Manager holds.

use std::collections::BTreeMap;

use messina_domain::manager::{ManagerTask, RunState};
use messina_domain::names::reason;
use messina_domain::plan::entries;
use messina_domain::plan::task::{self, Fate, Observed, Plan};
use messina_domain::task::resolve::{ResolvedTask, resolve};
use messina_domain::task::{TaskObject, TaskStatus};
use messina_fault::Fault;

use crate::desired::Desired;

/// What becomes of one task.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    /// Name of its object.
    pub(crate) name: String,
    /// The next step, or why there is none.
    pub(crate) next: Result<Option<Plan>, Fault>,
    /// The task in Manager that stands for it.
    pub(crate) current: Option<ManagerTask>,
    /// Whether Manager said what it holds: without a current task, it then holds none.
    pub(crate) seen: bool,
    /// Whether it runs once and never again.
    pub(crate) one_shot: bool,
}

/// Decides about every task object, in order. `held` is what Manager holds, or why that is not known.
pub(crate) fn decide(desired: &Desired, held: &Result<Vec<ManagerTask>, Fault>) -> Vec<Decision> {
    let clashes = clashes(desired, held.as_deref().unwrap_or_default());
    desired.tasks.iter().map(|object| one(desired, object, held, &clashes)).collect()
}

/// The more urgent of two faults: a retry that may help goes before waiting, waiting before what needs a person.
pub(crate) fn more_urgent(one: Option<Fault>, other: Fault) -> Fault {
    let rank = |fault: &Fault| match fault {
        Fault::Transient(_) => 2,
        Fault::Waiting(_) => 1,
        Fault::Rejected(_) => 0,
    };
    match one {
        Some(one) if rank(&one) >= rank(&other) => one,
        _ => other,
    }
}

/// The wish of one object in the words of the domain.
pub(crate) fn wish(desired: &Desired, object: &TaskObject) -> task::Desired {
    task::Desired {
        task: resolve(&object.definition),
        owner: desired.owner(object),
        fate: desired.fate(object),
        has_run: has_run(&object.status),
        now: desired.now,
    }
}

fn one(
    desired: &Desired,
    object: &TaskObject,
    held: &Result<Vec<ManagerTask>, Fault>,
    clashes: &BTreeMap<String, Fault>,
) -> Decision {
    let wish = wish(desired, object);
    let observed = Observed::pick(held.as_deref().unwrap_or_default(), &wish);
    let next = match (doubt(desired, object), held) {
        (Some(doubt), _) => Err(doubt),
        (None, Err(fault)) => unseen(desired, object, fault),
        (None, Ok(_)) => seen(desired, object, (&wish, &observed), clashes),
    };
    let name = object.key.name.clone();
    let one_shot = wish.task.as_ref().is_ok_and(ResolvedTask::is_one_shot);
    // One that has to go is followed by whichever of ours is left.
    let current = observed.current().cloned();
    let seen = held.as_ref().err().is_none_or(|fault| fault.reason() == reason::CLUSTER_UNKNOWN);
    Decision { name, next, current, seen, one_shot }
}

/// Why nothing may be done that cannot be undone: whether an entry still wants the object that goes is not
/// known while the ScyllaCluster cannot be read.
fn doubt(desired: &Desired, object: &TaskObject) -> Option<Fault> {
    let in_doubt = object.deleting && object.from_cluster && desired.cluster_unreadable && !desired.leaving();
    in_doubt.then(|| {
        let name = &desired.key.name;
        Fault::waiting(
            reason::UNDECODABLE,
            format!("the ScyllaCluster '{name}' that declared it cannot be read"),
        )
        .hint("correct the ScyllaCluster; the message of its event says where")
    })
}

/// What can be said without knowing what Manager holds.
fn unseen(desired: &Desired, object: &TaskObject, fault: &Fault) -> Result<Option<Plan>, Fault> {
    // Manager's own word that there is no such cluster, or that there never was one, says that nothing of it is there.
    let nothing_there = fault.reason() == reason::CLUSTER_UNKNOWN
        || (fault.reason() == reason::CLUSTER_NOT_REGISTERED
            && object.status.task_id.is_none()
            && desired.registration.as_ref().is_none_or(|it| it.status.cluster_id.is_none()));
    match desired.fate(object) {
        Fate::Abandon => Ok(Some(Plan::Release)),
        Fate::Remove if nothing_there => Ok(Some(Plan::Release)),
        Fate::Withdraw if fault.reason() == reason::CLUSTER_UNKNOWN => Err(Fault::waiting(
            reason::CLUSTER_NOT_REGISTERED,
            "the cluster has left ScyllaDB Manager, and the task with it",
        )),
        _ => Err(fault.clone()),
    }
}

fn seen(
    desired: &Desired,
    object: &TaskObject,
    (wish, observed): (&task::Desired, &Observed),
    clashes: &BTreeMap<String, Fault>,
) -> Result<Option<Plan>, Fault> {
    let name = &object.key.name;
    if let Some(frozen) = desired.frozen.get(name) {
        return Err(frozen.clone());
    }
    if wish.fate == Fate::Keep {
        desired.guard.check()?;
        if !desired.is_registered() {
            return Err(desired.not_registered());
        }
        if let Some(clash) = clashes.get(name) {
            return Err(clash.clone());
        }
    }
    if wish.fate == Fate::Withdraw && desired.retains() {
        return Err(Fault::waiting(
            reason::CLUSTER_NOT_REGISTERED,
            "the registration of the cluster goes with deletionPolicy Retain; the task stays in ScyllaDB Manager as it is",
        ));
    }
    let plan = task::plan(wish, observed)?;
    if matches!(plan, Some(Plan::Create(_) | Plan::Update { .. } | Plan::Stop { .. } | Plan::Delete { .. })) {
        desired.guard.check()?;
    }
    if matches!(plan, Some(Plan::Create(_))) && !object.from_cluster && object.status.observed_generation == 0
    {
        // The first report puts the finalizer on an object that a user wrote. Made before that, the task
        // would stay behind in Manager if the object went meanwhile.
        return Err(Fault::waiting(reason::NOT_RUN_YET, "its finalizer comes first; then it is made"));
    }
    Ok(plan)
}

/// Objects that must not reach Manager because another one declares the same task.
fn clashes(desired: &Desired, held: &[ManagerTask]) -> BTreeMap<String, Fault> {
    let mut clashes = desired.cluster.as_ref().map(entries::duplicates).unwrap_or_default();
    let mut by_task: BTreeMap<_, Vec<&TaskObject>> = BTreeMap::new();
    for object in desired.tasks.iter().filter(|object| !object.deleting) {
        let definition = &object.definition;
        by_task.entry((definition.kind(), definition.name.as_str())).or_default().push(object);
    }
    for ((kind, task), mut objects) in by_task {
        // Who has it in Manager keeps it; otherwise an entry goes before what a user wrote, then the name decides.
        let has_it = |object: &TaskObject| !Observed::pick(held, &wish(desired, object)).mine.is_empty();
        objects.sort_by_key(|object| (!has_it(object), !object.from_cluster, object.key.name.clone()));
        let mut objects = objects.into_iter();
        let Some(first) = objects.next() else { continue };
        for object in objects {
            let fault = Fault::rejected(
                reason::DUPLICATE_TASK_NAME,
                format!(
                    "mtask '{}' declares the {} '{task}' of this cluster, too",
                    first.key.name,
                    kind.as_str()
                ),
            )
            .hint("give one of them another name, or delete it");
            clashes.entry(object.key.name.clone()).or_insert(fault);
        }
    }
    clashes
}

/// Whether a task has run before, as far as its object remembers.
fn has_run(status: &TaskStatus) -> bool {
    status.state != RunState::New
        || status.last_success.is_some()
        || status.last_error.is_some()
        || !status.runs.is_empty()
}

#[cfg(test)]
mod tests;
