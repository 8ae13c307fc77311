//! Bodies of requests.

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::protobuf;
use crate::error::ApiError;

const LARGEST: usize = 3 * 1024 * 1024;

/// The whole body.
///
/// # Errors
/// It is larger than the API server takes, or broke off.
pub async fn read(body: Body) -> Result<Bytes, ApiError> {
    to_bytes(body, LARGEST).await.map_err(|_| {
        ApiError::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {LARGEST}"))
    })
}

/// The media type of the body without parameters, empty where none is given.
pub fn media_type(headers: &HeaderMap) -> &str {
    let header = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim()
}

/// The document in a body that is JSON or, by its media type, YAML.
///
/// # Errors
/// It is neither, or cannot be read.
pub fn document(kind: &str, bytes: &[u8]) -> Result<Value, ApiError> {
    match kind {
        "application/yaml" | "application/apply-patch+yaml" => yaml(bytes),
        "application/vnd.kubernetes.protobuf" => protobuf::decode(bytes).ok_or_else(unknown_format),
        "application/cbor" => Err(unknown_format()),
        _ => serde_json::from_slice(bytes).map_err(|error| ApiError::bad_request(json_fault(&error))),
    }
}

fn unknown_format() -> ApiError {
    unsupported(
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
    )
}

/// A body in a format that is not served here.
pub fn unsupported(message: &str) -> ApiError {
    ApiError::new(415, "UnsupportedMediaType", message)
}

fn yaml(bytes: &[u8]) -> Result<Value, ApiError> {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ApiError::bad_request(error.to_string()))?;
    serde_saphyr::from_str(text)
        .map_err(|error| ApiError::bad_request(format!("error decoding YAML: {error}")))
}

fn json_fault(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    error.to_string()
}
