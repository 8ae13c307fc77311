//! `ExplainRegistration`: facts in the order in which a person would look.

use messina_domain::identity::ClusterKey;
use messina_domain::plan::is_owned;
use messina_domain::plan::registration::{Desired, Observed, exclusion_text};

use crate::registrar::Registrar;
use crate::wanted;

impl Registrar {
    /// What there is to know about one cluster.
    pub(crate) async fn explain(&self, key: &ClusterKey) -> Vec<String> {
        let mut facts = vec![self.watcher_fact(key)];
        let read = |view: &_| wanted::read(view, key, &self.manager_name, &self.templates);
        let desired = match self.fleet.with(&key.datacenter, read).and_then(|read| read) {
            Ok(desired) => desired,
            Err(fault) => {
                facts.push(format!("Nothing is done about it: {fault}."));
                return facts;
            }
        };
        facts.extend(cluster_facts(&desired));
        facts.push(object_fact(&desired));
        facts.push(match desired.guard.check() {
            Ok(()) => "The ScyllaDB Operator's own Manager integration is not active for it.".to_owned(),
            Err(fault) => format!("Writes to Manager are stopped: {fault}."),
        });
        if desired.cluster.is_some() {
            facts.push(self.token_fact(key).await);
        }
        facts.extend(self.manager_facts(&desired).await);
        facts.push(match self.ledger.action(key) {
            Some(action) => format!("Last action in ScyllaDB Manager, at {}: {}.", action.at, action.what),
            None => "This process has not changed anything of it in ScyllaDB Manager yet.".to_owned(),
        });
        facts.push(match self.ledger.fault(key) {
            Some(fault) => format!("It is held up ({}): {fault}.", fault.class()),
            None => "Nothing holds it up.".to_owned(),
        });
        facts
    }

    fn watcher_fact(&self, key: &ClusterKey) -> String {
        let datacenter = &key.datacenter;
        let Ok(found) = self.fleet.get(datacenter) else { return format!("'{datacenter}' is not known.") };
        let state = found.mirror.state();
        let age = state.staleness.map(|age| age.as_secs());
        match (state.synced, age, state.error) {
            (true, Some(age), _) => {
                format!("The feed of '{datacenter}' is live; it was known to be current {age} s ago.")
            }
            (_, Some(age), error) => format!(
                "The feed of '{datacenter}' is down ({}); what follows was current {age} s ago.",
                error.unwrap_or_else(|| "connecting".to_owned())
            ),
            (_, None, error) => format!(
                "The feed of '{datacenter}' has never been complete ({}).",
                error.unwrap_or_else(|| "connecting".to_owned())
            ),
        }
    }

    async fn token_fact(&self, key: &ClusterKey) -> String {
        let fingerprint = match self.fleet.get(&key.datacenter) {
            Ok(datacenter) => datacenter.broker.fingerprint(key).await,
            Err(fault) => Err(fault),
        };
        match fingerprint {
            Ok(answer) => format!(
                "token-broker reads the token from the Secret '{}'; its fingerprint is {}.",
                answer.secret, answer.fingerprint
            ),
            Err(fault) => format!("There is no token: {fault}."),
        }
    }

    async fn manager_facts(&self, desired: &Desired) -> Vec<String> {
        let key = &desired.key;
        let id = key.manager_id(&desired.home.kube_system_uid);
        match self.listing.get(self.ledger.not_before(key)).await {
            Err(fault) => vec![format!("ScyllaDB Manager cannot be asked: {fault}.")],
            Ok(list) => {
                let mut held = list.pick(id, &key.manager_name());
                self.ledger.overlay(key, &list, &mut held);
                held_facts(desired, &held)
            }
        }
    }
}

fn cluster_facts(desired: &Desired) -> Vec<String> {
    let Some(cluster) = &desired.cluster else {
        return vec![match &desired.removed_uid {
            Some(uid) => format!("The ScyllaCluster was deleted; its UID was {uid}."),
            None => "The ScyllaCluster is not there, and nobody saw it being deleted.".to_owned(),
        }];
    };
    let mut facts = vec![if cluster.deleting {
        format!("The ScyllaCluster (UID {}) is being deleted.", cluster.uid)
    } else {
        format!("The ScyllaCluster is there; its UID is {}.", cluster.uid)
    }];
    facts.push(match exclusion_text(cluster, desired.part) {
        Some((reason, text)) => format!("It stays out of ScyllaDB Manager ({reason}): {text}."),
        None => "It is not kept out of ScyllaDB Manager.".to_owned(),
    });
    facts.push(match cluster.available_nodes {
        0 => "None of its nodes is available.".to_owned(),
        1 => "1 of its nodes is available.".to_owned(),
        nodes => format!("{nodes} of its nodes are available."),
    });
    facts
}

fn object_fact(desired: &Desired) -> String {
    match &desired.registration {
        None => "It has no registration object.".to_owned(),
        Some(registration) if registration.deleting => {
            let tasks = desired.tasks_in_manager;
            format!(
                "Its registration object is being deleted; {tasks} of its tasks are still in ScyllaDB Manager."
            )
        }
        Some(registration) => format!("Its registration object is there; its UID is {}.", registration.uid),
    }
}

fn held_facts(desired: &Desired, held: &Observed) -> Vec<String> {
    let owner = desired.key.owner(&desired.home.kube_system_uid);
    let id = desired.key.manager_id(&desired.home.kube_system_uid);
    let mut facts = vec!["ScyllaDB Manager answers.".to_owned()];
    facts.push(match &held.by_id {
        None => format!("It holds no cluster with the id {id}."),
        Some(found) if is_owned(&found.labels, &owner) => {
            format!("It holds '{}' with the id {id} and host '{}', made by Messina.", found.name, found.host)
        }
        Some(found) => format!("It holds '{}' with the id {id}, which Messina did not make.", found.name),
    });
    if let Some(other) = &held.by_name {
        facts.push(format!("Another cluster has the name '{}': id {}.", other.name, other.id));
    }
    facts
}
