//! Puts the parts together and runs them until the shutdown.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use messina_control_api::FILE_DESCRIPTOR_SET;
use messina_control_api::task::v1::task_service_server::TaskServiceServer;
use messina_domain::identity::ClusterKey;
use messina_feed::mirror::OnChange;
use messina_feed::{Mirror, MirrorSettings};
use messina_manager_client::{ManagerClient, TaskApi};
use messina_reconcile::{Loop, Settings, Trigger};
use messina_service_runtime::grpc::{GrpcServer, Services, channel};
use messina_service_runtime::trace::{current_traceparent, set_parent};
use messina_service_runtime::{ConfigErrors, Failure, Gate, Runtime, Shutdown};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::api::Api;
use crate::brake::Brakes;
use crate::config::Config;
use crate::fleet::{Datacenter, Fleet, KINDS};
use crate::memory::Memories;
use crate::metrics::Metrics;
use crate::sync::TaskSync;
use crate::wake::{Pulse, Waker};
use crate::writer::Writer;

/// How often gates and gauges are set.
const LOOK: Duration = Duration::from_millis(500);
/// Every so many looks, all tasks are counted, and a Manager that was never reached is asked whether it is there.
const KNOCK: u32 = 10;

/// Runs the service on sockets that are bound already, until the shutdown.
///
/// # Errors
/// A configuration that cannot work, or a part of the service that fails.
pub async fn run(config: Config, runtime: Runtime<GrpcServer>) -> Result<(), Failure> {
    let metrics = Metrics::new(&runtime.metrics);
    let manager = client(&config, &runtime, &metrics)?;
    let fleet = fleet(&config, &runtime);
    let sync = Arc::new(TaskSync {
        fleet,
        manager,
        memories: Memories::default(),
        brakes: Brakes::new(),
        clock: runtime.clock.clone(),
        metrics,
        config,
        jitter: Mutex::new(fastrand::Rng::new()),
    });
    let looping = Loop::new(Arc::clone(&sync), loop_settings(&sync.config));
    let trigger = looping.handle();
    let pulse = Pulse::new(0);
    let gates = gates(&sync, &runtime);
    let shutdown = runtime.shutdown.clone();
    let api = Api::new(Arc::clone(&sync), trigger.clone(), pulse.clone(), shutdown.clone());
    let services = Services::new().service(TaskServiceServer::new(api)).descriptors(FILE_DESCRIPTOR_SET);
    let mut runtime = runtime.serve(services);
    follow(&sync, &trigger, &pulse, &mut runtime);
    if sync.config.read_only {
        tracing::info!("read-only: nothing is changed anywhere; ask PlanTasks what would be");
    } else {
        let token = shutdown.token();
        runtime.spawn("reconcile", async move {
            looping.run(token).await;
            Ok(())
        });
    }
    runtime.spawn("watch-over", watch_over(sync, trigger, gates, shutdown));
    runtime.run().await
}

fn client(
    config: &Config,
    runtime: &Runtime<GrpcServer>,
    metrics: &Metrics,
) -> Result<TaskApi, ConfigErrors> {
    let clock = runtime.clock.clone();
    let settings = messina_manager_client::Settings::new(&config.manager_url, Arc::new(move || clock.now()));
    let settings = messina_manager_client::Settings {
        traceparent: Some(Arc::new(current_traceparent)),
        observer: Some(Arc::new(metrics.clone())),
        ..settings
    };
    match ManagerClient::new(&settings) {
        Ok(client) => Ok(client.tasks()),
        Err(error) => {
            let mut errors = ConfigErrors::new();
            errors.add("--manager-url", &config.manager_url, error.problem, error.remedy);
            Err(errors)
        }
    }
}

fn fleet(config: &Config, runtime: &Runtime<GrpcServer>) -> Fleet {
    let datacenters = config.watchers.iter().map(|(name, peer)| {
        let clock = runtime.clock.clone();
        let settings = MirrorSettings::new(name, "task-sync", KINDS);
        let mirror = Mirror::new(settings, Arc::new(move || clock.now()));
        (name.clone(), Datacenter { mirror, writer: Writer::new(name, channel(peer)) })
    });
    Fleet(datacenters.collect())
}

fn loop_settings(config: &Config) -> Settings {
    Settings {
        workers: config.workers,
        resync: config.poll_interval,
        waiting: config.poll_interval,
        max_backoff: config.max_backoff,
        span: Arc::new(span),
        ..Settings::default()
    }
}

/// The span of a pass: a child of the event that caused it.
fn span(key: &dyn Display, cause: Option<&str>) -> tracing::Span {
    let key = key.to_string();
    let datacenter = key.split('/').next().unwrap_or_default();
    let span = tracing::info_span!("reconcile", datacenter, key);
    if let Some(cause) = cause {
        set_parent(&span, cause);
    }
    span
}

/// Keeps a copy of every datacenter's feed.
fn follow(sync: &Arc<TaskSync>, trigger: &Trigger<ClusterKey>, pulse: &Pulse, runtime: &mut Runtime) {
    for (name, peer) in &sync.config.watchers {
        let Some(datacenter) = sync.fleet.0.get(name) else { continue };
        let mirror = datacenter.mirror.clone();
        let trigger = (!sync.config.read_only).then(|| trigger.clone());
        let waker = Waker::new(mirror.clone(), trigger, pulse.clone());
        let on_change: OnChange = Arc::new(move |changed| waker.on_change(changed));
        let (channel, shutdown) = (channel(peer), runtime.shutdown.token());
        runtime.spawn(format!("feed of {name}"), async move {
            mirror.run(channel, shutdown, on_change).await;
            Ok(())
        });
    }
}

struct Gates {
    watchers: BTreeMap<String, Gate>,
    manager: Gate,
}

fn gates(sync: &TaskSync, runtime: &Runtime<GrpcServer>) -> Gates {
    let gate = |name: &String| (name.clone(), runtime.readiness.gate(format!("watcher-{name}")));
    Gates { watchers: sync.fleet.0.keys().map(gate).collect(), manager: runtime.readiness.gate("manager") }
}

/// Sets gates and gauges until the shutdown.
async fn watch_over(
    sync: Arc<TaskSync>,
    trigger: Trigger<ClusterKey>,
    gates: Gates,
    shutdown: Shutdown,
) -> Result<(), Failure> {
    let looking = async {
        for round in (0..KNOCK).cycle() {
            look(&sync, &gates);
            if round == 0 {
                sync.metrics.set_loop(trigger.stats());
                sync.metrics.set_tasks(&sync.fleet.tasks(), sync.clock.now());
            }
            knock(&sync, &gates.manager, round).await;
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = shutdown.begun() => {}
        () = looking => {}
    }
    Ok(())
}

fn look(sync: &TaskSync, gates: &Gates) {
    for (name, datacenter) in &sync.fleet.0 {
        let state = datacenter.mirror.state();
        sync.metrics.set_staleness(name, state.staleness);
        match (gates.watchers.get(name), state.synced_once) {
            (Some(gate), true) => gate.ready(),
            (Some(gate), false) => gate.not_ready(state.error.unwrap_or_else(|| "not synced yet".to_owned())),
            (None, _) => {}
        }
    }
    sync.metrics.set_brake(sync.brakes.frozen());
}

/// Opens the gate once Manager has answered anything; asks for an answer while there is nothing else to ask.
async fn knock(sync: &TaskSync, gate: &Gate, round: u32) {
    if !sync.metrics.reached() && round == 1 {
        // About a cluster that nobody has: every answer will do.
        if let Err(fault) = sync.manager.suspended(Uuid::nil()).await
            && !sync.metrics.reached()
        {
            gate.not_ready(fault.to_string());
        }
    }
    if sync.metrics.reached() {
        gate.ready();
    }
}
