//! What goes on beside the loop: the first contact with Manager, and the gauges.

use std::sync::Arc;
use std::time::Duration;

use messina_domain::identity::ClusterKey;
use messina_reconcile::Trigger;
use messina_service_runtime::{Failure, Gate, Shutdown};
use tokio::time::{MissedTickBehavior, interval};

use crate::api::count;
use crate::registrar::Registrar;

/// How often the gauges are set.
const GAUGES: Duration = Duration::from_secs(5);
/// Longest pause between attempts to reach Manager for the first time.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Opens the gate when Manager answered once. It stays open then: an outage is no reason to hide the API
/// that tells of it.
pub(crate) async fn probe(registrar: Arc<Registrar>, gate: Gate, shutdown: Shutdown) -> Result<(), Failure> {
    let mut pause = Duration::from_millis(250);
    let reached = async {
        while let Err(fault) = registrar.listing.get(None).await {
            gate.not_ready(fault.to_string());
            tracing::warn!(%fault, "ScyllaDB Manager has not answered yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        gate.ready();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = shutdown.begun() => {}
        () = reached => {}
    }
    Ok(())
}

/// Sets the gauges now and then.
pub(crate) async fn gauges(
    registrar: Arc<Registrar>,
    trigger: Trigger<ClusterKey>,
    shutdown: Shutdown,
) -> Result<(), Failure> {
    let mut tick = interval(GAUGES);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = shutdown.begun() => return Ok(()),
            _ = tick.tick() => {}
        }
        let metrics = &registrar.metrics;
        metrics.fleet(count(&registrar), registrar.deletions.frozen());
        metrics.passes(trigger.stats());
        for (name, datacenter) in registrar.fleet.iter() {
            if let Some(staleness) = datacenter.mirror.state().staleness {
                metrics.staleness(name, staleness);
            }
        }
    }
}
