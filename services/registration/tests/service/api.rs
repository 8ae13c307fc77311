//! What the API answers.

use messina_control_api::registration::v1 as wire;
use messina_control_api::watch::v1::ObjectKind;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::datacenter::{cluster, opted_out};
use crate::world::{World, id_of, key};

#[tokio::test]
async fn excluded_clusters_are_listed_with_their_reason() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    world.east.put_cluster(opted_out(cluster("east", "prod", "manager")));
    let mut service = world.start().await;
    world.settled("orders").await;
    let list = service.client.list_registrations(wire::ListRegistrationsRequest::default()).await;
    let list = list.unwrap().into_inner().registrations;
    assert_eq!(list.len(), 2);
    assert!(list[0].excluded && !list[0].registered);
    assert_eq!(list[0].explanation.as_ref().unwrap().reason, "OptedOut");
    assert!(list[1].registered && list[1].cluster_id == id_of("orders").to_string());
    assert_eq!(list[1].token_fingerprint, "fingerprint-32");
    let unknown = wire::ListRegistrationsRequest { datacenter: "west".into() };
    let refused = service.client.list_registrations(unknown).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "datacenter");
    assert!(violations[0].description.contains("east"), "{violations:?}");
    service.stop().await;
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let world = World::new().await;
    let mut service = world.start().await;
    service.ready().await;
    let request = wire::GetRegistrationRequest { key: Some(key("nobody")) };
    assert_eq!(service.client.get_registration(request).await.unwrap_err().code(), Code::NotFound);
    let request = wire::ResyncRequest { key: Some(wire::ClusterKey { name: String::new(), ..key("x") }) };
    let refused = service.client.resync(request).await.unwrap_err();
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "key.name");
    let request = wire::AdoptRequest { key: Some(key("nobody")), cluster_id: "x".into() };
    assert_eq!(service.client.adopt(request).await.unwrap_err().code(), Code::NotFound);
    service.stop().await;
}

#[tokio::test]
async fn a_watch_sends_everything_once_and_then_changes_and_ends() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let mut service = world.start().await;
    world.settled("orders").await;
    let request = wire::WatchRegistrationsRequest::default();
    let mut stream = service.client.watch_registrations(request).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap().registration.unwrap();
    assert_eq!((first.key.unwrap().name.as_str(), first.registered), ("orders", true));
    world.east.put_cluster(cluster("east", "prod", "users"));
    let mut states = Vec::new();
    while states.last() != Some(&true) {
        let next = stream.message().await.unwrap().unwrap().registration.unwrap();
        assert_eq!(next.key.unwrap().name, "users");
        states.push(next.registered);
    }
    assert_eq!(states.iter().filter(|registered| **registered).count(), 1, "{states:?}");
    world.east.remove(ObjectKind::ScyllaCluster, "prod", "users", true);
    let removed = loop {
        let next = stream.message().await.unwrap().unwrap();
        if next.removed {
            break next.registration.unwrap().key.unwrap().name;
        }
    };
    assert_eq!(removed, "users");
    let ended = tokio::spawn(async move { stream.message().await });
    service.stop().await;
    let ended = ended.await.unwrap();
    assert!(matches!(ended, Ok(None)) || ended.is_err_and(|status| status.code() == Code::Unavailable));
}

#[tokio::test]
async fn an_explanation_tells_the_facts_in_order() {
    let world = World::new().await;
    world.broker.set("orders", None);
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let mut service = world.start().await;
    world.says("orders", "TokenSecretMissing").await;
    let request = || wire::ExplainRegistrationRequest { key: Some(key("orders")) };
    let explained = service.client.explain_registration(request()).await.unwrap().into_inner();
    in_order(
        &explained.facts,
        &[
            "The feed of 'east' is live",
            "The ScyllaCluster is there",
            "It is not kept out",
            "3 of its nodes are available",
            "Its registration object is there",
            "integration is not active",
            "There is no token: TokenSecretMissing: the Secret 'orders-auth-token' does not exist",
            "ScyllaDB Manager answers",
            "It holds no cluster with the id",
            "has not changed anything",
            "It is held up (waiting): TokenSecretMissing",
        ],
    );
    let explanation = explained.registration.unwrap().explanation.unwrap();
    assert_eq!((explanation.reason.as_str(), explanation.hint.as_str()), ("TokenSecretMissing", "create it"));
    world.broker.set("orders", Some(crate::broker::TOKEN));
    world.settled("orders").await;
    let explained = service.client.explain_registration(request()).await.unwrap().into_inner();
    in_order(
        &explained.facts,
        &[
            "the Secret 'orders-auth-token'; its fingerprint is fingerprint-32",
            "made by Messina",
            "registered as 'east/prod/orders'",
            "Nothing holds it up",
        ],
    );
    service.stop().await;
}

fn in_order(facts: &[String], parts: &[&str]) {
    let mut left = facts.iter();
    for part in parts {
        assert!(left.any(|fact| fact.contains(part)), "{part:?} is not there, or not in order: {facts:#?}");
    }
}

#[tokio::test]
async fn a_resync_looks_at_manager_at_once() {
    let world = World::new().await;
    world.east.put_cluster(cluster("east", "prod", "orders"));
    let mut service = world.start().await;
    world.settled("orders").await;
    world.sctool().delete(id_of("orders")).await.unwrap();
    let queued = service.client.resync(wire::ResyncRequest { key: None }).await.unwrap().into_inner().queued;
    assert_eq!(queued, 1);
    world.registered("orders").await;
    service.stop().await;
}

#[tokio::test]
async fn one_trace_goes_from_the_kubernetes_event_to_manager() {
    let world = World::new().await;
    let service = world.start().await;
    service.ready().await;
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    world.east.put_cluster_because(cluster("east", "prod", "orders"), Some(traceparent.to_owned()));
    world.registered("orders").await;
    let posts: Vec<_> = world.manager.call_log().into_iter().filter(|call| call.method == "POST").collect();
    assert_eq!(posts.len(), 1);
    let sent = posts[0].traceparent.as_deref().unwrap_or_default();
    assert!(sent.contains("0af7651916cd43dd8448eb211c80319c"), "another trace: {sent}");
    service.stop().await;
}
