//! Reading a structural schema from JSON.

use regex::Regex;
use serde_json::Value;

use super::{ListKind, Rules, Schema, Type};

pub(super) fn schema(value: &Value) -> Schema {
    Schema {
        kind: value.get("type").and_then(Value::as_str).and_then(kind),
        properties: value
            .get("properties")
            .and_then(Value::as_object)
            .map(|map| map.iter().map(|(key, child)| (key.clone(), schema(child))).collect())
            .unwrap_or_default(),
        additional: additional(value.get("additionalProperties")),
        items: value.get("items").map(|items| Box::new(schema(items))),
        required: texts(value.get("required")),
        default: value.get("default").cloned(),
        allowed: value.get("enum").and_then(Value::as_array).cloned().unwrap_or_default(),
        nullable: flag(value, "nullable"),
        preserve_unknown: flag(value, "x-kubernetes-preserve-unknown-fields"),
        int_or_string: flag(value, "x-kubernetes-int-or-string"),
        embedded_resource: flag(value, "x-kubernetes-embedded-resource"),
        list: list_kind(value),
        atomic_map: value.get("x-kubernetes-map-type").is_some_and(|kind| kind == "atomic"),
        rules: rules(value),
    }
}

fn kind(name: &str) -> Option<Type> {
    Some(match name {
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => return None,
    })
}

fn additional(value: Option<&Value>) -> Option<Box<Schema>> {
    match value? {
        Value::Bool(false) => None,
        Value::Bool(true) => Some(Box::new(Schema { preserve_unknown: true, ..Schema::default() })),
        other => Some(Box::new(schema(other))),
    }
}

fn list_kind(value: &Value) -> ListKind {
    match value.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(texts(value.get("x-kubernetes-list-map-keys"))),
        _ => ListKind::Atomic,
    }
}

fn rules(value: &Value) -> Option<Box<Rules>> {
    const FIELDS: [&str; 16] = [
        "minimum",
        "maximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
    ];
    if !FIELDS.iter().any(|field| value.get(field).is_some()) {
        return None;
    }
    let number = |field: &str| value.get(field).and_then(Value::as_f64);
    let count = |field: &str| value.get(field).and_then(Value::as_u64);
    Some(Box::new(Rules {
        minimum: number("minimum").map(|limit| (limit, flag(value, "exclusiveMinimum"))),
        maximum: number("maximum").map(|limit| (limit, flag(value, "exclusiveMaximum"))),
        multiple_of: number("multipleOf"),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        pattern: value.get("pattern").and_then(Value::as_str).and_then(|text| Regex::new(text).ok()),
        format: value.get("format").and_then(Value::as_str).map(str::to_owned),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        unique_items: flag(value, "uniqueItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
        all_of: list(value.get("allOf")),
        any_of: list(value.get("anyOf")),
        one_of: list(value.get("oneOf")),
        not: value.get("not").map(|not| Box::new(schema(not))),
    }))
}

fn list(value: Option<&Value>) -> Vec<Schema> {
    value.and_then(Value::as_array).map(|list| list.iter().map(schema).collect()).unwrap_or_default()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

fn flag(value: &Value, field: &str) -> bool {
    value.get(field).and_then(Value::as_bool).unwrap_or(false)
}
