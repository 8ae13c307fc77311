//! The datacenters: a copy of each one's feed, and the road back into it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use messina_control_api::watch::v1::ObjectKind;
use messina_domain::guard::Guard;
use messina_domain::identity::ClusterKey;
use messina_domain::names::{OPERATOR_MANAGER_NAMESPACE, reason};
use messina_domain::task::TaskObject;
use messina_fault::Fault;
use messina_feed::{Mirror, View};

use crate::desired::Desired;
use crate::writer::Writer;

/// What task-sync follows.
pub(crate) const KINDS: [ObjectKind; 6] = [
    ObjectKind::ScyllaCluster,
    ObjectKind::Namespace,
    ObjectKind::Registration,
    ObjectKind::Task,
    ObjectKind::OperatorRegistration,
    ObjectKind::OperatorTask,
];

/// One datacenter.
#[derive(Clone)]
pub(crate) struct Datacenter {
    pub(crate) mirror: Mirror,
    pub(crate) writer: Writer,
}

/// All datacenters by name.
#[derive(Clone)]
pub(crate) struct Fleet(pub(crate) BTreeMap<String, Datacenter>);

impl Fleet {
    /// One datacenter.
    ///
    /// # Errors
    /// `Rejected` when no watcher is configured for it.
    pub(crate) fn datacenter(&self, name: &str) -> Result<&Datacenter, Fault> {
        self.0.get(name).ok_or_else(|| {
            Fault::rejected(reason::WATCHER_UNREACHABLE, format!("datacenter '{name}' has no watcher"))
                .hint("name it with --watcher")
        })
    }

    /// Everything that is declared about a cluster.
    ///
    /// # Errors
    /// `Waiting(WatcherUnreachable)` until the datacenter was seen whole once.
    pub(crate) fn desired(&self, key: &ClusterKey, now: Timestamp) -> Result<Desired, Fault> {
        let datacenter = self.datacenter(&key.datacenter)?;
        datacenter.mirror.with(|view| gather(view, key, now)).ok_or_else(|| {
            let why = datacenter.mirror.state().error.map(|error| format!(": {error}")).unwrap_or_default();
            let message =
                format!("the feed of datacenter '{}' has not been seen whole yet{why}", key.datacenter);
            Fault::waiting(reason::WATCHER_UNREACHABLE, message)
                .hint("see that its k8s-watcher runs and is ready")
        })
    }

    /// Whether a datacenter, or each of them when none is named, was seen whole at least once.
    ///
    /// # Errors
    /// `Waiting(WatcherUnreachable)`.
    pub(crate) fn seen(&self, datacenter: &str) -> Result<(), Fault> {
        let chosen = self.0.iter().filter(|(name, _)| datacenter.is_empty() || *name == datacenter);
        for (name, datacenter) in chosen {
            if !datacenter.mirror.with(|view| view.synced_once) {
                let message = format!("nothing is known of datacenter '{name}' yet");
                return Err(Fault::waiting(reason::WATCHER_UNREACHABLE, message)
                    .hint("see that its k8s-watcher runs and is ready"));
            }
        }
        Ok(())
    }

    /// One task object.
    pub(crate) fn task(&self, key: &ClusterKey) -> Option<TaskObject> {
        self.0.get(&key.datacenter)?.mirror.with(|view| view.task(&key.namespace, &key.name).cloned())
    }

    /// Every task object, by key.
    pub(crate) fn tasks(&self) -> Vec<TaskObject> {
        let all = |datacenter: &Datacenter| {
            datacenter.mirror.with(|view| view.tasks.iter().map(|(_, task)| task.clone()).collect::<Vec<_>>())
        };
        self.0.values().flat_map(all).collect()
    }

    /// How many task objects there are.
    pub(crate) fn size(&self) -> usize {
        self.0.values().map(|datacenter| datacenter.mirror.with(|view| view.tasks.len())).sum()
    }

    /// How many clusters are registered, or are to be.
    pub(crate) fn clusters(&self) -> usize {
        self.0.values().map(|datacenter| datacenter.mirror.with(|view| view.registrations.len())).sum()
    }

    /// Every cluster that somebody could want something of.
    pub(crate) fn keys(&self) -> BTreeSet<ClusterKey> {
        self.0.values().flat_map(|datacenter| keys(&datacenter.mirror)).collect()
    }
}

/// Every cluster of a datacenter that somebody could want something of.
pub(crate) fn keys(mirror: &Mirror) -> BTreeSet<ClusterKey> {
    let key = |namespace: &str, name: &str| ClusterKey::new(mirror.datacenter(), namespace, name);
    mirror.with(|view| {
        let named = view.clusters.keys().chain(view.registrations.keys());
        let tasks = view.tasks.iter().map(|(_, task)| task.cluster());
        named.map(|(namespace, name)| key(namespace, name)).chain(tasks).collect()
    })
}

fn gather(view: &View, key: &ClusterKey, now: Timestamp) -> Option<Desired> {
    let home = view.home.clone().filter(|_| view.synced_once)?;
    let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
    let unreadable = |kind, name: &str| view.undecodable(kind, namespace, name).is_some();
    let cluster_unreadable = unreadable(ObjectKind::ScyllaCluster, name);
    let readable = |task: &&TaskObject| !unreadable(ObjectKind::Task, &task.key.name);
    let of_namespace =
        view.undecodable.keys().filter(|it| it.kind == ObjectKind::Task && it.namespace == namespace);
    Some(Desired {
        key: key.clone(),
        home,
        cluster: view.cluster(namespace, name).filter(|_| !cluster_unreadable).cloned(),
        cluster_unreadable,
        removed: view.removed_uids(namespace, name).map(str::to_owned).collect(),
        registration: view.registration(namespace, name).cloned(),
        tasks: view.tasks_of(namespace, name).filter(readable).cloned().collect(),
        tasks_unreadable: of_namespace.map(|it| it.name.clone()).collect(),
        guard: Guard {
            manager_namespace: view.namespaces.get(OPERATOR_MANAGER_NAMESPACE) == Some(&false),
            operator_registration: view.operator_registered(namespace, name),
        },
        operator_tasks: view.operator_tasks(namespace, name),
        frozen: BTreeMap::new(),
        assumed_registered: false,
        now,
    })
}
