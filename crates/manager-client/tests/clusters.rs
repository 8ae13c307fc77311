//! [`ClusterApi`](messina_manager_client::ClusterApi) against the stand-in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use harness::*;
use messina_domain::names::reason;
use messina_fake_manager::{AcceptedTokens, Agent, Fault as Broken, FaultRule, TaskType};
use uuid::Uuid;

const OTHER: Uuid = Uuid::from_u128(0x0c2);

#[tokio::test]
async fn a_cluster_comes_is_changed_and_goes() {
    let stand = Stand::empty().await;
    assert!(stand.clusters.list().await.unwrap().is_empty());
    assert!(stand.clusters.get(CLUSTER).await.unwrap().is_none());

    let mut body = cluster(CLUSTER, "east/prod/orders");
    stand.clusters.put_new(&body).await.unwrap();
    let held = stand.clusters.get(CLUSTER).await.unwrap().unwrap();
    assert_eq!((held.id, &held.name, &held.host, held.port), (CLUSTER, &body.name, &body.host, 0));
    assert_eq!(held.labels, body.labels);
    assert!(held.force_tls_disabled && held.force_non_ssl_session_port);
    assert!(held.token.as_ref().unwrap().matches(TOKEN));

    body.labels.clear();
    body.host = "10.0.0.2".into();
    stand.clusters.replace(&body).await.unwrap();
    let list = stand.clusters.list().await.unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].host.as_str(), list[0].labels.len()), ("10.0.0.2", 0));

    stand.clusters.delete(CLUSTER).await.unwrap();
    assert!(stand.clusters.get(CLUSTER).await.unwrap().is_none());
    stand.clusters.delete(CLUSTER).await.unwrap();
    let gone = stand.clusters.replace(&body).await;
    assert_fault(gone, "transient", reason::CLUSTER_UNKNOWN, "updating the cluster");

    let deletes: Vec<_> =
        stand.manager.call_log().into_iter().filter(|call| call.method == "DELETE").collect();
    assert!(!deletes.is_empty() && deletes.iter().all(|call| call.query.is_empty()), "never a query");
}

#[tokio::test]
async fn registering_twice_is_registering_once_and_brings_no_repair() {
    let stand = Stand::with_cluster().await;
    stand.clusters.put_new(&cluster(CLUSTER, "east/prod/renamed")).await.unwrap();
    let snapshot = stand.manager.snapshot();
    assert_eq!(snapshot.clusters.len(), 1);
    assert_eq!(snapshot.clusters[0].name, "east/prod/renamed");
    assert!(snapshot.tasks_of(CLUSTER).all(|view| view.task.kind == Some(TaskType::HealthCheck)));
}

#[tokio::test]
async fn a_lost_answer_leaves_a_cluster_that_the_next_try_finds() {
    let stand = Stand::empty().await;
    stand.manager.add_fault(FaultRule::new("POST", "/api/v1/clusters", 1, Broken::DropAfterCommit));
    let body = cluster(CLUSTER, "east/prod/orders");
    let lost = stand.clusters.put_new(&body).await;
    assert_fault(lost, "transient", reason::MANAGER_UNAVAILABLE, "may have been done");
    assert_eq!(
        stand.manager.calls().of("POST", "/api/v1/clusters"),
        1,
        "a write is never repeated by itself"
    );
    assert!(stand.clusters.get(CLUSTER).await.unwrap().is_some());
    stand.clusters.put_new(&body).await.unwrap();
    assert_eq!(stand.clusters.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrong_token_and_a_missing_node_read_the_same() {
    let stand = Stand::empty().await;
    let body = cluster(CLUSTER, "east/prod/orders");
    for agent in [
        Agent { tokens: AcceptedTokens(Some(vec!["another-token-entirely".into()])), ..Agent::default() },
        Agent { reachable: false, ..Agent::default() },
    ] {
        stand.manager.set_agent("10.0.0.1", agent);
        let refused = stand.clusters.put_new(&body).await;
        assert_fault(refused, "transient", reason::NODES_UNREACHABLE, "wrong token");
    }
    let peers = Agent { peers: vec!["10.0.0.2".into()], ..Agent::default() };
    stand.manager.set_agent("10.0.0.1", peers);
    stand.manager.set_agent("10.0.0.2", Agent { reachable: false, ..Agent::default() });
    let refused = stand.clusters.put_new(&body).await;
    assert_fault(refused, "transient", reason::NODES_UNREACHABLE, "connectivity check: 10.0.0.2");
}

#[tokio::test]
async fn names_that_are_taken_or_doubled_say_so() {
    let stand = Stand::with_cluster().await;
    let taken = stand.clusters.put_new(&cluster(OTHER, "east/prod/orders")).await;
    assert_fault(taken, "waiting", reason::NAME_TAKEN, "is already taken");

    stand.manager.add_fault(FaultRule::new("POST", "/api/v1/clusters", 1, Broken::RacyCreates));
    stand.clusters.put_new(&cluster(OTHER, "east/prod/orders")).await.unwrap();
    let third = stand.clusters.put_new(&cluster(Uuid::from_u128(3), "east/prod/orders")).await;
    assert_fault(third, "rejected", reason::NAME_AMBIGUOUS, "share the same name");
    assert_eq!(stand.clusters.list().await.unwrap().len(), 2, "by id all goes on");
}

#[tokio::test]
async fn an_error_that_repeats_the_token_is_cleaned() {
    let stand = Stand::empty().await;
    let echo = format!(r#"{{"message":"bad\u001b[31m token {TOKEN}","details":"","trace_id":"t"}}"#);
    let rule = FaultRule::new("POST", "/api/v1/clusters", 1, Broken::Status).answering(500, &echo);
    stand.manager.add_fault(rule);
    let refused = stand.clusters.put_new(&cluster(CLUSTER, "x")).await;
    assert_fault(refused, "transient", reason::MANAGER_REFUSED, "bad [31m token [redacted]");
    for result in [format!("{:?}", stand.clusters.list().await), format!("{:?}", cluster(CLUSTER, "x"))] {
        assert!(!result.contains("bcdfgh"), "{result}");
    }
}

#[tokio::test]
async fn trouble_of_managers_own_is_told_apart() {
    let stand = Stand::with_cluster().await;
    let break_next = |fault, status, body: &str| {
        stand.manager.add_fault(FaultRule::new("GET", "/api/v1/clusters", 1, fault).answering(status, body));
    };
    break_next(Broken::DbDown, 500, "");
    assert_fault(stand.clusters.list().await, "transient", reason::MANAGER_UNAVAILABLE, "gocql");
    break_next(Broken::EmptyBody, 500, "");
    assert_fault(stand.clusters.list().await, "transient", reason::MANAGER_GARBAGE, "no explanation");
    break_next(Broken::Garbage, 200, "<html>hello</html>");
    assert_fault(stand.clusters.list().await, "transient", reason::MANAGER_GARBAGE, "not JSON");
    break_next(Broken::Garbage, 500, "<html>hello</html>");
    assert_fault(stand.clusters.list().await, "transient", reason::MANAGER_GARBAGE, "no explanation");
    break_next(Broken::TwoDocuments, 200, "");
    assert_eq!(stand.clusters.list().await.unwrap().len(), 1, "the second document is not read");
    break_next(Broken::DropBefore, 0, "");
    assert_eq!(stand.clusters.list().await.unwrap().len(), 1, "a read is tried again");
    break_next(Broken::Status, 503, "");
    assert_eq!(stand.clusters.list().await.unwrap().len(), 1, "a read is tried again");
}
