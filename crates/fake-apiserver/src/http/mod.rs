//! The HTTP side: from requests to the state and back.

mod admin;
mod body;
mod negotiate;
mod protobuf;
mod read;
mod request;
mod respond;
mod router;
mod watch;
mod write;

use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

pub use router::handle;

use crate::access::Access;
use crate::faults::{Counts, Faults};
use crate::write::State;

/// What every request handler shares.
pub struct Shared {
    /// Objects and resources.
    pub state: Mutex<State>,
    /// Faults to come.
    pub faults: Mutex<Faults>,
    /// Requests so far.
    pub counts: Mutex<Counts>,
    /// Who may do what.
    pub access: Access,
    /// Time between bookmarks.
    pub bookmark_interval: Duration,
    /// Whether bookmarks are held back.
    pub bookmarks_paused: tokio::sync::watch::Sender<bool>,
    /// Grows each time that all watches are to end.
    pub watch_generation: tokio::sync::watch::Sender<u64>,
    /// Ends everything.
    pub stop: CancellationToken,
}

impl Shared {
    /// Ends every open watch.
    pub fn drop_watches(&self) {
        self.watch_generation.send_modify(|generation| *generation += 1);
    }
}
