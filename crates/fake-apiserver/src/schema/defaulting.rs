//! Filling in the defaults of a schema.

use serde_json::Value;

use super::Schema;

/// Sets missing fields to their defaults and treats a null that the schema does not allow as missing.
pub fn apply_defaults(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(map) => {
            for (key, known) in &schema.properties {
                let missing = match map.get(key) {
                    None => true,
                    Some(Value::Null) => !known.nullable,
                    Some(_) => false,
                };
                if !missing {
                    continue;
                }
                match &known.default {
                    Some(default) => map.insert(key.clone(), default.clone()),
                    None => map.remove(key),
                };
            }
            for (key, child) in map.iter_mut() {
                if let Some(known) = schema.child(key) {
                    apply_defaults(child, known);
                }
            }
        }
        Value::Array(items) => {
            if let Some(of) = &schema.items {
                items.iter_mut().for_each(|item| apply_defaults(item, of));
            }
        }
        _ => {}
    }
}
