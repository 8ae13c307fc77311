//! What a mirror knows of one datacenter, in domain terms.

use std::collections::{BTreeMap, BTreeSet};

use messina_control_api::convert::FeedObject;
use messina_control_api::watch::v1::ObjectKind;
use messina_domain::cluster::ScyllaCluster;
use messina_domain::identity::Home;
use messina_domain::registration::Registration;
use messina_domain::ring::{Ring, RingMember};
use messina_domain::task::TaskObject;

use super::by_cluster::ByCluster;
use crate::key::Key;
use crate::tombstones::{Gone, Tombstones};

/// Namespace and name of an object.
pub type Name = (String, String);

/// The objects of one datacenter as they were last known. It is always whole: while a new snapshot comes
/// in, the old state stays, and it stays when the feed is out of reach.
///
/// An object that cannot be read is in [`View::undecodable`]; if an earlier state of the very same object
/// could be read, that state is still there too. Nothing may be done about such an object.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The Kubernetes cluster; known once there was a first snapshot.
    pub home: Option<Home>,
    /// Whether there ever was a whole snapshot. Before that, nothing here means anything.
    pub synced_once: bool,
    /// ScyllaClusters.
    pub clusters: BTreeMap<Name, ScyllaCluster>,
    /// Our registrations.
    pub registrations: BTreeMap<Name, Registration>,
    /// Our rings.
    pub rings: BTreeMap<Name, Ring>,
    /// Our ring members.
    pub ring_members: BTreeMap<Name, RingMember>,
    /// Namespaces, and whether they are being deleted.
    pub namespaces: BTreeMap<String, bool>,
    /// Our tasks, by name and by cluster.
    pub tasks: ByCluster<TaskObject>,
    /// The Operator's registrations and whether they are being deleted.
    pub(super) operator_registrations: ByCluster<bool>,
    /// The Operator's tasks.
    pub(super) operator_tasks: ByCluster<()>,
    /// Objects that cannot be read.
    pub undecodable: BTreeMap<Key, Undecodable>,
    pub(super) removed: Tombstones<Name>,
}

/// An object that exists and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable {
    /// Kubernetes UID.
    pub uid: String,
    /// What is wrong with it.
    pub message: String,
}

impl View {
    /// A ScyllaCluster.
    pub fn cluster(&self, namespace: &str, name: &str) -> Option<&ScyllaCluster> {
        self.clusters.get(&owned(namespace, name))
    }

    /// One of our registrations.
    pub fn registration(&self, namespace: &str, name: &str) -> Option<&Registration> {
        self.registrations.get(&owned(namespace, name))
    }

    /// One of our tasks, by its own name.
    pub fn task(&self, namespace: &str, name: &str) -> Option<&TaskObject> {
        self.tasks.get(namespace, name)
    }

    /// Our tasks of a ScyllaCluster, by name.
    pub fn tasks_of(&self, namespace: &str, cluster: &str) -> impl Iterator<Item = &TaskObject> {
        self.tasks.of(namespace, cluster)
    }

    /// Whether the Operator has a registration of its own, not being deleted, for a ScyllaCluster.
    pub fn operator_registered(&self, namespace: &str, cluster: &str) -> bool {
        self.operator_registrations.of(namespace, cluster).any(|deleting| !deleting)
    }

    /// How many task objects the Operator has for a ScyllaCluster.
    pub fn operator_tasks(&self, namespace: &str, cluster: &str) -> usize {
        self.operator_tasks.of(namespace, cluster).count()
    }

    /// Why an object cannot be read; nothing when it can, or does not exist.
    pub fn undecodable(&self, kind: ObjectKind, namespace: &str, name: &str) -> Option<&Undecodable> {
        self.undecodable.get(&Key::new(kind, namespace, name))
    }

    /// Whether there is no ScyllaCluster of this name now and the one with this UID was proved to be
    /// deleted. Absence alone never makes this true.
    pub fn was_removed(&self, namespace: &str, name: &str, uid: &str) -> bool {
        self.removed_uids(namespace, name).any(|removed| removed == uid)
    }

    /// UIDs of the ScyllaClusters of a name that were proved to be deleted, oldest first; none while the
    /// name is in use.
    pub fn removed_uids(&self, namespace: &str, name: &str) -> impl Iterator<Item = &str> {
        let name = owned(namespace, name);
        let gone = if self.has_cluster(&name) { &[] } else { self.removed.proved(&name) };
        gone.iter().map(|gone| &*gone.uid)
    }

    /// Every name whose ScyllaCluster was proved to be deleted and that is not in use, with the last UID.
    pub fn removed(&self) -> BTreeMap<Name, String> {
        let unused = self.removed.iter().filter(|(name, _)| !self.has_cluster(name));
        unused.filter_map(|(name, gone)| Some((name.clone(), gone.last()?.uid.to_string()))).collect()
    }

    /// Takes over the present state of an object; answers whether anything changed. The key's kind and the
    /// object must fit together.
    pub fn put(&mut self, key: &Key, uid: &str, object: FeedObject) -> bool {
        let name = || (key.namespace.clone(), key.name.clone());
        if key.is_cluster() {
            self.removed.revive(&name(), uid);
        }
        let readable = self.undecodable.remove(key);
        let changed = match object {
            FeedObject::Cluster(cluster) => put(&mut self.clusters, name(), cluster),
            FeedObject::Registration(registration) => put(&mut self.registrations, name(), registration),
            FeedObject::Ring(ring) => put(&mut self.rings, name(), ring),
            FeedObject::RingMember(member) => put(&mut self.ring_members, name(), member),
            FeedObject::Namespace { name, deleting } => put(&mut self.namespaces, name, deleting),
            FeedObject::Task(task) => self.tasks.put(name(), &task.cluster_name.clone(), task),
            FeedObject::OperatorRegistration { cluster, deleting } => {
                self.operator_registrations.put(name(), &cluster.name, deleting)
            }
            FeedObject::OperatorTask { cluster } => self.operator_tasks.put(name(), &cluster.name, ()),
            FeedObject::Undecodable { message } => {
                let undecodable = Undecodable { uid: uid.to_owned(), message };
                return self.put_undecodable(key, undecodable, readable.as_ref());
            }
        };
        changed || readable.is_some()
    }

    /// Takes over that an object is gone; answers whether anything changed.
    pub fn remove(&mut self, key: &Key, uid: &str, confirmed: bool) -> bool {
        let was_there = self.drop_object(key);
        if !key.is_cluster() {
            return was_there;
        }
        let name = (key.namespace.clone(), key.name.clone());
        let before = self.removed.proved(&name).to_vec();
        if confirmed {
            self.removed.bury(&name, Gone { uid: uid.into(), revision: 0, traceparent: None });
        } else {
            self.removed.forget(&name);
        }
        was_there || before != self.removed.proved(&name)
    }

    /// UID of an object whose present state could be read, for the kinds that have one in the domain.
    pub(super) fn uid(&self, key: &Key) -> Option<&str> {
        let name = (key.namespace.clone(), key.name.clone());
        match key.kind {
            ObjectKind::ScyllaCluster => self.clusters.get(&name).map(|object| object.uid.as_str()),
            ObjectKind::Registration => self.registrations.get(&name).map(|object| object.uid.as_str()),
            ObjectKind::Task => self.task(&name.0, &name.1).map(|object| object.uid.as_str()),
            ObjectKind::Ring => self.rings.get(&name).map(|object| object.uid.as_str()),
            ObjectKind::RingMember => self.ring_members.get(&name).map(|object| object.uid.as_str()),
            _ => None,
        }
    }

    pub(super) fn has_cluster(&self, name: &Name) -> bool {
        let key = || Key::new(ObjectKind::ScyllaCluster, &name.0, &name.1);
        self.clusters.contains_key(name) || self.undecodable.contains_key(&key())
    }

    /// Keys of everything that is or was there.
    pub(super) fn keys(&self) -> BTreeSet<Key> {
        let of = |kind| move |name: &Name| Key::new(kind, &name.0, &name.1);
        let clusters = self.clusters.keys().map(of(ObjectKind::ScyllaCluster));
        let removed = self.removed.iter().map(|(name, _)| of(ObjectKind::ScyllaCluster)(name));
        clusters
            .chain(removed)
            .chain(self.registrations.keys().map(of(ObjectKind::Registration)))
            .chain(self.tasks.names().map(of(ObjectKind::Task)))
            .chain(self.rings.keys().map(of(ObjectKind::Ring)))
            .chain(self.ring_members.keys().map(of(ObjectKind::RingMember)))
            .chain(self.operator_registrations.names().map(of(ObjectKind::OperatorRegistration)))
            .chain(self.operator_tasks.names().map(of(ObjectKind::OperatorTask)))
            .chain(self.namespaces.keys().map(|name| Key::new(ObjectKind::Namespace, "", name)))
            .chain(self.undecodable.keys().cloned())
            .collect()
    }

    /// Whether two views say the same about an object.
    pub(super) fn agrees(&self, other: &Self, key: &Key) -> bool {
        let name = (key.namespace.clone(), key.name.clone());
        let same = match key.kind {
            ObjectKind::ScyllaCluster => {
                self.clusters.get(&name) == other.clusters.get(&name)
                    && self.removed_uids(&name.0, &name.1).eq(other.removed_uids(&name.0, &name.1))
            }
            ObjectKind::Registration => self.registrations.get(&name) == other.registrations.get(&name),
            ObjectKind::Task => self.tasks.same(&other.tasks, &name),
            ObjectKind::Ring => self.rings.get(&name) == other.rings.get(&name),
            ObjectKind::RingMember => self.ring_members.get(&name) == other.ring_members.get(&name),
            ObjectKind::Namespace => self.namespaces.get(&key.name) == other.namespaces.get(&key.name),
            ObjectKind::OperatorRegistration => {
                self.operator_registrations.same(&other.operator_registrations, &name)
            }
            ObjectKind::OperatorTask => self.operator_tasks.same(&other.operator_tasks, &name),
            ObjectKind::Unspecified => true,
        };
        same && self.undecodable.get(key) == other.undecodable.get(key)
    }

    fn put_undecodable(&mut self, key: &Key, now: Undecodable, before: Option<&Undecodable>) -> bool {
        let changed = before != Some(&now);
        if self.uid(key).is_some_and(|uid| uid != now.uid) {
            self.drop_object(key);
        }
        self.undecodable.insert(key.clone(), now);
        changed
    }

    fn drop_object(&mut self, key: &Key) -> bool {
        let name = (key.namespace.clone(), key.name.clone());
        let was_readable = match key.kind {
            ObjectKind::ScyllaCluster => self.clusters.remove(&name).is_some(),
            ObjectKind::Registration => self.registrations.remove(&name).is_some(),
            ObjectKind::Task => self.tasks.remove(&name),
            ObjectKind::Ring => self.rings.remove(&name).is_some(),
            ObjectKind::RingMember => self.ring_members.remove(&name).is_some(),
            ObjectKind::Namespace => self.namespaces.remove(&key.name).is_some(),
            ObjectKind::OperatorRegistration => self.operator_registrations.remove(&name),
            ObjectKind::OperatorTask => self.operator_tasks.remove(&name),
            ObjectKind::Unspecified => false,
        };
        self.undecodable.remove(key).is_some() || was_readable
    }
}

fn owned(namespace: &str, name: &str) -> Name {
    (namespace.to_owned(), name.to_owned())
}

fn put<K: Ord, V: PartialEq>(objects: &mut BTreeMap<K, V>, key: K, value: V) -> bool {
    let changed = objects.get(&key) != Some(&value);
    objects.insert(key, value);
    changed
}
