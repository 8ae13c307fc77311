//! Clusters and tasks as ScyllaDB Manager keeps them, in normal form: two values are equal exactly when
//! they mean the same to Manager, however it chooses to spell them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::token::AuthToken;

/// What Messina wants Manager to hold for a cluster.
#[derive(Clone)]
pub struct ClusterBody {
    /// Chosen by us; makes the create an upsert.
    pub id: Uuid,
    /// Unique name in Manager.
    pub name: String,
    /// Contact host.
    pub host: String,
    /// Owner, fingerprint and sentinel, plus whatever foreign labels were there.
    pub labels: BTreeMap<String, String>,
    /// Agents' token.
    pub token: AuthToken,
}

impl fmt::Debug for ClusterBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterBody")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("host", &self.host)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

/// A cluster as Manager lists it. What the token is, it does not say; only whether it is a given one.
#[derive(Clone)]
pub struct ManagerCluster {
    /// Id in Manager.
    pub id: Uuid,
    /// Name in Manager; may be empty for foreign clusters.
    pub name: String,
    /// Contact host.
    pub host: String,
    /// Agent port when it is not the default 10001.
    pub port: u16,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Whether CQL never uses TLS.
    pub force_tls_disabled: bool,
    /// Whether CQL uses the plain port even with TLS.
    pub force_non_ssl_session_port: bool,
    /// The token it holds, if it is one at all.
    pub token: Option<AuthToken>,
}

impl fmt::Debug for ManagerCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerCluster")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("host", &self.host)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

/// What kind of work a task does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TaskKind {
    /// `backup`.
    Backup,
    /// `repair`.
    Repair,
    /// Anything else that Manager knows; Messina leaves it alone.
    Other(String),
}

impl TaskKind {
    /// The text that Manager uses in paths and bodies.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Backup => "backup",
            Self::Repair => "repair",
            Self::Other(text) => text,
        }
    }
}

impl From<&str> for TaskKind {
    fn from(text: &str) -> Self {
        match text {
            "backup" => Self::Backup,
            "repair" => Self::Repair,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A value inside a task's properties.
#[derive(Debug, Clone)]
pub enum Property {
    /// JSON `true` or `false`.
    Bool(bool),
    /// A JSON number; Manager has no integers beyond what a double can hold.
    Number(f64),
    /// A JSON string.
    Text(String),
    /// A JSON array.
    List(Vec<Property>),
    /// Anything else, as compact JSON text.
    Other(String),
}

impl PartialEq for Property {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) | (Self::Other(a), Self::Other(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            _ => false,
        }
    }
}

/// A task's properties by Manager's key.
pub type Properties = BTreeMap<String, Property>;

/// When a task runs, in normal form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManagerSchedule {
    /// Cron expression, decoded from Manager's JSON-in-a-string; empty for none.
    pub cron: String,
    /// Windows, each point as Manager writes it back.
    pub window: Vec<String>,
    /// IANA name; empty for UTC.
    pub timezone: String,
    /// First activation, or the lower bound of the cron; `None` for Manager's year 1.
    pub start_date: Option<Timestamp>,
    /// Seconds between runs; legacy, 0 for none.
    pub interval: u64,
    /// Retries after a first failure.
    pub num_retries: i64,
    /// Seconds before the first retry; 0 means Manager's default of ten minutes.
    pub retry_wait: u64,
}

/// What Messina wants Manager to hold for a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskBody {
    /// `backup` or `repair`.
    pub kind: TaskKind,
    /// Unique per cluster and kind.
    pub name: String,
    /// Owner, fingerprint and sentinel, plus whatever foreign labels were there.
    pub labels: BTreeMap<String, String>,
    /// Whether it runs by schedule.
    pub enabled: bool,
    /// When it runs.
    pub schedule: ManagerSchedule,
    /// What it does.
    pub properties: Properties,
}

/// A task as Manager lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct ManagerTask {
    /// Id in Manager.
    pub id: Uuid,
    /// Its definition.
    pub body: TaskBody,
    /// State of its last or present run.
    pub state: RunState,
    /// Runs that ended well.
    pub success_count: i64,
    /// Attempts that failed, retries included.
    pub error_count: i64,
    /// End of the last good run.
    pub last_success: Option<Timestamp>,
    /// End of the last failed attempt.
    pub last_error: Option<Timestamp>,
    /// Next time it starts by itself.
    pub next_activation: Option<Timestamp>,
    /// Whether the cluster is suspended and the task therefore does not start.
    pub suspended: bool,
}

/// State of a run, and of the task whose last run it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunState {
    /// Has never run.
    #[default]
    New,
    /// Runs now.
    Running,
    /// Was asked to stop and has not yet.
    Stopping,
    /// Was stopped.
    Stopped,
    /// Its window closed; goes on in the next one.
    Waiting,
    /// Ended well.
    Done,
    /// Failed.
    Error,
    /// Manager went down during the run.
    Aborted,
}

impl RunState {
    /// Manager's own word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Running => "RUNNING",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
            Self::Waiting => "WAITING",
            Self::Done => "DONE",
            Self::Error => "ERROR",
            Self::Aborted => "ABORTED",
        }
    }

    /// Reads Manager's word; what it does not know counts as never run.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::New,
            Self::Running,
            Self::Stopping,
            Self::Stopped,
            Self::Waiting,
            Self::Done,
            Self::Error,
            Self::Aborted,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }

    /// Whether work is going on at this moment.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }
}

/// One run of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Run id in Manager.
    pub id: Uuid,
    /// How it ended, or that it has not.
    pub state: RunState,
    /// When it began.
    pub start: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// Why it failed, in Manager's words; empty when it did not.
    pub cause: String,
}
