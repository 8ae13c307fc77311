//! What lacks is said, retried, and visible in readiness.

use std::time::Duration;

use messina_fake_apiserver::{Access, Account, FakeApiServer, Grant, Options};
use messina_stage::Ground;

use crate::harness::{PATIENCE, Stage, Watcher, bare, embedded};

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
