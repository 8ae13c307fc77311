//! One cluster: whether Manager shall hold it, what it holds, and the one next step between them.

use std::collections::BTreeMap;

use messina_fault::Fault;
use uuid::Uuid;

use super::{Change, compare, compare_labels, is_owned, labels};
use crate::cluster::{Exclusion, ScyllaCluster};
use crate::guard::Guard;
use crate::identity::{ClusterKey, Home};
use crate::manager::{ClusterBody, ManagerCluster};
use crate::names::reason;
use crate::registration::{DeletionPolicy, Registration, RegistrationSpec};
use crate::ring::Part;
use crate::token::AuthToken;

/// Everything that is declared about one cluster.
#[derive(Clone)]
pub struct Desired {
    /// Which cluster.
    pub key: ClusterKey,
    /// The Kubernetes cluster it lives in.
    pub home: Home,
    /// The ScyllaCluster, while it is in sight.
    pub cluster: Option<ScyllaCluster>,
    /// UID of the ScyllaCluster that was seen being deleted, if one was.
    pub removed_uid: Option<String>,
    /// Our object, while it exists.
    pub registration: Option<Registration>,
    /// The Operator's own integration.
    pub guard: Guard,
    /// The part it plays in a ring.
    pub part: Part,
    /// Name of the Manager that this control plane talks to.
    pub manager_ref: String,
    /// Host by the datacenter's template.
    pub template_host: String,
    /// The token, or why there is none.
    pub token: Result<AuthToken, Fault>,
    /// Tasks of the cluster that are still in Manager, as far as their objects say.
    pub tasks_in_manager: usize,
    /// Whether deletion is frozen, and why.
    pub brake: Result<(), Fault>,
}

/// What Manager holds that may be this cluster.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The cluster with our id.
    pub by_id: Option<ManagerCluster>,
    /// Another cluster with our name.
    pub by_name: Option<ManagerCluster>,
}

/// The next step for one cluster.
#[derive(Debug, Clone)]
pub enum Plan {
    /// Create or change our object.
    ApplyObject(RegistrationSpec),
    /// Ask for our object's deletion; its finalizer sees to Manager first.
    DeleteObject {
        /// Its UID, so that a namesake made meanwhile is safe.
        uid: String,
        /// UID of the ScyllaCluster whose deletion was seen; empty for an opt-out.
        removed_cluster_uid: String,
    },
    /// Register the cluster.
    Create(ClusterBody),
    /// Replace what Manager holds.
    Update {
        /// The whole new definition.
        body: ClusterBody,
        /// What differs. A token shows as that and no more.
        changes: Vec<Change>,
    },
    /// Delete the cluster in Manager; its tasks are gone by now.
    Delete {
        /// Its id in Manager.
        id: Uuid,
    },
    /// Let our object go: there is nothing (left) of ours in Manager.
    Release,
}

/// Decides the next step.
///
/// # Errors
/// `Waiting` for everything that somebody else has to do first; each says what.
pub fn plan(desired: &Desired, observed: &Observed) -> Result<Option<Plan>, Fault> {
    match &desired.registration {
        Some(registration) if registration.deleting => deregister(desired, registration, observed).map(Some),
        _ => match standing(desired)? {
            Standing::Nothing => Ok(None),
            // Asked before anything irrevocable: an object that is being deleted takes its tasks along.
            Standing::Leave(plan) => desired.brake.clone().map(|()| Some(plan)),
            Standing::Stay(cluster) => stay(desired, cluster, observed),
        },
    }
}

/// Whether Manager has to be asked at all before the next step is clear.
pub fn needs_manager(desired: &Desired) -> bool {
    match &desired.registration {
        Some(registration) if registration.deleting => {
            registration.spec.deletion_policy == DeletionPolicy::Delete
        }
        Some(registration) => {
            matches!(standing(desired), Ok(Standing::Stay(cluster)) if registration.spec == spec(desired, cluster))
        }
        None => false,
    }
}

enum Standing<'a> {
    Nothing,
    Leave(Plan),
    Stay(&'a ScyllaCluster),
}

/// Whether the cluster belongs into Manager, looking at Kubernetes alone.
fn standing(desired: &Desired) -> Result<Standing<'_>, Fault> {
    let leave = |removed: &str| match &desired.registration {
        Some(registration) => Standing::Leave(Plan::DeleteObject {
            uid: registration.uid.clone(),
            removed_cluster_uid: removed.to_owned(),
        }),
        None => Standing::Nothing,
    };
    match &desired.cluster {
        Some(cluster) if cluster.exclusion.is_some() || desired.part == Part::Member => Ok(leave("")),
        Some(cluster) => Ok(Standing::Stay(cluster)),
        None => match (&desired.registration, &desired.removed_uid) {
            (Some(registration), Some(removed)) if registration.spec.cluster_uid == *removed => Ok(leave(removed)),
            (None, _) => Ok(Standing::Nothing),
            (Some(_), _) => Err(Fault::waiting(
                reason::CLUSTER_GONE,
                "the ScyllaCluster does not exist, but nobody saw it being deleted, so it stays in ScyllaDB Manager",
            )
            .hint(format!("if it is gone for good: kubectl delete mreg -n {} {}", desired.key.namespace, desired.key.name))),
        },
    }
}

/// Why a cluster is kept out, for its status; `None` when it is not.
pub fn exclusion_text(cluster: &ScyllaCluster, part: Part) -> Option<(&'static str, &'static str)> {
    match cluster.exclusion {
        Some(Exclusion::OptedOut) => Some((reason::OPTED_OUT, "it carries the opt-out annotation")),
        Some(Exclusion::NamespaceNotSelected) => {
            Some((reason::NAMESPACE_NOT_SELECTED, "its namespace is outside the watcher's selector"))
        }
        None if part == Part::Member => {
            Some((reason::RING_MEMBER, "it is a member of a ring, which is registered at home"))
        }
        None => None,
    }
}

/// What our object has to declare for this cluster.
fn spec(desired: &Desired, cluster: &ScyllaCluster) -> RegistrationSpec {
    let (host, deletion_policy) = match &desired.registration {
        Some(registration) => (registration.spec.host.clone(), registration.spec.deletion_policy),
        None => (None, DeletionPolicy::default()),
    };
    RegistrationSpec {
        cluster_name: cluster.key.name.clone(),
        cluster_uid: cluster.uid.clone(),
        manager_ref: desired.manager_ref.clone(),
        host,
        deletion_policy,
    }
}

fn stay(desired: &Desired, cluster: &ScyllaCluster, observed: &Observed) -> Result<Option<Plan>, Fault> {
    let spec = spec(desired, cluster);
    let Some(registration) = desired.registration.as_ref().filter(|registration| registration.spec == spec)
    else {
        return Ok(Some(Plan::ApplyObject(spec)));
    };
    if cluster.deleting {
        return Err(Fault::waiting(reason::CLUSTER_DELETING, "the ScyllaCluster is being deleted"));
    }
    desired.guard.check()?;
    if cluster.available_nodes == 0 && observed.by_id.is_none() {
        return Err(Fault::waiting(reason::NO_AVAILABLE_NODE, "no node of the cluster is available yet")
            .hint("registration follows by itself as soon as one is; see kubectl get pods"));
    }
    let owner = desired.key.owner(&desired.home.kube_system_uid);
    if let Some(foreign) = observed.by_id.as_ref().filter(|held| !is_owned(&held.labels, &owner)) {
        return Err(not_owned(foreign, "take it over with 'messina adopt', or delete it in Manager"));
    }
    if let Some(foreign) = &observed.by_name {
        return Err(not_owned(
            foreign,
            "delete or rename it in Manager; Messina then registers the cluster itself",
        ));
    }
    let token = desired.token.as_ref().map_err(Clone::clone)?;
    let host = registration.spec.host.clone().unwrap_or_else(|| desired.template_host.clone());
    let id = desired.key.manager_id(&desired.home.kube_system_uid);
    let existing = observed.by_id.as_ref().map(|held| held.labels.clone()).unwrap_or_default();
    let body = body(desired, id, host, token, &existing);
    let Some(held) = &observed.by_id else { return Ok(Some(Plan::Create(body))) };
    let changes = differences(&body, held, &owner);
    Ok((!changes.is_empty()).then_some(Plan::Update { body, changes }))
}

fn not_owned(foreign: &ManagerCluster, hint: &str) -> Fault {
    Fault::waiting(
        reason::NOT_OWNED,
        format!(
            "ScyllaDB Manager already holds a cluster '{}' (id {}) that Messina did not make",
            foreign.name, foreign.id
        ),
    )
    .hint(hint)
}

/// The whole definition for Manager, with its labels.
pub fn body(
    desired: &Desired,
    id: Uuid,
    host: String,
    token: &AuthToken,
    existing: &BTreeMap<String, String>,
) -> ClusterBody {
    let name = desired.key.manager_name();
    let owner = desired.key.owner(&desired.home.kube_system_uid);
    let labels = labels(existing, &owner, &format!("{name}\n{host}"));
    ClusterBody { id, name, host, labels, token: token.clone() }
}

fn differences(body: &ClusterBody, held: &ManagerCluster, owner: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(&mut changes, "name", &held.name, &body.name);
    compare(&mut changes, "host", &held.host, &body.host);
    compare(&mut changes, "port", held.port, 0);
    compare(&mut changes, "force_tls_disabled", held.force_tls_disabled, true);
    compare(&mut changes, "force_non_ssl_session_port", held.force_non_ssl_session_port, true);
    if !held.token.as_ref().is_some_and(|token| body.token.matches(token.expose())) {
        changes.push(Change::new("auth_token", "another token", "the token of the agents"));
    }
    compare_labels(&mut changes, &held.labels, owner);
    changes
}

/// Our object is being deleted: Manager's side goes first, if it is ours.
fn deregister(desired: &Desired, registration: &Registration, observed: &Observed) -> Result<Plan, Fault> {
    if registration.spec.deletion_policy == DeletionPolicy::Retain {
        return Ok(Plan::Release);
    }
    let owner = desired.key.owner(&desired.home.kube_system_uid);
    let Some(held) = observed.by_id.as_ref().filter(|held| is_owned(&held.labels, &owner)) else {
        return Ok(Plan::Release);
    };
    desired.guard.check()?;
    if desired.tasks_in_manager > 0 {
        return Err(Fault::waiting(
            reason::TASKS_REMAIN,
            format!("{} of its tasks are still in ScyllaDB Manager; they go first", desired.tasks_in_manager),
        ));
    }
    desired.brake.clone()?;
    Ok(Plan::Delete { id: held.id })
}

#[cfg(test)]
mod tests;
