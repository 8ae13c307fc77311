//! From the body of a request to an object that fits its schema.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::crd;
use crate::error::{ApiError, FieldError};
use crate::event;
use crate::meta;
use crate::names;
use crate::resource::{Family, Resource};
use crate::schema;

/// Checks type and version of a whole object that a client sent.
///
/// # Errors
/// The body is no object of this resource.
pub fn check_type(resource: &Resource, body: &Value) -> Result<(), ApiError> {
    if !body.is_object() {
        let message = format!(
            "{} in version \"{}\" cannot be handled as a {}: the body is not an object",
            resource.kind, resource.version, resource.kind
        );
        return Err(ApiError::bad_request(message));
    }
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if resource.is_custom() && kind.is_empty() {
        return Err(cannot_be_handled(resource, "Object 'Kind' is missing"));
    }
    let expected = resource.api_version();
    if !api_version.is_empty() && api_version != expected {
        let message = format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        );
        return Err(ApiError::bad_request(message));
    }
    if !kind.is_empty() && kind != resource.kind {
        if !resource.is_custom() {
            let message = format!(
                "{kind} in version \"{}\" cannot be handled as a {}: no kind \"{kind}\" is registered",
                resource.version, resource.kind
            );
            return Err(ApiError::bad_request(message));
        }
        let what = crate::error::Qualified { group: &resource.group, name: kind };
        let error = FieldError::invalid("kind", format!("\"{kind}\""), format!("must be {}", resource.kind));
        return Err(ApiError::invalid(what, meta::name(body), &[error]));
    }
    Ok(())
}

/// Drops what the schema does not know, fills in defaults and brings the object into the form in which it is
/// stored.
///
/// # Errors
/// Unknown fields in a strict request, or values of a built-in kind that cannot be decoded.
pub fn fit(resource: &Resource, object: &mut Value, strict: bool) -> Result<(), ApiError> {
    let root = meta::root(object);
    root.insert("apiVersion".into(), resource.api_version().into());
    root.insert("kind".into(), resource.kind.as_str().into());
    let unknown = schema::prune(object, &resource.schema);
    if strict && !unknown.is_empty() {
        let list: Vec<String> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
        return Err(ApiError::bad_request(format!("strict decoding error: {}", list.join(", "))));
    }
    schema::apply_defaults(object, &resource.schema);
    meta::drop_empty(object);
    match resource.family {
        Family::Secret => fit_secret(resource, object)?,
        Family::CoreEvent => event::fill_core(object),
        Family::Definition => crd::fill(object),
        Family::Namespace => fit_namespace(object),
        _ => {}
    }
    if !matches!(resource.family, Family::Custom | Family::Definition) {
        drop_nulls(object);
        if let Some(error) = schema::validate(object, &resource.schema, "").first() {
            return Err(cannot_be_handled(resource, &error.to_string()));
        }
    }
    Ok(())
}

fn cannot_be_handled(resource: &Resource, why: &str) -> ApiError {
    ApiError::bad_request(format!(
        "{} in version \"{}\" cannot be handled as a {}: {why}",
        resource.kind, resource.version, resource.kind
    ))
}

fn fit_secret(resource: &Resource, secret: &mut Value) -> Result<(), ApiError> {
    let root = meta::root(secret);
    let plain = root.remove("stringData");
    if let Some(Value::Object(plain)) = plain {
        let data = root.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if !data.is_object() {
            *data = Value::Object(Map::new());
        }
        if let Value::Object(data) = data {
            for (key, value) in plain {
                data.insert(key, STANDARD.encode(value.as_str().unwrap_or_default()).into());
            }
        }
    }
    if matches!(root.get("data"), Some(Value::Null)) {
        root.remove("data");
    }
    for (key, value) in root.get_mut("data").and_then(Value::as_object_mut).into_iter().flatten() {
        if value.is_null() {
            *value = Value::from("");
        }
        if let Some(text) = value.as_str() {
            STANDARD.decode(text).map_err(|error| {
                cannot_be_handled(resource, &format!("v1.Secret.Data: decode base64 of {key}: {error}"))
            })?;
        }
    }
    let kind = root.entry("type").or_insert(Value::Null);
    if kind.is_null() || *kind == "" {
        *kind = Value::from("Opaque");
    }
    Ok(())
}

fn fit_namespace(namespace: &mut Value) {
    let name = meta::name(namespace).to_owned();
    let root = meta::root(namespace);
    let spec = root.entry("spec").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(spec) = spec {
        spec.entry("finalizers").or_insert_with(|| serde_json::json!(["kubernetes"]));
    }
    let status = root.entry("status").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(status) = status {
        let phase = status.entry("phase").or_insert(Value::Null);
        if phase.is_null() || *phase == "" {
            *phase = Value::from("Active");
        }
    }
    // A name that is refused anyway is not put into a label, which would be refused too.
    if names::label_fault(&name).is_none() {
        let labels = meta::metadata(namespace).entry("labels").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(labels) = labels {
            labels.insert("kubernetes.io/metadata.name".into(), name.into());
        }
    }
}

/// Built-in kinds do not store nulls, except the times that events show even when they are not set.
fn drop_nulls(object: &mut Value) {
    const SHOWN: [&str; 3] = ["firstTimestamp", "lastTimestamp", "eventTime"];
    fn walk(value: &mut Value) {
        if let Value::Object(map) = value {
            map.retain(|key, child| !child.is_null() || SHOWN.contains(&key.as_str()));
            map.values_mut().for_each(walk);
        }
    }
    walk(object);
}
