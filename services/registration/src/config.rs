//! What the service has to know before it starts.

use std::collections::BTreeMap;
use std::time::Duration;

use messina_domain::host::HostTemplates;
use messina_manager_client::{BreakerSettings, ManagerClient, Settings};
use messina_service_runtime::transport::Peer;
use messina_service_runtime::{Clock, ConfigErrors};

/// The two services of one datacenter that registration talks to.
#[derive(Debug, Clone)]
pub struct DatacenterPeers {
    /// Its k8s-watcher.
    pub watcher: Peer,
    /// Its token-broker.
    pub broker: Peer,
}

/// Everything that the service has to know. [`Config::new`] gives what can be assumed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The datacenters by name.
    pub datacenters: BTreeMap<String, DatacenterPeers>,
    /// REST API of ScyllaDB Manager.
    pub manager_url: String,
    /// Value of `spec.managerRef`.
    pub manager_name: String,
    /// Contact hosts by datacenter.
    pub host_templates: HostTemplates,
    /// How often each cluster is compared with what Manager holds.
    pub resync: Duration,
    /// How often a cluster that waits for somebody is looked at; what it waits for may be out of sight
    /// of the feed, such as a Secret.
    pub waiting: Duration,
    /// How old a list of Manager's clusters may be to be used again.
    pub list_age: Duration,
    /// Longest pause after faults that may pass by themselves.
    pub max_backoff: Duration,
    /// When to stop calling a Manager that does not answer, and for how long.
    pub breaker: BreakerSettings,
    /// How many clusters are worked on at once.
    pub workers: usize,
    /// Change nothing anywhere.
    pub read_only: bool,
}

impl Config {
    /// Two minutes, so that what somebody does in Manager is put right within three.
    pub const RESYNC: Duration = Duration::from_secs(120);

    /// A configuration with everything that can be assumed.
    pub fn new(datacenters: BTreeMap<String, DatacenterPeers>, manager_url: impl Into<String>) -> Self {
        Self {
            datacenters,
            manager_url: manager_url.into(),
            manager_name: "default".to_owned(),
            host_templates: HostTemplates::default(),
            resync: Self::RESYNC,
            waiting: Duration::from_secs(20),
            list_age: Duration::from_secs(20),
            max_backoff: Duration::from_secs(60),
            breaker: BreakerSettings::default(),
            workers: 16,
            read_only: false,
        }
    }

    /// Notes what cannot work. Needs a TLS provider and a tokio runtime.
    pub fn check(&self, errors: &mut ConfigErrors) {
        if self.resync < Duration::from_secs(1) {
            let value = format!("{}ms", self.resync.as_millis());
            errors.add("--resync", value, "shorter than a second", "write a duration such as 120s");
        }
        let settings = Settings::new(&self.manager_url, {
            let clock = Clock::system();
            std::sync::Arc::new(move || clock.now())
        });
        if let Err(error) = ManagerClient::new(&settings) {
            errors.add("--manager-url", &self.manager_url, error.problem, error.remedy);
        }
    }
}
