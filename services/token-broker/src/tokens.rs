//! The token of one cluster of this datacenter: found, chosen, fingerprinted.

use messina_control_api::watch::v1::ObjectKind;
use messina_domain::cluster::ScyllaCluster;
use messina_domain::names::reason;
use messina_domain::plan::token::{Source, choose};
use messina_domain::token::{AuthToken, FingerprintKey, TokenFingerprint};
use messina_fault::Fault;
use messina_feed::{Mirror, View};
use messina_k8s_api::secret::{AGENT_CONFIG_KEY, TOKEN_KEY, token_secret};

use crate::metrics::BrokerMetrics;
use crate::secrets::Secrets;

/// Finds tokens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) mirror: Mirror,
    pub(crate) secrets: Secrets,
    /// The key of the fingerprints; the UID of kube-system when absent.
    pub(crate) key: Option<FingerprintKey>,
    pub(crate) metrics: BrokerMetrics,
}

/// A token, where it came from, and the name under which it may be talked about.
pub(crate) struct Found {
    pub(crate) token: AuthToken,
    pub(crate) secret: String,
    pub(crate) fingerprint: TokenFingerprint,
}

/// Why there is no token.
pub(crate) enum NotFound {
    /// The feed shows no such cluster.
    Cluster,
    /// Something that may change.
    Fault(Fault),
}

impl From<Fault> for NotFound {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Tokens {
    /// The token of a cluster.
    pub(crate) async fn find(&self, namespace: &str, name: &str) -> Result<Found, NotFound> {
        let found = self.look(namespace, name).await;
        let outcome = match &found {
            Ok(_) => "found",
            Err(NotFound::Cluster) => "no_cluster",
            Err(NotFound::Fault(fault)) => fault.class(),
        };
        self.metrics.resolved(outcome);
        found
    }

    async fn look(&self, namespace: &str, name: &str) -> Result<Found, NotFound> {
        let (cluster, home_uid) = self.with(|view| {
            if let Some(broken) = view.undecodable(ObjectKind::ScyllaCluster, namespace, name) {
                let message = format!("the ScyllaCluster cannot be read: {}", broken.message);
                return Err(NotFound::Fault(Fault::waiting(reason::UNDECODABLE, message)));
            }
            let cluster = view.cluster(namespace, name).cloned().ok_or(NotFound::Cluster)?;
            let uid = view.home.as_ref().map(|home| home.kube_system_uid.clone()).unwrap_or_default();
            Ok((cluster, uid))
        })??;
        let (secret, token) = self.choose(&cluster).await?;
        let fingerprint = match &self.key {
            Some(key) => token.fingerprint(key),
            None => token.fingerprint(&FingerprintKey::new(&home_uid)),
        };
        tracing::debug!(namespace, name, secret, fingerprint = fingerprint.0, "token found");
        Ok(Found { token, secret, fingerprint })
    }

    /// Reads a view that is complete.
    pub(crate) fn with<R>(&self, read: impl FnOnce(&View) -> R) -> Result<R, Fault> {
        let read = self.mirror.with(|view| view.synced_once.then(|| read(view)));
        read.ok_or_else(|| {
            let why = self.mirror.state().error.unwrap_or_else(|| "it has not answered yet".to_owned());
            Fault::transient(
                reason::WATCHER_UNREACHABLE,
                format!("nothing is known of datacenter '{}' yet: {why}", self.mirror.datacenter()),
            )
            .hint("see that its k8s-watcher runs, and that it is ready")
        })
    }

    /// Reads what the choice depends on, and no Secret more.
    async fn choose(&self, cluster: &ScyllaCluster) -> Result<(String, AuthToken), Fault> {
        let namespace = &cluster.key.namespace;
        let agent_config = match &cluster.agent_config_secret {
            None => Source::NotNamed,
            Some(name) => self.secrets.read(namespace, name, AGENT_CONFIG_KEY).await?,
        };
        let own = match &agent_config {
            Source::NotNamed | Source::NoToken(_) => {
                self.secrets.read(namespace, &token_secret(&cluster.key.name), TOKEN_KEY).await?
            }
            _ => Source::NotNamed,
        };
        choose(agent_config, own)
    }
}
