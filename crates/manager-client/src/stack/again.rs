//! Reads are tried again when nobody was there to answer them.

use std::pin::Pin;
use std::time::Duration;

use http::StatusCode;
use tower::retry::Policy;

use crate::call::{Answer, Call, CallError};

/// Longest pause before the first further attempt; doubled for the second.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the read in hand may still be tried again.
#[derive(Debug, Clone)]
pub(super) struct Again {
    left: u32,
    pause: Duration,
}

impl Default for Again {
    fn default() -> Self {
        Self { left: 2, pause: PAUSE }
    }
}

/// Whether the same read may well be answered a moment later. A timeout is not among the reasons: who is
/// slow gets slower by being asked twice.
fn is_passing(result: &Result<Answer, CallError>) -> bool {
    match result {
        Ok(answer) => matches!(
            answer.status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        ),
        Err(error) => matches!(error, CallError::Unreachable(_) | CallError::Broken(_)),
    }
}

impl Policy<Call, Answer, CallError> for Again {
    type Future = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn retry(&mut self, call: &mut Call, result: &mut Result<Answer, CallError>) -> Option<Self::Future> {
        if !call.operation.may_repeat() || self.left == 0 || !is_passing(result) {
            return None;
        }
        self.left -= 1;
        let pause = self.pause.mul_f64(fastrand::f64());
        self.pause *= 2;
        Some(Box::pin(tokio::time::sleep(pause)))
    }

    fn clone_request(&mut self, call: &Call) -> Option<Call> {
        call.operation.may_repeat().then(|| call.clone())
    }
}
