//! The datacenters: what is known of each, and the roads into it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use messina_control_api::token::v1::token_peer_service_client::TokenPeerServiceClient;
use messina_control_api::watch::v1::ObjectKind;
use messina_control_api::watch::v1::writer_service_client::WriterServiceClient;
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_fault::Fault;
use messina_feed::{Mirror, MirrorSettings, View};
use messina_service_runtime::Clock;
use messina_service_runtime::grpc::{Channel, channel};

use crate::broker::Broker;
use crate::config::DatacenterPeers;
use crate::writer::Writer;

/// The kinds that have a part in registering.
const KINDS: [ObjectKind; 7] = [
    ObjectKind::ScyllaCluster,
    ObjectKind::Namespace,
    ObjectKind::Registration,
    ObjectKind::Task,
    ObjectKind::Ring,
    ObjectKind::RingMember,
    ObjectKind::OperatorRegistration,
];

/// One datacenter.
pub(crate) struct Datacenter {
    /// What its feed said.
    pub(crate) mirror: Mirror,
    /// The road into its Kubernetes.
    pub(crate) writer: Writer,
    /// Where its tokens are.
    pub(crate) broker: Broker,
    /// To its k8s-watcher; the mirror's stream and the writer share it.
    pub(crate) watcher: Channel,
}

/// All datacenters. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Fleet(Arc<BTreeMap<String, Datacenter>>);

impl Fleet {
    pub(crate) fn new(peers: &BTreeMap<String, DatacenterPeers>, clock: &Clock) -> Self {
        let datacenters = peers.iter().map(|(name, peers)| {
            let watcher = channel(&peers.watcher);
            let clock = clock.clone();
            let settings = MirrorSettings::new(name, "registration", KINDS);
            let datacenter = Datacenter {
                mirror: Mirror::new(settings, Arc::new(move || clock.now())),
                writer: Writer::new(WriterServiceClient::new(watcher.clone())),
                broker: Broker::new(TokenPeerServiceClient::new(channel(&peers.broker)), name),
                watcher,
            };
            (name.clone(), datacenter)
        });
        Self(Arc::new(datacenters.collect()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Datacenter)> {
        self.0.iter()
    }

    /// One datacenter.
    ///
    /// # Errors
    /// `Rejected` when no flag names it.
    pub(crate) fn get(&self, name: &str) -> Result<&Datacenter, Fault> {
        self.0.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            Fault::rejected(reason::UNKNOWN_DATACENTER, format!("there is no datacenter '{name}'"))
                .hint(format!("known are: {}", known.join(", ")))
        })
    }

    /// Reads the view of a datacenter that has been whole at least once.
    ///
    /// # Errors
    /// `Waiting(WatcherUnreachable)` before that.
    pub(crate) fn with<R>(&self, name: &str, read: impl FnOnce(&View) -> R) -> Result<R, Fault> {
        let mirror = &self.get(name)?.mirror;
        let read = mirror.with(|view| view.synced_once.then(|| read(view)));
        read.ok_or_else(|| {
            let why = mirror.state().error.unwrap_or_else(|| "it has not answered yet".to_owned());
            Fault::waiting(
                reason::WATCHER_UNREACHABLE,
                format!("nothing is known of datacenter '{name}' yet: {why}"),
            )
            .hint("see that its k8s-watcher runs, and that it is ready")
        })
    }

    /// Every cluster of a datacenter that exists or has a registration object.
    pub(crate) fn keys_of(&self, datacenter: &str) -> BTreeSet<ClusterKey> {
        let keys = self.with(datacenter, |view| keys(datacenter, view));
        keys.unwrap_or_default()
    }

    /// The same for all datacenters, or for one.
    pub(crate) fn keys(&self, only: Option<&str>) -> BTreeSet<ClusterKey> {
        let names = self.0.keys().filter(|name| only.is_none_or(|only| only == *name));
        names.flat_map(|name| self.keys_of(name)).collect()
    }

    /// How many registration objects there are.
    pub(crate) fn registrations(&self) -> usize {
        self.0.values().map(|datacenter| datacenter.mirror.with(|view| view.registrations.len())).sum()
    }
}

fn keys(datacenter: &str, view: &View) -> BTreeSet<ClusterKey> {
    let unreadable = view.undecodable.keys().filter(|key| key.kind == ObjectKind::ScyllaCluster);
    view.clusters
        .keys()
        .chain(view.registrations.keys())
        .map(|(namespace, name)| ClusterKey::new(datacenter, namespace, name))
        .chain(unreadable.map(|key| ClusterKey::new(datacenter, &key.namespace, &key.name)))
        .collect()
}
