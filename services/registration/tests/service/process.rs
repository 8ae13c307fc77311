//! The binary itself: flags, exit codes, and that no token is ever said.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::datacenter::cluster;
use crate::world::World;

fn command(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_registration"));
    command.args(line.split_whitespace()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn output(line: &str) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command(line).output().await.unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn all_mistakes_are_said_at_once_with_the_way_out() {
    let (code, said) = output(
        "--insecure-loopback --manager-url ftp://x --watcher east=http://127.0.0.1:1 --watcher west=http://127.0.0.1:2 \
         --broker east=http://10.0.0.1:1 --host-template east={nmae} --host-template north=x --resync soon \
         --watcher south --listen nonsense --admin-listen 9990 --log-level ==",
    )
    .await;
    assert_eq!(code, Some(64), "{said}");
    for part in [
        "--manager-url",
        "--broker \"west=?\": datacenter 'west' has a --watcher and no --broker",
        "add --broker west=http://HOST:PORT",
        "http://10.0.0.1:1",
        "{nmae}",
        "north=x",
        "--resync \"soon\"",
        "--watcher \"south\": there is no \"=\" in it; write DATACENTER=VALUE",
        "--listen \"nonsense\": not an IP address with a port; write it like",
        "--admin-listen \"9990\"",
        "--log-level \"==\"",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[tokio::test]
async fn what_is_missing_is_a_mistake_like_any_other() {
    let (code, said) = output("--resync 5x").await;
    assert_eq!(code, Some(64), "{said}");
    for part in ["--watcher \"\"", "--manager-url \"\"", "--resync \"5x\"", "--listen"] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[tokio::test]
async fn read_only_takes_1() {
    let mut command = command("--manager-url ftp://x");
    let Output { status, stderr, .. } = command.env("MESSINA_READ_ONLY", "1").output().await.unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(64), "{said}");
    assert!(said.contains("--manager-url") && !said.contains("invalid value '1'"), "{said}");
}

#[tokio::test]
async fn a_datacenter_needs_both_halves() {
    let (code, said) = output(
        "--insecure-loopback --manager-url http://127.0.0.1:1 --watcher east=http://127.0.0.1:1 \
         --broker west=http://127.0.0.1:2",
    )
    .await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("add --broker east=http://HOST:PORT"), "{said}");
    assert!(said.contains("add --watcher west=http://HOST:PORT"), "{said}");
}

#[tokio::test]
async fn no_token_is_in_any_log_status_or_event() {
    let world = World::new().await;
    let canary = "canary-canary-canary-canary-0123";
    world.broker.set("orders", Some(canary));
    world.broker.set("users", Some(canary));
    for name in ["orders", "users"] {
        world.east.put_cluster(cluster("east", "prod", name));
    }
    // The second half of the journey fails, so that errors are made of calls that hold the token.
    let body = format!(r#"{{"message":"unable to connect to any of cluster's known hosts with {canary}"}}"#);
    let fault = messina_fake_manager::Fault::Status;
    let rule = messina_fake_manager::FaultRule::new("POST", "/api/v1/clusters", 3, fault);
    world.manager.add_fault(rule.answering(500, &body));
    let line = format!(
        "--insecure-loopback --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --log-level trace --log-format json \
         --manager-url {} --watcher east={} --broker east={} --resync 1s",
        world.manager.url(),
        world.east.url(),
        world.broker.url()
    );
    let mut process = command(&line).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stderr, mut stdout) = (process.stderr.take().unwrap(), process.stdout.take().unwrap());
    let reading = tokio::spawn(async move {
        let (mut said, mut more) = (Vec::new(), Vec::new());
        let (first, second) = tokio::join!(stderr.read_to_end(&mut said), stdout.read_to_end(&mut more));
        first.unwrap();
        second.unwrap();
        said.extend(more);
        String::from_utf8_lossy(&said).into_owned()
    });
    for name in ["orders", "users"] {
        world.settled(name).await;
    }
    assert_eq!(world.manager.snapshot().cluster("east/prod/orders").unwrap().auth_token, canary);
    let pid = process.id().unwrap();
    let signalled = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await.unwrap();
    assert!(signalled.success());
    let ended = tokio::time::timeout(Duration::from_secs(20), process.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
    let said = reading.await.unwrap();
    assert!(said.contains("registered in ScyllaDB Manager"), "the log was captured");
    assert!(said.contains("\"TRACE\""), "at the level trace");
    let kept = format!("{:?}", world.east.log());
    let status = format!("{:?}", world.east.registration("prod", "orders"));
    for (what, text) in [("the log", said), ("writes", kept), ("the object", status)] {
        if let Some(at) = text.find(canary) {
            let around = &text[text.floor_char_boundary(at.saturating_sub(300))..at];
            panic!("a token is in {what}, after {around}");
        }
    }
}
