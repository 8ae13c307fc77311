//! Between messages and domain types. Reading is strict where a decision hangs on it (keys, ids) and
//! tolerant where a later release may say more (states, conditions).

mod object;
mod task;

use jiff::Timestamp;
use messina_domain::condition::{Condition, Status};
use messina_domain::identity::ClusterKey;
use messina_domain::plan::Change;
use messina_fault::{Detail, Fault};

use crate::task::v1 as wire;

pub use messina_domain::object::FeedObject;
pub use object::{cluster_key_of, read_object, read_registration_spec, read_registration_status, write_body};
pub use object::{write_registration_spec, write_registration_status};
pub use task::{read_definition, read_task_status, write_definition, write_run, write_task_status};

/// A message that does not say what it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// Path of the field.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl std::fmt::Display for Incomplete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for Incomplete {}

fn incomplete(field: &'static str, message: impl Into<String>) -> Incomplete {
    Incomplete { field, message: message.into() }
}

/// A point in time for the wire.
pub fn write_time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// A point in time from the wire; nothing when it is outside what a calendar holds.
pub fn read_time(time: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// A condition for the wire.
pub fn write_condition(condition: &Condition) -> wire::Condition {
    let status = match condition.status {
        Status::True => wire::ConditionStatus::True,
        Status::False => wire::ConditionStatus::False,
        Status::Unknown => wire::ConditionStatus::Unspecified,
    };
    wire::Condition {
        r#type: condition.kind.clone(),
        status: status.into(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    }
}

/// A condition from the wire.
pub fn read_condition(condition: &wire::Condition) -> Condition {
    let status = match condition.status() {
        wire::ConditionStatus::True => Status::True,
        wire::ConditionStatus::False => Status::False,
        wire::ConditionStatus::Unspecified => Status::Unknown,
    };
    Condition::new(&condition.r#type, status, &condition.reason, condition.message.clone())
}

/// A fault for a person on the other side.
pub fn write_explanation(fault: &Fault) -> wire::Explanation {
    let Detail { reason, message, hint, .. } = fault.detail();
    wire::Explanation {
        class: fault.class().to_owned(),
        reason: (*reason).to_owned(),
        message: message.clone(),
        hint: hint.clone(),
    }
}

/// A difference for a person on the other side.
pub fn write_change(change: &Change) -> wire::FieldChange {
    wire::FieldChange { field: change.field.clone(), from: change.from.clone(), to: change.to.clone() }
}

/// A cluster's key for the wire.
pub fn write_cluster_key(key: &ClusterKey) -> crate::registration::v1::ClusterKey {
    crate::registration::v1::ClusterKey {
        datacenter: key.datacenter.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
    }
}

/// A task's key for the wire.
pub fn write_task_key(key: &ClusterKey) -> wire::TaskKey {
    wire::TaskKey {
        datacenter: key.datacenter.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
    }
}

/// A cluster's key from the wire.
///
/// # Errors
/// [`Incomplete`] when a part of it is missing.
pub fn read_cluster_key(key: Option<&crate::registration::v1::ClusterKey>) -> Result<ClusterKey, Incomplete> {
    let key = key.ok_or_else(|| incomplete("key", "is missing"))?;
    whole_key(&key.datacenter, &key.namespace, &key.name)
}

/// A task's key from the wire.
///
/// # Errors
/// [`Incomplete`] when a part of it is missing.
pub fn read_task_key(key: Option<&wire::TaskKey>) -> Result<ClusterKey, Incomplete> {
    let key = key.ok_or_else(|| incomplete("key", "is missing"))?;
    whole_key(&key.datacenter, &key.namespace, &key.name)
}

fn whole_key(datacenter: &str, namespace: &str, name: &str) -> Result<ClusterKey, Incomplete> {
    for (field, value) in [("key.datacenter", datacenter), ("key.namespace", namespace), ("key.name", name)] {
        if value.is_empty() {
            return Err(incomplete(field, "is empty"));
        }
    }
    Ok(ClusterKey::new(datacenter, namespace, name))
}
