//! Answers.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::negotiate::{Encoding, Format, Shape};
use super::request::Parameters;
use crate::error::ApiError;
use crate::meta;
use crate::resource::Resource;
use crate::store::Object;
use crate::table::{self, RowObject};

const JSON: &str = "application/json";

/// An answer with a body of the given type.
pub fn bytes(code: u16, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Plain text.
pub fn text(code: u16, body: impl Into<Body>) -> Response {
    bytes(code, "text/plain; charset=utf-8", body)
}

/// A JSON document, or the same as YAML.
pub fn value(code: u16, format: Format, value: &Value) -> Response {
    match format.encoding {
        Encoding::Json => bytes(code, JSON, value.to_string()),
        Encoding::Yaml => match serde_saphyr::to_string(value) {
            Ok(yaml) => bytes(code, "application/yaml", yaml),
            Err(error) => failure(Format::JSON, &ApiError::internal(error.to_string())),
        },
    }
}

/// A failure.
pub fn failure(format: Format, error: &ApiError) -> Response {
    if error.plain_text {
        return text(error.code, format!("{}\n", error.message));
    }
    let mut response = value(error.code, format, &error.status());
    if let Some(seconds) = error.details.as_ref().map(|details| details.retry_after).filter(|wait| *wait > 0)
    {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// How the client wants objects shown.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Their resource.
    pub resource: &'a Resource,
    /// Form of the answer.
    pub format: Format,
    /// What goes with each row of a table.
    pub rows_with: RowObject,
    /// Time that ages are counted from.
    pub now: Timestamp,
}

/// Which form of the object goes with each row, as the query asks.
pub fn row_object(parameters: &Parameters) -> RowObject {
    match parameters.get("includeObject") {
        "None" => RowObject::None,
        "Object" => RowObject::Whole,
        _ => RowObject::Metadata,
    }
}

/// One object.
pub fn object(code: u16, view: View<'_>, object: &Arc<Object>) -> Response {
    match view.format.shape {
        Shape::Table => value(code, view.format, &table_of(view, std::slice::from_ref(object), None)),
        Shape::Partial => value(code, view.format, &table::partial(object.value(), "PartialObjectMetadata")),
        _ if view.format.encoding == Encoding::Json => bytes(code, JSON, object.json().clone()),
        _ => value(code, view.format, object.value()),
    }
}

/// A list with its metadata.
pub fn list(view: View<'_>, objects: &[Arc<Object>], list_meta: Value) -> Response {
    match view.format.shape {
        Shape::Table => {
            let list_meta = without_empty_continue(list_meta);
            value(200, view.format, &table_of(view, objects, Some(list_meta)))
        }
        Shape::Partial => {
            let list_meta = without_empty_continue(list_meta);
            let items: Vec<Value> = objects
                .iter()
                .map(|object| table::partial(object.value(), "PartialObjectMetadata"))
                .collect();
            let list = json!({
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                "metadata": list_meta, "items": items,
            });
            value(200, view.format, &list)
        }
        _ if view.format.encoding == Encoding::Json => {
            bytes(200, JSON, list_json(view.resource, objects, &list_meta))
        }
        _ => {
            let items: Vec<Value> = objects.iter().map(|object| item(view.resource, object)).collect();
            let list = json!({
                "kind": view.resource.list_kind, "apiVersion": view.resource.api_version(),
                "metadata": list_meta, "items": items,
            });
            value(200, view.format, &list)
        }
    }
}

/// Lists of custom resources say that there is no more; their other forms say nothing.
fn without_empty_continue(mut list_meta: Value) -> Value {
    meta::root(&mut list_meta).retain(|key, value| key != "continue" || value != "");
    list_meta
}

/// The JSON of a list, put together from the JSON that every object already has.
fn list_json(resource: &Resource, objects: &[Arc<Object>], list_meta: &Value) -> Vec<u8> {
    let head = format!(
        "{{\"apiVersion\":{},\"kind\":{},\"metadata\":{list_meta},\"items\":[",
        Value::from(resource.api_version()),
        Value::from(resource.list_kind.as_str())
    );
    let mut body = head.into_bytes();
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        if resource.is_custom() {
            body.extend_from_slice(object.json());
        } else {
            body.extend_from_slice(item(resource, object).to_string().as_bytes());
        }
    }
    body.extend_from_slice(b"]}");
    body
}

/// An item of a list; built-in kinds leave out what the list says already.
fn item(resource: &Resource, object: &Object) -> Value {
    let mut item = object.value().clone();
    if !resource.is_custom() {
        let root = meta::root(&mut item);
        root.remove("apiVersion");
        root.remove("kind");
    }
    item
}

fn table_of(view: View<'_>, objects: &[Arc<Object>], list_meta: Option<Value>) -> Value {
    let rows = objects
        .iter()
        .map(|object| table::row(view.resource, object.value(), view.rows_with, view.now))
        .collect();
    let list_meta = list_meta.unwrap_or_else(|| {
        let version = objects.first().and_then(|object| meta::text(object.value(), "resourceVersion"));
        json!({ "resourceVersion": version.unwrap_or_default() })
    });
    table::table(table::columns(view.resource), rows, list_meta)
}
