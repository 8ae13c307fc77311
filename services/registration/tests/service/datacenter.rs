//! One datacenter: a feed with objects in it, and a writer that changes them as an API server would.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use messina_control_api::convert::{FeedObject, write_body};
use messina_control_api::watch::v1 as wire;
use messina_domain::cluster::{Exclusion, ScyllaCluster};
use messina_domain::identity::ClusterKey;
use messina_domain::registration::Registration;
use messina_fault::Fault;
use messina_feed::{Feed, FeedSettings};
use messina_service_runtime::Clock;
use messina_service_runtime::errors::fault_to_status;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;
use wire::ObjectKind;
use wire::object::Body;
use wire::report_status_request::Status as Reported;
use wire::watch_service_server::WatchServiceServer;
use wire::writer_service_server::{WriterService, WriterServiceServer};

pub const KUBE_UID: &str = "4f0e7bd4-5bd4-4d5c-9d8b-000000000001";

type Id = (i32, String, String);

/// A stand-in for one k8s-watcher with its API server.
#[derive(Clone)]
pub struct Datacenter {
    pub name: String,
    shared: Arc<Shared>,
}

struct Shared {
    objects: Mutex<BTreeMap<Id, wire::Object>>,
    /// What the writer was asked to do, in order.
    log: Mutex<Vec<String>>,
    /// Whether the writer refuses everything.
    broken: Mutex<bool>,
    running: Mutex<Option<Running>>,
    address: Mutex<SocketAddr>,
}

struct Running {
    feed: Feed,
    end: CancellationToken,
    server: JoinHandle<()>,
}

pub fn cluster(datacenter: &str, namespace: &str, name: &str) -> ScyllaCluster {
    ScyllaCluster {
        key: ClusterKey::new(datacenter, namespace, name),
        uid: format!("uid-of-{name}"),
        generation: 1,
        deleting: false,
        exclusion: None,
        available_nodes: 3,
        external_seeds: false,
        backups: Vec::new(),
        repairs: Vec::new(),
        status_managers: Vec::new(),
        agent_config_secret: None,
    }
}

pub fn opted_out(cluster: ScyllaCluster) -> ScyllaCluster {
    ScyllaCluster { exclusion: Some(Exclusion::OptedOut), ..cluster }
}

impl Datacenter {
    /// One without objects.
    pub async fn start(name: &str) -> Self {
        let shared = Shared {
            objects: Mutex::default(),
            log: Mutex::default(),
            broken: Mutex::new(false),
            running: Mutex::new(None),
            address: Mutex::new(SocketAddr::from(([127, 0, 0, 1], 0))),
        };
        let this = Self { name: name.to_owned(), shared: Arc::new(shared) };
        this.serve().await;
        this
    }

    /// Ends the watcher.
    pub async fn stop(&self) {
        let running = self.shared.running.lock().take();
        if let Some(running) = running {
            running.end.cancel();
            running.server.await.unwrap();
        }
    }

    /// Starts a watcher, which knows what exists and nothing of what was.
    pub async fn serve(&self) {
        let end = CancellationToken::new();
        let clock = Clock::system();
        let epoch = Uuid::new_v4().to_string();
        let mut settings = FeedSettings::new(&self.name, KUBE_UID, epoch, Arc::new(move || clock.now()));
        settings.shutdown = end.clone();
        let kinds = settings.kinds.clone();
        let feed = Feed::new(settings);
        for object in self.shared.objects.lock().values() {
            feed.upsert(object.clone(), None);
        }
        for kind in kinds {
            feed.kind_synced(kind);
        }
        let address = *self.shared.address.lock();
        let listener = TcpListener::bind(address).await.unwrap();
        *self.shared.address.lock() = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(WatchServiceServer::new(feed.clone()))
            .add_service(WriterServiceServer::new(self.clone()))
            .serve_with_incoming_shutdown(
                tokio_stream::wrappers::TcpListenerStream::new(listener),
                end.clone().cancelled_owned(),
            );
        let server = tokio::spawn(async move { server.await.unwrap() });
        *self.shared.running.lock() = Some(Running { feed, end, server });
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address.lock())
    }

    /// What the writer was asked to do, in order.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lock().clone()
    }

    /// Lines of the log that begin like this.
    pub fn logged(&self, start: &str) -> Vec<String> {
        self.log().into_iter().filter(|line| line.starts_with(start)).collect()
    }

    pub fn clear_log(&self) {
        self.shared.log.lock().clear();
    }

    /// Whether the writer refuses everything from now on.
    pub fn refuse_writes(&self, refuse: bool) {
        *self.shared.broken.lock() = refuse;
    }

    pub fn put_cluster(&self, cluster: ScyllaCluster) {
        self.put_cluster_because(cluster, None);
    }

    pub fn put_cluster_because(&self, cluster: ScyllaCluster, traceparent: Option<String>) {
        let (key, uid, deleting) = (cluster.key.clone(), cluster.uid.clone(), cluster.deleting);
        let body = write_body(&FeedObject::Cluster(cluster));
        let object = object(ObjectKind::ScyllaCluster, &key.namespace, &key.name, body);
        self.store(wire::Object { uid, deleting, ..object }, traceparent);
    }

    pub fn put_namespace(&self, name: &str) {
        self.store(object(ObjectKind::Namespace, "", name, None), None);
    }

    pub fn put(&self, kind: ObjectKind, namespace: &str, name: &str, body: Body) {
        self.store(object(kind, namespace, name, Some(body)), None);
    }

    /// One task of a cluster, which Manager holds or does not.
    pub fn put_task(&self, namespace: &str, cluster: &str, name: &str, in_manager: bool) {
        use messina_control_api::task::v1 as task;
        let status = task::TaskStatus {
            task_id: if in_manager { Uuid::from_u128(7).to_string() } else { String::new() },
            ..Default::default()
        };
        let definition = task::TaskDefinition {
            name: name.to_owned(),
            schedule: None,
            work: Some(task::task_definition::Work::Repair(task::Repair::default())),
        };
        let body = wire::Task {
            cluster_name: cluster.to_owned(),
            from_cluster: true,
            definition: Some(definition),
            status: Some(status),
        };
        self.put(ObjectKind::Task, namespace, name, Body::Task(body));
    }

    /// Deletes an object; `confirmed` says whether its deletion was seen.
    pub fn remove(&self, kind: ObjectKind, namespace: &str, name: &str, confirmed: bool) {
        let id = (i32::from(kind), namespace.to_owned(), name.to_owned());
        let gone = self.shared.objects.lock().remove(&id).expect("exists");
        if let Some(running) = &*self.shared.running.lock() {
            running.feed.remove(gone.key.as_ref().unwrap(), confirmed, None);
        }
    }

    /// Takes an object away while no watcher looks.
    pub fn vanish(&self, kind: ObjectKind, namespace: &str, name: &str) {
        let id = (i32::from(kind), namespace.to_owned(), name.to_owned());
        self.shared.objects.lock().remove(&id).expect("exists");
    }

    /// The registration object of a cluster.
    pub fn registration(&self, namespace: &str, name: &str) -> Option<Registration> {
        let object = self.get(ObjectKind::Registration, namespace, name)?;
        match messina_control_api::convert::read_object(&self.name, &object).unwrap() {
            FeedObject::Registration(registration) => Some(registration),
            _ => None,
        }
    }

    /// A user deletes or edits the registration object.
    pub fn edit_registration(&self, namespace: &str, name: &str, edit: impl FnOnce(&mut wire::Object)) {
        let mut object = self.get(ObjectKind::Registration, namespace, name).expect("exists");
        edit(&mut object);
        object.generation += 1;
        self.store(object, None);
    }

    fn get(&self, kind: ObjectKind, namespace: &str, name: &str) -> Option<wire::Object> {
        let id = (i32::from(kind), namespace.to_owned(), name.to_owned());
        self.shared.objects.lock().get(&id).cloned()
    }

    fn store(&self, object: wire::Object, traceparent: Option<String>) {
        let key = object.key.clone().unwrap();
        self.shared.objects.lock().insert((key.kind, key.namespace, key.name), object.clone());
        if let Some(running) = &*self.shared.running.lock() {
            running.feed.upsert(object, traceparent);
        }
    }

    fn note(&self, line: String) -> Result<(), Status> {
        if *self.shared.broken.lock() {
            return Err(Status::unavailable("no replica holds the Lease"));
        }
        self.shared.log.lock().push(line);
        Ok(())
    }
}

fn object(kind: ObjectKind, namespace: &str, name: &str, body: Option<Body>) -> wire::Object {
    let key = wire::ObjectKey { kind: kind.into(), namespace: namespace.into(), name: name.into() };
    wire::Object { key: Some(key), uid: format!("uid-of-{name}"), generation: 1, deleting: false, body }
}

#[tonic::async_trait]
impl WriterService for Datacenter {
    async fn apply_registration(
        &self,
        request: Request<wire::ApplyRegistrationRequest>,
    ) -> Result<Response<wire::ApplyRegistrationResponse>, Status> {
        let wire::ApplyRegistrationRequest { namespace, name, spec } = request.into_inner();
        self.note(format!("apply {namespace}/{name}"))?;
        let before = self.get(ObjectKind::Registration, &namespace, &name);
        let status = before.as_ref().and_then(|object| match &object.body {
            Some(Body::Registration(registration)) => registration.status.clone(),
            _ => None,
        });
        let body = Body::Registration(wire::Registration { spec, status });
        let mut now = object(ObjectKind::Registration, &namespace, &name, Some(body));
        now.uid = before.as_ref().map_or_else(|| Uuid::new_v4().to_string(), |before| before.uid.clone());
        now.generation = before.map_or(1, |before| before.generation + 1);
        let answer = wire::ApplyRegistrationResponse { uid: now.uid.clone(), generation: now.generation };
        self.store(now, None);
        Ok(Response::new(answer))
    }

    async fn delete_registration(
        &self,
        request: Request<wire::DeleteRegistrationRequest>,
    ) -> Result<Response<wire::DeleteRegistrationResponse>, Status> {
        let wire::DeleteRegistrationRequest { namespace, name, uid, removed_cluster_uid } =
            request.into_inner();
        self.note(format!("delete {namespace}/{name} {removed_cluster_uid}"))?;
        let before = self.get(ObjectKind::Registration, &namespace, &name);
        let Some(mut now) = before.filter(|before| before.uid == uid) else {
            return Err(gone());
        };
        let cluster = self.get(ObjectKind::ScyllaCluster, &namespace, &name);
        if cluster.is_some_and(|cluster| cluster.uid == removed_cluster_uid) {
            return Err(Status::failed_precondition("the ScyllaCluster exists"));
        }
        now.deleting = true;
        self.store(now, None);
        Ok(Response::new(wire::DeleteRegistrationResponse {}))
    }

    async fn report_status(
        &self,
        request: Request<wire::ReportStatusRequest>,
    ) -> Result<Response<wire::ReportStatusResponse>, Status> {
        let wire::ReportStatusRequest { namespace, name, uid, status, cleaned } = request.into_inner();
        let Some(Reported::Registration(status)) = status else {
            return Err(Status::invalid_argument("status: is missing"));
        };
        let before = self.get(ObjectKind::Registration, &namespace, &name);
        let Some(mut now) = before.filter(|before| before.uid == uid) else {
            return Err(gone());
        };
        if cleaned {
            self.note(format!("release {namespace}/{name}"))?;
            assert!(now.deleting, "released before anybody asked for its deletion");
            self.remove(ObjectKind::Registration, &namespace, &name, true);
            return Ok(Response::new(wire::ReportStatusResponse::default()));
        }
        let reason = status.conditions.first().map(|first| first.reason.clone()).unwrap_or_default();
        self.note(format!("report {namespace}/{name} {reason}"))?;
        if let Some(Body::Registration(registration)) = &mut now.body {
            registration.status = Some(status);
        }
        self.store(now, None);
        Ok(Response::new(wire::ReportStatusResponse::default()))
    }

    async fn record_events(
        &self,
        request: Request<wire::RecordEventsRequest>,
    ) -> Result<Response<wire::RecordEventsResponse>, Status> {
        for event in request.into_inner().events {
            let kind = if event.warning { "Warning" } else { "Normal" };
            let name = event.regarding.unwrap_or_default().name;
            self.note(format!("event {kind} {} {name}: {}", event.reason, event.note))?;
        }
        Ok(Response::new(wire::RecordEventsResponse {}))
    }

    async fn apply_task(
        &self,
        _: Request<wire::ApplyTaskRequest>,
    ) -> Result<Response<wire::ApplyTaskResponse>, Status> {
        Err(Status::unimplemented("tasks are not registration's business"))
    }

    async fn delete_task(
        &self,
        _: Request<wire::DeleteTaskRequest>,
    ) -> Result<Response<wire::DeleteTaskResponse>, Status> {
        Err(Status::unimplemented("tasks are not registration's business"))
    }

    async fn feedback(
        &self,
        _: Request<wire::FeedbackRequest>,
    ) -> Result<Response<wire::FeedbackResponse>, Status> {
        Err(Status::unimplemented("feedback is not registration's business"))
    }
}

fn gone() -> Status {
    fault_to_status(&Fault::waiting("ObjectGone", "no such object"))
}
