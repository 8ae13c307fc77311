//! From whatever the API server sent to domain terms, guarded: one object that cannot be read is reported as
//! such and stops nothing.

use kube::ResourceExt;
use kube::core::DynamicObject;
use messina_domain::cluster::{Exclusion, ScyllaCluster};
use messina_domain::identity::ClusterKey;
use messina_domain::names::{FEEDBACK_MANAGER, OPT_OUT_ANNOTATION, SOURCE_LABEL, SOURCE_SCYLLA_CLUSTER};
use messina_domain::object::FeedObject;
use messina_domain::registration::Registration;
use messina_domain::ring::{Ring, RingMember};
use messina_domain::task::TaskObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::kinds::Kind;
use crate::{operator, registration, ring, scylla_cluster, task};

/// An object in domain terms; [`FeedObject::Undecodable`] when it cannot be.
pub fn decode(datacenter: &str, kind: Kind, object: &DynamicObject) -> FeedObject {
    let key = ClusterKey::new(datacenter, object.namespace().unwrap_or_default(), object.name_any());
    let decoded = match kind {
        Kind::Namespace => Ok(FeedObject::Namespace {
            name: object.name_any(),
            deleting: is_deleting(object) || is_terminating(object),
        }),
        Kind::ScyllaCluster => scylla_cluster(key, object),
        Kind::Registration => registration(key, object),
        Kind::Task => task(key, object),
        Kind::Ring => ring(key, object),
        Kind::RingMember => ring_member(key, object),
        Kind::OperatorRegistration => part::<operator::Spec>(object, "spec").map(|spec| {
            let cluster = ClusterKey { name: spec.cluster.name, ..key };
            FeedObject::OperatorRegistration { cluster, deleting: is_deleting(object) }
        }),
        Kind::OperatorTask => part::<operator::Spec>(object, "spec")
            .map(|spec| FeedObject::OperatorTask { cluster: ClusterKey { name: spec.cluster.name, ..key } }),
    };
    decoded.unwrap_or_else(|message| FeedObject::Undecodable { message })
}

fn is_deleting(object: &DynamicObject) -> bool {
    object.metadata.deletion_timestamp.is_some()
}

fn is_terminating(object: &DynamicObject) -> bool {
    object.data.pointer("/status/phase").and_then(Value::as_str) == Some("Terminating")
}

/// One top-level part of an object; the default when it is absent.
fn part<T: DeserializeOwned + Default>(object: &DynamicObject, name: &str) -> Result<T, String> {
    match object.data.get(name) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value).map_err(|error| format!("{name}: {error}")),
    }
}

fn uid(object: &DynamicObject) -> String {
    object.uid().unwrap_or_default()
}

fn generation(object: &DynamicObject) -> i64 {
    object.metadata.generation.unwrap_or_default()
}

fn scylla_cluster(key: ClusterKey, object: &DynamicObject) -> Result<FeedObject, String> {
    let spec: scylla_cluster::Spec = part(object, "spec")?;
    let status: scylla_cluster::Status = part(object, "status")?;
    let opted_out = object.annotations().get(OPT_OUT_ANNOTATION).is_some_and(|value| value == "true");
    Ok(FeedObject::Cluster(ScyllaCluster {
        key,
        uid: uid(object),
        generation: generation(object),
        deleting: is_deleting(object),
        exclusion: opted_out.then_some(Exclusion::OptedOut),
        available_nodes: status.available_nodes(),
        external_seeds: spec.has_external_seeds(),
        backups: spec.backups(),
        repairs: spec.repairs(),
        status_managers: status_managers(object),
        agent_config_secret: spec.agent_config_secret(),
    }))
}

/// Field managers, other than our own, that own a part of the status.
fn status_managers(object: &DynamicObject) -> Vec<String> {
    let mut managers: Vec<String> = object
        .managed_fields()
        .iter()
        .filter(|entry| entry.fields_v1.as_ref().is_some_and(|fields| fields.0.get("f:status").is_some()))
        .filter_map(|entry| entry.manager.clone())
        .filter(|manager| manager != FEEDBACK_MANAGER)
        .collect();
    managers.sort();
    managers.dedup();
    managers
}

fn registration(key: ClusterKey, object: &DynamicObject) -> Result<FeedObject, String> {
    let spec: registration::RegistrationSpec = part(object, "spec")?;
    let status: registration::RegistrationStatus = part(object, "status")?;
    Ok(FeedObject::Registration(Registration {
        key,
        uid: uid(object),
        generation: generation(object),
        deleting: is_deleting(object),
        spec: spec.read(),
        status: status.read(),
    }))
}

fn task(key: ClusterKey, object: &DynamicObject) -> Result<FeedObject, String> {
    let spec: task::TaskSpec = part(object, "spec")?;
    let status: task::TaskStatus = part(object, "status")?;
    let from_cluster = object.labels().get(SOURCE_LABEL).is_some_and(|value| value == SOURCE_SCYLLA_CLUSTER);
    Ok(FeedObject::Task(TaskObject {
        uid: uid(object),
        generation: generation(object),
        deleting: is_deleting(object),
        cluster_name: spec.cluster_ref.name.clone(),
        from_cluster,
        definition: spec.read(&key.name)?,
        status: status.read(),
        key,
    }))
}

fn ring(key: ClusterKey, object: &DynamicObject) -> Result<FeedObject, String> {
    let spec: ring::RingSpec = part(object, "spec")?;
    Ok(FeedObject::Ring(Ring {
        datacenter: key.datacenter,
        namespace: key.namespace,
        name: key.name,
        uid: uid(object),
        generation: generation(object),
        deleting: is_deleting(object),
        home: (spec.home.namespace, spec.home.name),
        members: spec.members.into_iter().map(|m| (m.datacenter, m.namespace, m.name)).collect(),
    }))
}

fn ring_member(key: ClusterKey, object: &DynamicObject) -> Result<FeedObject, String> {
    let spec: ring::RingMemberSpec = part(object, "spec")?;
    Ok(FeedObject::RingMember(RingMember {
        datacenter: key.datacenter,
        namespace: key.namespace,
        name: key.name,
        uid: uid(object),
        generation: generation(object),
        deleting: is_deleting(object),
        ring: (spec.ring.datacenter, spec.ring.namespace, spec.ring.name),
        cluster_name: spec.scylla_cluster_ref.name,
    }))
}

#[cfg(test)]
mod tests;
