//! `RegistrationService`: shows and steers which clusters Manager holds.

mod adopt;
mod describe;
mod explain;
mod plan;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::BoxStream;
use messina_control_api::convert::{Incomplete, read_cluster_key};
use messina_control_api::registration::v1 as wire;
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_fault::Fault;
use messina_reconcile::Trigger;
use messina_service_runtime::Shutdown;
use messina_service_runtime::errors::{fault_to_status, field_violation};
use tonic::{Request, Response, Status};
use wire::registration_service_server::RegistrationService;

use crate::registrar::Registrar;

pub(crate) use describe::count;

/// The service behind the API.
pub(crate) struct Api {
    pub(crate) registrar: Arc<Registrar>,
    pub(crate) trigger: Trigger<ClusterKey>,
    pub(crate) shutdown: Shutdown,
    pub(crate) read_only: bool,
}

type Answer<T> = Result<Response<T>, Status>;

impl Api {
    /// The clusters of one datacenter, or of all.
    fn keys(&self, datacenter: &str) -> Result<BTreeSet<ClusterKey>, Status> {
        if datacenter.is_empty() {
            return Ok(self.registrar.fleet.keys(None));
        }
        let fleet = &self.registrar.fleet;
        fleet.get(datacenter).map_err(|fault| field_violation("datacenter", &fault.to_string()))?;
        fleet.with(datacenter, |_| ()).map_err(|fault| unavailable(&fault))?;
        Ok(fleet.keys_of(datacenter))
    }

    /// The key in a request, and what there is under it.
    fn known(&self, key: Option<&wire::ClusterKey>) -> Result<(ClusterKey, wire::Registration), Status> {
        let key = read_cluster_key(key).map_err(|incomplete| incomplete_field(&incomplete))?;
        let fleet = &self.registrar.fleet;
        fleet.get(&key.datacenter).map_err(|fault| field_violation("key.datacenter", &fault.to_string()))?;
        fleet.with(&key.datacenter, |_| ()).map_err(|fault| unavailable(&fault))?;
        match self.registrar.describe(&key) {
            Some(registration) => Ok((key, registration)),
            None => Err(Status::not_found(format!(
                "there is neither a ScyllaCluster nor a registration '{key}', as DATACENTER/NAMESPACE/NAME"
            ))),
        }
    }

    fn may_change(&self) -> Result<(), Status> {
        if !self.read_only {
            return Ok(());
        }
        let fault =
            Fault::waiting(reason::READ_ONLY, "registration runs with --read-only and changes nothing")
                .hint("start it without --read-only");
        Err(fault_to_status(&fault))
    }
}

/// A datacenter that has not answered yet is out of reach, rather than in a state that forbids the call.
fn unavailable(fault: &Fault) -> Status {
    fault_to_status(&Fault::Transient(fault.detail().clone()))
}

fn incomplete_field(Incomplete { field, message }: &Incomplete) -> Status {
    field_violation(field, message)
}

#[tonic::async_trait]
impl RegistrationService for Api {
    type WatchRegistrationsStream = BoxStream<'static, Result<wire::WatchRegistrationsResponse, Status>>;

    async fn list_registrations(
        &self,
        request: Request<wire::ListRegistrationsRequest>,
    ) -> Answer<wire::ListRegistrationsResponse> {
        let keys = self.keys(&request.get_ref().datacenter)?;
        let registrations = keys.iter().filter_map(|key| self.registrar.describe(key)).collect();
        Ok(Response::new(wire::ListRegistrationsResponse { registrations }))
    }

    async fn get_registration(
        &self,
        request: Request<wire::GetRegistrationRequest>,
    ) -> Answer<wire::GetRegistrationResponse> {
        let (_, registration) = self.known(request.get_ref().key.as_ref())?;
        Ok(Response::new(wire::GetRegistrationResponse { registration: Some(registration) }))
    }

    async fn watch_registrations(
        &self,
        request: Request<wire::WatchRegistrationsRequest>,
    ) -> Answer<Self::WatchRegistrationsStream> {
        self.watch(request.into_inner().datacenter).map(Response::new)
    }

    async fn plan_registrations(
        &self,
        request: Request<wire::PlanRegistrationsRequest>,
    ) -> Answer<wire::PlanRegistrationsResponse> {
        let keys = self.keys(&request.get_ref().datacenter)?;
        // A plan that left a datacenter out would read as "nothing to do".
        for (name, _) in self.registrar.fleet.iter() {
            self.registrar.fleet.with(name, |_| ()).map_err(|fault| unavailable(&fault))?;
        }
        let registrations = self.registrar.plan_all(keys).await;
        Ok(Response::new(wire::PlanRegistrationsResponse { registrations }))
    }

    async fn explain_registration(
        &self,
        request: Request<wire::ExplainRegistrationRequest>,
    ) -> Answer<wire::ExplainRegistrationResponse> {
        let (key, registration) = self.known(request.get_ref().key.as_ref())?;
        let facts = self.registrar.explain(&key).await;
        Ok(Response::new(wire::ExplainRegistrationResponse { registration: Some(registration), facts }))
    }

    async fn resync(&self, request: Request<wire::ResyncRequest>) -> Answer<wire::ResyncResponse> {
        self.may_change()?;
        let keys = match &request.get_ref().key {
            None => self.registrar.fleet.keys(None),
            some => BTreeSet::from([self.known(some.as_ref())?.0]),
        };
        for key in &keys {
            self.registrar.ledger.refresh(key);
            self.trigger.now(key.clone(), None);
        }
        Ok(Response::new(wire::ResyncResponse { queued: u32::try_from(keys.len()).unwrap_or(u32::MAX) }))
    }

    async fn adopt(&self, request: Request<wire::AdoptRequest>) -> Answer<wire::AdoptResponse> {
        self.may_change()?;
        let (key, _) = self.known(request.get_ref().key.as_ref())?;
        let asked = request.get_ref().cluster_id.parse();
        let asked = asked.map_err(|_| {
            field_violation(
                "cluster_id",
                "is not a UUID; name the id that the cluster has in ScyllaDB Manager",
            )
        })?;
        let id = self.registrar.adopt(&key, asked).await.map_err(|fault| fault_to_status(&fault))?;
        self.registrar.ledger.refresh(&key);
        self.trigger.now(key, None);
        Ok(Response::new(wire::AdoptResponse { cluster_id: id.to_string() }))
    }

    async fn confirm_deletions(
        &self,
        _: Request<wire::ConfirmDeletionsRequest>,
    ) -> Answer<wire::ConfirmDeletionsResponse> {
        self.may_change()?;
        let confirmed = self.registrar.deletions.confirm(self.registrar.clock.now());
        tracing::info!(confirmed, "deregistrations were confirmed");
        for key in self.registrar.fleet.keys(None) {
            if self.registrar.registration(&key).is_some_and(|registration| registration.deleting) {
                self.trigger.now(key, None);
            }
        }
        let confirmed = u32::try_from(confirmed).unwrap_or(u32::MAX);
        Ok(Response::new(wire::ConfirmDeletionsResponse { confirmed }))
    }
}
