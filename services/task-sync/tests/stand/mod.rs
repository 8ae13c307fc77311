//! task-sync between a stand-in for k8s-watcher and a stand-in for ScyllaDB Manager, all over real sockets.

#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod kube;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use messina_control_api::task::v1 as api;
use messina_domain::identity::ClusterKey;
use messina_domain::manager::ClusterBody;
use messina_domain::task::{Backup, Repair, Schedule, TaskDefinition, TaskObject, Work};
use messina_domain::token::AuthToken;
use messina_fake_manager::state::TaskView;
use messina_fake_manager::{FakeManager, Options, TaskType};
use messina_manager_client::{ManagerClient, Settings};
use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
use messina_service_runtime::{Clock, ConfigErrors, Failure, Runtime, Shutdown, Telemetry, transport};
use task_sync::Config;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tonic::transport::Channel;
use uuid::Uuid;

pub use kube::{HOME_UID, Kube};

pub type Api = api::task_service_client::TaskServiceClient<Channel>;

pub const TASKS: &str = "/api/v1/cluster/{c}/tasks";
pub const NAMESPACE: &str = "prod";
pub const CLUSTER: &str = "orders";

/// The whole stand.
pub struct Stand {
    pub kube: Kube,
    pub manager: Arc<FakeManager>,
    pub config: Config,
    pub running: Option<Running>,
}

/// A running task-sync.
pub struct Running {
    shutdown: Shutdown,
    task: JoinHandle<Result<(), Failure>>,
    pub api: Api,
    pub admin: String,
}

pub fn key(cluster: &str) -> ClusterKey {
    ClusterKey::new("east", NAMESPACE, cluster)
}

pub fn id(cluster: &str) -> Uuid {
    key(cluster).manager_id(HOME_UID)
}

fn telemetry() -> Telemetry {
    static SHARED: OnceLock<Telemetry> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            let log_level = std::env::var("MESSINA_TEST_LOG").unwrap_or_else(|_| "off".to_owned());
            Telemetry::init("task-sync", &LogArgs { log_format: None, log_level }).unwrap()
        })
        .clone()
}

impl Stand {
    /// Everything but task-sync itself, with a poll every 200 ms.
    pub async fn new() -> Self {
        messina_service_runtime::install_crypto();
        let clock = Clock::system();
        let manager = FakeManager::start(Options::new(Arc::new(move || clock.now()))).await.unwrap();
        let kube = Kube::start("east").await;
        let mut errors = ConfigErrors::new();
        let peer = transport::peer("--watcher", &kube.url.parse().unwrap(), true, &mut errors).unwrap();
        let config = Config {
            poll_interval: Duration::from_millis(200),
            max_backoff: Duration::from_millis(400),
            ..Config::new(BTreeMap::from([("east".to_owned(), peer)]), manager.url())
        };
        Self { kube, manager: Arc::new(manager), config, running: None }
    }

    /// With one registered ScyllaCluster `orders` that declares these entries, and task-sync on it.
    pub async fn with(entries: Vec<TaskDefinition>) -> Self {
        let mut stand = Self::new().await;
        stand.cluster(CLUSTER, entries).await;
        stand.start().await;
        stand
    }

    /// A registered ScyllaCluster.
    pub async fn cluster(&self, name: &str, entries: Vec<TaskDefinition>) {
        self.kube.cluster(name, entries);
        self.in_manager(name).await;
        self.kube.register(name, |_| {});
    }

    /// Registers a cluster in Manager, as the service registration does.
    pub async fn in_manager(&self, name: &str) {
        let clock = Clock::system();
        let settings = Settings::new(self.manager.url(), Arc::new(move || clock.now()));
        let token = AuthToken::parse(&"t".repeat(64)).unwrap();
        let body = ClusterBody {
            id: id(name),
            name: key(name).manager_name(),
            host: format!("{name}-client.{NAMESPACE}.svc"),
            labels: BTreeMap::new(),
            token,
        };
        ManagerClient::new(&settings).unwrap().clusters().put_new(&body).await.unwrap();
        self.manager.reset_calls();
    }

    pub async fn start(&mut self) {
        self.running = Some(start(self.config.clone()).await);
    }

    /// Ends task-sync in an orderly way.
    pub async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.shutdown.begin();
        running.task.await.unwrap().unwrap();
    }

    pub fn api(&self) -> Api {
        self.running.as_ref().unwrap().api.clone()
    }

    /// What the admin port says.
    pub async fn admin(&self, path: &str) -> (u16, String) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(&self.running.as_ref().unwrap().admin).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
    }

    /// The backup and repair tasks that Manager holds for a cluster.
    pub fn tasks_of(&self, cluster: &str) -> Vec<TaskView> {
        let snapshot = self.manager.snapshot();
        let wanted = |view: &&TaskView| matches!(view.task.kind, Some(TaskType::Backup | TaskType::Repair));
        snapshot.tasks_of(id(cluster)).filter(wanted).cloned().collect()
    }

    pub fn task(&self, name: &str) -> Option<TaskView> {
        self.tasks_of(CLUSTER).into_iter().find(|view| view.task.name == name)
    }

    /// How often the tasks were listed.
    pub fn lists(&self) -> u64 {
        self.manager.calls().of("GET", TASKS)
    }

    /// Waits until all task objects of a cluster are as declared in Manager.
    pub async fn settled(&self, cluster: &str, count: usize) {
        until(&format!("{count} tasks of {cluster} are settled"), || {
            let objects = self.kube.tasks_of(cluster);
            objects.len() == count && objects.iter().all(is_settled)
        })
        .await;
    }

    /// Waits for so many more lists.
    pub async fn polls(&self, count: u64) {
        let before = self.lists();
        until("more polls", || self.lists() >= before + count).await;
    }

    /// Waits for several polls and asserts that nothing was written anywhere.
    pub async fn assert_quiet(&self) {
        // What was decided before now may still be on its way.
        self.polls(2).await;
        let (kube, manager) = (self.kube.writes().len(), self.manager.calls().writes);
        self.polls(5).await;
        assert_eq!(self.kube.writes()[kube..], []);
        assert_eq!(self.manager.calls().writes, manager, "{:?}", self.manager.call_log().last());
    }
}

pub async fn start(config: Config) -> Running {
    let shutdown = Shutdown::new();
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let runtime = Runtime::builder("task-sync", "0")
        .telemetry(telemetry())
        .admin(&AdminArgs { admin_listen: any.into() })
        .grpc(&GrpcArgs { listen: any.into(), insecure_loopback: true })
        .bind(shutdown.clone())
        .await
        .unwrap();
    let url = format!("http://{}", runtime.grpc_addr());
    let admin = runtime.admin_addr().unwrap().to_string();
    let task = tokio::spawn(task_sync::run(config, runtime));
    let channel = Channel::from_shared(url).unwrap().connect_lazy();
    Running { shutdown, task, api: Api::new(channel), admin }
}

/// Polls a state until it is there.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

pub fn is_settled(object: &TaskObject) -> bool {
    object.status.observed_generation == object.generation
        && condition(object, "Available")
            .is_some_and(|it| it.0 && ["AsDeclared", "Completed"].contains(&it.1.as_str()))
}

/// Whether a condition is true, its reason and its message.
pub fn condition(object: &TaskObject, kind: &str) -> Option<(bool, String, String)> {
    let found = messina_domain::condition::find(&object.status.conditions, kind)?;
    let is_true = found.status == messina_domain::condition::Status::True;
    Some((is_true, found.reason.clone(), found.message.clone()))
}

pub fn reason(object: &TaskObject) -> String {
    condition(object, "Available").map(|(_, reason, _)| reason).unwrap_or_default()
}

pub fn cron(expression: &str) -> Schedule {
    Schedule { cron: Some(expression.to_owned()), num_retries: Some(3), ..Schedule::default() }
}

pub fn backup(name: &str) -> TaskDefinition {
    let location = vec!["s3:bucket".to_owned()];
    let work = Work::Backup(Backup { location, retention: Some(3), ..Backup::default() });
    TaskDefinition { name: name.into(), schedule: cron("0 2 * * *"), work }
}

pub fn repair(name: &str) -> TaskDefinition {
    TaskDefinition { name: name.into(), schedule: cron("0 4 * * SAT"), work: Work::Repair(Repair::default()) }
}

impl Stand {
    /// Calls Manager as somebody else would; the path is relative to the cluster `orders`.
    pub async fn manager_call(&self, method: &str, path: &str, body: serde_json::Value) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let address = self.manager.url().trim_start_matches("http://").to_owned();
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} /api/v1/cluster/{}/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            id(CLUSTER),
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let status: u16 = text.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(status < 300, "{method} {path}: {text}");
        text
    }

    /// Somebody else's backup in Manager.
    pub async fn make_foreign(&self, name: &str) -> Uuid {
        let body = serde_json::json!({"type": "backup", "name": name, "enabled": true,
            "schedule": {"cron": "0 1 * * *"}, "properties": {"location": ["s3:theirs"]}});
        let answer = self.manager_call("POST", "tasks", body).await;
        self.manager.reset_calls();
        let location = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
        });
        location.unwrap().rsplit('/').next().unwrap().parse().unwrap()
    }
}
