use super::*;
use messina_domain::task::Work;
use serde_json::json;

fn object(value: Value) -> DynamicObject {
    serde_json::from_value(value).unwrap()
}

fn cluster(value: Value) -> FeedObject {
    decode("east", Kind::ScyllaCluster, &object(value))
}

#[test]
fn a_scylla_cluster_is_read_with_its_entries() {
    let decoded = cluster(json!({
        "metadata": {"name": "orders", "namespace": "prod", "uid": "u", "generation": 4,
            "managedFields": [
                {"manager": "scylla-operator (linux", "operation": "Update", "fieldsV1": {"f:status": {"f:racks": {}}}},
                {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {}}},
                {"manager": "messina-feedback", "operation": "Apply", "fieldsV1": {"f:status": {"f:backups": {}}}}]},
        "spec": {
            "externalSeeds": ["10.1.0.1"],
            "datacenter": {"racks": [{"name": "a", "scyllaAgentConfig": "agent"}, {"scyllaAgentConfig": "other"}]},
            "backups": [{"name": "daily", "cron": "0 1 * * *", "numRetries": 3, "location": ["s3:b"], "rateLimit": ["100"]}],
            "repairs": [{"name": "weekly", "interval": "7d", "intensity": "0.5", "smallTableThreshold": "1GiB"}]},
        "status": {"availableMembers": 3},
    }));
    let FeedObject::Cluster(cluster) = decoded else { panic!("{decoded:?}") };
    assert_eq!(cluster.key.to_string(), "east/prod/orders");
    assert_eq!((cluster.available_nodes, cluster.external_seeds, cluster.exclusion), (3, true, None));
    assert_eq!(cluster.agent_config_secret.as_deref(), Some("agent"));
    assert_eq!(cluster.status_managers, ["scylla-operator (linux"]);
    let Work::Backup(backup) = &cluster.backups[0].work else { panic!() };
    assert_eq!(
        (backup.location.as_slice(), backup.rate_limit.as_slice()),
        (&["s3:b".to_owned()][..], &["100".to_owned()][..])
    );
    assert_eq!(cluster.backups[0].schedule.cron.as_deref(), Some("0 1 * * *"));
    assert_eq!(cluster.repairs[0].schedule.interval.as_deref(), Some("7d"));
}

#[test]
fn opting_out_takes_the_exact_value() {
    for (value, expected) in
        [("true", Some(Exclusion::OptedOut)), ("True", None), ("", None), ("false", None)]
    {
        let decoded = cluster(
            json!({"metadata": {"name": "o", "namespace": "p", "annotations": {OPT_OUT_ANNOTATION: value}}}),
        );
        let FeedObject::Cluster(cluster) = decoded else { panic!() };
        assert_eq!(cluster.exclusion, expected, "{value}");
    }
}

#[test]
fn nodes_are_counted_by_racks_where_no_total_is_given() {
    let decoded = cluster(json!({"metadata": {"name": "o", "namespace": "p"},
        "status": {"racks": {"a": {"readyMembers": 1}, "b": {"availableMembers": 2, "readyMembers": 3}}}}));
    let FeedObject::Cluster(cluster) = decoded else { panic!() };
    assert_eq!(cluster.available_nodes, 3);
}

#[test]
fn what_cannot_be_read_says_where_and_is_still_there() {
    let decoded = cluster(json!({"metadata": {"name": "o", "namespace": "p"},
        "spec": {"backups": [{"name": "daily", "retention": "three"}]}}));
    let FeedObject::Undecodable { message } = decoded else { panic!("{decoded:?}") };
    assert!(message.starts_with("spec:"), "{message}");
    let task = decode(
        "east",
        Kind::Task,
        &object(json!({"metadata": {"name": "t", "namespace": "p"},
        "spec": {"clusterRef": {"name": "o"}, "type": "Backup"}})),
    );
    assert_eq!(
        task,
        FeedObject::Undecodable { message: "spec.backup is missing although spec.type is Backup".into() }
    );
}

#[test]
fn a_task_is_named_after_its_object_unless_it_says_otherwise() {
    let spec = json!({"clusterRef": {"name": "orders"}, "type": "Backup", "cron": "@daily", "backup": {"location": ["s3:b"]}});
    let decoded = decode(
        "east",
        Kind::Task,
        &object(json!({"metadata": {"name": "t", "namespace": "p"}, "spec": spec})),
    );
    let FeedObject::Task(task) = decoded else { panic!("{decoded:?}") };
    assert_eq!((task.definition.name.as_str(), task.from_cluster), ("t", false));
    assert_eq!(task.cluster().to_string(), "east/p/orders");
}

#[test]
fn a_terminating_namespace_says_so() {
    for (value, expected) in [
        (json!({"metadata": {"name": "n"}, "status": {"phase": "Active"}}), false),
        (json!({"metadata": {"name": "n"}, "status": {"phase": "Terminating"}}), true),
        (json!({"metadata": {"name": "n", "deletionTimestamp": "2026-01-01T00:00:00Z"}}), true),
    ] {
        let decoded = decode("east", Kind::Namespace, &object(value));
        assert_eq!(decoded, FeedObject::Namespace { name: "n".into(), deleting: expected });
    }
}
