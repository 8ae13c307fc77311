//! The kinds that a k8s-watcher follows.

use kube::core::{ApiResource, GroupVersionKind};
use messina_domain::names::{GROUP, OPERATOR_GROUP};

/// A kind that a k8s-watcher follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Namespaces, whole cluster.
    Namespace,
    /// The Operator's ScyllaCluster.
    ScyllaCluster,
    /// Our registration (`mreg`).
    Registration,
    /// Our task (`mtask`).
    Task,
    /// Our ring.
    Ring,
    /// The other half of a ring's consent.
    RingMember,
    /// The Operator's own registration.
    OperatorRegistration,
    /// The Operator's own task.
    OperatorTask,
}

impl Kind {
    /// All of them. Namespaces come first: what is selected depends on them.
    pub const ALL: [Self; 8] = [
        Self::Namespace,
        Self::ScyllaCluster,
        Self::Registration,
        Self::Task,
        Self::Ring,
        Self::RingMember,
        Self::OperatorRegistration,
        Self::OperatorTask,
    ];

    /// How the API server calls it.
    pub fn resource(self) -> ApiResource {
        let (group, version, kind, plural) = match self {
            Self::Namespace => ("", "v1", "Namespace", "namespaces"),
            Self::ScyllaCluster => (OPERATOR_GROUP, "v1", "ScyllaCluster", "scyllaclusters"),
            Self::Registration => (
                GROUP,
                "v1alpha1",
                "ScyllaDBManagerClusterRegistration",
                "scylladbmanagerclusterregistrations",
            ),
            Self::Task => (GROUP, "v1alpha1", "ScyllaDBManagerTask", "scylladbmanagertasks"),
            Self::Ring => (GROUP, "v1alpha1", "Ring", "rings"),
            Self::RingMember => (GROUP, "v1alpha1", "RingMember", "ringmembers"),
            Self::OperatorRegistration => (
                OPERATOR_GROUP,
                "v1alpha1",
                "ScyllaDBManagerClusterRegistration",
                "scylladbmanagerclusterregistrations",
            ),
            Self::OperatorTask => (OPERATOR_GROUP, "v1alpha1", "ScyllaDBManagerTask", "scylladbmanagertasks"),
        };
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
    }

    /// Whether the control plane can do without it: the Operator's internal kinds come and go with its releases.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::OperatorRegistration | Self::OperatorTask)
    }

    /// `plural.group`, as `kubectl` and RBAC rules call it.
    pub fn full_name(self) -> String {
        let resource = self.resource();
        if resource.group.is_empty() {
            resource.plural
        } else {
            format!("{}.{}", resource.plural, resource.group)
        }
    }
}
