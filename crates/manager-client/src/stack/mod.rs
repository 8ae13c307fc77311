//! What every call passes on its way out, from the caller to the socket:
//!
//! 1. `again`: reads are tried up to twice more;
//! 2. `trace`: a span, the trace context, the observer;
//! 3. `breaker`: at once refused while Manager does not answer;
//! 4. `turn`: one write at a time per cluster;
//! 5. `rate`: so many per second;
//! 6. tower's concurrency limit: so many at once;
//! 7. `breaker` again: those that queued meanwhile are refused too, and the outcome is noted;
//! 8. `deadline`: reads and writes have their own timeout;
//! 9. `send`: from a call to HTTP.

mod again;
mod breaker;
mod circuit;
mod deadline;
mod rate;
mod send;
mod trace;
mod turn;

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tower::layer::layer_fn;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::retry::RetryLayer;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder};

use crate::base_url::BaseUrl;
use crate::call::{Answer, Call, CallError};
use crate::settings::Settings;
use crate::transport::{AnswerBody, TransportError};

pub(crate) use circuit::Circuit;

/// The stack as the facades see it.
pub(crate) type Stack = BoxCloneSyncService<Call, Answer, CallError>;

/// What a layer answers while it works.
type Pending = Pin<Box<dyn Future<Output = Result<Answer, CallError>> + Send>>;

/// A service that a layer can stand on. Layers are always ready themselves and wait inside the call: a
/// place that is taken when a service says that it is ready would be held while an outer layer waits.
trait Inner:
    Service<Call, Response = Answer, Error = CallError, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> Inner for S where
    S: Service<Call, Response = Answer, Error = CallError, Future: Send> + Clone + Send + Sync + 'static
{
}

/// Implements [`Service`] for a layer by its method `pass(inner, call)`.
macro_rules! layer_service {
    ($layer:ident) => {
        impl<S: super::Inner> tower::Service<crate::call::Call> for $layer<S> {
            type Response = crate::call::Answer;
            type Error = crate::call::CallError;
            type Future = super::Pending;

            fn poll_ready(
                &mut self,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, call: crate::call::Call) -> Self::Future {
                let layer = self.clone();
                Box::pin(layer.pass(call))
            }
        }
    };
}
use layer_service;

/// Builds the stack over a transport.
pub(crate) fn build<T>(settings: &Settings, base: BaseUrl, circuit: Arc<Circuit>, transport: T) -> Stack
where
    T: Service<http::Request<Bytes>, Response = http::Response<AnswerBody>, Error = TransportError>
        + Clone
        + Send
        + Sync
        + 'static,
    T::Future: Send,
{
    let tracing = trace::Tracing::new(settings);
    let turns = turn::Turns::default();
    let pace = rate::Pace::new(settings.rate);
    let (entry, exit) = (Arc::clone(&circuit), circuit);
    let timeouts = deadline::Timeouts { read: settings.read_timeout, write: settings.write_timeout };
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(again::Again::default()))
        .layer(layer_fn(move |inner| trace::Trace { inner, tracing: tracing.clone() }))
        .layer(layer_fn(move |inner| breaker::Screen { inner, circuit: Arc::clone(&entry) }))
        .layer(layer_fn(move |inner| turn::Turn { inner, turns: turns.clone() }))
        .layer(layer_fn(move |inner| rate::Rate { inner, pace: pace.clone() }))
        .layer(GlobalConcurrencyLimitLayer::new(settings.concurrency.max(1)))
        .layer(layer_fn(move |inner| breaker::Guard { inner, circuit: Arc::clone(&exit) }))
        .layer(layer_fn(move |inner| deadline::Deadline { inner, timeouts }))
        .service(send::Send { transport, base });
    BoxCloneSyncService::new(service)
}
