//! The errors of the API: how they are classified (poorly, on purpose) and what their body looks like.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use crate::wire::decode::DecodeError;

/// An answer that is not a success.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The status line.
    pub status: StatusCode,
    /// The body, or nothing where the real server crashes inside a handler.
    pub body: Option<ErrorBody>,
}

/// The JSON body of an error.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorBody {
    /// What went wrong, outermost context first.
    pub message: String,
    /// A hint; almost always empty.
    pub details: Cow<'static, str>,
    /// Names the request in the server's log.
    pub trace_id: String,
}

impl ApiError {
    /// An error with a body.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let trace_id = uuid::Uuid::new_v4().simple().to_string();
        Self { status, body: Some(ErrorBody { message: message.into(), details: "".into(), trace_id }) }
    }

    /// 400: a body, query or path that could not be read.
    pub fn malformed(message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("malformed request: {message}"))
    }

    /// 400: a request that makes no sense to the server.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 404.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("get resource: {what}: not found"))
    }

    /// 500: everything that the server does not recognise, many client mistakes among them.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// 500 without a body: the handler crashed.
    pub fn crashed() -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, body: None }
    }

    /// 500: the database does not answer.
    pub fn database_down() -> Self {
        Self::internal("gocql: no hosts available in the pool")
    }

    /// The same error with `context` in front of its message.
    #[must_use]
    pub fn context(mut self, context: &str) -> Self {
        if let Some(body) = &mut self.body {
            let message = match body.message.strip_prefix("get resource: ") {
                Some(rest) => format!("get resource: {context}: {rest}"),
                None => format!("{context}: {}", body.message),
            };
            body.message = message;
        }
        self
    }

    /// The same error with a hint.
    #[must_use]
    pub fn details(mut self, details: &'static str) -> Self {
        if let Some(body) = &mut self.body {
            body.details = details.into();
        }
        self
    }
}

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        Self::malformed(error)
    }
}
