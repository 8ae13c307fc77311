//! Numbers on the admin port. No label holds the name of an object.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use messina_domain::condition::{self, DEGRADED, PROGRESSING};
use messina_domain::manager::RunState;
use messina_domain::task::TaskObject;
use messina_manager_client::{CallClass, CallObserver, ObservedCall};
use messina_reconcile::Stats;
use messina_service_runtime::Metrics as Registries;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::status::is_synced;

type Labels = Vec<(&'static str, String)>;
type Seconds = Gauge<f64, AtomicU64>;

/// The numbers of this service.
#[derive(Clone)]
pub(crate) struct Metrics {
    tasks: Family<Labels, Gauge>,
    runs: Family<Labels, Counter>,
    calls: Family<Labels, Counter>,
    passes: Family<Labels, Gauge>,
    queued: Gauge,
    convergence: Histogram,
    brake: Gauge,
    staleness: Family<Labels, Seconds>,
    oldest_success: Seconds,
    reached: Arc<AtomicBool>,
}

impl Metrics {
    pub(crate) fn new(registries: &Registries) -> Self {
        let buckets = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];
        let metrics = Self {
            tasks: Family::default(),
            runs: Family::default(),
            calls: Family::default(),
            passes: Family::default(),
            queued: Gauge::default(),
            convergence: Histogram::new(buckets),
            brake: Gauge::default(),
            staleness: Family::default(),
            oldest_success: Seconds::default(),
            reached: Arc::default(),
        };
        let it = metrics.clone();
        registries.component("task_sync", |registry| {
            registry.register("tasks", "Task objects by state: synced, held, rejected", it.tasks);
            registry.register("runs", "Runs seen to end, by result", it.runs);
            registry.register("manager_calls", "Calls to ScyllaDB Manager by route and class", it.calls);
            registry.register("passes", "Passes since the start, by outcome", it.passes);
            registry.register("queued_clusters", "Clusters that wait for a worker", it.queued);
            let help = "From the first look at a task that was not as declared until it was";
            registry.register("convergence_seconds", help, it.convergence);
            registry.register("deletions_frozen", "1 while the brake holds deletions", it.brake);
            registry.register("feed_staleness_seconds", "Age of the copy of each datacenter", it.staleness);
            let help = "Age of the oldest last success among tasks that ever succeeded";
            registry.register("last_success_age_max_seconds", help, it.oldest_success);
        });
        metrics
    }

    pub(crate) fn run_ended(&self, state: RunState) {
        let result = if state == RunState::Done { "done" } else { "error" };
        self.runs.get_or_create(&vec![("result", result.to_owned())]).inc();
    }

    pub(crate) fn converged(&self, after: Duration) {
        self.convergence.observe(after.as_secs_f64());
    }

    /// Whether Manager ever answered.
    pub(crate) fn reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }

    pub(crate) fn set_brake(&self, frozen: bool) {
        self.brake.set(i64::from(frozen));
    }

    pub(crate) fn set_staleness(&self, datacenter: &str, staleness: Option<Duration>) {
        let age = staleness.map_or(f64::INFINITY, |age| age.as_secs_f64());
        self.staleness.get_or_create(&vec![("datacenter", datacenter.to_owned())]).set(age);
    }

    pub(crate) fn set_loop(&self, stats: Stats) {
        self.queued.set(i64::try_from(stats.queued).unwrap_or(i64::MAX));
        for (outcome, count) in stats.passes.by_class() {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.passes.get_or_create(&vec![("outcome", outcome.to_owned())]).set(count);
        }
    }

    pub(crate) fn set_tasks(&self, tasks: &[TaskObject], now: jiff::Timestamp) {
        let mut counts = BTreeMap::from([("synced", 0_i64), ("held", 0), ("rejected", 0)]);
        for task in tasks {
            *counts.entry(state(task)).or_default() += 1;
        }
        for (state, count) in counts {
            self.tasks.get_or_create(&vec![("state", state.to_owned())]).set(count);
        }
        let oldest = tasks.iter().filter_map(|task| task.status.last_success).min();
        self.oldest_success
            .set(oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0)));
    }
}

fn state(task: &TaskObject) -> &'static str {
    let is = |kind| condition::is_true(&task.status.conditions, kind);
    match (is_synced(task), is(DEGRADED) && !is(PROGRESSING)) {
        (true, _) => "synced",
        (false, true) => "rejected",
        (false, false) => "held",
    }
}

impl CallObserver for Metrics {
    fn ended(&self, call: &ObservedCall) {
        if matches!(call.class, CallClass::Success | CallClass::ClientError) {
            self.reached.store(true, Ordering::Relaxed);
        }
        let labels = vec![
            ("method", call.method.to_owned()),
            ("route", call.route.to_owned()),
            ("class", call.class.as_str().to_owned()),
        ];
        self.calls.get_or_create(&labels).inc();
    }
}
