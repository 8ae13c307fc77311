//! The real grpcurl against all four services.

use std::path::PathBuf;
use std::process::Stdio;

use messina_stage::{Ground, skip};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::fleet::{Fleet, Pace, cluster};
use crate::process::run;

struct Grpcurl(PathBuf);

impl Grpcurl {
    async fn well(&self, arguments: &[&str]) -> String {
        let (well, text) = run(&self.0, &[&["-plaintext"], arguments].concat()).await;
        assert!(well, "grpcurl {arguments:?}: {text}");
        text
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpcurl_works_against_every_service() {
    let Some(path) = std::env::var_os("MESSINA_GRPCURL") else {
        return skip("grpcurl_works_against_every_service", "grpcurl", "MESSINA_GRPCURL is not set");
    };
    let grpcurl = Grpcurl(path.into());
    let fleet = Fleet::start(&["east"], &Ground::Fake, Pace::default()).await;
    fleet.datacenters[0].seed(&cluster("east", "orders")).await.unwrap();
    fleet.converged(1, 3).await;
    let services = [
        (
            "registration",
            "messina.registration.v1.RegistrationService",
            "ListRegistrations",
            "{}",
            "\"registered\": true",
        ),
        ("task-sync", "messina.task.v1.TaskService", "ListTasks", "{}", "\"synced\": true"),
        ("k8s-watcher@east", "messina.watch.v1.WatchService", "ListSubscribers", "{}", "\"SYNCED\""),
        (
            "token-broker@east",
            "messina.token.v1.TokenPeerService",
            "GetFingerprint",
            r#"{"namespace":"prod","name":"orders"}"#,
            "\"fingerprint\"",
        ),
    ];
    for (service, name, method, request, expected) in services {
        let address = fleet.address(service);
        let listed = grpcurl.well(&[&address, "list"]).await;
        assert!(listed.contains(name) && listed.contains("grpc.health.v1.Health"), "{listed}");
        let others = services.iter().filter(|(other, ..)| *other != service);
        assert!(
            others.into_iter().all(|(_, other, ..)| !listed.contains(other)),
            "only what is served: {listed}"
        );
        assert!(grpcurl.well(&[&address, "describe", name]).await.contains(method));
        let health = grpcurl
            .well(&["-d", &format!("{{\"service\":\"{name}\"}}"), &address, "grpc.health.v1.Health/Check"])
            .await;
        assert!(health.contains("SERVING"), "{service}: {health}");
        let answer = grpcurl.well(&["-d", request, &address, &format!("{name}/{method}")]).await;
        assert!(answer.contains(expected), "{service}: {answer}");
    }
    errors_have_details(&grpcurl, &fleet).await;
    streams_go_on(&grpcurl, &fleet).await;
    fleet.stop().await;
}

async fn errors_have_details(grpcurl: &Grpcurl, fleet: &Fleet) {
    let calls = [
        (
            "registration",
            r#"{"key":{"datacenter":"east","name":"x"}}"#,
            "messina.registration.v1.RegistrationService/GetRegistration",
            "key.namespace",
        ),
        (
            "task-sync",
            r#"{"key":{"datacenter":"east","namespace":"prod"}}"#,
            "messina.task.v1.TaskService/GetTask",
            "key.name",
        ),
        (
            "k8s-watcher@east",
            r#"{"namespace":"prod"}"#,
            "messina.watch.v1.WriterService/ApplyRegistration",
            "name",
        ),
    ];
    for (service, request, method, field) in calls {
        let (well, text) =
            run(&grpcurl.0, &["-plaintext", "-d", request, &fleet.address(service), method]).await;
        assert!(
            !well && text.contains("InvalidArgument") && text.contains("google.rpc.BadRequest"),
            "{service}: {text}"
        );
        assert!(text.contains(field), "{service}: {text}");
    }
    let request = r#"{"namespace":"prod","name":"nobody"}"#;
    let (well, text) = run(
        &grpcurl.0,
        &[
            "-plaintext",
            "-d",
            request,
            &fleet.address("token-broker@east"),
            "messina.token.v1.TokenPeerService/ResolveToken",
        ],
    )
    .await;
    assert!(!well && text.contains("NotFound"), "{text}");
}

/// Each service's stream prints what is, then what changes, to a client that sent one request and half-closed.
async fn streams_go_on(grpcurl: &Grpcurl, fleet: &Fleet) {
    let subscribe = r#"{"subscribe":{"subscriber":"grpcurl","kinds":["OBJECT_KIND_SCYLLA_CLUSTER"]}}"#;
    let streams = [
        ("k8s-watcher@east", subscribe, "messina.watch.v1.WatchService/Watch", "\"daily\"", "\"5 5 * * *\""),
        ("task-sync", "{}", "messina.task.v1.TaskService/WatchTasks", "\"daily\"", "\"5 5 * * *\""),
        (
            "registration",
            "{}",
            "messina.registration.v1.RegistrationService/WatchRegistrations",
            "\"orders\"",
            "\"PossibleRingMember\"",
        ),
    ];
    let mut readers = Vec::new();
    for (service, request, method, first, _) in streams {
        let mut child = Command::new(&grpcurl.0)
            .args(["-plaintext", "-d", request, &fleet.address(service), method])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        line_with(&mut lines, first).await;
        readers.push((child, lines));
    }
    let patch = serde_json::json!({"spec": {
        "backups": [{"name": "daily", "cron": "5 5 * * *", "location": ["s3:b"]}], "externalSeeds": ["10.0.0.1"]}});
    fleet.datacenters[0].patch_cluster("prod", "orders", &patch).await.unwrap();
    for ((_, lines), (.., change)) in readers.iter_mut().zip(streams) {
        line_with(lines, change).await;
    }
}

async fn line_with(lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>, text: &str) {
    let seen = async {
        loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .unwrap_or_else(|| panic!("the stream ended before '{text}'"));
            if line.contains(text) {
                return;
            }
        }
    };
    assert!(tokio::time::timeout(crate::fleet::PATIENCE, seen).await.is_ok(), "never printed: {text}");
}
