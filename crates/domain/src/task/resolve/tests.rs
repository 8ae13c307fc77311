use super::*;

fn backup() -> TaskDefinition {
    TaskDefinition {
        name: "daily".into(),
        schedule: Schedule { cron: Some("0 23 * * SAT".into()), num_retries: Some(3), ..Schedule::default() },
        work: Work::Backup(Backup { location: vec!["gcs:test".into()], ..Backup::default() }),
    }
}

fn repair(repair: Repair) -> TaskDefinition {
    TaskDefinition { name: "weekly".into(), schedule: Schedule::default(), work: Work::Repair(repair) }
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn list(items: &[&str]) -> Property {
    Property::List(items.iter().map(|item| Property::Text((*item).to_owned())).collect())
}

#[test]
fn a_backup_with_everything_reaches_manager_whole() {
    let mut definition = backup();
    definition.schedule = Schedule {
        retry_wait: Some("1m".into()),
        timezone: Some("CET".into()),
        window: texts(&["SAT-22:00", "SUN-05:00"]),
        ..definition.schedule
    };
    definition.work = Work::Backup(Backup {
        dc: texts(&["dc1", "!otherdc\\*"]),
        keyspace: texts(&["keyspace", "!keyspace.table_prefix_\\*"]),
        location: texts(&["gcs:test", "dc2:s3:other"]),
        rate_limit: texts(&["dc1:1", "2"]),
        retention: Some(3),
        snapshot_parallel: texts(&["dc1:2", "3"]),
        upload_parallel: texts(&["dc1:3", "4"]),
    });
    let task = resolve(&definition).unwrap();
    let expected = Properties::from([
        ("dc".into(), list(&["dc1", "!otherdc*"])),
        ("keyspace".into(), list(&["keyspace", "!keyspace.table_prefix_*"])),
        ("location".into(), list(&["gcs:test", "dc2:s3:other"])),
        ("rate_limit".into(), list(&["dc1:1", "2"])),
        ("retention".into(), Property::Number(3.0)),
        ("snapshot_parallel".into(), list(&["dc1:2", "3"])),
        ("upload_parallel".into(), list(&["dc1:3", "4"])),
    ]);
    assert_eq!(task.properties, expected);
    assert_eq!((task.schedule.retry_wait, task.schedule.num_retries), (60, 3));
    assert_eq!(task.schedule.window, ["Sat-22:00", "Sun-5:00"]);
}

#[test]
fn a_repair_with_everything_reaches_manager_whole() {
    let task = resolve(&repair(Repair {
        dc: texts(&["dc1"]),
        keyspace: texts(&["ks"]),
        fail_fast: Some(false),
        intensity: Some("0.5".into()),
        parallel: Some(2),
        small_table_threshold: Some("512MiB".into()),
        host: Some("10.0.0.1".into()),
        ignore_down_hosts: Some(true),
    }))
    .unwrap();
    let expected = Properties::from([
        ("dc".into(), list(&["dc1"])),
        ("keyspace".into(), list(&["ks"])),
        ("fail_fast".into(), Property::Bool(false)),
        ("intensity".into(), Property::Number(0.5)),
        ("parallel".into(), Property::Number(2.0)),
        ("small_table_threshold".into(), Property::Number(536_870_912.0)),
        ("host".into(), Property::Text("10.0.0.1".into())),
        ("ignore_down_hosts".into(), Property::Bool(true)),
    ]);
    assert_eq!(task.properties, expected);
    assert!(task.is_one_shot());
}

#[test]
fn what_is_not_declared_is_not_sent() {
    let task = resolve(&repair(Repair::default())).unwrap();
    assert_eq!(task.properties, Properties::new());
    assert_eq!(task.schedule, ManagerSchedule::default());
}

#[test]
fn every_mistake_in_a_schedule_names_its_field_and_value() {
    let with = |schedule: Schedule| TaskDefinition { schedule, ..backup() };
    let plain = Schedule::default;
    for (schedule, field, value) in [
        (Schedule { cron: Some("61 * * * *".into()), ..plain() }, "cron", "61"),
        (Schedule { interval: Some("soon".into()), ..plain() }, "interval", "soon"),
        (
            Schedule { cron: Some("@daily".into()), interval: Some("7d".into()), ..plain() },
            "interval",
            "cron",
        ),
        (Schedule { retry_wait: Some("1w".into()), ..plain() }, "retryWait", "1w"),
        (Schedule { start_date: Some("tomorrow".into()), ..plain() }, "startDate", "tomorrow"),
        (
            Schedule { timezone: Some("Mars/Base".into()), cron: Some("@daily".into()), ..plain() },
            "timezone",
            "Mars",
        ),
        (Schedule { timezone: Some("CET".into()), ..plain() }, "timezone", "no cron"),
        (Schedule { num_retries: Some(-1), ..plain() }, "numRetries", "-1"),
        (Schedule { window: texts(&["22:00"]), ..plain() }, "window", "22:00"),
    ] {
        let fault = resolve(&with(schedule)).unwrap_err();
        let text = fault.to_string();
        assert!(text.contains(field) && text.contains(value) && fault.class() == "rejected", "{text}");
    }
}

#[test]
fn every_mistake_in_the_work_names_its_field_and_value() {
    let backup_of = |options: Backup| TaskDefinition { work: Work::Backup(options), ..backup() };
    let located = || Backup { location: texts(&["s3:b"]), ..Backup::default() };
    for (definition, field, value) in [
        (backup_of(Backup::default()), "location", "empty"),
        (backup_of(Backup { location: texts(&["bucket"]), ..Backup::default() }), "location", "bucket"),
        (backup_of(Backup { rate_limit: texts(&["fast"]), ..located() }), "rateLimit", "fast"),
        (backup_of(Backup { upload_parallel: texts(&["dc1:x"]), ..located() }), "uploadParallel", "dc1:x"),
        (backup_of(Backup { retention: Some(-3), ..located() }), "retention", "-3"),
        (repair(Repair { intensity: Some("NaN".into()), ..Repair::default() }), "intensity", "NaN"),
        (repair(Repair { intensity: Some("fast".into()), ..Repair::default() }), "intensity", "fast"),
        (
            repair(Repair { small_table_threshold: Some("1GB".into()), ..Repair::default() }),
            "smallTableThreshold",
            "1GB",
        ),
        (repair(Repair { host: Some("node-1".into()), ..Repair::default() }), "host", "node-1"),
        (repair(Repair { parallel: Some(-1), ..Repair::default() }), "parallel", "-1"),
        (TaskDefinition { name: String::new(), ..backup() }, "name", "empty"),
    ] {
        let fault = resolve(&definition).unwrap_err();
        let text = fault.to_string();
        assert!(text.contains(field) && text.contains(value) && fault.class() == "rejected", "{text}");
    }
}
