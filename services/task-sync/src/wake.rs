//! Which clusters have to be looked at after a change of the feed.

use std::collections::{BTreeSet, HashMap};

use messina_control_api::watch::v1::{ObjectKey, ObjectKind};
use messina_domain::identity::ClusterKey;
use messina_domain::names::OPERATOR_MANAGER_NAMESPACE;
use messina_feed::mirror::Name;
use messina_feed::{Changed, Mirror};
use messina_reconcile::Trigger;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::fleet;

/// Counts changes, so that those who watch know when to look.
pub(crate) type Pulse = watch::Sender<u64>;

/// Wakes the clusters of one datacenter.
pub(crate) struct Waker {
    mirror: Mirror,
    trigger: Option<Trigger<ClusterKey>>,
    pulse: Pulse,
    seen: Mutex<Seen>,
}

/// What the keys of the feed do not say.
#[derive(Default)]
struct Seen {
    /// The cluster of each task object.
    clusters: HashMap<Name, String>,
    /// For each cluster, what the Operator had: task objects, and a registration.
    operator: HashMap<Name, (usize, bool)>,
}

impl Waker {
    /// Without a trigger, only those who watch are told.
    pub(crate) fn new(mirror: Mirror, trigger: Option<Trigger<ClusterKey>>, pulse: Pulse) -> Self {
        Self { mirror, trigger, pulse, seen: Mutex::default() }
    }

    /// Takes a change.
    pub(crate) fn on_change(&self, changed: Changed) {
        self.pulse.send_modify(|count| *count = count.wrapping_add(1));
        let Some(trigger) = &self.trigger else { return };
        let (keys, cause) = match changed {
            Changed::Synced => (fleet::keys(&self.mirror), None),
            Changed::Object { key, traceparent } => (self.concerned(&key), traceparent),
        };
        for key in keys {
            trigger.now(key, cause.clone());
        }
    }

    fn concerned(&self, changed: &ObjectKey) -> BTreeSet<ClusterKey> {
        let key = |name: &str| ClusterKey::new(self.mirror.datacenter(), &changed.namespace, name);
        match changed.kind() {
            ObjectKind::ScyllaCluster | ObjectKind::Registration => BTreeSet::from([key(&changed.name)]),
            ObjectKind::Task => self.of_task(changed).iter().map(|name| key(name)).collect(),
            ObjectKind::Namespace if changed.name == OPERATOR_MANAGER_NAMESPACE => fleet::keys(&self.mirror),
            ObjectKind::OperatorRegistration | ObjectKind::OperatorTask => {
                self.of_operator(&changed.namespace)
            }
            _ => BTreeSet::new(),
        }
    }

    /// The cluster of a task object, and the one that it belonged to before.
    fn of_task(&self, changed: &ObjectKey) -> BTreeSet<String> {
        let now = self
            .mirror
            .with(|view| view.task(&changed.namespace, &changed.name).map(|task| task.cluster_name.clone()));
        let name = (changed.namespace.clone(), changed.name.clone());
        let mut seen = self.seen.lock();
        let before = match &now {
            Some(now) => seen.clusters.insert(name, now.clone()),
            None => seen.clusters.remove(&name),
        };
        now.into_iter().chain(before).collect()
    }

    /// The clusters of a namespace for which the Operator has something else than before.
    fn of_operator(&self, namespace: &str) -> BTreeSet<ClusterKey> {
        let mut keys = fleet::keys(&self.mirror);
        keys.retain(|key| key.namespace == namespace);
        let mut seen = self.seen.lock();
        self.mirror.with(|view| {
            keys.retain(|key| {
                let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
                let now = (view.operator_tasks(namespace, name), view.operator_registered(namespace, name));
                seen.operator.insert((key.namespace.clone(), key.name.clone()), now) != Some(now)
            });
        });
        keys
    }
}
