//! What is merely out of sight is never deregistered.

use messina_control_api::watch::v1::ObjectKind;
use messina_domain::condition::is_true;

use crate::datacenter::cluster;
use crate::world::{World, id_of, manager_name};

#[tokio::test]
async fn a_cluster_that_is_missing_after_a_restart_of_the_watcher_stays() {
    let world = World::new().await;
    for name in ["orders", "users"] {
        world.east.put_cluster(cluster("east", "prod", name));
    }
    let service = world.start_restless().await;
    world.settled("orders").await;
    world.settled("users").await;
    world.east.stop().await;
    world.east.vanish(ObjectKind::ScyllaCluster, "prod", "orders");
    world.east.serve().await;
    let status = world.says("orders", "ClusterGone").await.status;
    assert!(status.hint.contains("kubectl delete mreg -n prod orders"), "{}", status.hint);
    assert!(world.east.registration("prod", "orders").is_some_and(|registration| !registration.deleting));
    world.passes(&service, 4).await;
    assert_eq!((world.deletes(), world.east.logged("delete").len()), (0, 0));
    assert_eq!(status.cluster_id, Some(id_of("orders")));
    // Back in sight, all is as it was.
    world.east.put_cluster(cluster("east", "prod", "orders"));
    world.says("orders", "AsDeclared").await;
    assert_eq!(world.posts(), 2);
    // Somebody who knows deletes the object.
    world.east.remove(ObjectKind::ScyllaCluster, "prod", "orders", false);
    world.says("orders", "ClusterGone").await;
    world.east.edit_registration("prod", "orders", |object| object.deleting = true);
    world.gone("orders").await;
    service.stop().await;
}

#[tokio::test]
async fn a_watcher_that_is_away_changes_nothing() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    world.east.stop().await;
    world.east.clear_log();
    world.passes(&service, 4).await;
    assert_eq!((world.deletes(), world.puts(), world.posts()), (0, 0, 1));
    let orders = service.get("orders").await;
    assert!(orders.registered && orders.explanation.is_none(), "{orders:?}");
    world.east.serve().await;
    world.east.put_cluster(cluster("east", "prod", "users"));
    world.settled("users").await;
    service.stop().await;
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_left_alone() {
    use messina_control_api::watch::v1::Undecodable;
    use messina_control_api::watch::v1::object::Body;
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    let broken = Undecodable { message: "spec.datacenter: invalid type".into() };
    world.east.put(ObjectKind::ScyllaCluster, "prod", "orders", Body::Undecodable(broken));
    let status = world.says("orders", "Undecodable").await.status;
    assert!(is_true(&status.conditions, "Available") && is_true(&status.conditions, "Degraded"));
    assert_eq!(status.cluster_id, Some(id_of("orders")));
    assert!(world.manager.snapshot().cluster(&manager_name("orders")).is_some());
    let explained = service.get("orders").await.explanation.unwrap();
    assert!(explained.message.contains("spec.datacenter"), "{explained:?}");
    world.east.put_cluster(cluster("east", "prod", "orders"));
    world.says("orders", "AsDeclared").await;
    assert_eq!((world.deletes(), world.posts()), (0, 1));
    service.stop().await;
}

#[tokio::test]
async fn nothing_is_known_before_the_first_snapshot() {
    let world = World::new().await;
    world.east.stop().await;
    let mut service = world.start().await;
    let request = messina_control_api::registration::v1::GetRegistrationRequest {
        key: Some(crate::world::key("orders")),
    };
    let refused = service.client.get_registration(request).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert!(refused.message().contains("'east'"), "{refused:?}");
    assert!(!service.readiness.is_ready());
    world.east.serve().await;
    service.ready().await;
    service.stop().await;
}
