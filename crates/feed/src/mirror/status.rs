//! How a mirror is doing, for readiness, metrics and people.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// How a mirror is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorState {
    /// Whether a stream is open and was accepted.
    pub connected: bool,
    /// Whether the view is as whole as the feed's right now.
    pub synced: bool,
    /// Whether it ever was; the service can work from then on.
    pub synced_once: bool,
    /// Age of the last message; nothing before the first.
    pub last_message_age: Option<Duration>,
    /// Wall-clock time of the last message.
    pub last_message: Option<Timestamp>,
    /// How long ago the view was known to be whole and current; nothing before that was ever so. At rest
    /// it stays below the interval of bookmarks.
    pub staleness: Option<Duration>,
    /// Why there is no synced stream; nothing while there is one.
    pub error: Option<String>,
    /// Streams that ended, for whatever reason.
    pub reconnects: u64,
    /// Snapshots that had to be sent where a stream could not be resumed.
    pub resets: u64,
    /// Streams given up because nothing came over them any more.
    pub stalled: u64,
    /// Streams refused because the wrong feed answered.
    pub refused: u64,
    /// Objects refused so far.
    pub nacks: u64,
}

#[derive(Debug, Default)]
pub(super) struct Status {
    /// All but the ages.
    pub(super) state: MirrorState,
    last_message: Option<Instant>,
    last_current: Option<Instant>,
}

impl Status {
    /// A message came in and left the view synced or not.
    pub(super) fn heard(&mut self, synced: bool, at: Timestamp) {
        let now = Instant::now();
        self.last_message = Some(now);
        self.state.last_message = Some(at);
        self.state.connected = true;
        self.state.synced = synced;
        if synced {
            self.state.synced_once = true;
            self.state.error = None;
            self.last_current = Some(now);
        }
    }

    /// The stream ended.
    pub(super) fn ended(&mut self, why: String) {
        self.state.connected = false;
        self.state.synced = false;
        self.state.reconnects += 1;
        self.state.error = Some(why);
    }

    /// The state as of now.
    pub(super) fn describe(&self) -> MirrorState {
        let now = Instant::now();
        let age = |since: Option<Instant>| since.map(|since| now.duration_since(since));
        MirrorState {
            last_message_age: age(self.last_message),
            staleness: age(self.last_current),
            ..self.state.clone()
        }
    }
}
