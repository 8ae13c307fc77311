//! What the service has to know before it starts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use messina_domain::feedback::Mode;
use messina_manager_client::{ManagerClient, Settings};
use messina_service_runtime::transport::Peer;
use messina_service_runtime::{Clock, ConfigErrors};

/// Everything that the service has to know. [`Config::new`] gives what can be assumed.
#[derive(Debug, Clone)]
pub struct Config {
    /// k8s-watcher of each datacenter.
    pub watchers: BTreeMap<String, Peer>,
    /// REST API of ScyllaDB Manager.
    pub manager_url: String,
    /// Mean pause between two looks at the tasks of a cluster in Manager; each is up to a quarter shorter or
    /// longer.
    pub poll_interval: Duration,
    /// Whether and how run state reaches the status of ScyllaClusters.
    pub feedback: Mode,
    /// Longest pause after faults that may pass by themselves.
    pub max_backoff: Duration,
    /// How many clusters are worked on at once.
    pub workers: usize,
    /// Change nothing anywhere.
    pub read_only: bool,
}

impl Config {
    /// With jitter, 15 to 30 s: at most four reads per cluster and minute at rest.
    pub const POLL_INTERVAL: Duration = Duration::from_secs(20);

    /// A configuration with everything that can be assumed.
    pub fn new(watchers: BTreeMap<String, Peer>, manager_url: impl Into<String>) -> Self {
        Self {
            watchers,
            manager_url: manager_url.into(),
            poll_interval: Self::POLL_INTERVAL,
            feedback: Mode::default(),
            max_backoff: Duration::from_secs(60),
            workers: 16,
            read_only: false,
        }
    }

    /// Notes what cannot work. Needs a TLS provider and a tokio runtime.
    pub fn check(&self, errors: &mut ConfigErrors) {
        if self.watchers.is_empty() {
            errors.add("--watcher", "", "no datacenter is named", "add --watcher DC=http://HOST:PORT");
        }
        self.check_manager(errors);
    }

    /// Notes what cannot work about the way to Manager.
    pub(crate) fn check_manager(&self, errors: &mut ConfigErrors) {
        let clock = Clock::system();
        let settings = Settings::new(&self.manager_url, Arc::new(move || clock.now()));
        if let Err(error) = ManagerClient::new(&settings) {
            errors.add("--manager-url", &self.manager_url, error.problem, error.remedy);
        }
    }

    /// Pause until the next look at a cluster where nothing goes on; `part` is random, from 0 to 1.
    pub(crate) fn rest_interval(&self, part: f64) -> Duration {
        self.poll_interval.mul_f64(0.75 + 0.5 * part.clamp(0.0, 1.0))
    }

    /// Pause between two looks while something runs.
    pub(crate) fn busy_interval(&self) -> Duration {
        self.poll_interval.min(Duration::from_secs(5))
    }

    /// Pause between asking a run to end and looking whether it has.
    pub(crate) fn stop_interval(&self) -> Duration {
        self.poll_interval.min(Duration::from_secs(2))
    }

    /// How old a list of Manager's tasks may be to be used again. Short: it only keeps a burst of changes in
    /// Kubernetes from becoming a burst of calls.
    pub(crate) fn list_age(&self) -> Duration {
        (self.poll_interval / 2).min(Duration::from_secs(4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_rest_a_cluster_is_read_at_most_four_times_a_minute() {
        let config = Config::new(BTreeMap::new(), "http://manager");
        for part in [0.0, 0.3, 0.999, 1.0] {
            let pause = config.rest_interval(part);
            assert!(pause >= Duration::from_secs(15) && pause <= Duration::from_secs(30), "{pause:?}");
        }
        assert_ne!(config.rest_interval(0.1), config.rest_interval(0.9), "clusters spread out");
        assert!(config.list_age() < config.busy_interval(), "a poll never reads an old list again");
    }
}
