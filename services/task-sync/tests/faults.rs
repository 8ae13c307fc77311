//! What goes wrong holds up what it concerns, is said where a person looks, and passes without a trace.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod stand;

use std::collections::BTreeSet;
use std::time::Duration;

use messina_control_api::watch::v1::ObjectKind;
use messina_domain::manager::TaskKind;
use messina_fake_manager::{Agent, Fault, FaultRule};
use stand::{CLUSTER, Stand, TASKS, backup, condition, cron, reason, repair, until};
use tonic::Status;

const ANY: &str = "/api/v1/cluster/";

#[tokio::test]
async fn a_create_that_goes_wrong_in_any_way_makes_one_task() {
    let post = |fault| FaultRule::new("POST", ANY, 1, fault);
    for (what, rule) in [
        ("500", post(Fault::Status).answering(500, r#"{"message":"gocql: no hosts available in the pool"}"#)),
        ("500 after the work was done", post(Fault::Status).answering(500, "{}").committed()),
        ("no body", post(Fault::EmptyBody).answering(500, "")),
        ("garbage", post(Fault::Garbage).answering(200, "<html>")),
        ("garbage after the work was done", post(Fault::Garbage).answering(201, "<html>").committed()),
        ("no answer after the work was done", post(Fault::DropAfterCommit)),
        ("no answer", post(Fault::DropBefore)),
    ] {
        let mut stand = Stand::new().await;
        // Rare polls, so that a list that was not asked for again would still be in use.
        stand.config.poll_interval = Duration::from_secs(20);
        stand.cluster(CLUSTER, vec![backup("daily"), repair("weekly")]).await;
        stand.manager.add_fault(rule);
        stand.start().await;
        stand.settled(CLUSTER, 2).await;
        let names: Vec<_> = stand.tasks_of(CLUSTER).into_iter().map(|view| view.task.name).collect();
        assert_eq!(names.len(), 2, "{what}: {names:?}");
        assert_looked_between(&stand, what);
    }
}

/// Between two attempts at the same task Manager was asked what it holds.
fn assert_looked_between(stand: &Stand, what: &str) {
    let mut tried = BTreeSet::new();
    let mut again = 0;
    for call in stand.manager.call_log() {
        match call.method.as_str() {
            "GET" if call.route == TASKS => tried.clear(),
            "POST" => {
                again += 1;
                assert!(tried.insert(call.body["name"].to_string()), "{what}: repeated blindly");
            }
            _ => {}
        }
    }
    assert!(again >= 2, "{what}");
}

#[tokio::test]
async fn a_list_that_makes_no_sense_changes_nothing() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    let writes = stand.manager.calls().writes;
    stand.manager.add_fault(FaultRule::new("GET", ANY, 8, Fault::Garbage).answering(200, "[{\"id\":7}]"));
    until("it is said", || reason(&stand.kube.backup("daily")) == "ManagerAnswerUnreadable").await;
    let (available, _, _) = condition(&stand.kube.backup("daily"), "Available").unwrap();
    assert!(available, "the task is in force all the same");
    stand.settled(CLUSTER, 1).await;
    assert_eq!(stand.manager.calls().writes, writes);
}

#[tokio::test]
async fn a_mistake_in_one_entry_is_said_and_the_others_go_on() {
    let mut broken = backup("broken");
    broken.schedule = cron("61 * * * *");
    let mut other = repair("twice");
    other.schedule = cron("0 5 * * *");
    let stand = Stand::with(vec![broken, backup("daily"), repair("twice"), other]).await;
    let entry = |kind: TaskKind, name: &str| stand.kube.entry(CLUSTER, &kind, name);
    until("the good one is made", || {
        entry(TaskKind::Backup, "daily").is_some_and(|it| stand::is_settled(&it))
    })
    .await;
    let faults = || {
        let reason_of = |kind, name| entry(kind, name).map(|it| reason(&it)).unwrap_or_default();
        (reason_of(TaskKind::Backup, "broken"), reason_of(TaskKind::Repair, "twice"))
    };
    until("both mistakes are said", || faults() == ("InvalidCron".into(), "DuplicateTaskName".into())).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 1);
    let (degraded, _, message) = condition(&stand.kube.backup("broken"), "Degraded").unwrap();
    assert!(degraded && message.contains("minute '61'"), "{message}");
    until("the feedback says so too", || {
        let feedbacks = stand.kube.feedbacks();
        let errors: Vec<_> = feedbacks.last().map(|it| it.entries.iter().map(|entry| entry.error.clone()).collect()).unwrap_or_default();
        matches!(errors.as_slice(), [one, two, three, four] if one.starts_with("InvalidCron: ") && two.is_empty()
            && three.starts_with("DuplicateTaskName: ") && three.contains("; give each entry its own name") && four == three)
    })
    .await;
    let name = stand.kube.backup("broken").key.name;
    until("an event warns", || stand.kube.events(&name).iter().any(|it| it.0 && it.1 == "InvalidCron")).await;
    stand.assert_quiet().await;
    // The mistake is put right.
    stand.kube.edit_cluster(CLUSTER, |cluster| {
        cluster.backups[0].schedule = cron("1 * * * *");
        cluster.repairs.pop();
    });
    stand.settled(CLUSTER, 3).await;
}

#[tokio::test]
async fn a_mistake_keeps_what_manager_has() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.backups[0].schedule = cron("never"));
    until("the mistake is said", || reason(&stand.kube.backup("daily")) == "InvalidCron").await;
    let (in_force, _, _) = condition(&stand.kube.backup("daily"), "Available").unwrap();
    assert!(in_force && stand.task("daily").is_some());
}

#[tokio::test]
async fn a_location_that_is_refused_holds_up_that_backup_alone() {
    let mut stand = Stand::new().await;
    stand.cluster(CLUSTER, vec![backup("daily"), repair("weekly")]).await;
    let refused_locations = vec!["s3:bucket".to_owned()];
    stand.manager.set_agent("*", Agent { refused_locations, ..Agent::default() });
    stand.start().await;
    until("the refusal is said", || {
        stand
            .kube
            .entry(CLUSTER, &TaskKind::Backup, "daily")
            .is_some_and(|task| reason(&task) == "LocationRefused")
    })
    .await;
    until("the other goes on", || {
        stand::is_settled(&stand.kube.entry(CLUSTER, &TaskKind::Repair, "weekly").unwrap())
    })
    .await;
    let (_, _, message) = condition(&stand.kube.backup("daily"), "Available").unwrap();
    assert!(message.contains("; "), "a hint follows: {message}");
    until("the feedback says so", || {
        let feedbacks = stand.kube.feedbacks();
        feedbacks.last().is_some_and(|it| it.entries[0].error.starts_with("LocationRefused: "))
    })
    .await;
    stand.manager.reset_agents();
    stand.settled(CLUSTER, 2).await;
    until("the feedback is cleared", || stand.kube.feedbacks().last().unwrap().entries[0].error.is_empty())
        .await;
}

#[tokio::test]
async fn manager_goes_and_comes_back() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    let id = stand.task("daily").unwrap().task.id;
    stand.manager.add_fault(FaultRule { fault: Fault::DropBefore, ..FaultRule::default() });
    until("it is said", || reason(&stand.kube.backup("daily")) == "ManagerUnavailable").await;
    // An entry that comes meanwhile has its object, and waits.
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.repairs.push(repair("late")));
    until("the new object waits", || {
        stand
            .kube
            .entry(CLUSTER, &TaskKind::Repair, "late")
            .is_some_and(|task| reason(&task) == "ManagerUnavailable")
    })
    .await;
    assert_eq!(stand.kube.backup("daily").status.task_id, Some(id), "what is known stays known");
    stand.manager.clear_faults();
    stand.settled(CLUSTER, 2).await;
    assert_eq!(stand.task("daily").unwrap().task.id, id);
}

#[tokio::test]
async fn manager_that_lost_everything_is_filled_again() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.manager.wipe();
    until("the loss is said", || reason(&stand.kube.backup("daily")) == "ClusterUnknownToManager").await;
    assert_eq!(stand.kube.backup("daily").status.task_id, None);
    stand.in_manager(CLUSTER).await;
    stand.settled(CLUSTER, 1).await;
    assert_eq!(stand.tasks_of(CLUSTER).len(), 1);
}

#[tokio::test]
async fn a_writer_that_is_away_does_not_keep_manager_waiting() {
    let stand = Stand::with(vec![backup("daily")]).await;
    stand.settled(CLUSTER, 1).await;
    stand.kube.set_down(Some(Status::unavailable("no leader")));
    stand.kube.edit_task(&stand.kube.backup("daily").key.name, |task| task.schedule = cron("9 9 * * *"));
    until("Manager has it", || {
        serde_json::to_value(stand.task("daily").unwrap().task).unwrap()["schedule"]["cron"]
            .as_str()
            .unwrap()
            .contains("9 9")
    })
    .await;
    stand.kube.set_down(None);
    // The object's edit was not the ScyllaCluster's: it is put back, in both places.
    stand.settled(CLUSTER, 1).await;
    until("it is as the entry says", || {
        serde_json::to_value(stand.task("daily").unwrap().task).unwrap()["schedule"]["cron"]
            .as_str()
            .unwrap()
            .contains("0 2 * * *")
    })
    .await;
}

#[tokio::test]
async fn an_object_that_the_api_server_refuses_stops_no_other() {
    let stand = Stand::with(vec![]).await;
    stand.kube.refuse_applies_of("broken", Status::invalid_argument("metadata.name: too long"));
    stand.kube.edit_cluster(CLUSTER, |cluster| cluster.backups = vec![backup("broken"), backup("daily")]);
    until("the other goes on", || stand.task("daily").is_some()).await;
    until("the refusal reaches the entry", || {
        let feedbacks = stand.kube.feedbacks();
        feedbacks
            .last()
            .is_some_and(|it| it.entries.first().is_some_and(|entry| entry.error.contains("too long")))
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_left_alone() {
    let stand = Stand::with(vec![backup("daily"), repair("weekly")]).await;
    stand.settled(CLUSTER, 2).await;
    let name = stand.kube.backup("daily").key.name;
    stand.kube.spoil(ObjectKind::ScyllaCluster, CLUSTER);
    stand.polls(3).await;
    assert_eq!((stand.kube.tasks_of(CLUSTER).len(), stand.tasks_of(CLUSTER).len()), (2, 2));
    stand.kube.delete_task(&name);
    until("the doubt is said", || reason(&stand.kube.backup("daily")) == "Undecodable").await;
    assert!(stand.task("daily").is_some());
    stand.kube.spoil(ObjectKind::Task, &name);
    stand.kube.cluster(CLUSTER, vec![]);
    until("the readable one goes", || stand.tasks_of(CLUSTER).len() == 1).await;
    stand.kube.cluster(CLUSTER, vec![backup("daily"), repair("new")]);
    until("the others go on", || stand.tasks_of(CLUSTER).len() == 2).await;
    let touched = stand.kube.writes().iter().any(|write| match write {
        stand::kube::Write::Delete(request) => request.name == name,
        _ => false,
    });
    assert!(!touched && stand.task("daily").is_some());
}

#[tokio::test]
async fn a_cluster_that_is_not_registered_says_why_and_manager_is_not_asked() {
    let mut stand = Stand::new().await;
    stand.kube.cluster(CLUSTER, vec![backup("daily")]);
    stand.start().await;
    let waits = |part: &str| {
        let task = stand.kube.entry(CLUSTER, &TaskKind::Backup, "daily");
        let said = task.and_then(|task| condition(&task, "Available"));
        said.is_some_and(|(_, reason, message)| reason == "ClusterNotRegistered" && message.contains(part))
    };
    until("it waits", || waits("registration object is not made")).await;
    stand.kube.register(CLUSTER, |registration| {
        registration.status.cluster_id = None;
        let fault =
            messina_fault::Fault::waiting("NoAvailableNode", "no node of the cluster is available yet");
        registration.status.conditions = messina_domain::condition::held_up(&fault, false);
    });
    until("it says what the registration says", || waits("NoAvailableNode: no node")).await;
    assert_eq!(stand.lists(), 0);
    let name = stand.kube.backup("daily").key.name;
    assert!(stand.kube.events(&name).is_empty(), "waiting for the registration is no event");
    // An object that goes meanwhile holds nobody up.
    stand.kube.user_task("mine", CLUSTER, backup("mine"));
    until("it is seen", || !reason(&stand.kube.task("mine").unwrap()).is_empty()).await;
    stand.kube.delete_task("mine");
    until("it is released", || stand.kube.task("mine").is_none()).await;
    stand.in_manager(CLUSTER).await;
    stand.kube.register(CLUSTER, |_| {});
    stand.settled(CLUSTER, 1).await;
}
