//! Answers.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{error::ApiError, wire::encode::document};

/// An answer: a status, maybe a `Location`, and any number of JSON documents.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    location: Option<String>,
    content_type: Option<&'static str>,
    body: Vec<u8>,
}

impl Reply {
    /// A status and nothing else.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, location: None, content_type: None, body: Vec::new() }
    }

    /// 200 and nothing else.
    pub fn ok() -> Self {
        Self::empty(StatusCode::OK)
    }

    /// 200 and a document.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        Self { content_type: Some("application/json"), body: document(value), ..Self::ok() }
    }

    /// 201 and where the new thing is.
    pub fn created(location: String) -> Self {
        Self { location: Some(location), ..Self::empty(StatusCode::CREATED) }
    }

    /// A status and a plain text.
    pub fn text(status: StatusCode, text: impl Into<Vec<u8>>) -> Self {
        Self { content_type: Some("text/plain; charset=utf-8"), body: text.into(), ..Self::empty(status) }
    }

    /// The same with the documents of another answer behind its own; its status is lost.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        self.content_type = self.content_type.or(next.content_type);
        self.body.extend(next.body);
        self
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        match error.body {
            Some(body) => Self { status: error.status, ..Self::json(&body) },
            None => Self::empty(error.status),
        }
    }
}

impl From<Result<Reply, ApiError>> for Reply {
    fn from(result: Result<Reply, ApiError>) -> Self {
        result.unwrap_or_else(Self::from)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}
