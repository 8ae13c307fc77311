//! What subscribers see.

use messina_control_api::watch::v1::object::Body;
use messina_control_api::watch::v1::watch_response::Response;
use messina_control_api::watch::v1::{Exclusion, ObjectKind};
use serde_json::json;

use crate::harness::{Stage, orders};

const CLUSTERS: &[ObjectKind] = &[ObjectKind::ScyllaCluster];

pub async fn a_stranger_sees_the_snapshot_and_then_changes(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let mut reader = watcher.subscribe(CLUSTERS).await;
    let Response::Start(start) = reader.next().await else { panic!() };
    assert_eq!(start.datacenter, "east");
    assert!(!start.kube_system_uid.is_empty() && !start.resumed);
    let Response::Snapshot(carried) = reader.next().await else { panic!() };
    let Some(Body::ScyllaCluster(cluster)) = &carried.object().body else { panic!() };
    assert_eq!((cluster.available_nodes, cluster.backups.len()), (3, 1));
    let schedule = cluster.backups[0].schedule.clone().unwrap();
    assert_eq!(schedule.num_retries, Some(3), "the definition's default");
    assert!(matches!(reader.next().await, Response::Synced(_)));
    stage.datacenter.available("prod", "orders", 2).await.unwrap();
    let changed = reader.object(|_| true).await;
    let Some(Body::ScyllaCluster(cluster)) = changed.body else { panic!() };
    assert_eq!(cluster.available_nodes, 2);
}

pub async fn an_object_that_cannot_be_read_stops_nothing(stage: Stage) {
    let mut broken = orders();
    broken.name = "broken".into();
    // The mirror definition types entries, so the mistake sits where it does not look.
    broken.spec = json!({"datacenter": {"racks": "none"}});
    stage.datacenter.seed(&broken).await.unwrap();
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let mut reader = watcher.subscribe(CLUSTERS).await;
    let undecodable = reader.object(|object| object.key.as_ref().unwrap().name == "broken").await;
    let Some(Body::Undecodable(body)) = undecodable.body else { panic!("{undecodable:?}") };
    assert!(body.message.contains("spec"), "{}", body.message);
    reader.object(|object| object.key.as_ref().unwrap().name == "orders").await;
    let repaired = json!({"spec": {"datacenter": {"racks": []}}});
    stage.datacenter.patch_cluster("prod", "broken", &repaired).await.unwrap();
    let repaired = reader.object(|object| object.key.as_ref().unwrap().name == "broken").await;
    assert!(matches!(repaired.body, Some(Body::ScyllaCluster(_))));
    stage.datacenter.event("prod", "broken", "Undecodable").await.unwrap();
}

pub async fn labels_of_a_namespace_decide(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("managed=yes").await;
    let mut reader = watcher.subscribe(CLUSTERS).await;
    let exclusion = |object: &messina_control_api::watch::v1::Object| match &object.body {
        Some(Body::ScyllaCluster(cluster)) => (cluster.exclusion(), cluster.backups.len()),
        other => panic!("{other:?}"),
    };
    let hidden = reader.object(|_| true).await;
    assert_eq!(exclusion(&hidden), (Exclusion::NamespaceNotSelected, 0), "a name and nothing else");
    stage.datacenter.namespace("prod", &[("managed", "yes")]).await.unwrap();
    let shown = reader.object(|object| exclusion(object).0 == Exclusion::Unspecified).await;
    assert_eq!(exclusion(&shown).1, 1);
    stage.datacenter.namespace("prod", &[]).await.unwrap();
    reader.object(|object| exclusion(object).0 == Exclusion::NamespaceNotSelected).await;
}

pub async fn a_deletion_is_confirmed_with_its_uid(stage: Stage) {
    stage.datacenter.seed(&orders()).await.unwrap();
    let watcher = stage.watcher("").await;
    let mut reader = watcher.subscribe(CLUSTERS).await;
    let uid = reader.object(|_| true).await.uid;
    stage.datacenter.delete_cluster("prod", "orders").await.unwrap();
    loop {
        if let Response::Remove(remove) = reader.next().await {
            assert_eq!((remove.confirmed, remove.uid), (true, uid.clone()));
            break;
        }
    }
    let mut late = watcher.subscribe(CLUSTERS).await;
    assert!(matches!(late.next().await, Response::Start(_)));
    let Response::Remove(again) = late.next().await else { panic!("who comes late learns of it, too") };
    assert_eq!((again.confirmed, again.uid), (true, uid));
}
