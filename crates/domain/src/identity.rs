//! Who is who: datacenters, clusters, and the ids that follow from them.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// One ScyllaCluster of one datacenter; sorts and prints as `datacenter/namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterKey {
    /// Name of the datacenter, as given to its k8s-watcher.
    pub datacenter: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the ScyllaCluster.
    pub name: String,
}

impl ClusterKey {
    /// The key of one cluster.
    pub fn new(datacenter: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { datacenter: datacenter.into(), namespace: namespace.into(), name: name.into() }
    }

    /// The cluster's name in Manager. The datacenter in front keeps it apart from every name that the
    /// ScyllaDB Operator gives (`namespace/name` and `namespace/Kind/name`) as long as a datacenter has
    /// not the name of a namespace that holds a namespace-like cluster; the owner label decides then.
    pub fn manager_name(&self) -> String {
        self.to_string()
    }

    /// The cluster's id in Manager: a UUIDv5, so that registering twice is registering once, and a lost
    /// Manager is rebuilt under the same ids. `home_uid` is the UID of `kube-system` in the home cluster.
    pub fn manager_id(&self, home_uid: &str) -> Uuid {
        Uuid::new_v5(&CLUSTER_ID_NAMESPACE, self.owner(home_uid).as_bytes())
    }

    /// Value of the owner label: stable across a deletion and re-creation of the object.
    pub fn owner(&self, home_uid: &str) -> String {
        format!("{home_uid}/{}/{}", self.namespace, self.name)
    }
}

/// Namespace of [`ClusterKey::manager_id`]; drawn once, never to be changed.
const CLUSTER_ID_NAMESPACE: Uuid = Uuid::from_u128(0x6d65_7373_696e_4161_9c1d_5ca1_1a00_c0de);

impl fmt::Display for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.datacenter, self.namespace, self.name)
    }
}

impl FromStr for ClusterKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split('/').collect::<Vec<_>>().as_slice() {
            [datacenter, namespace, name]
                if !datacenter.is_empty() && !namespace.is_empty() && !name.is_empty() =>
            {
                Ok(Self::new(*datacenter, *namespace, *name))
            }
            _ => Err(format!("'{text}' is not of the form DATACENTER/NAMESPACE/NAME")),
        }
    }
}

/// The Kubernetes cluster behind one datacenter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Name of the datacenter.
    pub datacenter: String,
    /// UID of its `kube-system` namespace.
    pub kube_system_uid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_depends_on_the_place_and_on_nothing_else() {
        let key = ClusterKey::new("east", "prod", "orders");
        assert_eq!(key.manager_id("uid-1"), key.manager_id("uid-1"));
        assert_ne!(key.manager_id("uid-1"), key.manager_id("uid-2"));
        assert_ne!(key.manager_id("uid-1"), ClusterKey::new("east", "prod", "users").manager_id("uid-1"));
        // Renaming a datacenter in a flag must not register everything a second time.
        assert_eq!(key.manager_id("uid-1"), ClusterKey::new("west", "prod", "orders").manager_id("uid-1"));
    }

    #[test]
    fn the_id_never_changes_between_releases() {
        let id = ClusterKey::new("east", "prod", "orders").manager_id("4f0e7bd4-5bd4-4d5c-9d8b-000000000001");
        assert_eq!(id.to_string(), "290426f8-a8ab-5cb1-a163-d1a9b2a87caa");
    }

    #[test]
    fn a_key_is_read_as_it_is_printed() {
        let key: ClusterKey = "east/prod/orders".parse().unwrap();
        assert_eq!(key.to_string(), "east/prod/orders");
        for bad in ["", "prod/orders", "a/b/c/d", "//c"] {
            assert!(bad.parse::<ClusterKey>().is_err(), "{bad}");
        }
    }
}
