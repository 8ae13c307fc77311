//! Token-broker: knows the agent auth tokens of one datacenter's ScyllaDB clusters.
//!
//! What clusters and rings there are, the feed says; tokens are read from their Secrets when somebody asks,
//! one `get` at a time, and kept nowhere. Which Secret counts is decided in `messina_domain::plan::token`.

pub mod args;
mod client;
pub mod config;
mod metrics;
mod peer_api;
mod ring_api;
mod secrets;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use messina_control_api::FILE_DESCRIPTOR_SET;
use messina_control_api::token::v1::token_peer_service_server::TokenPeerServiceServer;
use messina_control_api::token::v1::token_service_server::TokenServiceServer;
use messina_control_api::watch::v1::ObjectKind;
use messina_feed::mirror::OnChange;
use messina_feed::{Changed, Mirror, MirrorSettings};
use messina_service_runtime::grpc::{GrpcServer, Services, channel};
use messina_service_runtime::{Failure, Gate, Runtime, Shutdown};
use tokio::sync::watch;

pub use config::Config;

use metrics::BrokerMetrics;
use peer_api::PeerApi;
use ring_api::RingApi;
use secrets::{Secrets, innermost};
use tokens::Tokens;

/// The kinds that say which tokens there are.
const KINDS: [ObjectKind; 3] = [ObjectKind::ScyllaCluster, ObjectKind::Ring, ObjectKind::RingMember];
/// Longest pause between attempts to reach the API server for the first time.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often the gauges are set.
const GAUGES: Duration = Duration::from_secs(5);

/// Serves until the shutdown. The caller has bound the ports.
///
/// # Errors
/// A kubeconfig that cannot be used, or a part that cannot go on.
pub async fn run(config: Config, runtime: Runtime<GrpcServer>) -> Result<(), Failure> {
    let client = client::connect(&config).await?;
    let clock = runtime.clock.clone();
    let settings = MirrorSettings::new(&config.datacenter, "token-broker", KINDS);
    let mirror = Mirror::new(settings, Arc::new(move || clock.now()));
    if config.fingerprint_key.is_none() {
        tracing::warn!(
            "fingerprints are keyed with the UID of kube-system: they can be compared within datacenter '{}' only; \
             give all brokers the same --fingerprint-key-file to compare them across datacenters",
            config.datacenter
        );
    }
    let metrics = BrokerMetrics::new(&runtime.metrics);
    let tokens = Tokens {
        mirror: mirror.clone(),
        secrets: Secrets::new(client.clone()),
        key: config.fingerprint_key.clone(),
        metrics: metrics.clone(),
    };
    let (changes, listener) = watch::channel(0);
    let shutdown = runtime.shutdown.clone();
    let rings = RingApi {
        tokens: tokens.clone(),
        shutdown: shutdown.clone(),
        changes: listener,
        poll: config.watch_poll,
    };
    let watcher_gate = runtime.readiness.gate("watcher");
    let kubernetes_gate = runtime.readiness.gate("kubernetes api");
    let services = Services::new()
        .service(TokenPeerServiceServer::new(PeerApi { tokens }))
        .service(TokenServiceServer::new(rings))
        .descriptors(FILE_DESCRIPTOR_SET);
    let mut runtime = runtime.serve(services);
    let (token, watcher, followed) = (shutdown.token(), channel(&config.watcher), mirror.clone());
    runtime.spawn("feed", async move {
        followed.run(watcher, token, on_change(changes, watcher_gate)).await;
        Ok(())
    });
    runtime.spawn("kubernetes probe", probe(client, kubernetes_gate, shutdown.clone()));
    runtime.spawn("gauges", gauges(mirror, metrics, shutdown));
    runtime.run().await
}

fn on_change(changes: watch::Sender<u64>, gate: Gate) -> OnChange {
    Arc::new(move |changed| {
        if changed == Changed::Synced {
            // Stays open when the feed is lost later: what is known is still right to serve.
            gate.ready();
        }
        changes.send_modify(|count| *count = count.wrapping_add(1));
    })
}

/// Opens the gate when the API server answered once. The version is what every account may read.
async fn probe(client: Client, gate: Gate, shutdown: Shutdown) -> Result<(), Failure> {
    let reached = async {
        let mut pause = Duration::from_millis(250);
        while let Err(error) = client.apiserver_version().await {
            let problem = innermost(&error);
            tracing::warn!(problem, "the Kubernetes API does not answer yet");
            gate.not_ready(problem);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        gate.ready();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = shutdown.begun() => {}
        () = reached => {}
    }
    Ok(())
}

async fn gauges(mirror: Mirror, metrics: BrokerMetrics, shutdown: Shutdown) -> Result<(), Failure> {
    let mut tick = tokio::time::interval(GAUGES);
    loop {
        tokio::select! {
            () = shutdown.begun() => return Ok(()),
            _ = tick.tick() => {}
        }
        if let Some(staleness) = mirror.state().staleness {
            metrics.staleness(staleness);
        }
    }
}
