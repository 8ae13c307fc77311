//! [`TaskApi`](messina_manager_client::TaskApi) against the stand-in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use std::time::Duration;

use harness::*;
use messina_domain::manager::{ManagerTask, Properties, Property, RunState, TaskBody, TaskKind};
use messina_domain::names::reason;
use messina_fake_manager::{Agent, Fault as Broken, FaultRule, RunScript, ScriptKey};
use messina_manager_client::Progress;
use uuid::Uuid;

const NOBODY: Uuid = Uuid::from_u128(0xdead);

/// The tasks that are not Manager's own.
async fn declared(stand: &Stand) -> Vec<ManagerTask> {
    let mut tasks = stand.tasks.list(CLUSTER).await.unwrap();
    tasks.retain(|task| task.body.kind != TaskKind::Other("healthcheck".into()));
    tasks
}

async fn state(stand: &Stand, id: Uuid) -> RunState {
    declared(stand).await.into_iter().find(|task| task.id == id).unwrap().state
}

#[tokio::test]
async fn a_task_comes_is_changed_and_goes() {
    let stand = Stand::with_cluster().await;
    let mut body = backup("daily", "s3:bucket");
    body.schedule.window = vec!["Sat-22:00".into(), "Sun-5:00".into()];
    body.schedule.timezone = "Europe/Warsaw".into();
    body.schedule.num_retries = 3;
    body.schedule.retry_wait = 90;
    let id = stand.tasks.create(CLUSTER, &body).await.unwrap();
    let listed = declared(&stand).await;
    assert_eq!((listed.len(), listed[0].id, listed[0].state), (1, id, RunState::New));
    assert!(listed[0].next_activation.is_some());
    // Manager notes when it was made; all else comes back as it was sent.
    let mut held = listed[0].body.clone();
    assert_eq!(held.schedule.start_date.take(), Some(start()));
    assert_eq!(held, body);

    body.enabled = false;
    body.name = "nightly".into();
    body.labels.clear();
    stand.tasks.replace(CLUSTER, id, &body).await.unwrap();
    let listed = declared(&stand).await;
    assert_eq!(listed[0].body, body, "a disabled one is listed too");
    assert_eq!(listed[0].next_activation, None);

    stand.tasks.delete(CLUSTER, &TaskKind::Backup, id).await.unwrap();
    assert!(declared(&stand).await.is_empty());
    stand.tasks.delete(CLUSTER, &TaskKind::Backup, id).await.unwrap();
    stand.tasks.delete(CLUSTER, &TaskKind::Backup, NOBODY).await.unwrap();
    stand.tasks.delete(NOBODY, &TaskKind::Backup, id).await.unwrap();
}

#[tokio::test]
async fn an_empty_list_is_null_and_an_unknown_cluster_is_not_empty() {
    let stand = Stand::with_cluster().await;
    for task in stand.tasks.list(CLUSTER).await.unwrap() {
        assert_eq!(task.body.kind, TaskKind::Other("healthcheck".into()));
        stand.tasks.delete(CLUSTER, &task.body.kind, task.id).await.unwrap();
    }
    assert!(stand.tasks.list(CLUSTER).await.unwrap().is_empty());
    let unknown = stand.tasks.list(NOBODY).await;
    assert_fault(unknown, "transient", reason::CLUSTER_UNKNOWN, "listing the tasks");
    let unknown = stand.tasks.create(NOBODY, &repair("weekly")).await;
    assert_fault(unknown, "transient", reason::CLUSTER_UNKNOWN, "creating the task");
}

#[tokio::test]
async fn a_lost_answer_leaves_one_task_that_a_look_finds() {
    let stand = Stand::with_cluster().await;
    stand.manager.add_fault(FaultRule::new("POST", "/api/v1/cluster", 1, Broken::DropAfterCommit));
    let lost = stand.tasks.create(CLUSTER, &repair("weekly")).await;
    assert_fault(lost, "transient", reason::MANAGER_UNAVAILABLE, "may have been done");
    assert_eq!(declared(&stand).await.len(), 1);
    let again = stand.tasks.create(CLUSTER, &repair("weekly")).await;
    assert_fault(again, "waiting", reason::NAME_TAKEN, "is already used");
    stand.tasks.create(CLUSTER, &backup("weekly", "s3:b")).await.unwrap();
}

#[tokio::test]
async fn what_is_gone_is_told_and_not_hidden() {
    let stand = Stand::with_cluster().await;
    let kind = TaskKind::Repair;
    let deleted = stand.tasks.create(CLUSTER, &repair("weekly")).await.unwrap();
    stand.tasks.delete(CLUSTER, &kind, deleted).await.unwrap();
    for id in [deleted, NOBODY] {
        let gone = "does not hold the task any more";
        assert_fault(
            stand.tasks.replace(CLUSTER, id, &repair("weekly")).await,
            "transient",
            reason::MANAGER_REFUSED,
            gone,
        );
        assert_fault(stand.tasks.stop(CLUSTER, &kind, id).await, "transient", reason::MANAGER_REFUSED, gone);
        assert_fault(
            stand.tasks.start(CLUSTER, &kind, id, true).await,
            "transient",
            reason::MANAGER_REFUSED,
            gone,
        );
        assert_fault(
            stand.tasks.history(CLUSTER, &kind, id, 10).await,
            "transient",
            reason::MANAGER_REFUSED,
            gone,
        );
        assert_eq!(stand.tasks.progress(CLUSTER, &kind, id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn runs_start_go_on_and_end() {
    let stand = Stand::with_cluster().await;
    let kind = TaskKind::Repair;
    let id = stand.tasks.create(CLUSTER, &repair("weekly")).await.unwrap();
    assert_eq!(stand.tasks.progress(CLUSTER, &kind, id).await.unwrap(), None, "no run yet");
    assert!(stand.tasks.history(CLUSTER, &kind, id, 10).await.unwrap().is_empty());

    let half = RunScript { progress: Some(50), ..RunScript::hold() };
    stand.manager.set_script(ScriptKey::default(), half, Some(1));
    stand.tasks.start(CLUSTER, &kind, id, false).await.unwrap();
    stand.until(async |stand| (state(stand, id).await == RunState::Running).then_some(())).await;
    assert_eq!(stand.tasks.progress(CLUSTER, &kind, id).await.unwrap(), Some(Progress { percent: Some(50) }));
    stand.tasks.start(CLUSTER, &kind, id, true).await.unwrap();
    stand.tasks.stop(CLUSTER, &kind, id).await.unwrap();
    stand.manager.advance_clock(Duration::from_secs(10));
    stand.until(async |stand| (state(stand, id).await == RunState::Stopped).then_some(())).await;
    stand.tasks.stop(CLUSTER, &kind, id).await.unwrap();

    let failing = RunScript::error("no space left", Duration::from_secs(3));
    stand.manager.set_script(ScriptKey::default(), failing, Some(1));
    stand.tasks.start(CLUSTER, &kind, id, true).await.unwrap();
    stand.until(async |stand| (state(stand, id).await == RunState::Running).then_some(())).await;
    stand.manager.advance_clock(Duration::from_secs(10));
    stand.until(async |stand| (state(stand, id).await == RunState::Error).then_some(())).await;
    let runs = stand.tasks.history(CLUSTER, &kind, id, 10).await.unwrap();
    let states: Vec<_> = runs.iter().map(|run| run.state).collect();
    assert_eq!((states, runs[0].cause.as_str()), (vec![RunState::Error, RunState::Stopped], "no space left"));
    assert!(runs[0].start < runs[0].end);
    assert_eq!(stand.tasks.history(CLUSTER, &kind, id, 1).await.unwrap().len(), 1);
    assert_eq!(stand.tasks.history(CLUSTER, &kind, id, 0).await.unwrap().len(), 1, "0 is not 'all'");
    let task = declared(&stand).await.remove(0);
    assert_eq!((task.success_count, task.error_count, task.last_error), (0, 1, runs[0].end));
}

#[tokio::test]
async fn a_suspended_cluster_waits() {
    let stand = Stand::with_cluster().await;
    assert!(!stand.tasks.suspended(CLUSTER).await.unwrap());
    let id = stand.tasks.create(CLUSTER, &repair("weekly")).await.unwrap();
    let url = format!("{}/api/v1/cluster/{CLUSTER}/suspended", stand.manager.url());
    let answer = reqwest::Client::new().put(url).body("true").send().await.unwrap();
    assert!(answer.status().is_success());
    assert!(stand.tasks.suspended(CLUSTER).await.unwrap());
    let waiting = reason::CLUSTER_SUSPENDED;
    assert_fault(stand.tasks.create(CLUSTER, &repair("daily")).await, "waiting", waiting, "resume");
    assert_fault(stand.tasks.start(CLUSTER, &TaskKind::Repair, id, true).await, "waiting", waiting, "resume");
    assert!(declared(&stand).await[0].suspended);
    let unknown = stand.tasks.suspended(NOBODY).await;
    assert_fault(unknown, "transient", reason::CLUSTER_UNKNOWN, "suspended");
}

#[tokio::test]
async fn locations_are_refused_for_now_or_for_good() {
    let stand = Stand::with_cluster().await;
    let refused = Agent { refused_locations: vec!["s3:secret".into()], ..Agent::default() };
    stand.manager.set_agent("10.0.0.1", refused);
    let later = stand.tasks.create(CLUSTER, &backup("daily", "s3:secret")).await;
    assert_fault(later, "transient", reason::LOCATION_REFUSED, "credentials");
    let mut nowhere = backup("daily", "s3:b");
    nowhere.properties = Properties::from([("location".to_owned(), Property::List(vec![]))]);
    let never = stand.tasks.create(CLUSTER, &nowhere).await;
    assert_fault(never, "rejected", reason::LOCATION_REFUSED, "location");
    nowhere.properties = Properties::new();
    let never = stand.tasks.create(CLUSTER, &nowhere).await;
    assert_fault(never, "rejected", reason::LOCATION_REFUSED, "missing location");
}

#[tokio::test]
async fn mistakes_are_final_and_missing_nodes_are_not() {
    let stand = Stand::with_cluster().await;
    let mut body = repair("weekly");
    body.schedule.cron = "0 0 L * *".into();
    let refused = stand.tasks.create(CLUSTER, &body).await;
    assert_fault(refused, "rejected", reason::MANAGER_REFUSED, "malformed request");

    let mut body = repair("weekly");
    body.schedule.cron.clear();
    body.schedule.interval = 86_400;
    body.schedule.start_date = Some("2020-01-01T00:00:00Z".parse().unwrap());
    let refused = stand.tasks.create(CLUSTER, &body).await;
    assert_fault(refused, "rejected", reason::MANAGER_REFUSED, "clocks");

    stand.manager.set_agent("10.0.0.1", Agent { reachable: false, ..Agent::default() });
    let later = stand.tasks.create(CLUSTER, &repair("weekly")).await;
    assert_fault(later, "transient", reason::NODES_UNREACHABLE, "10001");
}

#[tokio::test]
async fn the_target_is_managers_own_text() {
    let stand = Stand::with_cluster().await;
    let target = stand.tasks.target(CLUSTER, &backup("daily", "s3:bucket")).await.unwrap();
    assert!(target.starts_with('{') && target.contains("s3:bucket"), "{target}");
    assert!(declared(&stand).await.is_empty(), "nothing was made");
    let refused = stand.tasks.target(CLUSTER, &backup("daily", "nowhere")).await;
    assert_fault(refused, "rejected", reason::LOCATION_REFUSED, "working out the target");
}

#[tokio::test]
async fn a_kind_that_cannot_stand_in_a_path_gets_nowhere() {
    let stand = Stand::with_cluster().await;
    let before = stand.manager.calls();
    for odd in ["", "../../clusters", "backup/x", "re pair", "Repair", "x?y"] {
        let kind = TaskKind::Other(odd.into());
        assert_fault(
            stand.tasks.delete(CLUSTER, &kind, NOBODY).await,
            "rejected",
            reason::INVALID_TASK,
            "type",
        );
        let body = TaskBody { kind, ..repair("x") };
        assert_fault(stand.tasks.create(CLUSTER, &body).await, "rejected", reason::INVALID_TASK, "type");
        assert_fault(stand.tasks.target(CLUSTER, &body).await, "rejected", reason::INVALID_TASK, "type");
    }
    assert_eq!(stand.manager.calls().reads + stand.manager.calls().writes, before.reads + before.writes);
}
