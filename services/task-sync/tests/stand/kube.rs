//! A stand-in for k8s-watcher: the real feed over a map of objects, and a writer that does to them what an
//! API server would.

use std::collections::BTreeMap;
use std::sync::Arc;

use messina_control_api::convert::{FeedObject, read_object, write_body, write_task_status};
use messina_control_api::watch::v1 as wire;
use messina_domain::cluster::ScyllaCluster;
use messina_domain::condition;
use messina_domain::manager::TaskKind;
use messina_domain::registration::{Registration, RegistrationSpec, RegistrationStatus};
use messina_domain::task::{TaskDefinition, TaskObject, TaskStatus};
use messina_fault::Fault;
use messina_feed::{Feed, FeedSettings};
use messina_service_runtime::Clock;
use messina_service_runtime::errors::fault_to_status;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wire::ObjectKind;
use wire::object::Body;
use wire::watch_service_server::WatchServiceServer;
use wire::writer_service_server::{WriterService, WriterServiceServer};

use super::{NAMESPACE, id, key};

pub const HOME_UID: &str = "4f0e7bd4-5bd4-4d5c-9d8b-000000000001";

/// One call of the writer.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    Apply(wire::ApplyTaskRequest),
    Delete(wire::DeleteTaskRequest),
    Report(wire::ReportStatusRequest),
    Feedback(wire::FeedbackRequest),
    Event(wire::Event),
}

#[derive(Clone)]
pub struct Kube {
    pub url: String,
    datacenter: String,
    feed: Feed,
    store: Arc<Mutex<Store>>,
}

#[derive(Default)]
struct Store {
    objects: BTreeMap<(i32, String, String), wire::Object>,
    uids: u64,
    writes: Vec<Write>,
    /// What the writer answers to everything.
    down: Option<Status>,
    /// What it answers to an ApplyTask of an object whose name holds this.
    refused: Option<(String, Status)>,
}

impl Kube {
    pub async fn start(datacenter: &str) -> Self {
        let clock = Clock::system();
        let settings = FeedSettings::new(datacenter, HOME_UID, "epoch-1", Arc::new(move || clock.now()));
        let feed = Feed::new(settings.clone());
        for kind in settings.kinds {
            feed.kind_synced(kind);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kube = Self { url, datacenter: datacenter.to_owned(), feed: feed.clone(), store: Arc::default() };
        let server = Server::builder()
            .add_service(WatchServiceServer::new(feed))
            .add_service(WriterServiceServer::new(kube.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        kube
    }

    /// Puts an object there, or changes it; a new one gets a UID.
    pub fn put(&self, object: wire::Object) -> wire::Object {
        let mut store = self.store.lock();
        self.put_in(&mut store, object)
    }

    fn put_in(&self, store: &mut Store, mut object: wire::Object) -> wire::Object {
        let key = object.key.clone().unwrap();
        let place = (key.kind, key.namespace, key.name);
        match store.objects.get(&place) {
            Some(old) => object.uid.clone_from(&old.uid),
            None => {
                store.uids += 1;
                object.uid = format!("uid-{}", store.uids);
            }
        }
        store.objects.insert(place, object.clone());
        self.feed.upsert(object.clone(), None);
        object
    }

    /// The same object once more, as part of a trace, with something about it changed.
    pub fn touch_traced(&self, kind: ObjectKind, name: &str, traceparent: &str) {
        let old = self.object(kind, name).unwrap();
        let object = wire::Object { generation: old.generation + 1, ..old };
        let mut store = self.store.lock();
        store.objects.insert((kind.into(), NAMESPACE.to_owned(), name.to_owned()), object.clone());
        self.feed.upsert(object, Some(traceparent.to_owned()));
    }

    /// Takes an object away.
    pub fn remove(&self, kind: ObjectKind, name: &str, confirmed: bool) {
        let key = object_key(kind, name);
        self.store.lock().objects.remove(&(key.kind, key.namespace.clone(), key.name.clone()));
        self.feed.remove(&key, confirmed, None);
    }

    fn object(&self, kind: ObjectKind, name: &str) -> Option<wire::Object> {
        self.store.lock().objects.get(&(kind.into(), NAMESPACE.to_owned(), name.to_owned())).cloned()
    }

    /// A ScyllaCluster with these entries; any other field as `edit` leaves it.
    pub fn cluster(&self, name: &str, entries: Vec<TaskDefinition>) {
        let (backups, repairs) = entries.into_iter().partition(|entry| entry.kind() == TaskKind::Backup);
        let cluster = ScyllaCluster {
            key: key(name),
            uid: String::new(),
            generation: 1,
            deleting: false,
            exclusion: None,
            available_nodes: 3,
            external_seeds: false,
            backups,
            repairs,
            status_managers: Vec::new(),
            agent_config_secret: None,
        };
        self.put(object(ObjectKind::ScyllaCluster, name, &FeedObject::Cluster(cluster)));
    }

    pub fn edit_cluster(&self, name: &str, edit: impl FnOnce(&mut ScyllaCluster)) {
        let old = self.object(ObjectKind::ScyllaCluster, name).unwrap();
        let FeedObject::Cluster(mut cluster) = read_object(&self.datacenter, &old).unwrap() else { panic!() };
        edit(&mut cluster);
        let body = write_body(&FeedObject::Cluster(cluster));
        self.put(wire::Object { generation: old.generation + 1, body, ..old });
    }

    /// A registration that Manager took, changed by `edit`.
    pub fn register(&self, name: &str, edit: impl FnOnce(&mut Registration)) {
        let uid = self.object(ObjectKind::ScyllaCluster, name).map(|it| it.uid).unwrap_or_default();
        let mut registration = Registration {
            key: key(name),
            uid: String::new(),
            generation: 1,
            deleting: false,
            spec: RegistrationSpec {
                cluster_name: name.into(),
                cluster_uid: uid,
                manager_ref: "default".into(),
                ..RegistrationSpec::default()
            },
            status: RegistrationStatus {
                cluster_id: Some(id(name)),
                conditions: condition::settled("ok"),
                ..RegistrationStatus::default()
            },
        };
        edit(&mut registration);
        let deleting = registration.deleting;
        let object = object(ObjectKind::Registration, name, &FeedObject::Registration(registration));
        self.put(wire::Object { deleting, ..object });
    }

    /// A task object that a user writes.
    pub fn user_task(&self, name: &str, cluster: &str, definition: TaskDefinition) {
        let task = TaskObject {
            key: key(name),
            uid: String::new(),
            generation: 1,
            deleting: false,
            cluster_name: cluster.into(),
            from_cluster: false,
            definition,
            status: TaskStatus::default(),
        };
        self.put(object(ObjectKind::Task, name, &FeedObject::Task(task)));
    }

    /// Changes what a task object declares.
    pub fn edit_task(&self, name: &str, edit: impl FnOnce(&mut TaskDefinition)) {
        let old = self.object(ObjectKind::Task, name).unwrap();
        let mut task = self.task(name).unwrap();
        edit(&mut task.definition);
        let body = write_body(&FeedObject::Task(task));
        self.put(wire::Object { generation: old.generation + 1, body, ..old });
    }

    /// `kubectl delete`: the finalizer holds the object.
    pub fn delete_task(&self, name: &str) {
        let old = self.object(ObjectKind::Task, name).unwrap();
        self.put(wire::Object { deleting: true, generation: old.generation + 1, ..old });
    }

    /// The Operator's task object for an entry.
    pub fn operator_task(&self, name: &str, cluster: &str) {
        let task = FeedObject::OperatorTask { cluster: key(cluster) };
        self.put(object(ObjectKind::OperatorTask, name, &task));
    }

    pub fn namespace(&self, name: &str, deleting: bool) {
        let key = wire::ObjectKey {
            kind: ObjectKind::Namespace.into(),
            namespace: String::new(),
            name: name.into(),
        };
        self.put(wire::Object { key: Some(key), deleting, ..wire::Object::default() });
    }

    /// Makes an object one that cannot be read.
    pub fn spoil(&self, kind: ObjectKind, name: &str) {
        let body =
            Some(Body::Undecodable(wire::Undecodable { message: "spec.backups[0]: not an object".into() }));
        let key = Some(object_key(kind, name));
        self.put(wire::Object { key, body, generation: 9, ..wire::Object::default() });
    }

    pub fn task(&self, name: &str) -> Option<TaskObject> {
        match read_object(&self.datacenter, &self.object(ObjectKind::Task, name)?) {
            Ok(FeedObject::Task(task)) => Some(task),
            _ => None,
        }
    }

    pub fn tasks_of(&self, cluster: &str) -> Vec<TaskObject> {
        let store = self.store.lock();
        let read = |object: &wire::Object| match read_object(&self.datacenter, object) {
            Ok(FeedObject::Task(task)) if task.cluster_name == cluster => Some(task),
            _ => None,
        };
        store.objects.values().filter_map(read).collect()
    }

    /// The task object of an entry.
    pub fn entry(&self, cluster: &str, kind: &TaskKind, name: &str) -> Option<TaskObject> {
        self.task(&messina_domain::task::object::object_name(cluster, kind, name))
    }

    pub fn backup(&self, name: &str) -> TaskObject {
        self.entry(super::CLUSTER, &TaskKind::Backup, name).unwrap()
    }

    pub fn writes(&self) -> Vec<Write> {
        self.store.lock().writes.clone()
    }

    pub fn feedbacks(&self) -> Vec<wire::FeedbackRequest> {
        let only = |write| match write {
            Write::Feedback(request) => Some(request),
            _ => None,
        };
        self.writes().into_iter().filter_map(only).collect()
    }

    /// Reasons and notes of the events about an object.
    pub fn events(&self, name: &str) -> Vec<(bool, String, String)> {
        let only = |write| match write {
            Write::Event(event) if event.regarding.as_ref().unwrap().name == name => {
                Some((event.warning, event.reason, event.note))
            }
            _ => None,
        };
        self.writes().into_iter().filter_map(only).collect()
    }

    /// What the writer answers from now on.
    pub fn set_down(&self, down: Option<Status>) {
        self.store.lock().down = down;
    }

    pub fn refuse_applies_of(&self, part: &str, status: Status) {
        self.store.lock().refused = Some((part.to_owned(), status));
    }

    fn change<T>(
        &self,
        write: Write,
        change: impl FnOnce(&mut Store) -> Result<T, Status>,
    ) -> Result<Response<T>, Status> {
        let mut store = self.store.lock();
        if let Some(down) = &store.down {
            return Err(down.clone());
        }
        store.writes.push(write);
        change(&mut store).map(Response::new)
    }
}

fn object_key(kind: ObjectKind, name: &str) -> wire::ObjectKey {
    wire::ObjectKey { kind: kind.into(), namespace: NAMESPACE.into(), name: name.into() }
}

fn object(kind: ObjectKind, name: &str, object: &FeedObject) -> wire::Object {
    let (key, body) = (Some(object_key(kind, name)), write_body(object));
    wire::Object { key, uid: String::new(), generation: 1, deleting: false, body }
}

/// The task object that a request is about.
fn find(store: &Store, name: &str, uid: &str) -> Result<wire::Object, Status> {
    let place = (ObjectKind::Task.into(), NAMESPACE.to_owned(), name.to_owned());
    let object = store.objects.get(&place).ok_or_else(|| gone("ObjectGone"))?;
    if object.uid != uid {
        return Err(gone("ObjectReplaced"));
    }
    Ok(object.clone())
}

fn gone(reason: &'static str) -> Status {
    fault_to_status(&Fault::waiting(reason, "not the one that was meant"))
}

fn task_of(object: &wire::Object) -> wire::Task {
    let Some(Body::Task(task)) = &object.body else { panic!("no task") };
    task.clone()
}

#[tonic::async_trait]
impl WriterService for Kube {
    async fn apply_registration(
        &self,
        _: Request<wire::ApplyRegistrationRequest>,
    ) -> Result<Response<wire::ApplyRegistrationResponse>, Status> {
        Err(Status::permission_denied("task-sync has no business with registrations"))
    }

    async fn delete_registration(
        &self,
        _: Request<wire::DeleteRegistrationRequest>,
    ) -> Result<Response<wire::DeleteRegistrationResponse>, Status> {
        Err(Status::permission_denied("task-sync has no business with registrations"))
    }

    async fn apply_task(
        &self,
        request: Request<wire::ApplyTaskRequest>,
    ) -> Result<Response<wire::ApplyTaskResponse>, Status> {
        let request = request.into_inner();
        self.change(Write::Apply(request.clone()), |store| {
            if let Some((_, status)) = store.refused.as_ref().filter(|(part, _)| request.name.contains(part))
            {
                return Err(status.clone());
            }
            let place = (ObjectKind::Task.into(), NAMESPACE.to_owned(), request.name.clone());
            let (status, generation) = match store.objects.get(&place) {
                Some(old) => (task_of(old).status, old.generation + 1),
                None => (Some(write_task_status(&TaskStatus::default())), 1),
            };
            let task = wire::Task {
                cluster_name: request.cluster_name,
                from_cluster: true,
                definition: request.definition,
                status,
            };
            let key = Some(object_key(ObjectKind::Task, &request.name));
            let object =
                wire::Object { key, generation, body: Some(Body::Task(task)), ..wire::Object::default() };
            let object = self.put_in(store, object);
            Ok(wire::ApplyTaskResponse { uid: object.uid, generation })
        })
    }

    async fn delete_task(
        &self,
        request: Request<wire::DeleteTaskRequest>,
    ) -> Result<Response<wire::DeleteTaskResponse>, Status> {
        let request = request.into_inner();
        self.change(Write::Delete(request.clone()), |store| {
            let object = find(store, &request.name, &request.uid)?;
            self.put_in(store, wire::Object { deleting: true, generation: object.generation + 1, ..object });
            Ok(wire::DeleteTaskResponse {})
        })
    }

    async fn report_status(
        &self,
        request: Request<wire::ReportStatusRequest>,
    ) -> Result<Response<wire::ReportStatusResponse>, Status> {
        let request = request.into_inner();
        self.change(Write::Report(request.clone()), |store| {
            let object = find(store, &request.name, &request.uid)?;
            let Some(wire::report_status_request::Status::Task(status)) = request.status else {
                return Err(Status::invalid_argument("no task status"));
            };
            let body = Some(Body::Task(wire::Task { status: Some(status), ..task_of(&object) }));
            let gone = request.cleaned && object.deleting;
            self.put_in(store, wire::Object { body, ..object });
            if gone {
                let key = object_key(ObjectKind::Task, &request.name);
                store.objects.remove(&(key.kind, key.namespace.clone(), key.name.clone()));
                self.feed.remove(&key, true, None);
            }
            Ok(wire::ReportStatusResponse { superseded: false })
        })
    }

    async fn feedback(
        &self,
        request: Request<wire::FeedbackRequest>,
    ) -> Result<Response<wire::FeedbackResponse>, Status> {
        let request = request.into_inner();
        self.change(Write::Feedback(request.clone()), |store| {
            let by_operator = request.road() == wire::FeedbackRoad::Operator;
            let has_object = |entry: &str| {
                let place = (ObjectKind::OperatorTask.into(), NAMESPACE.to_owned(), entry.to_owned());
                store.objects.contains_key(&place)
            };
            let names = request.entries.iter().map(|entry| entry.definition.clone().unwrap_or_default().name);
            Ok(wire::FeedbackResponse {
                missing: names.filter(|name| by_operator && !has_object(name)).collect(),
            })
        })
    }

    async fn record_events(
        &self,
        request: Request<wire::RecordEventsRequest>,
    ) -> Result<Response<wire::RecordEventsResponse>, Status> {
        let mut store = self.store.lock();
        if let Some(down) = &store.down {
            return Err(down.clone());
        }
        store.writes.extend(request.into_inner().events.into_iter().map(Write::Event));
        Ok(Response::new(wire::RecordEventsResponse {}))
    }
}
