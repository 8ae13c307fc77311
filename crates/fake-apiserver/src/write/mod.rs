//! All writes, on one locked state: what a request does to the store, with the rules of the API server.

mod create;
mod definition;
mod delete;
mod incoming;
mod namespace;
mod patch;
mod rules;
mod update;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

pub use delete::{DeleteOptions, Deleted};
pub use patch::Patch;

use crate::apply::Writer;
use crate::error::ApiError;
use crate::event;
use crate::meta;
use crate::options::Clock;
use crate::registry::Registry;
use crate::resource::{Family, Resource};
use crate::store::{Key, Object, Store};
use crate::time;

/// Everything the server knows.
pub struct State {
    /// What is served.
    pub registry: Registry,
    /// What is stored.
    pub store: Store,
    clock: Clock,
}

/// The object that a write is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its resource.
    pub resource: Arc<Resource>,
    /// Namespace in the path, empty for cluster-scoped objects.
    pub namespace: String,
    /// Name in the path, empty for a create.
    pub name: String,
    /// Whether the path ends in `/status`.
    pub status: bool,
}

impl Target {
    fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }

    fn subresource(&self) -> &'static str {
        if self.status { "status" } else { "" }
    }

    fn not_found(&self) -> ApiError {
        ApiError::not_found(self.resource.by_plural(), &self.name)
    }

    fn stale(&self) -> ApiError {
        ApiError::conflict(self.resource.by_plural(), &self.name, meta::STALE)
    }
}

/// Query parameters that all writes share.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Do everything but store.
    pub dry_run: bool,
    /// Field manager.
    pub manager: String,
    /// Refuse unknown fields.
    pub strict: bool,
}

/// The outcome of a write.
#[derive(Debug, Clone)]
pub struct Written {
    /// The object, in the version of the request.
    pub object: Arc<Object>,
    /// Whether it did not exist before.
    pub created: bool,
}

impl State {
    /// An empty server with its built-in resources and namespaces.
    pub fn new(clock: Clock, history_window: usize) -> Self {
        let mut state = Self { registry: Registry::builtin(), store: Store::new(history_window), clock };
        state.create_initial_namespaces();
        state
    }

    /// Wall-clock time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The object in the version of its resource, as it is stored now.
    pub fn get(&self, target: &Target) -> Option<Arc<Object>> {
        let stored = self.store.get(&target.resource.table, &target.key())?;
        Some(view(&target.resource, &stored))
    }

    fn now_text(&self) -> String {
        time::rfc3339(self.now())
    }

    /// Stores an object that is written in the version of its resource.
    fn put(&mut self, resource: &Resource, value: Value) -> Arc<Object> {
        let stored = self.store.put(&resource.table, to_storage(resource, value));
        view(resource, &stored)
    }
}

fn writer<'a>(
    target: &'a Target,
    options: &'a WriteOptions,
    api_version: &'a str,
    now: &'a str,
) -> Writer<'a> {
    Writer {
        schema: &target.resource.schema,
        api_version,
        manager: &options.manager,
        subresource: target.subresource(),
        now,
    }
}

/// A stored object as a resource shows it; the same object where that is the stored form.
pub fn view(resource: &Resource, stored: &Arc<Object>) -> Arc<Object> {
    if resource.family == Family::Event {
        return Arc::new(Object::new(event::from_core(stored.value()), stored.revision()));
    }
    let api_version = resource.api_version();
    if resource.storage_api_version == api_version {
        return stored.clone();
    }
    let mut value = stored.value().clone();
    meta::root(&mut value).insert("apiVersion".into(), api_version.into());
    Arc::new(Object::new(value, stored.revision()))
}

fn to_storage(resource: &Resource, mut value: Value) -> Value {
    if resource.family == Family::Event {
        return event::to_core(&value);
    }
    meta::root(&mut value).insert("apiVersion".into(), resource.storage_api_version.as_str().into());
    value
}
