//! Objects as rows, for `kubectl get`.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::jsonpath;
use crate::meta;
use crate::resource::{Column, Family, Resource};
use crate::time;

/// Which form of the object goes with each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowObject {
    /// Nothing.
    None,
    /// Its metadata.
    Metadata,
    /// All of it.
    Whole,
}

/// Headings of the table of a resource.
pub fn columns(resource: &Resource) -> Value {
    let name = json!({
        "name": "Name", "type": "string", "format": "name", "priority": 0,
        "description": "Name of the object, unique within its namespace.",
    });
    let others = resource.columns.iter().map(|column| {
        json!({
            "name": column.name, "type": column.kind, "format": column.format,
            "description": column.description, "priority": column.priority,
        })
    });
    std::iter::once(name).chain(others).collect()
}

/// One row.
pub fn row(resource: &Resource, object: &Value, with: RowObject, now: Timestamp) -> Value {
    let mut cells = vec![Value::from(meta::name(object))];
    // Events are read in their stored form, whichever version shows them.
    let stored = (resource.family == Family::Event).then(|| crate::event::to_core(object));
    let shown = stored.as_ref().unwrap_or(object);
    cells.extend(resource.columns.iter().map(|column| match column.path.as_str() {
        "" => computed(resource.family, &column.name, shown, now),
        _ => cell(column, shown, now, resource.is_custom()),
    }));
    let mut row = json!({ "cells": cells });
    let attached = match with {
        RowObject::None => Value::Null,
        RowObject::Metadata => partial(object, "PartialObjectMetadata"),
        RowObject::Whole => object.clone(),
    };
    meta::root(&mut row).insert("object".into(), attached);
    row
}

/// A table of some rows; headings are left out in all but the first event of a watch.
pub fn table(columns: Value, rows: Vec<Value>, list_meta: Value) -> Value {
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": list_meta,
        "columnDefinitions": columns, "rows": rows,
    })
}

/// The metadata of an object as an object of its own.
pub fn partial(object: &Value, kind: &str) -> Value {
    json!({
        "kind": kind, "apiVersion": "meta.k8s.io/v1",
        "metadata": object.get("metadata").cloned().unwrap_or_else(|| json!({})),
    })
}

fn cell(column: &Column, object: &Value, now: Timestamp, custom: bool) -> Value {
    let found = jsonpath::find(object, &column.path);
    let Some(first) = found.first() else {
        return if custom { Value::Null } else { Value::from("") };
    };
    match (column.kind.as_str(), first) {
        (_, Value::Null) => Value::Null,
        ("date", Value::String(since)) if custom => time::age(since, now).into(),
        ("integer", Value::Number(number)) => match number.as_f64() {
            Some(number) => (number.trunc() as i64).into(),
            None => Value::Null,
        },
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => (*first).clone(),
        ("integer" | "number" | "boolean", _) => Value::Null,
        (_, Value::String(text)) => text.as_str().into(),
        (_, other) => other.to_string().into(),
    }
}

fn computed(family: Family, column: &str, object: &Value, now: Timestamp) -> Value {
    let text = |path: &str| {
        let found = jsonpath::find(object, path);
        found.first().and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let created = || time::age(&text(".metadata.creationTimestamp"), now);
    let count = |field: &str| object.get(field).and_then(Value::as_object).map_or(0, |map| map.len());
    match (family, column) {
        (Family::Secret, "Data") => count("data").into(),
        (Family::ConfigMap, "Data") => (count("data") + count("binaryData")).into(),
        (Family::CoreEvent | Family::Event, _) => event_cell(column, object, now),
        _ => created().into(),
    }
}

fn event_cell(column: &str, event: &Value, now: Timestamp) -> Value {
    let text = |path: &str| {
        let found = jsonpath::find(event, path);
        found.first().and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let first_of = |paths: &[&str]| paths.iter().map(|path| text(path)).find(|text| !text.is_empty());
    let ago = |since: Option<String>| match since {
        Some(since) => time::age(&since, now),
        None => "<unknown>".to_owned(),
    };
    match column {
        "Last Seen" => {
            ago(first_of(&[".series.lastObservedTime", ".lastTimestamp", ".eventTime", ".firstTimestamp"]))
                .into()
        }
        "First Seen" => ago(first_of(&[".firstTimestamp", ".eventTime"])).into(),
        "Object" => {
            let kind = text(".involvedObject.kind").to_lowercase();
            format!("{kind}/{}", text(".involvedObject.name")).into()
        }
        "Source" => first_of(&[".source.component", ".reportingComponent"]).unwrap_or_default().into(),
        "Count" => {
            let counted = |path: &str| jsonpath::find(event, path).first().and_then(|value| value.as_i64());
            counted(".series.count").or_else(|| counted(".count")).unwrap_or(1).into()
        }
        _ => Value::from(""),
    }
}
