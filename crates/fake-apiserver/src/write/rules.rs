//! Rules on metadata and on built-in kinds that no schema expresses.

use serde_json::Value;

use crate::crd;
use crate::error::FieldError;
use crate::meta;
use crate::names;
use crate::resource::{Family, Resource};
use crate::schema;

/// Everything wrong with an object about to be created.
pub fn on_create(resource: &Resource, object: &Value) -> Vec<FieldError> {
    let name = meta::name(object);
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        let fault = match resource.family {
            Family::Namespace => names::label_fault(name),
            _ => names::subdomain_fault(name),
        };
        if let Some(fault) = fault {
            errors.push(FieldError::invalid("metadata.name", format!("\"{name}\""), fault));
        }
    }
    metadata(object, &mut errors);
    content(resource, object, &mut errors);
    errors
}

/// Everything wrong with a change.
pub fn on_update(resource: &Resource, old: &Value, new: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["uid", "name", "namespace"] {
        let (before, after) = (meta::text(old, field), meta::text(new, field));
        if before != after {
            let shown = format!("\"{}\"", after.unwrap_or_default());
            errors.push(FieldError::invalid(format!("metadata.{field}"), shown, "field is immutable"));
        }
    }
    metadata(new, &mut errors);
    if meta::is_terminating(old) {
        let before = meta::finalizers(old);
        let added: Vec<String> = meta::finalizers(new)
            .into_iter()
            .filter(|finalizer| !before.contains(finalizer))
            .map(|finalizer| format!("{finalizer:?}"))
            .collect();
        if !added.is_empty() {
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.push(FieldError::forbidden("metadata.finalizers", detail));
        }
    }
    immutable(resource, old, new, &mut errors);
    content(resource, new, &mut errors);
    errors
}

fn metadata(object: &Value, errors: &mut Vec<FieldError>) {
    let Some(metadata) = object.get("metadata") else { return };
    for (key, value) in metadata.get("labels").and_then(Value::as_object).into_iter().flatten() {
        let shown = value.to_string();
        if !names::is_qualified(key) {
            errors.push(FieldError::invalid("metadata.labels", format!("\"{key}\""), QUALIFIED));
        }
        if !names::is_label_value(value.as_str().unwrap_or_default()) {
            errors.push(FieldError::invalid("metadata.labels", shown, LABEL_VALUE));
        }
    }
    for key in
        metadata.get("annotations").and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key)
    {
        if !names::is_qualified(&key.to_lowercase()) {
            errors.push(FieldError::invalid("metadata.annotations", format!("\"{key}\""), QUALIFIED));
        }
    }
    for finalizer in meta::finalizers(object) {
        if !names::is_qualified(finalizer) {
            let shown = format!("\"{finalizer}\"");
            errors.push(FieldError::invalid("metadata.finalizers", shown, QUALIFIED));
        }
    }
}

const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn content(resource: &Resource, object: &Value, errors: &mut Vec<FieldError>) {
    match resource.family {
        Family::Custom => errors.extend(schema::validate(object, &resource.schema, "")),
        Family::Definition => {
            errors.extend(schema::validate(object, &resource.schema, ""));
            if errors.is_empty() {
                errors.extend(crd::validate(object));
            }
        }
        Family::Lease => {
            let field = "leaseDurationSeconds";
            let value = object.get("spec").and_then(|spec| spec.get(field)).and_then(Value::as_i64);
            if let Some(value) = value.filter(|value| *value <= 0) {
                let path = format!("spec.{field}");
                errors.push(FieldError::invalid(path, value.to_string(), "must be greater than 0"));
            }
        }
        _ => {}
    }
}

fn immutable(resource: &Resource, old: &Value, new: &Value, errors: &mut Vec<FieldError>) {
    if !matches!(resource.family, Family::Secret | Family::ConfigMap) {
        return;
    }
    if resource.family == Family::Secret && old.get("type") != new.get("type") {
        let shown = new.get("type").unwrap_or(&Value::Null).to_string();
        errors.push(FieldError::invalid("type", shown, "field is immutable"));
    }
    if old.get("immutable") == Some(&Value::Bool(true)) {
        let detail = "field is immutable when `immutable` is set";
        for field in ["immutable", "data", "binaryData"] {
            if old.get(field) != new.get(field) {
                errors.push(FieldError::forbidden(field, detail));
            }
        }
    }
}
