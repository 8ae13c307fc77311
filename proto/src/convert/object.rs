//! Objects of the feed.

use messina_domain::cluster::{Exclusion, ScyllaCluster};
use messina_domain::identity::ClusterKey;
use messina_domain::object::FeedObject;
use messina_domain::registration::{DeletionPolicy, Registration, RegistrationSpec, RegistrationStatus};
use messina_domain::ring::{Ring, RingMember};
use messina_domain::task::TaskObject;

use super::{
    Incomplete, incomplete, read_condition, read_definition, read_task_status, write_condition,
    write_definition, write_task_status,
};
use crate::watch::v1 as wire;
use wire::object::Body;

/// The key of an object as datacenter, namespace and name.
pub fn cluster_key_of(datacenter: &str, key: &wire::ObjectKey) -> ClusterKey {
    ClusterKey::new(datacenter, &key.namespace, &key.name)
}

/// An object from the feed of a datacenter.
///
/// # Errors
/// [`Incomplete`] when it lacks its key or body, or holds a task without work.
pub fn read_object(datacenter: &str, object: &wire::Object) -> Result<FeedObject, Incomplete> {
    let key = object.key.as_ref().ok_or_else(|| incomplete("object.key", "is missing"))?;
    let here = cluster_key_of(datacenter, key);
    if key.kind() == wire::ObjectKind::Namespace {
        return Ok(FeedObject::Namespace { name: key.name.clone(), deleting: object.deleting });
    }
    let body = object.body.as_ref().ok_or_else(|| incomplete("object.body", "is missing"))?;
    Ok(match body {
        Body::ScyllaCluster(cluster) => FeedObject::Cluster(read_cluster(here, object, cluster)?),
        Body::Registration(body) => FeedObject::Registration(Registration {
            key: here,
            uid: object.uid.clone(),
            generation: object.generation,
            deleting: object.deleting,
            spec: read_registration_spec(&body.spec.clone().unwrap_or_default()),
            status: read_registration_status(&body.status.clone().unwrap_or_default()),
        }),
        Body::Task(task) => FeedObject::Task(TaskObject {
            key: here,
            uid: object.uid.clone(),
            generation: object.generation,
            deleting: object.deleting,
            cluster_name: task.cluster_name.clone(),
            from_cluster: task.from_cluster,
            definition: read_definition(&task.definition.clone().unwrap_or_default())?,
            status: read_task_status(&task.status.clone().unwrap_or_default()),
        }),
        Body::Ring(ring) => FeedObject::Ring(read_ring(here, object, ring)),
        Body::RingMember(member) => FeedObject::RingMember(read_ring_member(here, object, member)),
        Body::OperatorRegistration(body) => FeedObject::OperatorRegistration {
            cluster: ClusterKey::new(datacenter, &key.namespace, &body.cluster_name),
            deleting: object.deleting,
        },
        Body::OperatorTask(body) => FeedObject::OperatorTask {
            cluster: ClusterKey::new(datacenter, &key.namespace, &body.cluster_name),
        },
        Body::Undecodable(body) => FeedObject::Undecodable { message: body.message.clone() },
    })
}

fn read_cluster(
    key: ClusterKey,
    object: &wire::Object,
    body: &wire::ScyllaCluster,
) -> Result<ScyllaCluster, Incomplete> {
    Ok(ScyllaCluster {
        key,
        uid: object.uid.clone(),
        generation: object.generation,
        deleting: object.deleting,
        exclusion: match body.exclusion() {
            wire::Exclusion::Unspecified => None,
            wire::Exclusion::OptedOut => Some(Exclusion::OptedOut),
            wire::Exclusion::NamespaceNotSelected => Some(Exclusion::NamespaceNotSelected),
        },
        available_nodes: body.available_nodes,
        external_seeds: body.external_seeds,
        backups: body.backups.iter().map(read_definition).collect::<Result<_, _>>()?,
        repairs: body.repairs.iter().map(read_definition).collect::<Result<_, _>>()?,
        status_managers: body.status_managers.clone(),
        agent_config_secret: Some(body.agent_config_secret.clone()).filter(|name| !name.is_empty()),
    })
}

fn read_ring(key: ClusterKey, object: &wire::Object, ring: &wire::Ring) -> Ring {
    let home = ring.home.clone().unwrap_or_default();
    Ring {
        datacenter: key.datacenter,
        namespace: key.namespace,
        name: key.name,
        uid: object.uid.clone(),
        generation: object.generation,
        deleting: object.deleting,
        home: (home.namespace, home.name),
        members: ring.members.iter().cloned().map(|m| (m.datacenter, m.namespace, m.name)).collect(),
    }
}

fn read_ring_member(key: ClusterKey, object: &wire::Object, member: &wire::RingMember) -> RingMember {
    let ring = member.ring.clone().unwrap_or_default();
    RingMember {
        datacenter: key.datacenter,
        namespace: key.namespace,
        name: key.name,
        uid: object.uid.clone(),
        generation: object.generation,
        deleting: object.deleting,
        ring: (ring.datacenter, ring.namespace, ring.name),
        cluster_name: member.cluster_name.clone(),
    }
}

/// What a registration declares, from the wire.
pub fn read_registration_spec(spec: &wire::RegistrationSpec) -> RegistrationSpec {
    RegistrationSpec {
        cluster_name: spec.cluster_name.clone(),
        cluster_uid: spec.cluster_uid.clone(),
        manager_ref: spec.manager_ref.clone(),
        host: spec.host.clone(),
        deletion_policy: if spec.retain { DeletionPolicy::Retain } else { DeletionPolicy::Delete },
    }
}

/// What a registration declares, for the wire.
pub fn write_registration_spec(spec: &RegistrationSpec) -> wire::RegistrationSpec {
    wire::RegistrationSpec {
        cluster_name: spec.cluster_name.clone(),
        cluster_uid: spec.cluster_uid.clone(),
        manager_ref: spec.manager_ref.clone(),
        host: spec.host.clone(),
        retain: spec.deletion_policy == DeletionPolicy::Retain,
    }
}

/// What is known about a registration, from the wire.
pub fn read_registration_status(status: &wire::RegistrationStatus) -> RegistrationStatus {
    RegistrationStatus {
        cluster_id: status.cluster_id.parse().ok(),
        conditions: status.conditions.iter().map(read_condition).collect(),
        token_fingerprint: Some(status.token_fingerprint.clone()).filter(|text| !text.is_empty()),
        last_error_class: status.last_error_class.clone(),
        hint: status.hint.clone(),
        observed_generation: status.observed_generation,
    }
}

/// What is known about a registration, for the wire.
pub fn write_registration_status(status: &RegistrationStatus) -> wire::RegistrationStatus {
    wire::RegistrationStatus {
        cluster_id: status.cluster_id.map(|id| id.to_string()).unwrap_or_default(),
        conditions: status.conditions.iter().map(write_condition).collect(),
        token_fingerprint: status.token_fingerprint.clone().unwrap_or_default(),
        last_error_class: status.last_error_class.clone(),
        hint: status.hint.clone(),
        observed_generation: status.observed_generation,
    }
}

/// The body of an object for the wire; a Namespace has none.
pub fn write_body(object: &FeedObject) -> Option<Body> {
    let member = |(datacenter, namespace, name): &(String, String, String)| wire::Member {
        datacenter: datacenter.clone(),
        namespace: namespace.clone(),
        name: name.clone(),
    };
    Some(match object {
        FeedObject::Namespace { .. } => return None,
        FeedObject::Cluster(cluster) => Body::ScyllaCluster(write_cluster(cluster)),
        FeedObject::Registration(registration) => Body::Registration(wire::Registration {
            spec: Some(write_registration_spec(&registration.spec)),
            status: Some(write_registration_status(&registration.status)),
        }),
        FeedObject::Task(task) => Body::Task(wire::Task {
            cluster_name: task.cluster_name.clone(),
            from_cluster: task.from_cluster,
            definition: Some(write_definition(&task.definition)),
            status: Some(write_task_status(&task.status)),
        }),
        FeedObject::Ring(ring) => Body::Ring(wire::Ring {
            home: Some(member(&(String::new(), ring.home.0.clone(), ring.home.1.clone()))),
            members: ring.members.iter().map(member).collect(),
        }),
        FeedObject::RingMember(ring_member) => Body::RingMember(wire::RingMember {
            ring: Some(member(&ring_member.ring)),
            cluster_name: ring_member.cluster_name.clone(),
        }),
        FeedObject::OperatorRegistration { cluster, .. } => {
            Body::OperatorRegistration(wire::OperatorRegistration {
                cluster_name: cluster.name.clone(),
                cluster_id: String::new(),
            })
        }
        FeedObject::OperatorTask { cluster } => Body::OperatorTask(wire::OperatorTask {
            cluster_name: cluster.name.clone(),
            ..Default::default()
        }),
        FeedObject::Undecodable { message } => {
            Body::Undecodable(wire::Undecodable { message: message.clone() })
        }
    })
}

fn write_cluster(cluster: &ScyllaCluster) -> wire::ScyllaCluster {
    let exclusion = match cluster.exclusion {
        None => wire::Exclusion::Unspecified,
        Some(Exclusion::OptedOut) => wire::Exclusion::OptedOut,
        Some(Exclusion::NamespaceNotSelected) => wire::Exclusion::NamespaceNotSelected,
    };
    wire::ScyllaCluster {
        exclusion: exclusion.into(),
        available_nodes: cluster.available_nodes,
        external_seeds: cluster.external_seeds,
        backups: cluster.backups.iter().map(write_definition).collect(),
        repairs: cluster.repairs.iter().map(write_definition).collect(),
        status_managers: cluster.status_managers.clone(),
        agent_config_secret: cluster.agent_config_secret.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(kind: wire::ObjectKind, object: &FeedObject) -> FeedObject {
        let wire = wire::Object {
            key: Some(wire::ObjectKey { kind: kind.into(), namespace: "prod".into(), name: "orders".into() }),
            uid: "u".into(),
            generation: 3,
            deleting: true,
            body: write_body(object),
        };
        read_object("east", &wire).unwrap()
    }

    #[test]
    fn clusters_and_registrations_survive_the_wire() {
        let cluster = FeedObject::Cluster(ScyllaCluster {
            key: ClusterKey::new("east", "prod", "orders"),
            uid: "u".into(),
            generation: 3,
            deleting: true,
            exclusion: Some(Exclusion::OptedOut),
            available_nodes: 2,
            external_seeds: true,
            backups: Vec::new(),
            repairs: Vec::new(),
            status_managers: vec!["scylla-operator (linux".into()],
            agent_config_secret: Some("config".into()),
        });
        assert_eq!(round_trip(wire::ObjectKind::ScyllaCluster, &cluster), cluster);
        let registration = FeedObject::Registration(Registration {
            key: ClusterKey::new("east", "prod", "orders"),
            uid: "u".into(),
            generation: 3,
            deleting: true,
            spec: RegistrationSpec {
                cluster_name: "orders".into(),
                cluster_uid: "c".into(),
                manager_ref: "default".into(),
                host: Some("h".into()),
                deletion_policy: DeletionPolicy::Retain,
            },
            status: RegistrationStatus {
                cluster_id: Some(uuid::Uuid::from_u128(5)),
                conditions: messina_domain::condition::settled("ok"),
                token_fingerprint: Some("f".into()),
                last_error_class: "waiting".into(),
                hint: "h".into(),
                observed_generation: 3,
            },
        });
        assert_eq!(round_trip(wire::ObjectKind::Registration, &registration), registration);
    }

    #[test]
    fn an_object_without_a_body_is_not_guessed_at() {
        let object = wire::Object {
            key: Some(wire::ObjectKey { kind: 1, namespace: "prod".into(), name: "orders".into() }),
            ..Default::default()
        };
        assert_eq!(read_object("east", &object).unwrap_err().field, "object.body");
    }
}
