//! The fault switches for tests in other processes and languages, below `/_fake/`.

use axum::body::Body;
use axum::response::Response;
use http::Method;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use super::negotiate::Format;
use super::{Shared, body, respond};
use crate::error::ApiError;
use crate::faults::Fault;

#[derive(Deserialize)]
struct Pause {
    paused: bool,
}

/// Answers one request to a fault switch.
pub(super) async fn handle(shared: &Shared, parts: &Parts, body: Body) -> Response {
    match switch(shared, parts, body).await {
        Ok(value) => respond::value(200, Format::JSON, &value),
        Err(error) => respond::failure(Format::JSON, &error),
    }
}

async fn switch(shared: &Shared, parts: &Parts, body: Body) -> Result<Value, ApiError> {
    let bytes = body::read(body).await?;
    let unreadable = |error: serde_json::Error| ApiError::bad_request(error.to_string());
    match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/_fake/faults") => {
            let fault: Fault = serde_json::from_slice(&bytes).map_err(unreadable)?;
            shared.faults.lock().inject(fault);
        }
        (&Method::DELETE, "/_fake/faults") => shared.faults.lock().clear(),
        (&Method::GET, "/_fake/counts") => return Ok(counts(shared)),
        (&Method::DELETE, "/_fake/counts") => *shared.counts.lock() = crate::faults::Counts::default(),
        (&Method::POST, "/_fake/watches/drop") => shared.drop_watches(),
        (&Method::POST, "/_fake/compact") => shared.state.lock().store.compact(),
        (&Method::POST, "/_fake/bookmarks") => {
            let pause: Pause = serde_json::from_slice(&bytes).map_err(unreadable)?;
            shared.bookmarks_paused.send_replace(pause.paused);
        }
        _ => return Err(ApiError::not_served()),
    }
    Ok(json!({}))
}

fn counts(shared: &Shared) -> Value {
    let counts = shared.counts.lock();
    let list: Vec<Value> = counts
        .iter()
        .map(|(key, count)| {
            json!({
                "verb": key.verb, "group": key.group, "resource": key.resource,
                "subresource": key.subresource, "count": count,
            })
        })
        .collect();
    json!({ "counts": list })
}
