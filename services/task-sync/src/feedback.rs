//! Run state for the status of the ScyllaCluster: what to say, by which road, and only when it is news.

use std::collections::BTreeMap;

use messina_control_api::convert::{write_definition, write_task_status};
use messina_control_api::watch::v1 as wire;
use messina_domain::cluster::ScyllaCluster;
use messina_domain::condition::{self, Condition, DEGRADED, Status};
use messina_domain::feedback::Road;
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_domain::task::object::object_name;
use messina_domain::task::{LastError, TaskDefinition, TaskStatus};
use messina_fault::Fault;

use crate::account::Account;
use crate::desired::Desired;
use crate::reconciler::Wanted;
use crate::status::FEEDBACK_PUBLISHED;
use crate::sync::TaskSync;

const PUBLISHED: &str = "run state reaches the status of the ScyllaCluster";

/// Percent are told in steps of this size: each change is a write to somebody else's object.
const PROGRESS_STEP: u8 = 10;

impl TaskSync {
    /// Sends the feedback of a cluster if it is news, and notes on its tasks whether it gets through.
    ///
    /// # Errors
    /// The writer refuses, or cannot be reached.
    pub(crate) async fn give_feedback(
        &self,
        key: &ClusterKey,
        wanted: &Wanted,
        accounts: &mut [Account<'_>],
    ) -> Result<(), Fault> {
        let desired = &wanted.desired;
        let Some(cluster) = &desired.cluster else {
            keep(accounts);
            return Ok(());
        };
        let road = self.feedback_mode().road(&cluster.status_managers, desired.operator_tasks);
        let wire_road = match &road {
            Road::Direct => wire::FeedbackRoad::Direct,
            Road::Operator => wire::FeedbackRoad::Operator,
            Road::Off(why) => {
                if !why.is_empty() {
                    note(accounts, |_| Some(why.clone()));
                }
                return Ok(());
            }
        };
        if is_on_its_way(wanted, cluster) {
            // The objects come in a moment; saying less than everything until then would be two writes for one.
            keep(accounts);
            return Ok(());
        }
        let Some(entries) = entries(wanted, cluster, &road, accounts) else { return Ok(()) };
        let request = wire::FeedbackRequest {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            uid: cluster.uid.clone(),
            road: wire_road.into(),
            entries,
        };
        match self.send(key, desired, request).await {
            Ok(missing) => {
                let nowhere = "the ScyllaDB Operator has no task object for this entry";
                note(accounts, |entry| missing.contains(&entry.name).then(|| nowhere.to_owned()));
                Ok(())
            }
            Err(fault) => {
                let why = fault.detail().message.clone();
                note(accounts, |_| Some(why.clone()));
                Err(fault)
            }
        }
    }

    /// Sends what differs from what was sent last; answers the entries for which there was no place.
    async fn send(
        &self,
        key: &ClusterKey,
        desired: &Desired,
        request: wire::FeedbackRequest,
    ) -> Result<Vec<String>, Fault> {
        // Compared with what was said, never with what is there: whoever changed it back has the last word.
        let news = (request.clone(), desired.operator_tasks);
        let known = self
            .memories
            .of(key, |memory| (memory.sent.as_ref() == Some(&news)).then(|| memory.missing.clone()));
        if let Some(missing) = known {
            return Ok(missing);
        }
        let missing = self.fleet.datacenter(&key.datacenter)?.writer.feedback(request).await?;
        tracing::debug!(%key, ?missing, "feedback sent");
        self.memories.of(key, |memory| {
            memory.sent = Some(news);
            memory.missing.clone_from(&missing);
        });
        Ok(missing)
    }
}

/// Everything to say; nothing when the cluster is out and the Operator clears its own status by itself.
fn entries(
    wanted: &Wanted,
    cluster: &ScyllaCluster,
    road: &Road,
    accounts: &[Account<'_>],
) -> Option<Vec<wire::FeedbackEntry>> {
    if cluster.exclusion.is_some() {
        return (*road == Road::Direct).then(Vec::new);
    }
    let accounts: BTreeMap<&str, &Account<'_>> =
        accounts.iter().map(|account| (account.object.key.name.as_str(), account)).collect();
    let refused = wanted.refused.lock();
    let entry = |definition: &TaskDefinition| {
        let name = object_name(&cluster.key.name, &definition.kind(), &definition.name);
        let account = accounts.get(name.as_str()).filter(|account| account.object.from_cluster);
        let status = account.map(|account| account.status.as_ref().unwrap_or(&account.object.status));
        let error = match account {
            Some(account) => error_of(account),
            None if wanted.desired.is_users(&name) => {
                format!("{}: somebody else made an mtask '{name}'; rename or delete it", reason::NOT_OWNED)
            }
            None if wanted.desired.tasks_unreadable.contains(&name) => {
                format!("{}: mtask '{name}' cannot be read; repair or delete it", reason::UNDECODABLE)
            }
            None => refused.get(&name).map(text).unwrap_or_default(),
        };
        wire::FeedbackEntry {
            definition: Some(write_definition(definition)),
            status: Some(write_task_status(&status.map(shown).unwrap_or_default())),
            error,
        }
    };
    Some(cluster.entries().map(entry).collect())
}

/// The part of a status that a ScyllaCluster's has a place for, so that nothing else counts as news.
fn shown(status: &TaskStatus) -> TaskStatus {
    TaskStatus {
        task_id: status.task_id,
        state: status.state,
        progress: status.progress.map(|percent| percent - percent % PROGRESS_STEP),
        last_success: status.last_success,
        last_error: status
            .last_error
            .as_ref()
            .map(|error| LastError { time: error.time, cause: error.cause.clone() }),
        next_activation: status.next_activation,
        ..TaskStatus::default()
    }
}

fn error_of(account: &Account<'_>) -> String {
    if let Some(fault) = &account.fault {
        return text(fault);
    }
    let conditions = account.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    condition::find(conditions, DEGRADED)
        .filter(|degraded| degraded.status == Status::True)
        .map(|degraded| format!("{}: {}", degraded.reason, degraded.message))
        .unwrap_or_default()
}

/// A fault in one line for a person.
fn text(fault: &Fault) -> String {
    let detail = fault.detail();
    let hint = if detail.hint.is_empty() { String::new() } else { format!("; {}", detail.hint) };
    format!("{}: {}{hint}", detail.reason, detail.message)
}

/// Whether objects for entries were made in this pass and are not in sight yet.
fn is_on_its_way(wanted: &Wanted, cluster: &ScyllaCluster) -> bool {
    let desired = &wanted.desired;
    if desired.leaving() {
        return false;
    }
    let refused = wanted.refused.lock();
    cluster.entries().any(|entry| {
        let name = object_name(&cluster.key.name, &entry.kind(), &entry.name);
        let in_sight = desired.tasks.iter().any(|task| task.key.name == name);
        !in_sight && !refused.contains_key(&name) && !desired.tasks_unreadable.contains(&name)
    })
}

/// Notes on each task of an entry whether its run state gets through; `why` says why not.
fn note(accounts: &mut [Account<'_>], why: impl Fn(&TaskDefinition) -> Option<String>) {
    for account in accounts.iter_mut().filter(|account| account.object.from_cluster) {
        let condition = match why(&account.object.definition) {
            None => Condition::new(FEEDBACK_PUBLISHED, Status::True, reason::AS_DECLARED, PUBLISHED),
            Some(why) => {
                Condition::new(FEEDBACK_PUBLISHED, Status::False, reason::STATUS_OWNED_BY_OTHERS, why)
            }
        };
        if let Some(status) = &mut account.status {
            status.conditions.push(condition);
        }
    }
}

/// Leaves what was noted before.
fn keep(accounts: &mut [Account<'_>]) {
    for account in accounts {
        let before = condition::find(&account.object.status.conditions, FEEDBACK_PUBLISHED);
        if let (Some(status), Some(before)) = (&mut account.status, before) {
            status.conditions.push(before.clone());
        }
    }
}
