//! The admin port over a socket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod http;

use http::{get, request};
use messina_service_runtime::admin::{Admin, Shown};
use messina_service_runtime::args::{AdminArgs, LogArgs};
use messina_service_runtime::{LogLevel, Metrics, Readiness, Telemetry};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use tracing::Level;

async fn admin() -> Admin {
    Admin::bind(&AdminArgs { admin_listen: "127.0.0.1:0".parse().unwrap() }).await.unwrap()
}

fn shown(log_level: LogLevel) -> Shown {
    Shown { readiness: Readiness::new(), metrics: Metrics::new("test", "1.2.3"), log_level }
}

#[tokio::test]
async fn probes_and_metrics() {
    let (admin, shown, end) = (admin().await, shown(LogLevel::detached()), CancellationToken::new());
    let addr = admin.local_addr();
    let gate = shown.readiness.gate("feed");
    let server = tokio::spawn(admin.serve(shown, end.clone()));
    assert_eq!(get(addr, "/livez").await.status, 200);
    let answer = get(addr, "/readyz").await;
    assert_eq!((answer.status, answer.body.as_str()), (503, "[-]feed starting\n"));
    gate.ready();
    let answer = get(addr, "/readyz").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "[+]feed ok\n"));
    let answer = get(addr, "/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{}",
        answer.head
    );
    assert!(
        answer.body.contains("messina_build_info{service=\"test\",version=\"1.2.3\"} 1"),
        "{}",
        answer.body
    );
    assert_eq!(get(addr, "/other").await.status, 404);
    assert_eq!(request(addr, "POST", "/log", "debug").await.status, 405);
    end.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_holds_its_connection_does_not_hold_the_end() {
    let (admin, end) = (admin().await, CancellationToken::new());
    let addr = admin.local_addr();
    let server = tokio::spawn(admin.serve(shown(LogLevel::detached()), end.clone()));
    let mut held = tokio::net::TcpStream::connect(addr).await.unwrap();
    held.write_all(b"GET /livez HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        assert_ne!(held.read_buf(&mut answer).await.unwrap(), 0);
    }
    held.write_all(b"GET /livez HTTP/1.1\r\nhost: ").await.unwrap();
    end.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(5), server).await.expect("ends").unwrap().unwrap();
    drop(held);
}

#[tokio::test]
async fn the_log_level_changes_at_run_time() {
    let telemetry = Telemetry::init_with("test", &LogArgs::default(), None).unwrap();
    let admin = admin().await;
    let addr = admin.local_addr();
    tokio::spawn(admin.serve(shown(telemetry.log_level()), CancellationToken::new()));
    assert_eq!(get(addr, "/log").await.body, "info\n");
    assert!(!tracing::enabled!(Level::DEBUG));
    let answer = request(addr, "PUT", "/log", "info,admin=debug\n").await;
    assert_eq!(answer.status, 200);
    let mut parts: Vec<_> = answer.body.trim().split(',').collect();
    parts.sort_unstable();
    assert_eq!(parts, ["admin=debug", "info"]);
    assert!(tracing::enabled!(target: "admin", Level::DEBUG));
    assert!(!tracing::enabled!(target: "other", Level::DEBUG));
    for bad in ["", "loud=very=much", "admin=loud"] {
        let answer = request(addr, "PUT", "/log", bad).await;
        assert_eq!(answer.status, 400, "{bad:?}: {}", answer.body);
    }
    assert!(tracing::enabled!(target: "admin", Level::DEBUG), "what was in force stays");
}
