//! The binary itself: flags, exit codes, and that no token is ever said.

use std::process::{Output, Stdio};
use std::time::Duration;

use messina_control_api::token::v1::token_peer_service_client::TokenPeerServiceClient;
use messina_control_api::token::v1::{GetFingerprintRequest, ResolveTokenRequest};
use messina_fake_apiserver::{Fault, FaultAnswer};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::world::World;

const CANARY: &str = "canary-canary-canary-canary-0123";

fn command(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_token-broker"));
    command.args(line.split_whitespace()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn all_mistakes_are_said_at_once_with_the_way_out() {
    let Output { status, stderr, .. } = command(
        "--insecure-loopback --datacenter East --watcher http://10.0.0.1:1 --fingerprint-key-file /nowhere/at/all \
         --listen nonsense --admin-listen 9990 --log-level ==",
    )
    .output()
    .await
    .unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(64), "{said}");
    for part in [
        "--datacenter \"East\"",
        "--watcher \"http://10.0.0.1:1",
        "--fingerprint-key-file",
        "openssl rand",
        "--listen \"nonsense\"",
        "--admin-listen \"9990\"",
        "--log-level \"==\"",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[tokio::test]
async fn a_fingerprint_key_that_can_be_guessed_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "short\n").unwrap();
    let line = format!(
        "--insecure-loopback --datacenter east --watcher http://127.0.0.1:1 --fingerprint-key-file {}",
        path.display()
    );
    let Output { status, stderr, .. } = command(&line).output().await.unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(64), "{said}");
    assert!(said.contains("fewer than 16 characters") && !said.contains("short"), "{said}");
}

#[tokio::test]
async fn no_token_is_in_any_log_or_error() {
    let world = World::new().await;
    world.cluster("orders", None);
    world.token("orders", CANARY).await;
    // Nearly right: the parsers have the token in their hands when they give up.
    world.cluster("broken", None);
    world.secret("broken-auth-token", "auth-token.yaml", &format!("auth_token: [{CANARY}\n")).await;
    world.cluster("short", None);
    world.secret("short-auth-token", "auth-token.yaml", &format!("auth_token: \"{CANARY} ü\"\n")).await;
    world.synced();
    let port = free_port().await;
    let line = format!(
        "--insecure-loopback --datacenter east --watcher {} --kubeconfig {} --listen 127.0.0.1:{port} \
         --admin-listen 127.0.0.1:0 --log-level trace --log-format json",
        world.watcher(),
        world.kubeconfig().display(),
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
    let mut errors = resolve_until_it_answers(port).await;
    let mut client = TokenPeerServiceClient::connect(format!("http://127.0.0.1:{port}")).await.unwrap();
    world.kubernetes.inject(Fault::on("get", "secrets", 1, FaultAnswer::Garbage));
    for name in ["orders", "broken", "short", "nobody"] {
        let request = ResolveTokenRequest { namespace: "prod".into(), name: name.into() };
        let status = client.resolve_token(request).await.unwrap_err();
        errors.push_str(&format!("{status:?}"));
    }
    let request = GetFingerprintRequest { namespace: "prod".into(), name: "orders".into() };
    errors.push_str(&format!("{:?}", client.get_fingerprint(request).await.unwrap()));
    let pid = process.id().unwrap();
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().await.unwrap().success());
    drop(client);
    let ended = tokio::time::timeout(Duration::from_secs(20), process.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
    let said = reading.await.unwrap();
    assert!(said.contains("token found") && said.contains("\"TRACE\""), "the log was captured");
    assert!(said.contains("keyed with the UID of kube-system"), "the key is said at the start");
    for (what, text) in [("the log", said), ("errors", errors)] {
        let encoded = "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LTAxMj";
        for token in [CANARY, encoded] {
            if let Some(at) = text.find(token) {
                let around = &text[text.floor_char_boundary(at.saturating_sub(300))..at];
                panic!("a token is in {what}, after {around}");
            }
        }
    }
}

/// Asks for the token until it is there; answers the errors on the way.
async fn resolve_until_it_answers(port: u16) -> String {
    let mut errors = String::new();
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    while tokio::time::Instant::now() < end {
        if let Ok(mut client) = TokenPeerServiceClient::connect(format!("http://127.0.0.1:{port}")).await {
            let request = ResolveTokenRequest { namespace: "prod".into(), name: "orders".into() };
            match client.resolve_token(request).await {
                Ok(answer) => {
                    assert!(answer.into_inner().token == CANARY);
                    return errors;
                }
                Err(status) => errors.push_str(&format!("{status:?}")),
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no answer: {errors}");
}

async fn free_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}
