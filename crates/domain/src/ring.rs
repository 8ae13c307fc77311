//! `Ring` and `RingMember`: several ScyllaClusters that are one ScyllaDB cluster.

/// A ring as its home datacenter declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Datacenter that holds the object.
    pub datacenter: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Kubernetes UID.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// The ScyllaCluster at home, `(namespace, name)`.
    pub home: (String, String),
    /// Members elsewhere, `(datacenter, namespace, name)`.
    pub members: Vec<(String, String, String)>,
}

/// The other half of the consent, declared where the member lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingMember {
    /// Datacenter that holds the object.
    pub datacenter: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Kubernetes UID.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// The ring, `(datacenter, namespace, name)`.
    pub ring: (String, String, String),
    /// Name of the ScyllaCluster in the same namespace.
    pub cluster_name: String,
}

/// The part that a ScyllaCluster plays in a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It is in no ring.
    None,
    /// It is the home of a ring.
    Home,
    /// It is a member elsewhere, so it is registered at its ring's home.
    Member,
}

/// The part that the cluster `namespace/name` of `datacenter` plays, given what is declared. Only the
/// cluster's own datacenter is believed: a `Ring` at home, a `RingMember` beside a member.
pub fn part(rings: &[Ring], members: &[RingMember], cluster: (&str, &str, &str)) -> Part {
    let (datacenter, namespace, name) = cluster;
    let at_home = |ring: &&Ring| {
        ring.datacenter == datacenter
            && ring.namespace == namespace
            && ring.home == (namespace.into(), name.into())
    };
    let consents = |member: &&RingMember| {
        member.datacenter == datacenter && member.namespace == namespace && member.cluster_name == name
    };
    if rings.iter().any(|ring| at_home(&ring)) {
        Part::Home
    } else if members.iter().any(|member| consents(&member)) {
        Part::Member
    } else {
        Part::None
    }
}
