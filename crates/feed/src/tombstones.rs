//! Deletions of ScyllaClusters that were proved, so that nobody who comes later has to guess.

use std::collections::BTreeMap;
use std::sync::Arc;

/// How many names are remembered at most; the oldest go first.
const NAMES: usize = 10_000;
/// How many UIDs of one name are remembered at most; the oldest go first.
pub(crate) const UIDS_PER_NAME: usize = 8;

/// One proved deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) uid: Arc<str>,
    pub(crate) revision: u64,
    pub(crate) traceparent: Option<Arc<str>>,
}

/// Per name, the UIDs whose deletion was proved since the last time that the name went out of sight
/// without a proof. A name that lives again keeps its list: a reader that never saw the second object
/// still knows the first one's UID only.
#[derive(Debug, Clone)]
pub(crate) struct Tombstones<K> {
    graves: BTreeMap<K, Grave>,
    by_age: BTreeMap<u64, K>,
    next_age: u64,
}

#[derive(Debug, Clone, Default)]
struct Grave {
    age: u64,
    proved: Vec<Gone>,
    /// Out of sight without a proof, which may still come.
    unproved: Option<Arc<str>>,
}

impl<K> Default for Tombstones<K> {
    fn default() -> Self {
        Self { graves: BTreeMap::new(), by_age: BTreeMap::new(), next_age: 0 }
    }
}

impl<K: Clone + Ord> Tombstones<K> {
    /// The deletion of one UID is proved.
    pub(crate) fn bury(&mut self, key: &K, gone: Gone) {
        let grave = self.open(key);
        grave.unproved = None;
        grave.proved.retain(|other| other.uid != gone.uid);
        grave.proved.push(gone);
        if grave.proved.len() > UIDS_PER_NAME {
            grave.proved.remove(0);
        }
    }

    /// An object is out of sight, and nobody knows why: what was proved before says nothing any more.
    pub(crate) fn lose_sight(&mut self, key: &K, uid: Arc<str>) {
        let grave = self.open(key);
        grave.proved.clear();
        grave.unproved = Some(uid);
    }

    /// The UID that is out of sight without a proof.
    pub(crate) fn unproved(&self, key: &K) -> Option<Arc<str>> {
        self.graves.get(key)?.unproved.clone()
    }

    /// An object of this name and UID is there.
    pub(crate) fn revive(&mut self, key: &K, uid: &str) {
        if let Some(grave) = self.graves.get_mut(key) {
            grave.unproved = None;
            grave.proved.retain(|gone| &*gone.uid != uid);
            if grave.proved.is_empty() {
                self.forget(key);
            }
        }
    }

    /// Drops what is known about a name.
    pub(crate) fn forget(&mut self, key: &K) {
        if let Some(grave) = self.graves.remove(key) {
            self.by_age.remove(&grave.age);
        }
    }

    /// What is proved about a name, oldest first.
    pub(crate) fn proved(&self, key: &K) -> &[Gone] {
        self.graves.get(key).map(|grave| grave.proved.as_slice()).unwrap_or_default()
    }

    /// What is proved, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &[Gone])> {
        self.graves.iter().map(|(key, grave)| (key, grave.proved.as_slice()))
    }

    /// The grave of a name, which counts as the youngest now.
    fn open(&mut self, key: &K) -> &mut Grave {
        let age = self.next_age;
        self.next_age += 1;
        if let Some(old) = self.graves.get(key) {
            self.by_age.remove(&old.age);
        } else if self.graves.len() >= NAMES
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.graves.remove(&oldest);
        }
        self.by_age.insert(age, key.clone());
        let grave = self.graves.entry(key.clone()).or_default();
        grave.age = age;
        grave
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(uid: &str) -> Gone {
        Gone { uid: uid.into(), revision: 1, traceparent: None }
    }

    fn uids(tombstones: &Tombstones<u32>, key: u32) -> Vec<String> {
        tombstones.proved(&key).iter().map(|gone| gone.uid.to_string()).collect()
    }

    #[test]
    fn a_second_life_does_not_hide_the_first_death() {
        let mut tombstones = Tombstones::default();
        tombstones.bury(&1, gone("a"));
        tombstones.revive(&1, "b");
        tombstones.bury(&1, gone("b"));
        assert_eq!(uids(&tombstones, 1), ["a", "b"]);
    }

    #[test]
    fn out_of_sight_undoes_every_proof_of_the_name() {
        let mut tombstones = Tombstones::default();
        tombstones.bury(&1, gone("a"));
        tombstones.lose_sight(&1, "b".into());
        assert_eq!(uids(&tombstones, 1), [""; 0]);
        assert_eq!(tombstones.unproved(&1).as_deref(), Some("b"));
        tombstones.bury(&1, gone("b"));
        assert_eq!(uids(&tombstones, 1), ["b"]);
    }

    #[test]
    fn an_object_that_is_there_was_not_deleted() {
        let mut tombstones = Tombstones::default();
        tombstones.bury(&1, gone("a"));
        tombstones.revive(&1, "a");
        assert_eq!(uids(&tombstones, 1), [""; 0]);
        assert_eq!(tombstones.iter().count(), 0);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go_first() {
        let mut tombstones = Tombstones::default();
        for key in 0..NAMES as u32 + 5 {
            tombstones.bury(&key, gone("a"));
        }
        tombstones.bury(&5, gone("b"));
        tombstones.bury(&1_000_000, gone("c"));
        assert_eq!((tombstones.graves.len(), tombstones.by_age.len()), (NAMES, NAMES));
        assert_eq!(uids(&tombstones, 5), ["a", "b"], "touched last but one");
        assert_eq!(uids(&tombstones, 6), [""; 0], "the oldest");
        for uid in 0..100 {
            tombstones.bury(&7, gone(&uid.to_string()));
        }
        assert_eq!(uids(&tombstones, 7).len(), UIDS_PER_NAME);
        assert_eq!(uids(&tombstones, 7).last().unwrap(), "99");
    }
}
