//! Without a collector ids propagate all the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod echo;

use std::time::Duration;

use echo::{channel, say, start};
use messina_service_runtime::Telemetry;
use messina_service_runtime::args::LogArgs;
use messina_service_runtime::trace::{current_traceparent, set_parent};
use tracing::Instrument as _;

/// Logs are on for a whole process, so this file has one test.
#[tokio::test]
async fn ids_propagate_when_nothing_is_exported() {
    let running = start(true, Duration::from_secs(5)).await;
    let channel = channel(running.addr);
    assert_eq!(current_traceparent(), None);
    assert_eq!(say(channel.clone(), "traceparent").await.unwrap(), "", "no telemetry, no trace");

    let args = LogArgs { log_level: "warn".to_owned(), ..LogArgs::default() };
    let telemetry = Telemetry::init_with("test", &args, None).unwrap();
    let span = tracing::info_span!("pass");
    let event = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    set_parent(&span, event);
    let theirs = say(channel.clone(), "traceparent").instrument(span).await.unwrap();
    assert_eq!(theirs.get(..35), event.get(..35), "same trace: {theirs}");
    assert_ne!(theirs, event);

    let span = tracing::info_span!("pass");
    set_parent(&span, "not-a-traceparent");
    let fresh = span.in_scope(current_traceparent).expect("a trace of its own");
    assert_ne!(fresh.get(..35), event.get(..35));
    assert_eq!(current_traceparent(), None, "outside of any span");
    telemetry.shutdown().await;
}
