//! What tracing says about calls. Alone in its process: it listens to everything, libraries included.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use std::io;
use std::sync::{Arc, Mutex};

use harness::*;
use messina_fake_manager::{Fault as Broken, FaultRule};
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_call_is_a_span_with_managers_trace_id_and_no_line_holds_a_token() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .init();

    let stand = Stand::with(|settings| settings.manager_name = Some("east".into())).await;
    let body = cluster(CLUSTER, "east/prod/orders");
    let echo = format!(r#"{{"message":"no: {TOKEN}","details":"","trace_id":"AbC-123_x"}}"#);
    stand
        .manager
        .add_fault(FaultRule::new("POST", "/api/v1/clusters", 1, Broken::Status).answering(500, &echo));
    let fault = stand.clusters.put_new(&body).await.unwrap_err();
    tracing::warn!(%fault, ?body, "as a service would log it");
    stand.clusters.put_new(&body).await.unwrap();
    let held = stand.clusters.list().await.unwrap();
    tracing::info!(?held, "as a service would log it");

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("bcdfgh"), "a token is in the log");
    let closed: Vec<serde_json::Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &serde_json::Value| {
            line["span"]["name"] == "manager.call" && line["fields"]["message"] == "close"
        })
        .map(|line| line["span"].clone())
        .collect();
    assert_eq!(closed.len(), 3, "{text}");
    for (span, method, status) in
        [(&closed[0], "POST", 500), (&closed[1], "POST", 201), (&closed[2], "GET", 200)]
    {
        assert_eq!((&span["method"], &span["status"]), (&method.into(), &status.into()));
        assert_eq!((&span["route"], &span["otel.kind"]), (&"/clusters".into(), &"client".into()));
        assert_eq!(span["manager"], "east");
    }
    assert_eq!(closed[0]["manager_trace_id"], "AbC-123_x");
    assert_eq!((&closed[0]["class"], &closed[2]["class"]), (&"server_error".into(), &"success".into()));
}
