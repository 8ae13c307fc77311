//! One cluster as the API shows it.

use messina_control_api::convert::{write_cluster_key, write_condition, write_explanation};
use messina_control_api::registration::v1 as wire;
use messina_control_api::task::v1::Explanation;
use messina_domain::condition::{AVAILABLE, find, is_true};
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_domain::plan::registration::{Desired, exclusion_text};
use messina_domain::registration::RegistrationStatus;
use messina_fault::Fault;

use crate::metrics::Clusters;
use crate::publish::reason_on;
use crate::registrar::Registrar;
use crate::wanted;

impl Registrar {
    /// A cluster as it is now; nothing when neither it nor a registration exists.
    pub(crate) fn describe(&self, key: &ClusterKey) -> Option<wire::Registration> {
        let read = |view: &_| wanted::read(view, key, &self.manager_name, &self.templates);
        let read = self.fleet.with(&key.datacenter, read).ok()?;
        let (desired, unreadable) = match read {
            Ok(desired) => (Some(desired), None),
            Err(fault) => (None, Some(fault)),
        };
        let registration = match &desired {
            Some(desired) => desired.registration.clone(),
            None => self.registration(key),
        };
        let exists = unreadable.is_some()
            || registration.is_some()
            || desired.as_ref().is_some_and(|desired| desired.cluster.is_some());
        if !exists {
            return None;
        }
        let exclusion = desired.as_ref().and_then(exclusion);
        let status = registration.map(|registration| registration.status).unwrap_or_default();
        Some(wire::Registration {
            key: Some(write_cluster_key(key)),
            cluster_id: status.cluster_id.map(|id| id.to_string()).unwrap_or_default(),
            registered: status.cluster_id.is_some() && is_true(&status.conditions, AVAILABLE),
            excluded: exclusion.is_some(),
            conditions: status.conditions.iter().map(write_condition).collect(),
            token_fingerprint: status.token_fingerprint.clone().unwrap_or_default(),
            explanation: exclusion.or_else(|| {
                let fault = self.ledger.fault(key).or(unreadable);
                fault.as_ref().map(write_explanation).or_else(|| explanation_on(&status))
            }),
        })
    }
}

/// Why a cluster is kept out on purpose.
fn exclusion(desired: &Desired) -> Option<Explanation> {
    let (reason, text) = exclusion_text(desired.cluster.as_ref()?, desired.part)?;
    let hint = match reason {
        reason::OPTED_OUT => "remove the annotation to have it registered",
        reason::NAMESPACE_NOT_SELECTED => {
            "change the namespace's labels or the watcher's --namespace-selector"
        }
        _ => "",
    };
    let (class, hint) = (String::new(), hint.to_owned());
    Some(Explanation { class, reason: reason.to_owned(), message: text.to_owned(), hint })
}

/// What the object says; and for one that says nothing yet, that.
fn explanation_on(status: &RegistrationStatus) -> Option<Explanation> {
    if let Some(reason) = reason_on(status) {
        let message = find(&status.conditions, AVAILABLE).map(|condition| condition.message.clone());
        return Some(Explanation {
            class: status.last_error_class.clone(),
            reason: reason.to_owned(),
            message: message.unwrap_or_default(),
            hint: status.hint.clone(),
        });
    }
    let nothing = status.conditions.is_empty();
    nothing.then(|| {
        write_explanation(&Fault::waiting(reason::NOT_LOOKED_AT_YET, "it has not been looked at yet"))
    })
}

/// How many clusters are in which state.
pub(crate) fn count(registrar: &Registrar) -> Clusters {
    let mut clusters = Clusters::default();
    for key in registrar.fleet.keys(None) {
        match registrar.describe(&key) {
            Some(registration) if registration.excluded => clusters.excluded += 1,
            Some(registration) if registration.explanation.is_none() && registration.registered => {
                clusters.registered += 1;
            }
            Some(_) => clusters.held += 1,
            None => {}
        }
    }
    clusters
}
