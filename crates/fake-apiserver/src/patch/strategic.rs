//! Strategic merge patch, which knows from the schema how lists are merged.

use serde_json::{Map, Value};

use super::merge::apply_merge_patch;
use crate::schema::{ListKind, Schema};

/// Lays a strategic merge patch over a value.
pub fn apply_strategic_patch(target: &mut Value, patch: &Value, schema: &Schema) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            let mut whole = patch.clone();
            whole.remove("$patch");
            *target = Value::Object(whole);
            return;
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return;
        }
        _ => {}
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    if let Some(kept) = patch.get("$retainKeys").and_then(Value::as_array) {
        map.retain(|key, _| kept.iter().any(|one| one == key));
    }
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix("$deleteFromPrimitiveList/") {
            delete_items(map.get_mut(field), value);
        } else if !key.starts_with('$') {
            patch_field(map, key, value, schema);
        }
    }
    for (key, order) in patch {
        if let Some(field) = key.strip_prefix("$setElementOrder/") {
            let list = schema.child(field).map(|child| &child.list);
            if let (Some(Value::Array(items)), Some(order), Some(list)) =
                (map.get_mut(field), order.as_array(), list)
            {
                let server_order = items.clone();
                reorder(items, order, &server_order, list);
            }
        }
    }
}

fn patch_field(map: &mut Map<String, Value>, key: &str, value: &Value, schema: &Schema) {
    if value.is_null() {
        map.remove(key);
        return;
    }
    let known = schema.child(key);
    match (known, value) {
        (Some(known), Value::Object(_)) => {
            apply_strategic_patch(map.entry(key).or_insert(Value::Null), value, known);
        }
        (Some(known), Value::Array(items)) if known.list != ListKind::Atomic => {
            patch_list(map.entry(key).or_insert_with(|| Value::Array(Vec::new())), items, known);
        }
        _ => apply_merge_patch(map.entry(key).or_insert(Value::Null), value),
    }
}

fn patch_list(target: &mut Value, items: &[Value], schema: &Schema) {
    if !target.is_array() {
        *target = Value::Array(Vec::new());
    }
    let Value::Array(list) = target else { return };
    if items.iter().any(|item| item.get("$patch").is_some_and(|patch| patch == "replace")) {
        let without = |item: &&Value| item.get("$patch").is_none();
        *list = items.iter().filter(without).cloned().collect();
        return;
    }
    let server_order = list.clone();
    for item in items {
        let at = list.iter().position(|one| same_item(one, item, &schema.list));
        let deletes = item.get("$patch").is_some_and(|patch| patch == "delete");
        match (at, deletes) {
            (Some(at), true) => {
                list.remove(at);
            }
            (None, true) => {}
            (Some(at), false) => {
                if let (Some(old), Some(schema)) = (list.get_mut(at), schema.items.as_deref()) {
                    apply_strategic_patch(old, item, schema);
                }
            }
            (None, false) => list.push(item.clone()),
        }
    }
    reorder(list, items, &server_order, &schema.list);
}

fn same_item(one: &Value, other: &Value, kind: &ListKind) -> bool {
    match kind {
        ListKind::Map(keys) => {
            keys.iter().all(|key| one.get(key).is_some() && one.get(key) == other.get(key))
        }
        _ => one == other,
    }
}

fn delete_items(target: Option<&mut Value>, items: &Value) {
    if let (Some(Value::Array(list)), Some(items)) = (target, items.as_array()) {
        list.retain(|item| !items.contains(item));
    }
}

/// Items that the patch orders come in its order, the others in that of the server; where the two meet, the
/// server's order decides, and an item that is new to it goes first.
fn reorder(list: &mut Vec<Value>, order: &[Value], server_order: &[Value], kind: &ListKind) {
    let place = |item: &Value, among: &[Value]| among.iter().position(|one| same_item(one, item, kind));
    let (mut patched, others): (Vec<Value>, Vec<Value>) =
        list.drain(..).partition(|item| place(item, order).is_some());
    patched.sort_by_key(|item| place(item, order));
    let mut others = others.into_iter().peekable();
    for item in patched {
        if let Some(at) = place(&item, server_order) {
            while let Some(other) =
                others.next_if(|other| place(other, server_order).is_some_and(|one| one < at))
            {
                list.push(other);
            }
        }
        list.push(item);
    }
    list.extend(others);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        Schema::parse(&json!({
            "type": "object",
            "properties": {
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                "conditions": {
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
                    "items": {"type": "object", "properties": {"type": {"type": "string"}}},
                },
                "atomic": {"type": "array", "items": {"type": "string"}},
            },
        }))
    }

    fn patched(mut target: Value, patch: Value) -> Value {
        apply_strategic_patch(&mut target, &patch, &schema());
        target
    }

    #[test]
    fn lists_merge_by_what_the_schema_says() {
        let target = json!({
            "labels": {"a": "1", "b": "2"}, "finalizers": ["x"], "atomic": ["p"],
            "conditions": [{"type": "A", "s": 1}, {"type": "B", "s": 1}],
        });
        let patch = json!({
            "labels": {"a": null, "c": "3"}, "finalizers": ["y", "x"], "atomic": ["q"],
            "conditions": [{"type": "B", "s": 2}, {"type": "A", "$patch": "delete"}, {"type": "C"}],
        });
        assert_eq!(
            patched(target, patch),
            json!({
                "labels": {"b": "2", "c": "3"}, "finalizers": ["y", "x"], "atomic": ["q"],
                "conditions": [{"type": "B", "s": 2}, {"type": "C"}],
            })
        );
    }

    #[test]
    fn directives() {
        let target = json!({"labels": {"a": "1"}, "finalizers": ["x", "y", "z"]});
        let patch = json!({
            "labels": {"$patch": "replace", "n": "1"},
            "$deleteFromPrimitiveList/finalizers": ["y"],
            "$setElementOrder/finalizers": ["z", "x"],
        });
        assert_eq!(patched(target, patch), json!({"labels": {"n": "1"}, "finalizers": ["z", "x"]}));
    }
}
