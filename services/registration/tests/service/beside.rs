//! Beside the ScyllaDB Operator's own integration, and read-only.

use messina_control_api::registration::v1 as wire;
use messina_control_api::watch::v1::object::Body;
use messina_control_api::watch::v1::{ObjectKind, OperatorRegistration};
use registration::Config;

use crate::datacenter::cluster;
use crate::world::{World, id_of};

#[tokio::test]
async fn the_operators_namespace_stops_all_writes_to_manager() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    world.manager.reset_calls();
    world.east.put_namespace("scylla-manager");
    let status = world.says("orders", "OperatorIntegrationActive").await.status;
    assert_eq!(status.cluster_id, Some(id_of("orders")));
    world.east.put_cluster(cluster("east", "prod", "users"));
    world.says("users", "OperatorIntegrationActive").await;
    world.broker.set("orders", Some("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"));
    world.passes(&service, 4).await;
    assert_eq!(world.manager.calls().writes, 0);
    world.east.remove(ObjectKind::Namespace, "", "scylla-manager", true);
    world.settled("users").await;
    world.says("orders", "AsDeclared").await;
    service.stop().await;
}

#[tokio::test]
async fn the_operators_registration_stops_writes_for_its_cluster() {
    let world = World::new().await;
    let theirs = OperatorRegistration { cluster_name: "orders".into(), cluster_id: String::new() };
    world.east.put(ObjectKind::OperatorRegistration, "prod", "theirs", Body::OperatorRegistration(theirs));
    for name in ["orders", "users"] {
        world.east.put_cluster(cluster("east", "prod", name));
    }
    let service = world.start().await;
    world.settled("users").await;
    world.says("orders", "OperatorIntegrationActive").await;
    assert_eq!(world.posts(), 1);
    world.east.remove(ObjectKind::OperatorRegistration, "prod", "theirs", true);
    world.settled("orders").await;
    service.stop().await;
}

#[tokio::test]
async fn read_only_says_what_it_would_do_and_does_nothing() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    world.settled("orders").await;
    service.stop().await;
    world.east.clear_log();
    world.manager.reset_calls();
    world.broker.set("orders", Some("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"));
    world.east.put_cluster(cluster("east", "prod", "users"));
    let mut service = world.start_with(Config { read_only: true, ..world.config() }).await;
    service.ready().await;
    let request = wire::PlanRegistrationsRequest::default();
    let plan = service.client.plan_registrations(request).await.unwrap().into_inner().registrations;
    let actions: Vec<_> = plan
        .iter()
        .map(|planned| (planned.key.as_ref().unwrap().name.as_str(), planned.action.as_str()))
        .collect();
    assert_eq!(actions, [("orders", "update"), ("users", "apply-object")]);
    let change = &plan[0].changes[0];
    assert_eq!(change.field, "auth_token");
    assert!(!format!("{plan:?}").contains("zzzz"), "no token in a plan");
    let refused = service.client.resync(wire::ResyncRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    assert!(refused.message().contains("--read-only"));
    assert_eq!(world.manager.calls().writes, 0);
    assert_eq!(world.east.log(), Vec::<String>::new());
    service.stop().await;
}
