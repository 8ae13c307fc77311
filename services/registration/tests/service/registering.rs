//! Clusters get into Manager: once, as declared, and stay as declared.

use std::time::Duration;

use messina_control_api::watch::v1::ObjectKind;
use messina_control_api::watch::v1::object::Body;
use messina_control_api::watch::v1::{Member, Ring, RingMember};
use messina_domain::condition::is_true;
use messina_fake_manager::{AcceptedTokens, Agent};
use registration::Config;

use crate::broker::TOKEN;
use crate::datacenter::cluster;
use crate::world::{World, id_of, until};

#[tokio::test]
async fn a_cluster_is_registered_once_with_labels_host_and_token() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    let held = world.registered("orders").await;
    assert_eq!((held.id, held.host.as_str()), (id_of("orders"), "orders-client.prod.svc"));
    assert_eq!(held.auth_token, TOKEN);
    let labels = held.labels.unwrap();
    assert_eq!(labels["messina.dev/owner"], "4f0e7bd4-5bd4-4d5c-9d8b-000000000001/prod/orders");
    assert_eq!(labels["scylla-operator.scylladb.com/owner-uid"], "messina");
    let status = world.says("orders", "AsDeclared").await.status;
    assert_eq!(status.cluster_id, Some(id_of("orders")));
    assert_eq!(status.token_fingerprint.as_deref(), Some("fingerprint-32"));
    assert_eq!(status.observed_generation, 1);
    let events = world.east.logged("event");
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with("event Normal Registered orders:"), "{events:?}");
    assert_eq!(world.posts(), 1);
    assert!(world.manager.call_log().iter().all(|call| call.body["without_repair"] != false));
    service.stop().await;
}

#[tokio::test]
async fn twenty_clusters_cost_twenty_posts_and_a_few_lists() {
    let world = World::new().await;
    for n in 0..20 {
        world.east.put_cluster(cluster("east", "prod", &format!("c{n}")));
    }
    let service = world.start().await;
    for n in 0..20 {
        world.settled(&format!("c{n}")).await;
    }
    assert_eq!(world.posts(), 20);
    assert!(world.lists() <= 3, "{} lists", world.lists());
    assert_eq!((world.puts(), world.deletes()), (0, 0));
    assert_eq!(world.east.logged("apply").len(), 20);
    assert_eq!(world.east.logged("report").len(), 20);
    let text = until("the gauge", || {
        let text = service.metrics.encode().unwrap();
        text.contains("messina_registration_clusters{state=\"registered\"} 20").then_some(text)
    })
    .await;
    assert!(text.contains("messina_registration_convergence_seconds_count 20"), "{text}");
    let posts = "manager_calls_total{method=\"POST\",route=\"/clusters\",class=\"success\"} 20";
    assert!(text.contains(posts), "{text}");
    assert!(service.readiness.is_ready(), "{}", service.readiness.report());
    service.stop().await;
}

#[tokio::test]
async fn with_nothing_changed_nothing_is_written() {
    let world = World::new().await;
    for name in ["orders", "users"] {
        world.east.put_cluster(cluster("east", "prod", name));
    }
    let service = world.start_restless().await;
    for name in ["orders", "users"] {
        world.settled(name).await;
    }
    world.manager.reset_calls();
    world.east.clear_log();
    world.passes(&service, 8).await;
    assert_eq!(world.manager.calls().writes, 0);
    assert_eq!(world.east.log(), Vec::<String>::new());
    service.stop().await;
    // A restart is no change either.
    let service = world.start_restless().await;
    world.passes(&service, 8).await;
    assert_eq!(world.manager.calls().writes, 0);
    assert_eq!(world.east.log(), Vec::<String>::new());
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_token_is_said_and_the_right_one_registers() {
    let world = World::new().await;
    let tokens = AcceptedTokens(Some(vec![TOKEN.to_owned()]));
    world.manager.set_agent("*", Agent { tokens, ..Agent::default() });
    world.broker.set("orders", Some("wrong-wrong-wrong-wrong-wrong"));
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start().await;
    let status = world.says("orders", "NodesUnreachable").await.status;
    assert_eq!((status.cluster_id, status.last_error_class.as_str()), (None, "transient"));
    assert!(status.hint.contains("token"), "{}", status.hint);
    assert!(!is_true(&status.conditions, "Available") && is_true(&status.conditions, "Degraded"));
    assert_eq!(world.east.logged("event Warning NodesUnreachable").len(), 1);
    world.broker.set("orders", Some(TOKEN));
    world.settled("orders").await;
    assert_eq!(service.get("orders").await.explanation, None);
    service.stop().await;
}

#[tokio::test]
async fn a_missing_secret_is_waited_for() {
    let world = World::new().await;
    world.broker.set("orders", None);
    world.east.put_cluster(cluster("east", "prod", "orders"));
    world.east.put_cluster(cluster("east", "prod", "users"));
    let service = world.start().await;
    let status = world.says("orders", "TokenSecretMissing").await.status;
    assert_eq!((status.last_error_class.as_str(), status.hint.as_str()), ("waiting", "create it"));
    world.settled("users").await;
    let asked = world.broker.asked();
    until("more looks", || (world.broker.asked() > asked + 3).then_some(())).await;
    assert_eq!(world.east.logged("event Warning TokenSecretMissing").len(), 1, "once, not per look");
    assert_eq!(world.east.logged("report prod/orders").len(), 1);
    world.broker.set("orders", Some(TOKEN));
    world.settled("orders").await;
    service.stop().await;
}

#[tokio::test]
async fn a_cluster_without_an_available_node_waits() {
    let world = World::new().await;
    let mut orders = cluster("east", "prod", "orders");
    orders.available_nodes = 0;
    world.east.put_cluster(orders.clone());
    let service = world.start().await;
    world.says("orders", "NoAvailableNode").await;
    assert_eq!(world.posts(), 0);
    orders.available_nodes = 1;
    world.east.put_cluster(orders.clone());
    world.settled("orders").await;
    // A cluster whose nodes go away later stays registered.
    orders.available_nodes = 0;
    world.east.put_cluster(orders);
    world.east.put_cluster(cluster("east", "prod", "users"));
    world.settled("users").await;
    assert_eq!(world.says("orders", "AsDeclared").await.status.cluster_id, Some(id_of("orders")));
    service.stop().await;
}

#[tokio::test]
async fn a_new_token_reaches_manager() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let service = world.start_restless().await;
    world.settled("orders").await;
    let rotated = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
    world.broker.set("orders", Some(rotated));
    until("the new token", || (world.registered_token("orders") == rotated).then_some(())).await;
    until("the new fingerprint", || {
        let status = world.east.registration("prod", "orders")?.status;
        (status.token_fingerprint.as_deref() == Some("fingerprint-36")).then_some(())
    })
    .await;
    assert_eq!(world.east.logged("event Normal Updated").len(), 1);
    assert!(world.east.logged("event Normal Updated")[0].contains("auth_token"));
    service.stop().await;
}

#[tokio::test]
async fn the_host_follows_template_and_object() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let mut config = Config { resync: Duration::from_millis(300), ..world.config() };
    let template = messina_domain::host::HostTemplate::parse("{name}.{namespace}.example.com").unwrap();
    config.host_templates.0.insert("east".to_owned(), template);
    let service = world.start_with(config).await;
    assert_eq!(world.registered("orders").await.host, "orders.prod.example.com");
    world.says("orders", "AsDeclared").await;
    world.east.edit_registration("prod", "orders", |object| {
        if let Some(Body::Registration(registration)) = &mut object.body {
            registration.spec.as_mut().unwrap().host = Some("10.0.0.7".to_owned());
        }
    });
    until("the host of the object", || {
        let snapshot = world.manager.snapshot();
        (snapshot.cluster("east/prod/orders")?.host == "10.0.0.7").then_some(())
    })
    .await;
    until("its generation", || {
        let registration = world.east.registration("prod", "orders")?;
        (registration.status.observed_generation == 2).then_some(())
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn a_possible_ring_member_is_registered_and_marked() {
    let world = World::new().await;
    let mut orders = cluster("east", "prod", "orders");
    orders.external_seeds = true;
    world.east.put_cluster(orders);
    let service = world.start().await;
    let status = world.says("orders", "AsDeclared").await.status;
    assert!(is_true(&status.conditions, "PossibleRingMember"));
    // A Ring at home takes the mark away.
    let home = Member { namespace: "prod".into(), name: "orders".into(), ..Default::default() };
    world.east.put(ObjectKind::Ring, "prod", "r", Body::Ring(Ring { home: Some(home), members: Vec::new() }));
    until("no mark", || {
        let status = world.east.registration("prod", "orders")?.status;
        (!is_true(&status.conditions, "PossibleRingMember")).then_some(())
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn a_member_of_a_ring_is_not_registered() {
    let world = World::new().await;
    let ring = Member { datacenter: "west".into(), namespace: "prod".into(), name: "r".into() };
    let member = RingMember { ring: Some(ring), cluster_name: "orders".into() };
    world.east.put(ObjectKind::RingMember, "prod", "m", Body::RingMember(member));
    world.east.put_cluster(cluster("east", "prod", "orders"));
    world.east.put_cluster(cluster("east", "prod", "users"));
    let service = world.start().await;
    world.settled("users").await;
    let orders = service.get("orders").await;
    assert!(orders.excluded && orders.explanation.unwrap().reason == "RingMember");
    assert!(world.east.registration("prod", "orders").is_none());
    service.stop().await;
}

impl World {
    fn registered_token(&self, name: &str) -> String {
        let snapshot = self.manager.snapshot();
        snapshot
            .cluster(&crate::world::manager_name(name))
            .map(|held| held.auth_token.clone())
            .unwrap_or_default()
    }
}
