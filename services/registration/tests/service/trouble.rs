//! Manager, brokers and watchers in trouble: nothing is lost, nothing is done twice.

use messina_fake_manager::{Fault, FaultRule};

use crate::datacenter::cluster;
use crate::world::{World, until};

async fn a_create_in_trouble(fault: FaultRule) -> World {
    let world = World::new().await;
    world.manager.add_fault(fault);
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    world.passes(&service, 3).await;
    assert_eq!(world.manager.snapshot().clusters.len(), 1);
    service.stop().await;
    world
}

fn post(fault: Fault) -> FaultRule {
    FaultRule::new("POST", "/api/v1/clusters", 2, fault)
}

#[tokio::test]
async fn a_create_that_is_refused_is_tried_again() {
    let message = r#"{"message":"gocql: no hosts available in the pool","trace_id":"t"}"#;
    let world = a_create_in_trouble(post(Fault::Status).answering(500, message)).await;
    assert_eq!(world.posts(), 3);
}

#[tokio::test]
async fn a_create_answered_with_garbage_is_tried_again() {
    let world = a_create_in_trouble(post(Fault::Garbage).answering(500, "<html>oops")).await;
    assert_eq!(world.posts(), 3);
}

#[tokio::test]
async fn a_create_that_was_done_before_the_connection_broke_is_not_done_twice() {
    let fault = FaultRule::new("POST", "/api/v1/clusters", 1, Fault::DropAfterCommit);
    let world = a_create_in_trouble(fault).await;
    assert_eq!(world.posts(), 1, "the next pass sees it in the list");
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_in_garbage_is_not_done_twice() {
    let fault = FaultRule::new("POST", "/api/v1/clusters", 1, Fault::Garbage).answering(502, "bad gateway");
    let world = a_create_in_trouble(fault.committed()).await;
    assert_eq!(world.posts(), 1);
}

#[tokio::test]
async fn an_outage_of_manager_is_said_and_survived() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    world.manager.add_fault(FaultRule { fault: Fault::DropBefore, ..FaultRule::default() });
    world.east.put_cluster(cluster("east", "prod", "users"));
    let orders = world.says("orders", "ManagerUnavailable").await.status;
    assert!(orders.cluster_id.is_some(), "what was registered is believed to be so");
    let users = world.says("users", "ManagerUnavailable").await.status;
    assert_eq!(users.cluster_id, None);
    let said = world.east.logged("report").len();
    let calls = world.manager.calls().reads;
    until("more attempts", || (world.manager.calls().reads > calls + 3).then_some(())).await;
    assert_eq!(world.east.logged("report").len(), said, "once per outage, not per attempt");
    world.manager.clear_faults();
    world.settled("users").await;
    world.says("orders", "AsDeclared").await;
    assert_eq!(world.manager.snapshot().clusters.len(), 2);
    service.stop().await;
}

#[tokio::test]
async fn a_broker_that_is_away_is_said_and_asked_again() {
    let world = World::new().await;
    world.broker.down(true);
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    let status = world.says("orders", "BrokerUnreachable").await.status;
    assert_eq!(status.last_error_class, "transient");
    world.broker.down(false);
    world.settled("orders").await;
    service.stop().await;
}

#[tokio::test]
async fn a_writer_that_refuses_is_asked_again() {
    let world = World::new().await;
    world.east.refuse_writes(true);
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    let explained = loop {
        let explained = service.try_get("orders").await.and_then(|orders| orders.explanation);
        match explained {
            Some(explained) if explained.reason == "WatcherUnreachable" => break explained,
            _ => tokio::task::yield_now().await,
        }
    };
    assert!(explained.message.contains("Lease"), "{explained:?}");
    assert_eq!(world.posts(), 0, "nothing gets into Manager before its object exists");
    world.east.refuse_writes(false);
    world.settled("orders").await;
    service.stop().await;
}

#[tokio::test]
async fn an_event_and_a_status_that_cannot_be_written_hold_nothing_up() {
    let world = World::new().await;
    world.broker.set("orders", None);
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    world.says("orders", "TokenSecretMissing").await;
    world.east.refuse_writes(true);
    world.broker.set("orders", Some(crate::broker::TOKEN));
    world.registered("orders").await;
    world.east.refuse_writes(false);
    world.settled("orders").await;
    assert_eq!(world.posts(), 1);
    service.stop().await;
}

impl crate::world::Service {
    async fn try_get(&self, name: &str) -> Option<messina_control_api::registration::v1::Registration> {
        let request = messina_control_api::registration::v1::GetRegistrationRequest {
            key: Some(crate::world::key(name)),
        };
        self.client.clone().get_registration(request).await.ok()?.into_inner().registration
    }
}
