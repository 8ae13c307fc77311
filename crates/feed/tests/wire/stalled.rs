//! Streams over which nothing comes any more. Everything is in memory, on paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use messina_control_api::watch::v1::watch_service_server::WatchServiceServer;
use messina_feed::{Feed, Mirror, MirrorSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint, Server};

use super::site::{clock, cluster, feed, settings};

/// A network in memory: what goes into it while it is frozen never comes out, and nobody is told.
#[derive(Clone, Default)]
struct Network {
    frozen: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
}

impl Network {
    fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::SeqCst);
    }

    /// A channel to a server of this feed.
    fn to(&self, feed: &Feed) -> Channel {
        let (accept, accepted) = mpsc::unbounded_channel::<std::io::Result<DuplexStream>>();
        let incoming = UnboundedReceiverStream::new(accepted);
        let server = Server::builder().add_service(WatchServiceServer::new(feed.clone()));
        tokio::spawn(server.serve_with_incoming(incoming));
        let network = self.clone();
        let connector = tower::service_fn(move |_| {
            let (client, outer) = duplex(64 * 1024);
            let (inner, server) = duplex(64 * 1024);
            network.connections.fetch_add(1, Ordering::SeqCst);
            network.lay(outer, inner);
            let accepted = accept.send(Ok(server)).map_err(|_| std::io::Error::other("the server is gone"));
            std::future::ready(accepted.map(|()| TokioIo::new(client)))
        });
        Endpoint::from_static("http://in.memory").connect_with_connector_lazy(connector)
    }

    fn lay(&self, client: DuplexStream, server: DuplexStream) {
        let (client_read, client_write) = tokio::io::split(client);
        let (server_read, server_write) = tokio::io::split(server);
        tokio::spawn(self.clone().carry(client_read, server_write));
        tokio::spawn(self.clone().carry(server_read, client_write));
    }

    async fn carry(self, mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin) {
        let mut buffer = vec![0; 16 * 1024];
        let mut lost = false;
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            lost |= self.frozen.load(Ordering::SeqCst);
            if !lost && to.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
        // A frozen connection does not even end.
        if lost {
            std::future::pending::<()>().await;
        }
    }
}

fn follow(channel: Channel) -> (Mirror, CancellationToken) {
    let settings = MirrorSettings { seed: Some(3), ..MirrorSettings::new("east", "test", []) };
    let (mirror, shutdown) = (Mirror::new(settings, clock()), CancellationToken::new());
    let (running, token) = (mirror.clone(), shutdown.clone());
    tokio::spawn(async move { running.run(channel, token, Arc::new(|_| {})).await });
    (mirror, shutdown)
}

async fn until(mirror: &Mirror, reached: impl Fn(&Mirror) -> bool) {
    let begin = Instant::now();
    while !reached(mirror) {
        assert!(begin.elapsed() < Duration::from_secs(300), "{:?}", mirror.state());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_is_never_taken_for_a_dead_one() {
    let feed = feed(settings("e"), &[("a", "u1")]);
    let (mirror, _shutdown) = follow(Network::default().to(&feed));
    until(&mirror, |mirror| mirror.state().synced).await;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let state = mirror.state();
        assert!(state.staleness.unwrap() <= Duration::from_secs(11), "{state:?}");
    }
    assert_eq!((mirror.state().reconnects, mirror.state().stalled), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_dead_stream_is_noticed_after_three_bookmarks_and_replaced() {
    let feed = feed(settings("e"), &[("a", "u1")]);
    let network = Network::default();
    let (mirror, _shutdown) = follow(network.to(&feed));
    until(&mirror, |mirror| mirror.state().synced).await;
    network.freeze(true);
    let begin = Instant::now();
    feed.upsert(cluster("a", "u1", 2), None);
    until(&mirror, |mirror| mirror.state().stalled == 1).await;
    let noticed = begin.elapsed();
    assert!((20..=31).contains(&noticed.as_secs()), "{noticed:?}");
    let state = mirror.state();
    assert!(!state.synced && !state.connected && state.synced_once);
    assert!(state.error.unwrap().contains("no message for 30s"));
    assert_eq!(mirror.with(|view| view.clusters.len()), 1, "the view stays");
    assert!(state.staleness.unwrap() >= Duration::from_secs(29));
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_has_not_listed_everything_is_waited_for() {
    let feed = Feed::new(settings("e"));
    let network = Network::default();
    let (mirror, _shutdown) = follow(network.to(&feed));
    until(&mirror, |mirror| mirror.state().stalled >= 2).await;
    assert!(!mirror.state().synced_once);
    assert_eq!(network.connections.load(Ordering::SeqCst), 1, "the connection was good");
    feed.missing_kinds().into_iter().for_each(|kind| feed.kind_synced(kind));
    until(&mirror, |mirror| mirror.state().synced).await;
    assert_eq!(mirror.state().error, None);
}

#[tokio::test(start_paused = true)]
async fn the_pauses_between_attempts_grow_to_five_seconds() {
    let attempts = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let log = attempts.clone();
    let connector = tower::service_fn(move |_| {
        log.lock().push(Instant::now());
        std::future::ready(Err::<TokioIo<DuplexStream>, _>(std::io::Error::other("refused")))
    });
    let channel = Endpoint::from_static("http://nowhere").connect_with_connector_lazy(connector);
    let (mirror, shutdown) = follow(channel);
    until(&mirror, |mirror| mirror.state().reconnects >= 60).await;
    shutdown.cancel();
    let attempts = attempts.lock().clone();
    let pauses: Vec<_> = attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let grace = Duration::from_millis(10);
    assert!(pauses[0] <= Duration::from_millis(200) + grace, "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(5) + grace), "{pauses:?}");
    assert!(pauses.iter().any(|pause| *pause > Duration::from_secs(3)), "{pauses:?}");
    assert!(mirror.state().error.unwrap().contains("refused") || !mirror.state().connected);
}
