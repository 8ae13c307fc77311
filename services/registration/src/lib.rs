//! Registration: keeps every ScyllaDB cluster of all datacenters registered in ScyllaDB Manager.
//!
//! What is declared comes from the feeds of the datacenters, tokens from their brokers; what shall happen is
//! decided in `messina_domain::plan::registration`; it happens through Manager's cluster routes and through
//! the writers of the datacenters.

mod api;
pub mod args;
mod audience;
mod broker;
pub mod config;
mod deletions;
mod fleet;
mod ledger;
mod listing;
mod metrics;
mod publish;
mod registrar;
mod routing;
mod status;
mod steps;
mod upkeep;
mod wanted;
mod writer;

use std::fmt::Display;
use std::sync::Arc;

use messina_control_api::FILE_DESCRIPTOR_SET;
use messina_control_api::registration::v1::registration_service_server::RegistrationServiceServer;
use messina_domain::identity::ClusterKey;
use messina_feed::Changed;
use messina_feed::mirror::OnChange;
use messina_manager_client::{ManagerClient, Settings as ManagerSettings};
use messina_reconcile::{Loop, Settings, Trigger};
use messina_service_runtime::grpc::{GrpcServer, Services};
use messina_service_runtime::trace::{add_link, current_traceparent, set_parent};
use messina_service_runtime::{ConfigErrors, Failure, Runtime};

pub use config::{Config, DatacenterPeers};

use api::Api;
use audience::Audience;
use deletions::Deletions;
use fleet::Fleet;
use ledger::Ledger;
use listing::Listing;
use metrics::RegistrationMetrics;
use registrar::Registrar;

/// Serves until the shutdown. The caller has bound the ports.
///
/// # Errors
/// A configuration that cannot work, or a part that cannot go on.
pub async fn run(config: Config, runtime: Runtime<GrpcServer>) -> Result<(), Failure> {
    let registrar = Arc::new(registrar(&config, &runtime)?);
    let passes = Loop::new(Arc::clone(&registrar), settings(&config, &registrar));
    let trigger = passes.handle();
    let api = Api {
        registrar: Arc::clone(&registrar),
        trigger: trigger.clone(),
        shutdown: runtime.shutdown.clone(),
        read_only: config.read_only,
    };
    let manager_gate = runtime.readiness.gate("manager");
    let gates: Vec<_> =
        registrar.fleet.iter().map(|(name, _)| runtime.readiness.gate(format!("watcher-{name}"))).collect();
    let services =
        Services::new().service(RegistrationServiceServer::new(api)).descriptors(FILE_DESCRIPTOR_SET);
    let mut runtime = runtime.serve(services);
    let shutdown = runtime.shutdown.clone();
    for ((name, datacenter), gate) in registrar.fleet.iter().zip(gates) {
        let (mirror, channel) = (datacenter.mirror.clone(), datacenter.watcher.clone());
        let on_change = on_change(Arc::clone(&registrar), trigger.clone(), name.clone(), gate);
        let token = shutdown.token();
        runtime.spawn(format!("feed of {name}"), async move {
            mirror.run(channel, token, on_change).await;
            Ok(())
        });
    }
    let token = shutdown.token();
    if config.read_only {
        tracing::info!("read-only: nothing is changed anywhere");
    } else {
        runtime.spawn("reconcile loop", async move {
            passes.run(token).await;
            Ok(())
        });
    }
    runtime.spawn("upkeep", upkeep::gauges(Arc::clone(&registrar), trigger, shutdown.clone()));
    runtime.spawn("manager probe", upkeep::probe(registrar, manager_gate, shutdown));
    runtime.run().await
}

fn registrar(config: &Config, runtime: &Runtime<GrpcServer>) -> Result<Registrar, Failure> {
    let (clock, metrics) = (runtime.clock.clone(), RegistrationMetrics::new(&runtime.metrics));
    let now = clock.clone();
    let settings = ManagerSettings {
        manager_name: Some(config.manager_name.clone()).filter(|name| name != "default"),
        traceparent: Some(Arc::new(current_traceparent)),
        observer: Some(Arc::new(metrics.clone())),
        breaker: config.breaker,
        ..ManagerSettings::new(&config.manager_url, Arc::new(move || now.now()))
    };
    let client = ManagerClient::new(&settings).map_err(|error| {
        let mut errors = ConfigErrors::new();
        errors.add("--manager-url", &config.manager_url, error.problem, error.remedy);
        Failure::from(errors)
    })?;
    Ok(Registrar {
        fleet: Fleet::new(&config.datacenters, &clock),
        clusters: client.clusters(),
        // So that a resync never looks at a list that is nearly as old as the last one.
        listing: Listing::new(client.clusters(), config.list_age.min(config.resync / 6)),
        manager_name: config.manager_name.clone(),
        templates: config.host_templates.clone(),
        ledger: Ledger::default(),
        deletions: Deletions::new(),
        audience: Audience::default(),
        metrics,
        clock,
    })
}

fn settings(config: &Config, registrar: &Arc<Registrar>) -> Settings {
    let registrar = Arc::clone(registrar);
    Settings {
        workers: config.workers,
        resync: config.resync,
        waiting: config.waiting,
        max_backoff: config.max_backoff,
        span: Arc::new(move |key, cause| pass_span(&registrar.ledger, key, cause)),
        ..Settings::default()
    }
}

/// The span of a pass: a part of the trace that the Kubernetes event behind it began, or of the one whose
/// earlier pass led to that event.
fn pass_span(ledger: &Ledger, key: &dyn Display, cause: Option<&str>) -> tracing::Span {
    let key = key.to_string();
    let datacenter = key.split('/').next().unwrap_or_default();
    let span = tracing::info_span!("registration", datacenter, key);
    let begun = key.parse().ok().and_then(|key| ledger.take_trace(&key));
    match (&begun, cause) {
        (Some(begun), Some(cause)) => {
            set_parent(&span, begun);
            add_link(&span, cause);
        }
        (Some(parent), None) => set_parent(&span, parent),
        (None, Some(parent)) => set_parent(&span, parent),
        (None, None) => {}
    }
    span
}

/// What a change of the feed sets going.
fn on_change(
    registrar: Arc<Registrar>,
    trigger: Trigger<ClusterKey>,
    datacenter: String,
    gate: messina_service_runtime::Gate,
) -> OnChange {
    Arc::new(move |changed| {
        let keys = routing::concerned(&registrar.fleet, &datacenter, &changed);
        registrar.audience.tell(&keys);
        let cause = match &changed {
            Changed::Object { traceparent, .. } => traceparent.clone(),
            Changed::Synced => {
                // Stays open when the feed is lost later: what is known is still served and kept up, and
                // whoever asks why a datacenter is silent has to be able to ask.
                gate.ready();
                None
            }
        };
        for key in keys {
            trigger.now(key, cause.clone());
        }
    })
}
