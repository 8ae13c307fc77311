//! From a call to HTTP and back.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, header};
use tower::{Service, ServiceExt as _};

use super::Pending;
use crate::base_url::BaseUrl;
use crate::call::{Answer, Call, CallError};
use crate::transport::{AnswerBody, TransportError};

/// The end of the stack.
#[derive(Clone)]
pub(super) struct Send<T> {
    pub(super) transport: T,
    pub(super) base: BaseUrl,
}

impl<T> Service<Call> for Send<T>
where
    T: Service<http::Request<Bytes>, Response = http::Response<AnswerBody>, Error = TransportError>
        + Clone
        + std::marker::Send
        + 'static,
    T::Future: std::marker::Send,
{
    type Response = Answer;
    type Error = CallError;
    type Future = Pending;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let transport = self.transport.clone();
        let request = request(&self.base, call);
        Box::pin(async move {
            let request = request.map_err(|error| CallError::Unreachable(error.to_string()))?;
            let answer = transport.oneshot(request).await.map_err(|error| match error {
                TransportError::Unreachable(cause) => CallError::Unreachable(cause),
                TransportError::Broken(cause) => CallError::Broken(cause),
                TransportError::TooLarge => CallError::TooLarge,
            })?;
            let (parts, body) = answer.into_parts();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        })
    }
}

fn request(base: &BaseUrl, call: Call) -> Result<http::Request<Bytes>, http::Error> {
    let mut request = http::Request::builder()
        .method(call.operation.method())
        .uri(base.join(&call.path, &call.query))
        .header(header::ACCEPT, "application/json");
    if call.body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    // Tracing must not be able to stop a call, so what cannot stand in a header stays behind.
    if let Some(value) = call.traceparent.and_then(|text| HeaderValue::from_str(&text).ok()) {
        request = request.header("traceparent", value);
    }
    request.body(call.body.unwrap_or_default())
}
