//! Everything that is declared about one cluster and its tasks, and what follows from it alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use messina_domain::cluster::{Exclusion, ScyllaCluster};
use messina_domain::condition::{self, AVAILABLE};
use messina_domain::guard::Guard;
use messina_domain::identity::{ClusterKey, Home};
use messina_domain::names::reason;
use messina_domain::plan::entries::{self, Step};
use messina_domain::plan::task::Fate;
use messina_domain::registration::{DeletionPolicy, Registration};
use messina_domain::task::object::object_name;
use messina_domain::task::{TaskDefinition, TaskObject};
use messina_fault::Fault;
use uuid::Uuid;

/// Everything that is declared about one cluster and its tasks, at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Desired {
    /// Which cluster.
    pub(crate) key: ClusterKey,
    /// The Kubernetes cluster it lives in.
    pub(crate) home: Home,
    /// The ScyllaCluster, while it is in sight and can be read.
    pub(crate) cluster: Option<ScyllaCluster>,
    /// Whether there is a ScyllaCluster that cannot be read.
    pub(crate) cluster_unreadable: bool,
    /// UIDs of the ScyllaClusters of this name that were proved to be deleted.
    pub(crate) removed: Vec<String>,
    /// Its registration, while there is one.
    pub(crate) registration: Option<Registration>,
    /// Its task objects that can be read, by name.
    pub(crate) tasks: Vec<TaskObject>,
    /// Names of task objects of the namespace that cannot be read.
    pub(crate) tasks_unreadable: BTreeSet<String>,
    /// The Operator's own integration.
    pub(crate) guard: Guard,
    /// How many task objects the Operator has for it.
    pub(crate) operator_tasks: usize,
    /// Deletions that the brake holds, by name of the object.
    pub(crate) frozen: BTreeMap<String, Fault>,
    /// Whether to take the cluster for registered, for a plan of what comes after that.
    pub(crate) assumed_registered: bool,
    /// The time of this pass.
    pub(crate) now: Timestamp,
}

impl Desired {
    /// Whether the cluster goes out of Manager, and its tasks with it. While there is a registration, it alone says
    /// so: before registration marks it, it has asked its brake, and k8s-watcher has proved that a ScyllaCluster that
    /// seems deleted is.
    pub(crate) fn leaving(&self) -> bool {
        if let Some(object) = &self.registration {
            return object.deleting;
        }
        let in_the_way = self.cluster.is_some() || self.cluster_unreadable;
        self.cluster.as_ref().is_some_and(|cluster| cluster.exclusion.is_some())
            || (!in_the_way && !self.removed.is_empty())
    }

    /// Whether what is in Manager stays there although the cluster leaves. A registration that goes with its cluster
    /// in Manager waits for the tasks; one that is gone while there still are some went because all of it stays.
    pub(crate) fn retains(&self) -> bool {
        match &self.registration {
            Some(object) => object.spec.deletion_policy == DeletionPolicy::Retain && self.leaving(),
            None => true,
        }
    }

    /// Whether nothing is left that anybody could want.
    pub(crate) fn is_empty(&self) -> bool {
        self.cluster.is_none()
            && !self.cluster_unreadable
            && self.registration.is_none()
            && self.tasks.is_empty()
    }

    /// What is to become of a task.
    pub(crate) fn fate(&self, task: &TaskObject) -> Fate {
        match (task.deleting, self.leaving()) {
            // A new object for the same entry finds the task in Manager by its label, with its history.
            (true, _) if self.retains() || self.is_declared(task) => Fate::Abandon,
            (true, _) => Fate::Remove,
            (false, true) => Fate::Withdraw,
            (false, false) => Fate::Keep,
        }
    }

    /// Whether an entry wants this very object, whatever is happening to it.
    fn is_declared(&self, task: &TaskObject) -> bool {
        let wants =
            |entry: &TaskDefinition| object_name(&self.key.name, &entry.kind(), &entry.name) == task.key.name;
        task.from_cluster
            && !self.leaving()
            && self.cluster.as_ref().is_some_and(|cluster| cluster.entries().any(wants))
    }

    /// Value of a task's owner label in Manager.
    pub(crate) fn owner(&self, task: &TaskObject) -> String {
        task.key.owner(&self.home.kube_system_uid)
    }

    /// The writes that make the task objects equal to the entries, whether or not the brake lets them.
    pub(crate) fn all_steps(&self) -> Vec<Step> {
        let excluded = self.cluster.as_ref().is_some_and(|cluster| cluster.exclusion.is_some());
        // What an excluded cluster declares is not shown, so nothing follows from it; its registration says when it
        // leaves.
        if self.cluster_unreadable || (excluded && !self.leaving()) {
            return Vec::new();
        }
        let mut steps = entries::steps(self.cluster.as_ref(), &self.tasks, self.leaving());
        steps.retain(|step| match step {
            Step::Apply { name, .. } => !self.tasks_unreadable.contains(name) && !self.is_users(name),
            Step::Delete { name, .. } => !self.tasks_unreadable.contains(name),
        });
        steps
    }

    /// The writes that may be made.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps = self.all_steps();
        steps.retain(|step| !matches!(step, Step::Delete { name, .. } if self.frozen.contains_key(name)));
        steps
    }

    /// Whether a user wrote the object of that name.
    pub(crate) fn is_users(&self, name: &str) -> bool {
        self.tasks.iter().any(|task| task.key.name == name && !task.from_cluster)
    }

    /// Under which id Manager is to be asked for the tasks.
    ///
    /// # Errors
    /// `Waiting(ClusterNotRegistered)`, with what the registration says.
    pub(crate) fn cluster_id(&self) -> Result<Uuid, Fault> {
        let known = self.registration.as_ref().and_then(|object| object.status.cluster_id);
        match known {
            Some(id) if self.is_registered() || self.leaving() => Ok(id),
            Some(_) => Err(self.not_registered()),
            // The registration has lost its status: the id follows from the key, so Manager can still be asked.
            None if self.registration.is_some() && self.tasks.iter().any(|task| self.may_remain(task)) => {
                Ok(self.key.manager_id(&self.home.kube_system_uid))
            }
            None => Err(self.not_registered()),
        }
    }

    /// Whether the registration says that Manager holds the cluster.
    pub(crate) fn is_registered(&self) -> bool {
        if self.assumed_registered {
            return true;
        }
        let object = self.registration.as_ref().filter(|object| object.status.cluster_id.is_some());
        object.is_some_and(|object| condition::is_true(&object.status.conditions, AVAILABLE))
    }

    /// Takes the cluster for registered.
    pub(crate) fn assume_registered(&mut self) {
        self.assumed_registered = true;
    }

    /// Whether Manager may hold a task that has to leave it.
    fn may_remain(&self, task: &TaskObject) -> bool {
        task.status.task_id.is_some() && matches!(self.fate(task), Fate::Remove | Fate::Withdraw)
    }

    /// Why the cluster is not in Manager, as far as its registration says.
    pub(crate) fn not_registered(&self) -> Fault {
        let not = |why: String| Fault::waiting(reason::CLUSTER_NOT_REGISTERED, why);
        let name = &self.key.name;
        if let Some(object) = &self.registration {
            let why = condition::find(&object.status.conditions, AVAILABLE)
                .filter(|available| !self.is_registered() && !available.message.is_empty())
                .map(|available| format!(": {}: {}", available.reason, available.message));
            return not(format!(
                "the cluster is not registered in ScyllaDB Manager yet{}",
                why.unwrap_or_default()
            ));
        }
        match &self.cluster {
            Some(cluster) => match cluster.exclusion {
                Some(Exclusion::OptedOut) => not("the ScyllaCluster stays out of ScyllaDB Manager: it carries the opt-out annotation".into()),
                Some(Exclusion::NamespaceNotSelected) => not(
                    "the ScyllaCluster stays out of ScyllaDB Manager: its namespace is outside the watcher's selector".into(),
                ),
                None => not("the cluster is not registered in ScyllaDB Manager yet: its registration object is not made".into())
                    .hint("see that the service registration runs"),
            },
            None if self.cluster_unreadable => not(format!("the ScyllaCluster '{name}' cannot be read")),
            None => not(format!("there is no ScyllaCluster '{name}' in this namespace"))
                .hint("create it, or correct spec.clusterRef.name"),
        }
    }
}
