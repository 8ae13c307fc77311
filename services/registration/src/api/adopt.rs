//! `Adopt`: taking over a cluster in Manager that Messina did not make, on request.

use messina_domain::identity::ClusterKey;
use messina_domain::manager::ManagerCluster;
use messina_domain::names::reason;
use messina_domain::plan::Change;
use messina_domain::plan::is_owned;
use messina_domain::plan::registration::{Desired, body, exclusion_text};
use messina_domain::registration::Registration;
use messina_fault::Fault;
use uuid::Uuid;

use crate::registrar::Registrar;

impl Registrar {
    /// Takes over the cluster with this id in Manager; answers the id that it has from now on.
    ///
    /// # Errors
    /// `Waiting` when there is nothing to take over, or it is another cluster than the one that was named.
    pub(crate) async fn adopt(&self, key: &ClusterKey, asked: Uuid) -> Result<Uuid, Fault> {
        let wanted = self.wanted(key).await?;
        let desired = &wanted.desired;
        let registration = adoptable(desired)?;
        self.ledger.refresh(key);
        let held = self.held(desired).await?;
        let ours = key.manager_id(&desired.home.kube_system_uid);
        let owner = key.owner(&desired.home.kube_system_uid);
        if asked == ours && held.by_id.as_ref().is_some_and(|held| is_owned(&held.labels, &owner)) {
            return Ok(ours);
        }
        let foreign = [&held.by_id, &held.by_name].into_iter().flatten();
        let foreign: Vec<&ManagerCluster> = foreign.filter(|held| !is_owned(&held.labels, &owner)).collect();
        let Some(found) = foreign.iter().find(|found| found.id == asked) else {
            return Err(not_that_one(key, asked, &foreign));
        };
        if found.id != ours {
            return Err(another_id(found, ours));
        }
        let token = desired.token.as_ref().map_err(Clone::clone)?;
        let host = registration.spec.host.clone().unwrap_or_else(|| desired.template_host.clone());
        let body = body(desired, ours, host, token, &found.labels);
        let change = Change { field: "label owner".to_owned(), from: "none of ours".to_owned(), to: owner };
        tracing::info!(%key, id = %ours, "adopting a cluster in ScyllaDB Manager on request");
        self.replace(desired, &body, &[change]).await?;
        Ok(ours)
    }
}

/// The registration object of a cluster that belongs into Manager.
fn adoptable(desired: &Desired) -> Result<&Registration, Fault> {
    let key = &desired.key;
    let Some(cluster) = &desired.cluster else {
        return Err(Fault::waiting(reason::CLUSTER_GONE, format!("there is no ScyllaCluster '{key}'")));
    };
    if let Some((reason, text)) = exclusion_text(cluster, desired.part) {
        return Err(Fault::waiting(reason, format!("'{key}' is kept out of Manager: {text}")));
    }
    desired.guard.check()?;
    let registration = desired.registration.as_ref().filter(|registration| !registration.deleting);
    registration.ok_or_else(|| {
        let message = format!("'{key}' has no registration object yet, or it is being deleted");
        Fault::waiting(reason::CLUSTER_NOT_REGISTERED, message).hint("try again in a moment")
    })
}

fn not_that_one(key: &ClusterKey, asked: Uuid, foreign: &[&ManagerCluster]) -> Fault {
    let fault = |message: String| Fault::waiting(reason::NOT_OWNED, message);
    match foreign {
        [] => fault(format!("ScyllaDB Manager holds nothing foreign under the name or the id of '{key}'"))
            .hint("there is nothing to adopt; 'messina explain' says what holds the cluster up"),
        [found, ..] => fault(format!(
            "the cluster in the way of '{key}' in ScyllaDB Manager is '{}' with id {}, not {asked}",
            found.name, found.id
        ))
        .hint("look at that one, and adopt it by its id if it is the same cluster"),
    }
}

/// A cluster in Manager cannot be given another id.
fn another_id(found: &ManagerCluster, ours: Uuid) -> Fault {
    Fault::waiting(
        reason::NOT_OWNED,
        format!(
            "'{}' has id {} in ScyllaDB Manager and would need {ours}; Manager cannot change the id of a cluster",
            found.name, found.id
        ),
    )
    .hint(format!(
        "rename it (sctool cluster update -c {id} --name OTHER) to keep its history, or delete it \
         (sctool cluster delete -c {id}); Messina then registers its own by itself",
        id = found.id
    ))
}
