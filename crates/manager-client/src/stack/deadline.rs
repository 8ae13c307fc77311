//! How long Manager may take for one call.

use std::time::Duration;

use tower::ServiceExt as _;

use super::{Inner, layer_service};
use crate::call::{Answer, Call, CallError};

/// The two timeouts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) read: Duration,
    pub(super) write: Duration,
}

/// The layer. (tower's own timeout knows one duration for all.)
#[derive(Clone)]
pub(super) struct Deadline<S> {
    pub(super) inner: S,
    pub(super) timeouts: Timeouts,
}

impl<S: Inner> Deadline<S> {
    async fn pass(self, call: Call) -> Result<Answer, CallError> {
        let limit = if call.operation.is_slow() { self.timeouts.write } else { self.timeouts.read };
        match tokio::time::timeout(limit, self.inner.oneshot(call)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(CallError::TimedOut(limit)),
        }
    }
}

layer_service!(Deadline);
