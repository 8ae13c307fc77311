//! What the feed does not keep: ScyllaClusters as they are declared, to publish them again when the labels of their
//! namespace change.

use std::collections::{BTreeMap, BTreeSet};

use messina_domain::cluster::{Exclusion, ScyllaCluster};

/// Namespace and name of an object.
pub type Place = (String, String);

/// What is known of one datacenter.
#[derive(Default)]
pub struct Index {
    selected: BTreeSet<String>,
    clusters: BTreeMap<Place, ScyllaCluster>,
}

impl Index {
    /// A namespace is or is not selected. Answers its ScyllaClusters if that is news.
    pub fn select(&mut self, namespace: &str, selected: bool) -> Vec<ScyllaCluster> {
        let changed = if selected {
            self.selected.insert(namespace.to_owned())
        } else {
            self.selected.remove(namespace)
        };
        if !changed {
            return Vec::new();
        }
        self.clusters.values().filter(|cluster| cluster.key.namespace == namespace).cloned().collect()
    }

    /// Keeps a ScyllaCluster as it is declared.
    pub fn keep(&mut self, cluster: &ScyllaCluster) {
        self.clusters.insert((cluster.key.namespace.clone(), cluster.key.name.clone()), cluster.clone());
    }

    /// The cluster as it is to be published: outside the selection it is a name and nothing else.
    pub fn visible(&self, mut cluster: ScyllaCluster) -> ScyllaCluster {
        if !self.selected.contains(&cluster.key.namespace) {
            cluster.exclusion = Some(Exclusion::NamespaceNotSelected);
            cluster.backups.clear();
            cluster.repairs.clear();
            cluster.agent_config_secret = None;
        }
        cluster
    }

    /// A ScyllaCluster is gone.
    pub fn lost(&mut self, place: &Place) {
        self.clusters.remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messina_domain::identity::ClusterKey;
    use messina_domain::task::TaskDefinition;

    fn cluster() -> ScyllaCluster {
        ScyllaCluster {
            key: ClusterKey::new("east", "prod", "orders"),
            uid: "u".into(),
            generation: 1,
            deleting: false,
            exclusion: None,
            available_nodes: 3,
            external_seeds: false,
            backups: vec![TaskDefinition::default()],
            repairs: Vec::new(),
            status_managers: Vec::new(),
            agent_config_secret: Some("secret".into()),
        }
    }

    #[test]
    fn outside_the_selection_a_cluster_is_a_name_and_nothing_else() {
        let mut index = Index::default();
        index.keep(&cluster());
        let hidden = index.visible(cluster());
        assert_eq!(hidden.exclusion, Some(Exclusion::NamespaceNotSelected));
        assert!(hidden.backups.is_empty() && hidden.agent_config_secret.is_none());
        assert_eq!(index.select("prod", true), [cluster()], "published again as it is declared");
        assert_eq!(index.visible(cluster()), cluster());
        assert_eq!(index.select("prod", true), []);
        assert_eq!(index.select("prod", false).len(), 1);
    }
}
