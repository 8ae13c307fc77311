//! Tasks: what is surprising about creating, changing, listing and deleting them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use harness::Server;
use messina_fake_manager::{Agent, RunScript, ScriptKey};
use reqwest::Method;
use serde_json::{Value, json};

const UNKNOWN: &str = "11111111-2222-3333-4444-555555555555";

async fn with_cluster() -> Server {
    let s = Server::start().await;
    s.cluster("c").await;
    s
}

fn daily(name: &str) -> Value {
    json!({"type": "repair", "name": name, "enabled": true, "properties": {}, "schedule": {"cron": "0 0 * * *"}})
}

#[tokio::test]
async fn without_enabled_a_task_is_disabled_and_not_in_the_default_list() {
    let s = with_cluster().await;
    let body = json!({"type": "repair", "properties": {}, "schedule": {"cron": "0 0 * * *"}});
    let created = s.post("/cluster/c/tasks", body).await.is(201, "");
    let (location, id) = (created.location.clone().unwrap(), created.id());
    assert_eq!(
        location,
        format!("/api/v1/cluster/c/task/repair/{id}"),
        "it keeps the name that the client used"
    );
    assert_eq!(s.get("/cluster/c/tasks?type=repair").await.text, "null\n");
    assert_eq!(s.get(&format!("/cluster/c/tasks?task_id={id}")).await.text, "null\n");
    let item = s.item(&location).await;
    assert_eq!((item.get("enabled"), &item["next_activation"]), (None, &Value::Null));
    let slashed = s.post("/cluster/c/tasks/", daily("")).await.location.unwrap();
    assert!(slashed.starts_with("/api/v1/cluster/c/tasks/task/repair/"));
}

#[tokio::test]
async fn what_is_written_is_not_what_is_read() {
    let s = with_cluster().await;
    let path = s
        .task(json!({"type": "repair", "name": "n", "enabled": true, "labels": {"a": "b"}, "tags": ["x"],
            "properties": {"z": 1.50, "a": "<"},
            "schedule": {"cron": "0 23 * * SAT", "timezone": "America/New_York", "retry_wait": "90s",
                "window": ["SAT-22:00", "SUN-05:00"], "num_retries": 2}}))
        .await;
    let answer = s.get(&path).await;
    let task = answer.json();
    assert!(answer.text.contains(r#""properties":{"a":"\u003c","z":1.5}"#), "{}", answer.text);
    let schedule = &task["schedule"];
    assert_eq!(schedule["cron"], r#"{"spec":"0 23 * * SAT","start_date":"0001-01-01T00:00:00Z"}"#);
    assert_eq!(schedule["window"], json!(["Sat-22:00", "Sun-5:00"]));
    assert_eq!(schedule["retry_wait"], "1m30s");
    assert_eq!(schedule["start_date"], harness::START, "a zero date becomes now on POST");
    assert_eq!(
        (&task["Tags"], &task["status"], &task["last_success"]),
        (&json!(null), &json!("NEW"), &json!(null))
    );
    assert_eq!(task.get("next_activation"), None);
    let item = s.item(&path).await;
    assert_eq!(item["next_activation"], "2026-01-03T23:00:00-05:00", "in the task's zone");
    assert_eq!((&item["suspended"], &item["retry"]), (&json!(false), &json!(0)));
}

#[tokio::test]
async fn a_cron_object_is_refused_and_the_written_form_accepted() {
    let s = with_cluster().await;
    let with =
        |schedule: Value| json!({"type": "repair", "enabled": true, "properties": {}, "schedule": schedule});
    for (schedule, part) in [
        (json!({"cron": {"spec": "* * * * *"}}), "malformed request: json: cannot unmarshal object"),
        (json!({"cron": "* * * * 7"}), "malformed request: cron: "),
        (json!({"cron": "@reboot"}), "malformed request: cron: "),
        (json!({"window": ["10:00"]}), "malformed request: window: "),
        (json!({"timezone": "Mars/Base"}), "malformed request: timezone: "),
        (json!({"retry_wait": "10ms"}), "malformed request: "),
        (json!({"retry_wait": 10}), "malformed request: "),
        (json!({"num_retries": "3"}), "malformed request: "),
        (json!({"num_retries": 3.5}), "malformed request: "),
        (json!({"start_date": "now"}), "malformed request: "),
    ] {
        s.post("/cluster/c/tasks", with(schedule)).await.is(400, part);
    }
    let written = r#"{"spec":"0 5 * * *","start_date":"2030-01-01T00:00:00Z"}"#;
    let path = s.task(with(json!({"cron": written}))).await;
    let item = s.item(&path).await;
    assert_eq!(
        (&item["schedule"]["cron"], &item["next_activation"]),
        (&json!(written), &json!("2030-01-01T05:00:00Z"))
    );
}

#[tokio::test]
async fn names_are_unique_per_type_and_their_reuse_is_500() {
    let s = with_cluster().await;
    let first = s.task(daily("n")).await;
    s.post("/cluster/c/tasks", daily("n")).await.is(500, "is already used");
    s.task(json!({"type": "tablet_repair", "name": "n", "enabled": true, "schedule": {"cron": "0 0 * * *"}}))
        .await;
    let second = s.task(daily("m")).await;
    s.put(&second, daily("n")).await.is(500, "is already used");
    s.post("/cluster/c/tasks", daily(UNKNOWN)).await.is(400, "name cannot be an UUID");
    s.delete(&first).await.is(200, "");
    s.put(&second, daily("n")).await.is(200, "");
}

#[tokio::test]
async fn a_deleted_task_is_500_for_good() {
    let s = with_cluster().await;
    let path = s.task(daily("n")).await;
    s.delete(&path).await.is(200, "");
    s.get(&path).await.is(500, "is deleted");
    s.delete(&path).await.is(500, "is deleted");
    s.put(&path, daily("n")).await.is(500, "is deleted");
    s.call(Method::PUT, &format!("{path}/start"), None).await.is(500, "is deleted");
    s.get(&format!("{path}/history")).await.is(500, "is deleted");
    assert_eq!(s.get("/cluster/c/tasks?all=true&type=repair").await.text, "null\n");
    s.get(&format!("/cluster/c/task/repair/{UNKNOWN}")).await.is(404, "get resource: load task");
    s.put(&format!("/cluster/c/task/repair/{UNKNOWN}"), daily("")).await.is(404, "get resource: ");
    let live = s.task(daily("n")).await;
    s.get(&live.replace("/repair/", "/backup/")).await.is(404, "get resource: ");
    let malformed = s.get("/cluster/c/task/repair/n").await.is(400, "malformed request: ");
    assert_eq!(malformed.documents(), 2);
}

#[tokio::test]
async fn put_replaces_echoes_and_never_runs_at_once() {
    let s = with_cluster().await;
    let path = s.task(daily("n")).await;
    let echo = s
        .put(&path, json!({"type": "backup", "id": UNKNOWN, "name": "m", "enabled": true, "properties": {}, "success_count": 7}))
        .await
        .is(200, "")
        .json();
    assert_eq!(
        (&echo["status"], &echo["type"], &echo["success_count"]),
        (&json!(""), &json!("repair"), &json!(7))
    );
    let item = s.item(&path).await;
    assert_eq!(
        (&item["status"], &item["success_count"], &item["next_activation"]),
        (&json!("NEW"), &json!(0), &Value::Null)
    );
    assert_eq!(item["schedule"]["start_date"], "0001-01-01T00:00:00Z");
    assert_eq!(item["schedule"]["cron"], r#"{"spec":"","start_date":"0001-01-01T00:00:00Z"}"#);
    s.put(&path, json!({"type": "nonsense", "properties": {}})).await.is(400, "unrecognized TaskType");
    s.put(&path, json!({"properties": {}})).await.is(200, "");
    let blank = s.item(&path).await;
    assert_eq!((&blank["name"], &blank["labels"], blank.get("enabled")), (&json!(""), &Value::Null, None));
}

#[tokio::test]
async fn start_dates_differ_between_post_and_put() {
    let s = with_cluster().await;
    let task = |kind: &str, schedule: Value| json!({"type": kind, "enabled": true, "properties": {}, "schedule": schedule});
    let (past, future) = ("2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let path = s.task(task("healthcheck", json!({}))).await;
    assert_eq!(s.item(&path).await["status"], "DONE", "POST without a date runs at once");
    let path = s.task(task("repair", json!({"start_date": past}))).await;
    assert_eq!(s.item(&path).await["next_activation"], Value::Null, "a past date never runs");
    let late = task("repair", json!({"start_date": past, "interval": "7d"}));
    s.post("/cluster/c/tasks", late.clone())
        .await
        .is(500, "start date of scheduled task cannot be in the past");
    s.put(&path, late).await.is(200, "");
    assert_eq!(s.item(&path).await["next_activation"], "2026-01-05T00:00:00Z", "the next multiple");
    s.put(&path, task("repair", json!({"start_date": future}))).await.is(200, "");
    assert_eq!(s.item(&path).await["next_activation"], future);
    s.put(&path, task("repair", json!({"cron": "0 0 * * *", "start_date": future}))).await.is(200, "");
    let item = s.item(&path).await;
    assert_eq!(item["next_activation"], "2026-02-02T00:00:00Z", "the first match after the date");
    assert_eq!(item["schedule"]["cron"], format!(r#"{{"spec":"0 0 * * *","start_date":"{future}"}}"#));
    s.put(&path, task("repair", json!({"cron": "0 0 * * *"}))).await.is(200, "");
    assert_eq!(s.item(&path).await["schedule"]["start_date"], "0001-01-01T00:00:00Z");
}

#[tokio::test]
async fn lists_filter_one_value_each() {
    let s = with_cluster().await;
    s.task(daily("n")).await;
    for (query, status) in [
        ("type=Repair", 400),
        ("type=repair,backup", 400),
        ("status=new", 400),
        ("all=yes", 400),
        ("task_id=x", 400),
    ] {
        s.get(&format!("/cluster/c/tasks?{query}")).await.is(status, "malformed request: ");
    }
    assert_eq!(s.get("/cluster/c/tasks?status=ERROR").await.text, "null\n");
    assert_eq!(
        s.get("/cluster/c/tasks?status=NEW&type=repair&type=backup").await.json().as_array().unwrap().len(),
        1
    );
    let short = s.get("/cluster/c/tasks?short=T&type=repair").await.json()[0].clone();
    assert_eq!((&short["name"], &short["status"], short.get("enabled")), (&json!("n"), &json!(""), None));
    assert_eq!((short.get("properties"), &short["next_activation"]), (None, &Value::Null));
}

#[tokio::test]
async fn types_and_ids_that_cannot_be_created() {
    let s = with_cluster().await;
    s.post("/cluster/c/tasks", json!({"type": "nonsense"})).await.is(400, "unrecognized TaskType");
    s.post("/cluster/c/tasks", json!({"type": "unknown"})).await.is(400, "no TaskType specified");
    s.post("/cluster/c/tasks", json!({"enabled": true})).await.is(400, "no TaskType specified");
    s.post("/cluster/c/tasks", json!({"type": "repair", "id": UNKNOWN, "properties": {}}))
        .await
        .is(400, "unexpected ID");
    let sent = json!({"type": "healthcheck", "success_count": 9, "status": "ERROR"});
    let path = s.task(sent).await;
    let task = s.get(&path).await.json();
    assert_eq!(
        (&task["success_count"], &task["status"]),
        (&json!(9), &json!("NEW")),
        "POST takes counters, not status"
    );
    let deleted =
        s.post("/cluster/c/tasks", json!({"type": "healthcheck", "deleted": true})).await.is(201, "").id();
    s.get(&format!("/cluster/c/task/healthcheck/{deleted}")).await.is(500, "is deleted");
}

#[tokio::test]
async fn properties_are_checked_and_classified_oddly() {
    let s = with_cluster().await;
    let dcs = Some(vec!["dc1".to_owned(), "dc2".to_owned()]);
    let refused_locations = vec!["dc1:s3:closed".to_owned()];
    let keyspaces = Some(vec!["data".to_owned(), "system_schema".to_owned()]);
    s.manager.set_agent("10.0.0.1", Agent { dcs, refused_locations, keyspaces, ..Agent::default() });
    for (kind, properties, status, part) in [
        ("repair", json!({}), 201, ""),
        ("repair", json!({"keyspace": ["nothing"]}), 500, "no keyspace matched criteria"),
        ("repair", json!({"keyspace": ["nothing"], "allow_empty": true}), 201, ""),
        ("repair", json!({"dc": ["dc9"]}), 400, "no matching DCs found"),
        ("repair", json!({"host": "name"}), 400, ""),
        ("repair", json!({"keyspace": "data"}), 400, "cannot unmarshal string"),
        ("repair", json!({"intensity": -1, "parallel": -1, "unknown": true}), 201, ""),
        ("repair", json!({"keyspace_replication": "x"}), 400, ""),
        ("backup", json!({}), 500, "missing location"),
        (
            "backup",
            json!({"location": []}),
            500,
            "invalid location: missing object(s) for datacenters dc1, dc2",
        ),
        (
            "backup",
            json!({"location": ["dc1:s3:b"]}),
            500,
            "invalid location: missing object for datacenter dc2",
        ),
        (
            "backup",
            json!({"location": ["dc9:s3:b", "s3:b"]}),
            500,
            "invalid location: no such datacenter dc9",
        ),
        ("backup", json!({"location": ["s3:UPPER"]}), 400, "invalid location"),
        ("backup", json!({"location": ["ftp:b"]}), 400, "unrecognised provider"),
        ("backup", json!({"location": ["s3:closed"]}), 400, "location is not accessible: 10.0.0.1: "),
        ("backup", json!({"location": ["dc1:s3:closed", "s3:open"]}), 400, "location is not accessible"),
        ("backup", json!({"location": ["dc2:s3:closed", "s3:open"]}), 201, ""),
        ("backup", json!({"location": ["s3:b"], "rate_limit": 5}), 400, ""),
        ("backup", json!({"location": ["s3:b"], "rate_limit": ["dc9:5"]}), 500, "invalid rate-limit"),
        ("backup", json!({"location": ["s3:b"], "retention": -1}), 500, "negative retention"),
        ("backup", json!({"location": ["s3:b"], "transfers": 0}), 500, ""),
        ("backup", json!({"location": ["s3:b"], "method": "x"}), 500, "unknown Method"),
        ("backup", json!({"location": ["s3:b"], "retention_lock_mode": "locked"}), 400, ""),
        ("restore", json!({"location": ["s3:b"]}), 500, "choose EXACTLY ONE"),
        ("suspend", json!({"start_tasks": true}), 500, "can't use startTasks"),
        ("suspend", json!({"allow_task_type": "suspend"}), 500, "allowed task type cannot be"),
        ("1_1_restore", json!({"anything": 1}), 201, ""),
    ] {
        let body = json!({"type": kind, "properties": properties, "schedule": {"cron": "0 0 * * *"}});
        let answer = s.post("/cluster/c/tasks", body).await;
        assert_eq!(answer.status, status, "{kind} {properties}: {}", answer.text);
        assert!(answer.text.contains(part), "{kind} {properties}: {}", answer.text);
    }
}

#[tokio::test]
async fn missing_properties_fail_in_three_ways() {
    let s = with_cluster().await;
    s.post("/cluster/c/tasks", json!({"type": "repair"})).await.is(400, "unexpected end of JSON input");
    let crashed = s.post("/cluster/c/tasks", json!({"type": "backup"})).await.is(500, "");
    assert_eq!((crashed.text.as_str(), crashed.content_type), ("", None));
    s.post("/cluster/c/tasks", json!({"type": "suspend"})).await.is(500, "unexpected end of JSON input");
    for kind in ["healthcheck", "1_1_restore", "tablet_repair"] {
        s.post("/cluster/c/tasks", json!({"type": kind})).await.is(201, "");
    }
    let validation = json!({"type": "validate_backup", "properties": {}, "schedule": {"cron": "0 0 * * *"}});
    s.post("/cluster/c/tasks", validation.clone()).await.is(500, "missing location");
    let backup = json!({"type": "backup", "enabled": true, "properties": {"location": ["s3:b"]}, "schedule": {"cron": "0 0 * * *"}});
    s.task(backup).await;
    let path = s.task(validation.clone()).await;
    s.put(&path, validation).await.is(500, "missing location");
}

#[tokio::test]
async fn a_node_that_is_down_makes_a_rename_fail() {
    let s = Server::start().await;
    s.manager.set_agent("10.0.0.1", Agent { peers: vec!["10.0.0.2".into()], ..Agent::default() });
    s.cluster("c").await;
    let path = s.task(daily("n")).await;
    let check = s.task(json!({"type": "healthcheck", "name": "h", "properties": {"mode": "cql"}})).await;
    s.manager.set_agent("10.0.0.2", Agent { reachable: false, ..Agent::default() });
    let refused = s.put(&path, daily("m")).await.is(500, "create repair target");
    assert_ne!(refused.json()["details"], "");
    let body = json!({"name": "m", "enabled": true, "properties": {"ignore_down_hosts": true}});
    s.put(&path, body).await.is(200, "");
    s.put(&check, json!({"name": "g", "properties": {}})).await.is(200, "");
}

#[tokio::test]
async fn targets_are_a_get_with_a_body_in_mixed_spelling() {
    let s = with_cluster().await;
    let ask = async |body: Value| {
        s.call(Method::GET, "/cluster/c/tasks/anything/target", Some(&body.to_string())).await
    };
    let target =
        ask(json!({"type": "repair", "properties": {"keyspace": ["data"]}})).await.is(200, "").json();
    assert_eq!(target["units"][0]["Keyspace"], "data");
    let target =
        ask(json!({"type": "backup", "properties": {"location": ["s3:b"]}})).await.is(200, "").json();
    assert_eq!((&target["retention"], &target["Size"]), (&json!(3), &json!(0)));
    ask(json!({"type": "healthcheck", "properties": {}})).await.is(400, "invalid task type");
}

#[tokio::test]
async fn backups_are_empty_and_repairs_can_be_adjusted_while_they_run() {
    let s = with_cluster().await;
    s.get("/cluster/c/backups").await.is(400, "missing locations");
    assert_eq!(s.get("/cluster/c/backups?locations=s3:b").await.is(200, "").text, "null\n");
    s.delete("/cluster/c/backups").await.is(400, "");
    s.call(Method::PUT, "/cluster/c/repairs/intensity?intensity=2", None).await.is(404, "repair task");
    s.call(Method::PUT, "/cluster/c/repairs/intensity?intensity=-2", None).await.is(400, "");
    s.manager.set_script(ScriptKey::default(), RunScript::hold(), None);
    s.task(json!({"type": "repair", "enabled": true, "properties": {}})).await;
    s.call(Method::PUT, "/cluster/c/repairs/parallel", None).await.is(200, "");
}
