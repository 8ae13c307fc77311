//! Declared tasks reach Manager, stay there as declared, and leave it with their declaration.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod stand;

use std::time::Duration;

use messina_control_api::watch::v1::report_status_request::Status as Reported;
use messina_domain::manager::TaskKind;
use messina_domain::task::{Backup, Repair, Schedule, TaskDefinition, Work};
use serde_json::{Value, json};
use stand::kube::Write;
use stand::{CLUSTER, HOME_UID, Stand, TASKS, backup, condition, cron, key, reason, repair, until};

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// The bodies that were sent to make tasks, by name.
fn created(stand: &Stand, name: &str) -> Value {
    let log = stand.manager.call_log();
    let call = log.iter().find(|call| call.method == "POST" && call.body["name"] == name);
    call.unwrap_or_else(|| panic!("no task {name} was made: {log:?}")).body.clone()
}

#[tokio::test]
async fn every_field_of_a_backup_reaches_manager() {
    let schedule = Schedule {
        cron: Some("0 23 * * SAT".into()),
        window: list(&["Sat-22:00", "Sun-5:00"]),
        timezone: Some("Europe/Warsaw".into()),
        start_date: Some("2030-01-01T00:00:00Z".into()),
        interval: None,
        num_retries: Some(5),
        retry_wait: Some("1m30s".into()),
        enabled: true,
    };
    let work = Work::Backup(Backup {
        dc: list(&["dc1", "dc\\*"]),
        keyspace: list(&["ks.*", "!ks.tmp"]),
        location: list(&["s3:bucket", "dc1:gcs:other"]),
        rate_limit: list(&["100", "dc1:50"]),
        retention: Some(7),
        snapshot_parallel: list(&["2"]),
        upload_parallel: list(&["dc1:3"]),
    });
    let stand = Stand::with(vec![TaskDefinition { name: "full".into(), schedule, work }]).await;
    stand.settled(CLUSTER, 1).await;
    let body = created(&stand, "full");
    let owner = key(&stand.kube.backup("full").key.name).owner(HOME_UID);
    assert_eq!((&body["type"], &body["enabled"]), (&json!("backup"), &json!(true)));
    assert_eq!(body["labels"]["messina.dev/owner"], owner);
    assert_eq!(body["labels"]["scylla-operator.scylladb.com/owner-uid"], "messina");
    assert_eq!(
        body["properties"],
        json!({"dc": ["dc1", "dc*"], "keyspace": ["ks.*", "!ks.tmp"], "location": ["s3:bucket", "dc1:gcs:other"],
            "rate_limit": ["100", "dc1:50"], "retention": 7, "snapshot_parallel": ["2"], "upload_parallel": ["dc1:3"]})
    );
    let schedule = &body["schedule"];
    assert!(schedule["cron"].as_str().unwrap().contains("0 23 * * SAT"), "{schedule}");
    assert_eq!(
        [&schedule["window"], &schedule["timezone"], &schedule["num_retries"], &schedule["retry_wait"]],
        [&json!(["Sat-22:00", "Sun-5:00"]), &json!("Europe/Warsaw"), &json!(5), &json!("1m30s")]
    );
    assert!(schedule["start_date"].as_str().unwrap().starts_with("2030-01-01T00:00:00"));
}

#[tokio::test]
async fn every_field_of_a_repair_reaches_manager() {
    let schedule = Schedule {
        interval: Some("7d".into()),
        start_date: Some("2030-01-01T00:00:00Z".into()),
        enabled: false,
        ..Schedule::default()
    };
    let work = Work::Repair(Repair {
        dc: list(&["dc1"]),
        keyspace: list(&["ks"]),
        fail_fast: Some(true),
        intensity: Some("0.5".into()),
        parallel: Some(2),
        small_table_threshold: Some("2GiB".into()),
        host: Some("10.0.0.1".into()),
        ignore_down_hosts: Some(true),
    });
    let stand = Stand::with(vec![TaskDefinition { name: "weekly".into(), schedule, work }]).await;
    stand.settled(CLUSTER, 1).await;
    let body = created(&stand, "weekly");
    assert_eq!((&body["type"], &body["enabled"]), (&json!("repair"), &json!(false)));
    assert_eq!(
        body["properties"],
        json!({"dc": ["dc1"], "keyspace": ["ks"], "fail_fast": true, "intensity": 0.5, "parallel": 2,
            "small_table_threshold": 2_147_483_648_u64, "host": "10.0.0.1", "ignore_down_hosts": true})
    );
    assert_eq!(body["schedule"]["interval"], "7d");
    let (_, _, message) = condition(&stand.kube.tasks_of(CLUSTER)[0], "Available").unwrap();
    assert!(message.contains("disabled"), "{message}");
}

#[tokio::test]
async fn three_tasks_cost_four_calls_and_then_nothing() {
    let mut stand = Stand::new().await;
    stand.config.poll_interval = Duration::from_secs(20);
    stand.cluster(CLUSTER, vec![backup("daily"), backup("weekly"), repair("weekly")]).await;
    stand.start().await;
    stand.settled(CLUSTER, 3).await;
    let calls = stand.manager.calls();
    assert_eq!((calls.of("GET", TASKS), calls.of("POST", TASKS)), (1, 3), "{calls:?}");
    assert_eq!(calls.writes, 3);
    assert_eq!(stand.tasks_of(CLUSTER).len(), 3);
    // One status each, one feedback, one event each: nothing is said twice.
    let count = |is: fn(&Write) -> bool| stand.kube.writes().iter().filter(|write| is(write)).count();
    let told = |write: &Write| matches!(write, Write::Event(event) if event.reason == "TaskCreated");
    until("the events are recorded", || count(told) == 3).await;
    assert_eq!(count(|write| matches!(write, Write::Apply(_))), 3);
    assert_eq!(count(|write| matches!(write, Write::Report(_))), 3);
    assert_eq!(count(|write| matches!(write, Write::Feedback(_))), 1);
}

#[tokio::test]
async fn with_nothing_changed_nothing_is_written() {
    let stand = Stand::with(vec![backup("daily"), repair("weekly")]).await;
    stand.settled(CLUSTER, 2).await;
    stand.assert_quiet().await;
    let calls = stand.manager.calls();
    let others =
        calls.by_route.iter().filter(|entry| entry.route != TASKS && !entry.route.contains("suspended"));
    assert_eq!(others.count(), 0, "at rest a poll is one list and no more: {calls:?}");
    // The next activation came with a poll.
    assert!(stand.kube.backup("daily").status.next_activation.is_some());
}

#[tokio::test]
async fn a_changed_cron_is_one_put_that_keeps_the_start_date() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    let before = stand.task("daily").unwrap();
    stand.manager.reset_calls();
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.backups[0].schedule = cron("30 3 * * *"));
    until("the object has changed", || stand.kube.backup("daily").generation == 2).await;
    stand.settled(CLUSTER, 1).await;
    let after = stand.task("daily").unwrap();
    assert_eq!(after.task.id, before.task.id);
    let date = |view: &messina_fake_manager::TaskView| {
        serde_json::to_value(&view.task).unwrap()["schedule"]["start_date"].clone()
    };
    assert_eq!(date(&after), date(&before));
    assert!(
        serde_json::to_value(&after.task).unwrap()["schedule"]["cron"]
            .as_str()
            .unwrap()
            .contains("30 3 * * *")
    );
    assert_eq!(stand.manager.calls().writes, 1);
    let name = stand.kube.backup("daily").key.name;
    let told = |(warning, reason, note): &(bool, String, String)| {
        !warning && reason == "TaskUpdated" && note.contains("cron")
    };
    until("an event names the field", || stand.kube.events(&name).iter().any(told)).await;
    stand.assert_quiet().await;
}

#[tokio::test]
async fn an_entry_that_goes_takes_object_and_task_along() {
    let stand = Stand::with(vec![backup("daily"), repair("weekly")]).await;
    stand.settled(CLUSTER, 2).await;
    let name = stand.kube.backup("daily").key.name;
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.backups.clear());
    until("the object is gone", || stand.kube.task(&name).is_none()).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 1, "Manager's task went first");
    let writes = stand.kube.writes();
    let place = |is: &dyn Fn(&Write) -> bool| writes.iter().position(is).unwrap();
    let deleted = place(&|write| matches!(write, Write::Delete(request) if request.name == name));
    let released =
        place(&|write| matches!(write, Write::Report(request) if request.cleaned && request.name == name));
    assert!(deleted < released);
    until("an event says so", || stand.kube.events(&name).iter().any(|event| event.1 == "TaskDeleted")).await;
    stand.assert_quiet().await;
}

#[tokio::test]
async fn a_users_own_task_is_kept_and_left_to_the_user() {
    let stand = Stand::with(vec![]).await;
    stand.kube.user_task("mine", CLUSTER, backup("by-hand"));
    stand.settled(CLUSTER, 1).await;
    let first = stand.kube.writes().into_iter().find(|write| matches!(write, Write::Report(_))).unwrap();
    let Write::Report(first) = first else { panic!() };
    let Some(Reported::Task(status)) = first.status else { panic!() };
    assert_eq!(
        status.task_id, "",
        "the finalizer, which comes with the first report, is there before the task"
    );
    stand.kube.edit_task("mine", |definition| definition.name = "renamed".into());
    until("it is renamed in Manager", || stand.task("renamed").is_some() && stand.task("by-hand").is_none())
        .await;
    stand.settled(CLUSTER, 1).await;
    assert!(
        condition(&stand.kube.task("mine").unwrap(), "FeedbackPublished").is_none(),
        "no entry, no feedback"
    );
    stand.kube.delete_task("mine");
    until("the object is gone", || stand.kube.task("mine").is_none()).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 0);
    let touched = |write: &Write| matches!(write, Write::Apply(_) | Write::Delete(_));
    assert!(!stand.kube.writes().iter().any(touched), "the object itself is the user's");
}

#[tokio::test]
async fn a_task_that_changes_its_kind_is_made_anew() {
    let stand = Stand::with(vec![]).await;
    stand.kube.user_task("mine", CLUSTER, backup("nightly"));
    stand.settled(CLUSTER, 1).await;
    stand.kube.edit_task("mine", |definition| definition.work = Work::Repair(Repair::default()));
    until("it is a repair", || {
        let tasks = stand.tasks_of(CLUSTER);
        tasks.len() == 1 && tasks[0].task.kind == Some(messina_fake_manager::TaskType::Repair)
    })
    .await;
    stand.settled(CLUSTER, 1).await;
}

#[tokio::test]
async fn a_foreign_task_of_the_same_name_is_not_touched() {
    let mut stand = Stand::new().await;
    stand.cluster(CLUSTER, vec![backup("daily"), repair("weekly")]).await;
    let foreign = stand.make_foreign("daily").await;
    stand.start().await;
    until("the clash is reported", || {
        stand.kube.entry(CLUSTER, &TaskKind::Backup, "daily").is_some_and(|task| reason(&task) == "NotOwned")
    })
    .await;
    until("the other goes on", || {
        stand.kube.entry(CLUSTER, &TaskKind::Repair, "weekly").is_some_and(|task| stand::is_settled(&task))
    })
    .await;
    assert_eq!(stand.task("daily").unwrap().task.id, foreign);
    let name = stand.kube.backup("daily").key.name;
    until("an event warns", || stand.kube.events(&name).iter().any(|it| it.0 && it.1 == "NotOwned")).await;
    // Taking the entry away does not take the foreign task away.
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.backups.clear());
    until("the object is gone", || stand.kube.task(&name).is_none()).await;
    assert_eq!(stand.task("daily").unwrap().task.id, foreign);
}

#[tokio::test]
async fn what_is_done_behind_our_back_is_put_right() {
    let stand = Stand::with(vec![backup("daily"), repair("weekly")]).await;
    stand.settled(CLUSTER, 2).await;
    let (first, edited) = (stand.task("daily").unwrap().task.id, stand.task("weekly").unwrap().task.id);
    stand.manager_call("DELETE", &format!("task/backup/{first}"), Value::Null).await;
    stand
        .manager_call(
            "PUT",
            &format!("task/repair/{edited}"),
            json!({"name": "weekly", "enabled": true, "labels": {},
        "schedule": {"cron": "0 0 * * *"}, "properties": {}, "type": "repair"}),
        )
        .await;
    // Without its labels it is not ours any more: it is left alone and said to be in the way.
    until("the deleted one is made again", || stand.task("daily").is_some_and(|view| view.task.id != first))
        .await;
    until("the one that was taken over is reported", || {
        reason(&stand.kube.entry(CLUSTER, &TaskKind::Repair, "weekly").unwrap()) == "NotOwned"
    })
    .await;
    stand.manager_call("DELETE", &format!("task/repair/{edited}"), Value::Null).await;
    stand.settled(CLUSTER, 2).await;
    let edited = stand.task("weekly").unwrap().task;
    let mut body = serde_json::to_value(&edited).unwrap();
    body["schedule"]["cron"] = json!("5 5 * * *");
    stand.manager_call("PUT", &format!("task/repair/{}", edited.id), body).await;
    until("the edited one is put right", || {
        let now = serde_json::to_value(stand.task("weekly").unwrap().task).unwrap();
        now["schedule"]["cron"].as_str().unwrap().contains("0 4 * * SAT")
    })
    .await;
    assert_eq!(stand.task("weekly").unwrap().task.id, edited.id);
}

#[tokio::test]
async fn two_objects_for_one_task_do_not_fight() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.kube.user_task("twin", CLUSTER, backup("daily"));
    until("the second is held back", || reason(&stand.kube.task("twin").unwrap()) == "DuplicateTaskName")
        .await;
    stand.polls(3).await;
    assert!(stand::is_settled(&stand.kube.backup("daily")));
    assert_eq!(stand.tasks_of(CLUSTER).len(), 1);
    stand.kube.delete_task("twin");
    until("the second is gone", || stand.kube.task("twin").is_none()).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 1);
}
