//! One trace from a Kubernetes event through the feed to Manager's REST call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use messina_stage::Ground;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::{Request, Response, Status};

use crate::fleet::{Fleet, Pace, cluster};

/// Names of spans by trace, each with its service.
type Spans = Arc<Mutex<BTreeMap<String, Vec<(String, String)>>>>;

#[derive(Clone, Default)]
struct Collector(Spans);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut traces = self.0.lock().unwrap();
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let service =
                attributes.iter().find(|one| one.key == "service.name").map(|one| format!("{:?}", one.value));
            let service = service.unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                let trace: String = span.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
                traces.entry(trace).or_default().push((service.clone(), span.name));
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_kubernetes_to_manager() {
    let collector = Collector::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let service = TraceServiceServer::new(collector.clone());
    tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
    let environment = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY".to_owned(), "200".to_owned()),
    ];
    let fleet = Fleet::start(&["east"], &Ground::Fake, Pace { environment, ..Pace::default() }).await;
    fleet.datacenters[0].seed(&cluster("east", "orders")).await.unwrap();
    fleet.converged(1, 3).await;
    // What a subscriber finds when it comes has no cause; what happens from then on has one.
    fleet.datacenters[0].seed(&cluster("east", "users")).await.unwrap();
    fleet.converged(2, 6).await;
    fleet
        .until("a trace with all three services' parts", async |_| {
            let traces = collector.0.lock().unwrap();
            let whole = |service: &str| {
                traces.values().any(|spans| {
                    let has = |service: &str, name: &str| {
                        spans.iter().any(|(from, span)| from.contains(service) && span.contains(name))
                    };
                    has("k8s-watcher", "kubernetes.event") && has(service, "manager.call")
                })
            };
            whole("task-sync") && whole("registration")
        })
        .await;
    let calls = fleet.get("/_fake/calls?log=true").await;
    let text = calls.to_string();
    let seen = collector.0.lock().unwrap().keys().any(|trace| text.contains(trace.as_str()));
    assert!(seen, "Manager was sent the trace: {text}");
    fleet.stop().await;
}
