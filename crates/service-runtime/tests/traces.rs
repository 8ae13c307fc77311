//! Traces reach an OTLP collector, and one trace goes from a client through to the server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod echo;

use std::sync::Arc;
use std::time::Duration;

use echo::{channel, say, start};
use messina_service_runtime::Telemetry;
use messina_service_runtime::args::LogArgs;
use messina_service_runtime::trace::{add_link, current_traceparent, set_parent};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> (Self, String) {
        let this = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(this.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (this, url)
    }

    fn spans(&self) -> Vec<Span> {
        let exports = self.0.lock();
        let scopes =
            exports.iter().flat_map(|export| &export.resource_spans).flat_map(|spans| &spans.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    fn span(&self, name: &str) -> Span {
        let spans = self.spans();
        let names: Vec<_> = spans.iter().map(|span| span.name.clone()).collect();
        spans.into_iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {names:?}"))
    }

    fn service_name(&self) -> Option<String> {
        let exports = self.0.lock();
        let resource = exports.first()?.resource_spans.first()?.resource.clone()?;
        let name = resource.attributes.into_iter().find(|attribute| attribute.key == "service.name")?;
        match name.value?.value? {
            Value::StringValue(name) => Some(name),
            _ => None,
        }
    }
}

/// Logs are on for a whole process, so this file has one test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_from_the_event_through_the_client_to_the_server() {
    let (collector, url) = Collector::start().await;
    let args = LogArgs { log_level: "warn".to_owned(), ..LogArgs::default() };
    let telemetry = Telemetry::init_with("k8s-watcher", &args, Some(&url)).unwrap();
    assert!(Telemetry::init_with("k8s-watcher", &args, None).is_err(), "only once in a process");
    let event = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let linked = "00-11111111111111111111111111111111-2222222222222222-01";
    let running = start(true, Duration::from_secs(5)).await;

    let pass = tracing::info_span!("pass");
    set_parent(&pass, event);
    add_link(&pass, linked);
    add_link(&pass, "garbage");
    let channel = channel(running.addr);
    let theirs = async {
        say(channel.clone(), "fail").await.unwrap_err();
        say(channel, "traceparent").await.unwrap()
    };
    let theirs = theirs.instrument(pass.clone()).await;
    let ours = pass.in_scope(current_traceparent).unwrap();
    drop(pass);
    running.shutdown.begin();
    running.server.await.unwrap().unwrap();
    telemetry.shutdown().await;

    assert_eq!(ours.get(..35), event.get(..35), "same trace: {ours}");
    assert_eq!(theirs.get(..35), event.get(..35), "same trace: {theirs}");
    assert_ne!(ours, theirs, "another span");
    let (client, server) = (collector.span("pass"), collector.span("test.v1.Echo/Say"));
    assert_eq!(client.trace_id, server.trace_id);
    assert_eq!(server.parent_span_id, client.span_id);
    assert_eq!(client.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    let links: Vec<_> = client.links.iter().map(|link| link.span_id.clone()).collect();
    assert_eq!(links, [vec![0x22; 8]]);
    assert_eq!(collector.service_name().as_deref(), Some("k8s-watcher"));
    let codes = collector.spans().into_iter().filter(|span| span.name == server.name).map(|span| {
        let code = span.attributes.into_iter().find(|attribute| attribute.key == "rpc.grpc.status_code");
        match code.and_then(|code| code.value).and_then(|value| value.value) {
            Some(Value::IntValue(code)) => code,
            other => panic!("no status code: {other:?}"),
        }
    });
    let mut codes: Vec<_> = codes.collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 9], "OK and FAILED_PRECONDITION");
}
