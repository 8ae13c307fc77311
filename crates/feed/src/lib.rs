//! The feed: the objects of one datacenter, from the k8s-watcher that sees them to everyone who must know.
//!
//! [`publisher`] is the side that serves `WatchService`, [`mirror`] the side that keeps a copy and follows
//! it. Both are level-triggered: what counts is the last state of every object, and a reader that is slow,
//! was away or starts anew ends up with exactly that. The one thing that is more than a state is the proof
//! that a ScyllaCluster was deleted: it travels as a confirmed removal with the UID, and is never inferred
//! from something missing.

mod key;
pub mod mirror;
pub mod publisher;
mod tombstones;

use std::sync::Arc;

pub use key::Key;
pub use mirror::{Changed, Mirror, MirrorSettings, MirrorState, View};
pub use publisher::{Feed, FeedSettings, FeedStats};

/// Wall-clock time, for what people read. Whatever waits uses tokio's clock instead.
pub type WallClock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;
