//! The five steps of the reconcile loop for one cluster. What is decided, the domain decides.

use std::collections::BTreeSet;
use std::time::Duration;

use messina_domain::host::HostTemplates;
use messina_domain::identity::ClusterKey;
use messina_domain::plan::registration::{self, Desired, Observed, Plan, needs_manager};
use messina_domain::registration::Registration;
use messina_fault::Fault;
use messina_manager_client::ClusterApi;
use messina_reconcile::{Next, Pass, Reconciler};
use messina_service_runtime::Clock;

use crate::audience::Audience;
use crate::deletions::Deletions;
use crate::fleet::Fleet;
use crate::ledger::Ledger;
use crate::listing::Listing;
use crate::metrics::RegistrationMetrics;
use crate::wanted::{self, Wanted, needs_token, not_asked};
use crate::writer::Happening;

/// Pause before the look that follows a deletion in Manager.
const AFTER_DELETE: Duration = Duration::from_millis(100);

/// Everything that the steps need.
pub(crate) struct Registrar {
    pub(crate) fleet: Fleet,
    pub(crate) clusters: ClusterApi,
    pub(crate) listing: Listing,
    pub(crate) manager_name: String,
    pub(crate) templates: HostTemplates,
    pub(crate) ledger: Ledger,
    pub(crate) deletions: Deletions,
    pub(crate) audience: Audience,
    pub(crate) metrics: RegistrationMetrics,
    pub(crate) clock: Clock,
}

/// What is observed, and whether what follows from it may be done.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) held: Observed,
    /// The brake's word, where the next step is a deletion.
    pub(crate) brake: Option<Fault>,
}

impl Registrar {
    /// What is declared about a cluster, with its token where the next step may need it.
    pub(crate) async fn wanted(&self, key: &ClusterKey) -> Result<Wanted, Fault> {
        let read = |view: &_| wanted::read(view, key, &self.manager_name, &self.templates);
        let desired = self.fleet.with(&key.datacenter, read)??;
        let resolved = if needs_token(&desired) {
            self.fleet.get(&key.datacenter)?.broker.resolve(key).await
        } else {
            Err(not_asked())
        };
        Ok(Wanted::new(desired, resolved))
    }

    /// What Manager holds of a cluster, where that matters.
    pub(crate) async fn held(&self, desired: &Desired) -> Result<Observed, Fault> {
        if !needs_manager(desired) {
            return Ok(Observed::default());
        }
        let key = &desired.key;
        let id = key.manager_id(&desired.home.kube_system_uid);
        let list = self.listing.get(self.ledger.not_before(key)).await?;
        let mut observed = list.pick(id, &key.manager_name());
        self.ledger.overlay(key, &list, &mut observed);
        Ok(observed)
    }

    /// The registration object of a cluster, as the feed last said.
    pub(crate) fn registration(&self, key: &ClusterKey) -> Option<Registration> {
        let read = |view: &messina_feed::View| view.registration(&key.namespace, &key.name).cloned();
        self.fleet.with(&key.datacenter, read).ok().flatten()
    }

    /// Tells those who watch that a cluster may look different.
    pub(crate) fn tell(&self, key: &ClusterKey) {
        self.audience.tell(&BTreeSet::from([key.clone()]));
    }

    /// Records an event about a registration object; that it cannot be recorded holds nothing up.
    pub(crate) async fn record(&self, of: &Registration, what: Happening) {
        let recorded = match self.fleet.get(&of.key.datacenter) {
            Ok(datacenter) => datacenter.writer.record(of, what).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = recorded {
            tracing::warn!(key = %of.key, %fault, "an event could not be recorded");
        }
    }

    /// Asks the brake where the next step is a deletion.
    async fn brake(&self, desired: &Desired, held: &Observed) -> Option<Fault> {
        let Ok(Some(Plan::Delete { .. } | Plan::DeleteObject { .. })) = registration::plan(desired, held)
        else {
            return None;
        };
        let (key, now) = (&desired.key, self.clock.now());
        let answer = self.deletions.ask(key, self.fleet.registrations(), now);
        let fault = answer.verdict.err()?;
        if answer.just_frozen {
            tracing::error!(%key, %fault, "deregistration is frozen for all clusters");
            if let Some(registration) = &desired.registration {
                let happening = Happening {
                    warning: true,
                    reason: fault.reason(),
                    note: format!("{}; {}", fault.detail().message, fault.detail().hint),
                };
                self.record(registration, happening).await;
            }
        }
        Some(fault)
    }
}

/// The next step, with the brake's word taken into account.
pub(crate) fn decide(desired: &Desired, seen: &Seen) -> Result<Option<Plan>, Fault> {
    match &seen.brake {
        None => registration::plan(desired, &seen.held),
        Some(fault) => {
            registration::plan(&Desired { brake: Err(fault.clone()), ..desired.clone() }, &seen.held)
        }
    }
}

impl Reconciler for Registrar {
    type Key = ClusterKey;
    type Desired = Wanted;
    type Observed = Seen;
    type Plan = Plan;

    async fn desired(&self, key: &ClusterKey) -> Result<Wanted, Fault> {
        let wanted = self.wanted(key).await?;
        if is_to_be_registered(&wanted.desired) {
            self.ledger.wanted(key);
        }
        Ok(wanted)
    }

    async fn observe(&self, _: &ClusterKey, wanted: &Wanted) -> Result<Seen, Fault> {
        let held = self.held(&wanted.desired).await?;
        let brake = self.brake(&wanted.desired, &held).await;
        Ok(Seen { held, brake })
    }

    fn plan(&self, wanted: &Wanted, seen: &Seen) -> Result<Option<Plan>, Fault> {
        decide(&wanted.desired, seen)
    }

    async fn apply(&self, key: &ClusterKey, wanted: &Wanted, plan: Plan) -> Result<(), Fault> {
        self.carry_out(key, &wanted.desired, plan).await
    }

    async fn report(&self, key: &ClusterKey, pass: Pass<'_, Self>) -> Next {
        let plan = match (pass.result, pass.desired, pass.observed) {
            (Ok(()), Some(wanted), Some(seen)) => decide(&wanted.desired, seen).ok().flatten(),
            _ => None,
        };
        let next = match &plan {
            Some(Plan::Delete { .. }) => Next::after(AFTER_DELETE),
            _ if pass.desired.is_some_and(is_over) => {
                self.ledger.forget(key);
                self.tell(key);
                return Next::forget();
            }
            _ => Next::resync(),
        };
        if self.publish(key, &pass, plan.as_ref()).await { next } else { Next::after(Duration::from_secs(5)) }
    }
}

/// Whether there is neither a cluster nor a registration any more.
fn is_over(wanted: &Wanted) -> bool {
    wanted.desired.cluster.is_none() && wanted.desired.registration.is_none()
}

/// Whether the cluster belongs into Manager and never was there, as far as its object says.
fn is_to_be_registered(desired: &Desired) -> bool {
    let known = desired.registration.as_ref().and_then(|registration| registration.status.cluster_id);
    let belongs = |cluster| registration::exclusion_text(cluster, desired.part).is_none();
    known.is_none() && desired.cluster.as_ref().is_some_and(belongs)
}
