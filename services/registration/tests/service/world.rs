//! Everything around the service, and the service.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use messina_control_api::registration::v1 as wire;
use messina_control_api::registration::v1::registration_service_client::RegistrationServiceClient;
use messina_domain::identity::ClusterKey;
use messina_domain::manager::ClusterBody;
use messina_domain::token::AuthToken;
use messina_fake_manager::{FakeManager, Options};
use messina_manager_client::{BreakerSettings, ClusterApi, ManagerClient, Settings};
use messina_service_runtime::args::{GrpcArgs, LogArgs};
use messina_service_runtime::transport::peer;
use messina_service_runtime::{Clock, ConfigErrors, Failure, Runtime, Shutdown, Telemetry, install_crypto};
use registration::{Config, DatacenterPeers};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::broker::{Broker, TOKEN};
use crate::datacenter::{Datacenter, KUBE_UID};

/// Longest wait for a state.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `look` answers something.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < end, "{place}: not within {PATIENCE:?}: {what}");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Everything around the service.
pub struct World {
    pub manager: FakeManager,
    pub east: Datacenter,
    pub broker: Broker,
}

/// A running service.
pub struct Service {
    pub client: RegistrationServiceClient<Channel>,
    pub metrics: messina_service_runtime::Metrics,
    pub readiness: messina_service_runtime::Readiness,
    shutdown: Shutdown,
    running: JoinHandle<Result<(), Failure>>,
}

fn telemetry() -> Telemetry {
    static SHARED: OnceLock<Telemetry> = OnceLock::new();
    let level = std::env::var("MESSINA_TEST_LOG").unwrap_or_else(|_| "off".to_owned());
    let args = LogArgs { log_level: level, ..LogArgs::default() };
    SHARED.get_or_init(|| Telemetry::init("registration", &args).unwrap()).clone()
}

impl World {
    pub async fn new() -> Self {
        install_crypto();
        let clock = Clock::system();
        let manager = FakeManager::start(Options::new(Arc::new(move || clock.now()))).await.unwrap();
        Self { manager, east: Datacenter::start("east").await, broker: Broker::start().await }
    }

    /// What the service is given: looks at things often.
    pub fn config(&self) -> Config {
        let mut errors = ConfigErrors::new();
        let mut peer = |url: String| peer("--test", &url.parse().unwrap(), true, &mut errors).unwrap();
        let peers = DatacenterPeers { watcher: peer(self.east.url()), broker: peer(self.broker.url()) };
        Config {
            waiting: Duration::from_millis(100),
            max_backoff: Duration::from_millis(300),
            breaker: BreakerSettings {
                first_pause: Duration::from_millis(100),
                longest_pause: Duration::from_millis(300),
                ..BreakerSettings::default()
            },
            ..Config::new(BTreeMap::from([("east".to_owned(), peers)]), self.manager.url())
        }
    }

    /// Starts the service as it runs in production, but for shorter pauses.
    pub async fn start(&self) -> Service {
        self.start_with(self.config()).await
    }

    /// Starts the service so that it compares with Manager all the time.
    pub async fn start_restless(&self) -> Service {
        self.start_with(Config { resync: Duration::from_millis(300), ..self.config() }).await
    }

    pub async fn start_with(&self, config: Config) -> Service {
        let grpc = GrpcArgs { listen: "127.0.0.1:0".parse().unwrap(), insecure_loopback: true };
        let shutdown = Shutdown::new();
        let builder = Runtime::builder("registration", "0.0.0").telemetry(telemetry()).grpc(&grpc);
        let runtime = builder.bind(shutdown.clone()).await.unwrap();
        let url = format!("http://{}", runtime.grpc_addr());
        let (metrics, readiness) = (runtime.metrics.clone(), runtime.readiness.clone());
        let running = tokio::spawn(registration::run(config, runtime));
        let channel = Channel::from_shared(url).unwrap().connect_lazy();
        let client = RegistrationServiceClient::new(channel);
        Service { client, metrics, readiness, shutdown, running }
    }

    /// A client of Manager, as somebody else has one.
    pub fn sctool(&self) -> ClusterApi {
        let clock = Clock::system();
        let settings = Settings::new(self.manager.url(), Arc::new(move || clock.now()));
        ManagerClient::new(&settings).unwrap().clusters()
    }

    /// Waits until Manager holds a cluster of this name; answers it.
    pub async fn registered(&self, name: &str) -> messina_fake_manager::Cluster {
        let name = manager_name(name);
        until(&name, || self.manager.snapshot().cluster(&name).cloned()).await
    }

    /// Waits until the object of a cluster says so.
    pub async fn says(&self, name: &str, reason: &str) -> messina_domain::registration::Registration {
        until(&format!("{name} says {reason}"), || {
            let registration = self.east.registration("prod", name)?;
            let says = registration.status.conditions.first().is_some_and(|first| first.reason == reason);
            says.then_some(registration)
        })
        .await
    }

    /// Waits until a cluster is registered and its object says so.
    pub async fn settled(&self, name: &str) {
        self.registered(name).await;
        self.says(name, "AsDeclared").await;
    }

    /// Waits until neither Manager nor Kubernetes has anything of a cluster.
    pub async fn gone(&self, name: &str) {
        until(&format!("{name} is gone"), || {
            let held = self.manager.snapshot().cluster(&manager_name(name)).is_some();
            (!held && self.east.registration("prod", name).is_none()).then_some(())
        })
        .await;
    }

    /// Waits until so many more passes have ended in a service that is restless.
    pub async fn passes(&self, service: &Service, more: u64) {
        let before = self.lists();
        until("more lists", || (self.lists() >= before + more).then_some(())).await;
        assert!(!service.running.is_finished());
    }

    pub fn posts(&self) -> u64 {
        self.manager.calls().of("POST", "/api/v1/clusters")
    }

    pub fn puts(&self) -> u64 {
        self.manager.calls().of("PUT", "/api/v1/cluster/{c}")
    }

    pub fn deletes(&self) -> u64 {
        self.manager.calls().of("DELETE", "/api/v1/cluster/{c}")
    }

    pub fn lists(&self) -> u64 {
        self.manager.calls().of("GET", "/api/v1/clusters")
    }
}

impl Service {
    pub async fn stop(self) {
        self.shutdown.begin();
        self.running.await.unwrap().unwrap();
    }

    /// Waits until it says that it can work.
    pub async fn ready(&self) {
        until("ready", || {
            let report = self.readiness.report();
            (report.contains("manager") && self.readiness.is_ready()).then_some(())
        })
        .await;
    }

    /// Ends it in the middle of whatever it does.
    pub async fn kill(self) {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
    }

    pub async fn get(&self, name: &str) -> wire::Registration {
        let request = wire::GetRegistrationRequest { key: Some(key(name)) };
        self.client.clone().get_registration(request).await.unwrap().into_inner().registration.unwrap()
    }
}

pub fn key(name: &str) -> wire::ClusterKey {
    wire::ClusterKey { datacenter: "east".into(), namespace: "prod".into(), name: name.into() }
}

pub fn manager_name(name: &str) -> String {
    format!("east/prod/{name}")
}

pub fn id_of(name: &str) -> Uuid {
    ClusterKey::new("east", "prod", name).manager_id(KUBE_UID)
}

/// A cluster as somebody else registers it.
pub fn foreign(id: Uuid, name: &str) -> ClusterBody {
    ClusterBody {
        id,
        name: name.to_owned(),
        host: "somewhere.else".to_owned(),
        labels: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
        token: AuthToken::parse(TOKEN).unwrap(),
    }
}
