//! What lacks is said, retried, and visible in readiness.

use std::time::Duration;

use messina_control_api::watch::v1::ObjectKind;
use messina_fake_apiserver::{Access, Account, FakeApiServer, Fault, FaultAnswer, Grant, Options};
use messina_stage::Ground;
use serde_json::json;

use crate::harness::{PATIENCE, Stage, Watcher, bare, embedded, orders};

async fn reports(watcher: &Watcher, text: &str) {
    let seen = async {
        while !watcher.readiness.report().contains(text) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, seen).await;
    assert!(waited.is_ok(), "never said '{text}': {}", watcher.readiness.report());
}

async fn definitions_that_come_late(stage: Stage) {
    let watcher = stage.watcher_with(stage.kubeconfig(), "").await;
    reports(
        &watcher,
        "scyllaclusters.scylla.scylladb.com is not served: install its CustomResourceDefinition",
    )
    .await;
    stage.datacenter.install_messina().await.unwrap();
    stage.datacenter.install_operator().await.unwrap();
    watcher.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_that_come_late_are_waited_for_on_the_embedded_server() {
    definitions_that_come_late(bare(Ground::Fake).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_that_come_late_are_waited_for_on_a_real_server() {
    let Some(ground) = messina_stage::real_ground("definitions_that_come_late") else { return };
    definitions_that_come_late(bare(ground).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forbidden_verb_names_the_rule_that_lacks() {
    let stage = embedded().await;
    let grants = vec![Grant::new("get", "", "namespaces"), Grant::new("list", "", "*")];
    let account = Account { token: "watcher-token".into(), user: "watcher".into(), grants };
    let options =
        Options { context: "east".into(), access: Access::Accounts(vec![account]), ..Options::default() };
    let server = FakeApiServer::start(options).await.unwrap();
    let kubeconfig = stage.file("restricted.kubeconfig", &server.kubeconfig_with_token("watcher-token"));
    let watcher = stage.watcher_with(kubeconfig, "").await;
    reports(&watcher, r#"verbs: ["watch"]"#).await;
    reports(&watcher, r#"resources: ["scyllaclusters"], verbs: ["list"]"#).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_is_not_there_is_waited_for() {
    let stage = embedded().await;
    let text = std::fs::read_to_string(stage.kubeconfig()).unwrap();
    let elsewhere = text.replace(&stage.datacenter.fake().unwrap().url(), "http://127.0.0.1:9");
    let watcher = stage.watcher_with(stage.file("elsewhere.kubeconfig", &elsewhere), "").await;
    reports(&watcher, "get namespaces").await;
}

fn refused(code: u16, reason: &str) -> FaultAnswer {
    FaultAnswer::Status { code, reason: reason.into(), message: "not now".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_comes_back_after_an_outage_though_nothing_changes() {
    let stage = embedded().await;
    let watcher = stage.watcher("").await;
    let server = stage.datacenter.fake().unwrap();
    server.inject(Fault::everywhere(u64::MAX, refused(500, "InternalError")));
    server.drop_watches();
    reports(&watcher, "watch scyllaclusters.scylla.scylladb.com: 500").await;
    server.clear_faults();
    watcher.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_comes_when_a_forbidden_verb_is_granted() {
    let stage = embedded().await;
    let server = stage.datacenter.fake().unwrap();
    server.inject(Fault::on("watch", "namespaces", u64::MAX, refused(403, "Forbidden")));
    let watcher = stage.watcher_with(stage.kubeconfig(), "").await;
    reports(&watcher, r#"resources: ["namespaces"], verbs: ["watch"]"#).await;
    server.clear_faults();
    watcher.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_over_and_over_is_never_ready() {
    let stage = embedded().await;
    let watcher = stage.watcher("").await;
    let server = stage.datacenter.fake().unwrap();
    // What the watch of the namespaces has seen is to be older than all that the server remembers.
    server.pause_bookmarks(true);
    stage.datacenter.namespace("staging", &[]).await.unwrap();
    stage.datacenter.seed(&orders()).await.unwrap();
    server.inject(Fault::on("list", "namespaces", 4, refused(500, "InternalError")));
    server.inject(Fault::on("list", "namespaces", u64::MAX, FaultAnswer::Hang));
    server.compact();
    server.drop_watches();
    reports(&watcher, "list namespaces: 500").await;
    // Longer than a watch has to be quiet to be taken for healed.
    let healed = tokio::time::timeout(Duration::from_secs(12), watcher.ready()).await;
    assert!(healed.is_err(), "a list that hangs was taken for a watch that works");
    server.clear_faults();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_recorded_holds_up_nothing() {
    let stage = embedded().await;
    let watcher = stage.watcher("").await;
    let mut reader = watcher.subscribe(&[ObjectKind::ScyllaCluster]).await;
    let server = stage.datacenter.fake().unwrap();
    server.inject(Fault::on("create", "events", u64::MAX, FaultAnswer::Hang));
    let mut broken = orders();
    broken.name = "broken".into();
    broken.spec = json!({"datacenter": {"racks": "none"}});
    stage.datacenter.seed(&broken).await.unwrap();
    reader.object(|object| object.key.as_ref().unwrap().name == "broken").await;
    stage.datacenter.seed(&orders()).await.unwrap();
    // Bookmarks are no sign that the watch of the API server goes on.
    let next = reader.object(|object| object.key.as_ref().unwrap().name == "orders");
    tokio::time::timeout(PATIENCE, next).await.expect("the next object, with the event still unrecorded");
    server.clear_faults();
}
