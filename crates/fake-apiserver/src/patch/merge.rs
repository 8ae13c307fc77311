//! JSON merge patch (RFC 7396).

use serde_json::{Map, Value};

/// Lays a merge patch over a value: maps are merged, null removes, everything else replaces.
pub fn apply_merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            apply_merge_patch(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_removes_and_maps_merge() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "l": [1], "x": 1});
        apply_merge_patch(
            &mut target,
            &json!({"a": {"b": null, "d": {"e": null, "f": 1}}, "l": [2], "x": null}),
        );
        assert_eq!(target, json!({"a": {"c": 2, "d": {"f": 1}}, "l": [2]}));
    }
}
