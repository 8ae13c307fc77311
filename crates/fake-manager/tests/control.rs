//! The control API: faults, calls, agents, scripts and the clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use std::time::Duration;

use harness::Server;
use messina_fake_manager::{Fault, FaultRule};
use reqwest::Method;
use serde_json::{Value, json};

fn body() -> Value {
    json!({"name": "c", "host": "h", "auth_token": "very-secret", "without_repair": true})
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_work_done_or_not() {
    let s = Server::start().await;
    s.post(
        "/_fake/faults",
        json!({"method": "POST", "path_prefix": "/api/v1/clusters", "count": 1, "fault": "drop_before"}),
    )
    .await
    .is(200, "");
    s.try_call(Method::POST, "/clusters", Some(&body().to_string())).await.map(|a| a.status).unwrap_err();
    assert_eq!(s.get("/clusters").await.text, "[]\n");
    s.manager.add_fault(FaultRule::new("POST", "/api/v1/clusters", 1, Fault::DropAfterCommit));
    s.try_call(Method::POST, "/clusters", Some(&body().to_string())).await.map(|a| a.status).unwrap_err();
    assert_eq!(s.get("/clusters").await.json()[0]["name"], "c");
    s.post("/clusters", body()).await.is(400, "is already taken");
}

#[tokio::test]
async fn answers_can_be_replaced_before_or_after_the_work() {
    let s = Server::start().await;
    let rule = |fault| FaultRule::new("POST", "/api/v1/clusters", 1, fault);
    s.manager.add_fault(rule(Fault::Status).answering(503, ""));
    s.post("/clusters", body()).await.is(503, "Service Unavailable");
    s.manager.add_fault(rule(Fault::EmptyBody));
    assert_eq!(s.post("/clusters", body()).await.is(500, "").text, "");
    s.manager.add_fault(rule(Fault::Garbage).answering(502, ""));
    s.post("/clusters", body()).await.is(502, "<html>");
    assert_eq!(s.get("/clusters").await.text, "[]\n");
    s.manager.add_fault(rule(Fault::Status).answering(504, "too late").committed());
    s.post("/clusters", body()).await.is(504, "too late");
    assert_eq!(s.manager.snapshot().clusters.len(), 1);
    s.manager.add_fault(FaultRule::new("GET", "/api/v1/clusters", 1, Fault::TwoDocuments));
    assert_eq!(s.get("/clusters").await.is(200, "").documents(), 2);
    assert_eq!(s.get("/clusters").await.is(200, "").documents(), 1, "good for one call");
}

#[tokio::test]
async fn the_database_can_be_down_while_the_process_is_up() {
    let s = Server::start().await;
    s.post("/_fake/faults", json!({"fault": "db_down"})).await.is(200, "");
    s.get("/clusters").await.is(500, "gocql:");
    s.get("/ping").await.is(204, "");
    s.get("/version").await.is(200, "");
    s.delete("/_fake/faults").await.is(200, "");
    s.get("/clusters").await.is(200, "");
}

#[tokio::test]
async fn racy_creates_take_a_name_twice() {
    let s = Server::start().await;
    s.post("/clusters", body()).await.is(201, "");
    let task = json!({"type": "repair", "name": "n", "properties": {}, "schedule": {"cron": "0 0 * * *"}});
    s.post("/cluster/c/tasks", task.clone()).await.is(201, "");
    s.manager.add_fault(FaultRule::new("POST", "/api/v1/", 2, Fault::RacyCreates));
    s.post("/cluster/c/tasks", task).await.is(201, "");
    s.post("/clusters", body()).await.is(201, "");
    s.get("/cluster/c").await.is(500, "multiple clusters share the same name");
}

#[tokio::test]
async fn a_delay_keeps_one_caller_waiting() {
    let s = Server::start().await;
    s.manager.add_fault(
        FaultRule::new("GET", "/api/v1/clusters", 1, Fault::None).delayed(Duration::from_secs(3600)),
    );
    let http = s.http.clone();
    let slow = http.get(format!("{}/api/v1/clusters", s.manager.url())).timeout(Duration::from_millis(100));
    assert!(slow.send().await.unwrap_err().is_timeout());
    s.get("/clusters").await.is(200, "");
}

#[tokio::test]
async fn calls_are_counted_and_logged_without_secrets() {
    let s = Server::start().await;
    s.post("/clusters", body()).await.is(201, "");
    let traced = s.http.get(format!("{}/api/v1/cluster/c/tasks?all=true", s.manager.url()));
    traced
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .send()
        .await
        .unwrap();
    let answer = s.get("/_fake/calls?log=true").await.is(200, "[redacted]");
    assert!(!answer.text.contains("very-secret"));
    let calls = answer.json();
    assert_eq!((&calls["reads"], &calls["writes"]), (&json!(1), &json!(1)));
    assert_eq!(calls["log"][0]["body"]["name"], "c");
    assert_eq!(calls["log"][0]["status"], 201);
    assert!(calls["log"][1]["traceparent"].as_str().unwrap().starts_with("00-0af"));
    assert_eq!(s.manager.calls().of("GET", "/api/v1/cluster/{c}/tasks"), 1);
    assert!(!format!("{:?} {:?}", s.manager.snapshot(), s.manager).contains("very-secret"));
    s.post("/_fake/calls/reset", json!({})).await.is(200, "");
    assert_eq!(s.manager.calls().reads, 0);
    assert_eq!(s.get("/_fake/calls").await.json().get("log"), None);
}

#[tokio::test]
async fn everything_can_be_set_over_http() {
    let s = Server::start().await;
    s.post("/_fake/agents", json!({"host": "h", "tokens": ["other"], "latency": "5ms", "dcs": ["dc1"]}))
        .await
        .is(200, "");
    s.post("/clusters", body()).await.is(500, "known hosts");
    s.post("/_fake/agents", json!({"host": "h", "tokens": "very-secret", "reachable": 3}))
        .await
        .is(400, "an agent has");
    s.delete("/_fake/agents").await.is(200, "");
    s.post("/clusters", body()).await.is(201, "");
    let script = json!({"type": "repair", "task": "n", "outcome": "error", "cause": "why", "duration": "1m", "progress": 42});
    s.post("/_fake/scripts", script).await.is(200, "");
    let path = s.task(json!({"type": "repair", "name": "n", "enabled": true, "properties": {}})).await;
    assert_eq!(s.get(&format!("{path}/latest")).await.json()["progress"]["success_percentage"], 42);
    s.post("/_fake/clock", json!({"advance": "1m"})).await.is(200, "2026-01-01T00:01:00Z");
    assert_eq!(s.get(&format!("{path}/latest")).await.json()["run"]["cause"], "why");
    s.post("/_fake/scripts", json!({"task": "n", "outcome": "hold"})).await.is(200, "");
    s.call(Method::PUT, &format!("{path}/start"), None).await.is(200, "");
    let released = s.post("/_fake/release", json!({"task": "n", "outcome": "success"})).await;
    assert_eq!(released.json()["released"], 1);
    assert_eq!(s.item(&path).await["status"], "DONE");
    s.post("/_fake/clock", json!({"now": "2026-01-01T12:00:00Z"})).await.is(200, "\"stopped\":true");
    s.post("/_fake/clock", json!({"resume": true})).await.is(200, "\"stopped\":false");
    for (path, body) in
        [("clock", json!({"when": 1})), ("faults", json!({"fault": "x"})), ("scripts", json!({"tpye": 1}))]
    {
        s.post(&format!("/_fake/{path}"), body).await.is(400, "malformed request: ");
    }
    s.post("/_fake/nothing", json!({})).await.is(404, "no such control");
}

#[tokio::test]
async fn a_server_that_is_shut_down_answers_nobody() {
    let Server { manager, http } = Server::start().await;
    let url = format!("{}/ping", manager.url());
    http.get(&url).send().await.unwrap();
    manager.add_fault(
        FaultRule::new("GET", "/api/v1/clusters", 1, Fault::None).delayed(Duration::from_secs(3600)),
    );
    let clusters = format!("{}/api/v1/clusters", manager.url());
    let under_way = tokio::spawn(http.get(clusters).send());
    while manager.calls().of("GET", "/api/v1/clusters") == 0 {
        tokio::task::yield_now().await;
    }
    manager.shutdown().await;
    under_way.await.unwrap().unwrap_err();
    http.get(&url).send().await.unwrap_err();
}
