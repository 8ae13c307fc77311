//! `grpc.health.v1` follows the readiness of the process.

use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::readiness::Readiness;
use crate::shutdown::Shutdown;

/// Keeps the statuses of these services equal to the readiness until the shutdown begins; from then on
/// none is serving.
pub(super) async fn follow(
    reporter: &HealthReporter,
    services: &[&'static str],
    readiness: &Readiness,
    shutdown: &Shutdown,
) {
    let mut ready = readiness.subscribe();
    while !shutdown.has_begun() {
        let status =
            if *ready.borrow_and_update() { ServingStatus::Serving } else { ServingStatus::NotServing };
        set(reporter, services, status).await;
        tokio::select! {
            () = shutdown.begun() => {}
            changed = ready.changed() => {
                if changed.is_err() {
                    shutdown.begun().await;
                }
            }
        }
    }
    set(reporter, services, ServingStatus::NotServing).await;
}

pub(super) async fn set(reporter: &HealthReporter, services: &[&'static str], status: ServingStatus) {
    for service in services {
        reporter.set_service_status(service, status).await;
    }
}
