//! Telling the outcome of a pass: on the object, as events, in the log, to those who watch.

use messina_domain::condition::{AVAILABLE, find};
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_domain::plan::registration::Plan;
use messina_domain::registration::{Registration, RegistrationStatus};
use messina_fault::Fault;
use messina_reconcile::Pass;
use uuid::Uuid;

use crate::registrar::Registrar;
use crate::status;
use crate::writer::Happening;

/// Waits that belong to the ordinary life of a cluster: nobody has to look at them.
const ORDINARY: [&str; 3] = [reason::NO_AVAILABLE_NODE, reason::CLUSTER_DELETING, reason::TASKS_REMAIN];

impl Registrar {
    /// Tells the outcome; answers whether it could be told. `plan` is what was carried out without a fault.
    pub(crate) async fn publish(&self, key: &ClusterKey, pass: &Pass<'_, Self>, plan: Option<&Plan>) -> bool {
        let of_pass = pass.desired.map(|wanted| wanted.desired.registration.clone());
        let registration = of_pass.unwrap_or_else(|| self.registration(key));
        self.note(key, pass.result.err(), registration.as_ref()).await;
        let Some(registration) = registration else { return true };
        let status = match (pass.result, pass.desired) {
            (Err(fault), wanted) => status::held_up(&registration, fault, wanted, pass.observed),
            (Ok(()), Some(wanted)) => match self.registered_as(key, pass, plan) {
                Some(id) => status::registered(&registration, wanted, id),
                None => return true,
            },
            (Ok(()), None) => return true,
        };
        self.write(&registration, &status).await
    }

    /// The id in Manager when the pass left the cluster there as declared.
    fn registered_as(&self, key: &ClusterKey, pass: &Pass<'_, Self>, plan: Option<&Plan>) -> Option<Uuid> {
        let (wanted, seen) = (pass.desired?, pass.observed?);
        let id = match plan {
            Some(Plan::Create(body) | Plan::Update { body, .. }) => body.id,
            Some(_) => return None,
            None => status::ours(&wanted.desired, seen)?.id,
        };
        self.deletions.stays(key, self.clock.now());
        if let Some(took) = self.ledger.registered(key) {
            self.metrics.converged(took);
        }
        Some(id)
    }

    /// Notes what holds a cluster up; says so once per reason.
    async fn note(&self, key: &ClusterKey, fault: Option<&Fault>, registration: Option<&Registration>) {
        let in_memory = self.ledger.held_up(key, fault.cloned());
        let Some(fault) = fault else {
            if in_memory.is_some() {
                self.tell(key);
            }
            return;
        };
        if in_memory == Some(fault.reason()) {
            return;
        }
        self.tell(key);
        tracing::info!(%key, class = fault.class(), reason = fault.reason(), "held up: {}", fault.detail().message);
        let Some(registration) = registration else { return };
        // After a restart, what is on the object was said by the process before this one.
        if in_memory.is_none() && reason_on(&registration.status) == Some(fault.reason()) {
            return;
        }
        let happening = Happening {
            warning: !ORDINARY.contains(&fault.reason()),
            reason: fault.reason(),
            note: match fault.detail().hint.as_str() {
                "" => fault.detail().message.clone(),
                hint => format!("{}; {hint}", fault.detail().message),
            },
        };
        self.record(registration, happening).await;
    }

    async fn write(&self, registration: &Registration, status: &RegistrationStatus) -> bool {
        if registration.status == *status {
            return true;
        }
        let written = match self.fleet.get(&registration.key.datacenter) {
            Ok(datacenter) => datacenter.writer.report(registration, status).await,
            Err(fault) => Err(fault),
        };
        match written {
            Ok(()) => true,
            Err(fault) => {
                tracing::warn!(key = %registration.key, %fault, "the status could not be written");
                false
            }
        }
    }
}

/// The reason why a cluster is held up, as its object says.
pub(crate) fn reason_on(status: &RegistrationStatus) -> Option<&str> {
    if status.last_error_class.is_empty() {
        return None;
    }
    find(&status.conditions, AVAILABLE).map(|condition| condition.reason.as_str())
}
