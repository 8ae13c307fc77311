//! Everything around the service, and the service.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};
use messina_control_api::convert::{FeedObject, write_body};
use messina_control_api::token::v1::token_peer_service_client::TokenPeerServiceClient;
use messina_control_api::token::v1::token_service_client::TokenServiceClient;
use messina_control_api::token::v1::{GetFingerprintRequest, ResolveTokenRequest, ResolveTokenResponse};
use messina_control_api::watch::v1 as wire;
use messina_control_api::watch::v1::watch_service_server::WatchServiceServer;
use messina_domain::cluster::ScyllaCluster;
use messina_domain::identity::ClusterKey;
use messina_fake_apiserver::{FakeApiServer, Options};
use messina_feed::{Feed, FeedSettings};
use messina_service_runtime::args::{GrpcArgs, LogArgs};
use messina_service_runtime::transport::peer;
use messina_service_runtime::{
    Clock, ConfigErrors, Failure, Readiness, Runtime, Shutdown, Telemetry, install_crypto,
};
use tempfile::TempDir;
use token_broker::Config;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;
use wire::ObjectKind;
use wire::object::Body;

pub const TOKEN: &str = "bcdfghjklmnpqrstvwxz2456789bcdfg";
pub const OTHER: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

/// Longest wait for a state.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `look` answers something.
pub async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Everything around the service.
pub struct World {
    pub kubernetes: FakeApiServer,
    pub feed: Feed,
    pub folder: TempDir,
    client: Client,
    watcher: String,
}

/// A running service.
pub struct Service {
    pub peers: TokenPeerServiceClient<Channel>,
    pub rings: TokenServiceClient<Channel>,
    pub readiness: Readiness,
    shutdown: Shutdown,
    running: JoinHandle<Result<(), Failure>>,
}

impl World {
    pub async fn new() -> Self {
        Self::with_options(Options { context: "east".to_owned(), ..Options::default() }, None).await
    }

    /// `admin` is the token of an account that may do everything, where accounts are kept.
    pub async fn with_options(options: Options, admin: Option<&str>) -> Self {
        install_crypto();
        let kubernetes = FakeApiServer::start(options).await.unwrap();
        let config = match admin {
            None => kubernetes.kubeconfig(),
            Some(token) => kubernetes.kubeconfig_with_token(token),
        };
        let client = client(&config).await;
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let namespace = Namespace { metadata: named("prod"), ..Namespace::default() };
        namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        let (feed, watcher) = feed().await;
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("kubeconfig"), config).unwrap();
        Self { kubernetes, feed, folder, client, watcher }
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    pub fn watcher(&self) -> &str {
        &self.watcher
    }

    pub fn config(&self) -> Config {
        let mut errors = ConfigErrors::new();
        let peer = peer("--watcher", &self.watcher.parse().unwrap(), true, &mut errors).unwrap();
        Config {
            kubeconfig: Some(self.kubeconfig()),
            context: Some("east".to_owned()),
            watch_poll: Duration::from_millis(50),
            ..Config::new("east", peer)
        }
    }

    pub async fn start(&self) -> Service {
        let service = self.start_with(self.config()).await;
        service.ready().await;
        service
    }

    pub async fn start_with(&self, config: Config) -> Service {
        let grpc = GrpcArgs { listen: "127.0.0.1:0".parse().unwrap(), insecure_loopback: true };
        let shutdown = Shutdown::new();
        let builder = Runtime::builder("token-broker", "0.0.0").telemetry(telemetry()).grpc(&grpc);
        let runtime = builder.bind(shutdown.clone()).await.unwrap();
        let channel = Channel::from_shared(format!("http://{}", runtime.grpc_addr())).unwrap().connect_lazy();
        let readiness = runtime.readiness.clone();
        let running = tokio::spawn(token_broker::run(config, runtime));
        let (peers, rings) = (TokenPeerServiceClient::new(channel.clone()), TokenServiceClient::new(channel));
        Service { peers, rings, readiness, shutdown, running }
    }

    /// A Secret with this content under one key.
    pub async fn secret(&self, name: &str, key: &str, content: &str) {
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), "prod");
        let data = BTreeMap::from([(key.to_owned(), content.to_owned())]);
        let secret = Secret { metadata: named(name), string_data: Some(data), ..Secret::default() };
        let created = secrets.create(&PostParams::default(), &secret).await;
        if let Err(kube::Error::Api(status)) = created {
            assert_eq!(status.code, 409, "{status}");
            secrets.delete(name, &kube::api::DeleteParams::default()).await.unwrap();
            secrets.create(&PostParams::default(), &secret).await.unwrap();
        }
    }

    pub async fn token(&self, cluster: &str, token: &str) {
        self.secret(&format!("{cluster}-auth-token"), "auth-token.yaml", &format!("auth_token: {token}\n"))
            .await;
    }

    pub fn cluster(&self, name: &str, agent_config: Option<&str>) {
        let cluster = ScyllaCluster {
            key: ClusterKey::new("east", "prod", name),
            uid: format!("uid-of-{name}"),
            generation: 1,
            deleting: false,
            exclusion: None,
            available_nodes: 3,
            external_seeds: false,
            backups: Vec::new(),
            repairs: Vec::new(),
            status_managers: Vec::new(),
            agent_config_secret: agent_config.map(str::to_owned),
        };
        let body = write_body(&FeedObject::Cluster(cluster)).unwrap();
        self.put(ObjectKind::ScyllaCluster, "prod", name, body);
    }

    pub fn put(&self, kind: ObjectKind, namespace: &str, name: &str, body: Body) {
        let key = wire::ObjectKey { kind: kind.into(), namespace: namespace.into(), name: name.into() };
        let uid = format!("uid-of-{name}");
        self.feed.upsert(
            wire::Object { key: Some(key), uid, generation: 1, deleting: false, body: Some(body) },
            None,
        );
    }

    pub fn remove(&self, kind: ObjectKind, namespace: &str, name: &str) {
        let key = wire::ObjectKey { kind: kind.into(), namespace: namespace.into(), name: name.into() };
        assert!(self.feed.remove(&key, true, None));
    }

    /// All kinds were listed: the feed begins to serve.
    pub fn synced(&self) {
        for kind in self.feed.missing_kinds() {
            self.feed.kind_synced(kind);
        }
    }
}

impl Service {
    pub async fn ready(&self) {
        until("ready", || {
            let report = self.readiness.report();
            (report.contains("kubernetes") && self.readiness.is_ready()).then_some(())
        })
        .await;
    }

    pub async fn resolve(&self, name: &str) -> Result<ResolveTokenResponse, Status> {
        let request = ResolveTokenRequest { namespace: "prod".into(), name: name.into() };
        self.peers.clone().resolve_token(request).await.map(tonic::Response::into_inner)
    }

    pub async fn fingerprint(&self, name: &str) -> Result<String, Status> {
        let request = GetFingerprintRequest { namespace: "prod".into(), name: name.into() };
        let answer = self.peers.clone().get_fingerprint(request).await?;
        Ok(answer.into_inner().fingerprint)
    }

    pub async fn stop(self) {
        self.shutdown.begin();
        self.running.await.unwrap().unwrap();
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

async fn client(kubeconfig: &str) -> Client {
    let config = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    Client::try_from(kube::Config::from_custom_kubeconfig(config, &options).await.unwrap()).unwrap()
}

async fn feed() -> (Feed, String) {
    let clock = Clock::system();
    let epoch = Uuid::new_v4().to_string();
    let home = "4f0e7bd4-5bd4-4d5c-9d8b-000000000001";
    let feed = Feed::new(FeedSettings::new("east", home, epoch, Arc::new(move || clock.now())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder()
        .add_service(WatchServiceServer::new(feed.clone()))
        .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener));
    tokio::spawn(async move { server.await.unwrap() });
    (feed, url)
}

fn telemetry() -> Telemetry {
    static SHARED: OnceLock<Telemetry> = OnceLock::new();
    let level = std::env::var("MESSINA_TEST_LOG").unwrap_or_else(|_| "off".to_owned());
    let args = LogArgs { log_level: level, ..LogArgs::default() };
    SHARED.get_or_init(|| Telemetry::init("token-broker", &args).unwrap()).clone()
}
