//! One span per RPC on the server side.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response};
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, field};

use super::TRACEPARENT;

/// Runs every RPC in a span: method, peer, gRPC status, parent from the metadata. For a streaming RPC the
/// span ends with the response headers. Health checks and reflection get none.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerTraceLayer;

impl<S> Layer<S> for ServerTraceLayer {
    type Service = ServerTrace<S>;

    fn layer(&self, inner: S) -> ServerTrace<S> {
        ServerTrace { inner }
    }
}

/// The service of [`ServerTraceLayer`].
#[derive(Debug, Clone)]
pub struct ServerTrace<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for ServerTrace<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let span = span(&request);
        let answer = span.in_scope(|| self.inner.call(request));
        let record = span.clone();
        let traced = async move {
            let answer = answer.await;
            if let Ok(response) = &answer {
                record_status(&record, response.headers());
            }
            answer
        };
        Box::pin(traced.instrument(span))
    }
}

fn span<B>(request: &Request<B>) -> Span {
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("grpc.") {
        return Span::none();
    }
    let (service, method) = path.split_once('/').unwrap_or((path, ""));
    let peer = request.extensions().get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    let span = tracing::info_span!(
        "rpc",
        otel.name = path,
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        network.peer.address = peer.map(field::display),
        rpc.grpc.status_code = field::Empty,
        otel.status_code = field::Empty,
    );
    let parent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    if let Some(parent) = parent {
        super::set_parent(&span, parent);
    }
    span
}

/// A response without a status in its headers has begun to stream, which so far is a success.
fn record_status(span: &Span, headers: &HeaderMap) {
    let code = Status::from_header_map(headers).map_or(Code::Ok, |status| status.code());
    span.record("rpc.grpc.status_code", i64::from(i32::from(code)));
    match code {
        Code::Unknown | Code::DeadlineExceeded | Code::Unimplemented => {
            span.record("otel.status_code", "ERROR")
        }
        Code::Internal | Code::Unavailable | Code::DataLoss => span.record("otel.status_code", "ERROR"),
        _ => span,
    };
}
