//! Which clusters a change of the feed concerns.

use std::collections::BTreeSet;

use messina_control_api::watch::v1::{ObjectKey, ObjectKind};
use messina_domain::identity::ClusterKey;
use messina_domain::names::OPERATOR_MANAGER_NAMESPACE;
use messina_feed::Changed;

use crate::fleet::Fleet;

/// The clusters of a datacenter that have to be looked at after a change.
pub(crate) fn concerned(fleet: &Fleet, datacenter: &str, changed: &Changed) -> BTreeSet<ClusterKey> {
    let Changed::Object { key, .. } = changed else { return fleet.keys_of(datacenter) };
    match key.kind() {
        ObjectKind::ScyllaCluster | ObjectKind::Registration => {
            BTreeSet::from([ClusterKey::new(datacenter, &key.namespace, &key.name)])
        }
        ObjectKind::Task => leaving(fleet, datacenter, key),
        ObjectKind::Namespace if key.name == OPERATOR_MANAGER_NAMESPACE => fleet.keys_of(datacenter),
        // These name their clusters in what they say, which is gone when they are.
        ObjectKind::Ring | ObjectKind::RingMember | ObjectKind::OperatorRegistration => {
            let mut keys = fleet.keys_of(datacenter);
            keys.retain(|cluster| cluster.namespace == key.namespace);
            keys
        }
        ObjectKind::Namespace | ObjectKind::OperatorTask | ObjectKind::Unspecified => BTreeSet::new(),
    }
}

/// Tasks matter to clusters that wait for them to go; a task that is gone does not say whose it was.
fn leaving(fleet: &Fleet, datacenter: &str, task: &ObjectKey) -> BTreeSet<ClusterKey> {
    let keys = fleet.with(datacenter, |view| {
        let of = view.task(&task.namespace, &task.name).map(|task| task.cluster_name.as_str());
        let leaving = view.registrations.values().filter(|registration| {
            registration.deleting
                && registration.key.namespace == task.namespace
                && of.is_none_or(|cluster| cluster == registration.key.name)
        });
        leaving.map(|registration| registration.key.clone()).collect()
    });
    keys.unwrap_or_default()
}
