//! W3C trace context between processes: one trace from the first event to the last call.
//!
//! Ids propagate whether or not traces are exported; without [`Telemetry`](crate::Telemetry) everything here
//! does nothing.

mod server;

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::{Request, Status};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub use server::{ServerTrace, ServerTraceLayer};

/// The header, and the gRPC metadata key, of W3C trace context.
pub const TRACEPARENT: &str = "traceparent";

/// The W3C traceparent of the current span, when there is a trace.
pub fn current_traceparent() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Makes a span the child of a traceparent. Call it before the span is entered. A malformed traceparent
/// changes nothing, as the standard asks.
pub fn set_parent(span: &Span, traceparent: &str) {
    let context = extract(traceparent);
    // Fails only where no traces are kept, and for spans that the filter left out.
    if context.span().span_context().is_valid() && span.set_parent(context).is_err() {
        tracing::trace!("span takes no parent");
    }
}

/// Links a span to a traceparent that had a part in it without being its parent. A malformed one changes
/// nothing.
pub fn add_link(span: &Span, traceparent: &str) {
    span.add_link(extract(traceparent).span().span_context().clone());
}

fn extract(traceparent: &str) -> Context {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}

/// Puts the traceparent of the current span on every request of a gRPC client.
#[derive(Debug, Clone, Copy, Default)]
pub struct InjectTrace;

impl Interceptor for InjectTrace {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = current_traceparent().and_then(|text| MetadataValue::try_from(text).ok()) {
            request.metadata_mut().insert(TRACEPARENT, value);
        }
        Ok(request)
    }
}
