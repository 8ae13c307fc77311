//! What a feed has to be told.

use std::time::Duration;

use messina_control_api::watch::v1::ObjectKind;
use tokio_util::sync::CancellationToken;

use crate::WallClock;

/// Settings of a [`Feed`](super::Feed).
#[derive(Clone)]
pub struct FeedSettings {
    /// Name of the datacenter.
    pub datacenter: String,
    /// UID of the `kube-system` namespace, which identifies the Kubernetes cluster.
    pub kube_system_uid: String,
    /// Life of the feed: a value that no other life of it ever had, such as a random UUID.
    pub epoch: String,
    /// How many changes are remembered for those who resume; 10 000.
    pub window: usize,
    /// How often a subscriber hears that nothing happened; 10 s. A [`Mirror`](crate::Mirror) takes a
    /// stream for dead after three times as long, so change both or neither.
    pub bookmark_every: Duration,
    /// Kinds that must be listed before anybody is served; all of them.
    pub kinds: Vec<ObjectKind>,
    /// Ends all streams.
    pub shutdown: CancellationToken,
    /// Wall-clock time.
    pub clock: WallClock,
}

impl FeedSettings {
    /// Settings with everything that can be assumed.
    pub fn new(
        datacenter: impl Into<String>,
        kube_system_uid: impl Into<String>,
        epoch: impl Into<String>,
        clock: WallClock,
    ) -> Self {
        Self {
            datacenter: datacenter.into(),
            kube_system_uid: kube_system_uid.into(),
            epoch: epoch.into(),
            window: 10_000,
            bookmark_every: Duration::from_secs(10),
            kinds: ALL_KINDS.to_vec(),
            shutdown: CancellationToken::new(),
            clock,
        }
    }
}

const ALL_KINDS: [ObjectKind; 8] = [
    ObjectKind::ScyllaCluster,
    ObjectKind::Namespace,
    ObjectKind::Registration,
    ObjectKind::Task,
    ObjectKind::Ring,
    ObjectKind::RingMember,
    ObjectKind::OperatorRegistration,
    ObjectKind::OperatorTask,
];
