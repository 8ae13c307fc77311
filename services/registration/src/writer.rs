//! Writing into one datacenter's Kubernetes, through its k8s-watcher.

use std::time::Duration;

use messina_control_api::convert::{write_registration_spec, write_registration_status};
use messina_control_api::watch::v1 as wire;
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_domain::registration::{Registration, RegistrationSpec, RegistrationStatus};
use messina_fault::Fault;
use messina_service_runtime::errors::status_to_fault;
use messina_service_runtime::grpc::Channel;
use tonic::{Request, Response, Status};
use wire::report_status_request::Status as Reported;
use wire::writer_service_client::WriterServiceClient;

/// How long one write may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The writer of one datacenter.
pub(crate) struct Writer {
    client: WriterServiceClient<Channel>,
}

/// Something that happened to a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happening {
    /// Whether somebody should look at it.
    pub(crate) warning: bool,
    /// CamelCase reason.
    pub(crate) reason: &'static str,
    /// For a person.
    pub(crate) note: String,
}

impl Writer {
    pub(crate) fn new(client: WriterServiceClient<Channel>) -> Self {
        Self { client }
    }

    /// Creates or changes the registration object.
    pub(crate) async fn apply(&self, key: &ClusterKey, spec: &RegistrationSpec) -> Result<(), Fault> {
        let request = wire::ApplyRegistrationRequest {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            spec: Some(write_registration_spec(spec)),
        };
        done(self.client.clone().apply_registration(patient(request)).await)
    }

    /// Asks for the deletion of the registration object.
    pub(crate) async fn delete(&self, key: &ClusterKey, uid: String, removed: String) -> Result<(), Fault> {
        let request = wire::DeleteRegistrationRequest {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            uid,
            removed_cluster_uid: removed,
        };
        unless_gone(done(self.client.clone().delete_registration(patient(request)).await))
    }

    /// Writes the status of an object.
    pub(crate) async fn report(&self, of: &Registration, status: &RegistrationStatus) -> Result<(), Fault> {
        let answer = self.client.clone().report_status(patient(report(of, status, false))).await;
        if answer.as_ref().is_ok_and(|answer| answer.get_ref().superseded) {
            tracing::debug!("a newer generation was reported on before");
        }
        unless_gone(done(answer))
    }

    /// Says that nothing of it is left in Manager.
    pub(crate) async fn release(&self, of: &Registration) -> Result<(), Fault> {
        // The status says which kind of object is meant; what it holds is of no use to anybody any more.
        let status = RegistrationStatus { cluster_id: None, token_fingerprint: None, ..of.status.clone() };
        unless_gone(done(self.client.clone().report_status(patient(report(of, &status, true))).await))
    }

    /// Records something that happened.
    pub(crate) async fn record(&self, of: &Registration, what: Happening) -> Result<(), Fault> {
        let Happening { warning, reason, note } = what;
        let regarding = wire::ObjectKey {
            kind: wire::ObjectKind::Registration.into(),
            namespace: of.key.namespace.clone(),
            name: of.key.name.clone(),
        };
        let event = wire::Event {
            regarding: Some(regarding),
            uid: of.uid.clone(),
            warning,
            reason: reason.to_owned(),
            action: "Register".to_owned(),
            note: shortened(note),
        };
        let request = wire::RecordEventsRequest { events: vec![event] };
        unless_gone(done(self.client.clone().record_events(patient(request)).await))
    }
}

fn report(of: &Registration, status: &RegistrationStatus, cleaned: bool) -> wire::ReportStatusRequest {
    wire::ReportStatusRequest {
        namespace: of.key.namespace.clone(),
        name: of.key.name.clone(),
        uid: of.uid.clone(),
        status: Some(Reported::Registration(write_registration_status(status))),
        cleaned,
    }
}

/// An event's note has at most 1 kB.
fn shortened(mut note: String) -> String {
    const MOST: usize = 1000;
    if note.len() > MOST {
        note.truncate(note.floor_char_boundary(MOST));
        note.push('…');
    }
    note
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// What was to happen to an object that is gone needs no more doing; the feed is about to say so.
fn unless_gone(outcome: Result<(), Fault>) -> Result<(), Fault> {
    match outcome {
        Err(fault) if fault.reason() == reason::OBJECT_GONE => {
            tracing::debug!(%fault, "the object was gone already");
            Ok(())
        }
        other => other,
    }
}

fn done<T>(answer: Result<Response<T>, Status>) -> Result<(), Fault> {
    answer.map(drop).map_err(|status| match status_to_fault(&status, &REASONS) {
        Fault::Transient(detail) => Fault::transient(
            reason::WATCHER_UNREACHABLE,
            format!("k8s-watcher did not write: {}", detail.message),
        )
        .hint("see that it runs, and that one replica holds the Lease"),
        other => other,
    })
}

/// Reasons of the writer that pass on as they are.
const REASONS: [&str; 5] = [
    reason::REMOVAL_NOT_PROVED,
    reason::OBJECT_GONE,
    reason::OBJECT_REPLACED,
    reason::KUBERNETES_REFUSED,
    reason::READ_ONLY,
];
