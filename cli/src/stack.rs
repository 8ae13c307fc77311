//! The four services in one process: real gRPC between them, on loopback.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use k8s_watcher::selection::NamespaceSelector;
use messina_domain::feedback::Mode;
use messina_domain::host::HostTemplates;
use messina_service_runtime::args::{AdminArgs, GrpcArgs};
use messina_service_runtime::grpc::GrpcServer;
use messina_service_runtime::transport::{Peer, peer};
use messina_service_runtime::{ConfigErrors, Failure, Runtime, Shutdown, Telemetry};
use registration::config::DatacenterPeers;
use token_broker::config::read_fingerprint_key;
use tokio::task::JoinSet;
use tonic::codegen::http::Uri;

/// What to run.
#[derive(Debug, Clone)]
pub struct StackConfig {
    /// The datacenters.
    pub datacenters: Vec<Source>,
    /// REST API of ScyllaDB Manager.
    pub manager_url: String,
    /// Value of `spec.managerRef`.
    pub manager_name: String,
    /// Contact hosts by datacenter.
    pub host_templates: HostTemplates,
    /// Which namespaces are managed.
    pub namespaces: NamespaceSelector,
    /// Mean pause between two looks at the tasks of a cluster.
    pub poll_interval: Duration,
    /// How often each cluster is compared with Manager.
    pub resync: Duration,
    /// Whether and how run state reaches the status of ScyllaClusters.
    pub feedback: Mode,
    /// First port; free ones when 0.
    pub listen_base: u16,
    /// Change nothing anywhere.
    pub read_only: bool,
    /// File with the key of the token fingerprints of all datacenters; each has its own when absent.
    pub fingerprint_key_file: Option<PathBuf>,
}

/// One Kubernetes cluster.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name of the datacenter.
    pub name: String,
    /// Kubeconfig file; the usual places when absent.
    pub kubeconfig: Option<PathBuf>,
    /// Its context.
    pub context: Option<String>,
}

/// Where everything listens.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// registration.
    pub registration: SocketAddr,
    /// task-sync.
    pub task_sync: SocketAddr,
    /// k8s-watcher and token-broker by datacenter.
    pub datacenters: BTreeMap<String, (SocketAddr, SocketAddr)>,
}

/// The services, bound and running.
pub struct Stack {
    /// Where everything listens.
    pub addresses: Addresses,
    services: JoinSet<(&'static str, Result<(), Failure>)>,
    shutdown: Shutdown,
}

/// Ports of a stack count from its base: registration, task-sync, then a pair for each datacenter.
const DATACENTER_PORTS: u16 = 10;
/// Distance of a service's admin port from its gRPC port.
const ADMIN_PORTS: u16 = 100;

struct Binder<'a> {
    base: u16,
    telemetry: &'a Telemetry,
    shutdown: &'a Shutdown,
}

impl Binder<'_> {
    async fn bind(&self, name: &'static str, offset: u16) -> Result<Runtime<GrpcServer>, Failure> {
        let at = |distance: u16| {
            let port =
                if self.base == 0 { 0 } else { self.base.saturating_add(offset).saturating_add(distance) };
            SocketAddr::from((Ipv4Addr::LOCALHOST, port))
        };
        let grpc = GrpcArgs { listen: at(0).into(), insecure_loopback: true };
        let admin = AdminArgs { admin_listen: at(ADMIN_PORTS).into() };
        let builder = Runtime::builder(name, env!("CARGO_PKG_VERSION")).telemetry(self.telemetry.clone());
        builder.admin(&admin).grpc(&grpc).bind(self.shutdown.clone()).await
    }
}

/// The peer that listens there; loopback is always allowed.
fn local(address: SocketAddr) -> Result<Peer, Failure> {
    let mut errors = ConfigErrors::new();
    let url =
        Uri::try_from(format!("http://{address}")).map_err(|error| Failure::broken(error.to_string()))?;
    let peer = peer("--listen-base", &url, true, &mut errors);
    errors.into_result()?;
    peer.ok_or_else(|| Failure::broken(format!("{address} was refused without a reason")))
}

impl Stack {
    /// Binds every port, then starts every service.
    ///
    /// # Errors
    /// A port that is taken, or a kubeconfig that cannot be read.
    pub async fn start(
        config: StackConfig,
        telemetry: &Telemetry,
        shutdown: Shutdown,
    ) -> Result<Self, Failure> {
        let mut errors = ConfigErrors::new();
        let key_file = config.fingerprint_key_file.as_deref();
        let fingerprint_key = key_file.and_then(|path| read_fingerprint_key(path, &mut errors));
        errors.into_result()?;
        let binder = Binder { base: config.listen_base, telemetry, shutdown: &shutdown };
        let registration = binder.bind("registration", 0).await?;
        let task_sync = binder.bind("task-sync", 1).await?;
        let mut addresses = Addresses {
            registration: registration.grpc_addr(),
            task_sync: task_sync.grpc_addr(),
            datacenters: BTreeMap::new(),
        };
        let (mut peers, mut watchers) = (BTreeMap::new(), BTreeMap::new());
        let mut services = JoinSet::new();
        for (index, source) in config.datacenters.iter().enumerate() {
            let offset = DATACENTER_PORTS + 2 * u16::try_from(index).unwrap_or(u16::MAX / 4);
            let watcher = binder.bind("k8s-watcher", offset).await?;
            let broker = binder.bind("token-broker", offset + 1).await?;
            let (watcher_peer, broker_peer) = (local(watcher.grpc_addr())?, local(broker.grpc_addr())?);
            addresses.datacenters.insert(source.name.clone(), (watcher.grpc_addr(), broker.grpc_addr()));
            watchers.insert(source.name.clone(), watcher_peer.clone());
            let pair = DatacenterPeers { watcher: watcher_peer.clone(), broker: broker_peer };
            peers.insert(source.name.clone(), pair);
            let watch = config.watcher(source);
            services.spawn(async move { ("k8s-watcher", k8s_watcher::run(watch, watcher).await) });
            let tokens = token_broker::Config {
                fingerprint_key: fingerprint_key.clone(),
                ..broker_config(source, watcher_peer)
            };
            services.spawn(async move { ("token-broker", token_broker::run(tokens, broker).await) });
        }
        let clusters = config.registration(peers);
        services.spawn(async move { ("registration", registration::run(clusters, registration).await) });
        let tasks = config.task_sync(watchers);
        services.spawn(async move { ("task-sync", task_sync::run(tasks, task_sync).await) });
        Ok(Self { addresses, services, shutdown })
    }

    /// Runs until the shutdown; a service that ends before it ends them all.
    ///
    /// # Errors
    /// The first service that failed.
    pub async fn run(mut self) -> Result<(), Failure> {
        let mut result = Ok(());
        while let Some(ended) = self.services.join_next().await {
            let (name, outcome) =
                ended.map_err(|error| Failure::broken(format!("a service broke: {error}")))?;
            if let Err(failure) = outcome {
                tracing::error!(service = name, %failure, "a service failed; stopping the others");
                result = result.and(Err(failure));
            }
            self.shutdown.begin();
        }
        result
    }
}

impl StackConfig {
    /// Notes what cannot work.
    pub fn check(&self, errors: &mut ConfigErrors) {
        self.registration(BTreeMap::new()).check(errors);
        if let Some(path) = &self.fingerprint_key_file {
            read_fingerprint_key(path, errors);
        }
        let last = usize::from(self.listen_base) + usize::from(DATACENTER_PORTS) + 2 * self.datacenters.len();
        if last + usize::from(ADMIN_PORTS) > usize::from(u16::MAX) {
            errors.add(
                "--listen-base",
                self.listen_base.to_string(),
                "leaves no room for all ports",
                "use a lower one, like 7400",
            );
        }
    }

    fn watcher(&self, source: &Source) -> k8s_watcher::Config {
        k8s_watcher::Config {
            datacenter: source.name.clone(),
            kubeconfig: source.kubeconfig.clone(),
            context: source.context.clone(),
            namespaces: self.namespaces.clone(),
            read_only: self.read_only,
        }
    }

    fn registration(&self, peers: BTreeMap<String, DatacenterPeers>) -> registration::Config {
        registration::Config {
            manager_name: self.manager_name.clone(),
            host_templates: self.host_templates.clone(),
            resync: self.resync,
            read_only: self.read_only,
            ..registration::Config::new(peers, &self.manager_url)
        }
    }

    fn task_sync(&self, watchers: BTreeMap<String, Peer>) -> task_sync::Config {
        task_sync::Config {
            poll_interval: self.poll_interval,
            feedback: self.feedback,
            read_only: self.read_only,
            ..task_sync::Config::new(watchers, &self.manager_url)
        }
    }
}

fn broker_config(source: &Source, watcher: Peer) -> token_broker::Config {
    token_broker::Config {
        kubeconfig: source.kubeconfig.clone(),
        context: source.context.clone(),
        ..token_broker::Config::new(&source.name, watcher)
    }
}
