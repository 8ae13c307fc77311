//! The only road into Kubernetes: `WriterService` of the datacenter's k8s-watcher.

use std::time::Duration;

use messina_control_api::convert::{write_definition, write_task_status};
use messina_control_api::watch::v1 as wire;
use messina_domain::names::reason;
use messina_domain::plan::entries::Step;
use messina_domain::task::{TaskObject, TaskStatus};
use messina_fault::Fault;
use messina_service_runtime::errors::status_to_fault;
use messina_service_runtime::grpc::Channel;
use tokio::time::timeout;
use tonic::{Code, Response, Status};
use wire::report_status_request::Status as Reported;
use wire::writer_service_client::WriterServiceClient;

/// How long a write may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Reasons of a writer that mean the same here.
const REASONS: [&str; 6] = [
    OBJECT_GONE,
    OBJECT_REPLACED,
    KUBERNETES_REFUSED,
    reason::NOT_OWNED,
    reason::UNDECODABLE,
    reason::READ_ONLY,
];

/// The object that was meant does not exist any more.
const OBJECT_GONE: &str = reason::OBJECT_GONE;
/// Another object has the name by now.
const OBJECT_REPLACED: &str = reason::OBJECT_REPLACED;
/// The API server refused the write.
const KUBERNETES_REFUSED: &str = reason::KUBERNETES_REFUSED;

/// Writes into one datacenter.
#[derive(Clone)]
pub(crate) struct Writer {
    datacenter: String,
    client: WriterServiceClient<Channel>,
}

impl Writer {
    pub(crate) fn new(datacenter: impl Into<String>, channel: Channel) -> Self {
        Self { datacenter: datacenter.into(), client: WriterServiceClient::new(channel) }
    }

    /// Creates, changes or asks for the deletion of one task object of a cluster.
    ///
    /// # Errors
    /// The writer refuses, or cannot be reached.
    pub(crate) async fn step(
        &self,
        namespace: &str,
        cluster: (&str, &str),
        step: &Step,
    ) -> Result<(), Fault> {
        let mut client = self.client.clone();
        match step {
            Step::Apply { name, definition } => {
                let request = wire::ApplyTaskRequest {
                    namespace: namespace.to_owned(),
                    name: name.clone(),
                    cluster_name: cluster.0.to_owned(),
                    cluster_uid: cluster.1.to_owned(),
                    definition: Some(write_definition(definition)),
                };
                self.answer(client.apply_task(request)).await.map(drop)
            }
            Step::Delete { name, uid } => {
                let (namespace, name, uid) = (namespace.to_owned(), name.clone(), uid.clone());
                let request = wire::DeleteTaskRequest { namespace, name, uid };
                self.unless_gone(client.delete_task(request)).await
            }
        }
    }

    /// Writes the status of a task object; `cleaned` releases its finalizer.
    ///
    /// # Errors
    /// The writer refuses, or cannot be reached.
    pub(crate) async fn report(
        &self,
        object: &TaskObject,
        status: &TaskStatus,
        cleaned: bool,
    ) -> Result<(), Fault> {
        let request = wire::ReportStatusRequest {
            namespace: object.key.namespace.clone(),
            name: object.key.name.clone(),
            uid: object.uid.clone(),
            status: Some(Reported::Task(write_task_status(status))),
            cleaned,
        };
        let mut client = self.client.clone();
        self.unless_gone(client.report_status(request)).await
    }

    /// Brings run state into a ScyllaCluster's status; answers the entries for which there was no place.
    ///
    /// # Errors
    /// The writer refuses, or cannot be reached.
    pub(crate) async fn feedback(&self, request: wire::FeedbackRequest) -> Result<Vec<String>, Fault> {
        let mut client = self.client.clone();
        Ok(self.answer(client.feedback(request)).await?.missing)
    }

    /// Records events.
    ///
    /// # Errors
    /// The writer refuses, or cannot be reached.
    pub(crate) async fn record(&self, events: Vec<wire::Event>) -> Result<(), Fault> {
        let mut client = self.client.clone();
        self.answer(client.record_events(wire::RecordEventsRequest { events })).await.map(drop)
    }

    async fn answer<T>(&self, call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Fault> {
        match timeout(PATIENCE, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.fault(&status)),
            Err(_) => Err(self.unreachable(&format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    /// An object that is gone needs nothing any more; the feed will say so.
    async fn unless_gone<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<(), Fault> {
        match self.answer(call).await {
            Err(fault) if ![OBJECT_GONE, OBJECT_REPLACED].contains(&fault.reason()) => Err(fault),
            _ => Ok(()),
        }
    }

    fn fault(&self, status: &Status) -> Fault {
        match status.code() {
            Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded | Code::Unknown => {
                self.unreachable(status.message())
            }
            _ => status_to_fault(status, &REASONS),
        }
    }

    fn unreachable(&self, why: &str) -> Fault {
        let message = format!("k8s-watcher of datacenter '{}' does not write: {why}", self.datacenter);
        Fault::transient(reason::WATCHER_UNREACHABLE, message)
    }
}
