//! The fields of a task as users write them, shared by `ScyllaCluster.spec.backups[]`, `.repairs[]` and our
//! own `ScyllaDBManagerTask`, so that YAML moves between them.

use messina_domain::task::{Backup, Repair, Schedule, TaskDefinition, Work};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a task runs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleOptions {
    /// Cron expression of five fields, of six with the seconds first, or like @daily.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// Points [Day-]HH:MM in pairs of begin and end, between which the task may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub window: Vec<String>,
    /// IANA time zone of cron and window; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// RFC 3339, or now, or now+DURATION such as now+3d2h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Duration between runs such as 7d; deprecated by cron.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Retries after a first failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_retries: Option<i64>,
    /// Pause before the first retry such as 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_wait: Option<String>,
    /// Whether the task runs by schedule; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// What a backup does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupOptions {
    /// Glob patterns of datacenters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dc: Vec<String>,
    /// Glob patterns of keyspaces and tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyspace: Vec<String>,
    /// Where to, as [dc:]provider:bucket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub location: Vec<String>,
    /// Limits as [dc:]MiB/s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limit: Vec<String>,
    /// Number of backups to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<i64>,
    /// Snapshots taken at once as [dc:]n.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snapshot_parallel: Vec<String>,
    /// Uploads at once as [dc:]n.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upload_parallel: Vec<String>,
    /// The schedule may stand here, too, as it does in a ScyllaCluster.
    #[serde(flatten)]
    pub schedule: ScheduleOptions,
}

/// What a repair does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepairOptions {
    /// Glob patterns of datacenters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dc: Vec<String>,
    /// Glob patterns of keyspaces and tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyspace: Vec<String>,
    /// Whether the first error ends the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_fast: Option<bool>,
    /// Number as text; 0 for as much as possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intensity: Option<String>,
    /// Jobs at once; 0 for as many as possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<i64>,
    /// Size such as 1GiB below which a table is repaired in one go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_table_threshold: Option<String>,
    /// Address of the one node to repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether nodes that are down are passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_down_hosts: Option<bool>,
    /// The schedule may stand here, too, as it does in a ScyllaCluster.
    #[serde(flatten)]
    pub schedule: ScheduleOptions,
}

impl ScheduleOptions {
    /// What stands here, and `outer` where nothing does.
    fn over(self, outer: Self) -> Self {
        Self {
            cron: self.cron.or(outer.cron),
            window: if self.window.is_empty() { outer.window } else { self.window },
            timezone: self.timezone.or(outer.timezone),
            start_date: self.start_date.or(outer.start_date),
            interval: self.interval.or(outer.interval),
            num_retries: self.num_retries.or(outer.num_retries),
            retry_wait: self.retry_wait.or(outer.retry_wait),
            enabled: self.enabled.or(outer.enabled),
        }
    }

    fn read(self) -> Schedule {
        let Self { cron, window, timezone, start_date, interval, num_retries, retry_wait, enabled } = self;
        let enabled = enabled.unwrap_or(true);
        Schedule { cron, window, timezone, start_date, interval, num_retries, retry_wait, enabled }
    }

    /// The schedule as YAML would have it.
    pub fn write(schedule: &Schedule) -> Self {
        let Schedule { cron, window, timezone, start_date, interval, num_retries, retry_wait, enabled } =
            schedule.clone();
        let enabled = (!enabled).then_some(false);
        Self { cron, window, timezone, start_date, interval, num_retries, retry_wait, enabled }
    }
}

impl BackupOptions {
    /// What is declared, with a schedule that may stand outside.
    pub fn read(self, name: String, outer: ScheduleOptions) -> TaskDefinition {
        let Self {
            dc,
            keyspace,
            location,
            rate_limit,
            retention,
            snapshot_parallel,
            upload_parallel,
            schedule,
        } = self;
        let work = Work::Backup(Backup {
            dc,
            keyspace,
            location,
            rate_limit,
            retention,
            snapshot_parallel,
            upload_parallel,
        });
        TaskDefinition { name, schedule: schedule.over(outer).read(), work }
    }

    /// The options as YAML would have them, without a schedule.
    pub fn write(backup: &Backup) -> Self {
        let Backup { dc, keyspace, location, rate_limit, retention, snapshot_parallel, upload_parallel } =
            backup.clone();
        let schedule = ScheduleOptions::default();
        Self { dc, keyspace, location, rate_limit, retention, snapshot_parallel, upload_parallel, schedule }
    }
}

impl RepairOptions {
    /// What is declared, with a schedule that may stand outside.
    pub fn read(self, name: String, outer: ScheduleOptions) -> TaskDefinition {
        let Self {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
            schedule,
        } = self;
        let work = Work::Repair(Repair {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
        });
        TaskDefinition { name, schedule: schedule.over(outer).read(), work }
    }

    /// The options as YAML would have them, without a schedule.
    pub fn write(repair: &Repair) -> Self {
        let Repair {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
        } = repair.clone();
        let schedule = ScheduleOptions::default();
        Self {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
            schedule,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_schedule_wins_over_the_outer_field_by_field() {
        let inner = ScheduleOptions { cron: Some("@daily".into()), ..Default::default() };
        let outer =
            ScheduleOptions { cron: Some("@hourly".into()), num_retries: Some(5), ..Default::default() };
        let definition = BackupOptions { schedule: inner, ..Default::default() }.read("b".into(), outer);
        assert_eq!(definition.schedule.cron.as_deref(), Some("@daily"));
        assert_eq!(definition.schedule.num_retries, Some(5));
        assert!(definition.schedule.enabled);
    }

    #[test]
    fn what_is_written_reads_back() {
        let backup = Backup { location: vec!["s3:b".into()], retention: Some(7), ..Backup::default() };
        let schedule =
            Schedule { enabled: false, window: vec!["1:00".into(), "2:00".into()], ..Schedule::default() };
        let read = BackupOptions::write(&backup).read("b".into(), ScheduleOptions::write(&schedule));
        assert_eq!(read, TaskDefinition { name: "b".into(), schedule, work: Work::Backup(backup) });
    }
}
