//! Runs, on a clock that the test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use std::time::Duration;

use harness::{Server, at};
use messina_fake_manager::{Options, Outcome, RunScript, ScriptKey, TaskType};
use reqwest::Method;
use serde_json::{Value, json};

async fn with_cluster() -> Server {
    let s = Server::start().await;
    s.cluster("c").await;
    s
}

fn key(task: &str) -> ScriptKey {
    ScriptKey { task: Some(task.to_owned()), ..ScriptKey::default() }
}

fn repair(name: &str, schedule: Value) -> Value {
    json!({"type": "repair", "name": name, "enabled": true, "properties": {}, "schedule": schedule})
}

#[track_caller]
fn assert_item(item: &Value, status: &str, next: Value, retry: i64) {
    assert_eq!(
        (&item["status"], &item["next_activation"], &item["retry"]),
        (&json!(status), &next, &json!(retry)),
        "{item}"
    );
}

#[tokio::test]
async fn a_run_begins_succeeds_and_is_followed_by_the_next_slot() {
    let s = with_cluster().await;
    let path = s.task(repair("n", json!({"cron": "0 * * * *"}))).await;
    let never = s.get(&format!("{path}/latest")).await.is(200, "").json();
    assert_eq!(
        (&never["run"]["status"], &never["run"]["start_time"]),
        (&json!("NEW"), &json!("0001-01-01T00:00:00Z"))
    );
    assert_eq!(never["progress"]["token_ranges"], 10_000);
    s.get(&format!("{path}/~1")).await.is(404, "get resource: ");
    assert_eq!(s.get(&format!("{path}/history")).await.text, "[]\n");
    s.advance(3600);
    assert_item(&s.item(&path).await, "RUNNING", Value::Null, 0);
    s.advance(1);
    let running = s.get(&format!("{path}/latest")).await.json();
    assert_eq!(running["progress"]["success_percentage"], 33);
    assert_eq!(running["run"].get("end_time"), None);
    s.advance(2);
    let item = s.item(&path).await;
    assert_item(&item, "DONE", json!("2026-01-01T02:00:00Z"), 0);
    assert_eq!((&item["success_count"], &item["last_success"]), (&json!(1), &json!("2026-01-01T01:00:03Z")));
    let run = s.get(&format!("{path}/latest")).await.json();
    assert_eq!(
        (&run["run"]["start_time"], &run["run"]["owner"]),
        (&json!("2026-01-01T01:00:00Z"), &json!(""))
    );
    assert_eq!(run["progress"]["success_percentage"], 100);
    let id = run["run"]["id"].as_str().unwrap();
    s.get(&format!("{path}/{id}")).await.is(200, id);
    s.get(&format!("{path}/~x")).await.is(400, "malformed request: parse run offset");
    s.get(&format!("{path}/nonsense")).await.is(400, "malformed request: parse uuid");
    s.get(&format!("{path}/11111111-2222-3333-4444-555555555555")).await.is(404, "get resource: run");
}

#[tokio::test]
async fn a_jump_of_the_clock_plays_every_slot_in_order() {
    let s = with_cluster().await;
    let path = s.task(repair("n", json!({"cron": "0 * * * *"}))).await;
    s.advance(3 * 3600 + 10);
    let runs = s.get(&format!("{path}/history")).await.json();
    let starts: Vec<&str> =
        runs.as_array().unwrap().iter().map(|run| run["start_time"].as_str().unwrap()).collect();
    assert_eq!(starts, ["2026-01-01T03:00:00Z", "2026-01-01T02:00:00Z", "2026-01-01T01:00:00Z"]);
    assert_eq!(s.get(&format!("{path}/history?limit=1")).await.json().as_array().unwrap().len(), 1);
    assert_eq!(s.get(&format!("{path}/~2")).await.json()["run"]["start_time"], starts[2]);
}

#[tokio::test]
async fn retries_wait_twice_as_long_each_and_count_every_failure() {
    let s = with_cluster().await;
    s.manager.set_script(key("n"), RunScript::error("no luck", Duration::from_secs(1)), None);
    let schedule = json!({"cron": "0 0 * * *", "num_retries": 2, "retry_wait": "10s"});
    let path = s.task(repair("n", schedule.clone())).await;
    s.advance(86_400 + 1);
    let item = s.item(&path).await;
    assert_item(&item, "ERROR", json!("2026-01-02T00:00:11Z"), 1);
    assert_eq!((&item["error_count"], &item["last_error"]), (&json!(1), &json!("2026-01-02T00:00:01Z")));
    s.advance(10);
    assert_item(&s.item(&path).await, "RUNNING", Value::Null, 0);
    s.advance(1);
    assert_item(&s.item(&path).await, "ERROR", json!("2026-01-02T00:00:32Z"), 2);
    s.advance(21);
    let item = s.item(&path).await;
    assert_item(&item, "ERROR", json!("2026-01-03T00:00:00Z"), 0);
    assert_eq!(item["error_count"], 3);
    let runs = s.get(&format!("{path}/history")).await.json();
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["cause"]), (3, &json!("no luck")));
    s.advance(86_400 - 32 + 1);
    assert_item(&s.item(&path).await, "ERROR", json!("2026-01-03T00:00:11Z"), 1);
    s.put(&path, repair("n", schedule)).await.is(200, "");
    assert_item(&s.item(&path).await, "ERROR", json!("2026-01-04T00:00:00Z"), 0);
}

#[tokio::test]
async fn the_default_wait_is_ten_minutes_and_the_longest_three_hours() {
    let s = with_cluster().await;
    s.manager.set_script(key("n"), RunScript::error("no", Duration::ZERO), None);
    let path = s.task(repair("n", json!({"num_retries": 7}))).await;
    let mut seen = Vec::new();
    let mut before = at(harness::START);
    for _ in 0..7 {
        let next = at(s.item(&path).await["next_activation"].as_str().unwrap());
        seen.push(next.duration_since(before).as_secs() / 60);
        s.manager.set_clock(next);
        before = next;
    }
    assert_eq!(seen, [10, 20, 40, 80, 160, 180, 180]);
    assert_item(&s.item(&path).await, "ERROR", Value::Null, 0);
}

#[tokio::test]
async fn one_run_per_type_and_cluster() {
    let s = with_cluster().await;
    s.manager.set_script(key("long"), RunScript::hold(), None);
    let long = s.task(repair("long", json!({}))).await;
    let other = s.task(repair("other", json!({"num_retries": 1, "retry_wait": "5s"}))).await;
    assert_item(&s.item(&long).await, "RUNNING", Value::Null, 0);
    let item = s.item(&other).await;
    assert_item(&item, "ERROR", json!("2026-01-01T00:00:05Z"), 1);
    assert_eq!(item["error_count"], 1);
    assert_eq!(s.get(&format!("{other}/latest")).await.json()["run"]["cause"], "another task is running");
    let backup =
        s.task(json!({"type": "backup", "enabled": true, "properties": {"location": ["s3:b"]}})).await;
    assert_eq!(s.item(&backup).await["status"], "RUNNING", "other types are free to run");
    let tablets = s.task(json!({"type": "tablet_repair", "enabled": true})).await;
    assert_eq!(s.item(&tablets).await["status"], "ERROR", "repair and tablet_repair exclude each other");
    assert_eq!(s.manager.release(&key("long"), &Outcome::Success), 1);
    s.advance(5);
    assert_eq!(s.item(&other).await["status"], "RUNNING");
}

#[tokio::test]
async fn start_runs_what_is_disabled_or_finished_once_and_never_twice() {
    let s = with_cluster().await;
    let mut body = repair("n", json!({"cron": "0 0 * * *"}));
    body["enabled"] = json!(false);
    let path = s.task(body).await;
    s.call(Method::PUT, &format!("{path}/start"), None).await.is(200, "");
    assert_eq!(s.item(&path).await["status"], "RUNNING");
    s.call(Method::PUT, &format!("{path}/start"), None).await.is(200, "");
    s.advance(3);
    let item = s.item(&path).await;
    assert_item(&item, "DONE", Value::Null, 0);
    assert_eq!((item.get("enabled"), &item["success_count"]), (None, &json!(1)));
    let odd = s
        .call(Method::PUT, &format!("{path}/start?continue=maybe"), None)
        .await
        .is(400, "malformed request: ");
    assert_eq!(odd.documents(), 1);
    assert_eq!(s.item(&path).await["status"], "RUNNING", "it starts anyway");
    let enabled = s.task(repair("m", json!({"cron": "0 0 * * *"}))).await;
    s.advance(10);
    s.call(Method::PUT, &format!("{enabled}/start?continue=false"), None).await.is(200, "");
    s.advance(3);
    assert_item(&s.item(&enabled).await, "DONE", json!("2026-01-02T00:00:00Z"), 0);
}

#[tokio::test]
async fn stop_takes_a_while_keeps_the_schedule_and_disables_on_request() {
    let s = with_cluster().await;
    let script = RunScript { stop_duration: Duration::from_secs(30), ..RunScript::hold() };
    s.manager.set_script(key("n"), script, None);
    let path = s.task(repair("n", json!({"cron": "0 * * * *"}))).await;
    s.call(Method::PUT, &format!("{path}/stop"), None).await.is(200, "");
    assert_item(&s.item(&path).await, "NEW", json!("2026-01-01T01:00:00Z"), 0);
    s.advance(3600);
    s.call(Method::PUT, &format!("{path}/stop"), None).await.is(200, "");
    assert_item(&s.item(&path).await, "STOPPING", Value::Null, 0);
    s.advance(29);
    s.call(Method::PUT, &format!("{path}/stop"), None).await.is(200, "");
    s.advance(1);
    let item = s.item(&path).await;
    assert_item(&item, "STOPPED", json!("2026-01-01T02:00:00Z"), 0);
    assert_eq!((&item["enabled"], &item["error_count"]), (&json!(true), &json!(0)));
    s.call(Method::PUT, &format!("{path}/stop?disable=perhaps"), None).await.is(400, "malformed request: ");
    s.call(Method::PUT, &format!("{path}/stop?disable=true"), None).await.is(200, "");
    let item = s.item(&path).await;
    assert_item(&item, "STOPPED", Value::Null, 0);
    assert_eq!(item.get("enabled"), None);
}

#[tokio::test]
async fn disabling_and_deleting_do_not_stop_a_run() {
    let s = with_cluster().await;
    s.manager.set_script(key("n"), RunScript::success(Duration::from_secs(60)), None);
    let mut body = repair("n", json!({}));
    let path = s.task(body.clone()).await;
    body["enabled"] = json!(false);
    s.put(&path, body).await.is(200, "");
    assert_eq!(s.item(&path).await["status"], "RUNNING");
    s.delete(&path).await.is(200, "");
    let other = s.task(repair("other", json!({}))).await;
    assert_eq!(s.item(&other).await["status"], "ERROR", "the deleted task's run still is in the way");
    s.advance(60);
    let again = s.task(repair("again", json!({}))).await;
    assert_eq!(s.item(&again).await["status"], "RUNNING");
    s.delete("/cluster/c").await.is(200, "");
    s.advance(60);
    let tasks = s.manager.snapshot().tasks;
    let repairs = tasks.iter().filter(|view| view.task.kind == Some(TaskType::Repair));
    let done = repairs.filter(|view| view.task.success_count == 1).count();
    assert_eq!(done, 2, "runs of deleted tasks and clusters end in the background");
}

#[tokio::test]
async fn a_long_run_is_followed_at_once_by_the_slot_it_missed() {
    let s = with_cluster().await;
    s.manager.set_script(key("n"), RunScript::success(Duration::from_secs(5400)), Some(1));
    let path = s.task(repair("n", json!({"cron": "0 * * * *"}))).await;
    s.advance(3600 + 5400);
    assert_eq!(s.item(&path).await["status"], "RUNNING");
    let run = s.get(&format!("{path}/latest")).await.json();
    assert_eq!(run["run"]["start_time"], "2026-01-01T02:30:00Z");
    s.advance(3);
    assert_item(&s.item(&path).await, "DONE", json!("2026-01-01T03:00:00Z"), 0);
}

#[tokio::test]
async fn a_window_that_closes_makes_a_run_wait_for_the_next() {
    let s = with_cluster().await;
    let script = RunScript { stop_duration: Duration::ZERO, ..RunScript::success(Duration::from_secs(7200)) };
    s.manager.set_script(key("n"), script, None);
    let path = s.task(repair("n", json!({"cron": "0 0 * * *", "window": ["22:00", "23:00"]}))).await;
    assert_item(&s.item(&path).await, "NEW", json!("2026-01-02T22:00:00Z"), 0);
    s.manager.set_clock(at("2026-01-02T23:00:00Z"));
    assert_item(&s.item(&path).await, "WAITING", json!("2026-01-03T22:00:00Z"), 0);
}

#[tokio::test]
async fn health_checks_share_a_run_and_failures_leave_it_running() {
    let s = with_cluster().await;
    let list = s.get("/cluster/c/tasks?type=healthcheck").await.json();
    let id = list.as_array().unwrap().iter().find(|task| task["name"] == "cql").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/cluster/c/task/healthcheck/{id}");
    s.advance(120);
    assert_eq!(s.get(&format!("{path}/history")).await.json().as_array().unwrap().len(), 1);
    s.get(&format!("{path}/latest")).await.is(400, "unsupported task type healthcheck");
    let which = ScriptKey { r#type: Some(TaskType::HealthCheck), ..key("cql") };
    s.manager.set_script(which, RunScript::error("down", Duration::ZERO), Some(1));
    s.advance(60);
    let runs = s.get(&format!("{path}/history")).await.json();
    assert_eq!((&runs[0]["status"], &runs[1]["status"]), (&json!("ERROR"), &json!("RUNNING")));
}

#[tokio::test]
async fn suspending_stops_blocks_and_refuses() {
    let s = with_cluster().await;
    assert_eq!(s.get("/cluster/c/suspended").await.text, "false\n");
    assert_eq!(s.get("/cluster/c/suspended/details").await.text, "{}\n");
    let script = RunScript { stop_duration: Duration::ZERO, ..RunScript::hold() };
    s.manager.set_script(key("n"), script, None);
    let path = s.task(repair("n", json!({"cron": "0 0 * * *"}))).await;
    s.call(Method::PUT, &format!("{path}/start"), None).await.is(200, "");
    s.put("/cluster/c/suspended?suspend_policy=fail_if_running_tasks", json!(true))
        .await
        .is(409, "not allowed tasks are running");
    s.put("/cluster/c/suspended?suspend_policy=other", json!(true)).await.is(400, "malformed request: ");
    s.put("/cluster/c/suspended?allow_task_type=healthcheck", json!(true))
        .await
        .is(500, "allowed task type cannot be");
    s.put("/cluster/c/suspended", json!("yes")).await.is(500, "parse body");
    s.put("/cluster/c/suspended?allow_task_type=backup", json!(true)).await.is(200, "");
    let item = s.item(&path).await;
    assert_item(&item, "STOPPED", Value::Null, 0);
    assert_eq!(item["suspended"], true);
    s.post("/cluster/c/tasks", repair("m", json!({}))).await.is(400, "cluster is suspended");
    s.call(Method::PUT, &format!("{path}/start"), None).await.is(400, "cluster is suspended");
    s.put(&path, repair("renamed", json!({"cron": "0 1 * * *"}))).await.is(200, "");
    s.task(json!({"type": "backup", "enabled": true, "properties": {"location": ["s3:b"]}})).await;
    let details = s.get("/cluster/c/suspended/details").await.json();
    assert_eq!(details, json!({"suspended": true, "allow_task_type": "backup"}));
    s.put("/cluster/c/suspended?allow_task_type=repair", json!(true)).await.is(200, "");
    assert_eq!(s.get("/cluster/c/suspended/details").await.json()["allow_task_type"], "backup", "no news");
    s.put("/cluster/c/suspended?start_tasks=true", json!(false)).await.is(200, "");
    assert_eq!(s.item(&path).await["status"], "RUNNING");
    s.put("/cluster/c/suspended", json!(false)).await.is(200, "");
}

#[tokio::test]
async fn suspending_answers_only_when_nothing_runs() {
    let s = with_cluster().await;
    let script = RunScript { stop_duration: Duration::from_secs(20), ..RunScript::hold() };
    s.manager.set_script(key("n"), script, None);
    s.task(repair("n", json!({}))).await;
    let answer = s.put("/cluster/c/suspended", json!(true));
    tokio::pin!(answer);
    // Until the cluster is suspended, the clock stands still, and so does the run that is to stop.
    loop {
        tokio::select! {
            early = &mut answer => panic!("answered {} while a task ran", early.status),
            state = s.get("/cluster/c/suspended") => if state.text == "true\n" { break },
        }
    }
    s.advance(20);
    answer.await.is(200, "");
}

#[tokio::test]
async fn a_suspend_task_with_a_duration_resumes_by_itself() {
    let s = with_cluster().await;
    let path = s.task(json!({"type": "suspend", "enabled": true, "properties": {"duration": "1h"}})).await;
    assert_eq!(s.item(&path).await["status"], "DONE");
    assert_eq!(s.get("/cluster/c/suspended").await.text, "true\n");
    let resume = "/cluster/c/task/suspend/805e43b0-2c0a-481e-bab8-9c2418940d67";
    assert_item(&s.item(resume).await, "NEW", json!("2026-01-01T01:00:00Z"), 0);
    s.advance(3600);
    assert_eq!(s.get("/cluster/c/suspended").await.text, "false\n");
    let left = s.item(resume).await;
    assert_eq!(
        (left.get("enabled"), &left["next_activation"], &left["name"]),
        (None, &Value::Null, &json!("resume"))
    );
    let doubled = s.put(resume, json!({"name": "resume", "properties": {}})).await.is(500, "");
    assert_eq!(doubled.documents(), 2);
}

#[tokio::test]
async fn a_restart_aborts_and_runs_again_and_resets_health_checks() {
    let s = with_cluster().await;
    s.manager.set_script(key("n"), RunScript::hold(), None);
    let running = s.task(repair("n", json!({"cron": "0 0 * * *"}))).await;
    s.call(Method::PUT, &format!("{running}/start"), None).await.is(200, "");
    let once = s
        .task(json!({"type": "healthcheck", "name": "mine", "enabled": true, "properties": {"mode": "cql"},
        "schedule": {"start_date": "2026-01-01T00:30:00Z"}}))
        .await;
    let late = s.task(repair("late", json!({"start_date": "2026-01-01T00:00:10Z"}))).await;
    s.advance(1);
    s.post("/_fake/restart", json!({})).await.is(200, "");
    let runs = s.get(&format!("{running}/history")).await.json();
    assert_eq!((&runs[0]["status"], &runs[1]["status"]), (&json!("RUNNING"), &json!("ABORTED")));
    assert!(s.item(&once).await["schedule"]["cron"].as_str().unwrap().contains("* * * * *"));
    assert_item(&s.item(&late).await, "NEW", json!("2026-01-01T00:00:10Z"), 0);
    s.post("/_fake/wipe", json!({})).await.is(200, "");
    assert_eq!(s.get("/clusters").await.text, "[]\n");
}

#[tokio::test]
async fn a_task_of_type_mock_takes_the_server_down() {
    let s = with_cluster().await;
    let before = s.post("/cluster/c/tasks", json!({"type": "mock", "enabled": true})).await;
    assert_eq!(before.status, 201);
    s.try_call(Method::GET, "/clusters", None).await.map(|answer| answer.status).unwrap_err();
    s.post("/_fake/wipe", json!({})).await.is(200, "");
    s.get("/clusters").await.is(200, "[]");
}

#[tokio::test]
async fn the_real_clock_runs_tasks_without_being_asked() {
    let base = at(harness::START);
    let began = tokio::time::Instant::now();
    let source = move || base.checked_add(jiff::SignedDuration::try_from(began.elapsed()).unwrap()).unwrap();
    let options = Options {
        default_run: RunScript::success(Duration::from_millis(20)),
        ..Options::new(std::sync::Arc::new(source))
    };
    let s = Server::with(options).await;
    s.cluster("c").await;
    let path = s.task(repair("n", json!({"cron": "@every 1s"}))).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while s.item(&path).await["success_count"].as_i64() < Some(2) {
        assert!(tokio::time::Instant::now() < deadline, "the task did not run");
        tokio::task::yield_now().await;
    }
}
