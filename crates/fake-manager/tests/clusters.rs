//! Clusters: what is surprising about registering, changing and deleting them.
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
use messina_fake_manager::{AcceptedTokens, Agent};
use reqwest::Method;
use serde_json::json;

const ID: &str = "11111111-2222-3333-4444-555555555555";

#[tokio::test]
async fn creating_answers_201_without_a_body_and_with_a_relative_location() {
    let s = Server::start().await;
    assert_eq!(s.get("/clusters").await.text, "[]\n");
    let created = s.post("/clusters", json!({"name": "c", "host": "h", "auth_token": "t"})).await;
    assert_eq!((created.status, created.text.as_str(), created.content_type.as_deref()), (201, "", None));
    assert_eq!(created.location.clone().unwrap(), format!("/api/v1/cluster/{}", created.id()));
    let slashed = s.post("/clusters/", json!({"host": "h", "auth_token": "t"})).await;
    assert!(slashed.location.unwrap().starts_with("/api/v1/clusters/cluster/"));
    s.get("/cluster/c/").await.is(200, "");
}

#[tokio::test]
async fn the_token_is_shown_in_clear_and_credentials_only_as_set_in_the_list() {
    let s = Server::start().await;
    let body = json!({"name": "c", "host": "h", "auth_token": "t<&>", "username": "u", "password": "p", "labels": {},
        "alternator_access_key_id": "k", "alternator_secret_access_key": "s"});
    s.post("/clusters", body).await.is(201, "");
    let one = s.get("/cluster/c").await;
    assert!(one.text.contains(r#""auth_token":"t\u003c\u0026\u003e""#), "{}", one.text);
    assert_eq!(one.json().get("username"), None);
    assert!(one.json()["labels"].is_null(), "an empty map reads back null");
    assert_eq!(one.json().get("port"), None);
    let listed = s.get("/clusters").await.json()[0].clone();
    for key in ["username", "password", "alternator_access_key_id", "alternator_secret_access_key"] {
        assert_eq!(listed[key], "set");
    }
    s.delete("/cluster/c?cql_creds=true").await.is(200, "");
    let listed = s.get("/clusters").await.json()[0].clone();
    assert_eq!((listed.get("username"), &listed["alternator_access_key_id"]), (None, &json!("set")));
}

#[tokio::test]
async fn put_replaces_everything_but_secrets_and_echoes_the_request() {
    let s = Server::start().await;
    let body = json!({"name": "c", "host": "h", "auth_token": "t", "port": 10, "labels": {"a": "b"},
        "username": "u", "password": "p"});
    let id = s.post("/clusters", body).await.id();
    let echo = s
        .put(
            &format!("/cluster/{id}"),
            json!({"id": ID, "host": "h", "auth_token": "t", "username": "v", "password": "w"}),
        )
        .await
        .is(200, "")
        .json();
    assert_eq!((&echo["id"], &echo["name"], &echo["password"]), (&json!(id), &json!(""), &json!("w")));
    let stored = s.get(&format!("/cluster/{id}")).await.json();
    assert_eq!((&stored["name"], &stored["labels"], stored.get("port")), (&json!(""), &json!(null), None));
    s.put(&format!("/cluster/{id}"), json!({"host": "h", "auth_token": "t"})).await.is(200, "");
    assert_eq!(s.get("/clusters").await.json()[0]["username"], "set", "omitted secrets stay");
}

#[tokio::test]
async fn a_chosen_id_makes_create_an_upsert() {
    let s = Server::start().await;
    let body = |name: &str| json!({"id": ID, "name": name, "host": "h", "auth_token": "t"});
    assert_eq!(s.post("/clusters", body("a")).await.is(201, "").id(), ID);
    assert_eq!(s.post("/clusters", body("b")).await.is(201, "").id(), ID);
    assert_eq!(s.get("/clusters").await.json().as_array().unwrap().len(), 1);
    assert_eq!(s.get(&format!("/cluster/{ID}")).await.json()["name"], "b");
    let tasks = s.get("/cluster/b/tasks?all=true").await.json();
    assert_eq!(tasks.as_array().unwrap().len(), 4, "no second set of default tasks");
}

#[tokio::test]
async fn names_are_unique_and_no_uuids() {
    let s = Server::start().await;
    s.cluster("c").await;
    let body = |name: &str| json!({"name": name, "host": "h", "auth_token": "t"});
    s.post("/clusters", body("c")).await.is(400, "is already taken");
    s.post("/clusters", body(ID)).await.is(400, "name cannot be an UUID");
    for _ in 0..2 {
        s.post("/clusters", json!({"host": "h", "auth_token": "t"})).await.is(201, "");
    }
    s.post("/clusters", json!({"host": "h", "auth_token": "t", "username": "u"})).await.is(400, "");
    s.post(
        "/clusters",
        json!({"host": "h", "auth_token": "t", "ssl_user_cert_file": "x", "ssl_user_key_file": "y"}),
    )
    .await
    .is(400, "PEM");
}

#[tokio::test]
async fn concurrent_creates_of_one_name_all_succeed_and_then_the_name_is_unusable() {
    let s = Server::start().await;
    // Between the check of the name and the row, the agent is asked.
    s.manager.set_agent("h", Agent { latency: Duration::from_secs(1), ..Agent::default() });
    let body = json!({"name": "twin", "host": "h", "auth_token": "t", "without_repair": true});
    let (a, b) = tokio::join!(s.post("/clusters", body.clone()), s.post("/clusters", body.clone()));
    assert_eq!((a.status, b.status), (201, 201));
    s.get("/cluster/twin").await.is(500, "multiple clusters share the same name");
    s.post("/clusters", body).await.is(500, "multiple clusters share the same name");
    s.delete(&format!("/cluster/{}", b.id())).await.is(200, "");
    assert_eq!(s.get("/cluster/twin").await.is(200, "").json()["id"], a.id());
}

#[tokio::test]
async fn a_wrong_token_looks_like_an_unreachable_host() {
    let s = Server::start().await;
    s.manager.set_agent("down", Agent { reachable: false, ..Agent::default() });
    s.manager
        .set_agent("strict", Agent { tokens: AcceptedTokens(Some(vec!["good".into()])), ..Agent::default() });
    let body = |host: &str| json!({"host": host, "auth_token": "bad"});
    let down =
        s.post("/clusters", body("down")).await.is(500, "unable to connect to any of cluster's known hosts");
    let strict = s.post("/clusters", body("strict")).await.is(500, "port 10001");
    assert_eq!(down.message(), strict.message());
    s.post("/clusters", json!({"auth_token": "t"})).await.is(500, "known hosts");
    assert_eq!(s.get("/clusters").await.text, "[]\n");
    let down = Agent { reachable: false, ..Agent::default() };
    s.manager.set_agent("10.0.0.9", down);
    s.manager.set_agent("many", Agent { peers: vec!["10.0.0.9".into()], ..Agent::default() });
    s.post("/clusters", body("many")).await.is(500, "connectivity check: 10.0.0.9: ");
    s.manager.set_agent("10.0.0.9", Agent { reachable: false, gossip_down: true, ..Agent::default() });
    s.post("/clusters", body("many")).await.is(201, "");
}

#[tokio::test]
async fn connectivity_is_checked_only_when_host_port_or_token_change() {
    let s = Server::start().await;
    s.cluster("c").await;
    let body = |host: &str, token: &str| json!({"name": "c", "host": host, "auth_token": token, "labels": {"a": "b"}});
    s.manager.set_agent("nowhere", Agent { reachable: false, ..Agent::default() });
    s.put("/cluster/c", body("nowhere", "token")).await.is(200, "");
    assert_eq!(s.get("/cluster/c").await.json()["host"], "nowhere", "stored: an old node still answers");
    s.put("/cluster/c", body("10.0.0.1", "token")).await.is(200, "");
    s.manager.set_agent("10.0.0.1", Agent { reachable: false, ..Agent::default() });
    s.put("/cluster/c", body("10.0.0.1", "token")).await.is(200, "");
    s.put("/cluster/c", body("10.0.0.1", "other")).await.is(500, "known hosts");
}

#[tokio::test]
async fn a_cluster_comes_with_its_tasks() {
    let s = Server::start().await;
    s.post("/clusters", json!({"name": "c", "host": "h", "auth_token": "t"})).await.is(201, "");
    let tasks = s.get("/cluster/c/tasks").await.json();
    let names: Vec<&str> =
        tasks.as_array().unwrap().iter().map(|task| task["name"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| ["cql", "rest", "alternator"].contains(name)).count(), 3);
    let weekly = tasks.as_array().unwrap().iter().find(|task| task["name"] == "all-weekly").unwrap().clone();
    assert_eq!(weekly["schedule"]["cron"], r#"{"spec":"0 23 * * SAT","start_date":"0001-01-01T00:00:00Z"}"#);
    assert_eq!(
        (&weekly["schedule"]["num_retries"], &weekly["schedule"]["retry_wait"]),
        (&json!(3), &json!(""))
    );
    assert_eq!(weekly["next_activation"], "2026-01-03T23:00:00Z");
    let without = Server::start().await;
    without.cluster("c").await;
    assert_eq!(without.get("/cluster/c/tasks").await.json().as_array().unwrap().len(), 3);
    without.get("/cluster/d/tasks").await.is(404, "get resource: load cluster");
}

#[tokio::test]
async fn deleting_with_a_false_flag_deletes_the_cluster() {
    let s = Server::start().await;
    s.cluster("c").await;
    s.delete("/cluster/c?cql_creds=nonsense").await.is(400, "malformed request: ");
    s.delete("/cluster/c?cql_creds=true").await.is(200, "");
    s.get("/cluster/c").await.is(200, "");
    s.delete("/cluster/c?cql_creds=false").await.is(200, "");
    s.get("/cluster/c").await.is(404, "get resource: ");
    s.delete("/cluster/c").await.is(404, "get resource: ");
}

#[tokio::test]
async fn a_client_that_gives_up_late_has_made_a_cluster() {
    let s = Server::start().await;
    let request = || {
        s.http
            .post(format!("{}/api/v1/clusters", s.manager.url()))
            .body(r#"{"name":"c","host":"h","auth_token":"t"}"#)
    };
    s.manager.set_latency(Duration::from_secs(3600));
    let early = request().timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert!(early.is_timeout());
    assert!(s.manager.snapshot().clusters.is_empty(), "the agents were not done");
    // A quarter of the latency comes before the row.
    s.manager.set_latency(Duration::from_secs(8));
    let call = tokio::spawn(request().send());
    while s.manager.snapshot().clusters.is_empty() {
        assert!(!call.is_finished(), "it is answered only after the row is there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert!(s.manager.snapshot().cluster("c").is_some());
}

#[tokio::test]
async fn bodies_are_read_as_the_real_server_reads_them() {
    let s = Server::start().await;
    for (body, status, part) in [
        ("", 400, "malformed request: EOF"),
        ("{", 400, "malformed request: unexpected EOF"),
        ("[]", 400, "malformed request: json: cannot unmarshal array"),
        (r#"{"name": 1}"#, 400, "malformed request: json: cannot unmarshal number"),
        (r#"{"labels": {"a": 1}}"#, 400, "malformed request: json: cannot unmarshal object"),
        ("null", 500, "known hosts"),
        (r#"{"NAME": "x", "Host": "h", "AUTH_TOKEN": "t", "unknown": {}, "name": "y"} trailing"#, 201, ""),
    ] {
        s.call(Method::POST, "/clusters", Some(body)).await.is(status, part);
    }
    s.get("/cluster/y").await.is(200, "");
}

#[tokio::test]
async fn paths_are_ids_or_names_and_decode_like_queries() {
    let s = Server::start().await;
    let id = s.cluster("a/b+c d").await;
    s.get("/cluster/a%2Fb%2Bc%20d").await.is(200, &id);
    s.get("/cluster/a%2Fb%2Bc+d").await.is(200, &id);
    s.get(&format!("/cluster/{}", id.to_uppercase())).await.is(200, &id);
    let unknown = s.get("/nothing").await.is(404, "find endpoint for path");
    let keys: Vec<String> = unknown.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["details", "message", "trace_id"]);
    assert_eq!(s.call(Method::PATCH, "/clusters", None).await.is(405, "").text, "");
    s.get("/ping").await.is(204, "");
    s.get("/version").await.is(200, "version");
}

#[tokio::test]
async fn status_shows_every_node() {
    let s = Server::start().await;
    s.manager.set_agent("10.0.0.1", Agent { peers: vec!["10.0.0.2".into()], ..Agent::default() });
    s.cluster("c").await;
    s.manager.set_agent("10.0.0.2", Agent { reachable: false, ..Agent::default() });
    let nodes = s.get("/cluster/c/status").await.is(200, "").json();
    assert_eq!((&nodes[0]["status"], &nodes[1]["status"]), (&json!("UN"), &json!("DN")));
}
