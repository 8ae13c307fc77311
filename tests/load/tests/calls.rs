//! Calls to ScyllaDB Manager for one hundred clusters with three tasks each, and for doing nothing.
//! Counted in a test, since a count does not depend on how busy the machine is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step of a test should stop it, and the numbers are what it is for"
)]

use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;
use messina::stack::{Source, Stack, StackConfig};
use messina_domain::feedback::Mode;
use messina_domain::host::HostTemplates;
use messina_fake_manager::{FakeManager, Options};
use messina_k8s_api::kinds::Kind;
use messina_service_runtime::args::LogArgs;
use messina_service_runtime::{Clock, Shutdown, Telemetry, install_crypto};
use messina_stage::{ClusterSeed, Datacenter, Ground, token};
use serde_json::json;

/// Prints past the capture of the test harness: the numbers are what this is for, also when all is well.
#[allow(clippy::explicit_write, reason = "eprintln! would be captured")]
fn print(line: &str) {
    use std::io::Write;
    writeln!(std::io::stderr(), "messina-load: {line}").unwrap();
}

const CLUSTERS: usize = 100;
const TASKS: usize = 3;
/// What registering one cluster with its tasks may cost.
const CALLS_PER_CLUSTER: u64 = 6;
const PATIENCE: Duration = Duration::from_secs(300);

fn seed(index: usize) -> ClusterSeed {
    let name = format!("cluster-{index:03}");
    let location = format!("s3:{name}");
    ClusterSeed {
        namespace: format!("team-{}", index % 10),
        spec: json!({
            "backups": [
                {"name": "daily", "cron": "0 2 * * *", "location": [location]},
                {"name": "weekly", "cron": "0 4 * * SUN", "location": [location]},
            ],
            "repairs": [{"name": "weekly", "cron": "0 6 * * SAT"}],
        }),
        available: 3,
        token: Some(token(&name)),
        name,
    }
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let seen = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, seen).await.is_ok(), "never seen: {what}");
}

async fn versions(datacenter: &Datacenter) -> Vec<(String, Option<String>)> {
    let mut all = Vec::new();
    for kind in [Kind::ScyllaCluster, Kind::Registration, Kind::Task] {
        all.extend(
            datacenter.list(kind).await.unwrap().iter().map(|one| (one.name_any(), one.resource_version())),
        );
    }
    all
}

/// Tasks whose object says that Manager holds them as declared.
async fn synced(datacenter: &Datacenter) -> usize {
    let available = |task: &kube::core::DynamicObject| {
        let conditions = task.data.pointer("/status/conditions").and_then(|all| all.as_array().cloned());
        conditions.unwrap_or_default().iter().any(|one| one["type"] == "Available" && one["status"] == "True")
    };
    datacenter.list(Kind::Task).await.unwrap().iter().filter(|task| available(task)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_clusters_cost_few_calls_and_rest_costs_no_write() {
    install_crypto();
    let test = "a_hundred_clusters_cost_few_calls";
    let ground = messina_stage::real_ground(test).unwrap_or(Ground::Fake);
    let folder = tempfile::tempdir().unwrap();
    let datacenter = Datacenter::start("east", &ground, folder.path()).await.unwrap();
    datacenter.install_messina().await.unwrap();
    datacenter.install_operator().await.unwrap();
    for index in 0..CLUSTERS {
        datacenter.seed(&seed(index)).await.unwrap();
    }
    let clock = Clock::system();
    let manager = FakeManager::start(Options::new(Arc::new(move || clock.now()))).await.unwrap();
    let log = LogArgs { log_level: "error".into(), ..LogArgs::default() };
    let telemetry = Telemetry::init("messina", &log).unwrap();
    let shutdown = Shutdown::new();
    let source = Source {
        name: "east".into(),
        kubeconfig: Some(datacenter.kubeconfig().to_owned()),
        context: Some("east".into()),
    };
    let config = StackConfig {
        datacenters: vec![source],
        manager_url: manager.url().to_owned(),
        manager_name: "load".into(),
        host_templates: HostTemplates::default(),
        namespaces: Default::default(),
        poll_interval: Duration::from_secs(20),
        resync: Duration::from_secs(120),
        feedback: Mode::Direct,
        listen_base: 0,
        read_only: false,
        fingerprint_key_file: None,
    };
    let stack = Stack::start(config, &telemetry, shutdown.clone()).await.unwrap();
    let running = tokio::spawn(stack.run());
    until("all tasks synced", async || synced(&datacenter).await == CLUSTERS * TASKS).await;
    let calls = manager.calls();
    let all = calls.reads + calls.writes;
    print(&format!(
        "{CLUSTERS} clusters x {TASKS} tasks: {} reads + {} writes = {:.2} calls per cluster",
        calls.reads,
        calls.writes,
        all as f64 / CLUSTERS as f64
    ));
    assert_eq!(calls.writes, (CLUSTERS * (1 + TASKS)) as u64, "one write for each cluster and each task");
    assert!(all <= CALLS_PER_CLUSTER * CLUSTERS as u64, "{all} calls");
    rest_is_quiet(&datacenter, &manager).await;
    shutdown.begin();
    running.await.unwrap().unwrap();
    manager.shutdown().await;
    datacenter.stop().await.unwrap();
}

/// A minute in which nothing changes: no write to Manager or Kubernetes, at most four reads per cluster.
async fn rest_is_quiet(datacenter: &Datacenter, manager: &FakeManager) {
    let mut before = versions(datacenter).await;
    loop {
        // Longer than the longest pause between two polls, each of which may have something to report at first.
        tokio::time::sleep(Duration::from_secs(30)).await;
        let now = versions(datacenter).await;
        if now == before {
            break;
        }
        before = now;
    }
    manager.reset_calls();
    // The minute is what is measured; there is no state that would end it.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let calls = manager.calls();
    print(&format!(
        "one minute of rest: {} writes, {:.2} reads per cluster",
        calls.writes,
        calls.reads as f64 / CLUSTERS as f64
    ));
    assert_eq!(calls.writes, 0);
    assert!(calls.reads <= 4 * CLUSTERS as u64, "{} reads", calls.reads);
    let written = versions(datacenter).await.into_iter().filter(|one| !before.contains(one)).count();
    assert_eq!(written, 0, "objects written although nothing changed");
}
