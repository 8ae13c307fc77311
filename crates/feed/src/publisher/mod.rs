//! The side that serves: takes what a watcher sees, and sends every subscriber the last state of it.
//!
//! [`Feed`] implements the trait behind `WatchServiceServer`, so a clone of it is all that a server needs.
//!
//! # Guarantees
//! * A subscriber is sent a whole snapshot or exactly the changes that it missed, never a gap.
//! * It is sent the last state of every object, in the order of the revisions; states that it was too slow
//!   for are left out. Memory per subscriber is bounded by the number of objects.
//! * Every removal within an epoch is sent with its UID, unless the very same object is back by then (or
//!   one name was taken by more than eight objects while the subscriber read nothing).
//! * A slow subscriber delays nobody.

mod change;
mod queue;
mod service;
mod settings;
mod state;
mod stream;
mod subscriber;
mod subscription;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use messina_control_api::watch::v1::{self as wire, Object, ObjectKey, ObjectKind};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::key::Key;
use state::State;
use subscriber::Subscriber;
use subscription::Subscription;

pub use settings::FeedSettings;

/// The feed of one datacenter; clones are the same feed.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
}

struct Shared {
    settings: FeedSettings,
    state: Mutex<State>,
    last_event: Mutex<Option<Timestamp>>,
}

/// Numbers about a feed, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStats {
    /// How many objects there are, by kind; kinds without any are left out.
    pub objects: BTreeMap<ObjectKind, usize>,
    /// Revision of the last change; zero before the first.
    pub head_revision: u64,
    /// Streams that are open.
    pub subscribers: usize,
    /// How long ago the change happened that some subscriber has been owed longest; nothing when all were
    /// sent everything.
    pub oldest_pending: Option<Duration>,
    /// When the last change came in.
    pub last_event: Option<Timestamp>,
}

impl Feed {
    /// A feed that knows nothing yet and holds its subscribers until every kind was listed.
    pub fn new(settings: FeedSettings) -> Self {
        let identity = wire::Start {
            epoch: settings.epoch.clone(),
            datacenter: settings.datacenter.clone(),
            kube_system_uid: settings.kube_system_uid.clone(),
            resumed: false,
        };
        let state = Mutex::new(State::new(identity, settings.window, &settings.kinds));
        Self { shared: Arc::new(Shared { settings, state, last_event: Mutex::new(None) }) }
    }

    /// Publishes the present state of an object, and answers whether that was news. `traceparent` is the
    /// W3C trace context of the event behind it. An object whose UID is not that of its predecessor under
    /// the same name is preceded by an unconfirmed removal of the other; call [`Feed::remove`] first when
    /// the deletion is known. An object without a valid key is not published but logged as an error.
    pub fn upsert(&self, object: Object, traceparent: Option<String>) -> bool {
        let Some(key) = object.key.as_ref().and_then(Key::read) else {
            tracing::error!(key = ?object.key, uid = object.uid, "an object without a valid key is not published");
            return false;
        };
        self.note(|state| state.upsert(key, object, traceparent.map(Arc::from)))
    }

    /// Publishes that an object is gone, and answers whether that was news. `confirmed` means that its
    /// deletion was seen or proved by a direct read; without it, the object is merely out of sight. A
    /// proof may come later, by a second call for the same ScyllaCluster.
    pub fn remove(&self, key: &ObjectKey, confirmed: bool, traceparent: Option<String>) -> bool {
        let Some(key) = Key::read(key) else {
            tracing::error!(?key, "the removal of an object without a valid key is not published");
            return false;
        };
        self.note(|state| state.remove(&key, confirmed, traceparent.map(Arc::from)))
    }

    /// Says that all objects of a kind were published. With the last of [`FeedSettings::kinds`] the feed
    /// begins to serve, and it goes on serving what it last knew whatever happens to the watch behind it.
    pub fn kind_synced(&self, kind: ObjectKind) {
        self.shared.state.lock().kind_synced(kind);
    }

    /// Kinds that are still awaited; none when the feed serves.
    pub fn missing_kinds(&self) -> Vec<ObjectKind> {
        self.shared.state.lock().missing().iter().copied().collect()
    }

    /// The keys and UIDs of all objects of a kind, so that a new list can be compared with what is known.
    pub fn known(&self, kind: ObjectKind) -> Vec<(ObjectKey, String)> {
        let state = self.shared.state.lock();
        let of_kind = state.objects().filter_map(|object| object.key.clone().map(|key| (key, &object.uid)));
        of_kind.filter(|(key, _)| key.kind() == kind).map(|(key, uid)| (key, uid.clone())).collect()
    }

    /// Numbers for metrics.
    pub fn stats(&self) -> FeedStats {
        let state = self.shared.state.lock();
        let mut objects = BTreeMap::new();
        for key in state.objects().filter_map(|object| object.key.as_ref()) {
            *objects.entry(key.kind()).or_default() += 1;
        }
        let head_revision = state.head().revision;
        let subscribers: Vec<_> = state.subscribers.values().cloned().collect();
        drop(state);
        let owed = subscribers.iter().filter_map(|subscriber| subscriber.owed_since()).min();
        FeedStats {
            objects,
            head_revision,
            subscribers: subscribers.len(),
            oldest_pending: owed.map(|since| Instant::now().duration_since(since)),
            last_event: *self.shared.last_event.lock(),
        }
    }

    fn note(&self, apply: impl FnOnce(&mut State) -> bool) -> bool {
        let news = apply(&mut self.shared.state.lock());
        if news {
            *self.shared.last_event.lock() = Some((self.shared.settings.clock)());
        }
        news
    }

    /// Opens a stream; it is closed when the answer is dropped.
    fn attach(&self, subscription: Subscription, peer: String) -> Attached {
        let since = (self.shared.settings.clock)();
        let subscriber = Arc::new(Subscriber::new(subscription, peer, since));
        let id = self.shared.state.lock().attach(subscriber.clone());
        Attached { feed: self.clone(), id, subscriber }
    }
}

/// An open stream's place among the subscribers.
struct Attached {
    feed: Feed,
    id: u64,
    subscriber: Arc<Subscriber>,
}

impl Attached {
    fn nack(&self, nack: wire::Nack) {
        tracing::warn!(
            subscriber = self.subscriber.subscription.name,
            revision = nack.revision,
            key = ?nack.key,
            reason = nack.reason,
            "a subscriber refuses an object"
        );
        self.feed.shared.state.lock().nack(&self.subscriber, nack);
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.feed.shared.state.lock().subscribers.remove(&self.id);
    }
}
