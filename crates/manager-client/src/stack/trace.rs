//! One span per call, the trace context on the wire, and the observer told.

use std::sync::Arc;

use tokio::time::Instant;
use tower::ServiceExt as _;
use tracing::{Instrument as _, Span, field::Empty};

use super::{Inner, layer_service};
use crate::answer::Refusal;
use crate::call::{Answer, Call, CallError};
use crate::observer::{CallClass, CallObserver, ObservedCall};
use crate::operation::Operation;
use crate::settings::{Settings, Traceparent};

/// What the layer needs.
#[derive(Clone)]
pub(super) struct Tracing {
    manager: Arc<str>,
    traceparent: Option<Traceparent>,
    observer: Option<Arc<dyn CallObserver>>,
}

impl Tracing {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            manager: settings.manager_name.as_deref().unwrap_or_default().into(),
            traceparent: settings.traceparent.clone(),
            observer: settings.observer.clone(),
        }
    }
}

/// The layer.
#[derive(Clone)]
pub(super) struct Trace<S> {
    pub(super) inner: S,
    pub(super) tracing: Tracing,
}

impl<S: Inner> Trace<S> {
    async fn pass(self, mut call: Call) -> Result<Answer, CallError> {
        let Self { inner, tracing } = self;
        let operation = call.operation;
        let span = tracing::info_span!(
            "manager.call",
            otel.kind = "client",
            manager = %tracing.manager,
            method = operation.method().as_str(),
            route = operation.route(),
            status = Empty,
            class = Empty,
            manager_trace_id = Empty,
        );
        call.traceparent = span.in_scope(|| tracing.traceparent.as_ref().and_then(|current| current()));
        let mut ending = Ending::new(operation, tracing.observer, span.clone());
        async move {
            let result = inner.oneshot(call).await;
            ending.class = class(&result);
            if let Ok(answer) = &result {
                record(&Span::current(), answer);
            }
            drop(ending);
            result
        }
        .instrument(span)
        .await
    }
}

layer_service!(Trace);

fn record(span: &Span, answer: &Answer) {
    span.record("status", answer.status.as_u16());
    if answer.status.as_u16() >= 400
        && let Some(refusal) = Refusal::read(answer.body.as_bytes())
    {
        span.record("manager_trace_id", refusal.trace_id());
    }
}

fn class(result: &Result<Answer, CallError>) -> CallClass {
    match result {
        Ok(answer) if answer.status.is_server_error() => CallClass::ServerError,
        Ok(answer) if answer.status.is_client_error() => CallClass::ClientError,
        Ok(_) => CallClass::Success,
        Err(CallError::CircuitOpen(_)) => CallClass::CircuitOpen,
        Err(CallError::TimedOut(_)) => CallClass::Timeout,
        Err(CallError::Unreachable(_) | CallError::Broken(_)) => CallClass::Unreachable,
        Err(CallError::TooLarge) => CallClass::Unreadable,
    }
}

/// Tells the observer when it is dropped, so that a call that its caller gives up is counted as well.
struct Ending {
    operation: Operation,
    observer: Option<Arc<dyn CallObserver>>,
    span: Span,
    began: Instant,
    class: CallClass,
}

impl Ending {
    fn new(operation: Operation, observer: Option<Arc<dyn CallObserver>>, span: Span) -> Self {
        Self { operation, observer, span, began: Instant::now(), class: CallClass::Cancelled }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.span.record("class", self.class.as_str());
        let Some(observer) = &self.observer else { return };
        observer.ended(&ObservedCall {
            method: method_name(self.operation),
            route: self.operation.route(),
            write: self.operation.is_write(),
            class: self.class,
            elapsed: self.began.elapsed(),
        });
    }
}

fn method_name(operation: Operation) -> &'static str {
    match operation.method() {
        http::Method::POST => "POST",
        http::Method::PUT => "PUT",
        http::Method::DELETE => "DELETE",
        _ => "GET",
    }
}
