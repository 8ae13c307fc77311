//! The handle by which everybody else wakes keys.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::queue::Queue;
use crate::stats::Stats;

/// Wakes keys of one loop. Cheap to clone; works before the loop runs, and does nothing after it ended.
pub struct Trigger<K> {
    pub(crate) shared: Arc<Shared<K>>,
}

pub(crate) struct Shared<K> {
    /// Held for a few map operations at a time, never across an await.
    pub(crate) queue: Mutex<Queue<K>>,
    /// Tells the loop that the queue changed.
    pub(crate) changed: Notify,
}

impl<K: Clone + Eq + Hash> Trigger<K> {
    pub(crate) fn new() -> Self {
        Self { shared: Arc::new(Shared { queue: Mutex::new(Queue::new()), changed: Notify::new() }) }
    }

    /// This key changed: look at it as soon as a worker is free, whatever it was waiting for. During a
    /// pass of the key: once more after it. `cause` names what led here (a W3C traceparent); the first
    /// one of a pass is kept.
    pub fn now(&self, key: K, cause: Option<String>) {
        self.change(|queue| queue.now(key, cause, Instant::now()));
    }

    /// Look at this key at the latest after this pause. Never later than it would have been looked at anyway.
    pub fn after(&self, key: K, pause: Duration) {
        self.change(|queue| queue.after(key, deadline(pause)));
    }

    /// Nobody wants this key any more. A running pass ends, and is the last one unless the key is
    /// triggered again.
    pub fn forget(&self, key: &K) {
        self.change(|queue| queue.forget(key));
    }

    /// What the loop is doing.
    pub fn stats(&self) -> Stats {
        self.shared.queue.lock().stats(Instant::now())
    }

    fn change(&self, change: impl FnOnce(&mut Queue<K>)) {
        change(&mut self.shared.queue.lock());
        self.shared.changed.notify_one();
    }
}

impl<K> Clone for Trigger<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K> std::fmt::Debug for Trigger<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trigger").finish_non_exhaustive()
    }
}

/// The moment after a pause from now; a pause too long for the clock counts as ten years.
pub(crate) fn deadline(pause: Duration) -> Instant {
    const LONG: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);
    Instant::now() + pause.min(LONG)
}
