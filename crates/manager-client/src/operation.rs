//! The calls that Messina makes, and what is known about each of them. There is no other.

use http::Method;

/// One kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// All clusters.
    ListClusters,
    /// One cluster.
    GetCluster,
    /// Register under a chosen id.
    PutNewCluster,
    /// Replace a registration.
    ReplaceCluster,
    /// Deregister.
    DeleteCluster,
    /// Whether a cluster is suspended.
    GetSuspended,
    /// All tasks of a cluster.
    ListTasks,
    /// Make a task.
    CreateTask,
    /// Replace a task.
    ReplaceTask,
    /// Delete a task.
    DeleteTask,
    /// Start a run.
    StartTask,
    /// End a run.
    StopTask,
    /// Past runs of a task.
    GetHistory,
    /// Progress of a task's last run.
    GetProgress,
    /// What a task would work on.
    GetTarget,
}

/// What a call is about; decides what a 404 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// All clusters of this Manager.
    Manager,
    /// One cluster itself.
    Cluster,
    /// Something that belongs to a cluster.
    InCluster,
    /// One task itself.
    Task,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 15] = [
        Self::ListClusters,
        Self::GetCluster,
        Self::PutNewCluster,
        Self::ReplaceCluster,
        Self::DeleteCluster,
        Self::GetSuspended,
        Self::ListTasks,
        Self::CreateTask,
        Self::ReplaceTask,
        Self::DeleteTask,
        Self::StartTask,
        Self::StopTask,
        Self::GetHistory,
        Self::GetProgress,
        Self::GetTarget,
    ];

    /// The HTTP method.
    pub fn method(self) -> Method {
        match self {
            Self::PutNewCluster | Self::CreateTask => Method::POST,
            Self::ReplaceCluster | Self::ReplaceTask | Self::StartTask | Self::StopTask => Method::PUT,
            Self::DeleteCluster | Self::DeleteTask => Method::DELETE,
            _ => Method::GET,
        }
    }

    /// The route with placeholders: a bounded set, fit for metric labels and spans.
    pub fn route(self) -> &'static str {
        match self {
            Self::ListClusters | Self::PutNewCluster => "/clusters",
            Self::GetCluster | Self::ReplaceCluster | Self::DeleteCluster => "/cluster/{cluster}",
            Self::GetSuspended => "/cluster/{cluster}/suspended",
            Self::ListTasks | Self::CreateTask => "/cluster/{cluster}/tasks",
            Self::ReplaceTask | Self::DeleteTask => "/cluster/{cluster}/task/{type}/{task}",
            Self::StartTask => "/cluster/{cluster}/task/{type}/{task}/start",
            Self::StopTask => "/cluster/{cluster}/task/{type}/{task}/stop",
            Self::GetHistory => "/cluster/{cluster}/task/{type}/{task}/history",
            Self::GetProgress => "/cluster/{cluster}/task/{type}/{task}/latest",
            Self::GetTarget => "/cluster/{cluster}/tasks/{type}/target",
        }
    }

    /// Whether it changes anything.
    pub fn is_write(self) -> bool {
        self.method() != Method::GET
    }

    /// Whether Manager asks the agents before it answers, so that patience is needed.
    pub(crate) fn is_slow(self) -> bool {
        self.is_write() || self == Self::GetTarget
    }

    /// Whether the client itself may try again: a cheap read. The loop repeats everything else, after a
    /// look at what became of the first attempt.
    pub(crate) fn may_repeat(self) -> bool {
        !self.is_slow()
    }

    /// What it is about.
    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::ListClusters | Self::PutNewCluster => Subject::Manager,
            Self::GetCluster | Self::ReplaceCluster | Self::DeleteCluster => Subject::Cluster,
            Self::GetSuspended | Self::ListTasks | Self::CreateTask | Self::GetTarget => Subject::InCluster,
            _ => Subject::Task,
        }
    }

    /// What is being done, for messages: "while ...".
    pub(crate) fn doing(self) -> &'static str {
        match self {
            Self::ListClusters => "listing the clusters",
            Self::GetCluster => "reading the cluster",
            Self::PutNewCluster => "registering the cluster",
            Self::ReplaceCluster => "updating the cluster",
            Self::DeleteCluster => "deregistering the cluster",
            Self::GetSuspended => "asking whether the cluster is suspended",
            Self::ListTasks => "listing the tasks",
            Self::CreateTask => "creating the task",
            Self::ReplaceTask => "updating the task",
            Self::DeleteTask => "deleting the task",
            Self::StartTask => "starting the task",
            Self::StopTask => "stopping the task",
            Self::GetHistory => "reading the runs of the task",
            Self::GetProgress => "reading the progress of the task",
            Self::GetTarget => "working out the target of the task",
        }
    }
}
