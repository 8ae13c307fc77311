//! Reading and writing `metadata` of an object that is plain JSON.

use serde_json::{Map, Value};

/// The message of every write that lost a race.
pub const STALE: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// `metadata.<field>` where it is a non-empty text.
pub fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get("metadata")?.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// `metadata.name`, or nothing.
pub fn name(object: &Value) -> &str {
    text(object, "name").unwrap_or_default()
}

/// `metadata.namespace`, or nothing for cluster-scoped objects.
pub fn namespace(object: &Value) -> &str {
    text(object, "namespace").unwrap_or_default()
}

/// `metadata.generation`, 0 where it is not kept.
pub fn generation(object: &Value) -> i64 {
    object.get("metadata").and_then(|meta| meta.get("generation")).and_then(Value::as_i64).unwrap_or(0)
}

/// Whether the object waits for its finalizers.
pub fn is_terminating(object: &Value) -> bool {
    text(object, "deletionTimestamp").is_some()
}

/// `metadata.finalizers` as texts.
pub fn finalizers(object: &Value) -> Vec<&str> {
    object
        .get("metadata")
        .and_then(|meta| meta.get("finalizers"))
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// One label of the object.
pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}

/// The top-level map of an object; an object that is no map becomes an empty one.
pub fn root(object: &mut Value) -> &mut Map<String, Value> {
    as_map(object)
}

/// The `metadata` map, made where it is missing.
pub fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    as_map(root(object).entry("metadata").or_insert_with(|| Value::Object(Map::new())))
}

/// Sets `metadata.<field>`.
pub fn set(object: &mut Value, field: &str, value: impl Into<Value>) {
    metadata(object).insert(field.to_owned(), value.into());
}

/// Removes `metadata.<field>`.
pub fn unset(object: &mut Value, field: &str) {
    metadata(object).remove(field);
}

/// Drops empty maps and lists of `metadata`, which the API server never stores.
pub fn drop_empty(object: &mut Value) {
    let metadata = metadata(object);
    for field in ["labels", "annotations", "finalizers", "ownerReferences", "managedFields"] {
        let empty = match metadata.get(field) {
            Some(Value::Object(map)) => map.is_empty(),
            Some(Value::Array(list)) => list.is_empty(),
            Some(Value::Null) => true,
            _ => false,
        };
        if empty {
            metadata.remove(field);
        }
    }
    for field in ["name", "namespace", "generateName", "uid", "resourceVersion", "selfLink"] {
        if matches!(metadata.get(field), Some(Value::Null)) || metadata.get(field).is_some_and(|v| v == "") {
            metadata.remove(field);
        }
    }
    for field in ["creationTimestamp", "deletionTimestamp", "generation", "deletionGracePeriodSeconds"] {
        if matches!(metadata.get(field), Some(Value::Null)) {
            metadata.remove(field);
        }
    }
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made a map just above"),
    }
}
