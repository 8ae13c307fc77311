//! A new snapshot takes the place of the old one, in one step.

use std::collections::BTreeMap;

use messina_control_api::watch::v1::ObjectKind;

use super::view::{Name, View};
use crate::key::Key;
use crate::tombstones::Tombstones;

impl View {
    /// Takes the place of this view by a whole new one, and answers the keys about which they differ. What
    /// is missing from the new one is merely out of sight.
    pub(super) fn replace(&mut self, mut new: Self) -> Vec<Key> {
        new.removed = self.proved_still(&new);
        self.keep_last_readable(&mut new);
        let mut keys = self.keys();
        keys.extend(new.keys());
        keys.retain(|key| !self.agrees(&new, key));
        *self = new;
        keys.into_iter().collect()
    }

    /// What was proved before stays proved, but for names that were in use and are out of sight now: they
    /// may have come and gone any number of times. What the new snapshot proves is added.
    fn proved_still(&self, new: &Self) -> Tombstones<Name> {
        let mut removed = Tombstones::default();
        for (name, proved) in self.removed.iter() {
            if !self.has_cluster(name) || new.has_cluster(name) {
                proved.iter().for_each(|gone| removed.bury(name, gone.clone()));
            }
        }
        for (name, proved) in new.removed.iter() {
            proved.iter().for_each(|gone| removed.bury(name, gone.clone()));
        }
        for (name, cluster) in &new.clusters {
            removed.revive(name, &cluster.uid);
        }
        for (key, undecodable) in new.undecodable.iter().filter(|(key, _)| key.is_cluster()) {
            removed.revive(&(key.namespace.clone(), key.name.clone()), &undecodable.uid);
        }
        removed
    }

    /// The last readable state of objects that cannot be read now.
    fn keep_last_readable(&self, new: &mut Self) {
        let unreadable: Vec<_> =
            new.undecodable.iter().map(|(key, what)| (key.clone(), what.uid.clone())).collect();
        for (key, uid) in unreadable {
            // Kinds without a UID in the domain are the Operator's: there, an older state is better than
            // to overlook that the Operator is at work.
            if self.uid(&key).is_some_and(|last| last != uid) {
                continue;
            }
            let name = (key.namespace.clone(), key.name.clone());
            match key.kind {
                ObjectKind::ScyllaCluster => keep(&self.clusters, &mut new.clusters, name),
                ObjectKind::Registration => keep(&self.registrations, &mut new.registrations, name),
                ObjectKind::Ring => keep(&self.rings, &mut new.rings, name),
                ObjectKind::RingMember => keep(&self.ring_members, &mut new.ring_members, name),
                ObjectKind::Task => new.tasks.keep(&self.tasks, name),
                ObjectKind::OperatorRegistration => {
                    new.operator_registrations.keep(&self.operator_registrations, name);
                }
                ObjectKind::OperatorTask => new.operator_tasks.keep(&self.operator_tasks, name),
                ObjectKind::Namespace | ObjectKind::Unspecified => {}
            }
        }
    }
}

fn keep<T: Clone>(last: &BTreeMap<Name, T>, now: &mut BTreeMap<Name, T>, name: Name) {
    if let Some(object) = last.get(&name) {
        now.entry(name).or_insert_with(|| object.clone());
    }
}
