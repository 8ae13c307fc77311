//! What operators look at.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use messina_service_runtime::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

/// The metrics of this service, under `messina_token_broker_`.
#[derive(Debug, Clone)]
pub(crate) struct BrokerMetrics {
    tokens: Family<Outcome, Counter>,
    staleness: Gauge<f64, AtomicU64>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl BrokerMetrics {
    /// Registers them. Once per registry.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let this = Self { tokens: Family::default(), staleness: Gauge::default() };
        metrics.component("token_broker", |registry| {
            registry.register("tokens", "Tokens that were looked for, by outcome", this.tokens.clone());
            let help = "How long ago the view of the datacenter was known to be whole and current";
            registry.register("feed_staleness_seconds", help, this.staleness.clone());
        });
        this
    }

    /// A token was looked for.
    pub(crate) fn resolved(&self, outcome: &'static str) {
        self.tokens.get_or_create(&Outcome { outcome }).inc();
    }

    /// How current the view is.
    pub(crate) fn staleness(&self, staleness: Duration) {
        self.staleness.set(staleness.as_secs_f64());
    }
}
