//! A layer around all RPCs of a server: it counts them, and ends those that outlive the shutdown.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::body::CallBody;
use crate::metrics::Metrics;

/// `messina_grpc_requests_started_total{service,method}` and `messina_grpc_requests_total{service,method,code}`,
/// the latter when the last byte is sent. Methods that no descriptor names count as `other`, so that a
/// client cannot invent labels.
#[derive(Debug, Clone, Default)]
pub struct RpcMetrics {
    started: Family<Method, Counter>,
    finished: Family<Outcome, Counter>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Method {
    service: String,
    method: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    service: String,
    method: String,
    code: String,
}

impl RpcMetrics {
    /// Registers the counters. Once per registry.
    pub fn new(metrics: &Metrics) -> Self {
        let this = Self::default();
        metrics.component("grpc", |registry| {
            registry.register("requests_started", "RPCs begun", this.started.clone());
            registry.register("requests", "RPCs ended, by gRPC code", this.finished.clone());
        });
        this
    }
}

/// An RPC that has begun. Counted once more when it ends; without a code it was cancelled.
#[derive(Debug)]
pub(super) struct Call {
    metrics: RpcMetrics,
    method: Method,
    code: Code,
}

impl Call {
    fn begin(metrics: RpcMetrics, method: Method) -> Self {
        metrics.started.get_or_create(&method).inc();
        Self { metrics, method, code: Code::Cancelled }
    }

    pub(super) fn end(mut self, code: Code) {
        self.code = code;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Method { service, method } = self.method.clone();
        let code = if self.code == Code::Ok { "OK".to_owned() } else { format!("{:?}", self.code) };
        self.metrics.finished.get_or_create(&Outcome { service, method, code }).inc();
    }
}

/// Counts RPCs, and ends the ones that are still there when their token is cancelled.
#[derive(Debug, Clone)]
pub(super) struct CallsLayer(Arc<Rules>);

#[derive(Debug)]
pub(super) struct Rules {
    pub(super) metrics: RpcMetrics,
    /// Known methods by path.
    pub(super) methods: HashMap<String, (String, String)>,
    /// Ends health watches and reflection, which go on for ever.
    pub(super) own: CancellationToken,
    /// Ends everything else.
    pub(super) all: CancellationToken,
}

impl CallsLayer {
    pub(super) fn new(rules: Rules) -> Self {
        Self(Arc::new(rules))
    }
}

impl<S> Layer<S> for CallsLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner, rules: Arc::clone(&self.0) }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Calls<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let (service, method) = match self.rules.methods.get(path) {
            Some((service, method)) => (service.clone(), method.clone()),
            None => ("other".to_owned(), "other".to_owned()),
        };
        let stop = if path.starts_with("/grpc.") { &self.rules.own } else { &self.rules.all }.clone();
        let call = Call::begin(self.rules.metrics.clone(), Method { service, method });
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = tokio::select! {
                biased;
                response = answer => response?,
                () = stop.cancelled() => ending().into_http(),
            };
            Ok(CallBody::wrap(response, call, stop))
        })
    }
}

/// What a client is told whose RPC is ended by the shutdown.
pub(super) fn ending() -> Status {
    Status::unavailable("the server is shutting down")
}
