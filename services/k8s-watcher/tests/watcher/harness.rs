//! A stage with one datacenter, and a k8s-watcher on it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use k8s_watcher::Config;
use k8s_watcher::selection::NamespaceSelector;
use messina_control_api::watch::v1::watch_request::Request;
use messina_control_api::watch::v1::watch_response::Response;
use messina_control_api::watch::v1::watch_service_client::WatchServiceClient;
use messina_control_api::watch::v1::writer_service_client::WriterServiceClient;
use messina_control_api::watch::v1::{Object, ObjectKind, Subscribe, WatchRequest, WatchResponse};
use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
use messina_service_runtime::{Readiness, Runtime, Shutdown, Telemetry, install_crypto};
use messina_stage::{ClusterSeed, Datacenter, Ground, token};
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::Streaming;
use tonic::transport::Channel;

/// Longest wait for any state.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stage {
    pub datacenter: Datacenter,
    folder: TempDir,
}

pub struct Watcher {
    pub readiness: Readiness,
    pub channel: Channel,
    pub shutdown: Shutdown,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shutdown.begin();
    }
}

fn telemetry() -> Telemetry {
    static ONCE: OnceLock<Telemetry> = OnceLock::new();
    let log = LogArgs {
        log_level: std::env::var("MESSINA_LOG_LEVEL").unwrap_or_else(|_| "off".into()),
        ..LogArgs::default()
    };
    ONCE.get_or_init(|| Telemetry::init("k8s-watcher", &log).unwrap()).clone()
}

pub async fn embedded() -> Stage {
    bare(Ground::Fake).await.dressed().await
}

pub async fn bare(ground: Ground) -> Stage {
    install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let datacenter = Datacenter::start("east", &ground, folder.path()).await.unwrap();
    Stage { datacenter, folder }
}

/// A stage on a real API server; a loud skip where there is none, unless one is required.
pub async fn real(test: &str) -> Option<Stage> {
    match messina_stage::real_ground(test) {
        Some(ground) => Some(bare(ground).await.dressed().await),
        None => None,
    }
}

impl Stage {
    async fn dressed(self) -> Self {
        self.datacenter.install_messina().await.unwrap();
        self.datacenter.install_operator().await.unwrap();
        self
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.datacenter.kubeconfig().to_owned()
    }

    /// A k8s-watcher that is ready.
    pub async fn watcher(&self, selector: &str) -> Watcher {
        let watcher = self.watcher_with(self.kubeconfig(), selector).await;
        watcher.ready().await;
        watcher
    }

    /// A k8s-watcher, ready or not.
    pub async fn watcher_with(&self, kubeconfig: PathBuf, selector: &str) -> Watcher {
        let shutdown = Shutdown::new();
        let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let builder = Runtime::builder("k8s-watcher", "test").telemetry(telemetry());
        let builder = builder.admin(&AdminArgs { admin_listen: any.into() });
        let grpc = GrpcArgs { listen: any.into(), insecure_loopback: true };
        let runtime = builder.grpc(&grpc).bind(shutdown.clone()).await.unwrap();
        let (address, readiness) = (runtime.grpc_addr(), runtime.readiness.clone());
        let config = Config {
            datacenter: "east".into(),
            kubeconfig: Some(kubeconfig),
            context: Some("east".into()),
            namespaces: NamespaceSelector::parse(selector).unwrap(),
            read_only: false,
        };
        tokio::spawn(async move { k8s_watcher::run(config, runtime).await.unwrap() });
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Watcher { readiness, channel, shutdown }
    }

    /// Another file in the stage's folder.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Watcher {
    pub async fn ready(&self) {
        // Before the service has made its gates, nothing is closed.
        let ready = async || self.readiness.is_ready() && self.readiness.report().contains("watch rings");
        let said = || self.readiness.report();
        let waited = tokio::time::timeout(PATIENCE, async {
            while !ready().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(waited.await.is_ok(), "not ready: {}", said());
    }

    pub fn writer(&self) -> WriterServiceClient<Channel> {
        WriterServiceClient::new(self.channel.clone())
    }

    /// Subscribes with one request and half-closes, as grpcurl does.
    pub async fn subscribe(&self, kinds: &[ObjectKind]) -> Reader {
        let subscribe = Subscribe {
            subscriber: "test".into(),
            kinds: kinds.iter().map(|kind| i32::from(*kind)).collect(),
            ..Subscribe::default()
        };
        let request = WatchRequest { request: Some(Request::Subscribe(subscribe)) };
        let mut client = WatchServiceClient::new(self.channel.clone());
        let stream = client.watch(tokio_stream::once(request)).await.unwrap().into_inner();
        Reader(stream)
    }
}

pub struct Reader(Streaming<WatchResponse>);

impl Reader {
    /// The next message that is no bookmark.
    pub async fn next(&mut self) -> Response {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.message()).await.expect("a message in time");
            match next.unwrap().expect("an open stream").response.expect("a known message") {
                Response::Bookmark(_) => {}
                other => return other,
            }
        }
    }

    /// The next object that is as asked for, in a snapshot or as a change.
    pub async fn object(&mut self, wanted: impl Fn(&Object) -> bool) -> Object {
        loop {
            if let Response::Snapshot(carried) | Response::Upsert(carried) = self.next().await
                && wanted(carried.object())
            {
                return carried.object().clone();
            }
        }
    }
}

/// A ScyllaCluster with one backup.
pub fn orders() -> ClusterSeed {
    ClusterSeed {
        namespace: "prod".into(),
        name: "orders".into(),
        spec: json!({"backups": [{"name": "daily", "cron": "@daily", "location": ["s3:b"]}]}),
        available: 3,
        token: Some(token("orders")),
    }
}

/// A pointer into an object.
pub fn at<'a>(object: &'a Value, pointer: &str) -> &'a Value {
    object.pointer(pointer).unwrap_or(&Value::Null)
}

/// Waits until something is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let seen = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, seen).await.is_ok(), "never seen: {what}");
}
