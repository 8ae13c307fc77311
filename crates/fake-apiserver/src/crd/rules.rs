//! Defaults and rules of definitions.

use serde_json::{Map, Value, json};

use crate::error::FieldError;
use crate::meta;

/// Sets what a definition leaves out.
pub fn fill(definition: &mut Value) {
    let text =
        |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = text("/spec/names/kind");
    let storage = definition
        .pointer("/spec/versions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|version| version.get("storage") == Some(&Value::Bool(true)))
        .and_then(|version| version.get("name"))
        .cloned();
    let root = meta::root(definition);
    if let Some(Value::Object(spec)) = root.get_mut("spec") {
        if let Some(Value::Object(names)) = spec.get_mut("names").filter(|_| !kind.is_empty()) {
            names.entry("singular").or_insert_with(|| kind.to_lowercase().into());
            names.entry("listKind").or_insert_with(|| format!("{kind}List").into());
        }
        spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
        spec.remove("preserveUnknownFields");
        for version in spec.get_mut("versions").and_then(Value::as_array_mut).into_iter().flatten() {
            drop_empty_columns(version);
        }
    }
    let status = root.entry("status").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(status) = status {
        status.entry("conditions").or_insert(Value::Null);
        status.entry("acceptedNames").or_insert_with(|| json!({"plural": "", "kind": ""}));
        let stored = status.entry("storedVersions").or_insert_with(|| json!([]));
        if let (Value::Array(stored), Some(storage)) = (stored, storage)
            && !stored.contains(&storage)
        {
            stored.push(storage);
        }
    }
}

fn drop_empty_columns(version: &mut Value) {
    let version = meta::root(version);
    if version.get("additionalPrinterColumns").is_some_and(|columns| columns == &json!([])) {
        version.remove("additionalPrinterColumns");
    }
}

/// What is wrong with a definition beyond its schema.
pub fn validate(definition: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (group, plural) = super::address(definition);
    let name = meta::name(definition);
    if name != format!("{plural}.{group}") {
        let shown = format!("\"{name}\"");
        errors.push(FieldError::invalid(
            "metadata.name",
            shown,
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    }
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let versions: Vec<&Value> = versions.into_iter().flatten().collect();
    for (index, version) in versions.iter().enumerate() {
        let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
        match version.pointer("/schema/openAPIV3Schema") {
            None => errors.push(FieldError::required(field, "schemas are required")),
            Some(schema) => check_root_type(schema, &field, &mut errors),
        }
    }
    let storage = versions.iter().filter(|version| version.get("storage") == Some(&Value::Bool(true)));
    if storage.count() != 1 {
        let shown = Value::from(versions.into_iter().cloned().collect::<Vec<_>>()).to_string();
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid("spec.versions", shown, detail));
    }
    errors
}

fn check_root_type(schema: &Value, field: &str, errors: &mut Vec<FieldError>) {
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {}
        None => errors.push(FieldError::required(format!("{field}.type"), "must not be empty at the root")),
        Some(other) => errors.push(FieldError::invalid(
            format!("{field}.type"),
            format!("\"{other}\""),
            "must be object at the root",
        )),
    }
}
