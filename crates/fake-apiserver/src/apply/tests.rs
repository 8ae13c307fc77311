use serde_json::{Value, json};

use super::field_set::FieldSet;
use super::{Writer, apply, track_update};
use crate::schema::Schema;

fn schema() -> Schema {
    Schema::parse(&json!({
        "type": "object",
        "properties": {
            "metadata": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "spec": {
                "type": "object",
                "properties": {
                    "size": {"type": "integer"},
                    "atomic": {"type": "array", "items": {"type": "string"}},
                    "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                    "items": {
                        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                        "items": {
                            "type": "object",
                            "properties": {"k": {"type": "string"}, "v": {"type": "integer"}, "w": {"type": "integer"}},
                        },
                    },
                    "nested": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                },
            },
        },
    }))
}

fn writer<'a>(schema: &'a Schema, manager: &'a str) -> Writer<'a> {
    Writer { schema, api_version: "g/v1", manager, subresource: "", now: "2026-01-01T00:00:00Z" }
}

fn object(spec: Value) -> Value {
    json!({"metadata": {"name": "a"}, "spec": spec})
}

/// Applies one configuration after the other, each with its manager, without force.
fn applied(steps: &[(&str, Value)]) -> Value {
    let schema = schema();
    steps.iter().fold(Value::Null, |live, (manager, spec)| {
        let new = apply(&live, &object(spec.clone()), false, &writer(&schema, manager)).unwrap();
        new.unwrap_or(live)
    })
}

fn fields(object: &Value, manager: &str) -> Value {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array).unwrap();
    let mine = entries.iter().find(|entry| entry["manager"] == manager);
    mine.map(|entry| entry["fieldsV1"].clone()).unwrap_or_default()
}

#[test]
fn lists_are_owned_as_the_schema_says() {
    let spec =
        json!({"atomic": ["x"], "set": ["p"], "items": [{"k": "i", "v": 1}], "free": {"m": {"n": [1]}}});
    let object = applied(&[("one", spec)]);
    assert_eq!(
        fields(&object, "one"),
        json!({"f:spec": {
            "f:atomic": {},
            "f:set": {"v:\"p\"": {}},
            "f:items": {"k:{\"k\":\"i\"}": {".": {}, "f:k": {}, "f:v": {}}},
            "f:free": {"f:m": {".": {}, "f:n": {}}},
        }})
    );
}

#[test]
fn what_an_applier_lets_go_of_is_removed() {
    let object = applied(&[
        ("one", json!({"size": 1, "set": ["p", "q"], "items": [{"k": "i", "v": 1}], "nested": {"a": 1}})),
        ("two", json!({"set": ["q", "r"], "items": [{"k": "i", "w": 2}]})),
        ("one", json!({"size": 1})),
    ]);
    assert_eq!(object["spec"], json!({"size": 1, "set": ["q", "r"], "items": [{"k": "i", "w": 2}]}));
}

#[test]
fn what_an_updater_owns_stays() {
    let schema = schema();
    let live = applied(&[("one", json!({"nested": {"a": 1}}))]);
    let mut updated = live.clone();
    updated["spec"]["nested"]["b"] = json!(2);
    track_update(&live, &mut updated, &writer(&schema, "updater"));
    assert_eq!(fields(&updated, "updater"), json!({"f:spec": {"f:nested": {"f:b": {}}}}));
    let new = apply(&updated, &object(json!({})), false, &writer(&schema, "one")).unwrap().unwrap();
    assert_eq!(new["spec"], json!({"nested": {"b": 2}}));
}

#[test]
fn conflicts_name_manager_and_fields() {
    let schema = schema();
    let live = applied(&[("one", json!({"size": 1, "items": [{"k": "i", "v": 1}]}))]);
    let clash = object(json!({"size": 2, "items": [{"k": "i", "v": 2}]}));
    let refused = apply(&live, &clash, false, &writer(&schema, "two")).unwrap_err();
    assert_eq!(refused.code, 409);
    assert_eq!(
        refused.message,
        "Apply failed with 2 conflicts: conflicts with \"one\":\n- .spec.size\n- .spec.items[k=\"i\"].v"
    );
    let forced = apply(&live, &clash, true, &writer(&schema, "two")).unwrap().unwrap();
    assert_eq!(forced["spec"], clash["spec"]);
    assert_eq!(
        fields(&forced, "one"),
        json!({"f:spec": {"f:items": {"k:{\"k\":\"i\"}": {".": {}, "f:k": {}}}}})
    );
}

#[test]
fn applying_the_same_again_changes_nothing() {
    let schema = schema();
    let live = applied(&[("one", json!({"size": 1}))]);
    assert_eq!(apply(&live, &object(json!({"size": 1})), false, &writer(&schema, "one")), Ok(None));
}

#[test]
fn a_configuration_outside_the_schema_is_refused() {
    let schema = schema();
    for (spec, why) in [
        (json!({"unknown": 1}), ".spec.unknown: field not declared in schema"),
        (json!({"size": "x"}), ".spec.size: expected numeric (int or float), got *value.valueUnstructured"),
        (json!({"set": ["a", "a"]}), ".spec.set: duplicate entries for key [=\"a\"]"),
    ] {
        let refused = apply(&Value::Null, &object(spec), false, &writer(&schema, "one")).unwrap_err();
        assert_eq!(refused.message, format!("failed to create typed patch object: {why}"));
    }
}

#[test]
fn sets_survive_their_stored_form() {
    let stored = json!({"f:a": {".": {}, "f:b": {}, "k:{\"x\":1}": {}}, "f:c": {}, "v:\"z\"": {}});
    let set = FieldSet::from_fields_v1(&stored);
    assert_eq!(set.to_fields_v1(), stored);
    assert_eq!(set.display_paths(), [".a", ".c", "[=\"z\"]", ".a.b", ".a[x=1]"]);
    assert!(set.difference(&set).is_empty());
    assert_eq!(set.intersection(&set), set);
}
