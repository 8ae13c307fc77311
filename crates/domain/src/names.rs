//! Every name that Messina shares with Kubernetes objects, with ScyllaDB Manager and with the ScyllaDB
//! Operator: labels, annotations, finalizers, reasons. They live here and nowhere else, because a typo
//! in one of them is a lost task or a lost cluster.

/// Label in Manager on every cluster and task that Messina made: who it belongs to.
pub const OWNER_LABEL: &str = "messina.dev/owner";
/// Label in Manager: digest of what was declared when Messina last wrote, so that a later release can
/// tell its own change of mind from an edit by hand.
pub const FINGERPRINT_LABEL: &str = "messina.dev/fingerprint";
/// Label in Manager that the ScyllaDB Operator looks for: an object that lacks it is deleted by the
/// Operator as a name clash, a foreign value on a task makes it keep its hands off.
pub const OPERATOR_OWNER_LABEL: &str = "scylla-operator.scylladb.com/owner-uid";
/// Value of [`OPERATOR_OWNER_LABEL`] on what Messina made: never a UID of the Operator's.
pub const OPERATOR_OWNER_SENTINEL: &str = "messina";

/// Annotation on a ScyllaCluster that keeps it out of Manager, as the ScyllaDB Operator promises.
pub const OPT_OUT_ANNOTATION: &str =
    "scylla-operator.scylladb.com/disable-global-scylladb-manager-integration";
/// Namespace whose mere existence wakes the Operator's own integration.
pub const OPERATOR_MANAGER_NAMESPACE: &str = "scylla-manager";
/// Namespace that exists in every Kubernetes cluster and whose UID identifies the cluster.
pub const KUBE_SYSTEM: &str = "kube-system";
/// Annotation of the Operator's task objects: the name of the entry of the ScyllaCluster.
pub const OPERATOR_TASK_NAME_ANNOTATION: &str =
    "internal.scylla-operator.scylladb.com/scylladb-manager-task-name-override";
/// Annotation of the Operator's task objects that it copies into the ScyllaCluster's status.
pub const OPERATOR_TASK_STATUS_ANNOTATION: &str =
    "internal.scylla-operator.scylladb.com/scylladb-manager-task-status";

/// Finalizer on our registration objects: Manager's cluster goes first.
pub const REGISTRATION_FINALIZER: &str = "messina.dev/registration";
/// Finalizer on our task objects: Manager's task goes first.
pub const TASK_FINALIZER: &str = "messina.dev/task";
/// Label on our objects: which kind of object declared them.
pub const SOURCE_LABEL: &str = "messina.dev/source";
/// Value of [`SOURCE_LABEL`] for what was declared in a ScyllaCluster.
pub const SOURCE_SCYLLA_CLUSTER: &str = "ScyllaCluster";
/// Label on our objects: the ScyllaCluster they belong to.
pub const CLUSTER_LABEL: &str = "messina.dev/cluster";

/// Field manager of everything that k8s-watcher writes for registration.
pub const REGISTRATION_MANAGER: &str = "messina-registration";
/// Field manager of everything that k8s-watcher writes for task-sync.
pub const TASK_MANAGER: &str = "messina-task-sync";
/// Field manager of the finalizers that k8s-watcher puts on objects that users wrote.
pub const FINALIZER_MANAGER: &str = "messina-finalizer";
/// Field manager of what k8s-watcher writes back into a ScyllaCluster's status or the Operator's annotation.
pub const FEEDBACK_MANAGER: &str = "messina-feedback";
/// Reporting controller in events.
pub const EVENT_CONTROLLER: &str = "messina.dev/k8s-watcher";

/// The API group of our own kinds.
pub const GROUP: &str = "messina.dev";
/// The group of the Operator's kinds.
pub const OPERATOR_GROUP: &str = "scylla.scylladb.com";

/// CamelCase reasons in conditions, events and metric labels. Every one has a paragraph in
/// `docs/operations/conditions.md`.
pub mod reason {
    /// All is as declared.
    pub const AS_DECLARED: &str = "AsDeclared";
    /// No node of the cluster is available yet.
    pub const NO_AVAILABLE_NODE: &str = "NoAvailableNode";
    /// The Secret with the agent's auth token does not exist.
    pub const TOKEN_SECRET_MISSING: &str = "TokenSecretMissing";
    /// The Secret exists, but no token can be read from it.
    pub const TOKEN_UNREADABLE: &str = "TokenUnreadable";
    /// token-broker of the datacenter cannot be asked.
    pub const BROKER_UNREACHABLE: &str = "BrokerUnreachable";
    /// The ScyllaCluster asks to stay out of Manager.
    pub const OPTED_OUT: &str = "OptedOut";
    /// The namespace is not selected by the watcher.
    pub const NAMESPACE_NOT_SELECTED: &str = "NamespaceNotSelected";
    /// The ScyllaDB Operator's own integration is active for this cluster.
    pub const OPERATOR_ACTIVE: &str = "OperatorIntegrationActive";
    /// An object of that name in Manager does not carry our owner label.
    pub const NOT_OWNED: &str = "NotOwned";
    /// The ScyllaCluster is gone, but nobody saw it being deleted.
    pub const CLUSTER_GONE: &str = "ClusterGone";
    /// The ScyllaCluster is being deleted.
    pub const CLUSTER_DELETING: &str = "ClusterDeleting";
    /// Tasks have to leave Manager before their cluster does.
    pub const TASKS_REMAIN: &str = "TasksRemain";
    /// Too much would be deleted at once.
    pub const DELETION_FROZEN: &str = "DeletionFrozen";
    /// The cluster of this task is not registered in Manager.
    pub const CLUSTER_NOT_REGISTERED: &str = "ClusterNotRegistered";
    /// Two entries of one list share a name.
    pub const DUPLICATE_TASK_NAME: &str = "DuplicateTaskName";
    /// The task or cluster name is used by something else in Manager.
    pub const NAME_TAKEN: &str = "NameTaken";
    /// A field of a task cannot be understood.
    pub const INVALID_TASK: &str = "InvalidTask";
    /// A cron expression cannot be understood.
    pub const INVALID_CRON: &str = "InvalidCron";
    /// The object could not be decoded at all.
    pub const UNDECODABLE: &str = "Undecodable";
    /// The task runs right now and has to end first.
    pub const TASK_RUNNING: &str = "TaskRunning";
    /// A task that runs once has run and is not made again.
    pub const COMPLETED: &str = "Completed";
    /// The last run failed.
    pub const LAST_RUN_FAILED: &str = "LastRunFailed";
    /// Nothing has run yet.
    pub const NOT_RUN_YET: &str = "NotRunYet";
    /// Manager cannot be reached, or answered that it is in trouble.
    pub const MANAGER_UNAVAILABLE: &str = "ManagerUnavailable";
    /// Manager's answer made no sense.
    pub const MANAGER_GARBAGE: &str = "ManagerAnswerUnreadable";
    /// Manager refused the request.
    pub const MANAGER_REFUSED: &str = "ManagerRefused";
    /// Manager could not connect to the nodes (host, network or token).
    pub const NODES_UNREACHABLE: &str = "NodesUnreachable";
    /// Manager does not know the cluster (any more).
    pub const CLUSTER_UNKNOWN: &str = "ClusterUnknownToManager";
    /// The location of a backup was refused.
    pub const LOCATION_REFUSED: &str = "LocationRefused";
    /// The cluster is suspended in Manager.
    pub const CLUSTER_SUSPENDED: &str = "ClusterSuspended";
    /// Several clusters share the name in Manager.
    pub const NAME_AMBIGUOUS: &str = "NameAmbiguous";
    /// k8s-watcher of the datacenter cannot be asked.
    pub const WATCHER_UNREACHABLE: &str = "WatcherUnreachable";
    /// The ScyllaCluster names external seeds but is in no Ring.
    pub const POSSIBLE_RING_MEMBER: &str = "PossibleRingMember";
    /// Somebody else writes the ScyllaCluster's status.
    pub const STATUS_OWNED_BY_OTHERS: &str = "StatusOwnedByOthers";
    /// Messina runs with `--read-only`.
    pub const READ_ONLY: &str = "ReadOnly";
    /// The API server of the datacenter does not answer.
    pub const KUBERNETES_UNREACHABLE: &str = "KubernetesUnreachable";
    /// The API server refused a request.
    pub const KUBERNETES_REFUSED: &str = "KubernetesRefused";
    /// token-broker may not read the Secret.
    pub const FORBIDDEN: &str = "Forbidden";
    /// The object that was to be written does not exist any more.
    pub const OBJECT_GONE: &str = "ObjectGone";
    /// Another object has the name of the one that was meant.
    pub const OBJECT_REPLACED: &str = "ObjectReplaced";
    /// The object was not made for an entry of a ScyllaCluster, so only its author deletes it.
    pub const NOT_OURS: &str = "NotOurs";
    /// A ScyllaCluster seemed deleted, but a direct read does not prove it.
    pub const REMOVAL_NOT_PROVED: &str = "RemovalNotProved";
    /// A request to the writer cannot be carried out.
    pub const INVALID_REQUEST: &str = "InvalidRequest";
    /// No flag names that datacenter.
    pub const UNKNOWN_DATACENTER: &str = "UnknownDatacenter";
    /// Nothing is known yet.
    pub const NOT_LOOKED_AT_YET: &str = "NotLookedAtYet";
    /// The cluster is a member of a ring, which is registered at its home.
    pub const RING_MEMBER: &str = "RingMember";
    /// A ring names the cluster, but the cluster has not agreed to be its member.
    pub const NOT_CONSENTED: &str = "NotConsented";
    /// The member lives in another datacenter, so this token-broker cannot say.
    pub const NOT_KNOWN_HERE: &str = "NotKnownHere";
    /// The pass failed inside Messina.
    pub const INTERNAL: &str = "Internal";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Texts of the constants in `mod reason`, from this very source.
    fn reasons() -> BTreeSet<&'static str> {
        let source = include_str!("names.rs");
        let (_, module) = source.split_once("pub mod reason {").unwrap();
        let (module, _) = module.split_once("\n}\n").unwrap();
        module.lines().filter_map(|line| line.split_once("&str = \"")?.1.strip_suffix("\";")).collect()
    }

    #[test]
    fn every_reason_has_a_paragraph_and_every_paragraph_a_reason() {
        let page = include_str!("../../../docs/operations/conditions.md");
        let explained: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert!(reasons().len() > 30, "the constants are found");
        assert_eq!(reasons(), explained, "docs/operations/conditions.md");
    }
}
