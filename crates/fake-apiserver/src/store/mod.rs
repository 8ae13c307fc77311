//! Objects, their revisions and the history that watches are fed from. Knows nothing of kinds or HTTP.

mod object;
mod page;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

pub use object::Object;
pub use page::{Page, PageRequest};
pub use table::{Change, ChangeKind, Table};

use crate::meta;

/// Name of a table: `group/plural` of the resource that is stored there.
pub type TableName = Arc<str>;

/// Key of an object within its table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// A key from its parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// The wanted revision is no longer, or not yet, known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("revision {wanted} is older than the oldest kept revision {oldest}")]
pub struct Compacted {
    /// What was asked for.
    pub wanted: u64,
    /// Oldest revision from which changes are still known.
    pub oldest: u64,
}

/// All objects of one server, with one revision counter.
#[derive(Debug)]
pub struct Store {
    revision: u64,
    window: usize,
    tables: HashMap<TableName, Table>,
    announce: watch::Sender<u64>,
}

impl Store {
    /// An empty store that keeps the last `window` changes of every table.
    pub fn new(window: usize) -> Self {
        let (announce, _) = watch::channel(0);
        Self { revision: 0, window: window.max(1), tables: HashMap::new(), announce }
    }

    /// The revision of the latest write.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A receiver that changes with every write.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.announce.subscribe()
    }

    /// The table of that name, if anything was ever stored there.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// One object.
    pub fn get(&self, table: &str, key: &Key) -> Option<Arc<Object>> {
        self.tables.get(table)?.get(key)
    }

    /// Stores an object under its name and namespace, with a new resource version.
    pub fn put(&mut self, table: &TableName, mut value: Value) -> Arc<Object> {
        let revision = self.next_revision();
        meta::set(&mut value, "resourceVersion", revision.to_string());
        let key = Key::new(meta::namespace(&value), meta::name(&value));
        let object = Arc::new(Object::new(value, revision));
        let window = self.window;
        self.tables.entry(table.clone()).or_default().put(key, object.clone(), window);
        self.announce.send_replace(revision);
        object
    }

    /// Removes an object; gives its last state, with the revision of the removal.
    pub fn remove(&mut self, table: &str, key: &Key) -> Option<Arc<Object>> {
        let last = self.tables.get(table)?.get(key)?;
        let revision = self.next_revision();
        let mut value = last.value().clone();
        meta::set(&mut value, "resourceVersion", revision.to_string());
        let last = Arc::new(Object::new(value, revision));
        let window = self.window;
        self.tables.get_mut(table)?.remove(key, last.clone(), window);
        self.announce.send_replace(revision);
        Some(last)
    }

    /// Keys of a table, in order; of one namespace or of all.
    pub fn keys(&self, table: &str, namespace: Option<&str>) -> Vec<Key> {
        let keys = self.tables.get(table).into_iter().flat_map(Table::keys);
        keys.filter(|key| namespace.is_none_or(|wanted| key.namespace == wanted)).cloned().collect()
    }

    /// Whether any table holds an object in the namespace.
    pub fn namespace_in_use(&self, namespace: &str) -> bool {
        self.tables.values().any(|table| table.keys().any(|key| key.namespace == namespace))
    }

    /// Forgets all history: every revision before the present one is too old from now on.
    pub fn compact(&mut self) {
        let revision = self.revision;
        self.tables.values_mut().for_each(|table| table.compact(revision));
    }

    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }
}
