//! What operators look at.

use std::time::Duration;

use messina_manager_client::{CallObserver, ObservedCall};
use messina_reconcile::Stats;
use messina_service_runtime::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use std::sync::atomic::AtomicU64;

/// The metrics of this service, under `messina_registration_`.
#[derive(Debug, Clone)]
pub(crate) struct RegistrationMetrics {
    clusters: Family<State, Gauge>,
    passes: Family<Class, Gauge>,
    queued: Gauge,
    convergence: Histogram,
    frozen: Gauge,
    staleness: Family<Datacenter, Gauge<f64, AtomicU64>>,
    calls: Family<Call, Counter>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Class {
    class: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Datacenter {
    datacenter: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Call {
    method: &'static str,
    route: &'static str,
    class: &'static str,
}

/// How many clusters are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Clusters {
    pub(crate) registered: usize,
    pub(crate) held: usize,
    pub(crate) excluded: usize,
}

impl RegistrationMetrics {
    /// Registers them. Once per registry.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let this = Self {
            clusters: Family::default(),
            passes: Family::default(),
            queued: Gauge::default(),
            convergence: Histogram::new(exponential_buckets(0.1, 2.0, 14)),
            frozen: Gauge::default(),
            staleness: Family::default(),
            calls: Family::default(),
        };
        metrics.component("registration", |registry| {
            registry.register("clusters", "ScyllaClusters by state", this.clusters.clone());
            registry.register("passes", "Passes since the start, by outcome", this.passes.clone());
            registry.register("queued", "Clusters that wait for a worker", this.queued.clone());
            let help = "From the first sight of a cluster until it is registered";
            registry.register("convergence_seconds", help, this.convergence.clone());
            registry.register("deletions_frozen", "1 while deregistration is frozen", this.frozen.clone());
            let help = "How long ago the view of a datacenter was known to be whole and current";
            registry.register("feed_staleness_seconds", help, this.staleness.clone());
            registry.register(
                "manager_calls",
                "Calls of Manager's API, by route and outcome",
                this.calls.clone(),
            );
        });
        this
    }

    /// A cluster was registered so long after it was first seen.
    pub(crate) fn converged(&self, took: Duration) {
        self.convergence.observe(took.as_secs_f64());
    }

    /// The fleet as it is now.
    pub(crate) fn fleet(&self, clusters: Clusters, frozen: bool) {
        let Clusters { registered, held, excluded } = clusters;
        for (state, count) in [("registered", registered), ("held", held), ("excluded", excluded)] {
            self.clusters.get_or_create(&State { state }).set(gauge(count));
        }
        self.frozen.set(i64::from(frozen));
    }

    /// The loop as it is now.
    pub(crate) fn passes(&self, stats: Stats) {
        for (class, count) in stats.passes.by_class() {
            self.passes.get_or_create(&Class { class }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.queued.set(gauge(stats.queued));
    }

    /// How current the view of a datacenter is.
    pub(crate) fn staleness(&self, datacenter: &str, staleness: Duration) {
        let label = Datacenter { datacenter: datacenter.to_owned() };
        self.staleness.get_or_create(&label).set(staleness.as_secs_f64());
    }
}

impl CallObserver for RegistrationMetrics {
    fn ended(&self, call: &ObservedCall) {
        let ObservedCall { method, route, class, .. } = *call;
        self.calls.get_or_create(&Call { method, route, class: class.as_str() }).inc();
    }
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
