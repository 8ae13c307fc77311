//! What a mirror has to be told.

use std::time::Duration;

use messina_control_api::watch::v1::ObjectKind;

/// Settings of a [`Mirror`](super::Mirror).
#[derive(Debug, Clone)]
pub struct MirrorSettings {
    /// Name of the datacenter that must answer.
    pub datacenter: String,
    /// Name under which `ListSubscribers` shows this mirror.
    pub subscriber: String,
    /// Kinds to follow; all when empty.
    pub kinds: Vec<ObjectKind>,
    /// Namespaces to follow; all when empty.
    pub namespaces: Vec<String>,
    /// How often the feed says that nothing happened; 10 s. After three times as long without any message
    /// the stream counts as dead.
    pub bookmark_every: Duration,
    /// Upper bound of the first pause before connecting again; 200 ms. It doubles with every failure, and
    /// the pause is anything between nothing and it.
    pub min_backoff: Duration,
    /// Largest such bound; 5 s.
    pub max_backoff: Duration,
    /// Seed of the pauses, for tests; random when absent.
    pub seed: Option<u64>,
}

impl MirrorSettings {
    /// Settings with everything that can be assumed.
    pub fn new(
        datacenter: impl Into<String>,
        subscriber: impl Into<String>,
        kinds: impl Into<Vec<ObjectKind>>,
    ) -> Self {
        Self {
            datacenter: datacenter.into(),
            subscriber: subscriber.into(),
            kinds: kinds.into(),
            namespaces: Vec::new(),
            bookmark_every: Duration::from_secs(10),
            min_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(5),
            seed: None,
        }
    }
}
