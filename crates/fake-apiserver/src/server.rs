//! Starting and stopping a server, and its switches for tests.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::faults::{Counts, Fault, Faults};
use crate::http::{self, Shared};
use crate::kubeconfig;
use crate::options::Options;
use crate::write::State;

/// How long open connections may take to end before they are cut.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// Wanted address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running API server. Dropping it stops it; [`FakeApiServer::shutdown`] also waits for the end.
#[derive(Debug)]
pub struct FakeApiServer {
    address: SocketAddr,
    context: String,
    shared: SharedHandle,
    task: JoinHandle<()>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct SharedHandle(Arc<Shared>);

impl std::fmt::Debug for SharedHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl FakeApiServer {
    /// Starts a server that holds nothing but its first namespaces.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listen = |source| StartError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(options.clock.clone(), options.history_window)),
            faults: Mutex::new(Faults::default()),
            counts: Mutex::new(Counts::default()),
            access: options.access.clone(),
            bookmark_interval: options.bookmark_interval,
            bookmarks_paused: tokio::sync::watch::channel(false).0,
            watch_generation: tokio::sync::watch::channel(0).0,
            stop: stop.clone(),
        });
        let router = Router::new().fallback(http::handle).with_state(shared.clone());
        let ended = stop.clone();
        let task = tokio::spawn(async move {
            let serve = axum::serve(listener, router);
            let graceful = serve.with_graceful_shutdown(async move { ended.cancelled().await });
            if let Err(error) = graceful.await {
                tracing::error!(%error, "fake API server ended");
            }
        });
        let context = options.context;
        Ok(Self { address, context, shared: SharedHandle(shared), task, _stop: stop.drop_guard() })
    }

    /// Address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig, as YAML, whose current context (named in the options) leads here without a token.
    pub fn kubeconfig(&self) -> String {
        kubeconfig::render(&self.context, &self.url(), None)
    }

    /// The same with a bearer token.
    pub fn kubeconfig_with_token(&self, token: &str) -> String {
        kubeconfig::render(&self.context, &self.url(), Some(token))
    }

    /// Writes the kubeconfig to a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_kubeconfig(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, self.kubeconfig())
    }

    /// The present revision.
    pub fn revision(&self) -> u64 {
        self.shared.0.state.lock().store.revision()
    }

    /// Requests on resources so far, the ones that a fault struck included.
    pub fn counts(&self) -> Counts {
        self.shared.0.counts.lock().clone()
    }

    /// Counts from zero again.
    pub fn reset_counts(&self) {
        *self.shared.0.counts.lock() = Counts::default();
    }

    /// Makes requests go wrong.
    pub fn inject(&self, fault: Fault) {
        self.shared.0.faults.lock().inject(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.shared.0.faults.lock().clear();
    }

    /// Ends every open watch, as a restarted server would.
    pub fn drop_watches(&self) {
        self.shared.0.drop_watches();
    }

    /// Forgets all history, so that a watch from any earlier revision is told that it is too old.
    pub fn compact(&self) {
        self.shared.0.state.lock().store.compact();
    }

    /// Holds bookmarks back, or sends them again.
    pub fn pause_bookmarks(&self, paused: bool) {
        self.shared.0.bookmarks_paused.send_replace(paused);
    }

    /// Stops the server and waits until it is gone; connections that do not end in time are cut.
    pub async fn shutdown(self) {
        let Self { shared, mut task, .. } = self;
        shared.0.stop.cancel();
        if tokio::time::timeout(PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
    }
}
