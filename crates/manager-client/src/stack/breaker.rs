//! The two places where the [`Circuit`] is asked.

use std::sync::Arc;

use http::StatusCode;
use tower::ServiceExt as _;

use super::circuit::{Circuit, Evidence};
use super::{Inner, layer_service};
use crate::answer::Refusal;
use crate::call::{Answer, Call, CallError};
use crate::operation::Operation;

/// Refuses calls at once, before they queue.
#[derive(Clone)]
pub(super) struct Screen<S> {
    pub(super) inner: S,
    pub(super) circuit: Arc<Circuit>,
}

impl<S: Inner> Screen<S> {
    async fn pass(self, call: Call) -> Result<Answer, CallError> {
        match self.circuit.outage() {
            Some(outage) => Err(CallError::CircuitOpen(outage)),
            None => self.inner.oneshot(call).await,
        }
    }
}

layer_service!(Screen);

/// Lets calls through to the socket, or one probe, and notes how they end.
#[derive(Clone)]
pub(super) struct Guard<S> {
    pub(super) inner: S,
    pub(super) circuit: Arc<Circuit>,
}

impl<S: Inner> Guard<S> {
    async fn pass(self, call: Call) -> Result<Answer, CallError> {
        let pass = self.circuit.admit().map_err(CallError::CircuitOpen)?;
        let operation = call.operation;
        let result = self.inner.oneshot(call).await;
        pass.ended(evidence(operation, &result));
        result
    }
}

layer_service!(Guard);

fn evidence(operation: Operation, result: &Result<Answer, CallError>) -> Evidence {
    match result {
        Ok(answer) => match answer.status {
            status if !status.is_server_error() => Evidence::Alive,
            // Manager explains its errors, even those of its database. Who does not is a proxy, or broken.
            _ if Refusal::read(answer.body.as_bytes()).is_some() => Evidence::Alive,
            // One handler of Manager crashes and the rest of it lives on.
            StatusCode::INTERNAL_SERVER_ERROR if operation.is_write() => {
                Evidence::Unclear("it answered 500 without a reason".into())
            }
            status => Evidence::Dead(format!("it answered {} without a reason", status.as_u16())),
        },
        Err(CallError::TimedOut(limit)) => {
            let cause = format!("no answer within {}s", limit.as_secs_f64());
            // A write waits for the agents of one cluster; their silence must not cut off all the others.
            if operation.is_slow() { Evidence::Unclear(cause) } else { Evidence::Dead(cause) }
        }
        Err(CallError::Unreachable(cause) | CallError::Broken(cause)) => Evidence::Dead(cause.clone()),
        Err(CallError::TooLarge | CallError::CircuitOpen(_)) => {
            Evidence::Unclear("its answer was not to be read".into())
        }
    }
}
