//! Dropping what a schema does not know.

use serde_json::Value;

use super::{Schema, Type};

/// Removes the fields that the schema does not declare and returns their paths, for strict requests.
pub fn prune(value: &mut Value, schema: &Schema) -> Vec<String> {
    let mut unknown = Vec::new();
    walk(value, schema, "", &mut unknown);
    unknown
}

fn walk(value: &mut Value, schema: &Schema, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if schema.preserve_unknown && schema.properties.is_empty() && schema.additional.is_none() {
                return;
            }
            map.retain(|key, child| {
                let at = join(path, key);
                if let Some(known) = schema.child(key) {
                    walk(child, known, &at, unknown);
                    return true;
                }
                if schema.preserve_unknown || (schema.embedded_resource && is_type_meta(key)) {
                    return true;
                }
                if schema.kind != Some(Type::Object) {
                    // A node that is no object says nothing about its fields; validation refuses it.
                    return true;
                }
                unknown.push(at);
                false
            });
        }
        Value::Array(items) => {
            if let Some(of) = &schema.items {
                for (index, item) in items.iter_mut().enumerate() {
                    walk(item, of, &format!("{path}[{index}]"), unknown);
                }
            }
        }
        _ => {}
    }
}

fn is_type_meta(key: &str) -> bool {
    matches!(key, "apiVersion" | "kind" | "metadata")
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
