//! From the entries of a ScyllaCluster to our task objects in Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use messina_fault::Fault;

use crate::cluster::ScyllaCluster;
use crate::names::reason;
use crate::task::object::object_name;
use crate::task::{TaskDefinition, TaskObject};

/// One write to our task objects.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Create or change the object.
    Apply {
        /// Its name.
        name: String,
        /// What it declares.
        definition: Box<TaskDefinition>,
    },
    /// Ask for its deletion; its finalizer sees to Manager first.
    Delete {
        /// Its name.
        name: String,
        /// Its UID, so that a namesake made meanwhile is safe.
        uid: String,
    },
}

/// The writes that make the objects of one cluster equal to its entries. `leaving` says that the cluster
/// goes out of Manager, and its derived tasks with it.
pub fn steps(cluster: Option<&ScyllaCluster>, objects: &[TaskObject], leaving: bool) -> Vec<Step> {
    let mut wanted: BTreeMap<String, &TaskDefinition> = BTreeMap::new();
    if let Some(cluster) = cluster.filter(|_| !leaving) {
        for entry in cluster.entries() {
            // Of two entries with one name the first gives the object; `duplicates` keeps both from Manager.
            wanted.entry(object_name(&cluster.key.name, &entry.kind(), &entry.name)).or_insert(entry);
        }
    }
    let existing: BTreeMap<&str, &TaskObject> =
        objects.iter().map(|object| (object.key.name.as_str(), object)).collect();
    let applies = wanted.iter().filter_map(|(name, definition)| {
        let same = existing
            .get(name.as_str())
            .is_some_and(|object| object.definition == **definition || object.deleting);
        (!same).then(|| Step::Apply { name: name.clone(), definition: Box::new((*definition).clone()) })
    });
    // Without the ScyllaCluster in sight nothing says that the entries are gone, unless it leaves for good.
    let may_delete = cluster.is_some() || leaving;
    let deletes = objects
        .iter()
        .filter(|object| {
            may_delete && object.from_cluster && !object.deleting && !wanted.contains_key(&object.key.name)
        })
        .map(|object| Step::Delete { name: object.key.name.clone(), uid: object.uid.clone() });
    applies.chain(deletes).collect()
}

/// Names of the objects whose entry shares its name with another of the same kind, each with the fault.
/// Guessing which of the two is meant could replace a good backup by a wrong one.
pub fn duplicates(cluster: &ScyllaCluster) -> BTreeMap<String, Fault> {
    let mut seen = BTreeSet::new();
    let mut faults = BTreeMap::new();
    for entry in cluster.entries() {
        let name = object_name(&cluster.key.name, &entry.kind(), &entry.name);
        if !seen.insert(name.clone()) {
            let list = if entry.kind() == crate::manager::TaskKind::Backup {
                "spec.backups"
            } else {
                "spec.repairs"
            };
            let fault = Fault::rejected(
                reason::DUPLICATE_TASK_NAME,
                format!("{list} holds more than one entry with the name '{}'", entry.name),
            )
            .hint("give each entry its own name; until then Manager keeps what it has");
            faults.insert(name, fault);
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::ClusterKey;
    use crate::task::{Backup, TaskStatus, Work};

    fn entry(name: &str) -> TaskDefinition {
        TaskDefinition {
            name: name.into(),
            work: Work::Backup(Backup::default()),
            ..TaskDefinition::default()
        }
    }

    fn cluster(backups: Vec<TaskDefinition>) -> ScyllaCluster {
        ScyllaCluster {
            key: ClusterKey::new("east", "prod", "orders"),
            uid: "u".into(),
            generation: 1,
            deleting: false,
            exclusion: None,
            available_nodes: 3,
            external_seeds: false,
            backups,
            repairs: Vec::new(),
            status_managers: Vec::new(),
            agent_config_secret: None,
        }
    }

    fn object(definition: TaskDefinition) -> TaskObject {
        TaskObject {
            key: ClusterKey::new("east", "prod", object_name("orders", &definition.kind(), &definition.name)),
            uid: format!("uid-{}", definition.name),
            generation: 1,
            deleting: false,
            cluster_name: "orders".into(),
            from_cluster: true,
            definition,
            status: TaskStatus::default(),
        }
    }

    #[test]
    fn entries_become_objects_and_equal_ones_cost_nothing() {
        let cluster = cluster(vec![entry("a"), entry("b")]);
        assert_eq!(steps(Some(&cluster), &[], false).len(), 2);
        assert_eq!(steps(Some(&cluster), &[object(entry("a")), object(entry("b"))], false), []);
    }

    #[test]
    fn an_entry_that_went_takes_its_object_along_but_no_user_object() {
        let mut user = object(entry("mine"));
        user.from_cluster = false;
        let steps = steps(Some(&cluster(vec![])), &[object(entry("a")), user], false);
        assert!(matches!(steps.as_slice(), [Step::Delete { uid, .. }] if uid == "uid-a"), "{steps:?}");
    }

    #[test]
    fn a_cluster_out_of_sight_deletes_nothing_and_a_leaving_one_deletes_its_own() {
        let objects = [object(entry("a"))];
        assert_eq!(steps(None, &objects, false), []);
        assert_eq!(steps(None, &objects, true).len(), 1);
        assert_eq!(steps(Some(&cluster(vec![entry("a")])), &objects, true).len(), 1);
    }

    #[test]
    fn both_of_two_namesakes_are_held_back() {
        let cluster = cluster(vec![entry("a"), entry("a"), entry("b")]);
        let faults = duplicates(&cluster);
        assert_eq!(faults.len(), 1);
        assert!(faults.values().all(|fault| fault.to_string().contains("spec.backups")));
        assert_eq!(steps(Some(&cluster), &[], false).len(), 2);
    }
}
