//! What is declared about one cluster, gathered from the feed and, where it matters, from the broker.

use messina_control_api::watch::v1::ObjectKind;
use messina_domain::guard::Guard;
use messina_domain::host::HostTemplates;
use messina_domain::identity::ClusterKey;
use messina_domain::names::{OPERATOR_MANAGER_NAMESPACE, reason};
use messina_domain::plan::registration::{Desired, needs_manager};
use messina_domain::ring::{Part, Ring, RingMember, part};
use messina_fault::Fault;
use messina_feed::View;

use crate::broker::Resolved;

/// What is declared about one cluster.
pub(crate) struct Wanted {
    /// For the plan.
    pub(crate) desired: Desired,
    /// The fingerprint of the token in it.
    pub(crate) fingerprint: Option<String>,
}

impl Wanted {
    /// With the token, or why there is none.
    pub(crate) fn new(desired: Desired, resolved: Result<Resolved, Fault>) -> Self {
        let (token, fingerprint) = match resolved {
            Ok(Resolved { token, fingerprint }) => (Ok(token), Some(fingerprint)),
            Err(fault) => (Err(fault), None),
        };
        Self { desired: Desired { token, ..desired }, fingerprint }
    }

    /// Whether the ScyllaCluster looks like one that belongs to a ring nobody declared.
    pub(crate) fn possible_ring_member(&self) -> bool {
        let Desired { cluster, part, .. } = &self.desired;
        *part == Part::None && cluster.as_ref().is_some_and(|cluster| cluster.external_seeds)
    }
}

/// What stands in for a token that nobody asked for.
pub(crate) fn not_asked() -> Fault {
    Fault::transient(reason::INTERNAL, "the token was not asked for")
}

/// Whether the next step may need the token.
pub(crate) fn needs_token(desired: &Desired) -> bool {
    needs_manager(desired)
        && desired.registration.as_ref().is_some_and(|registration| !registration.deleting)
        && desired.cluster.as_ref().is_some_and(|cluster| !cluster.deleting)
        && desired.guard.check().is_ok()
}

/// Everything but the token.
///
/// # Errors
/// `Rejected(Undecodable)` for objects that cannot be read: they are there, and nothing is done about them.
pub(crate) fn read(
    view: &View,
    key: &ClusterKey,
    manager_ref: &str,
    templates: &HostTemplates,
) -> Result<Desired, Fault> {
    let ClusterKey { datacenter, namespace, name } = key;
    let registration = view.registration(namespace, name).cloned();
    let leaving = registration.as_ref().is_some_and(|registration| registration.deleting);
    if !leaving {
        readable(view, namespace, name)?;
    }
    let home = view.home.clone().ok_or_else(|| {
        Fault::waiting(
            reason::WATCHER_UNREACHABLE,
            format!("'{datacenter}' has not said which Kubernetes it is"),
        )
    })?;
    let bound = registration.as_ref().map(|registration| registration.spec.cluster_uid.as_str());
    let removed_uid = match bound.filter(|uid| view.was_removed(namespace, name, uid)) {
        Some(uid) => Some(uid.to_owned()),
        None => view.removed_uids(namespace, name).last().map(str::to_owned),
    };
    let rings: Vec<Ring> = in_namespace(&view.rings, namespace);
    let members: Vec<RingMember> = in_namespace(&view.ring_members, namespace);
    Ok(Desired {
        key: key.clone(),
        home,
        cluster: view.cluster(namespace, name).cloned(),
        removed_uid,
        registration,
        guard: guard(view, namespace, name),
        part: part(&rings, &members, (datacenter, namespace, name)),
        manager_ref: manager_ref.to_owned(),
        template_host: templates.host(key),
        token: Err(not_asked()),
        tasks_in_manager: view.tasks_of(namespace, name).filter(|task| task.status.task_id.is_some()).count(),
        brake: Ok(()),
    })
}

fn readable(view: &View, namespace: &str, name: &str) -> Result<(), Fault> {
    for (kind, what) in [
        (ObjectKind::ScyllaCluster, "ScyllaCluster"),
        (ObjectKind::Registration, "ScyllaDBManagerClusterRegistration"),
    ] {
        if let Some(undecodable) = view.undecodable(kind, namespace, name) {
            let message = format!("the {what} cannot be read: {}", undecodable.message);
            return Err(Fault::rejected(reason::UNDECODABLE, message)
                .hint("correct the object; until then everything stays as it is"));
        }
    }
    Ok(())
}

fn guard(view: &View, namespace: &str, name: &str) -> Guard {
    Guard {
        manager_namespace: view.namespaces.get(OPERATOR_MANAGER_NAMESPACE).is_some_and(|deleting| !deleting),
        operator_registration: view.operator_registered(namespace, name),
    }
}

/// Rings and members count in their own namespace only.
fn in_namespace<T: Clone>(
    objects: &std::collections::BTreeMap<(String, String), T>,
    namespace: &str,
) -> Vec<T> {
    let from = (namespace.to_owned(), String::new());
    let here = objects.range(from..).take_while(|((other, _), _)| other == namespace);
    here.map(|(_, object)| object.clone()).collect()
}
