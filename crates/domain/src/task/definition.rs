//! A task as a user declares it: the words of the YAML, not yet understood. A mistake in one field must
//! not make the object unreadable, so everything that can be misspelt stays text until
//! [`resolve`](super::resolve::resolve) reads it.

use crate::manager::TaskKind;

/// One entry of `spec.backups` or `spec.repairs`, or the spec of one of our task objects.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskDefinition {
    /// Name in Manager; unique among the tasks of its kind of one cluster.
    pub name: String,
    /// When it runs.
    pub schedule: Schedule,
    /// What it does.
    pub work: Work,
}

/// When a task runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Five or six fields, or `@daily` and the like.
    pub cron: Option<String>,
    /// Points `[Day-]HH:MM`, in pairs of begin and end.
    pub window: Vec<String>,
    /// IANA time zone of cron and window.
    pub timezone: Option<String>,
    /// RFC 3339, or `now`, or `now+DURATION`.
    pub start_date: Option<String>,
    /// Duration such as `7d`; deprecated by cron.
    pub interval: Option<String>,
    /// Retries after a first failure.
    pub num_retries: Option<i64>,
    /// Pause before the first retry, such as `10m`.
    pub retry_wait: Option<String>,
    /// Whether it runs by schedule.
    pub enabled: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            cron: None,
            window: Vec::new(),
            timezone: None,
            start_date: None,
            interval: None,
            num_retries: None,
            retry_wait: None,
            enabled: true,
        }
    }
}

/// What a task does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Copies tables into object storage.
    Backup(Backup),
    /// Makes replicas agree.
    Repair(Repair),
}

impl Default for Work {
    fn default() -> Self {
        Self::Repair(Repair::default())
    }
}

/// Options of a backup, named as in a ScyllaCluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Backup {
    /// Glob patterns of datacenters.
    pub dc: Vec<String>,
    /// Glob patterns of keyspaces and tables.
    pub keyspace: Vec<String>,
    /// `[dc:]provider:bucket`.
    pub location: Vec<String>,
    /// `[dc:]MiB/s`.
    pub rate_limit: Vec<String>,
    /// Backups to keep.
    pub retention: Option<i64>,
    /// `[dc:]n`.
    pub snapshot_parallel: Vec<String>,
    /// `[dc:]n`.
    pub upload_parallel: Vec<String>,
}

/// Options of a repair, named as in a ScyllaCluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Repair {
    /// Glob patterns of datacenters.
    pub dc: Vec<String>,
    /// Glob patterns of keyspaces and tables.
    pub keyspace: Vec<String>,
    /// Whether the first error ends the run.
    pub fail_fast: Option<bool>,
    /// A number as text, 0 for as much as possible.
    pub intensity: Option<String>,
    /// Jobs at once, 0 for as many as possible.
    pub parallel: Option<i64>,
    /// Size such as `1GiB`.
    pub small_table_threshold: Option<String>,
    /// Address of the one node to repair.
    pub host: Option<String>,
    /// Whether nodes that are down are passed over.
    pub ignore_down_hosts: Option<bool>,
}

impl TaskDefinition {
    /// The kind of work.
    pub fn kind(&self) -> TaskKind {
        match self.work {
            Work::Backup(_) => TaskKind::Backup,
            Work::Repair(_) => TaskKind::Repair,
        }
    }
}
