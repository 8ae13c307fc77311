use serde_json::{Value, json};

use super::{Schema, apply_defaults, prune, validate};

fn schema() -> Schema {
    Schema::parse(&json!({
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 10, "format": "int32"},
            "mode": {"type": "string", "enum": ["Fast", "Slow"], "default": "Fast"},
            "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 4},
            "nothing": {"type": "string", "nullable": true},
            "nested": {"type": "object", "properties": {"a": {"type": "string", "default": "A"}}},
            "list": {
                "type": "array", "maxItems": 2,
                "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "v": {"type": "integer", "default": 7}}},
            },
            "keyed": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": {"type": "string"}}},
            },
            "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "either": {"x-kubernetes-int-or-string": true},
            "choice": {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
            "ratio": {"type": "number", "minimum": 0.0, "exclusiveMinimum": true},
        },
    }))
}

#[test]
fn unknown_fields_are_pruned_and_named() {
    let mut value = json!({
        "size": 1, "x": 1, "nested": {"a": "b", "y": 2}, "list": [{"k": "1", "z": 3}], "free": {"q": {"r": 1}},
        "map": {"any": true},
    });
    assert_eq!(prune(&mut value, &schema()), ["list[0].z", "nested.y", "x"]);
    let left = json!({
        "size": 1, "nested": {"a": "b"}, "list": [{"k": "1"}], "free": {"q": {"r": 1}}, "map": {"any": true},
    });
    assert_eq!(value, left);
}

#[test]
fn defaults_fill_what_is_missing_or_null() {
    let mut value =
        json!({"size": 1, "mode": null, "nothing": null, "name": null, "nested": {}, "list": [{"k": "1"}]});
    apply_defaults(&mut value, &schema());
    let filled = json!({
        "size": 1, "mode": "Fast", "nothing": null, "nested": {"a": "A"}, "list": [{"k": "1", "v": 7}],
    });
    assert_eq!(value, filled);
}

fn faults(mut value: Value) -> Vec<String> {
    if value.get("size").is_none() {
        value["size"] = json!(1);
    }
    validate(&value, &schema(), "").iter().map(ToString::to_string).collect()
}

#[test]
fn every_rule_has_its_message() {
    let cases = [
        (
            json!({"size": "3"}),
            "size: Invalid value: \"string\": size in body must be of type integer: \"string\"",
        ),
        (
            json!({"size": 1.5}),
            "size: Invalid value: \"number\": size in body must be of type integer: \"number\"",
        ),
        (json!({"size": 11}), "size: Invalid value: 11: size in body should be less than or equal to 10"),
        (json!({"mode": "Odd"}), "mode: Unsupported value: \"Odd\": supported values: \"Fast\", \"Slow\""),
        (
            json!({"name": "toolong"}),
            "name: Invalid value: \"toolong\": name in body should be at most 4 chars long",
        ),
        (json!({"name": "A1"}), "name: Invalid value: \"A1\": name in body should match '^[a-z]+$'"),
        (json!({"list": [{}]}), "list[0].k: Required value"),
        (
            json!({"list": [{"k": ""}, {"k": ""}, {"k": ""}]}),
            "list: Invalid value: 3: list in body should have at most 2 items",
        ),
        (
            json!({"keyed": [{"k": "a"}, {"k": "a"}]}),
            "keyed[1]: Duplicate value: map[string]interface {}{\"k\":\"a\"}",
        ),
        (
            json!({"map": {"x": 1}}),
            "map.x: Invalid value: \"integer\": map.x in body must be of type boolean: \"integer\"",
        ),
        (json!({"ratio": 0}), "ratio: Invalid value: 0: ratio in body should be greater than 0"),
        (
            json!({"nested": null}),
            "nested: Invalid value: \"null\": nested in body must be of type object: \"null\"",
        ),
        (
            json!({"choice": {"a": "", "b": ""}}),
            "choice: Invalid value: {\"a\":\"\",\"b\":\"\"}: choice in body must validate one and only one schema (oneOf)",
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(faults(value.clone()), [expected], "{value}");
    }
    assert_eq!(validate(&json!({}), &schema(), "")[0].to_string(), "size: Required value");
}

#[test]
fn right_values_have_no_fault() {
    for value in [
        json!({"either": 1}),
        json!({"either": "50%"}),
        json!({"nothing": null}),
        json!({"choice": {"a": ""}}),
        json!({"ratio": 0.1}),
        json!({"keyed": [{"k": "a"}, {"k": "b"}]}),
        json!({"free": {"x": [1, "a", null]}}),
    ] {
        assert_eq!(faults(value.clone()), Vec::<String>::new(), "{value}");
    }
}
