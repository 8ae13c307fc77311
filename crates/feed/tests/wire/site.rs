//! A datacenter for tests: a feed behind a server, and a wire to it that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use messina_control_api::watch::v1 as wire;
use messina_feed::{Changed, Feed, FeedSettings, Mirror, MirrorSettings, WallClock};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::{Channel, Endpoint, Server};
use wire::watch_service_server::WatchServiceServer;
use wire::{Object, ObjectKey, ObjectKind};

/// Longer than any step takes.
const DEADLINE: Duration = Duration::from_secs(20);

pub fn clock() -> WallClock {
    Arc::new(|| jiff::Timestamp::UNIX_EPOCH)
}

pub fn settings(epoch: &str) -> FeedSettings {
    FeedSettings::new("east", "kube-1", epoch, clock())
}

/// A feed that has listed these clusters, `(name, uid)`.
pub fn feed(settings: FeedSettings, clusters: &[(&str, &str)]) -> Feed {
    let feed = Feed::new(settings);
    for (name, uid) in clusters {
        feed.upsert(cluster(name, uid, 1), None);
    }
    feed.missing_kinds().into_iter().for_each(|kind| feed.kind_synced(kind));
    feed
}

pub fn key(name: &str) -> ObjectKey {
    ObjectKey { kind: ObjectKind::ScyllaCluster.into(), namespace: "prod".into(), name: name.into() }
}

pub fn cluster(name: &str, uid: &str, generation: i64) -> Object {
    let body = wire::object::Body::ScyllaCluster(wire::ScyllaCluster::default());
    Object { key: Some(key(name)), uid: uid.into(), generation, deleting: false, body: Some(body) }
}

/// Serves a feed on loopback until the process ends.
pub async fn serve(feed: &Feed) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server = Server::builder().add_service(WatchServiceServer::new(feed.clone()));
    tokio::spawn(server.serve_with_incoming(incoming));
    address
}

pub fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy()
}

/// A wire that can be cut, and led to another server.
pub struct Wire {
    pub address: SocketAddr,
    server: Arc<Mutex<SocketAddr>>,
    connections: Arc<Mutex<JoinSet<()>>>,
}

impl Wire {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Mutex::new(server));
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let wire = Self { address, server: server.clone(), connections: connections.clone() };
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let server = *server.lock();
                connections.lock().spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(server).await {
                        // Either side may break off whenever it likes.
                        let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        wire
    }

    /// Ends every connection; new ones go to this server.
    pub fn cut(&self, server: SocketAddr) {
        *self.server.lock() = server;
        self.connections.lock().abort_all();
    }
}

/// A running mirror, and everything that it told.
pub struct Follower {
    pub mirror: Mirror,
    pub told: Arc<Mutex<Vec<Changed>>>,
    _running: DropGuard,
}

impl Follower {
    pub fn of(address: SocketAddr) -> Self {
        Self::with(MirrorSettings::new("east", "registration", []), address)
    }

    pub fn with(settings: MirrorSettings, address: SocketAddr) -> Self {
        let settings = MirrorSettings { max_backoff: Duration::from_millis(300), seed: Some(1), ..settings };
        let (mirror, told) = (Mirror::new(settings, clock()), Arc::new(Mutex::new(Vec::new())));
        let shutdown = CancellationToken::new();
        let (running, log) = (mirror.clone(), told.clone());
        let on_change = Arc::new(move |changed| log.lock().push(changed));
        let token = shutdown.clone();
        tokio::spawn(async move { running.run(channel(address), token, on_change).await });
        Self { mirror, told, _running: shutdown.drop_guard() }
    }

    /// Waits until the mirror is as described.
    pub async fn until(&self, what: &str, mut reached: impl FnMut(&Mirror) -> bool) {
        let waiting = async {
            while !reached(&self.mirror) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
            panic!("not reached: {what}; {:?}", self.mirror.state());
        }
    }

    /// Waits until the mirror is synced and holds exactly these clusters, `(name, uid)`.
    pub async fn until_clusters(&self, clusters: &[(&str, &str)]) {
        self.until(&format!("{clusters:?}"), |mirror| mirror.state().synced && holds(mirror, clusters)).await;
    }
}

fn holds(mirror: &Mirror, clusters: &[(&str, &str)]) -> bool {
    mirror.with(|view| {
        let held = view.clusters.values().map(|one| (one.key.name.as_str(), one.uid.as_str()));
        held.eq(clusters.iter().copied())
    })
}

/// Waits until something is as described.
pub async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "not reached: {what}");
}
