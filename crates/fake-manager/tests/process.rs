//! The state file and the process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use harness::{Server, at};
use messina_fake_manager::{FakeManager, Options};
use serde_json::{Value, json};

fn options(file: &Path) -> Options {
    Options { state_file: Some(file.to_owned()), ..Options::stopped_at(at(harness::START)) }
}

#[tokio::test]
async fn what_was_answered_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let s = Server::with(options(&file)).await;
    let id = s.cluster("c").await;
    let path = s
        .task(json!({"type": "repair", "name": "n", "enabled": true, "labels": {"a": "b"}, "properties": {"k": 1},
            "schedule": {"cron": "0 5 * * *", "timezone": "Europe/Rome", "window": ["3:00", "9:00"]}}))
        .await;
    s.advance(3 * 86_400);
    // A change that is answered is in the file with all that went before.
    s.put(
        &format!("/cluster/{id}"),
        json!({"name": "c", "host": "10.0.0.1", "auth_token": "token", "port": 7}),
    )
    .await
    .is(200, "");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let (before, history) = (s.get(&path).await.text, s.get(&format!("{path}/history")).await.text);
    let copy = folder.path().join("copy.json");
    std::fs::copy(&file, &copy).unwrap();
    s.manager.shutdown().await;

    let later = Options { state_file: Some(copy), ..Options::stopped_at(at("2026-01-04T00:00:00Z")) };
    let again = Server::with(later).await;
    assert_eq!(again.get(&format!("/cluster/{id}")).await.json()["port"], 7);
    assert_eq!(again.get(&path).await.text, before);
    assert_eq!(again.get(&format!("{path}/history")).await.text, history);
    let progress = again.get(&format!("{path}/latest")).await.json();
    assert_eq!(progress["progress"]["success_percentage"], 100);
    assert_eq!(again.item(&path).await["next_activation"], "2026-01-04T05:00:00+01:00");
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_without_quoting_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    std::fs::write(&file, r#"{"clusters": "very-secret"}"#).unwrap();
    let error = FakeManager::start(options(&file)).await.unwrap_err().to_string();
    assert!(error.contains("state.json") && !error.contains("very-secret"), "{error}");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_fails_the_change() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let s = Server::with(options(&inner.join("state.json"))).await;
    s.cluster("c").await;
    std::fs::remove_dir_all(&inner).unwrap();
    s.delete("/cluster/c").await.is(500, "gocql: ");
}

struct Process {
    child: Child,
    url: String,
    log: BufReader<std::process::ChildStderr>,
}

fn spawn(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-manager"));
    command.args(arguments).env_remove("RUST_LOG").stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

impl Process {
    fn start(file: &Path) -> Self {
        let file = file.to_str().unwrap();
        let mut child =
            spawn(&["--listen", "127.0.0.1:0", "--state", file, "--run-duration", "1h"]).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before it listened");
        }
        let url = line.split('"').find(|part| part.starts_with("http://")).unwrap().to_owned();
        Self { child, url, log }
    }
}

#[tokio::test]
async fn a_killed_process_comes_back_with_its_clusters_and_runs_again_what_ran() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let http = harness::client();
    let mut first = Process::start(&file);
    let cluster =
        json!({"name": "c", "host": "h", "auth_token": "very-secret", "without_repair": true}).to_string();
    http.post(format!("{}/api/v1/clusters", first.url))
        .body(cluster)
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let task = json!({"type": "repair", "name": "n", "enabled": true, "properties": {}}).to_string();
    let tasks = format!("{}/api/v1/cluster/c/tasks", first.url);
    http.post(&tasks).body(task).send().await.unwrap().error_for_status().unwrap();
    let list = async |url: &str| -> Value {
        let url = format!("{url}/api/v1/cluster/c/tasks?type=repair");
        serde_json::from_str(&http.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
    };
    assert_eq!(list(&first.url).await[0]["status"], "RUNNING");
    // A change that is answered after the run began, so that the beginning is in the file, too.
    let mode = json!({"type": "healthcheck", "properties": {"mode": "cql"}}).to_string();
    http.post(&tasks).body(mode).send().await.unwrap().error_for_status().unwrap();
    first.child.kill().unwrap();
    first.child.wait().unwrap();

    let mut second = Process::start(&file);
    let task = list(&second.url).await[0].clone();
    assert_eq!((&task["name"], &task["status"]), (&json!("n"), &json!("RUNNING")));
    let id = task["id"].as_str().unwrap();
    let history = format!("{}/api/v1/cluster/c/task/repair/{id}/history", second.url);
    let runs: Value =
        serde_json::from_str(&http.get(history).send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!((&runs[0]["status"], &runs[1]["status"]), (&json!("RUNNING"), &json!("ABORTED")));

    let terminated = Command::new("kill").arg(second.child.id().to_string()).status().unwrap();
    assert!(terminated.success());
    assert!(second.child.wait().unwrap().success(), "SIGTERM ends it cleanly");
    let mut rest = String::new();
    for mut process in [first, second] {
        std::io::Read::read_to_string(&mut process.log, &mut rest).unwrap();
    }
    assert!(!rest.contains("very-secret"));
}

#[test]
fn bad_flags_exit_with_64() {
    for arguments in [&["--nonsense"][..], &["--listen", "0.0.0.0:0"], &["--latency", "soon"]] {
        let output = spawn(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
    }
    assert_eq!(spawn(&["--help"]).output().unwrap().status.code(), Some(0));
}
