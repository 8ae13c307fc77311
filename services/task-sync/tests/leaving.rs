//! Clusters that leave Manager take their tasks along, in order; what is absent deletes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod stand;

use std::time::Duration;

use messina_control_api::watch::v1::ObjectKind;
use messina_domain::cluster::Exclusion;
use messina_domain::manager::RunState;
use messina_domain::registration::DeletionPolicy;
use messina_fake_manager::{RunScript, ScriptKey};
use stand::{CLUSTER, Stand, backup, condition, reason, repair, until};

#[tokio::test]
async fn a_deregistration_stops_waits_deletes_and_releases() {
    let mut stand = Stand::new().await;
    let slow = RunScript { stop_duration: Duration::from_millis(500), ..RunScript::hold() };
    stand.manager.set_script(ScriptKey::default(), slow, None);
    stand.cluster(CLUSTER, vec![backup("daily"), repair("weekly")]).await;
    stand.start().await;
    stand.settled(CLUSTER, 2).await;
    let id = stand.task("daily").unwrap().task.id;
    stand.manager_call("PUT", &format!("task/backup/{id}/start"), serde_json::Value::Null).await;
    until("it runs", || stand.kube.backup("daily").status.state == RunState::Running).await;
    stand.manager.reset_calls();
    stand.kube.register(CLUSTER, |registration| registration.deleting = true);
    until("the run is awaited", || {
        let tasks = stand.kube.tasks_of(CLUSTER);
        tasks.iter().any(|task| reason(task) == "TaskRunning") && stand.task("daily").is_some()
    })
    .await;
    until("all objects are gone", || stand.kube.tasks_of(CLUSTER).is_empty()).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 0);
    let log = stand.manager.call_log();
    let of_daily = log.iter().filter(|call| call.method != "GET" && call.path.contains(&id.to_string()));
    let order: Vec<_> = of_daily.map(|call| (call.method.as_str(), call.path.ends_with("/stop"))).collect();
    assert_eq!(order, [("PUT", true), ("DELETE", false)]);
}

#[tokio::test]
async fn opting_out_takes_the_tasks_out_and_empties_the_status_once() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.kube.user_task("mine", CLUSTER, repair("mine"));
    stand.settled(CLUSTER, 2).await;
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.exclusion = Some(Exclusion::OptedOut));
    stand.polls(3).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 2, "registration has the first word, since it has the brake");
    stand.kube.register(CLUSTER, |registration| registration.deleting = true);
    until("Manager's tasks are gone", || stand.tasks_of(CLUSTER).is_empty()).await;
    until("the entry's object is gone", || stand.kube.tasks_of(CLUSTER).len() == 1).await;
    until("the user's object stays, and says why", || {
        let task = stand.kube.task("mine").unwrap();
        reason(&task) == "ClusterNotRegistered" && task.status.task_id.is_none()
    })
    .await;
    // registration follows suit.
    stand.kube.remove(ObjectKind::Registration, CLUSTER, true);
    until("the message follows", || {
        condition(&stand.kube.task("mine").unwrap(), "Available").unwrap().2.contains("opt-out annotation")
    })
    .await;
    let empty = || stand.kube.feedbacks().iter().filter(|it| it.entries.is_empty()).count();
    until("the status is emptied", || empty() == 1).await;
    assert!(stand.kube.feedbacks().last().unwrap().entries.is_empty());
    // Back in again.
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.exclusion = None);
    stand.kube.register(CLUSTER, |_| {});
    stand.settled(CLUSTER, 2).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 2);
    assert_eq!(empty(), 1);
    stand.assert_quiet().await;
}

#[tokio::test]
async fn a_removal_that_was_seen_deletes() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.kube.remove(ObjectKind::ScyllaCluster, CLUSTER, true);
    stand.polls(3).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 1, "k8s-watcher has yet to prove it, when registration asks");
    stand.kube.register(CLUSTER, |registration| registration.deleting = true);
    until("all is gone", || stand.kube.tasks_of(CLUSTER).is_empty() && stand.tasks_of(CLUSTER).is_empty())
        .await;
}

#[tokio::test]
async fn absence_deletes_nothing() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.kube.remove(ObjectKind::ScyllaCluster, CLUSTER, false);
    stand.polls(5).await;
    assert_eq!((stand.kube.tasks_of(CLUSTER).len(), stand.tasks_of(CLUSTER).len()), (1, 1));
    assert!(!stand.kube.backup("daily").deleting);
}

#[tokio::test]
async fn the_removal_of_another_cluster_of_that_name_deletes_nothing() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.kube.register(CLUSTER, |registration| registration.spec.cluster_uid = "somebody-else".into());
    stand.polls(2).await;
    stand.kube.remove(ObjectKind::ScyllaCluster, CLUSTER, true);
    stand.polls(5).await;
    assert_eq!((stand.kube.tasks_of(CLUSTER).len(), stand.tasks_of(CLUSTER).len()), (1, 1));
}

#[tokio::test]
async fn with_retain_everything_in_manager_stays() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.kube.user_task("mine", CLUSTER, repair("mine"));
    stand.settled(CLUSTER, 2).await;
    let writes = stand.manager.calls().writes;
    stand.kube.register(CLUSTER, |registration| {
        registration.deleting = true;
        registration.spec.deletion_policy = DeletionPolicy::Retain;
    });
    until("the entry's object is gone", || stand.kube.tasks_of(CLUSTER).len() == 1).await;
    stand.kube.delete_task("mine");
    until("the user's object may go", || stand.kube.tasks_of(CLUSTER).is_empty()).await;
    assert_eq!((stand.tasks_of(CLUSTER).len(), stand.manager.calls().writes), (2, writes));
}

#[tokio::test]
async fn retain_holds_also_when_the_registration_is_gone_first() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.kube.user_task("mine", CLUSTER, repair("mine"));
    stand.settled(CLUSTER, 2).await;
    stand.kube.register(CLUSTER, |registration| {
        registration.deleting = true;
        registration.spec.deletion_policy = DeletionPolicy::Retain;
    });
    until("the entry's object is gone", || stand.kube.tasks_of(CLUSTER).len() == 1).await;
    stand.kube.remove(ObjectKind::ScyllaCluster, CLUSTER, true);
    stand.kube.remove(ObjectKind::Registration, CLUSTER, true);
    stand.kube.delete_task("mine");
    until("the user's object may go", || stand.kube.tasks_of(CLUSTER).is_empty()).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 2);
}

#[tokio::test]
async fn a_task_whose_registration_is_gone_is_released_and_left_in_manager() {
    let stand = Stand::with(vec![]).await;
    stand.kube.user_task("mine", CLUSTER, repair("mine"));
    stand.settled(CLUSTER, 1).await;
    stand.kube.remove(ObjectKind::ScyllaCluster, CLUSTER, false);
    stand.kube.remove(ObjectKind::Registration, CLUSTER, true);
    stand.kube.delete_task("mine");
    let writes = stand.manager.calls().writes;
    until("it is released", || stand.kube.task("mine").is_none()).await;
    // A registration that goes for good waits for its tasks; this one went with the wish that all of it stays.
    assert_eq!((stand.tasks_of(CLUSTER).len(), stand.manager.calls().writes), (1, writes));
    // And once more without a cluster in Manager.
    stand.kube.cluster("users", vec![]);
    stand.in_manager("users").await;
    stand.kube.register("users", |_| {});
    stand.kube.user_task("theirs", "users", repair("theirs"));
    stand.settled("users", 1).await;
    stand.manager.wipe();
    stand.kube.remove(ObjectKind::Registration, "users", true);
    stand.kube.delete_task("theirs");
    until("it is released", || stand.kube.task("theirs").is_none()).await;
}

#[tokio::test]
async fn beside_the_operators_own_integration_nothing_is_written() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.kube.namespace("scylla-manager", false);
    until("it is said", || reason(&stand.kube.backup("daily")) == "OperatorIntegrationActive").await;
    let (in_force, _, message) = condition(&stand.kube.backup("daily"), "Available").unwrap();
    assert!(in_force && message.contains("scylla-manager"), "{message}");
    let writes = stand.manager.calls().writes;
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.backups = vec![backup("other")]);
    until("the objects follow", || stand.kube.tasks_of(CLUSTER).len() == 2).await;
    stand.polls(4).await;
    assert_eq!(stand.manager.calls().writes, writes);
    assert!(stand.task("daily").is_some() && stand.task("other").is_none());
    stand.kube.namespace("scylla-manager", true);
    stand.settled(CLUSTER, 1).await;
    until("Manager follows", || stand.task("daily").is_none() && stand.task("other").is_some()).await;
}

#[tokio::test]
async fn an_object_that_is_deleted_although_its_entry_stays_is_made_again_and_keeps_its_task() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    let (uid, id) = (stand.kube.backup("daily").uid, stand.task("daily").unwrap().task.id);
    let writes = stand.manager.calls().writes;
    stand.kube.delete_task(&stand.kube.backup("daily").key.name);
    until("there is a new object", || {
        stand.kube.tasks_of(CLUSTER).first().is_some_and(|it| it.uid != uid && it.status.task_id == Some(id))
    })
    .await;
    stand.settled(CLUSTER, 1).await;
    assert_eq!(stand.manager.calls().writes, writes);
}
