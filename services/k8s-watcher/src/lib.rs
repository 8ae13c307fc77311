//! k8s-watcher: streams what changes in one Kubernetes cluster, and writes Messina's objects and statuses back.
//!
//! [`watch`] follows the API server and fills the feed, [`writer`] is the only road into Kubernetes for
//! registration and task-sync. Neither decides anything about Manager.

pub mod access;
pub mod args;
mod client;
mod events;
mod metrics;
pub mod selection;
mod serve;
mod watch;
mod writer;

use std::path::PathBuf;

use messina_control_api::FILE_DESCRIPTOR_SET;
use messina_control_api::watch::v1::watch_service_server::WatchServiceServer;
use messina_control_api::watch::v1::writer_service_server::WriterServiceServer;
use messina_service_runtime::grpc::{GrpcServer, Services};
use messina_service_runtime::{Failure, Runtime};

use crate::metrics::WatcherMetrics;
use crate::selection::NamespaceSelector;
use crate::serve::DeferredWatch;
use crate::watch::Watches;
use crate::writer::Writer;

/// What the service is to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name of this datacenter.
    pub datacenter: String,
    /// Kubeconfig file; the usual places and then the pod's own ServiceAccount when absent.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig.
    pub context: Option<String>,
    /// Which namespaces are managed.
    pub namespaces: NamespaceSelector,
    /// Whether every write to Kubernetes is refused.
    pub read_only: bool,
}

/// Runs the service on bound sockets until the shutdown.
///
/// # Errors
/// A kubeconfig that cannot be read, or a part of the service that broke. An API server that does not answer is
/// no error: the service waits for it and says so in `/readyz`.
pub async fn run(config: Config, runtime: Runtime<GrpcServer>) -> Result<(), Failure> {
    let client = client::connect(&config).await?;
    let metrics = WatcherMetrics::new(&runtime.metrics);
    let deferred = DeferredWatch::new(&config.datacenter);
    let writer = Writer::new(client.clone(), &config, runtime.clock.clone(), metrics.clone());
    let events = writer.events();
    let services = Services::new()
        .service(WatchServiceServer::new(deferred.clone()))
        .service(WriterServiceServer::new(writer))
        .descriptors(FILE_DESCRIPTOR_SET);
    let (readiness, clock, shutdown) =
        (runtime.readiness.clone(), runtime.clock.clone(), runtime.shutdown.clone());
    let gate = readiness.gate("kubernetes api");
    let mut runtime = runtime.serve(services);
    runtime.spawn("watches", async move {
        let identity = tokio::select! {
            identity = client::identify(&client, &gate) => identity,
            () = shutdown.begun() => return Ok(()),
        };
        let watches = Watches { client, config, metrics, readiness, clock, events };
        watches.run(identity, deferred, gate, shutdown).await
    });
    runtime.run().await
}
