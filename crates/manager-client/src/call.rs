//! One call on its way through the stack, its answer, and why there is none.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::operation::Operation;
use crate::transport::AnswerBody;

/// One call. Its path holds ids and validated words only.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) path: String,
    pub(crate) query: Cow<'static, str>,
    pub(crate) cluster: Option<Uuid>,
    pub(crate) body: Option<Bytes>,
    pub(crate) traceparent: Option<String>,
}

impl Call {
    pub(crate) fn new(operation: Operation, path: String) -> Self {
        Self { operation, path, query: Cow::Borrowed(""), cluster: None, body: None, traceparent: None }
    }

    /// Names the cluster concerned, so that writes to it take turns.
    pub(crate) fn cluster(mut self, id: Uuid) -> Self {
        self.cluster = Some(id);
        self
    }

    pub(crate) fn query(mut self, query: impl Into<Cow<'static, str>>) -> Self {
        self.query = query.into();
        self
    }

    /// Sets the JSON to send; its memory is wiped after the last use, for it may hold a token.
    pub(crate) fn body(mut self, json: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(Bytes::from_owner(json));
        self
    }
}

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: AnswerBody,
}

impl Answer {
    /// The last segment of the path in `Location`; the rest of it is not to be relied upon.
    pub(crate) fn located_id(&self) -> Option<Uuid> {
        let location = self.headers.get(header::LOCATION)?.to_str().ok()?;
        location.trim_end_matches('/').rsplit('/').next()?.parse().ok()
    }

    /// The pause that was asked for, in its form of seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallError {
    /// The call was not made: the circuit is open.
    CircuitOpen(Outage),
    /// No answer in time.
    TimedOut(Duration),
    /// No connection could be made.
    Unreachable(String),
    /// The connection broke.
    Broken(String),
    /// The answer is larger than anything Manager says.
    TooLarge,
}

/// A time without answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outage {
    /// When it was noticed.
    pub(crate) since: Timestamp,
    /// What the last attempt met.
    pub(crate) cause: String,
    /// Time until the next attempt.
    pub(crate) pause: Duration,
}
