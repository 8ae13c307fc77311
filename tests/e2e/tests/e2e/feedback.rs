//! Run state on its way back, and what a person sees.

use kube::ResourceExt;
use messina_domain::names::OPT_OUT_ANNOTATION;
use messina_k8s_api::kinds::Kind;
use messina_stage::{Ground, OperatorStandIn};
use serde_json::{Value, json};

use crate::fleet::{Fleet, Pace, cluster};

async fn scylla_cluster(fleet: &Fleet) -> Value {
    let found = fleet.datacenters[0].api(Kind::ScyllaCluster, "prod").get("orders").await.unwrap();
    serde_json::to_value(found).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn opting_out_empties_the_status_and_opting_in_gives_the_same_id_on_a_real_api_server() {
    let Some(ground) = messina_stage::real_ground("opting_out_empties_the_status") else { return };
    opting_out_and_in(ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opting_out_empties_the_status_and_opting_in_gives_the_same_id_on_the_embedded_one() {
    opting_out_and_in(Ground::Fake).await;
}

async fn opting_out_and_in(ground: Ground) {
    let fleet = Fleet::start(&["east"], &ground, Pace::default()).await;
    let east = &fleet.datacenters[0];
    east.seed(&cluster("east", "orders")).await.unwrap();
    fleet.converged(1, 3).await;
    let id = fleet.in_manager().await["east/prod/orders"].clone();
    fleet
        .until("entries in the status", async |fleet| {
            let status = &scylla_cluster(fleet).await["status"];
            let ids = |list: &str| {
                status[list]
                    .as_array()
                    .map_or(0, |all| all.iter().filter(|one| one["id"].is_string()).count())
            };
            (ids("backups"), ids("repairs")) == (2, 1)
        })
        .await;
    let opt = |value: Value| json!({"metadata": {"annotations": {OPT_OUT_ANNOTATION: value}}});
    east.patch_cluster("prod", "orders", &opt(json!("true"))).await.unwrap();
    fleet.until("out of Manager", async |fleet| fleet.in_manager().await.is_empty()).await;
    fleet
        .until("an empty status", async |fleet| {
            let status = &scylla_cluster(fleet).await["status"];
            status["backups"].is_null() && status["repairs"].is_null()
        })
        .await;
    east.patch_cluster("prod", "orders", &opt(Value::Null)).await.unwrap();
    fleet.converged(1, 3).await;
    assert_eq!(fleet.in_manager().await["east/prod/orders"], id);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_an_operator_entries_arrive_and_nothing_loops() {
    let ground = messina_stage::real_ground("beside_an_operator").unwrap_or(Ground::Fake);
    let pace = Pace { feedback: "auto", ..Pace::default() };
    let fleet = Fleet::start(&["east"], &ground, pace).await;
    let east = &fleet.datacenters[0];
    east.seed(&cluster("east", "orders")).await.unwrap();
    let _operator = OperatorStandIn::start(east, "prod", "orders");
    fleet.converged(1, 3).await;
    fleet
        .until("the entries through the Operator", async |fleet| {
            let status = &scylla_cluster(fleet).await["status"];
            status["backups"]
                .as_array()
                .is_some_and(|all| all.len() == 2 && all.iter().all(|one| one["id"].is_string()))
                && status["repairs"].as_array().is_some_and(|all| all.len() == 1)
        })
        .await;
    let version = async || {
        let mut versions = vec![scylla_cluster(&fleet).await["metadata"]["resourceVersion"].clone()];
        for task in east.list(Kind::OperatorTask).await.unwrap() {
            versions.push(json!(task.resource_version()));
        }
        versions
    };
    quiet(version).await;
    fleet.stop().await;
}

/// Waits for a pause of several polls in which nothing is written; whoever loops never makes one. There is no state to
/// wait for, since the point is that none changes.
async fn quiet<T: PartialEq + std::fmt::Debug>(look: impl AsyncFn() -> T) -> T {
    let mut before = look().await;
    for _ in 0..10 {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        let now = look().await;
        if now == before {
            return now;
        }
        before = now;
    }
    panic!("somebody keeps writing: {before:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_token_secret_is_explained_to_a_tired_person() {
    let fleet = Fleet::start(&["east"], &Ground::Fake, Pace::default()).await;
    let mut seed = cluster("east", "orders");
    let token = seed.token.take().unwrap();
    fleet.datacenters[0].seed(&seed).await.unwrap();
    fleet
        .until("the reason", async |fleet| {
            fleet.status().await["clusters"][0]["held_up"]["reason"] == "TokenSecretMissing"
                || fleet.status().await["clusters"][0]["heldUp"]["reason"] == "TokenSecretMissing"
        })
        .await;
    for command in [&["status"][..], &["explain", "east/prod/orders"]] {
        let (well, text) = fleet.messina(command).await;
        assert!(well, "{text}");
        for part in ["TokenSecretMissing", "'orders-auth-token' does not exist", "auth_token: TOKEN"] {
            assert!(text.contains(part), "{command:?} does not say '{part}':\n{text}");
        }
    }
    fleet.datacenters[0].token_secret("prod", "orders", &token).await.unwrap();
    fleet.converged(1, 3).await;
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_changed_nothing_is_written() {
    let ground = messina_stage::real_ground("with_nothing_changed").unwrap_or(Ground::Fake);
    let fleet = Fleet::start(&["east"], &ground, Pace::default()).await;
    let east = &fleet.datacenters[0];
    for name in ["orders", "users"] {
        east.seed(&cluster("east", name)).await.unwrap();
    }
    fleet.converged(2, 6).await;
    let versions = async || {
        let mut all = Vec::new();
        for kind in Kind::ALL {
            all.extend(
                east.list(kind)
                    .await
                    .unwrap()
                    .into_iter()
                    .map(|one| (kind, one.name_any(), one.resource_version())),
            );
        }
        all
    };
    let before = quiet(versions).await;
    assert_eq!(fleet.post("/_fake/calls/reset", &json!({})).await, 200);
    // At this test's pace of one poll a second this stands for minutes of the usual one.
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    let calls = fleet.get("/_fake/calls").await;
    assert_eq!(calls["writes"], 0, "{calls}");
    assert_eq!(versions().await, before);
    fleet.stop().await;
}
