//! Tasks. A new field of a backup or a repair is carried through the control plane here and nowhere else.

use messina_domain::manager::{Run, RunState};
use messina_domain::task::object::LastError;
use messina_domain::task::{Backup, Repair, Schedule, TaskDefinition, TaskStatus, Work};
use uuid::Uuid;

use super::{Incomplete, incomplete, read_condition, read_time, write_condition, write_time};
use crate::task::v1 as wire;

/// A definition for the wire.
pub fn write_definition(definition: &TaskDefinition) -> wire::TaskDefinition {
    let Schedule { cron, window, timezone, start_date, interval, num_retries, retry_wait, enabled } =
        definition.schedule.clone();
    let schedule = wire::Schedule {
        cron,
        window,
        timezone,
        start_date,
        interval,
        num_retries,
        retry_wait,
        disabled: !enabled,
    };
    let work = match definition.work.clone() {
        Work::Backup(Backup {
            dc,
            keyspace,
            location,
            rate_limit,
            retention,
            snapshot_parallel,
            upload_parallel,
        }) => wire::task_definition::Work::Backup(wire::Backup {
            dc,
            keyspace,
            location,
            rate_limit,
            retention,
            snapshot_parallel,
            upload_parallel,
        }),
        Work::Repair(Repair {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
        }) => wire::task_definition::Work::Repair(wire::Repair {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
        }),
    };
    wire::TaskDefinition { name: definition.name.clone(), schedule: Some(schedule), work: Some(work) }
}

/// A definition from the wire.
///
/// # Errors
/// [`Incomplete`] when it does not say what kind of work it is.
pub fn read_definition(definition: &wire::TaskDefinition) -> Result<TaskDefinition, Incomplete> {
    let wire::Schedule { cron, window, timezone, start_date, interval, num_retries, retry_wait, disabled } =
        definition.schedule.clone().unwrap_or_default();
    let schedule = Schedule {
        cron,
        window,
        timezone,
        start_date,
        interval,
        num_retries,
        retry_wait,
        enabled: !disabled,
    };
    let work = match definition.work.clone() {
        None => return Err(incomplete("definition.work", "is missing; set backup or repair")),
        Some(wire::task_definition::Work::Backup(wire::Backup {
            dc,
            keyspace,
            location,
            rate_limit,
            retention,
            snapshot_parallel,
            upload_parallel,
        })) => Work::Backup(Backup {
            dc,
            keyspace,
            location,
            rate_limit,
            retention,
            snapshot_parallel,
            upload_parallel,
        }),
        Some(wire::task_definition::Work::Repair(wire::Repair {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
        })) => Work::Repair(Repair {
            dc,
            keyspace,
            fail_fast,
            intensity,
            parallel,
            small_table_threshold,
            host,
            ignore_down_hosts,
        }),
    };
    Ok(TaskDefinition { name: definition.name.clone(), schedule, work })
}

/// A status for the wire.
pub fn write_task_status(status: &TaskStatus) -> wire::TaskStatus {
    wire::TaskStatus {
        task_id: status.task_id.map(|id| id.to_string()).unwrap_or_default(),
        conditions: status.conditions.iter().map(write_condition).collect(),
        state: status.state.as_str().to_owned(),
        progress: status.progress.map(u32::from),
        last_success: status.last_success.map(write_time),
        last_error: status
            .last_error
            .as_ref()
            .map(|error| wire::LastError { time: Some(write_time(error.time)), cause: error.cause.clone() }),
        next_activation: status.next_activation.map(write_time),
        success_count: status.success_count,
        error_count: status.error_count,
        runs: status.runs.iter().map(write_run).collect(),
        observed_generation: status.observed_generation,
    }
}

/// A status from the wire.
pub fn read_task_status(status: &wire::TaskStatus) -> TaskStatus {
    TaskStatus {
        task_id: status.task_id.parse().ok(),
        conditions: status.conditions.iter().map(read_condition).collect(),
        state: RunState::parse(&status.state).unwrap_or_default(),
        progress: status.progress.and_then(|percent| u8::try_from(percent).ok()),
        last_success: status.last_success.as_ref().and_then(read_time),
        last_error: status.last_error.as_ref().and_then(|error| {
            let time = error.time.as_ref().and_then(read_time)?;
            Some(LastError { time, cause: error.cause.clone() })
        }),
        next_activation: status.next_activation.as_ref().and_then(read_time),
        success_count: status.success_count,
        error_count: status.error_count,
        runs: status.runs.iter().filter_map(read_run).collect(),
        observed_generation: status.observed_generation,
    }
}

/// A run for the wire.
pub fn write_run(run: &Run) -> wire::Run {
    wire::Run {
        id: run.id.to_string(),
        state: run.state.as_str().to_owned(),
        start_time: run.start.map(write_time),
        end_time: run.end.map(write_time),
        cause: run.cause.clone(),
    }
}

fn read_run(run: &wire::Run) -> Option<Run> {
    Some(Run {
        id: Uuid::parse_str(&run.id).ok()?,
        state: RunState::parse(&run.state).unwrap_or_default(),
        start: run.start_time.as_ref().and_then(read_time),
        end: run.end_time.as_ref().and_then(read_time),
        cause: run.cause.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use messina_domain::condition;

    #[test]
    fn every_field_of_a_definition_survives_the_wire() {
        let text = |value: &str| Some(value.to_owned());
        let list = |value: &str| vec![value.to_owned(), format!("{value}2")];
        let schedule = Schedule {
            cron: text("0 1 * * *"),
            window: list("Sat-22:00"),
            timezone: text("CET"),
            start_date: text("now"),
            interval: text("7d"),
            num_retries: Some(0),
            retry_wait: text("1m"),
            enabled: false,
        };
        let backup = Work::Backup(Backup {
            dc: list("dc"),
            keyspace: list("ks"),
            location: list("s3:b"),
            rate_limit: list("1"),
            retention: Some(0),
            snapshot_parallel: list("2"),
            upload_parallel: list("3"),
        });
        let repair = Work::Repair(Repair {
            dc: list("dc"),
            keyspace: list("ks"),
            fail_fast: Some(false),
            intensity: text("0.5"),
            parallel: Some(0),
            small_table_threshold: text("1GiB"),
            host: text("10.0.0.1"),
            ignore_down_hosts: Some(true),
        });
        for work in [backup, repair, Work::Repair(Repair::default()), Work::Backup(Backup::default())] {
            for schedule in [schedule.clone(), Schedule::default()] {
                let definition = TaskDefinition { name: "n".into(), schedule, work: work.clone() };
                assert_eq!(read_definition(&write_definition(&definition)), Ok(definition));
            }
        }
    }

    #[test]
    fn every_field_of_a_status_survives_the_wire() {
        let time = |second| Some(jiff::Timestamp::from_second(second).unwrap());
        let status = TaskStatus {
            task_id: Some(Uuid::from_u128(1)),
            conditions: condition::settled("ok"),
            state: RunState::Running,
            progress: Some(42),
            last_success: time(1),
            last_error: Some(LastError { time: time(2).unwrap(), cause: "why".into() }),
            next_activation: time(3),
            success_count: 4,
            error_count: 5,
            runs: vec![Run {
                id: Uuid::from_u128(6),
                state: RunState::Error,
                start: time(7),
                end: time(8),
                cause: "because".into(),
            }],
            observed_generation: 9,
        };
        assert_eq!(read_task_status(&write_task_status(&status)), status);
        assert_eq!(read_task_status(&write_task_status(&TaskStatus::default())), TaskStatus::default());
    }
}
