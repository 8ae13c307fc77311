//! `TaskService`: shows, steers, plans and explains.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod stand;

use std::collections::BTreeMap;
use std::time::Duration;

use messina_control_api::task::v1 as wire;
use messina_domain::manager::{RunState, TaskKind};
use messina_fake_manager::{Agent, RunScript, ScriptKey};
use stand::{CLUSTER, NAMESPACE, Stand, backup, cron, repair, until};
use tonic::Code;
use tonic_types::StatusExt as _;

fn task_key(name: &str) -> Option<wire::TaskKey> {
    Some(wire::TaskKey { datacenter: "east".into(), namespace: NAMESPACE.into(), name: name.into() })
}

fn of_cluster(cluster: &str) -> Option<wire::TaskFilter> {
    Some(wire::TaskFilter { cluster: cluster.into(), ..wire::TaskFilter::default() })
}

async fn plan(stand: &Stand, with_targets: bool) -> BTreeMap<String, wire::PlannedTask> {
    let request = || wire::PlanTasksRequest { filter: of_cluster(CLUSTER), with_targets };
    let answer = loop {
        match stand.api().plan_tasks(request()).await {
            Ok(answer) => break answer.into_inner(),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "only until the feed was seen whole"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let by_name = |task: wire::PlannedTask| (task.key.clone().unwrap().name, task);
    answer.tasks.into_iter().map(by_name).collect()
}

#[tokio::test]
async fn tasks_are_listed_chosen_and_got() {
    let stand = Stand::with(vec![backup("daily"), repair("weekly")]).await;
    stand.cluster("users", vec![backup("daily")]).await;
    stand.settled(CLUSTER, 2).await;
    stand.settled("users", 1).await;
    let list = async |filter| {
        let answer = stand.api().list_tasks(wire::ListTasksRequest { filter }).await.unwrap();
        answer.into_inner().tasks
    };
    let all = list(None).await;
    assert_eq!(all.len(), 3);
    assert!(all.is_sorted_by_key(|task| task.key.clone().unwrap().name));
    assert_eq!(list(of_cluster("users")).await.len(), 1);
    let elsewhere = wire::TaskFilter { datacenter: "west".into(), ..wire::TaskFilter::default() };
    assert_eq!(list(Some(elsewhere)).await.len(), 0);
    let name = stand.kube.backup("daily").key.name;
    let got = stand.api().get_task(wire::GetTaskRequest { key: task_key(&name) }).await.unwrap().into_inner();
    let task = got.task.unwrap();
    assert_eq!((task.cluster.as_str(), task.definition.unwrap().name.as_str()), (CLUSTER, "daily"));
    assert!(task.synced && !task.status.unwrap().task_id.is_empty());
}

#[tokio::test]
async fn requests_that_name_nothing_are_told_what_is_wrong() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    let get = async |key| stand.api().get_task(wire::GetTaskRequest { key }).await.unwrap_err();
    let error = get(None).await;
    assert_eq!(error.code(), Code::InvalidArgument);
    let mut key = task_key("x").unwrap();
    key.namespace.clear();
    let error = get(Some(key)).await;
    assert_eq!(error.get_details_bad_request().unwrap().field_violations[0].field, "key.namespace");
    assert_eq!(get(task_key("unknown")).await.code(), Code::NotFound);
    let mut key = task_key("x").unwrap();
    key.datacenter = "west".into();
    let error = get(Some(key)).await;
    assert!(error.code() == Code::NotFound && error.message().contains("known: east"), "{error:?}");
}

#[tokio::test]
async fn a_watch_sends_everything_once_then_what_changes_and_ends_with_the_service() {
    let mut stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    let request = wire::WatchTasksRequest { filter: of_cluster(CLUSTER) };
    let mut stream = stand.api().watch_tasks(request).await.unwrap().into_inner();
    let next = async |stream: &mut tonic::Streaming<wire::WatchTasksResponse>| {
        tokio::time::timeout(Duration::from_secs(10), stream.message()).await.unwrap().unwrap()
    };
    let first = next(&mut stream).await.unwrap();
    assert_eq!((first.task.unwrap().definition.unwrap().name.as_str(), first.removed), ("daily", false));
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.repairs.push(repair("weekly")));
    loop {
        let task = next(&mut stream).await.unwrap().task.unwrap();
        if task.definition.is_some_and(|it| it.name == "weekly") && task.synced {
            break;
        }
    }
    let name = stand.kube.backup("daily").key.name;
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.backups.clear());
    loop {
        let response = next(&mut stream).await.unwrap();
        if response.removed {
            assert_eq!(response.task.unwrap().key.unwrap().name, name);
            break;
        }
    }
    stand.stop().await;
    while next(&mut stream).await.is_some() {}
}

#[tokio::test]
async fn a_run_is_started_shown_and_stopped() {
    let stand = Stand::with(vec![backup("daily")]).await;
    let stop_duration = Duration::ZERO;
    stand.manager.set_script(ScriptKey::default(), RunScript { stop_duration, ..RunScript::hold() }, None);
    stand.settled(CLUSTER, 1).await;
    let key = task_key(&stand.kube.backup("daily").key.name);
    stand.api().start_task(wire::StartTaskRequest { key: key.clone(), from_scratch: true }).await.unwrap();
    until("it runs", || stand.kube.backup("daily").status.state == RunState::Running).await;
    let log = stand.manager.call_log();
    let start = log.iter().find(|call| call.path.ends_with("/start")).unwrap();
    assert_eq!(start.query, "continue=false");
    let runs = stand.api().list_runs(wire::ListRunsRequest { key: key.clone(), limit: 0 }).await.unwrap();
    let runs = runs.into_inner().runs;
    assert_eq!((runs.len(), runs[0].state.as_str()), (1, "RUNNING"));
    stand.api().stop_task(wire::StopTaskRequest { key }).await.unwrap();
    until("it has stopped", || stand.kube.backup("daily").status.state == RunState::Stopped).await;
}

#[tokio::test]
async fn a_task_that_manager_does_not_hold_cannot_be_started() {
    let mut broken = backup("daily");
    broken.schedule = cron("never");
    let stand = Stand::with(vec![broken]).await;
    until("it is said", || {
        stand
            .kube
            .entry(CLUSTER, &TaskKind::Backup, "daily")
            .is_some_and(|it| stand::reason(&it) == "InvalidCron")
    })
    .await;
    let key = task_key(&stand.kube.backup("daily").key.name);
    let error =
        stand.api().start_task(wire::StartTaskRequest { key, from_scratch: false }).await.unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert!(error.get_details_error_info().unwrap().metadata.contains_key("hint"));
}

#[tokio::test]
async fn read_only_plans_everything_and_does_nothing() {
    let mut stand = Stand::new().await;
    stand.config.read_only = true;
    stand.kube.cluster(CLUSTER, vec![backup("daily"), repair("weekly")]);
    stand.start().await;
    let planned = plan(&stand, true).await;
    let actions: Vec<_> = planned.values().map(|task| task.action.as_str()).collect();
    assert_eq!(actions, ["create", "create"], "also before the registration");
    // With a cluster in Manager, the target is Manager's.
    stand.in_manager(CLUSTER).await;
    stand.kube.register(CLUSTER, |_| {});
    let planned = loop {
        let planned = plan(&stand, true).await;
        if planned.values().all(|task| !task.target.is_empty()) {
            break planned;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let target: serde_json::Value = serde_json::from_str(&planned.values().next().unwrap().target).unwrap();
    assert!(target.is_object());
    let error = stand.api().confirm_task_deletions(wire::ConfirmTaskDeletionsRequest {}).await.unwrap_err();
    assert_eq!(error.get_details_error_info().unwrap().reason, "ReadOnly");
    assert_eq!((stand.kube.writes().len(), stand.manager.calls().writes), (0, 0));
}

#[tokio::test]
async fn a_plan_says_what_the_next_pass_would_do() {
    let mut stand = Stand::with(vec![backup("daily"), backup("old"), repair("weekly")]).await;
    stand.settled(CLUSTER, 3).await;
    assert!(plan(&stand, false).await.is_empty(), "all is as declared");
    stand.stop().await;
    stand.config.read_only = true;
    let mut broken = repair("broken");
    broken.schedule = cron("never");
    stand.kube.edit_cluster(CLUSTER, |cluster| {
        cluster.backups = vec![backup("daily"), backup("new")];
        cluster.backups[0].schedule = cron("7 7 * * *");
        cluster.repairs.push(broken);
    });
    stand.start().await;
    let planned = loop {
        let planned = plan(&stand, false).await;
        if !planned.is_empty() {
            break planned;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let of = |kind: TaskKind, name: &str| {
        planned.get(&messina_domain::task::object::object_name(CLUSTER, &kind, name)).cloned()
    };
    assert_eq!(of(TaskKind::Backup, "new").unwrap().action, "create");
    assert_eq!(of(TaskKind::Backup, "old").unwrap().action, "delete");
    assert_eq!(of(TaskKind::Repair, "weekly"), None);
    let broken = of(TaskKind::Repair, "broken").unwrap();
    assert_eq!((broken.action.as_str(), broken.held.unwrap().reason.as_str()), ("held", "InvalidCron"));
    let changed = of(TaskKind::Backup, "daily").unwrap();
    assert_eq!(changed.action, "update");
    let change = &changed.changes[0];
    assert_eq!(
        (change.field.as_str(), change.from.as_str(), change.to.as_str()),
        ("cron", "0 2 * * *", "7 7 * * *")
    );
}

#[tokio::test]
async fn an_explanation_leads_to_the_cause() {
    let mut stand = Stand::new().await;
    stand.cluster(CLUSTER, vec![backup("daily")]).await;
    let refused_locations = vec!["s3:bucket".to_owned()];
    stand.manager.set_agent("*", Agent { refused_locations, ..Agent::default() });
    stand.start().await;
    until("the refusal is said", || {
        stand
            .kube
            .entry(CLUSTER, &TaskKind::Backup, "daily")
            .is_some_and(|it| stand::reason(&it) == "LocationRefused")
    })
    .await;
    let key = task_key(&stand.kube.backup("daily").key.name);
    let explain = async || {
        let request = wire::ExplainTaskRequest { key: key.clone() };
        stand.api().explain_task(request).await.unwrap().into_inner()
    };
    let mut answer = explain().await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while answer.explanation.is_none() && tokio::time::Instant::now() < deadline {
        answer = explain().await;
    }
    let explanation = answer.explanation.unwrap();
    assert_eq!((explanation.class.as_str(), explanation.reason.as_str()), ("transient", "LocationRefused"));
    let facts = answer.facts.join("\n");
    let place = |part: &str| facts.find(part).unwrap_or_else(|| panic!("{part}: {facts}"));
    let order = [
        place("An entry of ScyllaCluster 'orders'"),
        place("The ScyllaCluster is there"),
        place("is registered in Manager under"),
        place("Manager holds 0 backups and repairs"),
        place("has not run yet"),
    ];
    assert!(order.is_sorted(), "{facts}");
    stand.manager.reset_agents();
    stand.settled(CLUSTER, 1).await;
    while explain().await.explanation.is_some() {
        assert!(tokio::time::Instant::now() < deadline + Duration::from_secs(10));
    }
}

#[tokio::test]
async fn readiness_waits_for_the_feed_and_for_manager() {
    let mut stand = Stand::new().await;
    let drop = messina_fake_manager::Fault::DropBefore;
    stand.manager.add_fault(messina_fake_manager::FaultRule { fault: drop, ..Default::default() });
    stand.start().await;
    let ready = async |part: &str| {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let (status, text) = stand.admin("/readyz").await;
            if text.contains(part) {
                break status;
            }
            assert!(tokio::time::Instant::now() < deadline, "never {part}: {text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert_eq!(ready("[+]watcher-east ok").await, 503);
    assert_eq!(ready("[-]manager ManagerUnavailable").await, 503);
    stand.manager.clear_faults();
    assert_eq!(ready("[+]manager ok").await, 200);
    let (_, metrics) = stand.admin("/metrics").await;
    for name in [
        "task_sync_tasks",
        "task_sync_manager_calls_total",
        "task_sync_feed_staleness_seconds",
        "task_sync_deletions_frozen",
    ] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
}

#[tokio::test]
async fn a_trace_goes_from_the_event_to_managers_api() {
    let mut stand = Stand::new().await;
    stand.config.poll_interval = Duration::from_secs(20);
    stand.cluster(CLUSTER, vec![backup("daily")]).await;
    stand.start().await;
    stand.settled(CLUSTER, 1).await;
    let id = stand.task("daily").unwrap().task.id;
    stand.manager_call("DELETE", &format!("task/backup/{id}"), serde_json::Value::Null).await;
    stand.manager.reset_calls();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let kind = messina_control_api::watch::v1::ObjectKind::ScyllaCluster;
    until("a call belongs to the trace", || {
        stand.kube.touch_traced(kind, CLUSTER, &format!("00-{trace}-00f067aa0ba902b7-01"));
        let log = stand.manager.call_log();
        log.iter().any(|call| call.traceparent.as_ref().is_some_and(|it| it.contains(trace)))
    })
    .await;
}
