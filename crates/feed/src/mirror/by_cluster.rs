//! Objects that belong to a ScyllaCluster of their namespace, found by either name.

use std::collections::{BTreeMap, BTreeSet};

use super::view::Name;

/// Objects by their own name and by the ScyllaCluster that they belong to.
#[derive(Debug, Clone)]
pub struct ByCluster<T> {
    objects: BTreeMap<Name, (String, T)>,
    index: BTreeMap<Name, BTreeSet<String>>,
}

impl<T> Default for ByCluster<T> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), index: BTreeMap::new() }
    }
}

impl<T> ByCluster<T> {
    /// One object, by its own name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.objects.get(&(namespace.to_owned(), name.to_owned())).map(|(_, object)| object)
    }

    /// All objects, by their own names.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &T)> {
        self.objects.iter().map(|(name, (_, object))| (name, object))
    }

    /// The objects of one ScyllaCluster, by their own names.
    pub fn of(&self, namespace: &str, cluster: &str) -> impl Iterator<Item = &T> {
        let names = self.index.get(&(namespace.to_owned(), cluster.to_owned()));
        let namespace = namespace.to_owned();
        names.into_iter().flatten().filter_map(move |name| self.get(&namespace, name))
    }

    /// Names of all objects.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.objects.keys()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub(super) fn remove(&mut self, name: &Name) -> bool {
        let Some((cluster, _)) = self.objects.remove(name) else { return false };
        let place = (name.0.clone(), cluster);
        if let Some(names) = self.index.get_mut(&place) {
            names.remove(&name.1);
            if names.is_empty() {
                self.index.remove(&place);
            }
        }
        true
    }
}

impl<T: PartialEq> ByCluster<T> {
    pub(super) fn put(&mut self, name: Name, cluster: &str, object: T) -> bool {
        let value = (cluster.to_owned(), object);
        if self.objects.get(&name) == Some(&value) {
            return false;
        }
        self.remove(&name);
        self.index.entry((name.0.clone(), cluster.to_owned())).or_default().insert(name.1.clone());
        self.objects.insert(name, value);
        true
    }

    /// Takes an object over from an older state, unless there is a newer one.
    pub(super) fn keep(&mut self, last: &Self, name: Name)
    where
        T: Clone,
    {
        if let Some((cluster, object)) = last.objects.get(&name).filter(|_| !self.objects.contains_key(&name))
        {
            self.put(name, cluster, object.clone());
        }
    }

    pub(super) fn same(&self, other: &Self, name: &Name) -> bool {
        self.objects.get(name) == other.objects.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Name {
        ("prod".into(), name.into())
    }

    #[test]
    fn an_object_that_moves_to_another_cluster_leaves_the_first() {
        let mut objects = ByCluster::default();
        assert!(objects.put(name("daily"), "orders", 1));
        assert!(!objects.put(name("daily"), "orders", 1));
        assert!(objects.put(name("daily"), "users", 1));
        assert!(objects.put(name("weekly"), "users", 2));
        assert_eq!(objects.of("prod", "orders").count(), 0);
        assert_eq!(objects.of("prod", "users").copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(objects.of("test", "users").count(), 0);
        assert!(objects.remove(&name("daily")) && objects.remove(&name("weekly")));
        assert!(!objects.remove(&name("daily")));
        assert!(objects.is_empty() && objects.index.is_empty());
    }
}
