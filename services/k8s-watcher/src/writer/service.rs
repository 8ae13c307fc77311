//! WriterService: reads requests, calls the writer, counts.

use messina_control_api::convert::{
    Incomplete, read_definition, read_registration_spec, read_registration_status, read_task_status,
};
use messina_control_api::watch::v1 as wire;
use messina_control_api::watch::v1::writer_service_server::WriterService;
use messina_domain::names::reason;
use messina_fault::Fault;
use messina_k8s_api::kinds::Kind;
use messina_service_runtime::errors::{fault_to_status, field_violation};
use tonic::{Request, Response, Status as GrpcStatus};

use super::Writer;
use super::feedback::FeedbackEntry;
use super::objects::TaskToApply;
use super::report::Status;
use crate::events::{About, Note};
use crate::metrics::WriteLabels;

type Answer<T> = Result<Response<T>, GrpcStatus>;

/// Refuses a request that leaves out what it must name.
fn named<'a>(fields: &[(&'a str, &'a str)]) -> Result<(), GrpcStatus> {
    match fields.iter().find(|(_, value)| value.is_empty()) {
        Some((field, _)) => Err(field_violation(field, "must not be empty")),
        None => Ok(()),
    }
}

fn violated(incomplete: &Incomplete) -> GrpcStatus {
    field_violation(incomplete.field, &incomplete.message)
}

impl Writer {
    /// Counts one call and turns its fault into a status.
    fn answer<T>(&self, call: &'static str, result: Result<T, Fault>) -> Answer<T> {
        let outcome = result.as_ref().map_or_else(Fault::class, |_| "ok");
        self.metrics.writes.get_or_create(&WriteLabels { call, outcome }).inc();
        result.map(Response::new).map_err(|fault| {
            tracing::debug!(call, %fault, "a write did not succeed");
            fault_to_status(&fault)
        })
    }
}

#[tonic::async_trait]
impl WriterService for Writer {
    async fn apply_registration(
        &self,
        request: Request<wire::ApplyRegistrationRequest>,
    ) -> Answer<wire::ApplyRegistrationResponse> {
        let wire::ApplyRegistrationRequest { namespace, name, spec } = request.into_inner();
        named(&[("namespace", &namespace), ("name", &name)])?;
        let spec = read_registration_spec(&spec.ok_or_else(|| field_violation("spec", "is missing"))?);
        let result = async {
            self.check_writable()?;
            let object = self.apply_registration(&namespace, &name, &spec).await?;
            Ok(wire::ApplyRegistrationResponse {
                uid: object.metadata.uid.unwrap_or_default(),
                generation: object.metadata.generation.unwrap_or_default(),
            })
        };
        self.answer("ApplyRegistration", result.await)
    }

    async fn apply_task(&self, request: Request<wire::ApplyTaskRequest>) -> Answer<wire::ApplyTaskResponse> {
        let wire::ApplyTaskRequest { namespace, name, cluster_name, cluster_uid, definition } =
            request.into_inner();
        named(&[("namespace", &namespace), ("name", &name), ("cluster_name", &cluster_name)])?;
        let definition =
            read_definition(&definition.unwrap_or_default()).map_err(|error| violated(&error))?;
        let task = TaskToApply { namespace, name, cluster_name, cluster_uid, definition };
        let result = async {
            self.check_writable()?;
            let object = self.apply_task(&task).await?;
            Ok(wire::ApplyTaskResponse {
                uid: object.metadata.uid.unwrap_or_default(),
                generation: object.metadata.generation.unwrap_or_default(),
            })
        };
        self.answer("ApplyTask", result.await)
    }

    async fn delete_registration(
        &self,
        request: Request<wire::DeleteRegistrationRequest>,
    ) -> Answer<wire::DeleteRegistrationResponse> {
        let wire::DeleteRegistrationRequest { namespace, name, uid, removed_cluster_uid } =
            request.into_inner();
        named(&[("namespace", &namespace), ("name", &name), ("uid", &uid)])?;
        let result = async {
            self.check_writable()?;
            self.delete_registration((&namespace, &name), &uid, &removed_cluster_uid).await?;
            Ok(wire::DeleteRegistrationResponse {})
        };
        self.answer("DeleteRegistration", result.await)
    }

    async fn delete_task(
        &self,
        request: Request<wire::DeleteTaskRequest>,
    ) -> Answer<wire::DeleteTaskResponse> {
        let wire::DeleteTaskRequest { namespace, name, uid } = request.into_inner();
        named(&[("namespace", &namespace), ("name", &name), ("uid", &uid)])?;
        let result = async {
            self.check_writable()?;
            self.delete_task((&namespace, &name), &uid).await?;
            Ok(wire::DeleteTaskResponse {})
        };
        self.answer("DeleteTask", result.await)
    }

    async fn report_status(
        &self,
        request: Request<wire::ReportStatusRequest>,
    ) -> Answer<wire::ReportStatusResponse> {
        use wire::report_status_request::Status as Wire;
        let wire::ReportStatusRequest { namespace, name, uid, status, cleaned } = request.into_inner();
        named(&[("namespace", &namespace), ("name", &name), ("uid", &uid)])?;
        let (kind, status) = match status.ok_or_else(|| field_violation("status", "is missing"))? {
            Wire::Registration(status) => {
                (Kind::Registration, Status::Registration(read_registration_status(&status)))
            }
            Wire::Task(status) => (Kind::Task, Status::Task(Box::new(read_task_status(&status)))),
        };
        let at = (namespace.as_str(), name.as_str());
        let result = async {
            self.check_writable()?;
            if cleaned {
                self.release(kind, at, &uid).await?;
                return Ok(wire::ReportStatusResponse { superseded: false });
            }
            let superseded = self.report(at, &uid, &status).await?;
            Ok(wire::ReportStatusResponse { superseded })
        };
        self.answer("ReportStatus", result.await)
    }

    async fn feedback(&self, request: Request<wire::FeedbackRequest>) -> Answer<wire::FeedbackResponse> {
        let request = request.into_inner();
        named(&[("namespace", &request.namespace), ("name", &request.name), ("uid", &request.uid)])?;
        let road = request.road();
        let entries: Vec<FeedbackEntry> = request
            .entries
            .iter()
            .map(|entry| {
                let definition = read_definition(&entry.definition.clone().unwrap_or_default())?;
                let status = read_task_status(&entry.status.clone().unwrap_or_default());
                Ok(FeedbackEntry { definition, status, error: entry.error.clone() })
            })
            .collect::<Result<_, Incomplete>>()
            .map_err(|error| violated(&error))?;
        let at = (request.namespace.as_str(), request.name.as_str());
        let result = async {
            self.check_writable()?;
            let missing = match road {
                wire::FeedbackRoad::Operator => {
                    self.feed_back_through_operator(at, &request.uid, &entries).await?
                }
                wire::FeedbackRoad::Direct => {
                    self.feed_back_directly(at, &request.uid, &entries).await?;
                    Vec::new()
                }
                wire::FeedbackRoad::Unspecified => {
                    return Err(Fault::rejected(reason::INVALID_REQUEST, "road: is missing")
                        .hint("set FEEDBACK_ROAD_DIRECT or FEEDBACK_ROAD_OPERATOR"));
                }
            };
            Ok(wire::FeedbackResponse { missing })
        };
        self.answer("Feedback", result.await)
    }

    async fn record_events(
        &self,
        request: Request<wire::RecordEventsRequest>,
    ) -> Answer<wire::RecordEventsResponse> {
        let result = async {
            self.check_writable()?;
            for event in request.into_inner().events {
                self.record(event).await?;
            }
            Ok(wire::RecordEventsResponse {})
        };
        self.answer("RecordEvents", result.await)
    }
}

impl Writer {
    async fn record(&self, event: wire::Event) -> Result<(), Fault> {
        let key = event.regarding.unwrap_or_default();
        let kind = match key.kind() {
            wire::ObjectKind::ScyllaCluster => Kind::ScyllaCluster,
            wire::ObjectKind::Registration => Kind::Registration,
            wire::ObjectKind::Task => Kind::Task,
            other => {
                return Err(Fault::rejected(
                    reason::INVALID_REQUEST,
                    format!("regarding.kind: {} has no events", other.as_str_name()),
                ));
            }
        };
        let about = About { kind, namespace: key.namespace.clone(), name: key.name, uid: event.uid };
        let note =
            Note { warning: event.warning, reason: event.reason, action: event.action, text: event.note };
        let recorded = self.events.record(&about, &note).await;
        recorded.map_err(|error| {
            crate::access::fault(&error, "create", "events.events.k8s.io", Some(&key.namespace))
        })
    }
}
