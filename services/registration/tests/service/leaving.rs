//! Clusters get out of Manager: tasks first, and only when somebody asked for it.

use messina_control_api::registration::v1 as wire;
use messina_control_api::watch::v1::ObjectKind;
use messina_control_api::watch::v1::object::Body;

use crate::datacenter::{cluster, opted_out};
use crate::world::{World, id_of, manager_name, until};

#[tokio::test]
async fn opting_out_waits_for_the_tasks_and_opting_in_gives_the_same_id() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    world.east.put_task("prod", "orders", "weekly", true);
    let service = world.start().await;
    world.settled("orders").await;
    world.east.put_cluster(opted_out(cluster("east", "prod", "orders")));
    let held = world.says("orders", "TasksRemain").await;
    assert!(held.deleting);
    assert_eq!(held.status.cluster_id, Some(id_of("orders")), "it is in Manager as long as it is there");
    assert_eq!(world.deletes(), 0);
    assert!(service.get("orders").await.excluded);
    world.east.put_task("prod", "orders", "weekly", false);
    world.gone("orders").await;
    assert_eq!(world.deletes(), 1);
    let log = world.east.log();
    let place = |start: &str| {
        log.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {log:?}"))
    };
    assert!(place("delete prod/orders") < place("event Normal Deregistered"));
    assert!(place("event Normal Deregistered") < place("release prod/orders"));
    world.east.put_cluster(cluster("east", "prod", "orders"));
    assert_eq!(world.registered("orders").await.id, id_of("orders"));
    world.says("orders", "AsDeclared").await;
    service.stop().await;
}

#[tokio::test]
async fn a_seen_deletion_deregisters() {
    let world = World::new().await;
    for name in ["orders", "users"] {
        world.east.put_cluster(cluster("east", "prod", name));
    }
    let service = world.start().await;
    for name in ["orders", "users"] {
        world.settled(name).await;
    }
    world.east.remove(ObjectKind::ScyllaCluster, "prod", "orders", true);
    world.gone("orders").await;
    assert_eq!(world.east.logged("delete"), ["delete prod/orders uid-of-orders"]);
    assert!(world.manager.snapshot().cluster(&manager_name("users")).is_some());
    service.stop().await;
}

#[tokio::test]
async fn the_policy_retain_leaves_everything_in_manager() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    world.settled("orders").await;
    world.east.edit_registration("prod", "orders", |object| {
        if let Some(Body::Registration(registration)) = &mut object.body {
            registration.spec.as_mut().unwrap().retain = true;
        }
    });
    world.east.remove(ObjectKind::ScyllaCluster, "prod", "orders", true);
    until("released", || world.east.registration("prod", "orders").is_none().then_some(())).await;
    assert_eq!(world.deletes(), 0);
    assert!(world.manager.snapshot().cluster(&manager_name("orders")).is_some());
    service.stop().await;
}

#[tokio::test]
async fn the_fourth_of_twelve_pulls_the_brake_and_a_confirmation_lets_go() {
    let world = World::new().await;
    let names: Vec<String> = (0..12).map(|n| format!("c{n}")).collect();
    for name in &names {
        world.east.put_cluster(cluster("east", "prod", name));
    }
    let mut service = world.start().await;
    for name in &names {
        world.settled(name).await;
    }
    for name in &names[..3] {
        world.east.remove(ObjectKind::ScyllaCluster, "prod", name, true);
        world.gone(name).await;
    }
    for name in &names[3..6] {
        world.east.remove(ObjectKind::ScyllaCluster, "prod", name, true);
        world.says(name, "DeletionFrozen").await;
    }
    assert_eq!(world.deletes(), 3);
    assert!(!world.east.logged("event Warning DeletionFrozen c3").is_empty());
    until("the gauge", || {
        let text = service.metrics.encode().unwrap();
        text.contains("messina_registration_deletions_frozen 1").then_some(())
    })
    .await;
    let held = service.get("c4").await.explanation.unwrap();
    assert_eq!((held.reason.as_str(), held.class.as_str()), ("DeletionFrozen", "waiting"));
    assert!(held.hint.contains("confirm-deletions"), "{}", held.hint);
    service.client.confirm_deletions(wire::ConfirmDeletionsRequest {}).await.unwrap();
    for name in &names[3..6] {
        world.gone(name).await;
    }
    assert_eq!(world.deletes(), 6);
    assert_eq!(world.manager.snapshot().clusters.len(), 6, "the others are where they were");
    service.stop().await;
}

#[tokio::test]
async fn killed_between_removal_and_request_it_deregisters_after_the_restart() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    world.settled("orders").await;
    service.kill().await;
    world.east.remove(ObjectKind::ScyllaCluster, "prod", "orders", true);
    world.east.clear_log();
    let service = world.start().await;
    world.gone("orders").await;
    assert_eq!(world.east.logged("delete"), ["delete prod/orders uid-of-orders"]);
    service.stop().await;
}

#[tokio::test]
async fn a_recreated_cluster_stays_registered() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    world.settled("orders").await;
    let mut again = cluster("east", "prod", "orders");
    again.uid = "another".into();
    world.east.put_cluster(again);
    until("the new uid", || {
        let registration = world.east.registration("prod", "orders")?;
        (registration.spec.cluster_uid == "another").then_some(())
    })
    .await;
    world.says("orders", "AsDeclared").await;
    assert_eq!((world.deletes(), world.posts()), (0, 1));
    service.stop().await;
}
