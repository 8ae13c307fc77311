//! From what was decoded to the feed.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::ResourceExt;
use kube::core::DynamicObject;
use messina_control_api::convert::write_body;
use messina_control_api::watch::v1::{Object, ObjectKey, ObjectKind};
use messina_domain::object::FeedObject;
use messina_feed::publisher::Feed;
use messina_k8s_api::decode::decode;
use messina_k8s_api::kinds::Kind;
use messina_service_runtime::trace::current_traceparent;
use parking_lot::Mutex;

use super::always_visible;
use super::index::{Index, Place};
use crate::metrics::{KindLabels, WatcherMetrics};
use crate::selection::NamespaceSelector;

/// Publishes what the watches see. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    feed: Feed,
    selector: NamespaceSelector,
    datacenter: String,
    index: Arc<Mutex<Index>>,
    unreadable: Arc<Mutex<BTreeSet<(Kind, Place)>>>,
    metrics: WatcherMetrics,
}

/// The feed's name of a kind.
pub fn wire_kind(kind: Kind) -> ObjectKind {
    match kind {
        Kind::Namespace => ObjectKind::Namespace,
        Kind::ScyllaCluster => ObjectKind::ScyllaCluster,
        Kind::Registration => ObjectKind::Registration,
        Kind::Task => ObjectKind::Task,
        Kind::Ring => ObjectKind::Ring,
        Kind::RingMember => ObjectKind::RingMember,
        Kind::OperatorRegistration => ObjectKind::OperatorRegistration,
        Kind::OperatorTask => ObjectKind::OperatorTask,
    }
}

/// Namespace and name of an object.
pub fn place(object: &DynamicObject) -> Place {
    (object.namespace().unwrap_or_default(), object.name_any())
}

impl Publisher {
    /// A publisher for one datacenter.
    pub fn new(feed: Feed, selector: NamespaceSelector, datacenter: &str, metrics: WatcherMetrics) -> Self {
        let datacenter = datacenter.to_owned();
        Self { feed, selector, datacenter, index: Arc::default(), unreadable: Arc::default(), metrics }
    }

    /// An object exists or changed. Answers why it cannot be read the first time that this happens.
    pub fn upsert(&self, kind: Kind, object: &DynamicObject) -> Option<String> {
        let decoded = decode(&self.datacenter, kind, object);
        let place = place(object);
        let problem = match &decoded {
            FeedObject::Undecodable { message } => {
                self.unreadable(kind, &place, true).then(|| message.clone())
            }
            _ => {
                self.unreadable(kind, &place, false);
                None
            }
        };
        match decoded {
            FeedObject::Namespace { .. } => self.namespace(object, decoded),
            FeedObject::Cluster(cluster) => {
                // Published under the lock: between deciding and publishing, the watch of the namespaces must not
                // publish what follows from newer labels, or the older decision would be the last word.
                let mut index = self.index.lock();
                index.keep(&cluster);
                let visible = index.visible(cluster);
                self.publish(kind, object, &FeedObject::Cluster(visible));
            }
            other => self.publish(kind, object, &other),
        }
        problem
    }

    /// An object is gone; `confirmed` says that its deletion was seen or proved.
    pub fn remove(&self, kind: Kind, place: &Place, confirmed: bool) {
        if kind == Kind::ScyllaCluster {
            self.index.lock().lost(place);
        }
        self.unreadable(kind, place, false);
        // The ScyllaClusters of a namespace that is out of sight stay selected: only labels that were seen hide them.
        self.feed.remove(&self.key(kind, place), confirmed, current_traceparent());
    }

    /// Objects in the feed that are not in a new complete list.
    pub fn vanished(&self, kind: Kind, listed: &BTreeSet<Place>) -> Vec<Place> {
        let known = self.feed.known(wire_kind(kind)).into_iter().map(|(key, _)| (key.namespace, key.name));
        known.filter(|place| !listed.contains(place)).collect()
    }

    /// The first complete list of a kind was published, or there is nothing to list.
    pub fn synced(&self, kind: Kind) {
        self.feed.kind_synced(wire_kind(kind));
    }

    /// Notes whether an object can be read; answers whether that is news.
    fn unreadable(&self, kind: Kind, place: &Place, now: bool) -> bool {
        let mut unreadable = self.unreadable.lock();
        let entry = (kind, place.clone());
        let news = if now { unreadable.insert(entry) } else { unreadable.remove(&entry) };
        if news {
            let count = unreadable.iter().filter(|(other, _)| *other == kind).count();
            let labels = KindLabels { kind: kind.full_name(), what: "undecodable" };
            self.metrics.undecodable.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        news
    }

    fn namespace(&self, object: &DynamicObject, decoded: FeedObject) {
        let name = object.name_any();
        let selected = self.selector.selects(object.labels());
        self.select(&name, selected);
        if selected || always_visible(&name) {
            self.publish(Kind::Namespace, object, &decoded);
        } else {
            self.feed.remove(&self.key(Kind::Namespace, &(String::new(), name)), false, None);
        }
    }

    fn select(&self, namespace: &str, selected: bool) {
        // Held until everything is published, for the reason given in `upsert`.
        let mut index = self.index.lock();
        for cluster in index.select(namespace, selected) {
            let place = (cluster.key.namespace.clone(), cluster.key.name.clone());
            let (uid, generation, deleting) = (cluster.uid.clone(), cluster.generation, cluster.deleting);
            let visible = FeedObject::Cluster(index.visible(cluster));
            let key = Some(self.key(Kind::ScyllaCluster, &place));
            let object = Object { key, uid, generation, deleting, body: write_body(&visible) };
            self.feed.upsert(object, current_traceparent());
        }
    }

    fn publish(&self, kind: Kind, object: &DynamicObject, decoded: &FeedObject) {
        let deleting = match decoded {
            FeedObject::Namespace { deleting, .. } => *deleting,
            _ => object.metadata.deletion_timestamp.is_some(),
        };
        let object = Object {
            key: Some(self.key(kind, &place(object))),
            uid: object.uid().unwrap_or_default(),
            generation: object.metadata.generation.unwrap_or_default(),
            deleting,
            body: write_body(decoded),
        };
        self.feed.upsert(object, current_traceparent());
    }

    fn key(&self, kind: Kind, place: &Place) -> ObjectKey {
        ObjectKey { kind: wire_kind(kind).into(), namespace: place.0.clone(), name: place.1.clone() }
    }
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
