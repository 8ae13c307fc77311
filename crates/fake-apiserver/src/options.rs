//! Settings of one server.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::access::Access;

/// Source of wall-clock time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Settings of one server. The default listens on a free port of 127.0.0.1 and lets everybody do everything.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Name of cluster, user and context in the kubeconfig.
    pub context: String,
    /// Wall-clock time, for every time that the server writes.
    pub clock: Clock,
    /// Changes kept per resource; a watch that starts before them is told that it is too old.
    pub history_window: usize,
    /// Time between bookmarks on a watch that allows them.
    pub bookmark_interval: Duration,
    /// Who may do what.
    pub access: Access,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            context: "fake".to_owned(),
            clock: Arc::new(system_time),
            history_window: 10_000,
            bookmark_interval: Duration::from_secs(10),
            access: Access::default(),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("context", &self.context)
            .field("history_window", &self.history_window)
            .field("bookmark_interval", &self.bookmark_interval)
            .finish_non_exhaustive()
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one default clock; whoever needs another sets Options::clock"
)]
fn system_time() -> Timestamp {
    Timestamp::now()
}
