//! The objects of one resource, and their latest changes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{Compacted, Key, Object};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was made.
    Added,
    /// It was changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// One write.
#[derive(Debug, Clone)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Which object.
    pub key: Key,
    /// The new state; for a deletion the last one, with the revision of the deletion.
    pub object: Arc<Object>,
    /// The state before, if there was one.
    pub previous: Option<Arc<Object>>,
}

impl Change {
    /// Revision of the write.
    pub fn revision(&self) -> u64 {
        self.object.revision()
    }
}

/// Objects by key and the window of changes.
#[derive(Debug, Default)]
pub struct Table {
    objects: BTreeMap<Key, Arc<Object>>,
    history: VecDeque<Arc<Change>>,
    oldest: u64,
}

impl Table {
    /// One object.
    pub fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.objects.get(key).cloned()
    }

    /// All keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.objects.keys()
    }

    /// All objects in order of their keys.
    pub fn objects(&self) -> impl Iterator<Item = (&Key, &Arc<Object>)> {
        self.objects.iter()
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub(super) fn put(&mut self, key: Key, object: Arc<Object>, window: usize) {
        let previous = self.objects.insert(key.clone(), object.clone());
        let kind = if previous.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.record(Change { kind, key, object, previous }, window);
    }

    pub(super) fn remove(&mut self, key: &Key, last: Arc<Object>, window: usize) {
        let previous = self.objects.remove(key);
        let change = Change { kind: ChangeKind::Deleted, key: key.clone(), object: last, previous };
        self.record(change, window);
    }

    fn record(&mut self, change: Change, window: usize) {
        self.history.push_back(Arc::new(change));
        while self.history.len() > window {
            if let Some(dropped) = self.history.pop_front() {
                self.oldest = dropped.revision();
            }
        }
    }

    pub(super) fn compact(&mut self, revision: u64) {
        self.history.clear();
        self.oldest = revision;
    }

    /// Changes after a revision.
    ///
    /// # Errors
    /// The revision has left the window.
    pub fn changes_since(&self, revision: u64) -> Result<Vec<Arc<Change>>, Compacted> {
        if revision < self.oldest {
            return Err(Compacted { wanted: revision, oldest: self.oldest });
        }
        let first = self.history.partition_point(|change| change.revision() <= revision);
        Ok(self.history.range(first..).cloned().collect())
    }

    /// The objects as they were at a revision.
    ///
    /// # Errors
    /// The revision has left the window.
    pub fn at(&self, revision: u64) -> Result<BTreeMap<Key, Arc<Object>>, Compacted> {
        let mut objects = self.objects.clone();
        for change in self.changes_since(revision)?.iter().rev() {
            match &change.previous {
                Some(previous) => objects.insert(change.key.clone(), previous.clone()),
                None => objects.remove(&change.key),
            };
        }
        Ok(objects)
    }
}
