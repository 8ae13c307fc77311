//! What the writer writes, and what it refuses to.

use kube::ResourceExt;
use messina_control_api::convert::{write_definition, write_registration_status, write_task_status};
use messina_control_api::watch::v1::report_status_request::Status;
use messina_control_api::watch::v1::{
    ApplyRegistrationRequest, ApplyTaskRequest, DeleteRegistrationRequest, DeleteTaskRequest, FeedbackEntry,
    FeedbackRequest, FeedbackRoad, RegistrationSpec, ReportStatusRequest,
};
use messina_domain::condition;
use messina_domain::manager::RunState;
use messina_domain::names::OPERATOR_TASK_STATUS_ANNOTATION;
use messina_domain::registration::RegistrationStatus;
use messina_domain::task::{Backup, TaskDefinition, TaskStatus, Work};
use messina_k8s_api::kinds::Kind;
use serde_json::{Value, json};
use tonic::Code;

use messina_stage::OperatorStandIn;

use crate::harness::{Stage, Watcher, at, orders, until};

fn definition() -> TaskDefinition {
    TaskDefinition {
        name: "daily".into(),
        work: Work::Backup(Backup { location: vec!["s3:b".into()], ..Backup::default() }),
        ..TaskDefinition::default()
    }
}

async fn cluster_uid(stage: &Stage) -> String {
    stage.datacenter.api(Kind::ScyllaCluster, "prod").get("orders").await.unwrap().metadata.uid.unwrap()
}

async fn register(stage: &Stage, watcher: &Watcher) -> String {
    let spec = RegistrationSpec {
        cluster_name: "orders".into(),
        cluster_uid: cluster_uid(stage).await,
        manager_ref: "default".into(),
        ..RegistrationSpec::default()
    };
    let request =
        ApplyRegistrationRequest { namespace: "prod".into(), name: "orders".into(), spec: Some(spec) };
    watcher.writer().apply_registration(request).await.unwrap().into_inner().uid
}

async fn apply_task(stage: &Stage, watcher: &Watcher) -> String {
    let request = ApplyTaskRequest {
        namespace: "prod".into(),
        name: "orders-daily".into(),
        cluster_name: "orders".into(),
        cluster_uid: cluster_uid(stage).await,
        definition: Some(write_definition(&definition())),
    };
    watcher.writer().apply_task(request).await.unwrap().into_inner().uid
}

async fn object(stage: &Stage, kind: Kind, name: &str) -> Option<Value> {
    let found = stage.datacenter.api(kind, "prod").get_opt(name).await.unwrap();
    found.map(|object| serde_json::to_value(object).unwrap())
}

fn report(name: &str, uid: &str, status: Status, cleaned: bool) -> ReportStatusRequest {
    ReportStatusRequest {
        namespace: "prod".into(),
        name: name.into(),
        uid: uid.into(),
        status: Some(status),
        cleaned,
    }
}

pub async fn objects_are_written_reported_and_released(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let uid = register(&stage, &watcher).await;
    assert_eq!(register(&stage, &watcher).await, uid, "applying again is the same object");
    let status = RegistrationStatus {
        cluster_id: Some(uuid::Uuid::from_u128(7)),
        conditions: condition::settled("registered"),
        observed_generation: 1,
        ..RegistrationStatus::default()
    };
    let reported = || report("orders", &uid, Status::Registration(write_registration_status(&status)), false);
    watcher.writer().report_status(reported()).await.unwrap();
    let first = object(&stage, Kind::Registration, "orders").await.unwrap();
    assert_eq!(at(&first, "/status/clusterID"), "00000000-0000-0000-0000-000000000007");
    assert_eq!(at(&first, "/metadata/finalizers"), &json!(["messina.dev/registration"]));
    watcher.writer().report_status(reported()).await.unwrap();
    let again = object(&stage, Kind::Registration, "orders").await.unwrap();
    assert_eq!(at(&again, "/metadata/resourceVersion"), at(&first, "/metadata/resourceVersion"), "no write");
    let request = DeleteRegistrationRequest {
        namespace: "prod".into(),
        name: "orders".into(),
        uid: uid.clone(),
        removed_cluster_uid: String::new(),
    };
    watcher.writer().delete_registration(request).await.unwrap();
    let held = object(&stage, Kind::Registration, "orders").await.unwrap();
    assert!(at(&held, "/metadata/deletionTimestamp").is_string(), "the finalizer holds it");
    let cleaned = report("orders", &uid, Status::Registration(write_registration_status(&status)), true);
    watcher.writer().report_status(cleaned.clone()).await.unwrap();
    assert_eq!(object(&stage, Kind::Registration, "orders").await, None);
    watcher.writer().report_status(cleaned).await.expect("releasing what is gone is no error");
}

pub async fn a_removal_is_proved_before_it_is_acted_on(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let (uid, cluster) = (register(&stage, &watcher).await, cluster_uid(&stage).await);
    let request = || DeleteRegistrationRequest {
        namespace: "prod".into(),
        name: "orders".into(),
        uid: uid.clone(),
        removed_cluster_uid: cluster.clone(),
    };
    let refused = watcher.writer().delete_registration(request()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    assert!(refused.message().contains("still exists"), "{}", refused.message());
    let wrong = DeleteRegistrationRequest { uid: "another".into(), ..request() };
    assert_eq!(
        watcher.writer().delete_registration(wrong).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    stage.datacenter.uninstall(Kind::ScyllaCluster).await.unwrap();
    let refused = watcher.writer().delete_registration(request()).await.unwrap_err();
    assert!(
        at(&object(&stage, Kind::Registration, "orders").await.unwrap(), "/metadata/deletionTimestamp")
            .is_null()
    );
    assert_ne!(refused.code(), Code::Ok, "a definition that goes takes nothing along");
    stage.datacenter.install_operator().await.unwrap();
    watcher.writer().delete_registration(request()).await.expect("gone, and its kind is served");
}

pub async fn only_what_an_entry_declared_is_deleted(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let uid = apply_task(&stage, &watcher).await;
    let task = object(&stage, Kind::Task, "orders-daily").await.unwrap();
    assert_eq!(at(&task, "/spec/backup/location"), &json!(["s3:b"]));
    let own = json!({"apiVersion": "messina.dev/v1alpha1", "kind": "ScyllaDBManagerTask",
        "metadata": {"name": "mine", "namespace": "prod"},
        "spec": {"clusterRef": {"name": "orders"}, "type": "Repair"}});
    let own = serde_json::from_value(own).unwrap();
    let own = stage.datacenter.api(Kind::Task, "prod").create(&Default::default(), &own).await.unwrap();
    let request = |name: &str, uid: &str| DeleteTaskRequest {
        namespace: "prod".into(),
        name: name.into(),
        uid: uid.into(),
    };
    let refused = watcher.writer().delete_task(request("mine", &own.uid().unwrap())).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    let status = TaskStatus { observed_generation: 1, ..TaskStatus::default() };
    let status = Status::Task(write_task_status(&status));
    watcher.writer().report_status(report("mine", &own.uid().unwrap(), status, false)).await.unwrap();
    let mine = object(&stage, Kind::Task, "mine").await.unwrap();
    assert_eq!(
        at(&mine, "/metadata/finalizers"),
        &json!(["messina.dev/task"]),
        "held from the first report on"
    );
    assert_eq!(at(&mine, "/spec/type"), "Repair");
    watcher.writer().delete_task(request("orders-daily", &uid)).await.unwrap();
    assert!(object(&stage, Kind::Task, "mine").await.is_some());
}

fn entry(error: &str) -> FeedbackEntry {
    let status = TaskStatus {
        task_id: Some(uuid::Uuid::from_u128(9)),
        state: RunState::Done,
        ..TaskStatus::default()
    };
    FeedbackEntry {
        definition: Some(write_definition(&definition())),
        status: Some(write_task_status(&status)),
        error: error.into(),
    }
}

fn feedback(uid: &str, road: FeedbackRoad, entries: Vec<FeedbackEntry>) -> FeedbackRequest {
    FeedbackRequest {
        namespace: "prod".into(),
        name: "orders".into(),
        uid: uid.into(),
        road: road.into(),
        entries,
    }
}

pub async fn feedback_reaches_the_status_and_leaves_it(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let uid = cluster_uid(&stage).await;
    let direct = |entries| feedback(&uid, FeedbackRoad::Direct, entries);
    watcher.writer().feedback(direct(vec![entry("no bucket")])).await.unwrap();
    let cluster = object(&stage, Kind::ScyllaCluster, "orders").await.unwrap();
    assert_eq!(at(&cluster, "/status/backups/0/error"), "no bucket");
    assert_eq!(at(&cluster, "/status/backups/0/labels/state"), "DONE");
    assert_eq!(at(&cluster, "/status/availableMembers"), 3, "what others wrote stays");
    watcher.writer().feedback(direct(vec![])).await.unwrap();
    let cluster = object(&stage, Kind::ScyllaCluster, "orders").await.unwrap();
    assert!(at(&cluster, "/status/backups").is_null());
    let other = feedback("another-uid", FeedbackRoad::Direct, vec![entry("")]);
    watcher.writer().feedback(other).await.expect_err("another cluster of that name is left alone");
}

pub async fn feedback_through_the_operators_objects(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let uid = cluster_uid(&stage).await;
    let operator = OperatorStandIn::start(&stage.datacenter, "prod", "orders");
    until("the Operator's task object", async || {
        !stage.datacenter.list(Kind::OperatorTask).await.unwrap().is_empty()
    })
    .await;
    let mut surplus = entry("");
    surplus.definition.as_mut().unwrap().name = "weekly".into();
    let request = feedback(&uid, FeedbackRoad::Operator, vec![entry("no bucket"), surplus]);
    let missing = watcher.writer().feedback(request.clone()).await.unwrap().into_inner().missing;
    assert_eq!(missing, ["weekly"]);
    let tasks = stage.datacenter.list(Kind::OperatorTask).await.unwrap();
    let text = &tasks[0].annotations()[OPERATOR_TASK_STATUS_ANNOTATION];
    let document: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&document["error"], &document["name"]), (&json!("no bucket"), &json!("daily")));
    until("the entry in the status", async || {
        let cluster = object(&stage, Kind::ScyllaCluster, "orders").await.unwrap();
        at(&cluster, "/status/backups/0/error") == "no bucket"
    })
    .await;
    drop(operator);
    let before = tasks[0].resource_version();
    watcher.writer().feedback(request).await.unwrap();
    let after = stage.datacenter.list(Kind::OperatorTask).await.unwrap();
    assert_eq!(after[0].resource_version(), before, "no write when nothing changes");
}

pub async fn an_older_report_does_not_win(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let uid = apply_task(&stage, &watcher).await;
    let with = |generation: i64, state: RunState| {
        let status = TaskStatus { state, observed_generation: generation, ..TaskStatus::default() };
        report("orders-daily", &uid, Status::Task(write_task_status(&status)), false)
    };
    let superseded = |request| {
        let mut writer = watcher.writer();
        async move { writer.report_status(request).await.unwrap().into_inner().superseded }
    };
    assert!(!superseded(with(2, RunState::Done)).await);
    assert!(superseded(with(1, RunState::Error)).await);
    let task = object(&stage, Kind::Task, "orders-daily").await.unwrap();
    assert_eq!(at(&task, "/status/state"), "DONE");
}
