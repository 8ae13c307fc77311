//! What Messina did not make: reported, left alone, adopted on request. What somebody does to its own
//! clusters in Manager is put right.

use messina_control_api::registration::v1 as wire;
use tonic::Code;
use uuid::Uuid;

use crate::datacenter::cluster;
use crate::world::{Service, World, foreign, id_of, key, manager_name, until};

#[tokio::test]
async fn a_foreign_cluster_with_our_name_is_left_alone() {
    let world = World::new().await;
    let other = Uuid::from_u128(99);
    world.sctool().put_new(&foreign(other, &manager_name("orders"))).await.unwrap();
    world.manager.reset_calls();
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let mut service = world.start().await;
    let status = world.says("orders", "NotOwned").await.status;
    assert_eq!(status.cluster_id, None);
    assert!(status.hint.contains("delete or rename"), "{}", status.hint);
    assert_eq!(world.manager.calls().writes, 0);
    // It cannot be given our id, so adopting it is refused with the way out.
    let refused = adopt(&mut service, other).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("cannot change the id"), "{refused:?}");
    let hint = messina_service_runtime::errors::status_to_fault(&refused, &[]).detail().hint.clone();
    assert!(hint.contains("sctool cluster update"), "{hint}");
    assert_eq!(world.manager.calls().writes, 0);
    // The way out works.
    world.sctool().replace(&foreign(other, "renamed")).await.unwrap();
    service.client.resync(wire::ResyncRequest { key: Some(key("orders")) }).await.unwrap();
    world.settled("orders").await;
    assert_eq!(world.manager.snapshot().clusters.len(), 2);
    service.stop().await;
}

#[tokio::test]
async fn a_foreign_cluster_with_our_id_is_adopted_on_request_only() {
    let world = World::new().await;
    let id = id_of("orders");
    world.sctool().put_new(&foreign(id, "legacy")).await.unwrap();
    world.manager.reset_calls();
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let mut service = world.start().await;
    world.says("orders", "NotOwned").await;
    let refused = adopt(&mut service, Uuid::from_u128(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains(&id.to_string()), "{refused:?}");
    assert_eq!(world.manager.calls().writes, 0);
    adopt(&mut service, id).await.unwrap();
    world.settled("orders").await;
    let held = world.registered("orders").await;
    assert_eq!(held.id, id);
    assert_eq!(held.labels.unwrap()["team"], "blue", "foreign labels stay");
    assert_eq!((world.puts(), world.posts()), (1, 0));
    adopt(&mut service, id).await.expect("adopting twice is adopting once");
    assert_eq!(world.puts(), 1);
    service.stop().await;
}

#[tokio::test]
async fn edits_in_manager_are_put_right() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    let mut edited = world.sctool().list().await.unwrap().remove(0);
    edited.labels.insert("team".to_owned(), "blue".to_owned());
    let edit = messina_domain::manager::ClusterBody {
        id: edited.id,
        name: "elsewhere".to_owned(),
        host: "10.9.9.9".to_owned(),
        labels: edited.labels,
        token: edited.token.unwrap(),
    };
    world.sctool().replace(&edit).await.unwrap();
    let held = world.registered("orders").await;
    assert_eq!(held.host, "orders-client.prod.svc");
    assert_eq!(held.labels.unwrap()["team"], "blue");
    let event = until("the event", || world.east.logged("event Normal Updated").pop()).await;
    assert!(event.contains("name, host"), "{event}");
    service.stop().await;
}

#[tokio::test]
async fn a_cluster_deleted_in_manager_comes_back_under_the_same_id() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    world.sctool().delete(id_of("orders")).await.unwrap();
    assert_eq!(world.registered("orders").await.id, id_of("orders"));
    world.manager.wipe();
    assert_eq!(world.registered("orders").await.id, id_of("orders"));
    assert_eq!(world.posts(), 3);
    service.stop().await;
}

#[tokio::test]
async fn labels_taken_away_in_manager_make_it_foreign() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    world.sctool().replace(&foreign(id_of("orders"), &manager_name("orders"))).await.unwrap();
    world.says("orders", "NotOwned").await;
    assert_eq!(world.registered("orders").await.host, "somewhere.else");
    service.stop().await;
}

async fn adopt(service: &mut Service, id: Uuid) -> Result<(), tonic::Status> {
    let request = wire::AdoptRequest { key: Some(key("orders")), cluster_id: id.to_string() };
    let adopted = service.client.adopt(request).await?.into_inner();
    assert_eq!(adopted.cluster_id, id.to_string());
    Ok(())
}
