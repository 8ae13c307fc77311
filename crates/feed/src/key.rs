//! The key of an object within one datacenter, in a form that sorts.

use messina_control_api::watch::v1::{ObjectKey, ObjectKind};

/// Names an object within one datacenter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// What kind.
    pub kind: ObjectKind,
    /// Kubernetes namespace; empty for a Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// The key of one object.
    pub fn new(kind: ObjectKind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// The key from the wire; nothing when the kind is not said or of a later release.
    pub fn read(key: &ObjectKey) -> Option<Self> {
        let kind = ObjectKind::try_from(key.kind).ok().filter(|kind| *kind != ObjectKind::Unspecified)?;
        Some(Self::new(kind, &key.namespace, &key.name))
    }

    /// The key for the wire.
    pub fn write(&self) -> ObjectKey {
        ObjectKey { kind: self.kind.into(), namespace: self.namespace.clone(), name: self.name.clone() }
    }

    /// Whether its deletion has consequences that need a proof.
    pub(crate) fn is_cluster(&self) -> bool {
        self.kind == ObjectKind::ScyllaCluster
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.kind.as_str_name(), self.namespace, self.name)
    }
}
