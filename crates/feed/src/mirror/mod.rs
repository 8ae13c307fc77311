//! The side that follows: keeps a copy of one datacenter's feed for as long as it runs.
//!
//! [`Mirror::run`] holds a stream open, resumes it where it broke off, and tells what changed; meanwhile
//! [`Mirror::with`] reads the copy.
//!
//! # Guarantees
//! * The view is always whole: a snapshot replaces it in one step, and an outage leaves it as it was.
//! * An object that is missing from a snapshot leaves the view, but only a removal that the feed confirms
//!   makes [`View::was_removed`] true.
//! * A feed of another datacenter, or of another Kubernetes cluster under the same name, is refused.
//! * After a change, whoever was told of it reads that state or a later one.

mod backoff;
mod by_cluster;
mod follower;
mod outbox;
mod replace;
mod run;
mod settings;
mod status;
mod view;

/// For the model test, which feeds both sides with each other's messages.
#[cfg(test)]
pub(crate) mod model {
    pub(crate) use super::follower::Follower;
    pub(crate) use super::view::View;
}

#[cfg(test)]
mod tests;

use std::sync::Arc;

use messina_control_api::watch::v1::ObjectKey;
use parking_lot::{Mutex, RwLock};

use crate::WallClock;
use status::Status;

pub use by_cluster::ByCluster;
pub use settings::MirrorSettings;
pub use status::MirrorState;
pub use view::{Name, Undecodable, View};

/// A copy of one datacenter's feed; clones are the same copy.
#[derive(Clone)]
pub struct Mirror {
    shared: Arc<Shared>,
}

struct Shared {
    settings: MirrorSettings,
    clock: WallClock,
    view: RwLock<View>,
    status: Mutex<Status>,
}

/// What is different now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// An object is new, different or gone, or its deletion was proved.
    Object {
        /// Which object.
        key: ObjectKey,
        /// W3C trace context of the event behind it, when there was a single one.
        traceparent: Option<String>,
    },
    /// The view is whole and current. Comes after every (re)connection.
    Synced,
}

/// Told of every change, after it can be read. It must not block; it may call [`Mirror::with`].
pub type OnChange = Arc<dyn Fn(Changed) + Send + Sync>;

impl Mirror {
    /// A mirror that knows nothing until it runs.
    pub fn new(settings: MirrorSettings, clock: WallClock) -> Self {
        let shared = Shared { settings, clock, view: RwLock::default(), status: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Name of the datacenter that it follows.
    pub fn datacenter(&self) -> &str {
        &self.shared.settings.datacenter
    }

    /// Reads the view. The feed waits for as long as `read` runs, so take out what is needed and return;
    /// `read` must not call this mirror again.
    pub fn with<R>(&self, read: impl FnOnce(&View) -> R) -> R {
        read(&self.shared.view.read())
    }

    /// How it is doing.
    pub fn state(&self) -> MirrorState {
        self.shared.status.lock().describe()
    }
}
