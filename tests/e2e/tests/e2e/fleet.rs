//! Datacenters, a Manager and the four services, each its own process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use messina_service_runtime::install_crypto;
use messina_stage::{ClusterSeed, Datacenter, Ground, token};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Process, free_port, program, run};

/// Longest wait for any state.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct Fleet {
    pub datacenters: Vec<Datacenter>,
    pub services: BTreeMap<String, Process>,
    pub ports: BTreeMap<String, u16>,
    pub folder: TempDir,
    pub http: reqwest::Client,
    pub environment: Vec<(String, String)>,
}

/// How task-sync and registration are told to hurry, so that a test need not wait for their usual pace.
pub struct Pace {
    pub feedback: &'static str,
    pub environment: Vec<(String, String)>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { feedback: "direct", environment: Vec::new() }
    }
}

impl Fleet {
    /// Starts API servers and a Manager; no service of ours yet.
    pub async fn bare(names: &[&str], ground: &Ground, pace: &Pace) -> Self {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let mut datacenters = Vec::new();
        for name in names {
            let datacenter = Datacenter::start(name, ground, folder.path()).await.unwrap();
            datacenter.install_messina().await.unwrap();
            datacenter.install_operator().await.unwrap();
            datacenters.push(datacenter);
        }
        let mut ports = BTreeMap::new();
        let mut names: Vec<String> = vec!["registration".into(), "task-sync".into(), "fake-manager".into()];
        for datacenter in &datacenters {
            names.push(format!("k8s-watcher@{}", datacenter.name()));
            names.push(format!("token-broker@{}", datacenter.name()));
        }
        for name in names {
            ports.insert(name, free_port());
        }
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let environment = pace.environment.clone();
        let mut fleet = Self { datacenters, services: BTreeMap::new(), ports, folder, http, environment };
        fleet.start_manager().await;
        fleet
    }

    /// Starts everything.
    pub async fn start(names: &[&str], ground: &Ground, pace: Pace) -> Self {
        let mut fleet = Self::bare(names, ground, &pace).await;
        fleet.start_services(pace.feedback);
        fleet
    }

    async fn start_manager(&mut self) {
        let (listen, state) = (self.address("fake-manager"), self.folder.path().join("manager.json"));
        self.spawn(
            "fake-manager",
            &["--listen", &listen, "--state", state.to_str().unwrap(), "--run-duration", "1s"],
        );
        self.until("Manager", async |fleet| fleet.http.get(fleet.manager("/version")).send().await.is_ok())
            .await;
    }

    /// Starts the four services.
    pub fn start_services(&mut self, feedback: &str) {
        let names: Vec<String> =
            self.datacenters.iter().map(|datacenter| datacenter.name().to_owned()).collect();
        for (index, name) in names.iter().enumerate() {
            let kubeconfig = self.datacenters[index].kubeconfig().to_str().unwrap().to_owned();
            let watcher = format!("k8s-watcher@{name}");
            let broker = format!("token-broker@{name}");
            let common = [
                "--datacenter",
                name,
                "--kubeconfig",
                &kubeconfig,
                "--insecure-loopback",
                "--admin-listen",
                "127.0.0.1:0",
            ];
            let listen = self.address(&watcher);
            self.spawn(&watcher, &[&common[..], &["--listen", &listen]].concat());
            let (listen, url) = (self.address(&broker), self.url(&watcher));
            self.spawn(&broker, &[&common[..], &["--watcher", &url, "--listen", &listen]].concat());
        }
        let each = |flag: &str, service: &str| -> Vec<String> {
            names
                .iter()
                .flat_map(|name| {
                    [flag.to_owned(), format!("{name}={}", self.url(&format!("{service}@{name}")))]
                })
                .collect()
        };
        let manager = self.url("fake-manager");
        let (watchers, brokers) = (each("--watcher", "k8s-watcher"), each("--broker", "token-broker"));
        let common = ["--manager-url", &manager, "--insecure-loopback", "--admin-listen", "127.0.0.1:0"];
        let listen = self.address("registration");
        let mut arguments: Vec<&str> = common.to_vec();
        arguments.extend(watchers.iter().chain(&brokers).map(String::as_str));
        arguments.extend(["--resync", "3s", "--listen", &listen]);
        self.spawn("registration", &arguments);
        let listen = self.address("task-sync");
        let mut arguments: Vec<&str> = common.to_vec();
        arguments.extend(watchers.iter().map(String::as_str));
        arguments.extend(["--poll-interval", "1s", "--feedback", feedback, "--listen", &listen]);
        self.spawn("task-sync", &arguments);
    }

    fn spawn(&mut self, name: &str, arguments: &[&str]) {
        let mut environment = self.environment.clone();
        environment.push(("MESSINA_LOG_LEVEL".into(), "info,messina=debug".into()));
        environment.push(("MESSINA_LOG_FORMAT".into(), "json".into()));
        let process = Process::start(name, self.folder.path(), arguments, &environment);
        self.services.insert(name.to_owned(), process);
    }

    pub fn address(&self, name: &str) -> String {
        format!("127.0.0.1:{}", self.ports[name])
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://{}", self.address(name))
    }

    /// A URL of Manager's REST API or of its controls.
    pub fn manager(&self, path: &str) -> String {
        if path.starts_with("/_fake") {
            self.url("fake-manager") + path
        } else {
            self.url("fake-manager") + "/api/v1" + path
        }
    }

    pub async fn get(&self, path: &str) -> Value {
        self.http.get(self.manager(path)).send().await.unwrap().json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> reqwest::StatusCode {
        self.http.post(self.manager(path)).json(body).send().await.unwrap().status()
    }

    /// What the command line prints.
    pub async fn messina(&self, arguments: &[&str]) -> (bool, String) {
        let (registration, task_sync) = (self.url("registration"), self.url("task-sync"));
        let endpoints = ["--registration", &registration, "--task-sync", &task_sync];
        run(&program("messina"), &[arguments, &endpoints[..]].concat()).await
    }

    /// `messina status -o json`; null while a service does not answer.
    pub async fn status(&self) -> Value {
        let (well, text) = self.messina(&["status", "-o", "json"]).await;
        if well { serde_json::from_str(&text).unwrap_or_default() } else { Value::Null }
    }

    /// Waits until something is so; says what the fleet looked like when it never was.
    pub async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let seen = async {
            while !is_so(self).await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, seen).await.is_err() {
            let (_, status) = self.messina(&["status", "-o", "wide"]).await;
            for process in self.services.values() {
                let log = process.logged();
                let tail: Vec<&str> = log.lines().rev().take(15).collect();
                eprintln!(
                    "--- {}\n{}",
                    process.log.display(),
                    tail.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
            panic!("never seen: {what}\n{status}");
        }
    }

    /// Waits until that many clusters are registered and that many tasks synced, and no more are known.
    pub async fn converged(&self, clusters: usize, tasks: usize) {
        self.until(&format!("{clusters} clusters and {tasks} tasks"), async |fleet| {
            let status = fleet.status().await;
            let count = |list: &str, field: &str| {
                status[list]
                    .as_array()
                    .map_or(0, |all| all.iter().filter(|one| one[field] == json!(true)).count())
            };
            count("clusters", "registered") == clusters && count("tasks", "synced") == tasks
        })
        .await;
    }

    /// Clusters in Manager: name to id.
    pub async fn in_manager(&self) -> BTreeMap<String, String> {
        let clusters = self.get("/clusters").await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        clusters.as_array().unwrap().iter().map(|one| (text(&one["name"]), text(&one["id"]))).collect()
    }

    /// Backups and repairs of a cluster in Manager: `type/name` to the whole task.
    pub async fn tasks_in_manager(&self, id: &str) -> BTreeMap<String, Value> {
        let tasks = self.get(&format!("/cluster/{id}/tasks?all=true")).await;
        let all = tasks.as_array().cloned().unwrap_or_default();
        all.into_iter()
            .filter(|task| task["type"] == "backup" || task["type"] == "repair")
            .map(|task| {
                (format!("{}/{}", task["type"].as_str().unwrap(), task["name"].as_str().unwrap()), task)
            })
            .collect()
    }

    /// Every file that a process has written, to be searched.
    pub fn logs(&self) -> Vec<(PathBuf, String)> {
        self.services.values().map(|process| (process.log.clone(), process.logged())).collect()
    }

    /// Stops the API servers; processes end by themselves.
    pub async fn stop(self) {
        drop(self.services);
        for datacenter in self.datacenters {
            datacenter.stop().await.unwrap();
        }
    }
}

/// A cluster with two backups and a repair.
pub fn cluster(datacenter: &str, name: &str) -> ClusterSeed {
    let bucket = format!("s3:{datacenter}-{name}");
    ClusterSeed {
        namespace: "prod".into(),
        name: name.into(),
        spec: json!({
            "backups": [
                {"name": "daily", "cron": "0 2 * * *", "location": [bucket], "retention": 7},
                {"name": "weekly", "cron": "0 4 * * SUN", "location": [bucket]},
            ],
            "repairs": [{"name": "weekly", "cron": "0 6 * * SAT", "intensity": "0.5"}],
        }),
        available: 3,
        token: Some(token(&format!("{datacenter}/{name}"))),
    }
}
