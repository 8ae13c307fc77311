//! Those who watch registrations through the API: each is owed the keys that changed, once per key.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use messina_domain::identity::ClusterKey;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// All watchers. A slow one is owed each key once, however often it changed.
#[derive(Default)]
pub(crate) struct Audience(Mutex<Vec<Weak<Listener>>>);

/// One watcher; it is forgotten when it is dropped.
#[derive(Default)]
pub(crate) struct Listener {
    owed: Mutex<BTreeSet<ClusterKey>>,
    bell: Notify,
}

impl Audience {
    /// One more watcher.
    pub(crate) fn join(&self) -> Arc<Listener> {
        let listener = Arc::new(Listener::default());
        let mut listeners = self.0.lock();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(&listener));
        listener
    }

    /// Something about these clusters may be different.
    pub(crate) fn tell(&self, keys: &BTreeSet<ClusterKey>) {
        for listener in self.0.lock().iter().filter_map(Weak::upgrade) {
            listener.owed.lock().extend(keys.iter().cloned());
            listener.bell.notify_one();
        }
    }
}

impl Listener {
    /// Waits for the next cluster to look at.
    pub(crate) async fn next(&self) -> ClusterKey {
        loop {
            if let Some(key) = self.owed.lock().pop_first() {
                return key;
            }
            self.bell.notified().await;
        }
    }
}
