//! Three real API servers, SIGKILL of every service in the middle: at the end Manager equals what is declared, and
//! nothing foreign was touched.

use messina_stage::Ground;
use serde_json::json;

use crate::fleet::{Fleet, Pace, cluster};

const DATACENTERS: [&str; 3] = ["east", "west", "north"];
const CLUSTERS: [&str; 2] = ["orders", "users"];

#[tokio::test(flavor = "multi_thread")]
async fn three_datacenters_survive_every_crash_on_real_api_servers() {
    let Some(ground) = messina_stage::real_ground("three_datacenters_survive_every_crash") else { return };
    three_datacenters_survive_every_crash(ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_datacenters_survive_every_crash_on_embedded_api_servers() {
    three_datacenters_survive_every_crash(Ground::Fake).await;
}

/// Puts a cluster and a task into Manager that are not ours.
async fn foreigners(fleet: &Fleet) -> serde_json::Value {
    let cluster = json!({"name": "prod/legacy", "host": "legacy", "auth_token": "legacy-token-legacy-token"});
    assert_eq!(fleet.post("/clusters", &cluster).await, 201);
    let id = fleet.in_manager().await["prod/legacy"].clone();
    let task = json!({"type": "repair", "name": "by-hand", "enabled": true, "properties": {},
        "schedule": {"cron": "0 1 1 1 *"}});
    assert_eq!(fleet.post(&format!("/cluster/{id}/tasks"), &task).await, 201);
    foreign_state(fleet).await
}

async fn foreign_state(fleet: &Fleet) -> serde_json::Value {
    let id = fleet.in_manager().await["prod/legacy"].clone();
    let tasks: Vec<_> = fleet
        .tasks_in_manager(&id)
        .await
        .into_iter()
        .map(|(name, task)| json!([name, task["schedule"], task["labels"]]))
        .collect();
    json!([fleet.get(&format!("/cluster/{id}")).await, tasks])
}

async fn three_datacenters_survive_every_crash(ground: Ground) {
    let mut fleet = Fleet::bare(&DATACENTERS, &ground, &Pace::default()).await;
    let foreign = foreigners(&fleet).await;
    for datacenter in &fleet.datacenters {
        for name in CLUSTERS {
            datacenter.seed(&cluster(datacenter.name(), name)).await.unwrap();
        }
    }
    fleet.start_services("direct");
    let victims: Vec<String> = fleet.services.keys().cloned().collect();
    // While everything is being registered, each service dies once.
    for victim in &victims {
        fleet.services.get_mut(victim).unwrap().crash().await;
    }
    fleet.converged(6, 18).await;
    let before = fleet.in_manager().await;
    // While something changes everywhere, each service dies once more.
    for (index, victim) in victims.iter().enumerate() {
        let cron = format!("{index} 3 * * *");
        for datacenter in &fleet.datacenters {
            let bucket = format!("s3:{}-orders", datacenter.name());
            let patch = json!({"spec": {"backups": [{"name": "daily", "cron": cron, "location": [bucket]}]}});
            datacenter.patch_cluster("prod", "orders", &patch).await.unwrap();
        }
        fleet.services.get_mut(victim).unwrap().crash().await;
    }
    let last = format!("{} 3 * * *", victims.len() - 1);
    // The weekly backup of each 'orders' is gone, so 3 of 18 tasks are.
    fleet.converged(6, 15).await;
    fleet
        .until("the last cron everywhere", async |fleet| {
            let clusters = fleet.in_manager().await;
            for datacenter in DATACENTERS {
                let tasks = fleet.tasks_in_manager(&clusters[&format!("{datacenter}/prod/orders")]).await;
                let names: Vec<_> = tasks.keys().map(String::as_str).collect();
                if names != ["backup/daily", "repair/weekly"]
                    || !tasks["backup/daily"]["schedule"]["cron"].to_string().contains(&last)
                {
                    return false;
                }
            }
            true
        })
        .await;
    assert_eq!(fleet.in_manager().await, before, "the same clusters under the same ids");
    assert_eq!(foreign_state(&fleet).await, foreign, "nothing foreign was touched");
    leave_and_come_back(&fleet, &before).await;
    no_token_anywhere(&fleet).await;
    for (name, process) in &mut fleet.services {
        let status = process.terminate().await;
        assert!(status.success(), "{name} ended with {status}");
    }
    fleet.stop().await;
}

/// Deleting takes a cluster out of Manager; declaring it again brings it back under the same id.
async fn leave_and_come_back(fleet: &Fleet, before: &std::collections::BTreeMap<String, String>) {
    let (east, name) = (&fleet.datacenters[0], "east/prod/users");
    east.delete_cluster("prod", "users").await.unwrap();
    fleet
        .until("a deleted cluster leaves Manager", async |fleet| !fleet.in_manager().await.contains_key(name))
        .await;
    fleet
        .until("its objects are gone", async |fleet| {
            let left = |list: Vec<kube::core::DynamicObject>| {
                list.iter().any(|one| one.metadata.name.as_deref().unwrap().starts_with("users"))
            };
            let east = &fleet.datacenters[0];
            let kinds = [messina_k8s_api::kinds::Kind::Registration, messina_k8s_api::kinds::Kind::Task];
            for kind in kinds {
                if left(east.list(kind).await.unwrap()) {
                    return false;
                }
            }
            true
        })
        .await;
    east.seed(&cluster("east", "users")).await.unwrap();
    fleet
        .until("the same id again", async |fleet| fleet.in_manager().await.get(name) == before.get(name))
        .await;
}

/// No token in any log, status, event or answer.
async fn no_token_anywhere(fleet: &Fleet) {
    let tokens: Vec<String> = DATACENTERS
        .iter()
        .flat_map(|datacenter| {
            CLUSTERS.iter().map(move |name| messina_stage::token(&format!("{datacenter}/{name}")))
        })
        .collect();
    let mut texts = fleet.logs();
    let (_, status) = fleet.messina(&["status", "-o", "yaml"]).await;
    texts.push(("messina status".into(), status));
    for datacenter in &fleet.datacenters {
        for kind in messina_k8s_api::kinds::Kind::ALL {
            let all = serde_json::to_string(&datacenter.list(kind).await.unwrap()).unwrap();
            texts.push((format!("{} of {}", kind.full_name(), datacenter.name()).into(), all));
        }
    }
    for (place, text) in texts {
        for token in &tokens {
            assert!(!text.contains(token.as_str()), "a token is in {}", place.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_is_deleted_takes_nothing_out_of_manager() {
    let ground = messina_stage::real_ground("a_definition_that_is_deleted").unwrap_or(Ground::Fake);
    let fleet = Fleet::start(&["east"], &ground, Pace::default()).await;
    let east = &fleet.datacenters[0];
    for name in CLUSTERS {
        east.seed(&cluster("east", name)).await.unwrap();
    }
    fleet.converged(2, 6).await;
    let before = fleet.in_manager().await;
    east.uninstall(messina_k8s_api::kinds::Kind::ScyllaCluster).await.unwrap();
    fleet
        .until("that it is noticed", async |fleet| {
            fleet
                .logs()
                .iter()
                .any(|(_, log)| log.contains("scyllaclusters.scylla.scylladb.com is not served"))
        })
        .await;
    // Several looks of everybody at a fleet without ScyllaClusters.
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    assert_eq!(fleet.in_manager().await, before);
    for id in before.values() {
        assert_eq!(fleet.tasks_in_manager(id).await.len(), 3);
    }
    east.install_operator().await.unwrap();
    for name in CLUSTERS {
        east.seed(&cluster("east", name)).await.unwrap();
    }
    fleet.converged(2, 6).await;
    assert_eq!(fleet.in_manager().await, before);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_a_user_wrote_lives_and_leaves_with_its_object() {
    let ground = messina_stage::real_ground("a_task_that_a_user_wrote").unwrap_or(Ground::Fake);
    let fleet = Fleet::start(&["east"], &ground, Pace::default()).await;
    let east = &fleet.datacenters[0];
    east.seed(&cluster("east", "orders")).await.unwrap();
    let task = json!({"apiVersion": "messina.dev/v1alpha1", "kind": "ScyllaDBManagerTask",
        "metadata": {"name": "mine", "namespace": "prod"},
        "spec": {"clusterRef": {"name": "orders"}, "type": "Backup", "cron": "@monthly",
            "backup": {"location": ["s3:mine"]}}});
    let api = east.api(messina_k8s_api::kinds::Kind::Task, "prod");
    api.create(&Default::default(), &serde_json::from_value(task).unwrap()).await.unwrap();
    fleet.converged(1, 4).await;
    let id = fleet.in_manager().await["east/prod/orders"].clone();
    assert!(fleet.tasks_in_manager(&id).await.contains_key("backup/mine"));
    api.delete("mine", &Default::default()).await.unwrap();
    fleet
        .until("the task leaves Manager, then its object goes", async |fleet| {
            let id = &fleet.in_manager().await["east/prod/orders"];
            let held = fleet.tasks_in_manager(id).await.contains_key("backup/mine");
            let object = fleet.datacenters[0]
                .api(messina_k8s_api::kinds::Kind::Task, "prod")
                .get_opt("mine")
                .await
                .unwrap();
            assert!(!held || object.is_some(), "the object went before its task");
            !held && object.is_none()
        })
        .await;
    fleet.stop().await;
}
