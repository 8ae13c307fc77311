//! What operators can see of this service.

use std::sync::Arc;

use messina_service_runtime::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

/// Labels of a count by kind and outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabels {
    /// `plural.group`.
    pub kind: String,
    /// What happened.
    pub what: &'static str,
}

/// Labels of a count by call and outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WriteLabels {
    /// The writer's RPC.
    pub call: &'static str,
    /// `ok`, or the class of the fault.
    pub outcome: &'static str,
}

/// Metrics of the watches and of the writer.
#[derive(Debug, Clone, Default)]
pub struct WatcherMetrics {
    /// Watch events by kind: apply, delete, relist, error, undecodable.
    pub events: Family<KindLabels, Counter>,
    /// Objects in the feed that cannot be decoded, by kind.
    pub undecodable: Family<KindLabels, Gauge>,
    /// Writes to Kubernetes by call and outcome.
    pub writes: Family<WriteLabels, Counter>,
    /// Writes that were not sent because the object was so already.
    pub writes_spared: Arc<Counter>,
}

impl WatcherMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let this = Self::default();
        metrics.component("watcher", |registry| {
            registry.register("events", "Watch events by kind and sort", this.events.clone());
            registry.register(
                "undecodable_objects",
                "Objects that cannot be decoded",
                this.undecodable.clone(),
            );
            registry.register("writes", "Writes to Kubernetes by call and outcome", this.writes.clone());
            let spared = Counter::clone(&this.writes_spared);
            registry.register("writes_spared", "Writes not sent because nothing would change", spared);
        });
        this
    }

    /// Counts one watch event.
    pub fn event(&self, kind: &str, what: &'static str) {
        self.events.get_or_create(&KindLabels { kind: kind.to_owned(), what }).inc();
    }
}
