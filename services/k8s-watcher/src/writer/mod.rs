//! The writer: the only road into Kubernetes for registration and task-sync.

mod delete;
mod feedback;
mod objects;
mod report;
mod service;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use kube::core::DynamicObject;
use kube::{Api, Client};
use messina_domain::names::reason;
use messina_fault::Fault;
use messina_k8s_api::kinds::Kind;
use messina_service_runtime::Clock;
use tokio::sync::{Mutex, MutexGuard};

use crate::Config;
use crate::access;
use crate::events::Events;
use crate::metrics::WatcherMetrics;

/// Writes into one datacenter. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    client: Client,
    events: Events,
    clock: Clock,
    metrics: WatcherMetrics,
    read_only: bool,
    turns: Arc<Vec<Mutex<()>>>,
}

/// Writes to one object take turns; so many objects can have theirs at once.
const TURNS: usize = 64;

impl Writer {
    /// A writer for one API server.
    pub fn new(client: Client, config: &Config, clock: Clock, metrics: WatcherMetrics) -> Self {
        let events = Events::new(client.clone(), &config.datacenter, config.read_only);
        let turns = Arc::new((0..TURNS).map(|_| Mutex::new(())).collect());
        Self { client, events, clock, metrics, read_only: config.read_only, turns }
    }

    /// The recorder of events.
    pub fn events(&self) -> Events {
        self.events.clone()
    }

    /// Refuses every write where nothing may be written.
    fn check_writable(&self) -> Result<(), Fault> {
        if self.read_only {
            return Err(Fault::rejected(reason::READ_ONLY, "this k8s-watcher runs with --read-only"));
        }
        Ok(())
    }

    /// Waits for the turn of one object, so that the latest report wins.
    async fn turn(&self, kind: Kind, namespace: &str, name: &str) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        (kind, namespace, name).hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        match self.turns.get(index) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }

    fn api(&self, kind: Kind, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &kind.resource())
    }

    /// One object as it is now.
    async fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<DynamicObject, Fault> {
        let found = self.api(kind, namespace).get(name).await;
        found.map_err(|error| access::fault(&error, "get", &kind.full_name(), Some(namespace)))
    }

    /// One object as it is now, if it is the one that is meant.
    async fn get_exactly(&self, kind: Kind, at: (&str, &str), uid: &str) -> Result<DynamicObject, Fault> {
        let (namespace, name) = at;
        let object = self.get(kind, namespace, name).await?;
        if object.metadata.uid.as_deref() != Some(uid) {
            return Err(Fault::waiting(
                reason::OBJECT_REPLACED,
                format!(
                    "{} {namespace}/{name} is another object than the one that was meant",
                    kind.full_name()
                ),
            ));
        }
        Ok(object)
    }
}
