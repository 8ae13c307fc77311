//! `messina demo` and `messina run`, as a stranger starts them.

use std::process::Stdio;
use std::time::Duration;

use messina_service_runtime::install_crypto;
use messina_stage::{Datacenter, Ground};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::fleet::{PATIENCE, cluster};
use crate::process::{Process, free_port, program, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_converges_and_says_so_in_numbers() {
    let (well, text) =
        run(&program("messina"), &["demo", "--exit-when-converged", "-o", "json", "--listen-base", "0"])
            .await;
    assert!(well, "{text}");
    let last = text.lines().find(|line| line.starts_with('{')).unwrap();
    let numbers: Value = serde_json::from_str(last).unwrap();
    for (field, expected) in
        [("datacenters", 3), ("clusters", 12), ("registered", 12), ("tasks", 36), ("synced", 36)]
    {
        assert_eq!(numbers[field], expected, "{field}: {numbers}");
    }
    assert!(
        numbers["manager_calls"].as_u64().unwrap() >= 48 && numbers["converged_ms"].is_u64(),
        "{numbers}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_runs_on_real_api_servers() {
    let test = "the_demo_runs_on_real_api_servers";
    let Some(Ground::Real(assets)) = messina_stage::real_ground(test) else { return };
    let arguments = [
        "demo",
        "--exit-when-converged",
        "-o",
        "json",
        "--listen-base",
        "0",
        "--datacenters",
        "2",
        "--clusters",
        "2",
    ];
    let assets = assets.to_str().unwrap().to_owned();
    let (well, text) =
        run(&program("messina"), &[&arguments[..], &["--kube-assets", &assets]].concat()).await;
    assert!(well && text.contains("\"synced\":12"), "{text}");
}

/// One datacenter, a Manager, and `messina run` between them.
struct Laptop {
    datacenter: Datacenter,
    folder: tempfile::TempDir,
    base: u16,
    manager: String,
    _manager: Process,
}

impl Laptop {
    async fn new(ground: &Ground) -> Self {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let datacenter = Datacenter::start("east", ground, folder.path()).await.unwrap();
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let manager = Process::start("fake-manager", folder.path(), &["--listen", &listen], &[]);
        // A base of its own for the whole stack: some twenty ports from here and from a hundred further on.
        let base = 52_000 - u16::try_from(std::process::id() % 50).unwrap() * 200;
        Self { datacenter, folder, base, manager: format!("http://{listen}"), _manager: manager }
    }

    fn arguments(&self) -> Vec<String> {
        let kubeconfig = self.datacenter.kubeconfig().to_str().unwrap().to_owned();
        let base = self.base.to_string();
        let all =
            ["run", "--context", "east=east", "--kubeconfig", &kubeconfig, "--manager-url", &self.manager];
        all.iter().chain(&["--listen-base", &base]).map(|argument| (*argument).to_owned()).collect()
    }

    async fn status(&self) -> Value {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let (registration, task_sync) = (url(self.base), url(self.base + 1));
        let arguments = ["status", "-o", "json", "--registration", &registration, "--task-sync", &task_sync];
        let (well, text) = run(&program("messina"), &arguments).await;
        if well { serde_json::from_str(&text).unwrap() } else { Value::Null }
    }

    async fn until(&self, what: &str, process: &Process, is_so: impl Fn(&Value) -> bool) {
        let seen = async {
            while !is_so(&self.status().await) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        assert!(seen.is_ok(), "never seen: {what}\n{}", process.logged());
    }

    /// `messina run --read-only`; answers whether it ended well and what it printed.
    async fn plan(&self) -> (bool, Vec<Value>) {
        let mut arguments = self.arguments();
        arguments.extend(["--read-only", "-o", "json"].map(str::to_owned));
        let output = Command::new(program("messina")).args(&arguments).stdin(Stdio::null()).output();
        let output = tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        (output.status.success(), serde_json::from_str(&text).unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn run_outlives_missing_definitions_and_ends_in_time_on_a_real_api_server() {
    let Some(ground) = messina_stage::real_ground("run_outlives_missing_definitions") else { return };
    run_outlives_missing_definitions_and_ends_in_time(ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn run_outlives_missing_definitions_and_ends_in_time_on_the_embedded_one() {
    run_outlives_missing_definitions_and_ends_in_time(Ground::Fake).await;
}

async fn run_outlives_missing_definitions_and_ends_in_time(ground: Ground) {
    let laptop = Laptop::new(&ground).await;
    let arguments = laptop.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let environment = [("MESSINA_LOG_LEVEL".to_owned(), "info".to_owned())];
    let mut process = Process::start("messina", laptop.folder.path(), &arguments, &environment);
    let complained = async {
        while !process.logged().contains("scyllaclusters.scylla.scylladb.com is not served") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, complained).await.is_ok(), "{}", process.logged());
    laptop.datacenter.install_messina().await.unwrap();
    laptop.datacenter.install_operator().await.unwrap();
    laptop.datacenter.seed(&cluster("east", "orders")).await.unwrap();
    laptop
        .until("the cluster and its tasks", &process, |status| {
            let synced = status["tasks"]
                .as_array()
                .map_or(0, |all| all.iter().filter(|one| one["synced"] == true).count());
            status["clusters"][0]["registered"] == true && synced == 3
        })
        .await;
    assert!(process.terminate().await.success(), "{}", process.logged());
    laptop.datacenter.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_says_what_would_be_done_and_does_nothing() {
    let laptop = Laptop::new(&Ground::Fake).await;
    laptop.datacenter.install_messina().await.unwrap();
    laptop.datacenter.install_operator().await.unwrap();
    laptop.datacenter.seed(&cluster("east", "orders")).await.unwrap();
    let before = laptop.datacenter.fake().unwrap().counts().writes();
    let (well, plan) = laptop.plan().await;
    assert!(well);
    let actions: Vec<_> = plan.iter().map(|step| (&step["object"], &step["action"])).collect();
    let (object, create) = (json!("cluster"), json!("apply-object"));
    assert_eq!(actions.iter().filter(|step| **step == (&object, &create)).count(), 1, "{plan:?}");
    assert_eq!(
        plan.iter().filter(|step| step["object"] == "task" && step["action"] == "create").count(),
        3,
        "{plan:?}"
    );
    assert_eq!(laptop.datacenter.fake().unwrap().counts().writes(), before, "nothing was written");
    laptop.datacenter.stop().await.unwrap();
}
